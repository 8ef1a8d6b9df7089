//! Which assets a bundler has hashed already, by the manifest that it left in the asset folder.
//!
//! Vite writes `.vite/manifest.json` (before version 5 `manifest.json`) with `build.manifest`,
//! esbuild a metafile wherever its caller puts it; `meta.json` is the name in its documentation.

use std::{
    collections::{HashMap, HashSet},
    fs, io,
    path::Path,
};

use serde_json::Value;

use crate::{
    Problem, ProblemKind, Settings,
    pattern::Verdict,
    scan::{Asset, Role, Scanned},
};

/// Where a manifest is looked for. Of these, what is no bundler's manifest is a file like others.
const MANIFESTS: &[&str] = &[".vite/manifest.json", "manifest.json", "meta.json", "metafile.json"];

/// Gives assets the role [`Role::Prehashed`] whose names a bundler made.
///
/// These are the files that its manifest lists, and what they name in their own folder: Vite's
/// manifest omits workers. In either case only if the name ends in a hash, since bundlers can be
/// told to add none.
pub(crate) fn recognise_prehashed(
    mut scanned: Scanned,
    settings: &Settings,
) -> Result<Scanned, Problem> {
    let listed = listed(&settings.assets)?;
    let assets = &mut scanned.assets;
    let mut candidates = candidates(assets, settings);
    let mut found = listed.iter().filter_map(|path| take_suffix(&mut candidates, path)).collect();
    while let Some(index) = Vec::pop(&mut found) {
        assets[index].role = Role::Prehashed;
        let named = named_by(&assets[index], &candidates);
        found.extend(named.iter().filter_map(|path| candidates.remove(path)));
    }
    Ok(scanned)
}

/// The assets that may be prehashed by their names and the settings, by path.
fn candidates(assets: &[Asset], settings: &Settings) -> HashMap<String, usize> {
    let is_candidate = |asset: &Asset| {
        let is_free = settings.prehashed.verdict(&asset.logical_path, false) == Verdict::Silent;
        is_free && asset.role == Role::Hashed && has_hash(&asset.logical_path)
    };
    let candidates = assets.iter().enumerate().filter(|(_, asset)| is_candidate(asset));
    candidates.map(|(index, asset)| (asset.logical_path.clone(), index)).collect()
}

/// The paths in all manifests. Vite's begin at the asset folder, esbuild's at any folder above.
fn listed(folder: &Path) -> Result<HashSet<String>, Problem> {
    let mut listed = HashSet::new();
    for name in MANIFESTS {
        let file = folder.join(name);
        let text = match fs::read(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(ProblemKind::Io(error).of(file)),
        };
        match serde_json::from_slice(&text) {
            Ok(manifest) => listed.extend(files_of(&manifest)),
            // The others may be of any kind; whoever reads them says so.
            Err(error) if *name == MANIFESTS[0] => {
                let message = format!("this is no manifest of Vite: {error}: build the site again");
                return Err(ProblemKind::Syntax(message).of(file));
            }
            Err(_) => {}
        }
    }
    Ok(listed)
}

/// The files that a manifest of Vite or esbuild lists; none, if it is of another kind.
fn files_of(manifest: &Value) -> Vec<String> {
    let Some(manifest) = manifest.as_object() else { return Vec::new() };
    if let (Some(outputs), Some(_)) = (manifest.get("outputs"), manifest.get("inputs")) {
        let outputs = outputs.as_object().into_iter().flatten();
        return outputs.map(|(path, _)| path.clone()).collect();
    }
    let files = |chunk: &Value| {
        let lists = ["css", "assets"].map(|list| chunk[list].as_array().cloned());
        let listed = lists.into_iter().flatten().flatten();
        let files = std::iter::once(chunk["file"].clone()).chain(listed);
        files.filter_map(|file| file.as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    manifest.values().filter(|chunk| chunk["file"].is_string()).flat_map(files).collect()
}

/// Whether a file name ends in eight characters of a hash, before its extension: those that Vite,
/// Rollup and esbuild add. A word of small letters is none.
fn has_hash(logical_path: &str) -> bool {
    let path = logical_path.strip_suffix(".map").unwrap_or(logical_path);
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let Some((before, hash)) = stem.len().checked_sub(8).and_then(|at| stem.split_at_checked(at))
    else {
        return false;
    };
    before.ends_with(['-', '.', '_'])
        && hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        && hash.bytes().any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

/// Takes out the candidate that a path, or what is left of it without its first folders, names.
fn take_suffix(candidates: &mut HashMap<String, usize>, path: &str) -> Option<usize> {
    let shorter = path.match_indices('/').map(|(slash, _)| &path[slash + 1..]);
    std::iter::once(path).chain(shorter).find_map(|path| candidates.remove(path))
}

/// The candidates in the folder of a file whose names stand in its text.
fn named_by(asset: &Asset, candidates: &HashMap<String, usize>) -> Vec<String> {
    let text = String::from_utf8_lossy(&asset.bytes);
    let folder = |path: &str| path.rfind('/').map_or(0, |slash| slash + 1);
    let own = &asset.logical_path[..folder(&asset.logical_path)];
    let is_named = |path: &&String| {
        let (other, name) = path.split_at(folder(path));
        other == own && text.contains(name)
    };
    candidates.keys().filter(is_named).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn hash(path: &str, expected: bool) {
        assert_eq!(has_hash(path), expected, "{path}");
    }

    #[test]
    fn names_with_a_hash() {
        hash("assets/index-DOIkT6lI.js", true);
        hash("assets/index-DOIkT6lI.js.map", true);
        hash("late-D-Ln0An_.css", true);
        hash("app.B7c1x9Qz.js", true);
        hash("chunk-5H7KXQ2L.js", true);
        hash("logo_C7vY4u0M", true);
        hash("index.js", false);
        hash("index-DOIkT6l.js", false);
        hash("DOIkT6lI.js", false);
        hash("my-settings.js", false);
        hash("a-b/c.js", false);
        hash("é-ééééA.js", false);
    }

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
    }

    /// The paths of the assets that are recognised, in a folder of these files.
    fn recognised(files: &[(&str, &str)], toml: &str) -> Result<Vec<String>, crate::Error> {
        let folder = tempfile::tempdir().unwrap();
        let assets = folder.path().join("dist");
        for (path, text) in files {
            let file = assets.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let config = folder.path().join("hardtack.toml");
        fs::write(&config, toml).unwrap();
        let settings = Settings { assets, ..Settings::read(&config)? };
        let scanned = recognise_prehashed(crate::scan::scan(&settings)?, &settings)?;
        let prehashed = scanned.assets.into_iter().filter(|it| it.role == Role::Prehashed);
        Ok(prehashed.map(|asset| asset.logical_path).collect())
    }

    const VITE: (&str, &str) = (".vite/manifest.json", r#"{"a":{"file":"assets/a-DOIkT6lI.js"}}"#);

    #[test]
    fn what_vite_lists_and_what_that_names() {
        let files = [
            VITE,
            ("assets/a-DOIkT6lI.js", "new URL('/assets/w-Dv4bd7PL.js',x)\n//# a-DOIkT6lI.js.map"),
            ("assets/a-DOIkT6lI.js.map", "{}"),
            ("assets/w-Dv4bd7PL.js", "import './x-Aaaa1111.js'"),
            ("assets/x-Aaaa1111.js", ""),
            ("assets/photo-20240101.jpg", ""),
            ("w-Dv4bd7PL.js", ""),
            ("mark.svg", ""),
        ];
        let names = recognised(&files, "").unwrap();
        assert_eq!(
            names,
            [
                "assets/a-DOIkT6lI.js",
                "assets/a-DOIkT6lI.js.map",
                "assets/w-Dv4bd7PL.js",
                "assets/x-Aaaa1111.js"
            ]
        );
    }

    #[test]
    fn what_esbuild_lists() {
        let metafile = r#"{"inputs":{},"outputs":{"web/dist/js/app-5H7KXQ2L.js":{}}}"#;
        let files = [("meta.json", metafile), ("js/app-5H7KXQ2L.js", ""), ("app-5H7KXQ2L.js", "")];
        assert_eq!(recognised(&files, "").unwrap(), ["js/app-5H7KXQ2L.js"]);
    }

    #[test]
    fn the_settings_come_first() {
        let files = [VITE, ("assets/a-DOIkT6lI.js", "")];
        assert!(recognised(&files, "prehashed = ['!*.js']").unwrap().is_empty());
        assert!(recognised(&files, "entry_points = ['*.js']").unwrap().is_empty());
    }

    #[test]
    fn a_broken_manifest_is_an_error_if_it_can_only_be_a_bundlers() {
        let error = recognised(&[(".vite/manifest.json", "{")], "").unwrap_err().to_string();
        assert!(error.contains("manifest.json: this is no manifest of Vite: EOF"), "{error}");
        assert!(recognised(&[("manifest.json", "{")], "").unwrap().is_empty());
    }
}
