//! The files of which a script makes one's URL from another's by a text that is not known:
//! `image.src.replace(/light|dark/, other)`.

use std::collections::{HashMap, HashSet};

use crate::{references::Cut, scan::Asset};

/// The assets by their paths without one word, which stands as `\0` there.
pub(super) struct Cuts {
    by_rest: HashMap<String, Vec<Word>>,
}

/// A word of an asset's path.
struct Word {
    asset: usize,
    word: String,
}

impl Cuts {
    pub(super) fn of(assets: &[Asset]) -> Self {
        let mut by_rest: HashMap<_, Vec<_>> = HashMap::new();
        for (index, asset) in assets.iter().enumerate() {
            let path = asset.logical_path.as_str();
            for (start, word) in words(path) {
                let rest = format!("{}\0{}", &path[..start], &path[start + word.len()..]);
                by_rest.entry(rest).or_default().push(Word { asset: index, word: word.to_owned() });
            }
        }
        Self { by_rest }
    }

    /// The assets that differ in one word only, which is one of the cut in one of them.
    pub(super) fn found(&self, cut: &Cut) -> HashSet<usize> {
        let alike = self.by_rest.values().filter(|words| words.len() > 1);
        let is_meant = |it: &Word| {
            cut.words.contains(&it.word)
                || cut.has_digits && it.word.chars().all(|it| it.is_ascii_digit())
        };
        let alike = alike.filter(|words| words.iter().any(is_meant));
        alike.flatten().map(|it| it.asset).collect()
    }
}

/// The words of a path, and the numbers, with their places.
fn words(path: &str) -> Vec<(usize, &str)> {
    let kind = |it: char| (it.is_alphanumeric(), it.is_ascii_digit());
    let mut words = Vec::new();
    let mut start = 0;
    let mut last = None;
    for (at, next) in
        path.char_indices().map(|(at, it)| (at, kind(it))).chain([(path.len(), (false, false))])
    {
        if last.is_some_and(|last| last != next) {
            words.push((start, &path[start..at]));
            start = at;
        }
        last = Some(next);
    }
    words.retain(|(_, word)| word.starts_with(char::is_alphanumeric));
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::Scanned;

    #[test]
    fn words_of_paths() {
        assert_eq!(words("a/b12-c.png"), [(0, "a"), (2, "b"), (3, "12"), (6, "c"), (8, "png")]);
        assert_eq!(words(""), []);
    }

    #[test]
    fn files_that_differ_in_a_word() {
        let paths = ["a-dark.png", "a-light.png", "a.png", "p1.jpg", "p2.jpg", "q-light.png"];
        let assets = Scanned::of(&paths.map(|path| (path, ""))).assets;
        let are = |words: &[&str], has_digits, expected: &[usize]| {
            let words = words.iter().map(|it| (*it).to_owned()).collect();
            let found = Cuts::of(&assets).found(&Cut { offset: 0, words, has_digits });
            let mut found: Vec<_> = found.into_iter().collect();
            found.sort_unstable();
            assert_eq!(found, expected);
        };
        are(&["light"], false, &[0, 1]);
        are(&["other"], false, &[]);
        are(&[], true, &[3, 4]);
    }
}
