//! Proactive negotiation of the content coding (RFC 9110 §12.1).

use hardtack_bundle::{Asset, Coding, Error, Offer, Representation};

use crate::{
    accept_encoding::AcceptEncoding, available_dictionary::available_dictionary,
    request_fields::RequestFields, weight::Quality,
};

/// The request fields that the choice of a representation depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Accepted {
    encoding: AcceptEncoding,
    dictionary: Option<[u8; 32]>,
}

impl Accepted {
    pub(crate) fn of(fields: RequestFields<'_>) -> Self {
        Self { encoding: AcceptEncoding::of(fields), dictionary: available_dictionary(fields) }
    }

    /// The quality of a representation; 0 if the client does not accept it, or has not the
    /// dictionary that it needs.
    fn quality(&self, offer: &Offer<'_>) -> Quality {
        let is_decodable =
            offer.dictionary.is_none_or(|needed| self.dictionary.as_ref() == Some(needed));
        if is_decodable { self.encoding.quality(offer.coding) } else { 0 }
    }
}

/// The smallest among the representations with the highest quality; none if the client accepts
/// none.
pub(crate) fn negotiate<'a>(
    asset: &Asset<'a>,
    accepted: &Accepted,
) -> Result<Option<Representation<'a>>, Error> {
    let mut best: Option<(Quality, Offer<'a>)> = None;
    for offer in asset.offers() {
        let offer = offer?;
        let quality = accepted.quality(&offer);
        let better = best.is_none_or(|(highest, chosen)| {
            quality > highest || quality == highest && offer.length < chosen.length
        });
        if quality > 0 && better {
            best = Some((quality, offer));
        }
    }
    best.map(|(_, offer)| offer.representation()).transpose()
}

/// The acceptable representation to take parts of: the one that the client names by its entity tag,
/// since it has a part of it already; else the identity. None if it accepts neither.
///
/// The standard leaves the choice. Only a cache can use a part of a compressed stream: a browser
/// that gets such a part, for a script that reads a database or a map in parts, fails to decode it.
pub(crate) fn negotiate_parts<'a>(
    asset: &Asset<'a>,
    accepted: &Accepted,
    is_named: impl Fn(&str) -> bool,
) -> Result<Option<Representation<'a>>, Error> {
    let mut identity = None;
    for offer in asset.offers() {
        let offer = offer?;
        if accepted.quality(&offer) == 0 {
            continue;
        }
        let representation = offer.representation()?;
        if is_named(representation.entity_tag) {
            return Ok(Some(representation));
        }
        if representation.coding == Coding::Identity {
            identity = Some(representation);
        }
    }
    Ok(identity)
}
