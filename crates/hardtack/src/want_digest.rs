//! `Want-Repr-Digest` (RFC 9530 §4).

use http::HeaderName;

use crate::request_fields::RequestFields;

const WANT_REPR_DIGEST: HeaderName = HeaderName::from_static("want-repr-digest");

/// Whether the client asks for the SHA-256 of the representation, the only digest that a bundle
/// has. The field is a dictionary (RFC 8941 §3.2): the last member of a name counts.
pub(crate) fn wants_sha256(fields: RequestFields<'_>) -> bool {
    let lines = fields.lines(WANT_REPR_DIGEST).rev();
    let mut members = lines.flat_map(|line| line.rsplit(|byte| *byte == b','));
    members.find_map(preference).is_some_and(|preference| preference > 0)
}

/// The preference in `sha-256=10`: from 0, which means none, to 10.
fn preference(member: &[u8]) -> Option<u8> {
    let digits = member.trim_ascii().strip_prefix(b"sha-256=")?;
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let number = str::from_utf8(digits).ok().filter(|_| is_number)?;
    number.parse().ok().filter(|preference| *preference <= 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue};

    #[track_caller]
    fn wants(value: &str, expected: bool) {
        let value = HeaderValue::from_str(value).unwrap();
        let headers = HeaderMap::from_iter([(WANT_REPR_DIGEST, value)]);
        assert_eq!(wants_sha256((&headers).into()), expected, "{headers:?}");
    }

    #[test]
    fn preferences() {
        wants("sha-256=10", true);
        wants("sha-512=3, sha-256=1", true);
        wants("sha-256=1,sha-512=10", true);
        wants("sha-256=0", false);
        wants("sha-256=10, sha-256=0", false);
        wants("sha-512=10", false);
        wants("sha-256", false);
        wants("sha-256=11", false);
        wants("sha-256=+1", false);
        wants("SHA-256=1", false);
        wants("", false);
        assert!(!wants_sha256((&HeaderMap::new()).into()));
    }
}
