//! Proactive negotiation of the content coding (RFC 9110 §12.1).

use hardtack_bundle::{Asset, Coding, Error, Representation};

use crate::accept_encoding::AcceptEncoding;

/// The smallest among the representations with the highest quality; none if the client accepts
/// none.
pub(crate) fn negotiate<'a>(
    asset: &Asset<'a>,
    accepted: &AcceptEncoding,
) -> Result<Option<Representation<'a>>, Error> {
    let mut best: Option<(u16, Representation<'a>)> = None;
    for representation in asset.representations() {
        let representation = representation?;
        if representation.dictionary.is_some() {
            continue;
        }
        let quality = accepted.quality(representation.coding);
        let better = best.is_none_or(|(highest, chosen)| {
            quality > highest || quality == highest && representation.body.len() < chosen.body.len()
        });
        if quality > 0 && better {
            best = Some((quality, representation));
        }
    }
    Ok(best.map(|(_, representation)| representation))
}

/// The acceptable representation to take parts of: the one that the client names by its entity tag,
/// since it has a part of it already; else the identity. None if it accepts neither.
///
/// The standard leaves the choice. Only a cache can use a part of a compressed stream: a browser
/// that gets such a part, for a script that reads a database or a map in parts, fails to decode it.
pub(crate) fn negotiate_parts<'a>(
    asset: &Asset<'a>,
    accepted: &AcceptEncoding,
    is_named: impl Fn(&str) -> bool,
) -> Result<Option<Representation<'a>>, Error> {
    let mut identity = None;
    for representation in asset.representations() {
        let representation = representation?;
        if representation.dictionary.is_some() {
            continue;
        }
        match accepted.quality(representation.coding) > 0 {
            true if is_named(representation.entity_tag) => return Ok(Some(representation)),
            true if representation.coding == Coding::Identity => identity = Some(representation),
            _ => {}
        }
    }
    Ok(identity)
}
