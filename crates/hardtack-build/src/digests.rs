//! Digests of files that stand in other files: in `integrity`, in a service worker's list, in a
//! bundler's table, in a Content-Security-Policy.
//!
//! A rewritten file has other digests. Where an old one stands in a text that may be rewritten, the
//! new one is put in its place; a run of so many letters is nothing else. If that cannot be, the
//! file keeps its bytes and its name.

mod tokens;

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet},
    ops::Range,
};

use rayon::prelude::*;

use crate::{
    Role,
    digest::{DigestPlace, Form, Subject, as_parsed},
    graph::{components, edges},
    hosting::Rules,
    references::Referenced,
};

use tokens::tokens;

/// Finds the digests in all texts and rules, and freezes each asset of which one cannot follow.
pub(crate) fn follow_digests(referenced: &mut Referenced, rules: &Rules) {
    let texts = (0..referenced.assets.len()).into_par_iter();
    let texts: Vec<_> = texts.map(|index| tokens_of(referenced, index)).collect();
    let in_rules: Vec<_> =
        rules.header_values().map(|value| (0, tokens(value.as_bytes()))).collect();
    let all = texts.iter().flatten().chain(in_rules.iter().flat_map(|(_, tokens)| tokens));
    let written: HashSet<&str> = all.map(|(_, text)| text.as_str()).collect();
    if written.is_empty() {
        return;
    }
    let may_change: Vec<_> = (0..texts.len())
        .filter(|index| !referenced.frozen[*index])
        .filter(|index| !referenced.references[*index].is_empty() || !texts[*index].is_empty())
        .collect();
    let subjects = subjects(referenced, &may_change, &written);
    for (index, tokens) in texts.into_iter().enumerate() {
        for (span, text) in tokens {
            let Some((form, subjects)) = subjects.get(&text) else { continue };
            place(referenced, index, span, *form, subjects);
        }
    }
    for text in in_rules.into_iter().flat_map(|(_, tokens)| tokens).map(|(_, text)| text) {
        if let Some((form, subjects)) = subjects.get(&text) {
            referenced.digests_in_rules.insert(text, (*form, subjects.clone()));
        }
    }
    break_circles(referenced);
}

/// The texts in an asset that may be digests. A source map has names and sources of others.
fn tokens_of(referenced: &Referenced, index: usize) -> Vec<(Range<usize>, String)> {
    let asset = &referenced.assets[index];
    let media_type = asset.media_type.as_str();
    let is_text = media_type.starts_with("text/")
        || media_type.contains("json")
        || media_type.contains("xml");
    match is_text && !asset.logical_path.ends_with(".map") {
        true => tokens(referenced.text(index)),
        false => Vec::new(),
    }
}

type Subjects = HashMap<String, (Form, Vec<Subject>)>;

/// The assets and inline elements that may change, by each of their digests that stands somewhere.
fn subjects(referenced: &Referenced, may_change: &[usize], written: &HashSet<&str>) -> Subjects {
    let lengths: HashSet<usize> = written.iter().map(|text| text.len()).collect();
    let forms: Vec<_> = Form::all().filter(|form| lengths.contains(&form.length())).collect();
    let digests = may_change.par_iter().flat_map_iter(|index| {
        let index = *index;
        let (bytes, text) = (&referenced.assets[index].bytes, referenced.text(index));
        let inline = referenced.passages[index].inline.iter().filter(|span| !span.is_empty());
        let inline = inline
            .map(|span| (Subject::Inline(index, span.clone()), as_parsed(&text[span.clone()])));
        let whole = std::iter::once((Subject::Asset(index), Cow::Borrowed(&bytes[..])));
        let found: Vec<_> = whole
            .chain(inline)
            .flat_map(|(subject, bytes)| {
                let of_form = |form: &Form| (form.of(&bytes), *form, subject.clone());
                forms
                    .iter()
                    .map(of_form)
                    .filter(|(text, ..)| written.contains(text.as_str()))
                    .collect::<Vec<_>>()
            })
            .collect();
        found
    });
    let mut subjects = Subjects::new();
    for (text, form, subject) in digests.collect::<Vec<_>>() {
        subjects.entry(text).or_insert_with(|| (form, Vec::new())).1.push(subject);
    }
    subjects
}

/// Notes a digest at its place, or has its subjects keep their bytes.
fn place(
    referenced: &mut Referenced,
    index: usize,
    span: Range<usize>,
    form: Form,
    subjects: &[Subject],
) {
    // In a URL it is a name, or keeps caches from answering; and the URL may be rewritten.
    let is_in_link = referenced.references[index].iter().any(|reference| {
        let link = &reference.link.span;
        link.start <= span.start && span.end <= link.end
    });
    if is_in_link {
        return;
    }
    // A page's policy is about the page itself, whichever others have the same script.
    let own = subjects.iter().find(|it| matches!(it, Subject::Inline(page, _) if *page == index));
    let one = match (own, subjects) {
        (Some(own), _) => Some(own),
        (None, [one @ Subject::Asset(of)]) if *of != index => Some(one),
        _ => None,
    };
    let has_integrity = referenced.references[index].iter().any(|reference| {
        let keeps =
            matches!(referenced.assets[reference.target].role, Role::Hashed | Role::Prehashed);
        let place = reference.link.integrity.as_ref().filter(|_| keeps);
        place.is_some_and(|place| place.span.start <= span.start && span.end <= place.span.end)
    });
    match one {
        _ if has_integrity => {}
        Some(subject) if !referenced.frozen[index] => {
            referenced.digests[index].push(DigestPlace { span, subject: subject.clone(), form });
        }
        _ => {
            let why = referenced.digest_at(index, span.start, form);
            subjects.iter().for_each(|subject| referenced.freeze(subject.asset(), why.clone()));
        }
    }
}

/// A file that depends on the digest of another, whose own bytes depend on the first: such a
/// digest can never be put right, so the other keeps its bytes.
fn break_circles(referenced: &mut Referenced) {
    loop {
        let mut component_of = BTreeMap::new();
        for (number, component) in components(&edges(referenced)).into_iter().enumerate() {
            component_of.extend(component.into_iter().map(|index| (index, number)));
        }
        let in_circle = |(index, place): (usize, &DigestPlace)| {
            let subject = place.subject.asset();
            (index != subject && component_of.get(&index) == component_of.get(&subject))
                .then(|| (index, place.clone()))
        };
        let places = referenced.digests.iter().enumerate();
        let mut places =
            places.flat_map(|(index, places)| places.iter().map(move |it| (index, it)));
        let Some((index, place)) = places.find_map(in_circle) else { return };
        let subject = place.subject.asset();
        let why = referenced.digest_at(index, place.span.start, place.form);
        referenced.freeze(subject, why);
        referenced
            .digests
            .iter_mut()
            .for_each(|places| places.retain(|it| it.subject.asset() != subject));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Settings,
        fingerprint::{Final, fingerprint},
        graph::graph,
        mentions::pin,
        references::references,
        scan::Scanned,
    };

    /// Bakes a site of these files, which are sorted by path, up to its final bytes.
    fn finals(files: &[(&str, &str)]) -> Vec<Final> {
        let settings = Settings::default();
        let mut referenced = references(Scanned::of(files), &settings, &Rules::default()).unwrap();
        let rules = Rules::default();
        pin(&mut referenced, "/", &settings.rename);
        follow_digests(&mut referenced, &rules);
        let components = graph(&referenced);
        fingerprint(referenced, &components, &settings, &rules).finals
    }

    fn forms() -> Vec<Form> {
        Form::all().collect()
    }

    const PAGE: &str = "<img src=a.png>";

    #[test]
    fn follow_what_is_rewritten() {
        for form in forms() {
            let table = format!("x=[{{url:'/p.html',revision:'{}'}}]", form.of(PAGE.as_bytes()));
            let baked = finals(&[("a.png", "png"), ("p.html", PAGE), ("sw.js", &table)]);
            let [png, page, worker] = &baked[..] else { panic!("there are three") };
            assert!(str::from_utf8(&page.bytes).unwrap().contains(&png.paths.preferred()[1..]));
            let expected = format!("x=[{{url:'/p.html',revision:'{}'}}]", form.of(&page.bytes));
            assert_eq!(str::from_utf8(&worker.bytes).unwrap(), expected, "{form:?}");
        }
    }

    #[test]
    fn that_cannot_follow_keep_the_file_as_it_is() {
        let table = format!("x='{}'", forms()[0].of(PAGE.as_bytes()));
        let baked = finals(&[("a-DOIkT6lI.js", &table), ("a.png", "png"), ("p.html", PAGE)]);
        assert_eq!(baked[2].bytes, PAGE.as_bytes());
        assert_eq!(baked[1].paths.preferred(), "/a.png");
        assert_eq!(baked[1].why, "p.html:1:10 refers to it, and keeps its bytes");
    }

    #[test]
    fn in_a_circle_keep_the_file_as_it_is() {
        let a = "import './b.js';import './c.js'";
        let b = format!("x='{}'", forms()[6].of(a.as_bytes()));
        let baked = finals(&[("a.js", a), ("b.js", &b), ("c.js", "")]);
        assert_eq!(str::from_utf8(&baked[0].bytes).unwrap(), a);
        assert_eq!(
            (baked[0].role, baked[1].role, baked[2].role),
            (Role::Pinned, Role::Pinned, Role::Pinned)
        );
    }

    #[test]
    fn of_inline_elements_in_the_policy_of_their_page() {
        let script = "import './a.js'";
        let page = |script: &str, digest: &str| {
            format!(
                "<meta http-equiv=content-security-policy content=\"script-src 'sha256-{digest}'\">\
             <script type=module>{script}</script>"
            )
        };
        let form = *forms().iter().find(|form| form.of(b"").starts_with("47DEQ")).unwrap();
        let before = page(script, &form.of(script.as_bytes()));
        let baked = finals(&[("a.js", ""), ("p.html", &before)]);
        let name = &baked[0].paths.preferred()[1..];
        let script = format!("import './{name}'");
        assert_eq!(
            str::from_utf8(&baked[1].bytes).unwrap(),
            page(&script, &form.of(script.as_bytes()))
        );
    }

    #[test]
    fn of_others_are_left_alone() {
        let text = format!("x='{}'", forms()[0].of(b"something else"));
        assert_eq!(finals(&[("a.js", &text)])[0].bytes, text.as_bytes());
    }
}
