//! The judgments. One more is a file here, and a line of each list.

mod age;
mod cache_control;
mod cached;
mod codings;
mod complete;
mod conditional;
mod content;
mod content_encoding;
mod cookies;
mod cors;
mod dictionaries;
mod errors;
mod etag;
mod fields;
mod head;
mod only_static;
mod origin_closed;
mod protocol;
mod range;
mod recompression;
mod redirects;
mod release;
mod status;
mod tls;
mod vary;

use super::judgment::Judgment;

/// All judgments, in the order of the table.
pub(super) const ALL: [Judgment; 25] = [
    tls::JUDGMENT,
    protocol::JUDGMENT,
    status::JUDGMENT,
    complete::JUDGMENT,
    content::JUDGMENT,
    release::JUDGMENT,
    content_encoding::JUDGMENT,
    recompression::JUDGMENT,
    codings::JUDGMENT,
    vary::JUDGMENT,
    etag::JUDGMENT,
    cache_control::JUDGMENT,
    fields::JUDGMENT,
    cookies::JUDGMENT,
    cors::JUDGMENT,
    head::JUDGMENT,
    conditional::JUDGMENT,
    range::JUDGMENT,
    dictionaries::JUDGMENT,
    redirects::JUDGMENT,
    cached::JUDGMENT,
    age::JUDGMENT,
    errors::JUDGMENT,
    only_static::JUDGMENT,
    origin_closed::JUDGMENT,
];
