//! The files that a bundler's manifest in the asset folder lists.
//!
//! Vite writes `.vite/manifest.json` (before version 5 `manifest.json`) with `build.manifest`,
//! esbuild a metafile wherever its caller puts it; `meta.json` is the name in its documentation.
//! Plugins of webpack and similar bundlers write `asset-manifest.json` or `manifest.json`.

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;

use crate::{Problem, ProblemKind, Settings, door::read_known, scan::is_excluded};

/// The places of a manifest. A file there that is no bundler's manifest is an ordinary file.
const MANIFESTS: &[&str] = &[
    ".vite/manifest.json",
    "asset-manifest.json",
    "manifest.json",
    "meta.json",
    "metafile.json",
    "ngsw.json",
];

/// The paths in all manifests, each with the manifest that lists it. They are relative to the folder
/// of the manifest, or to any folder above.
pub(crate) fn listed(settings: &Settings) -> Result<BTreeMap<String, &'static str>, Problem> {
    let mut listed = BTreeMap::new();
    for (prefix, folder) in settings.all_folders() {
        let of_folder = listed_in(folder, settings)?.into_iter();
        let logical = |path: String| settings.logical_path(&format!("{prefix}{path}")).to_owned();
        listed.extend(of_folder.map(|(path, manifest)| (logical(path), manifest)));
    }
    Ok(listed)
}

fn listed_in(
    folder: &Path,
    settings: &Settings,
) -> Result<BTreeMap<String, &'static str>, Problem> {
    let mut listed = BTreeMap::new();
    for name in MANIFESTS {
        let text = match read_known(folder, name, settings.follow_symlinks) {
            Ok(Some(text)) => text,
            Ok(None) => continue,
            Err(_) if is_excluded(settings, name) => continue,
            Err(problem) => return Err(problem),
        };
        match serde_json::from_slice(&text) {
            Ok(manifest) => {
                let files = files_of(&manifest).into_iter();
                let below = |path: String| path.trim_start_matches(['.', '/']).to_owned();
                for path in files {
                    listed.entry(below(path)).or_insert(*name);
                }
            }
            // The other names may belong to any kind of file, whose own reader reports its faults.
            Err(error) if *name == MANIFESTS[0] => {
                let message = format!("this is no manifest of Vite: {error}: build the site again");
                return Err(ProblemKind::Syntax(message).of(folder.join(name)));
            }
            Err(_) => {}
        }
    }
    Ok(listed)
}

/// The files that a manifest lists; none if the file is no manifest.
fn files_of(manifest: &Value) -> Vec<String> {
    let Some(object) = manifest.as_object() else { return Vec::new() };
    if let (Some(outputs), Some(_)) = (object.get("outputs"), object.get("inputs")) {
        let outputs = outputs.as_object().into_iter().flatten();
        return outputs.map(|(path, _)| path.clone()).collect();
    }
    let strings = |value: &Value| -> Vec<String> {
        let elements = value.as_array().into_iter().flatten();
        elements.filter_map(|it| it.as_str().map(str::to_owned)).collect()
    };
    // Angular's, which lists all files of the site.
    if let Some(table) = manifest["hashTable"].as_object() {
        return table.keys().cloned().collect();
    }
    // Rsbuild's, and that of Create React App.
    let all = strings(&manifest["allFiles"]).into_iter().chain(mapped(&manifest["files"]));
    let of_chunks = object.values().filter(|chunk| chunk["file"].is_string()).flat_map(|chunk| {
        let lists = ["css", "assets"].map(|list| strings(&chunk[list]));
        let file = chunk["file"].as_str().map(str::to_owned);
        file.into_iter().chain(lists.into_iter().flatten())
    });
    all.chain(of_chunks).chain(mapped(manifest)).collect()
}

/// The values of a table from file names to file names: `{"main.js": "/main.03ad00d7.js"}`.
fn mapped(table: &Value) -> Vec<String> {
    let entries = table.as_object().into_iter().flatten();
    let of_files = entries.filter(|(name, path)| {
        let extension =
            |name: &str| name.rsplit_once('.').map(|(_, extension)| extension.to_owned());
        let path = path.as_str().unwrap_or_default();
        extension(name).is_some() && extension(name) == extension(path)
    });
    of_files.filter_map(|(_, path)| path.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn manifests() {
        let is = |manifest: Value, expected: &[&str]| {
            let mut files = files_of(&manifest);
            files.sort_unstable();
            assert_eq!(files, expected, "{manifest}");
        };
        is(
            json!({"index.html": {"file": "a.js", "css": ["b.css"], "assets": ["c.png"]}, "x": {"file": "d.js"}}),
            &["a.js", "b.css", "c.png", "d.js"],
        );
        is(
            json!({"inputs": {}, "outputs": {"out/a.js": {}, "out/b.css": {}}}),
            &["out/a.js", "out/b.css"],
        );
        is(json!({"name": "an app", "icons": [{"src": "a.png"}], "file": 1}), &[]);
        is(json!({"outputs": {"a.js": {}}}), &[]);
        is(json!([{"file": "a.js"}]), &[]);
        is(json!(null), &[]);
        is(json!({"hashTable": {"/a-CSV5SJFB.js": "0"}}), &["/a-CSV5SJFB.js"]);
        is(json!({"allFiles": ["/static/js/a.03ad00d7.js"]}), &["/static/js/a.03ad00d7.js"]);
        is(json!({"files": {"a.js": "/a.03ad00d7.js"}, "entrypoints": []}), &["/a.03ad00d7.js"]);
        is(json!({"a.js": "a.03ad00d7.js", "name": "x.js"}), &["a.03ad00d7.js"]);
    }
}
