//! The manifest as an asset of the site, by the setting `publish_manifest`.

use hardtack_bundle::{
    Coding, Fingerprint, Integrity, encode_path,
    manifest::{Entry, RepresentationEntry},
};
use serde_json::json;

use crate::{
    Error, ProblemKind, Role, Settings, compress::Compressed, fingerprint::Final,
    media_type::media_type, url_paths::UrlPaths,
};

/// Adds the manifest to the assets that it describes. It does not describe itself, and has no
/// release id, since the release id depends on it.
pub(crate) fn with_published_manifest(
    mut assets: Vec<Compressed>,
    settings: &Settings,
    compress: impl Fn(Vec<Final>) -> Result<Vec<Compressed>, Error>,
) -> Result<Vec<Compressed>, Error> {
    let Some(path) = &settings.publish_manifest else {
        return Ok(assets);
    };
    let path = settings.named(path);
    let plain = settings.url_path(path);
    if settings.folder_at(&plain).is_none() {
        let message = format!("`publish_manifest` is {plain:?}, which is below no folder's `at`");
        return Err(ProblemKind::Setting(message).of(&settings.assets).into());
    }
    let place = assets.binary_search_by(|other| other.asset.logical_path.as_str().cmp(path));
    let Err(place) = place else {
        let message = "it is the path of `publish_manifest` too: rename it, or change that";
        let kind = ProblemKind::Setting(message.to_owned());
        return Err(kind.of(settings.file(path)).into());
    };
    let manifest = json!({ "assets": assets.iter().map(entry).collect::<Vec<_>>() });
    let bytes = manifest.to_string().into_bytes();
    let digest = Fingerprint::of(&bytes);
    let published = Final {
        logical_path: path.to_owned(),
        media_type: media_type(path, settings).map_err(|kind| kind.of(path))?,
        fingerprint: digest,
        digest,
        bytes,
        paths: UrlPaths { hashed: None, plain: Some(plain) },
        role: Role::EntryPoint,
        why: String::new(),
        imports: Vec::new(),
    };
    assets.splice(place..place, compress(vec![published])?);
    Ok(assets)
}

/// The description that the bundle's manifest will have of an asset.
fn entry(compressed: &Compressed) -> Entry {
    let Compressed { asset, coded } = compressed;
    let identity = (Coding::Identity, asset.bytes.len());
    let coded = coded.iter().map(|(coding, bytes)| (*coding, bytes.len()));
    let representation = |(coding, bytes): (Coding, usize)| RepresentationEntry {
        coding: coding.name(),
        bytes,
        entity_tag: asset.fingerprint.entity_tag(coding),
        dictionary: None,
    };
    Entry {
        logical_path: asset.logical_path.clone(),
        url: encode_path(asset.paths.preferred()),
        plain_url: asset.paths.plain.as_ref().map(|plain| encode_path(plain)),
        role: asset.role,
        why: asset.why.clone(),
        fingerprint: asset.fingerprint.to_string(),
        media_type: asset.media_type.clone(),
        integrity: Integrity::of(&asset.bytes).to_string(),
        age: 0,
        representations: std::iter::once(identity).chain(coded).map(representation).collect(),
    }
}
