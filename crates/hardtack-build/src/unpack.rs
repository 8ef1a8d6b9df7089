//! Rules about the content of files, and files that are compressed already: SVG in gzip, and files
//! with a rule for `Content-Encoding`, such as Unity's `game.wasm.br`.
//!
//! Such a file is unpacked, and is then an asset like any other: its references are found, and
//! a client that cannot decode it gets the identity.

use std::{collections::HashMap, sync::Arc};

use hardtack_bundle::{Coding, Fingerprint};

use crate::{
    Error, Problem, ProblemKind, Settings,
    decode::{decode, is_coded},
    header_rules::HeaderEdit,
    hosting::Rules,
    media_type::media_type,
    scan::{Asset, Scanned},
    twins::coded_name,
    url_paths::plain_path,
};

/// The coded forms that exist already, by the digest of their content. If the content still has
/// that digest, nothing in it was rewritten, and the coded form is used.
pub(crate) type Packed = HashMap<(Fingerprint, Coding), Arc<[u8]>>;

/// The result, beside the assets.
#[derive(Debug, Default)]
pub(crate) struct Unpacked {
    pub(crate) packed: Packed,
    pub(crate) remarks: Vec<Problem>,
}

/// Most bytes of an unpacked file: 1 GB.
const MOST: usize = 1 << 30;

/// Most bytes of an unpacked SVG file: 64 MB.
const MOST_OF_SVG: usize = 1 << 26;

/// Sets the media types of the rules on files, and unpacks files that are compressed.
pub(crate) fn unpack(
    scanned: &mut Scanned,
    rules: &Rules,
    settings: &Settings,
) -> Result<Unpacked, Error> {
    let mut unpacked = Unpacked::default();
    let mut problems = Vec::new();
    let mut unruled = Vec::new();
    for asset in &mut scanned.assets {
        let file = settings.file(&asset.logical_path);
        let said_coding = said_coding(asset, rules, settings);
        let mut result = match said_coding {
            // By `identity` a rule confirms that the file is sent as it is.
            None | Some(Coding::Identity) => Ok(()),
            Some(coding) => unpacked.unpack(asset, coding, settings),
        };
        if let Some(media_type) = said(asset, "content-type", rules, settings) {
            asset.media_type = media_type.to_owned();
        }
        if said_coding.is_none() && is_svgz(asset) {
            result = unpack_svg(asset);
        } else if said_coding.is_none() {
            unruled.extend(looks_coded(asset).map(|coding| (asset.logical_path.clone(), coding)));
        }
        match result {
            Err(kind @ ProblemKind::Remark(_)) => unpacked.remarks.push(kind.of(file)),
            Err(kind) => problems.push(kind.of(file)),
            Ok(()) => {}
        }
    }
    Error::unless_none(problems)?;
    unpacked.remarks.extend(suggest(&unruled, scanned, settings));
    Ok(unpacked)
}

impl Unpacked {
    /// Unpacks a file with a rule for its coding. A false rule is no error: the file is sent as it
    /// is.
    fn unpack(
        &mut self,
        asset: &mut Asset,
        coding: Coding,
        settings: &Settings,
    ) -> Result<(), ProblemKind> {
        let bytes = decode(coding, &asset.bytes, MOST).map_err(|error| {
            ProblemKind::Remark(format!(
                "a rule says `Content-Encoding: {coding}`, but the file cannot be decoded: \
                 {error}. It is served as it is; build it again, or change the rule"
            ))
        })?;
        let coded: Arc<[u8]> = std::mem::replace(&mut asset.bytes, bytes).into();
        self.packed.insert((Fingerprint::of(&asset.bytes), coding), Arc::clone(&coded));
        asset.packed = Some(coded);
        if let Some((inner, _)) = coded_name(&asset.logical_path) {
            asset.media_type = media_type(inner, settings)?;
        }
        Ok(())
    }
}

fn is_svgz(asset: &Asset) -> bool {
    let path = &asset.logical_path;
    let is_named =
        path.len() > 5 && path.as_bytes()[path.len() - 5..].eq_ignore_ascii_case(b".svgz");
    is_named && asset.media_type.starts_with("image/svg+xml")
}

/// Unpacks an `.svgz`. Some are not compressed in spite of their name: browsers show those.
fn unpack_svg(asset: &mut Asset) -> Result<(), ProblemKind> {
    if !asset.bytes.starts_with(&[0x1f, 0x8b]) && str::from_utf8(&asset.bytes).is_ok() {
        return Ok(());
    }
    let bytes = decode(Coding::Gzip, &asset.bytes, MOST_OF_SVG).map_err(|error| {
        ProblemKind::Syntax(format!(
            "this is no SVG in gzip, which `.svgz` stands for: {error}. Write it again, give it \
             another type by `media_types`, or add it to `exclude`"
        ))
    })?;
    asset.packed = Some(std::mem::replace(&mut asset.bytes, bytes).into());
    Ok(())
}

fn said_coding(asset: &Asset, rules: &Rules, settings: &Settings) -> Option<Coding> {
    let name = said(asset, "content-encoding", rules, settings)?;
    Coding::PLAIN.into_iter().find(|coding| coding.name() == name)
}

/// The last value that the rules set for a field.
fn said<'a>(asset: &Asset, name: &str, rules: &'a Rules, settings: &Settings) -> Option<&'a str> {
    let own = settings.url_path(&asset.logical_path);
    let plain = plain_path(settings, asset);
    let rules = rules.headers_for(&asset.logical_path, [&plain, &own]);
    let mut values = rules.flat_map(|(_, rule)| &rule.edits).rev().filter_map(|edit| match edit {
        HeaderEdit::Set(field, value) if field == name => Some(value.as_str()),
        _ => None,
    });
    values.next()
}

/// The coding of a file that looks as if a browser could use it only with its `Content-Encoding`.
/// Any other compressed file is as likely a download, or data that a script unpacks by itself.
fn looks_coded(asset: &Asset) -> Option<Coding> {
    let (inner, coding) = coded_name(&asset.logical_path)?;
    let extension = inner.rsplit_once('.').map_or("", |(_, extension)| extension);
    let is_loaded = match coding {
        Coding::Br => true,
        _ => matches!(extension, "css" | "data" | "html" | "js" | "mjs" | "svg" | "wasm"),
    };
    Some(coding).filter(|coding| is_loaded && is_coded(*coding, &asset.bytes))
}

/// Suggests the rule that compressed files without a plain file beside them may need, once for each
/// coding. It is not applied by itself: a script that unpacks such a file would find it unpacked.
fn suggest<'a>(
    unruled: &'a [(String, Coding)],
    scanned: &'a Scanned,
    settings: &'a Settings,
) -> impl Iterator<Item = Problem> + 'a {
    let is_alone = |path: &str| {
        let plain = coded_name(path).map_or(path, |(plain, _)| plain);
        !scanned.assets.iter().any(|asset| asset.logical_path == plain)
    };
    Coding::PLAIN.into_iter().filter_map(move |coding| {
        let of_coding = unruled.iter().filter(|(_, other)| *other == coding);
        let paths: Vec<_> = of_coding.map(|(path, _)| path).filter(|path| is_alone(path)).collect();
        let first = paths.first()?;
        let these = match paths.len() {
            1 => "this is".to_owned(),
            count => format!("this and {} more are", count - 1),
        };
        let globs: Vec<_> = paths
            .iter()
            .map(|path| format!("\"/{}\"", path.trim_start_matches('/')))
            .take(4)
            .collect();
        let message = format!(
            "{these} compressed, and served without `Content-Encoding`. If no script of the site \
             unpacks that, say in hardtack.toml: headers = [{{ for = [{}], set = \
             {{ Content-Encoding = \"{coding}\" }} }}]",
            globs.join(", "),
        );
        Some(ProblemKind::Remark(message).of(settings.file(first)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{HeaderRule, decode::tests::code};

    /// One file, after rules as `[[headers]]` has them.
    fn unpack_one(path: &str, bytes: Vec<u8>, rules: &str) -> Result<(Asset, Unpacked), Error> {
        #[derive(serde::Deserialize)]
        struct File {
            #[serde(default)]
            headers: Vec<HeaderRule>,
        }
        let File { headers } = toml::from_str(rules).unwrap();
        let rules = Rules::of_headers(headers);
        let mut scanned = Scanned { assets: vec![Asset::of(path, bytes)], left_out: vec![] };
        let unpacked = unpack(&mut scanned, &rules, &Settings::default())?;
        Ok((scanned.assets.remove(0), unpacked))
    }

    const BR: &str = "headers = [{ for = '*.br', set = { Content-Encoding = 'br' } }]";

    #[test]
    fn what_a_rule_says_is_unpacked_and_has_the_type_of_what_is_inside() {
        let is = |path: &str, rules: &str, media_type: &str| {
            let (asset, unpacked) = unpack_one(path, code(Coding::Br, b"inside"), rules).unwrap();
            assert_eq!((&asset.bytes[..], &*asset.media_type), (&b"inside"[..], media_type));
            let packed = &unpacked.packed[&(Fingerprint::of(b"inside"), Coding::Br)];
            assert_eq!(packed[..], code(Coding::Br, b"inside")[..]);
            assert!(unpacked.remarks.is_empty());
        };
        is("Build/game.wasm.br", BR, "application/wasm");
        is("Build/game.framework.js.br", BR, "text/javascript; charset=utf-8");
        is("Build/game.data.br", BR, "application/octet-stream");
        let both =
            "headers = [{ for = '*', set = { Content-Encoding = 'br', Content-Type = 'a/b' } }]";
        is("code.unityweb", both, "a/b");
    }

    #[test]
    fn a_rule_that_is_false_is_a_remark() {
        let (asset, unpacked) = unpack_one("a.js.br", b"\xff no Brotli".to_vec(), BR).unwrap();
        assert_eq!(asset.bytes, b"\xff no Brotli");
        let remark = unpacked.remarks[0].to_string();
        assert!(remark.contains("assets/a.js.br: a rule says `Content-Encoding: br`"), "{remark}");
    }

    #[test]
    fn without_a_rule_the_rule_is_said() {
        let suggests = |path: &str, expected: bool| {
            let (_, coding) = coded_name(path).unwrap();
            let (asset, unpacked) = unpack_one(path, code(coding, b"inside"), "").unwrap();
            assert_eq!(asset.bytes, code(coding, b"inside"));
            assert_eq!(unpacked.remarks.len(), usize::from(expected), "{path}");
        };
        suggests("Build/game.data.br", true);
        suggests("game.framework.js.gz", true);
        suggests("release.tar.gz", false);
        suggests("table.csv.gz", false);
        suggests("model.json.gz", false);
        let (_, unpacked) = unpack_one("a.js.gz", code(Coding::Gzip, b"x"), "").unwrap();
        let remark = unpacked.remarks[0].to_string();
        let rule = "headers = [{ for = [\"/a.js.gz\"], set = { Content-Encoding = \"gzip\" } }]";
        assert!(remark.ends_with(rule), "{remark}");
    }

    #[test]
    fn a_rule_says_the_type_of_any_file() {
        let rules = "headers = [{ for = 'a', set = { Content-Type = 'application/json' } }]";
        let (asset, _) = unpack_one("a", b"{}".to_vec(), rules).unwrap();
        assert_eq!(asset.media_type, "application/json");
    }

    #[test]
    fn svg_in_gzip_is_unpacked() {
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg'/>";
        for (path, bytes) in [
            ("a.svgz", code(Coding::Gzip, svg)),
            ("A.SVGZ", code(Coding::Gzip, svg)),
            ("b.svgz", svg.to_vec()),
        ] {
            let (asset, unpacked) = unpack_one(path, bytes, "").unwrap();
            assert_eq!(
                (&asset.bytes[..], &*asset.media_type),
                (&svg[..], "image/svg+xml"),
                "{path}"
            );
            assert!(unpacked.packed.is_empty(), "it is compressed anew");
        }
        let whole = code(Coding::Gzip, svg);
        for broken in [&whole[..whole.len() - 9], b"\x1f\x8b", b"\x00\xff"] {
            let error = unpack_one("a.svgz", broken.to_vec(), "").unwrap_err().to_string();
            assert!(error.starts_with("assets/a.svgz: this is no SVG in gzip"), "{error}");
        }
        let bomb = code(Coding::Gzip, &vec![b' '; MOST_OF_SVG + 1]);
        let error = unpack_one("a.svgz", bomb, "").unwrap_err().to_string();
        assert!(error.contains("it holds more than 67108864 bytes"), "{error}");
    }
}
