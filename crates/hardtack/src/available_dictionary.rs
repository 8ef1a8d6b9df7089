//! `Available-Dictionary` (RFC 9842 §2.2): the file that the client has already.

use http::HeaderName;

use crate::request_fields::RequestFields;

const AVAILABLE_DICTIONARY: HeaderName = HeaderName::from_static("available-dictionary");

/// SHA-256 of the dictionary that the client has.
///
/// None if there is no such field, a second one, or one that is no byte sequence of that length (RFC
/// 8941 §3.3.5). A response without a dictionary is always right.
pub(crate) fn available_dictionary(fields: RequestFields<'_>) -> Option<[u8; 32]> {
    let line = fields.only(AVAILABLE_DICTIONARY)?;
    let text = line.trim_ascii().strip_prefix(b":")?.strip_suffix(b":")?;
    decode(text)
}

/// Decodes base64 (RFC 4648 §4) of 32 bytes: 43 digits, and the padding that may be missing.
fn decode(text: &[u8]) -> Option<[u8; 32]> {
    let digits = text.strip_suffix(b"=").unwrap_or(text);
    let digits: &[u8; 43] = digits.try_into().ok()?;
    let mut bytes = [0; 33];
    for (piece, bytes) in digits.chunks(4).zip(bytes.chunks_mut(3)) {
        let mut bits = 0;
        for index in 0..4 {
            let value = piece.get(index).map_or(Some(0), |digit| value(*digit))?;
            bits = bits << 6 | value;
        }
        bytes.copy_from_slice(&u32::to_be_bytes(bits)[1..]);
    }
    bytes.first_chunk().copied()
}

fn value(digit: u8) -> Option<u32> {
    Some(u32::from(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue};

    /// The SHA-256 of nothing.
    const NOTHING: &str = ":47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";

    fn read(lines: &[&str]) -> Option<[u8; 32]> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(AVAILABLE_DICTIONARY, HeaderValue::from_str(line).unwrap());
        }
        available_dictionary((&headers).into())
    }

    #[test]
    fn a_byte_sequence_is_read() {
        let expected = hardtack_bundle::Fingerprint::of(b"").0;
        assert_eq!(read(&[NOTHING]), Some(expected));
        assert_eq!(read(&[&format!(" {NOTHING} ")]), Some(expected));
        assert_eq!(read(&[&NOTHING.replace('=', "")]), Some(expected));
    }

    #[test]
    fn anything_else_is_as_if_absent() {
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[NOTHING, NOTHING]), None);
        let list = format!("{NOTHING}, {NOTHING}");
        let parameter = format!("{NOTHING};a=1");
        for line in [
            "",
            ":",
            "::",
            &list,
            &parameter,
            NOTHING.trim_matches(':'),
            &NOTHING.replace("47", ""),
            &NOTHING.replace("47", "4747"),
            &NOTHING.replace("=:", "==:"),
            &NOTHING.replace('+', "-"),
            &NOTHING.replace('4', "é"),
            "\"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\"",
            "47DEQpj8HBSa",
        ] {
            assert_eq!(read(&[line]), None, "{line}");
        }
    }
}
