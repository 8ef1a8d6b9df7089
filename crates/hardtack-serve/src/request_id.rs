//! The id of a request, by which its lines in the logs of several servers are found.

use std::{cell::Cell, collections::hash_map::RandomState, hash::BuildHasher};

use hyper::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};

/// The usual name of the field.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that is taken from a proxy, in bytes.
const LONGEST: usize = 128;

thread_local! {
    /// The number of ids that this thread has made, and its key.
    static MADE: (Cell<u64>, RandomState) = (Cell::default(), RandomState::new());
}

/// Gives a request an id: that of a trusted proxy, if it has sent one, or else a new one.
pub(crate) fn assign(fields: &mut HeaderMap, is_trusted: bool) {
    let said = fields.get(&X_REQUEST_ID).filter(|id| is_trusted && is_id(id.as_bytes()));
    let id = said.cloned().unwrap_or_else(fresh);
    fields.insert(X_REQUEST_ID, id);
}

/// An id that stands in every log as it is.
fn is_id(bytes: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-./:=@_~".contains(byte);
    (1..=LONGEST).contains(&bytes.len()) && bytes.iter().all(is_plain)
}

/// 32 hex digits, which nobody can guess.
fn fresh() -> HeaderValue {
    let [high, low] = MADE.with(|(count, key)| {
        let number = count.replace(count.get().wrapping_add(1));
        [0, 1].map(|half| key.hash_one((number, half)))
    });
    HeaderValue::try_from(format!("{high:016x}{low:016x}")).expect("hex digits are a value")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether an id that a client or a trusted proxy sends is kept.
    #[track_caller]
    fn keeps(id: &str, is_trusted: bool, expected: bool) {
        let mut fields = HeaderMap::from_iter([(X_REQUEST_ID, id.parse().unwrap())]);
        assign(&mut fields, is_trusted);
        assert_eq!(fields[X_REQUEST_ID] == id, expected, "{id}");
        assert_eq!(fields.len(), 1);
    }

    #[test]
    fn ids_of_trusted_proxies() {
        keeps("1-5759e988-bd862e3fe1be46a994272793", true, true);
        keeps("7b8e-4f.a:b=c@d+e/f~g_h", true, true);
        keeps("7b8e", false, false);
        keeps("", true, false);
        keeps("a b", true, false);
        keeps("a\"b", true, false);
        keeps(&"x".repeat(LONGEST), true, true);
        keeps(&"x".repeat(LONGEST + 1), true, false);
    }

    #[test]
    fn no_two_are_alike() {
        let ids: std::collections::HashSet<_> = (0..1000).map(|_| fresh()).collect();
        assert!(ids.len() == 1000 && ids.iter().all(|id| id.len() == 32));
    }
}
