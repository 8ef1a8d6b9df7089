//! The manifest as an asset of the site, by the setting `publish_manifest`.

use hardtack_bundle::Fingerprint;
use serde_json::json;

use crate::{
    Error, ProblemKind, Role, Settings, bundle::bundle, compress::Compressed, fingerprint::Final,
    hosting::Rules, media_type::media_type, url_paths::UrlPaths,
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
    let place = assets.binary_search_by(|other| other.asset.logical_path.cmp(path));
    let Err(place) = place else {
        let message = "it is the path of `publish_manifest` too: rename it, or change that";
        let kind = ProblemKind::Setting(message.to_owned());
        return Err(kind.of(settings.assets.join(path)).into());
    };
    let manifest =
        json!({ "assets": bundle(&assets, settings, &Rules::default())?.manifest.assets });
    let bytes = manifest.to_string().into_bytes();
    let plain = format!("{}{path}", settings.at.as_str());
    let published = Final {
        logical_path: path.clone(),
        media_type: media_type(path, settings).map_err(|kind| kind.of(path))?,
        fingerprint: Fingerprint::of(&bytes),
        bytes,
        paths: UrlPaths { hashed: None, plain: Some(plain) },
        role: Role::EntryPoint,
        why: String::new(),
        imports: Vec::new(),
    };
    assets.splice(place..place, compress(vec![published])?);
    Ok(assets)
}
