//! Single steps of an answer, for the program `benches/micro`, which counts their instructions. No part of
//! the API.

use std::hint::black_box;

use hardtack_bundle::Asset;

use crate::{
    accept_encoding::AcceptEncoding,
    conditional::{self, Validators},
    negotiate::{self, Accepted},
    range,
    request_fields::RequestFields,
};

/// Names and values.
pub type Lines<'a> = [(&'a str, &'a [u8])];

/// Reads `Accept-Encoding`.
pub fn accept_encoding(fields: &Lines<'_>) {
    black_box(AcceptEncoding::of(RequestFields::Lines(fields)));
}

/// Reads `Accept-Encoding` and `Available-Dictionary`, and chooses a representation.
pub fn negotiate(asset: &Asset<'static>, fields: &Lines<'_>) {
    let accepted = Accepted::of(RequestFields::Lines(fields));
    black_box(negotiate::negotiate(asset, &accepted)).ok();
}

/// Evaluates the preconditions for a representation that was modified at that time, in seconds since
/// 1970.
pub fn preconditions(fields: &Lines<'_>, entity_tag: &str, last_modified: u64) {
    let ours = Validators { entity_tag, last_modified: Some(last_modified), is_only: true };
    black_box(conditional::evaluate(RequestFields::Lines(fields), &ours));
}

/// Reads `Range` against a representation of this length in bytes.
pub fn range(fields: &Lines<'_>, length: usize) {
    black_box(range::requested(RequestFields::Lines(fields), length));
}
