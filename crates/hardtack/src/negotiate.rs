//! Proactive negotiation of the content coding (RFC 9110 §12.1).

use hardtack_bundle::{Asset, Error, Representation};

use crate::accept_encoding::AcceptEncoding;

/// Among the representations that the client accepts most, the smallest; none if it accepts
/// none of them.
pub(crate) fn negotiate<'a>(
    asset: &Asset<'a>,
    accepted: &AcceptEncoding,
) -> Result<Option<Representation<'a>>, Error> {
    let mut best: Option<(u16, Representation<'a>)> = None;
    for representation in asset.representations() {
        let representation = representation?;
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
