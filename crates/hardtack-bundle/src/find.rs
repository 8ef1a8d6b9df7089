//! Finds the bundle in a file that is more than a bundle: a program that was compiled with one, or a
//! packed executable.

use memchr::memmem;
use sha2::{Digest, Sha256};
use zerocopy::FromBytes;

use crate::{
    Bundle, Error,
    layout::{self, Header},
};

impl<'a> Bundle<'a> {
    /// Finds a bundle in the bytes of a file, and [verifies](Bundle::verify) it.
    ///
    /// A program that knows bundles also contains the magic alone, which is passed over. Where a file
    /// has several bundles, the last one counts, because that is the place where `hardtack pack` puts
    /// one. A bundle within a bundle is an asset of the outer one.
    ///
    /// # Errors
    ///
    /// If there is no bundle, or the last one is of another format version, cut off or damaged.
    pub fn find(file: &'a [u8]) -> Result<Self, Error> {
        let mut last = Err(Error::NoBundle);
        let mut rest = file;
        while let Some(at) = memmem::find(rest, &layout::MAGIC) {
            rest = &rest[at..];
            let behind = match stated(rest)? {
                None => layout::MAGIC.len(),
                Some(Stated { version, length }) => {
                    last = open(rest, version, length);
                    length
                }
            };
            rest = rest.get(behind..).unwrap_or_default();
        }
        last
    }
}

/// The two numbers of a header that every format version has at these places.
struct Stated {
    version: u32,
    length: usize,
}

/// The numbers behind a magic, if they can be those of a header. Behind a magic in the code of a
/// program there are other constants.
fn stated(bytes: &[u8]) -> Result<Option<Stated>, Error> {
    const MOST_VERSIONS: u32 = 1000;
    const LONGEST: usize = 1 << 40;
    let Ok((header, _)) = Header::ref_from_prefix(bytes) else { return Ok(None) };
    let version = header.version.get();
    let length = usize::try_from(header.length.get()).unwrap_or(usize::MAX);
    let is_length = (size_of::<Header>()..=LONGEST).contains(&length);
    if !(1..=MOST_VERSIONS).contains(&version) || !is_length {
        return Ok(None);
    }
    let guarded = &bytes[..size_of::<Header>() - header.header_digest.len()];
    if version == layout::VERSION && Sha256::digest(guarded)[..] != header.header_digest {
        return Err(Error::Digest { part: "header" });
    }
    Ok(Some(Stated { version, length }))
}

fn open(bytes: &[u8], version: u32, length: usize) -> Result<Bundle<'_>, Error> {
    if version != layout::VERSION {
        return Err(Error::Version { found: version, known: layout::VERSION });
    }
    let bundle = Bundle::open(bytes.get(..length).unwrap_or(bytes))?;
    bundle.verify()?;
    Ok(bundle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Writer;

    fn bundle(at: &str) -> Vec<u8> {
        Writer::new(at).finish().unwrap()
    }

    /// The prefix of the bundle in a file of these parts.
    fn find(parts: &[&[u8]]) -> Result<String, Error> {
        Bundle::find(&parts.concat()).map(|bundle| bundle.at().to_owned())
    }

    #[test]
    fn a_bundle_is_found_wherever_it_lies() {
        let a = bundle("/a/");
        assert_eq!(find(&[&a]).unwrap(), "/a/");
        assert_eq!(find(&[b"\x7fELF", &a, b"more"]).unwrap(), "/a/");
    }

    #[test]
    fn the_last_one_counts() {
        let (a, b) = (bundle("/a/"), bundle("/b/"));
        assert_eq!(find(&[&a, &[0; 100], &b, b"trailer"]).unwrap(), "/b/");
    }

    #[test]
    fn the_magic_alone_is_passed_over() {
        let a = bundle("/a/");
        let zeros = [0; 400];
        for constants in [&b" constants"[..], &zeros, &[0xff; 400], b"\x02\0\0\0"] {
            let code = [&layout::MAGIC[..], constants].concat();
            assert_eq!(find(&[&code, &a, &code]).unwrap(), "/a/", "{constants:?}");
            assert_eq!(find(&[&code]), Err(Error::NoBundle), "{constants:?}");
        }
        assert_eq!(find(&[b"\x7fELF"]), Err(Error::NoBundle));
    }

    #[test]
    fn a_bundle_within_a_bundle_is_an_asset() {
        use crate::{Coding, Fingerprint, NewAsset, Role};
        let inner = bundle("/inner/");
        let mut writer = Writer::new("/outer/");
        writer.asset(NewAsset {
            logical_path: "download",
            url: "/outer/download",
            plain_url: None,
            media_type: "application/octet-stream",
            role: Role::EntryPoint,
            why: "",
            fingerprint: Fingerprint::of(&inner),
            digest: None,
            representations: &[(Coding::Identity, &inner)],
        });
        assert_eq!(find(&[&writer.finish().unwrap(), &[0; 9]]).unwrap(), "/outer/");
    }

    #[test]
    fn damage_is_an_error_though_there_is_another_bundle() {
        let (a, b) = (bundle("/a/"), bundle("/b/"));
        let damaged = |place: usize| {
            let mut bytes = b.clone();
            bytes[place] ^= 1;
            find(&[&a, &bytes])
        };
        assert_eq!(damaged(40), Err(Error::Digest { part: "header" }));
        assert_eq!(damaged(b.len() - 1), Err(Error::Digest { part: "content" }));
        let cut = find(&[&a, &b[..b.len() - 1]]);
        assert!(matches!(cut, Err(Error::Length { .. })), "{cut:?}");
    }

    #[test]
    fn another_version_is_an_error() {
        let mut bytes = bundle("/a/");
        bytes[16] = 1;
        assert_eq!(find(&[&bytes]), Err(Error::Version { found: 1, known: layout::VERSION }));
    }
}
