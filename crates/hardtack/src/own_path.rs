//! The paths that are the bundle's alone, also where the bundle has nothing.
//!
//! A page of one release may ask another release for its files. A cache would keep an app's answer,
//! which is a 404 or even a page, for as long as it likes, and then nobody gets the file.

use std::borrow::Cow;

use hardtack_bundle::{Asset, Bundle, Role, logical_path_of};
use percent_encoding::percent_decode_str;

/// Digits of a fingerprint in a hashed path.
const DIGITS: usize = 12;
/// The shortest text in the name of a prehashed asset that counts as its hash.
const SHORTEST: usize = 8;

/// Whether the bundle alone answers this path of a request. Below its prefixes, it answers all. At
/// the site's root, where its paths and an app's are mixed, it answers a name that is formed as the
/// hashed ones of its assets in the same folder.
pub(crate) fn is_own(bundle: &Bundle<'static>, path: &str) -> bool {
    let path: Cow<'_, [u8]> = percent_decode_str(path).into();
    bundle.prefixes().any(|prefix| match prefix {
        "/" => str::from_utf8(&path).is_ok_and(|path| is_formed_as_hashed(bundle, path)),
        _ => path.starts_with(prefix.as_bytes()),
    })
}

fn is_formed_as_hashed(bundle: &Bundle<'static>, path: &str) -> bool {
    let Some((folder, name)) = path.rsplit_once('/') else { return false };
    let Some((stem, extension)) = name.rsplit_once('.') else { return false };
    if !ends_in_fingerprint(stem) && !may_be_hashed(stem) {
        return false;
    }
    let folder = format!("{folder}/");
    let folder = logical_path_of(bundle.at(), &folder);
    let mut siblings = bundle.assets_below(folder).flatten().filter_map(|asset| {
        let name = asset.logical_path.get(folder.len()..)?;
        (!name.contains('/')).then_some((asset, name))
    });
    siblings.any(|(asset, sibling)| match asset.role {
        Role::Hashed => has_name_of_its_own(&asset) && ends_in_fingerprint(stem),
        Role::Prehashed => sibling
            .rsplit_once('.')
            .is_some_and(|(other, of_other)| of_other == extension && ends_alike(stem, other)),
        Role::Pinned | Role::EntryPoint => false,
    })
}

/// Whether a name is long enough, and has a digit or a capital letter in it, as hashes do.
fn may_be_hashed(stem: &str) -> bool {
    let is_odd = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
    stem.len() >= SHORTEST && stem.bytes().any(is_odd)
}

/// Whether the bake gave the asset a hashed name.
fn has_name_of_its_own(asset: &Asset<'_>) -> bool {
    asset.plain_url != Some(asset.url)
}

fn ends_in_fingerprint(stem: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let digits = stem.rsplit_once('.').map(|(_, digits)| digits);
    digits.is_some_and(|digits| digits.len() == DIGITS && digits.bytes().all(is_digit))
}

/// Whether both names have the same mark before a text of the same length at the end, or, without a
/// mark, are of one length.
fn ends_alike(stem: &str, other: &str) -> bool {
    let is_mark = |byte: u8| matches!(byte, b'-' | b'.' | b'_' | b'~');
    let (stem, other) = (stem.as_bytes(), other.as_bytes());
    let mut lengths = SHORTEST..other.len();
    let behind_mark = lengths.any(|length| {
        let mark = other[other.len() - length - 1];
        is_mark(mark) && stem.len() > length && stem[stem.len() - length - 1] == mark
    });
    let has_mark = other.iter().any(|byte| is_mark(*byte));
    behind_mark || (!has_mark && stem.len() == other.len())
}

#[cfg(test)]
mod tests {
    use hardtack_bundle::{CachePolicy, Coding, Fingerprint, NewAsset, Writer, url_path_of};

    use super::*;

    /// A bundle of a folder at each of these prefixes, which are separated by spaces.
    fn bundle(prefixes: &str) -> Bundle<'static> {
        let at = prefixes.split(' ').next().unwrap();
        let mut writer = Writer::new(at);
        prefixes.split(' ').for_each(|prefix| writer.prefix(prefix));
        for (path, url, role) in [
            ("/x.css", "/x.0123456789ab.css", Role::Hashed),
            ("assets/index-Bx-1234z.js", "assets/index-Bx-1234z.js", Role::Prehashed),
            ("css/app.css", "css/app.0123456789ab.css", Role::Hashed),
            ("index.html", "index.html", Role::EntryPoint),
            ("js/0123456789abcdef.js", "js/0123456789abcdef.js", Role::Prehashed),
            ("logo.svg", "logo.svg", Role::Pinned),
        ] {
            if at == "/" && path.starts_with('/') {
                continue;
            }
            let [plain, url] = [path, url].map(|it| url_path_of(at, it));
            let asset = writer.asset(NewAsset {
                logical_path: path,
                url: &url,
                plain_url: Some(&plain),
                media_type: "text/plain",
                role,
                why: "",
                fingerprint: Fingerprint::of(path.as_bytes()),
                digest: None,
                representations: &[(Coding::Identity, path.as_bytes())],
            });
            writer.serve(&url, asset, CachePolicy::Immutable);
        }
        Bundle::open(writer.finish().unwrap().leak()).unwrap()
    }

    #[track_caller]
    fn owns(at: &str, path: &str, expected: bool) {
        assert_eq!(is_own(&bundle(at), path), expected, "{at} {path}");
    }

    #[test]
    fn what_lies_below_the_prefix() {
        for path in ["/static/", "/static/x", "/static/css/app.css", "/stat%69c/x", "/static/%zz"] {
            owns("/static/", path, true);
        }
        for path in ["/static/../x", "/static/a/b?c", "/static%2Fx"] {
            owns("/static/", path, true);
        }
        for path in ["/", "/static", "/staticx", "/x/static/a", "*", "/css/app.0123456789ab.css"] {
            owns("/static/", path, false);
        }
    }

    #[test]
    fn of_several_folders() {
        for path in ["/static/x", "/docs/x", "/x.fedcba987654.css", "/new.fedcba987654.js"] {
            owns("/static/ /docs/ /", path, true);
        }
        for path in
            ["/", "/x.css", "/docs", "/css/app.fedcba987654.css", "/admin/x.fedcba987654.css"]
        {
            owns("/static/ /docs/ /", path, false);
        }
        owns("/ /docs/", "/docs/x", true);
        owns("/ /docs/", "/css/app.fedcba987654.css", true);
        owns("/ /docs/", "/admin/x", false);
    }

    #[test]
    fn without_a_prefix_what_is_formed_as_a_hashed_name() {
        for path in [
            "/css/app.fedcba987654.css",
            "/css/new.fedcba987654.js",
            "/css/x.ffffffffffff.css",
            "/css/app%2Efedcba987654.css",
            "/assets/main-DZ_w7y-k.js",
            "/js/fedcba9876543210.js",
        ] {
            owns("/", path, true);
        }
        for path in [
            "/",
            "/css/app.css",
            "/css/app.fedcba98765.css",
            "/css/app.FEDCBA987654.css",
            "/css/app.fedcba987654",
            "/css/deep/app.fedcba987654.css",
            "/admin/css/base.fedcba987654.css",
            "/app.fedcba987654.css",
            "/assets/main-DZ_w7y-k.css",
            "/assets/main-settings.js",
            "/assets/main-0123456789abcdef.js",
            "/js/fedcba987654321.js",
            "/orders/2026-11-29.html",
        ] {
            owns("/", path, false);
        }
    }
}
