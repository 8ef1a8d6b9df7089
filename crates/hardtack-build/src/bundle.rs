//! The last stage: the bundle, and its manifest.

use hardtack_bundle::{
    AssetIndex, Bundle, CachePolicy, Coding, NewAsset, Totals, Writer, manifest::Manifest,
};

use crate::{
    Error, Problem, ProblemKind, Settings,
    compress::Compressed,
    fingerprint::{INDEX_PAGE, NOT_FOUND_PAGE, encode},
};

/// A bundle and its manifest.
#[derive(Clone, Debug)]
pub(crate) struct Bundled {
    pub(crate) bytes: Vec<u8>,
    pub(crate) manifest: Manifest,
    pub(crate) totals: Totals,
}

/// Writes the bundle of all assets, which are sorted by logical path.
pub(crate) fn bundle(assets: &[Compressed], settings: &Settings) -> Result<Bundled, Error> {
    let mut writer = Writer::new(settings.at.as_str());
    if settings.cors {
        writer.cors();
    }
    for compressed in assets {
        let index = add(&mut writer, compressed);
        route(&mut writer, compressed, index, settings);
    }
    let failed = |error| problem(error, settings);
    let bytes = writer.finish().map_err(failed)?;
    let bundle = Bundle::open(&bytes).map_err(failed)?;
    let manifest = Manifest::of(&bundle).map_err(failed)?;
    let totals = bundle.totals();
    Ok(Bundled { bytes, manifest, totals })
}

fn add(writer: &mut Writer, compressed: &Compressed) -> AssetIndex {
    let asset = &compressed.asset;
    let identity = [(Coding::Identity, asset.bytes.as_slice())];
    let coded = compressed.coded.iter().map(|(coding, bytes)| (*coding, &bytes[..]));
    let representations: Vec<_> = identity.into_iter().chain(coded).collect();
    let plain_url = asset.paths.plain.as_ref().map(|plain| encode(plain));
    writer.asset(NewAsset {
        logical_path: &asset.logical_path,
        url: &encode(asset.paths.preferred()),
        plain_url: plain_url.as_deref(),
        media_type: &asset.media_type,
        fingerprint: asset.fingerprint,
        representations: &representations,
    })
}

fn route(writer: &mut Writer, compressed: &Compressed, index: AssetIndex, settings: &Settings) {
    let asset = &compressed.asset;
    let short_lived = CachePolicy::Revalidate { max_age: settings.max_age };
    if let Some(hashed) = &asset.paths.hashed {
        writer.serve(hashed, index, CachePolicy::Immutable);
    }
    if let Some(plain) = &asset.paths.plain {
        writer.serve(plain, index, short_lived);
        route_aliases(writer, plain, short_lived);
    }
    if asset.logical_path == NOT_FOUND_PAGE {
        writer.not_found(index);
    }
}

/// A folder's index answers at the folder's path; the folder's path without its slash and the
/// index's own path redirect there.
fn route_aliases(writer: &mut Writer, plain: &str, policy: CachePolicy) {
    let Some(folder) = plain.strip_suffix('/') else { return };
    let location = encode(plain);
    writer.redirect(&format!("{plain}{INDEX_PAGE}"), &location, policy);
    if !folder.is_empty() {
        writer.redirect(folder, &location, policy);
    }
}

fn problem(error: hardtack_bundle::Error, settings: &Settings) -> Problem {
    match error {
        hardtack_bundle::Error::DuplicatePath { path } => {
            let below = path.strip_prefix(settings.at.as_str()).unwrap_or(&path);
            let file = settings.assets.join(below);
            ProblemKind::SameUrl { path }.of(file)
        }
        other => ProblemKind::Bundle(other).of(&settings.assets),
    }
}
