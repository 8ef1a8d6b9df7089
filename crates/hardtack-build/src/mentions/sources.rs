//! The files whose URL a script takes a part of to make another's: `image.src.slice(0, -4) + "@2x.png"`
//! makes `a@2x.png` of `a.png`.

use std::collections::HashMap;

use crate::{
    logical_path::{file_name, folder},
    scan::Asset,
};

/// The assets by the words of their names.
pub(super) struct Sources<'a> {
    assets: &'a [Asset],
    by_word: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Sources<'a> {
    pub(super) fn of(assets: &'a [Asset]) -> Self {
        let mut by_word: HashMap<_, Vec<_>> = HashMap::new();
        for (index, asset) in assets.iter().enumerate() {
            for word in words(file_name(&asset.logical_path)) {
                by_word.entry(word).or_default().push(index);
            }
        }
        Self { assets, by_word }
    }

    /// The assets that the name of `target` may be made of by a pattern that matches it, whose
    /// constant parts are given.
    pub(super) fn of_target(&self, target: usize, parts: &[String]) -> Vec<usize> {
        let path = &self.assets[target].logical_path;
        let has_folder = parts.iter().any(|part| part.contains('/'));
        let mut sources = Vec::new();
        for taken in taken(file_name(path), parts) {
            let longest = taken.iter().copied().flat_map(words).max_by_key(|it| it.len());
            let Some(longest) = longest else { continue };
            let candidates = self.by_word.get(longest).into_iter().flatten();
            let is_source = |index: &usize| {
                let other = &self.assets[*index].logical_path;
                let says_much = taken.iter().map(|it| it.len()).sum::<usize>() > 2;
                let is_of_its_kind = says_much || extension(other) == extension(path);
                *index != target
                    && (folder(other) == folder(path) || has_folder && is_of_its_kind)
                    && contains(file_name(other), &taken)
            };
            sources.extend(candidates.copied().filter(is_source));
        }
        sources
    }
}

/// The runs of letters and of digits in a name.
fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|it: char| !it.is_alphanumeric()).filter(|word| !word.is_empty())
}

fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// The parts of a name that the unknown parts of a pattern stand for: the first and the last of
/// them. There is one reading for each place of the constant part between.
fn taken<'n>(name: &'n str, parts: &[String]) -> Vec<Vec<&'n str>> {
    let of_name = parts.iter().rposition(|part| part.contains('/')).unwrap_or(0);
    let first = file_name(&parts[of_name]);
    let [middle @ .., last] = &parts[of_name + 1..] else { return Vec::new() };
    let (Some(name), true) = (name.strip_prefix(first), !last.contains('/')) else {
        return Vec::new();
    };
    let Some(name) = name.strip_suffix(last.as_str()) else { return Vec::new() };
    let middle: Vec<_> = middle.iter().filter(|part| !part.is_empty()).collect();
    let (Some(begin), Some(end)) = (middle.first(), middle.last()) else {
        return vec![vec![name]];
    };
    let begins = name.match_indices(begin.as_str()).map(|(at, _)| at);
    let reading = |at: usize| {
        let after = match middle.len() {
            1 => at + begin.len(),
            _ => name[at + begin.len()..].rfind(end.as_str())? + at + begin.len() + end.len(),
        };
        let taken = [&name[..at], &name[after..]];
        Some(taken.into_iter().filter(|it| !it.is_empty()).collect())
    };
    begins.filter_map(reading).collect()
}

/// Whether a name has these texts in this order, each as whole words.
fn contains(name: &str, texts: &[&str]) -> bool {
    let mut from = 0;
    for text in texts {
        let mut places = name[from..].match_indices(text).map(|(at, _)| from + at);
        let Some(at) = places.find(|at| is_whole(name, *at, at + text.len())) else {
            return false;
        };
        from = at + text.len();
    }
    true
}

/// Whether no word goes on across either end of a part of a name.
fn is_whole(name: &str, start: usize, end: usize) -> bool {
    let is_cut = |at: usize| {
        let (before, after) = (name[..at].chars().next_back(), name[at..].chars().next());
        !before.zip(after).is_some_and(|(a, b)| a.is_alphanumeric() && b.is_alphanumeric())
    };
    is_cut(start) && is_cut(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::Scanned;

    #[test]
    fn sources_of_targets() {
        let is = |paths: &[&str], parts: &[&str], expected: &[&str]| {
            let assets = Scanned::of(&paths.iter().map(|it| (*it, "")).collect::<Vec<_>>()).assets;
            let parts: Vec<_> = parts.iter().map(|it| (*it).to_owned()).collect();
            // The first is the target.
            let found = Sources::of(&assets).of_target(0, &parts);
            let found: Vec<_> = found.iter().map(|it| assets[*it].logical_path.as_str()).collect();
            assert_eq!(found, expected, "{paths:?} {parts:?}");
        };
        is(&["a-large.png", "a.jpg", "ab.jpg", "x/a.jpg"], &["", "-large.png"], &["a.jpg"]);
        is(&["a@2x.png", "a.png", "b.png"], &["", "@2x", ""], &["a.png"]);
        is(&["full/a.jpg", "small/a.jpg", "small/b.jpg"], &["full/", ""], &["small/a.jpg"]);
        is(&["full/1.jpg", "t/1.gif", "t/1.jpg", "t/11.jpg"], &["full/", ".jpg"], &["t/1.jpg"]);
        is(&["full/abc.jpg", "t/small-abc.jpg"], &["full/", ""], &["t/small-abc.jpg"]);
        is(&["large-a.png", "small-a.png"], &["large-", ""], &["small-a.png"]);
        is(&["a-dark.png", "a-light.png"], &["", "dark", ""], &["a-light.png"]);
        is(&["large.png", "small.png"], &["", "large.png"], &[]);
        is(&["a.b", "c.b"], &["x/", "y", "/z"], &[]);
    }
}
