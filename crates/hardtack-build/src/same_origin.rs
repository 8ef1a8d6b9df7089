//! The assets that keep the page's origin, though static files have a host of their own.
//!
//! Browsers take some assets from the page's own origin only: drawings of `<use>`, web app
//! manifests, subtitles, workers. A worker that a script starts from its own URL is on the script's
//! host, so the script keeps the page's origin, too. So do all scripts that it imports or that
//! import it, since a module from two origins would be two modules.

use crate::{
    Role,
    references::{Reference, Referenced},
    scan::Asset,
};

/// Whether each asset keeps the page's origin.
pub(crate) fn keeps_origin(referenced: &Referenced) -> Vec<bool> {
    let Referenced { assets, references, starts_workers, .. } = referenced;
    let mut keeps = vec![false; assets.len()];
    let demanding = |reference: &&Reference| reference.link.needs_page_origin;
    let demanded = references.iter().flatten().filter(demanding);
    demanded.for_each(|reference| keeps[reference.target] = true);

    let neighbours = neighbours(assets, references);
    // A pinned script is loaded from the page's origin.
    let pinned = (0..assets.len())
        .filter(|index| assets[*index].role == Role::Pinned && assets[*index].is_script());
    let mut open: Vec<_> = starts_workers.iter().copied().chain(pinned).collect();
    let mut is_reached = vec![false; assets.len()];
    while let Some(script) = open.pop() {
        if !std::mem::replace(&mut is_reached[script], true) {
            keeps[script] = true;
            open.extend(&neighbours[script]);
        }
    }
    keeps
}

/// The scripts that are connected to each script by a reference, in either direction.
fn neighbours(assets: &[Asset], references: &[Vec<Reference>]) -> Vec<Vec<usize>> {
    let is_script = |index: usize| assets[index].is_script();
    let mut neighbours = vec![Vec::new(); assets.len()];
    for (script, references) in references.iter().enumerate().filter(|(it, _)| is_script(*it)) {
        for target in references.iter().map(|it| it.target).filter(|it| is_script(*it)) {
            neighbours[script].push(target);
            neighbours[target].push(script);
        }
    }
    neighbours
}
