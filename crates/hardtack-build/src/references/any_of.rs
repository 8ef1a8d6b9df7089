//! The texts that an expression may say, as far as their parts are known.

use std::collections::HashSet;

/// The constant parts of a text, with an unknown one between each two.
pub(super) type Parts = Vec<String>;

/// Texts of which an expression says one.
#[derive(Clone, Default)]
pub(super) struct AnyOf {
    pub(super) texts: Vec<Parts>,
    /// Whether one of the texts stands for many, by the beginning and the end that they have in
    /// common: there are more texts than are kept.
    pub(super) is_cut: bool,
}

/// The most texts that are kept one by one.
const MOST: usize = 4096;

/// The most letters and parts of all texts together that are made of others.
const LARGEST: usize = 1 << 17;

/// An unknown part only.
pub(super) fn unknown() -> AnyOf {
    AnyOf::one(vec![String::new(), String::new()])
}

impl AnyOf {
    pub(super) fn one(parts: Parts) -> Self {
        Self { texts: vec![parts], is_cut: false }
    }

    pub(super) fn constant(text: impl Into<String>) -> Self {
        Self::one(vec![text.into()])
    }

    /// The texts, or an unknown one if there are none.
    pub(super) fn or_unknown(self) -> Self {
        if self.texts.is_empty() { unknown() } else { self }
    }

    pub(super) fn changed(self, change: impl FnMut(Parts) -> Parts) -> Self {
        Self { texts: self.texts.into_iter().map(change).collect(), ..self }
    }

    /// Without those that are too long for names.
    pub(super) fn short(self) -> Self {
        const LONGEST: usize = 2000;
        if self.texts.iter().all(|parts| size(parts) <= LONGEST) {
            return self;
        }
        let is_cut = self.is_cut;
        let short = self
            .texts
            .into_iter()
            .map(|parts| if size(&parts) > LONGEST { unknown() } else { Self::one(parts) });
        let short = any(short);
        Self { is_cut: is_cut || short.is_cut, ..short }
    }

    /// One text in the place of many.
    pub(super) fn in_common(&self) -> Self {
        let mut texts = self.texts.iter();
        let Some(first) = texts.next() else { return self.clone() };
        let text = texts.fold(first.clone(), |text, other| common(&text, other));
        Self { texts: vec![text], is_cut: self.is_cut || self.texts.len() > 1 }
    }

    fn size(&self) -> usize {
        self.texts.iter().map(size).sum()
    }
}

/// The texts of all of these.
pub(super) fn any(all: impl IntoIterator<Item = AnyOf>) -> AnyOf {
    let mut union = Union::default();
    for one in all {
        union.any.is_cut |= one.is_cut;
        one.texts.into_iter().for_each(|text| union.add(text));
    }
    union.any.texts.extend(union.beyond);
    union.any
}

/// Texts of several expressions.
#[derive(Default)]
struct Union {
    any: AnyOf,
    /// The same texts if they are not few: to hash each takes less time than to compare all.
    seen: HashSet<Parts>,
    /// The one that stands for those that are not kept.
    beyond: Option<Parts>,
}

impl Union {
    fn add(&mut self, text: Parts) {
        if !self.is_new(&text) {
            return;
        }
        if self.any.texts.len() < MOST {
            return self.any.texts.push(text);
        }
        self.any.is_cut |= self.beyond.is_some();
        self.beyond = Some(match self.beyond.take() {
            Some(beyond) => common(&beyond, &text),
            None => text,
        });
    }

    fn is_new(&mut self, text: &Parts) -> bool {
        const FEW: usize = 8;
        let texts = &self.any.texts;
        if texts.len() <= FEW {
            return !texts.contains(text);
        }
        if self.seen.is_empty() {
            self.seen.extend(texts.iter().cloned());
        }
        if texts.len() < MOST { self.seen.insert(text.clone()) } else { !self.seen.contains(text) }
    }
}

/// Each of the first texts with each of the others behind it. Where that is too much, the side with
/// more texts is one text: the other side may be the extension.
pub(super) fn both(mut first: AnyOf, then: &AnyOf) -> AnyOf {
    let counts = [first.texts.len(), then.texts.len()];
    let size = first.size() * counts[1] + then.size() * counts[0];
    let is_product = counts.iter().all(|count| *count > 1);
    if is_product && counts[0] * counts[1] > MOST || counts != [1, 1] && size > LARGEST {
        // Texts of markup are large, and are no names.
        let is_cut = size <= LARGEST || first.is_cut || then.is_cut;
        let texts = if counts[0] > counts[1] {
            both(first.in_common(), then)
        } else {
            both(first, &then.in_common())
        };
        return AnyOf { is_cut, ..texts };
    }
    let is_cut = first.is_cut || then.is_cut;
    if let [then] = &then.texts[..] {
        first.texts.iter_mut().for_each(|parts| append(parts, then));
        return AnyOf { is_cut, ..first };
    }
    let longer = |parts: &Parts, then: &Parts| {
        let mut parts = parts.clone();
        append(&mut parts, then);
        parts
    };
    let all = first.texts.iter();
    let all = all.flat_map(|parts| then.texts.iter().map(move |then| longer(parts, then)));
    AnyOf { texts: all.collect(), is_cut }
}

/// The texts of a variable, and each of them with each of the others behind it.
pub(super) fn grown(texts: AnyOf, by: &AnyOf) -> AnyOf {
    // Texts of markup grow, too, and are no names.
    const LARGEST_GROWN: usize = 1 << 13;
    let longer = both(texts.clone(), by);
    let all = any([texts, longer]);
    if all.size() > LARGEST_GROWN { AnyOf { is_cut: all.is_cut, ..all.in_common() } } else { all }
}

/// The beginning and the end that two texts have in common.
fn common(one: &Parts, other: &Parts) -> Parts {
    let ([first, ..], [other_first, ..]) = (&one[..], &other[..]) else { return Parts::new() };
    let beginning = same(first.chars(), other_first.chars());
    // A constant text has no part twice.
    let end = |parts: &Parts| {
        let last = parts.last().map_or("", String::as_str);
        last[if parts.len() == 1 { beginning } else { 0 }..].to_owned()
    };
    let (end, other_end) = (end(one), end(other));
    let length = same(end.chars().rev(), other_end.chars().rev());
    vec![first[..beginning].to_owned(), end[end.len() - length..].to_owned()]
}

/// How many bytes are the same at the beginning.
fn same(one: impl Iterator<Item = char>, other: impl Iterator<Item = char>) -> usize {
    one.zip(other).take_while(|(one, other)| one == other).map(|(one, _)| one.len_utf8()).sum()
}

/// Puts a text behind another. What makes that too large is unknown.
pub(super) fn append(parts: &mut Parts, then: &Parts) {
    let unknown = vec![String::new(), String::new()];
    let then = if size(parts) + size(then) > LARGEST { &unknown } else { then };
    let (Some(last), [next, rest @ ..]) = (parts.last_mut(), &then[..]) else { return };
    last.push_str(next);
    // Two unknown parts beside each other are one.
    for part in rest {
        let is_one = parts.len() > 1 && parts.last().is_some_and(String::is_empty);
        if is_one {
            parts.pop();
        }
        parts.push(part.clone());
    }
}

/// The letters and the parts of a text.
fn size(parts: &Parts) -> usize {
    parts.iter().map(|part| part.len() + 1).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_and_ends_in_common() {
        let is = |one: &[&str], other: &[&str], expected: &[&str]| {
            let [one, other] =
                [one, other].map(|it| it.iter().map(|it| (*it).to_owned()).collect());
            assert_eq!(common(&one, &other), expected);
        };
        is(&["a1.png"], &["a2.png"], &["a", ".png"]);
        is(&["aa"], &["aaa"], &["aa", ""]);
        is(&["aba"], &["abba"], &["ab", "a"]);
        is(&["a", "b.png"], &["a1.png"], &["a", ".png"]);
        is(&["é1é"], &["é2é"], &["é", "é"]);
        is(&["é"], &["è"], &["", ""]);
        is(&["a"], &[""], &["", ""]);
    }

    #[test]
    fn many_texts() {
        let names = |count: usize| any((0..count).map(|at| AnyOf::constant(format!("n{at}x"))));
        let is = |it: AnyOf, count: usize, last: &[&str], is_cut: bool| {
            assert_eq!((it.texts.len(), it.is_cut), (count, is_cut));
            assert_eq!(it.texts[count - 1], last);
        };
        is(names(66), 66, &["n65x"], false);
        is(names(4096), 4096, &["n4095x"], false);
        is(names(4097), 4097, &["n4096x"], false);
        is(names(5000), 4097, &["n4", "x"], true);
        is(any([names(5000), AnyOf::constant("m")]), 4097, &["", ""], true);
        is(both(names(5000), &AnyOf::constant(".png")), 4097, &["n4", "x.png"], true);
        is(both(names(80), &names(2)), 160, &["n79xn1x"], false);
        is(both(names(5000), &names(2)), 2, &["n", "xn1x"], true);
        is(both(names(2), &names(5000)), 2, &["n1xn", "x"], true);
        is(grown(names(66), &AnyOf::constant("y")), 132, &["n65xy"], false);
    }

    #[test]
    fn texts_do_not_grow_without_end() {
        let mut texts = any([AnyOf::constant("a"), unknown()]);
        for _ in 0..100 {
            texts = both(texts.clone(), &texts);
            assert!(texts.size() <= LARGEST);
        }
        let mut text = AnyOf::constant("ab");
        for _ in 0..100 {
            text = both(text.clone(), &text);
            assert!(text.size() <= LARGEST + 2);
        }
    }
}
