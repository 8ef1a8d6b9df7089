//! Single steps of an answer, for the program `benches/micro`, which counts their instructions. No part of
//! the API.

use std::hint::black_box;

use hardtack_bundle::Asset;

use crate::{
    accept_encoding::AcceptEncoding,
    conditional::{self, Validators},
    negotiate::{self, Accepted},
    range,
    request_fields::{Lines, RequestFields},
};

/// The fields of a request.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a>(RequestFields<'a>);

impl<'a> Fields<'a> {
    /// The fields of these names and values.
    pub fn new(lines: &'a [(&'a str, &'a [u8])]) -> Self {
        Self(RequestFields::Lines(Lines::new(lines)))
    }
}

/// Reads `Accept-Encoding`.
pub fn accept_encoding(fields: Fields<'_>) {
    black_box(AcceptEncoding::of(fields.0));
}

/// Reads `Accept-Encoding` and `Available-Dictionary`, and chooses a representation.
pub fn negotiate(asset: &Asset<'static>, fields: Fields<'_>) {
    let accepted = Accepted::of(fields.0);
    black_box(negotiate::negotiate(asset, &accepted)).ok();
}

/// Evaluates the preconditions for a representation that was modified at that time, in seconds since
/// 1970.
pub fn preconditions(fields: Fields<'_>, entity_tag: &str, last_modified: u64) {
    let ours = Validators { entity_tag, last_modified: Some(last_modified), is_only: true };
    black_box(conditional::evaluate(fields.0, &ours));
}

/// Reads `Range` against a representation of this length in bytes.
pub fn range(fields: Fields<'_>, length: usize) {
    black_box(range::requested(fields.0, length));
}
