//! The files that a script finds by changing another's URL: `image.src.replace("light", "dark")`.

use std::collections::{HashMap, HashSet};

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
    let found = replacements.into_iter().map(|(from, to)| {
        let changed = assets.iter().enumerate().flat_map(|(index, asset)| {
            let others = changed(&asset.logical_path, from, to).into_iter();
            let others = others.filter_map(|path| by_path.get(path.as_str()).copied());
            others.flat_map(move |other| [index, other])
        });
        ((from, to), changed.collect::<Vec<_>>())
    });
    found.filter(|(_, assets)| !assets.is_empty()).collect()
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
