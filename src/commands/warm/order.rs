//! The order in which assets are requested.

use std::{borrow::Cow, collections::BTreeSet};

use anyhow::Result;
use hardtack_build::names_across_releases;
use hardtack_bundle::{Action, Asset, Bundle};
use percent_encoding::percent_decode_str;

/// The paths that pages link to: first those of files of which the last release has another version,
/// then the others of this release, then those of earlier releases, the latest first.
pub(super) fn paths(bundle: &Bundle<'static>) -> Result<Vec<String>> {
    let own: Vec<_> = bundle.assets().collect::<Result<_, _>>()?;
    let carried: Vec<_> = bundle.carried().collect::<Result<_, _>>()?;
    let replaced: Vec<_> = carried.iter().filter(|asset| asset.age == 1).copied().collect();
    let replaced: BTreeSet<_> = names_across_releases(&replaced).into_iter().collect();
    let names = names_across_releases(&own);
    let is_changed = |place: usize| replaced.contains(&names[place]);
    let mut ranked: Vec<(u32, &Asset<'_>)> = Vec::new();
    ranked.extend(
        own.iter().enumerate().map(|(place, asset)| (u32::from(!is_changed(place)), asset)),
    );
    ranked.extend(carried.iter().map(|asset| (asset.age.saturating_add(1), asset)));
    ranked.sort_by_key(|(rank, _)| *rank);
    let served = ranked.into_iter().filter(|(_, asset)| is_served(bundle, asset));
    Ok(served.map(|(_, asset)| asset.url.to_owned()).collect())
}

/// Whether the asset itself answers at its path, and no rule in its place.
fn is_served(bundle: &Bundle<'static>, asset: &Asset<'_>) -> bool {
    let path: Cow<'_, [u8]> = percent_decode_str(asset.url).into();
    let route = bundle.route(&path).ok().flatten();
    route.is_none_or(|route| matches!(route.action, Action::Serve(_)))
}

#[cfg(test)]
mod tests {
    use hardtack_bundle::{CachePolicy, Coding, Fingerprint, NewAsset, Role, Writer};

    use super::*;

    #[test]
    fn changed_files_are_first_and_carried_ones_last() {
        let mut writer = Writer::new("/");
        let asset = |logical_path: &'static str, url: &'static str| NewAsset {
            logical_path,
            url,
            plain_url: None,
            media_type: "text/css; charset=utf-8",
            role: Role::Hashed,
            why: "",
            fingerprint: Fingerprint::of(url.as_bytes()),
            digest: None,
            representations: &[(Coding::Identity, b"x")],
        };
        let urls = ["/a.000000000001.css", "/b.000000000002.css"];
        for (name, url) in ["a.css", "b.css"].into_iter().zip(urls) {
            let index = writer.asset(asset(name, url));
            writer.serve(url, index, CachePolicy::Immutable);
        }
        for (url, name, age) in [
            ("/a.000000000003.css", "a.css", 2),
            ("/b.000000000004.css", "b.css", 1),
            ("/c.000000000005.css", "c.css", 2),
        ] {
            let index = writer.carried(asset(name, url), age);
            writer.serve(url, index, CachePolicy::Immutable);
        }
        let bundle = Bundle::open(Vec::leak(writer.finish().unwrap())).unwrap();
        assert_eq!(
            paths(&bundle).unwrap(),
            [
                "/b.000000000002.css",
                "/a.000000000001.css",
                "/b.000000000004.css",
                "/a.000000000003.css",
                "/c.000000000005.css",
            ]
        );
    }
}
