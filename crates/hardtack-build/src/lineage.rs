//! The names that the releases of one file share.

use std::collections::HashMap;

use hardtack_bundle::{Asset, Fingerprint, Role};

use crate::{fingerprint::Final, prehashed::hash_of, use_as_dictionary};

/// The URL of a hashed file with `*` for its hash, such as `/css/app.*.css`. Files of two releases
/// with one lineage are versions of one file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Lineage(String);

impl Lineage {
    /// The lineage of a file at a percent-encoded hashed path; none for a file of another role, or
    /// if the hash in a bundler's name is not recognized.
    pub(crate) fn of(
        role: Role,
        logical_path: &str,
        url: &str,
        fingerprint: &Fingerprint,
    ) -> Option<Self> {
        match role {
            Role::Hashed => {
                let (before, behind) = url.rsplit_once(&fingerprint.short())?;
                Some(Self(format!("{before}*{behind}")))
            }
            Role::Prehashed => {
                let pattern = url.replace(hash_of(logical_path)?, "*");
                (pattern != url).then_some(Self(pattern))
            }
            Role::Pinned | Role::EntryPoint => None,
        }
    }

    /// The lineages of a release's files, in their order; none for a file whose name says nothing: it
    /// shares its lineage with another one.
    pub(crate) fn unique(lineages: Vec<Option<Self>>) -> Vec<Option<Self>> {
        let mut counts: HashMap<Self, usize> = HashMap::new();
        for lineage in lineages.iter().flatten() {
            *counts.entry(lineage.clone()).or_default() += 1;
        }
        let is_alone = |lineage: &Self| counts.get(lineage) == Some(&1);
        lineages.into_iter().map(|one| one.filter(is_alone)).collect()
    }

    /// The lineages of the files of this release.
    pub(crate) fn of_release<'a>(assets: impl Iterator<Item = &'a Final>) -> Vec<Option<Self>> {
        let of = |asset: &Final| {
            let url = hardtack_bundle::encode_path(asset.paths.hashed.as_deref()?);
            Self::of(asset.role, &asset.logical_path, &url, &asset.fingerprint)
        };
        Self::unique(assets.map(of).collect())
    }

    /// Value of `Use-As-Dictionary`: the file is a dictionary of those with its lineage.
    pub(crate) fn use_as_dictionary(&self) -> String {
        use_as_dictionary::of_paths(&self.0)
    }
}

/// For each asset of a release the name that all versions of it share: of a bundler's file the URL
/// with `*` for its hash, unless another file has that too; of any other the logical path.
pub fn names_across_releases(assets: &[Asset<'_>]) -> Vec<String> {
    let of = |asset: &Asset<'_>| match asset.role {
        Role::Prehashed => {
            Lineage::of(asset.role, asset.logical_path, asset.url, &asset.fingerprint)
        }
        _ => None,
    };
    let lineages = Lineage::unique(assets.iter().map(of).collect());
    let named = assets.iter().zip(lineages);
    named.map(|(asset, lineage)| lineage.map_or(asset.logical_path.to_owned(), |it| it.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lineage(role: Role, logical_path: &str, url: &str) -> Option<String> {
        let fingerprint = Fingerprint::of(b"abc");
        Lineage::of(role, logical_path, url, &fingerprint).map(|it| it.0)
    }

    #[test]
    fn the_hash_is_left_out() {
        let is = |role, logical_path, url, expected: Option<&str>| {
            assert_eq!(lineage(role, logical_path, url).as_deref(), expected, "{url}");
        };
        is(Role::Hashed, "a.css", "/s/a.ba7816bf8f01.css", Some("/s/a.*.css"));
        is(Role::Hashed, "LICENSE", "/LICENSE.ba7816bf8f01", Some("/LICENSE.*"));
        is(Role::Hashed, "a.css", "/a.000000000000.css", None);
        is(Role::Prehashed, "x/a-DOIkT6lI.js", "/x/a-DOIkT6lI.js", Some("/x/a-*.js"));
        is(Role::Prehashed, "plain.js", "/plain.js", None);
        is(Role::EntryPoint, "a.html", "/a.html", None);
    }

    #[test]
    fn a_shared_lineage_is_none() {
        let of = |texts: &[Option<&str>]| {
            texts.iter().map(|text| text.map(|text| Lineage(text.to_owned()))).collect::<Vec<_>>()
        };
        let unique = Lineage::unique(of(&[Some("a"), Some("b"), None, Some("a")]));
        assert_eq!(unique, of(&[None, Some("b"), None, None]));
    }
}
