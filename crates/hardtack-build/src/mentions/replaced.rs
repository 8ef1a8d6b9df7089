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
        let changed = assets.iter().enumerate().filter_map(|(index, asset)| {
            let start = asset.logical_path.rfind(from)?;
            let mut path = asset.logical_path.clone();
            path.replace_range(start..start + from.len(), to);
            Some([index, *by_path.get(path.as_str())?])
        });
        ((from, to), changed.flatten().collect::<Vec<_>>())
    });
    found.filter(|(_, assets)| !assets.is_empty()).collect()
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
    }
}
