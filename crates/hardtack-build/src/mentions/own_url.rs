//! The files that a script finds by its own URL.

use crate::scan::Asset;

/// A script that asks for its own URL, and the files beside it that begin with its name, such as
/// `game_bg.wasm` beside `game.js`.
pub(super) fn named_alike(index: usize, assets: &[Asset]) -> impl Iterator<Item = usize> {
    let own = assets[index].logical_path.as_str();
    let stem = own.rsplit_once('.').map_or(own, |(stem, _)| stem).to_owned();
    let others = assets.iter().enumerate();
    others.filter(move |(_, other)| begins_with(&other.logical_path, &stem)).map(|(index, _)| index)
}

/// Whether a name begins with another, and a new word follows.
fn begins_with(path: &str, stem: &str) -> bool {
    let rest = path.strip_prefix(stem);
    rest.is_some_and(|rest| {
        !rest.contains('/') && !rest.starts_with(|first: char| first.is_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_begin_alike() {
        let is =
            |path: &str, expected| assert_eq!(begins_with(path, "pkg/game"), expected, "{path}");
        is("pkg/game.js", true);
        is("pkg/game_bg.wasm", true);
        is("pkg/game.worker.js", true);
        is("pkg/games.js", false);
        is("pkg/game/a.js", false);
        is("game.js", false);
    }
}
