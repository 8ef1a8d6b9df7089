//! The media type of an asset.

use hardtack_bundle::media_type_of;

use crate::{ProblemKind, Settings};

/// The value of `Content-Type` for a logical path: by rule of the settings, else by its name.
///
/// Text types have the charset UTF-8. A file without a known extension is
/// `application/octet-stream`.
pub(crate) fn media_type(logical_path: &str, settings: &Settings) -> Result<String, ProblemKind> {
    Ok(rule(logical_path, settings)?.unwrap_or_else(|| media_type_of(logical_path)))
}

/// The value of `Content-Type` for a file with its content, which decides where an extension has
/// two meanings.
pub(crate) fn media_type_of_file(
    logical_path: &str,
    bytes: &[u8],
    settings: &Settings,
) -> Result<String, ProblemKind> {
    let by_name = || media_type_of(logical_path);
    let by_content = || transport_stream(logical_path, bytes).unwrap_or_else(by_name);
    Ok(rule(logical_path, settings)?.unwrap_or_else(by_content))
}

fn rule(logical_path: &str, settings: &Settings) -> Result<Option<String>, ProblemKind> {
    let mut rules = settings.media_types.iter().filter(|(globs, _)| globs.matches(logical_path));
    match (rules.next(), rules.next()) {
        (Some((_, one)), Some((_, other))) if one != other => {
            Err(ProblemKind::AmbiguousMediaType(one.clone(), other.clone()))
        }
        (first, _) => Ok(first.map(|(_, rule)| rule.clone())),
    }
}

/// `.ts` and `.mts` are TypeScript or a stream of video: MPEG's transport stream (ISO/IEC 13818-1
/// §2.4.3.2), whose packets of 188 bytes each begin with the same byte. `.m2ts` has a time of four
/// bytes before each.
fn transport_stream(logical_path: &str, bytes: &[u8]) -> Option<String> {
    let (_, extension) = logical_path.rsplit_once('.')?;
    if !["ts", "mts", "m2ts"].iter().any(|other| extension.eq_ignore_ascii_case(other)) {
        return None;
    }
    let is_stream = |offset: usize, packet: usize| {
        let first_bytes = bytes.iter().skip(offset).step_by(packet).take(3);
        bytes.len() >= packet && first_bytes.into_iter().all(|byte| *byte == 0x47)
    };
    // A text may begin with that byte, too: it is a G.
    let is_text = str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0'));
    (!is_text && (is_stream(0, 188) || is_stream(4, 192))).then(|| "video/mp2t".to_owned())
}

/// Whether bytes of this media type are compressed already.
pub(crate) fn is_compressed(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim_end();
    match essence.split_once('/').unwrap_or_default() {
        ("audio" | "video", _) => true,
        ("image", subtype) => {
            !matches!(subtype, "svg+xml" | "bmp" | "vnd.microsoft.icon" | "x-icon" | "tiff")
        }
        ("font", subtype) => matches!(subtype, "woff" | "woff2"),
        ("application", subtype) => matches!(
            subtype,
            "gzip"
                | "zip"
                | "zstd"
                | "java-archive"
                | "vnd.rar"
                | "x-7z-compressed"
                | "x-bzip2"
                | "x-gzip"
                | "x-rar-compressed"
                | "x-xz"
        ),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Patterns;

    #[test]
    fn a_rule_of_the_settings_comes_first() {
        let rule =
            |glob: &str, media_type: &str| (Patterns::new(&[glob]).unwrap(), media_type.to_owned());
        let settings = Settings {
            media_types: vec![rule("LICENSE", "text/plain"), rule("L*", "text/x-other")],
            ..Settings::default()
        };
        assert_eq!(media_type("LIST", &settings).unwrap(), "text/x-other");
        assert!(media_type("LICENSE", &settings).is_err());
    }

    #[test]
    fn a_transport_stream_is_no_typescript() {
        let packets = |count: usize, packet: usize, offset: usize| {
            let mut packet = vec![0xff; packet];
            packet[offset] = 0x47;
            packet.repeat(count)
        };
        let is = |path: &str, bytes: &[u8], expected: &str| {
            let found = media_type_of_file(path, bytes, &Settings::default()).unwrap();
            assert_eq!(found, expected, "{path}");
        };
        for count in [1, 2, 3, 50] {
            is("hls/seg0.ts", &packets(count, 188, 0), "video/mp2t");
            is("seg0.MTS", &packets(count, 192, 4), "video/mp2t");
        }
        let text = "text/plain; charset=utf-8";
        is("a.ts", b"Global", text);
        is("a.ts", "G".repeat(1000).as_bytes(), text);
        is("a.ts", &packets(3, 187, 0), text);
        is("a.ts", b"", text);
        is("a.js", &packets(3, 188, 0), "text/javascript; charset=utf-8");
        let rule = (Patterns::new(&["*.ts"]).unwrap(), "x/y".to_owned());
        let settings = Settings { media_types: vec![rule], ..Settings::default() };
        assert_eq!(media_type_of_file("a.ts", &packets(3, 188, 0), &settings).unwrap(), "x/y");
    }

    #[test]
    fn compressed_types() {
        for path in ["a.png", "a.jpg", "a.webp", "a.avif", "a.woff2", "a.mp4", "a.zip", "a.gz"] {
            assert!(is_compressed(&media_type_of(path)), "{path}");
        }
        for path in ["a.svg", "a.ico", "a.ttf", "a.js", "a.wasm", "a.pdf", "a", "a.map"] {
            assert!(!is_compressed(&media_type_of(path)), "{path}");
        }
    }
}
