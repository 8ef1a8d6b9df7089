//! The three digests that identify things: of an asset, of its bytes for the browser, of a release.

use std::fmt::{self, Write};

use sha2::{Digest, Sha256, Sha384};

use crate::Coding;

/// SHA-256 of an asset's final bytes: after its references were rewritten.
///
/// The members of a reference cycle cannot contain their own digests: the fingerprint of a member
/// is a digest over the whole cycle, from which the final bytes follow. Either way, equal
/// fingerprints mean equal bytes. Displayed as 64 lower-case hex digits.
///
/// ```
/// use hardtack_bundle::{Coding, Fingerprint};
///
/// let fingerprint = Fingerprint::of(b"body { color: peru }");
/// assert_eq!(fingerprint.short(), "f0cbd2ebe6a5");
/// assert!(fingerprint.entity_tag(Coding::Br).ends_with("-br\""));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// The fingerprint of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The entity tag of a representation, with its quotes (RFC 9110 §8.8.3).
    pub fn entity_tag(&self, coding: Coding) -> String {
        format!("\"{self}-{coding}\"")
    }

    /// The entity tag of a representation with a dictionary, which the SHA-256 of the dictionary
    /// tells from those with others.
    pub fn delta_entity_tag(&self, coding: Coding, dictionary: &[u8; 32]) -> String {
        format!("\"{self}-{coding}-{}\"", hex(dictionary))
    }

    /// The 12 hex digits that go into a hashed path.
    pub fn short(&self) -> String {
        hex(&self.0[..6])
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// SHA-384 of an asset's identity bytes, displayed as the value of HTML's `integrity`
/// attribute: `sha384-` and base64 (W3C Subresource Integrity).
///
/// ```
/// use hardtack_bundle::Integrity;
///
/// let tag = format!("<script src=\"/app.js\" integrity=\"{}\">", Integrity::of(b"let a = 1"));
/// assert!(tag.contains("integrity=\"sha384-"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Integrity(pub [u8; 48]);

impl Integrity {
    /// The integrity of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha384::digest(bytes).into())
    }
}

impl fmt::Display for Integrity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha384-{}", Base64(&self.0))
    }
}

impl fmt::Debug for Integrity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Integrity({self})")
    }
}

/// Bytes, displayed in base64 with padding (RFC 4648 §4).
pub(crate) struct Base64<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Base64<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in self.0.chunks(3) {
            let byte = |index| piece.get(index).copied().unwrap_or_default();
            let bits = u32::from_be_bytes([0, byte(0), byte(1), byte(2)]);
            for (index, shift) in [18, 12, 6, 0].into_iter().enumerate() {
                let digit = BASE64[(bits >> shift & 63) as usize];
                f.write_char(char::from(if index <= piece.len() { digit } else { b'=' }))?;
            }
        }
        Ok(())
    }
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The build hash: SHA-256 over the sorted (URL path, fingerprint) pairs of a release, carried assets
/// among them.
///
/// Two bundles of the same release id serve the same bytes at the same paths. Media types, cache
/// policies and other metadata are not part of it. Displayed as 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReleaseId(pub [u8; 32]);

impl ReleaseId {
    /// The release id of pairs that are sorted by URL path.
    ///
    /// Each pair is hashed as the path, a zero byte, and the fingerprint's 32 bytes. A path
    /// contains no zero byte, so no two sets of pairs are hashed alike.
    ///
    /// ```
    /// use hardtack_bundle::{Fingerprint, ReleaseId};
    ///
    /// let release = |text: &[u8]| ReleaseId::of([("/robots.txt", Fingerprint::of(text))]);
    /// assert_eq!(release(b"one"), release(b"one"));
    /// assert_ne!(release(b"one"), release(b"two"));
    /// ```
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, Fingerprint)>) -> Self {
        let mut digest = Sha256::new();
        for (path, fingerprint) in pairs {
            digest.update(path);
            digest.update([0]);
            digest.update(fingerprint.0);
        }
        Self(digest.finalize().into())
    }

    /// The first 12 hex digits, for people.
    pub fn short(&self) -> String {
        hex(&self.0[..6])
    }
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReleaseId({self})")
    }
}

/// Bytes in hex digits, in lower case (RFC 4648 §8).
pub fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprint_is_sha256() {
        // FIPS 180-4's example.
        let abc = Fingerprint::of(b"abc").to_string();
        assert_eq!(abc, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(Fingerprint::of(b"abc").short(), "ba7816bf8f01");
    }

    #[test]
    fn integrity_is_base64_of_sha384() {
        // The value that the W3C's Subresource Integrity note gives for this script.
        let hello = Integrity::of(b"alert('Hello, world.');").to_string();
        let expected = "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO";
        assert_eq!(hello, expected);
    }

    #[test]
    fn hex_digits() {
        assert_eq!(hex(b"\x00\x7f\xa9\xff"), "007fa9ff");
    }

    #[test]
    fn base64_has_padding() {
        // RFC 4648 §10.
        for (text, expected) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v")] {
            assert_eq!(Base64(text.as_bytes()).to_string(), expected);
        }
    }

    #[test]
    fn release_id_depends_on_path_and_content() {
        let (one, two) = (Fingerprint::of(b"1"), Fingerprint::of(b"2"));
        let id = ReleaseId::of([("/a", one), ("/b", two)]);
        assert_eq!(id, ReleaseId::of([("/a", one), ("/b", two)]));
        assert_ne!(id, ReleaseId::of([("/a", two), ("/b", one)]));
        assert_ne!(id, ReleaseId::of([("/a", one)]));
    }
}
