//! `multipart/byteranges` (RFC 9110 §14.6).

use std::ops::Range;

use bytes::Bytes;
use hardtack_bundle::{Asset, Representation, hex};

use crate::{Body, content_range::ContentRange};

/// Several parts of a representation, as one body.
pub(crate) struct Multipart {
    /// Value of `Content-Type`.
    pub(crate) media_type: String,
    pub(crate) body: Body,
}

/// Joins parts of a representation, each with its own `Content-Type` and `Content-Range`.
pub(crate) fn multipart(
    asset: &Asset<'static>,
    representation: &Representation<'static>,
    parts: &[Range<usize>],
) -> Multipart {
    let boundary = boundary(representation);
    let (body, length) = (representation.body, representation.body.len());
    let mut pieces = Vec::with_capacity(2 * parts.len() + 1);
    for part in parts {
        let head = format!(
            "\r\n--{boundary}\r\nContent-Type: {}\r\nContent-Range: {}\r\n\r\n",
            asset.media_type,
            ContentRange::Part(part.clone(), length),
        );
        pieces.extend([Bytes::from(head), Bytes::from_static(&body[part.clone()])]);
    }
    pieces.push(Bytes::from(format!("\r\n--{boundary}--\r\n")));
    let media_type = format!("multipart/byteranges; boundary={boundary}");
    Multipart { media_type, body: Body::of_pieces(pieces) }
}

/// The boundary. It occurs in no part, because no bytes contain their own digest.
fn boundary(representation: &Representation<'_>) -> String {
    hex(&representation.digest[..16])
}
