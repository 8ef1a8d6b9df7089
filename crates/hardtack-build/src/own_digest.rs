//! Recognizes a digest of a file's content in its name.

use hardtack_bundle::{Fingerprint, hex};
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha384, Sha512};
use xxhash_rust::{xxh3, xxh32, xxh64};

/// The name of the first algorithm whose digest of these bytes begins with one of some texts, in
/// hex, base32 or base64url.
pub(crate) fn digest_with_prefix(bytes: &[u8], texts: &[&str]) -> Option<&'static str> {
    let begins_so = |digest: &[u8]| {
        let forms = [hex(digest), base32(digest).to_ascii_lowercase()];
        let base64url = base64url(digest);
        texts.iter().any(|text| {
            let small = text.to_ascii_lowercase();
            forms.iter().any(|form| form.starts_with(&small)) || base64url.starts_with(text)
        })
    };
    DIGESTS.iter().find(|(_, digest)| begins_so(&digest(bytes))).map(|(name, _)| *name)
}

type DigestOf = fn(&[u8]) -> Vec<u8>;

/// The algorithms of digests in names, the most frequent first.
const DIGESTS: &[(&str, DigestOf)] = &[
    ("MD5", |bytes| Md5::digest(bytes).to_vec()),
    ("SHA-256", |bytes| Fingerprint::of(bytes).0.to_vec()),
    ("SHA-1", |bytes| Sha1::digest(bytes).to_vec()),
    ("SHA-512", |bytes| Sha512::digest(bytes).to_vec()),
    ("SHA-384", |bytes| Sha384::digest(bytes).to_vec()),
    ("xxHash64", |bytes| xxh64::xxh64(bytes, 0).to_be_bytes().to_vec()),
    ("XXH3", |bytes| xxh3::xxh3_64(bytes).to_be_bytes().to_vec()),
    ("XXH3-128", |bytes| xxh3::xxh3_128(bytes).to_be_bytes().to_vec()),
    ("xxHash32", |bytes| xxh32::xxh32(bytes, 0).to_be_bytes().to_vec()),
];

/// RFC 4648 §6, without padding.
fn base32(bytes: &[u8]) -> String {
    encode(bytes, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 5)
}

/// RFC 4648 §5, without padding.
fn base64url(bytes: &[u8]) -> String {
    encode(bytes, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 6)
}

/// RFC 4648 §4.
pub(crate) fn base64(bytes: &[u8]) -> String {
    let unpadded =
        encode(bytes, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 6);
    let padding = "=".repeat(unpadded.len().next_multiple_of(4) - unpadded.len());
    unpadded + &padding
}

/// Encodes bytes with this many bits a letter, the highest bits first.
fn encode(bytes: &[u8], alphabet: &[u8], bits: usize) -> String {
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
    let letter = |start: usize| {
        let index = (start..start + bits).fold(0, |index, at| index << 1 | usize::from(bit(at)));
        char::from(alphabet[index])
    };
    (0..bytes.len() * 8).step_by(bits).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        assert_eq!(hex(b"\x00\xff"), "00ff");
        assert_eq!(base32(b"foobar"), "MZXW6YTBOI");
        assert_eq!(base64url(b"\xfb\xff"), "-_8");
        assert_eq!((base64(b"f"), base64(b"foo")), ("Zg==".to_owned(), "Zm9v".to_owned()));
    }

    #[test]
    fn prefixes() {
        let is = |text: &str, expected| {
            assert_eq!(digest_with_prefix(b"abc", &[text]), expected, "{text}")
        };
        is("900150983cd2", Some("MD5"));
        is("900150983CD2", Some("MD5"));
        is("ba7816bf", Some("SHA-256"));
        is("ungWv48B", Some("SHA-256"));
        is("A9993E364706816A", Some("SHA-1"));
        is("VGMT4NSH", Some("SHA-1"));
        is("44bc2cf5ad770999", Some("xxHash64"));
        is("900150984", None);
    }
}
