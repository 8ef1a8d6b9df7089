//! The subjects of a check.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use hardtack_bundle::{Action, Asset, Bundle, encode_path};

use super::{
    sample::{Sample, sample},
    subject::{Kind, Subject},
};

/// All subjects, with the number of assets among them.
pub(super) struct Subjects {
    pub(super) all: Vec<Subject>,
    pub(super) taken: usize,
    /// The number of assets of the release, carried ones among them.
    pub(super) assets: usize,
}

/// Redirects that are judged.
const REDIRECTS: usize = 3;
/// Paths at which applications have something.
const OUTSIDE: [&str; 3] = ["/", "/admin/", "/login"];

impl Subjects {
    /// The paths of some assets, and others that the release has or has not. `outside` are paths
    /// of the rest of the site.
    ///
    /// # Errors
    ///
    /// If the bundle is damaged, or has no asset.
    pub(super) fn of(bundle: Bundle<'static>, how: Sample, outside: &[String]) -> Result<Self> {
        let assets: Vec<_> = bundle.assets().chain(bundle.carried()).collect::<Result<_, _>>()?;
        ensure!(!assets.is_empty(), "the release has no asset: there is nothing to check");
        let taken = sample(&assets, how);
        let first = taken.first().context("--sample 0 leaves nothing to check")?;
        let new = |path: String, kind| Subject { bundle, path, kind };
        let mut all = vec![new(first.url.to_owned(), Kind::Connection)];
        for asset in &taken {
            let paths = paths(asset).map(str::to_owned);
            all.extend(paths.map(|path| new(path, Kind::Asset(*asset))));
        }
        all.extend(redirects(&bundle)?.into_iter().map(|path| new(path, Kind::Redirect)));
        all.push(new(format!("{}{}", bundle.at(), nowhere("css")), Kind::Missing));
        let outside = outside_of(&bundle, outside)?;
        all.extend(outside.into_iter().map(|path| new(path, Kind::Outside)));
        Ok(Self { all, taken: taken.len(), assets: assets.len() })
    }
}

/// The hashed path and the plain path.
fn paths(asset: &Asset<'static>) -> impl Iterator<Item = &'static str> {
    let plain = asset.plain_url.filter(|plain| *plain != asset.url);
    [Some(asset.url), plain].into_iter().flatten()
}

/// A CDN may not know `/static`, but only what is below it.
fn redirects(bundle: &Bundle<'static>) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for route in bundle.routes() {
        let route = route?;
        let is_below = bundle.prefixes().any(|prefix| route.path.starts_with(prefix));
        let is_redirect = matches!(route.action, Action::Redirect { .. });
        if is_redirect && is_below && found.len() < REDIRECTS {
            found.push(encode_path(route.path));
        }
    }
    Ok(found)
}

/// The usual paths of applications and the given ones, as far as they are not the release's.
fn outside_of(bundle: &Bundle<'static>, given: &[String]) -> Result<Vec<String>> {
    let usual = OUTSIDE.map(str::to_owned).into_iter().chain([format!("/{}", nowhere("html"))]);
    let is_ours = |path: &str| bundle.prefixes().any(|prefix| path.starts_with(prefix));
    let mut found: Vec<_> = usual.filter(|path| !is_ours(path)).collect();
    for path in given {
        ensure!(
            bundle.route(path.as_bytes())?.is_none(),
            "--outside {path}: the release itself answers there"
        );
        found.push(path.clone());
    }
    Ok(found)
}

/// A name as those of hashed paths, which no release has and no earlier check has asked for.
fn nowhere(extension: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let number = now.as_nanos() & 0xffff_ffff_ffff;
    format!("hardtack-check.{number:012x}.{extension}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::check::testing;

    #[test]
    fn paths_of_a_release() {
        let bundle = testing::asset("/app.css").bundle;
        let subjects = Subjects::of(bundle, Sample::All, &["/account".to_owned()]).unwrap();
        let paths: Vec<_> = subjects.all.iter().map(|subject| subject.path.as_str()).collect();
        let [first, app, new, old, redirect, missing, outside] = paths.as_slice() else {
            panic!("{paths:?}");
        };
        assert_eq!([first, app, new], [&"/app.css", &"/app.css", &"/new.css"]);
        assert_eq!([old, redirect], [&"/old.0123456789ab.css", &"/style"]);
        assert!(missing.starts_with("/hardtack-check.") && missing.ends_with(".css"), "{missing}");
        assert_eq!(outside, &"/account");
        assert_eq!((subjects.taken, subjects.assets), (3, 3));
        assert!(Subjects::of(bundle, Sample::All, &["/app.css".to_owned()]).is_err());
        assert!(Subjects::of(bundle, Sample::AtMost(0), &[]).is_err());
    }
}
