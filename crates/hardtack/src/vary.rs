//! `Vary` (RFC 9110 §12.5.5): the request fields that a response depends on.

use http::{HeaderMap, HeaderValue, header::VARY};

/// Adds the name of a field.
pub(crate) fn on(field: &'static str, response: &mut HeaderMap) {
    let name = HeaderValue::from_static(field);
    let several = response.get(VARY).map(|others| [others.as_bytes(), b", ", field.as_bytes()]);
    let several = several
        .and_then(|list| HeaderValue::from_maybe_shared(bytes::Bytes::from(list.concat())).ok());
    response.insert(VARY, several.unwrap_or(name));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_list() {
        let mut headers = HeaderMap::new();
        on("Accept-Encoding", &mut headers);
        assert_eq!(headers[VARY], "Accept-Encoding");
        on("Origin", &mut headers);
        assert_eq!(headers[VARY], "Accept-Encoding, Origin");
    }
}
