//! The assets that are judged: some of each kind.

use std::collections::HashMap;

use hardtack_bundle::{Asset, Coding};

/// The number of assets to judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sample {
    /// Two of each kind.
    OfEachKind,
    /// So many: two of each kind first, then others.
    AtMost(usize),
    All,
}

const OF_EACH_KIND: usize = 2;

/// Takes those assets first that are of a kind with the fewest taken. The order of the assets
/// decides among equals, so two runs take the same.
pub(super) fn sample(assets: &[Asset<'static>], sample: Sample) -> Vec<Asset<'static>> {
    let most = match sample {
        Sample::All => return assets.to_vec(),
        Sample::AtMost(number) => number,
        Sample::OfEachKind => assets.len(),
    };
    let mut left: Vec<_> = assets.iter().map(|asset| (asset, traits(asset))).collect();
    let mut taken = Vec::new();
    let mut counts: HashMap<Trait, usize> = HashMap::new();
    for round in 0..OF_EACH_KIND {
        left.retain(|(asset, traits)| {
            let is_rare =
                traits.iter().any(|it| counts.get(it).is_none_or(|count| *count <= round));
            if is_rare && taken.len() < most {
                taken.push(**asset);
                traits.iter().for_each(|it| *counts.entry(it.clone()).or_default() += 1);
                return false;
            }
            true
        });
    }
    if let Sample::AtMost(_) = sample {
        let more = most.saturating_sub(taken.len());
        taken.extend(left.into_iter().take(more).map(|(asset, _)| *asset));
    }
    taken
}

/// The properties that assets of one kind share.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Trait {
    MediaType(&'static str),
    Role(&'static str),
    Codings(Vec<Coding>),
    /// The number of digits of the number of bytes.
    Size(usize),
    /// Whether it is of an earlier release.
    Carried(bool),
}

fn traits(asset: &Asset<'static>) -> Vec<Trait> {
    let codings = asset.representations().flatten().map(|it| it.coding);
    let mut codings: Vec<_> = codings.collect();
    codings.dedup();
    let size = asset.identity().map_or(0, |identity| identity.content_length.len());
    let media_type = asset.media_type.split(';').next().unwrap_or_default();
    vec![
        Trait::MediaType(media_type),
        Trait::Role(asset.role.name()),
        Trait::Codings(codings),
        Trait::Size(size),
        Trait::Carried(asset.age > 0),
    ]
}

#[cfg(test)]
mod tests {
    use hardtack_bundle::{Bundle, Fingerprint, NewAsset, Role, Writer};

    use super::*;

    /// Two pictures, then fifty style sheets, then a page.
    fn assets() -> Vec<Asset<'static>> {
        let mut writer = Writer::new("/");
        let names = (0..53).map(|number| format!("{number:02}"));
        for (number, name) in names.enumerate() {
            let (media_type, role) = match number {
                0 | 1 => ("image/png", Role::Hashed),
                52 => ("text/html", Role::EntryPoint),
                _ => ("text/css; charset=utf-8", Role::Hashed),
            };
            let body = "x".repeat(if number == 30 { 20_000 } else { 200 }).into_bytes();
            writer.asset(NewAsset {
                logical_path: &name,
                url: &format!("/{name}"),
                plain_url: None,
                media_type,
                role,
                why: "",
                fingerprint: Fingerprint::of(&body),
                digest: None,
                representations: &[(Coding::Identity, &body)],
            });
        }
        let bundle = Bundle::open(Vec::leak(writer.finish().unwrap())).unwrap();
        bundle.assets().map(Result::unwrap).collect()
    }

    #[track_caller]
    fn takes(how: Sample, expected: &[&str]) {
        let taken = sample(&assets(), how);
        let taken: Vec<_> = taken.iter().map(|asset| asset.logical_path).collect();
        assert_eq!(taken, expected, "{how:?}");
    }

    #[test]
    fn samples() {
        takes(Sample::OfEachKind, &["00", "02", "30", "52", "01"]);
        takes(Sample::AtMost(2), &["00", "02"]);
        takes(Sample::AtMost(4), &["00", "02", "30", "52"]);
        takes(Sample::AtMost(7), &["00", "02", "30", "52", "01", "03", "04"]);
        takes(Sample::AtMost(0), &[]);
        assert_eq!(sample(&assets(), Sample::All).len(), 53);
        assert_eq!(sample(&assets(), Sample::AtMost(100)).len(), 53);
    }
}
