//! Django's `staticfiles.json`, in a folder that `collectstatic` filled.
//!
//! `ManifestStaticFilesStorage` puts a copy of each file beside it, with 12 hex digits of the MD5
//! of the copy in its name, and lists the copies in that file. Copies of earlier releases stay in
//! the folder. The bake hashes the files themselves, so it leaves the copies out and redirects
//! their paths to the files: pages with URLs from Django's list keep working until they have URLs
//! from the bake's.

use std::collections::{BTreeMap, BTreeSet};

use hardtack_bundle::hex;
use md5::{Digest, Md5};
use serde_json::Value;

use crate::{
    LeftOut, Role, Settings,
    pattern::Verdict,
    scan::{Asset, Scanned},
    twins::coded_name,
};

/// The list of Django's storage, which may be one from [`crate::staticfiles`] by now.
const LIST: &str = "staticfiles.json";

/// The place of our own manifest of an earlier release, beside the path that it is published at.
const OUR_MANIFEST: &str = "manifest.json";

/// A copy that was left out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Copy {
    /// Its logical path.
    pub(crate) path: String,
    /// The logical path of the original file.
    pub(crate) of: String,
}

/// Leaves out the list, and the copies whose originals are in the folder. A copy without its
/// original is served under its name for good.
///
/// Our own manifests of earlier releases are left out as well: with them, a release would depend on
/// the previous one.
pub(crate) fn leave_out_copies(scanned: &mut Scanned, settings: &Settings) -> Vec<Copy> {
    leave_out(scanned, &our_manifests(scanned, settings), "its being a manifest of a bake before");
    let Some(listed) = take_list(scanned, settings) else { return Vec::new() };
    let copies = copies(scanned, settings, &listed);
    leave_out(scanned, &copies.keys().cloned().collect(), "its being a copy that Django hashed");
    for asset in &mut scanned.assets {
        if is_copy(asset, &listed) && is_free(asset, settings) {
            asset.role = Role::Prehashed;
            asset.why = format!("{LIST} lists it, or its name has its own MD5");
        }
    }
    copies.into_iter().map(|(path, of)| Copy { path, of }).collect()
}

/// Whether an asset is a copy, by the list or by its own bytes. In our list, a prehashed file
/// stands for itself.
fn is_copy(asset: &Asset, listed: &BTreeMap<String, String>) -> bool {
    let path = &asset.logical_path;
    let by_list = listed.get(path).is_some_and(|file| {
        has_name_of(path, file) || (file == path && hash_of_name(path).is_some())
    });
    by_list || file_of_copy(asset).is_some()
}

/// Takes the list out of the assets, as originals by copies.
fn take_list(scanned: &mut Scanned, settings: &Settings) -> Option<BTreeMap<String, String>> {
    let list = scanned.assets.iter().find(|asset| asset.logical_path == LIST)?;
    if settings.exclude.verdict(LIST, false) == Verdict::TakenBack {
        return None;
    }
    let listed = listed(&list.bytes)?;
    leave_out(
        scanned,
        &BTreeSet::from([LIST.to_owned()]),
        "its being Django's list of hashed copies",
    );
    Some(listed)
}

/// The originals by their copies, if a text is such a list. A file that was not hashed stands for
/// itself.
fn listed(text: &[u8]) -> Option<BTreeMap<String, String>> {
    let list: Value = serde_json::from_slice(text).ok()?;
    if !matches!(list["version"].as_str(), Some("1.0" | "1.1")) {
        return None;
    }
    let paths = list["paths"].as_object()?.iter();
    Some(paths.filter_map(|(file, copy)| Some((copy.as_str()?.to_owned(), file.clone()))).collect())
}

/// The originals by their copies, where both are in the folder. Compressed forms of a copy are
/// treated like the copy.
fn copies(
    scanned: &Scanned,
    settings: &Settings,
    listed: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let paths: BTreeSet<_> = scanned.assets.iter().map(|it| it.logical_path.as_str()).collect();
    let free = scanned.assets.iter().filter(|asset| is_free(asset, settings));
    let file_of = |asset: &Asset| {
        let by_list = listed.get(&asset.logical_path);
        let by_list = by_list.filter(|file| has_name_of(&asset.logical_path, file));
        let file = by_list.cloned().or_else(|| file_of_copy(asset))?;
        paths.contains(file.as_str()).then(|| (asset.logical_path.clone(), file))
    };
    let mut copies: BTreeMap<_, _> = free.filter_map(file_of).collect();
    let compressed = paths.iter().filter_map(|path| {
        let (copy, _) = coded_name(path)?;
        Some(((*path).to_owned(), format!("{}{}", copies.get(copy)?, &path[copy.len()..])))
    });
    let compressed: Vec<_> = compressed.collect();
    copies.extend(compressed);
    copies
}

/// Whether a copy has the name of its original, with something more in it.
fn has_name_of(copy: &str, original: &str) -> bool {
    let name = original.rfind('/').map_or(0, |slash| slash + 1);
    let dot = original[name..].rfind('.').map_or(original.len(), |dot| name + dot);
    let (stem, extension) = original.split_at(dot);
    copy.len() > original.len() && copy.starts_with(stem) && copy.ends_with(extension)
}

/// The original of a copy, by the copy's name and bytes: `css/app.0cc175b9c0f1.css` is a copy of
/// `css/app.css` if its MD5 begins so. Django makes the name from the bytes that it writes.
fn file_of_copy(asset: &Asset) -> Option<String> {
    let (file, hash) = hash_of_name(&asset.logical_path)?;
    md5_begins(&asset.bytes, hash).then_some(file)
}

/// The name of a copy without its hash, and the hash. In a name without an extension, the hash
/// stands in the place of the extension.
fn hash_of_name(path: &str) -> Option<(String, &str)> {
    let name = path.rfind('/').map_or(0, |slash| slash + 1);
    let (stem, last) = path[name..].rfind('.').map(|dot| path.split_at(name + dot))?;
    let (file, hash, extension) = match stem[name..].rfind('.').map(|dot| stem.split_at(name + dot))
    {
        Some((file, hash)) if is_hash(&hash[1..]) => (file, &hash[1..], last),
        _ => (stem, &last[1..], ""),
    };
    (is_hash(hash) && file.len() > name).then(|| (format!("{file}{extension}"), hash))
}

fn is_hash(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn md5_begins(bytes: &[u8], hash: &str) -> bool {
    hex(&Md5::digest(bytes)).starts_with(hash)
}

/// Whether no setting overrides this for an asset.
fn is_free(asset: &Asset, settings: &Settings) -> bool {
    let path = asset.logical_path.as_str();
    settings.prehashed.verdict(path, false) == Verdict::Silent
        && settings.entry_points.verdict(path, false) == Verdict::Silent
        && settings.exclude.verdict(path, false) == Verdict::Silent
}

/// Manifests of earlier bakes that lie in the folder.
fn our_manifests(scanned: &Scanned, settings: &Settings) -> BTreeSet<String> {
    let published = settings.publish_manifest.as_deref().map(|path| settings.named(path));
    let is_one = |asset: &&Asset| {
        let path = asset.logical_path.as_str();
        (path == OUR_MANIFEST || Some(path) == published)
            && settings.exclude.verdict(path, false) != Verdict::TakenBack
            && is_our_manifest(&asset.bytes)
    };
    scanned.assets.iter().filter(is_one).map(|asset| asset.logical_path.clone()).collect()
}

fn is_our_manifest(text: &[u8]) -> bool {
    let Ok(manifest) = serde_json::from_slice::<Value>(text) else { return false };
    let is_entry = |entry: &Value| {
        ["logical_path", "url", "fingerprint", "integrity"].iter().all(|key| entry[key].is_string())
            && entry["representations"].is_array()
    };
    manifest["assets"].as_array().is_some_and(|it| !it.is_empty() && it.iter().all(is_entry))
}

fn leave_out(scanned: &mut Scanned, paths: &BTreeSet<String>, rule: &str) {
    scanned.assets.retain(|asset| !paths.contains(&asset.logical_path));
    scanned.left_out.extend(paths.iter().map(|path| LeftOut::by_content(path, rule)));
    scanned.left_out.sort_unstable_by(|a, b| a.logical_path.cmp(&b.logical_path));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Patterns;

    /// Of "x": 9dd4e461268c.
    const X: &str = "9dd4e461268c";

    fn scanned(files: &[(&str, &str)]) -> Scanned {
        let asset = |(path, text): &(&str, &str)| Asset {
            logical_path: (*path).to_owned(),
            media_type: String::new(),
            role: Role::Hashed,
            why: String::new(),
            bytes: text.as_bytes().to_owned(),
            packed: None,
        };
        Scanned { assets: files.iter().map(asset).collect(), left_out: Vec::new() }
    }

    fn list(pairs: &[(&str, &str)]) -> String {
        let paths: BTreeMap<_, _> = pairs.iter().copied().collect();
        serde_json::json!({ "paths": paths, "version": "1.1", "hash": "ab" }).to_string()
    }

    /// The outcome for a folder with a list: the assets, prehashed ones with a star, and the files
    /// that are left out.
    #[track_caller]
    fn becomes(files: &[(&str, &str)], settings: &Settings, assets: &[&str], left_out: &[&str]) {
        let mut scanned = scanned(files);
        leave_out_copies(&mut scanned, settings);
        let name = |asset: &Asset| match asset.role {
            Role::Prehashed => format!("{}*", asset.logical_path),
            _ => asset.logical_path.clone(),
        };
        assert_eq!(scanned.assets.iter().map(name).collect::<Vec<_>>(), assets);
        let found: Vec<_> = scanned.left_out.iter().map(|it| it.logical_path.as_str()).collect();
        assert_eq!(found, left_out);
    }

    #[test]
    fn listed_copies_are_left_out_or_kept_for_good() {
        let list = list(&[("a.css", "a.0123456789ab.css"), ("b.css", "b.0123456789ab.css")]);
        becomes(
            &[("a.0123456789ab.css", ""), ("a.css", ""), ("b.0123456789ab.css", ""), (LIST, &list)],
            &Settings::default(),
            &["a.css", "b.0123456789ab.css*"],
            &["a.0123456789ab.css", LIST],
        );
    }

    #[test]
    fn copies_of_releases_before_are_known_by_their_own_hash() {
        let copy = |of: &str, name: &str| {
            let files = scanned(&[(name, "x"), (of, "y"), (LIST, &list(&[]))]);
            let found = copies(&files, &Settings::default(), &BTreeMap::new());
            found.get(name).map(String::as_str) == Some(of)
        };
        assert!(copy("d/a.css", &format!("d/a.{X}.css")));
        assert!(copy("d/LICENSE", &format!("d/LICENSE.{X}")));
        assert!(copy("a.min.js", &format!("a.min.{X}.js")));
        assert!(copy(".well-known/x", &format!(".well-known/x.{X}")));
        assert!(!copy("a.css", "a.0123456789ab.css"));
        assert!(!copy("b.css", &format!("a.{X}.css")));
        assert!(!copy("d/.css", &format!("d/.{X}.css")));
        assert!(!copy("a.css", &format!("{X}.css")));
    }

    #[test]
    fn what_is_compressed_of_a_copy_goes_with_it() {
        let (copy, coded) = (format!("a.{X}.css"), format!("a.{X}.css.gz"));
        becomes(
            &[(&copy, "x"), (&coded, "z"), ("a.css", "y"), (LIST, &list(&[]))],
            &Settings::default(),
            &["a.css"],
            &[&copy, &coded, LIST],
        );
    }

    #[test]
    fn without_a_list_nothing_is_a_copy() {
        let copy = format!("a.{X}.css");
        becomes(&[(&copy, "x"), ("a.css", "y")], &Settings::default(), &[&copy, "a.css"], &[]);
        let other = r#"{"paths": {"a": "b"}, "version": "7"}"#;
        for text in [other, "{", "[]"] {
            becomes(
                &[("a", ""), ("b", ""), (LIST, text)],
                &Settings::default(),
                &["a", "b", LIST],
                &[],
            );
        }
    }

    #[test]
    fn the_settings_come_first() {
        let files = [
            ("a.0123456789ab.css", ""),
            ("a.css", ""),
            (LIST, &*list(&[("a.css", "a.0123456789ab.css")])),
        ];
        let patterns = |glob: &str| Patterns::new(&[glob]).unwrap();
        let prehashed = Settings { prehashed: patterns("!a.*"), ..Settings::default() };
        becomes(&files, &prehashed, &["a.0123456789ab.css", "a.css"], &[LIST]);
        let exclude = Settings { exclude: patterns("!staticfiles.json"), ..Settings::default() };
        becomes(&files, &exclude, &["a.0123456789ab.css", "a.css", LIST], &[]);
    }

    #[test]
    fn our_own_manifest_is_none_of_the_site() {
        let entry = r#"{"logical_path":"a","url":"/a","fingerprint":"0","integrity":"","representations":[]}"#;
        let ours = format!(r#"{{"assets":[{entry}]}}"#);
        let settings = Settings { publish_manifest: Some("m.json".into()), ..Settings::default() };
        becomes(
            &[("d/m.json", &ours), ("m.json", &ours), ("manifest.json", &ours)],
            &settings,
            &["d/m.json"],
            &["m.json", "manifest.json"],
        );
        becomes(&[("manifest.json", r#"{"name":"an app"}"#)], &settings, &["manifest.json"], &[]);
    }
}
