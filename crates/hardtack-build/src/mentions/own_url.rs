//! The files that a script finds by its own URL.

use std::collections::HashMap;

use super::{ID, OWN_URL, Pin};
use crate::{references::Referenced, scan::Asset};

/// Pins the scripts whose URL a script asks for, and the files that it may find by that.
pub(super) fn pins(referenced: &Referenced) -> Vec<Pin> {
    let Referenced { assets, passages, .. } = referenced;
    let mut asked = Vec::new();
    for (by, passages) in passages.iter().enumerate() {
        asked.extend(passages.own_url.map(|offset| (by, by, offset, OWN_URL)));
    }
    asked.extend(by_location(referenced));
    asked.extend(by_id(referenced));
    let pins = asked.into_iter().flat_map(|(of, by, offset, what)| {
        named_alike(of, assets).map(move |target| Pin { target, by, offset, what })
    });
    pins.collect()
}

/// A script whose URL is asked for, and the place where another does that, or itself.
type Asked = (usize, usize, usize, &'static str);

/// `location` is the worker's own URL, also in a script that it takes in.
fn by_location(referenced: &Referenced) -> Vec<Asked> {
    let passages = &referenced.passages;
    let mut workers: Vec<_> = passages.iter().flat_map(|it| it.workers.iter().copied()).collect();
    workers.sort_unstable();
    workers.dedup();
    let mut asked = Vec::new();
    for worker in workers {
        for part in passages[worker].imported_scripts.iter().chain([&worker]) {
            let offset = passages[*part].own_location;
            asked.extend(offset.map(|offset| (worker, *part, offset, OWN_URL)));
        }
    }
    asked
}

/// `document.getElementById("x").src`
fn by_id(referenced: &Referenced) -> Vec<Asked> {
    let mut ids: HashMap<&str, Vec<usize>> = HashMap::new();
    for (id, script) in referenced.passages.iter().flat_map(|passages| &passages.ids) {
        let scripts = ids.entry(id).or_default();
        if !scripts.contains(script) {
            scripts.push(*script);
        }
    }
    let mut asked = Vec::new();
    for (by, passages) in referenced.passages.iter().enumerate() {
        for (offset, id) in &passages.asked_ids {
            let scripts = ids.get(id.as_str()).into_iter().flatten();
            asked.extend(scripts.map(|script| (*script, by, *offset, ID)));
        }
    }
    asked
}

/// A script, and the files beside it that begin with its name, such as `game_bg.wasm` beside
/// `game.js`.
fn named_alike(index: usize, assets: &[Asset]) -> impl Iterator<Item = usize> {
    let own = assets[index].logical_path.as_str();
    let stem = own.rsplit_once('.').map_or(own, |(stem, _)| stem).to_owned();
    // They are sorted.
    let first = assets.partition_point(|other| *other.logical_path < *stem);
    let others = assets.iter().enumerate().skip(first);
    let others = others.take_while({
        let stem = stem.clone();
        move |(_, other)| other.logical_path.starts_with(&stem)
    });
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
