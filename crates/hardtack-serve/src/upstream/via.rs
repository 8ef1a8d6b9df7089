//! The field `Via` (RFC 9110 §7.6.3): the intermediaries that have passed a message on.

use std::{collections::hash_map::RandomState, hash::BuildHasher, sync::LazyLock};

use hyper::{
    HeaderMap, Version,
    header::{HeaderValue, VIA},
};

/// The name of this process in requests. It is random: several of these servers may well pass a
/// request on, one to the next, and only one that comes back to the same process is in a loop.
static NAME: LazyLock<String> = LazyLock::new(|| {
    let random = RandomState::new().hash_one(()) >> 32;
    format!("hardtack-{random:08x}")
});

/// Notes in a request that this process passes it on.
pub(super) fn sign_request(fields: &mut HeaderMap, version: Version) {
    let value = format!("{} {}", number(version), *NAME);
    fields.append(VIA, value.try_into().expect("it is ASCII"));
}

/// Notes in a response that this server passes it on.
pub(super) fn sign_response(fields: &mut HeaderMap, version: Version) {
    let value = format!("{} hardtack", number(version));
    fields.append(VIA, HeaderValue::try_from(value).expect("it is ASCII"));
}

/// Whether this process has passed the request on before.
pub(super) fn is_signed(fields: &HeaderMap) -> bool {
    let lines = fields.get_all(VIA).into_iter().filter_map(|line| line.to_str().ok());
    let mut words = lines.flat_map(|line| line.split([',', ' ', '\t']));
    words.any(|word| word == *NAME)
}

/// The version of HTTP in which a message came.
fn number(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        _ => "1.1",
    }
}

/// A text of a test, with the random name in its place.
#[cfg(test)]
pub(super) fn without_name(text: &str) -> String {
    text.replace(&*NAME, "hardtack")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn comes_back(via: &str, expected: bool) {
        let line = via.replace("SELF", &NAME);
        let fields = HeaderMap::from_iter([(VIA, line.parse().unwrap())]);
        assert_eq!(is_signed(&fields), expected, "{via}");
    }

    #[test]
    fn a_process_knows_its_own_name() {
        comes_back("1.1 SELF", true);
        comes_back("1.1 cdn.example (Cache/1.0), 2 SELF, 1.1 other", true);
        comes_back("1.1 SELF,1.1 other", true);
        comes_back("1.1 hardtack", false);
        comes_back("1.1 hardtack-0123abcd, 1.1 SELF0", false);
        let mut fields = HeaderMap::new();
        assert!(!is_signed(&fields));
        sign_request(&mut fields, Version::HTTP_2);
        assert!(is_signed(&fields));
    }
}
