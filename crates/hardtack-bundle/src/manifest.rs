//! The manifest: the contents of a bundle, for people and for programs.
//!
//! An asset has this one JSON description everywhere: in the `manifest.json` that a bake writes,
//! and in `hardtack list --json`.

use serde::Serialize;

use crate::{Asset, Bundle, Error, Representation, Role, digest::hex};

/// A bundle's description.
#[derive(Clone, Debug, Serialize)]
pub struct Manifest {
    /// The [release id](crate::ReleaseId) in hex.
    pub release_id: String,
    /// The URL prefix that logical paths are relative to.
    pub at: String,
    /// The assets of this release, sorted by logical path.
    pub assets: Vec<Entry>,
    /// The assets of earlier releases that are served too, sorted by URL.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub carried: Vec<Entry>,
}

impl Manifest {
    /// The manifest of a bundle.
    ///
    /// ```
    /// use hardtack_bundle::{Bundle, Writer, manifest::Manifest};
    ///
    /// let bytes = Writer::new("/static/").finish()?;
    /// let manifest = Manifest::of(&Bundle::open(&bytes)?)?;
    /// assert_eq!((&manifest.at[..], manifest.assets.len()), ("/static/", 0));
    /// assert_eq!(manifest.assets_to_json(), "[]\n");
    /// # Ok::<(), hardtack_bundle::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the bundle is damaged.
    pub fn of(bundle: &Bundle<'_>) -> Result<Self, Error> {
        let entry = |asset: Result<Asset<'_>, Error>| Entry::of(&asset?);
        Ok(Self {
            release_id: bundle.release_id().to_string(),
            at: bundle.at().to_owned(),
            assets: bundle.assets().map(entry).collect::<Result<_, _>>()?,
            carried: bundle.carried().map(entry).collect::<Result<_, _>>()?,
        })
    }

    /// The manifest as JSON for people: indented, and with a line break at the end.
    pub fn to_json(&self) -> String {
        json(self)
    }

    /// The descriptions of the assets of this release alone, as a JSON array.
    pub fn assets_to_json(&self) -> String {
        json(&self.assets)
    }

    /// The descriptions of the carried assets alone, as a JSON array.
    pub fn carried_to_json(&self) -> String {
        json(&self.carried)
    }
}

fn json(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value);
    text.expect("strings, numbers and lists are always JSON") + "\n"
}

/// An asset's description.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// The plain path, percent-decoded and relative to `at`; of an asset that is not below `at`, the
    /// URL path with its slash.
    pub logical_path: String,
    /// The path to link to, percent-encoded.
    pub url: String,
    /// The plain path, percent-encoded, if the asset is served there.
    pub plain_url: Option<String>,
    /// The role, which decides the paths it is served at: `hashed`, `prehashed`, `pinned` or
    /// `entry_point`.
    pub role: Role,
    /// Why it has that role, for people; absent if a rule alone says so.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// The [fingerprint](crate::Fingerprint): 64 hex digits.
    pub fingerprint: String,
    /// Value of `Content-Type`.
    pub media_type: String,
    /// Value of HTML's `integrity` attribute.
    pub integrity: String,
    /// The number of releases since a carried asset was last a part of one; absent for the others.
    #[serde(skip_serializing_if = "is_zero")]
    pub age: u32,
    /// The representations: identity first, then by coding and by dictionary.
    pub representations: Vec<RepresentationEntry>,
}

fn is_zero(age: &u32) -> bool {
    *age == 0
}

impl Entry {
    fn of(asset: &Asset<'_>) -> Result<Self, Error> {
        let entries = asset.representations().map(|one| one.map(RepresentationEntry::of));
        Ok(Self {
            logical_path: asset.logical_path.to_owned(),
            url: asset.url.to_owned(),
            plain_url: asset.plain_url.map(str::to_owned),
            role: asset.role,
            why: asset.why.to_owned(),
            fingerprint: asset.fingerprint.to_string(),
            media_type: asset.media_type.to_owned(),
            integrity: asset.integrity.to_string(),
            age: asset.age,
            representations: entries.collect::<Result<_, _>>()?,
        })
    }
}

/// A representation's description.
#[derive(Clone, Debug, Serialize)]
pub struct RepresentationEntry {
    /// The content coding's name.
    pub coding: &'static str,
    /// Length of the body in bytes.
    pub bytes: usize,
    /// Value of `ETag`, with its quotes.
    pub entity_tag: String,
    /// SHA-256 of the dictionary in hex, if the coding has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dictionary: Option<String>,
}

impl RepresentationEntry {
    fn of(representation: Representation<'_>) -> Self {
        Self {
            coding: representation.coding.name(),
            bytes: representation.body.len(),
            entity_tag: representation.entity_tag.to_owned(),
            dictionary: representation.dictionary.map(|digest| hex(digest)),
        }
    }
}
