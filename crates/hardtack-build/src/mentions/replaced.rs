//! The files that a script finds by changing another's URL: `image.src.replace("light", "dark")`.

use std::collections::{HashMap, HashSet};

use aho_corasick::AhoCorasick;

use crate::scan::Asset;

/// A text in URLs, and what a script puts into its place.
pub(super) type Replacement<'a> = (&'a str, &'a str);

/// Of each replacement, the assets whose paths make another's by it, and these.
pub(super) fn replaced<'a>(
    replacements: HashSet<Replacement<'a>>,
    assets: &[Asset],
) -> HashMap<Replacement<'a>, Vec<usize>> {
    let paths = assets.iter().enumerate();
    let by_path: HashMap<_, _> = paths.map(|(at, it)| (it.logical_path.as_str(), at)).collect();
    let mut by_text: HashMap<&str, Vec<Replacement<'_>>> = HashMap::new();
    for replacement in replacements {
        by_text.entry(replacement.0).or_default().push(replacement);
    }
    let texts: Vec<_> = by_text.keys().copied().collect();
    let Ok(automaton) = AhoCorasick::new(&texts) else { return HashMap::new() };
    let mut found: HashMap<Replacement<'_>, Vec<usize>> = HashMap::new();
    for (index, asset) in assets.iter().enumerate() {
        let hits = automaton.find_overlapping_iter(&asset.logical_path);
        let hits: HashSet<_> = hits.map(|hit| texts[hit.pattern().as_usize()]).collect();
        for (from, to) in hits.into_iter().flat_map(|text| &by_text[text]).copied() {
            for other in changed(&asset.logical_path, from, to) {
                let pair = by_path.get(other.as_str()).map(|other| [index, *other]);
                if let Some(pair) = pair {
                    found.entry((from, to)).or_default().extend(pair);
                }
            }
        }
    }
    found
}

/// A path in which a text is replaced: in one place, or in all.
fn changed(path: &str, from: &str, to: &str) -> Vec<String> {
    let places = path.match_indices(from);
    let mut changed: Vec<_> = places
        .map(|(start, _)| format!("{}{to}{}", &path[..start], &path[start + from.len()..]))
        .collect();
    if changed.len() > 1 {
        changed.push(path.replace(from, to));
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::Scanned;

    #[test]
    fn both_names_are_found() {
        let paths = ["a-dark.png", "a-light.png", "b.png", "b@2x.png", "c.png"];
        let assets = Scanned::of(&paths.map(|path| (path, ""))).assets;
        let are = |from: &'static str, to: &'static str, expected: &[usize]| {
            let found = replaced(HashSet::from([(from, to)]), &assets);
            assert_eq!(found.get(&(from, to)).map_or(&[][..], Vec::as_slice), expected, "{from}");
        };
        are("light", "dark", &[1, 0]);
        are(".png", "@2x.png", &[2, 3]);
        are("b", "c", &[2, 4]);
        are("-", "_", &[]);
        are("x", "y", &[]);
        let paths = ["de/en-flag.png", "en/en-flag.png"];
        let assets = Scanned::of(&paths.map(|path| (path, ""))).assets;
        assert_eq!(replaced(HashSet::from([("en", "de")]), &assets)[&("en", "de")], [1, 0]);
    }
}
