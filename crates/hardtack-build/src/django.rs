//! The manifest in Django's format.

use std::collections::BTreeMap;

use hardtack_bundle::manifest::{Entry, Manifest};
use percent_encoding::percent_decode_str;
use serde_json::json;

/// `staticfiles.json` in version 1.1 of the format of Django's `ManifestStaticFilesStorage`:
/// from logical paths to paths below the URL prefix, not percent-encoded. Assets of other folders that
/// are not below the prefix are not in it.
///
/// With this file in its `STATIC_ROOT`, and `STATIC_URL` set to the prefix (on the CDN's host), a
/// Django project's `{% static %}` yields the URLs of the bundle.
pub fn staticfiles(manifest: &Manifest) -> String {
    let path = |entry: &Entry| {
        let url = entry.url.strip_prefix(&manifest.at).unwrap_or(&entry.url);
        // The address of a folder's index is the folder's path.
        if url.is_empty() || url.ends_with('/') {
            entry.logical_path.clone()
        } else {
            percent_decode_str(url).decode_utf8_lossy().into_owned()
        }
    };
    // An asset with a slash at the beginning is not below the prefix.
    let entries = manifest.assets.iter().filter(|entry| !entry.logical_path.starts_with('/'));
    let paths: BTreeMap<_, _> = entries.map(|entry| (&entry.logical_path, path(entry))).collect();
    let hash = &manifest.release_id[..12];
    let text = json!({ "paths": paths, "version": "1.1", "hash": hash });
    format!("{text:#}\n")
}
