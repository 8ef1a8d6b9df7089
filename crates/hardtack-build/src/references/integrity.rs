//! Integrity that fails already (Subresource Integrity §3.3): a browser does not use the file, and
//! must not use it after the bake either.

use htmlize::unescape_attribute;

use crate::{digest::Form, scan::Asset};

/// Whether the value of `integrity`, as written in HTML or JSON, lets a browser refuse a file.
pub(super) fn refuses(written: &[u8], target: &Asset) -> bool {
    let written = String::from_utf8_lossy(written);
    let value = unescape_attribute(&*written).replace("\\/", "/");
    let strongest = ["sha512", "sha384", "sha256"].into_iter().find_map(|algorithm| {
        let digests: Vec<_> =
            value.split_ascii_whitespace().filter_map(|one| digest(one, algorithm)).collect();
        (!digests.is_empty()).then_some((Form::of_integrity(algorithm)?, digests))
    });
    strongest.is_some_and(|(form, digests)| {
        let packed = target.packed.as_deref();
        let mut all = packed.into_iter().chain([&target.bytes[..]]).map(|bytes| form.of(bytes));
        !all.any(|own| digests.contains(&own.trim_end_matches('=').to_owned()))
    })
}

/// The digest of one expression by that algorithm, in base64 without padding.
fn digest(expression: &str, algorithm: &str) -> Option<String> {
    let (name, rest) = expression.split_once('-')?;
    let digest = rest.split('?').next().unwrap_or_default().trim_end_matches('=');
    // Browsers take base64url too.
    let digest = digest.replace('-', "+").replace('_', "/");
    (name.eq_ignore_ascii_case(algorithm) && !digest.is_empty()).then_some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_algorithm_decides() {
        let asset = Asset::of("a.js", "abc");
        let of = |algorithm: &str, bytes: &[u8]| {
            format!("{algorithm}-{}", Form::of_integrity(algorithm).unwrap().of(bytes))
        };
        let is = |value: &str, expected| {
            assert_eq!(refuses(value.as_bytes(), &asset), expected, "{value}");
        };
        let [right, wrong] = [&b"abc"[..], b"abd"].map(|bytes| of("sha256", bytes));
        is(&right, false);
        is(&wrong, true);
        is(&format!("{wrong} {right}"), false);
        is(&format!("{right} {}", of("sha384", b"abd")), true);
        is(&format!("{wrong} {}", of("sha384", b"abc")), false);
        is(&format!("{right}?x"), false);
        is(&right.replace('/', "\\/").replace('=', ""), false);
        is(&right.replace('+', "&#43;").replace("sha", "SHA"), false);
        is(&right.replace('+', "-").replace("A/", "A_"), false);
        is("sha256-short", true);
        for ignored in ["", "x", "md5-kAFQmDzST7DWlj99KOF/cg==", "sha256-"] {
            is(ignored, false);
        }
    }
}
