//! A bake in a few numbers.

use std::{fmt, time::Duration};

use hardtack_bundle::{
    Role, Size, Totals,
    manifest::{Entry, Manifest},
};
use serde::Serialize;

use crate::LeftOut;

/// The sums over the assets of a bake, and its duration. Displays as one line.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// The [release id](hardtack_bundle::ReleaseId) in hex.
    pub release_id: String,
    /// The number of assets, and their bytes.
    #[serde(flatten)]
    pub totals: Totals,
    /// The numbers of assets by role.
    pub roles: Roles,
    /// The number of assets of earlier releases that are served too.
    pub carried_assets: usize,
    /// The bytes of these in all their codings.
    pub carried_bytes: usize,
    /// The number of hashed files of earlier releases that are no longer served.
    pub dropped_assets: usize,
    /// The number of representations that are the difference to a file of an earlier release.
    pub deltas: usize,
    /// Logical paths of the files and folders that were left out, sorted.
    #[serde(skip)]
    pub left_out: Vec<String>,
    /// The duration of the bake.
    pub seconds: f64,
}

/// The numbers of assets by role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Roles {
    /// [`Role::Hashed`].
    pub hashed: usize,
    /// [`Role::Prehashed`].
    pub prehashed: usize,
    /// [`Role::Pinned`].
    pub pinned: usize,
    /// [`Role::EntryPoint`].
    pub entry_points: usize,
}

impl Summary {
    pub(crate) fn new(
        manifest: &Manifest,
        totals: Totals,
        left_out: &[LeftOut],
        dropped_assets: usize,
        took: Duration,
    ) -> Self {
        let release_id = manifest.release_id.clone();
        let roles = Roles::of(manifest);
        let left_out = left_out.iter().map(|one| one.logical_path.clone()).collect();
        Self {
            release_id,
            totals,
            roles,
            carried_assets: manifest.carried.len(),
            carried_bytes: manifest.carried.iter().map(bytes).sum(),
            dropped_assets,
            deltas: manifest.assets.iter().map(deltas).sum(),
            left_out,
            seconds: took.as_secs_f64(),
        }
    }
}

fn deltas(entry: &Entry) -> usize {
    entry.representations.iter().filter(|one| one.dictionary.is_some()).count()
}

fn bytes(entry: &Entry) -> usize {
    entry.representations.iter().map(|one| one.bytes).sum()
}

impl Roles {
    fn of(manifest: &Manifest) -> Self {
        let count = |role| manifest.assets.iter().filter(|asset| asset.role == role).count();
        Self {
            hashed: count(Role::Hashed),
            prehashed: count(Role::Prehashed),
            pinned: count(Role::Pinned),
            entry_points: count(Role::EntryPoint),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "baked {} in {:.1} s", self.totals, self.seconds)?;
        if self.carried_assets + self.dropped_assets > 0 {
            let Self { carried_assets, carried_bytes, dropped_assets, .. } = self;
            write!(f, "; {carried_assets} of earlier releases, {}", Size(*carried_bytes))?;
            write!(f, ", {dropped_assets} dropped, {} deltas", self.deltas)?;
        }
        match &self.left_out[..] {
            [] => Ok(()),
            names @ [_, _, _, _, ..] => write!(f, "; left out {}, …", names[..3].join(", ")),
            names => write!(f, "; left out {}", names.join(", ")),
        }
    }
}
