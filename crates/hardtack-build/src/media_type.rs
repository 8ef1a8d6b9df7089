//! The media type of an asset.

use std::path::Path;

use crate::{ProblemKind, Settings};

/// The value of `Content-Type` for a logical path: by rule of the settings, else by extension.
///
/// Text types are said to be UTF-8. Without a known extension it is `application/octet-stream`.
pub(crate) fn media_type(logical_path: &str, settings: &Settings) -> Result<String, ProblemKind> {
    let mut rules = settings.media_types.iter().filter(|(globs, _)| globs.matches(logical_path));
    match (rules.next(), rules.next()) {
        (Some((_, one)), Some((_, other))) if one != other => {
            Err(ProblemKind::AmbiguousMediaType(one.clone(), other.clone()))
        }
        (Some((_, rule)), _) => Ok(rule.clone()),
        (None, _) => Ok(by_extension(logical_path)),
    }
}

fn by_extension(logical_path: &str) -> String {
    let extension = Path::new(logical_path).extension().and_then(|extension| extension.to_str());
    let extension = extension.unwrap_or_default().to_ascii_lowercase();
    let essence = match registered(&extension) {
        Some(essence) => essence,
        None => mime_guess::from_ext(&extension).first_raw().unwrap_or("application/octet-stream"),
    };
    match essence.starts_with("text/") {
        true => format!("{essence}; charset=utf-8"),
        false => essence.to_owned(),
    }
}

/// Where today's registrations differ from `mime_guess`, or it has none.
fn registered(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "avif" => "image/avif",
        "cjs" | "js" | "mjs" => "text/javascript",
        "eot" => "application/vnd.ms-fontobject",
        "geojson" => "application/geo+json",
        "glb" => "model/gltf-binary",
        "gltf" => "model/gltf+json",
        "ico" => "image/vnd.microsoft.icon",
        "jsonld" => "application/ld+json",
        "jxl" => "image/jxl",
        "map" => "application/json",
        "md" | "markdown" => "text/markdown",
        "otf" => "font/otf",
        "rss" => "application/rss+xml",
        "ttf" => "font/ttf",
        "vtt" => "text/vtt",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "xml" => "application/xml",
        // mime_guess takes a TypeScript source for a video.
        "cts" | "mts" | "ts" | "tsx" => "text/plain",
        _ => return None,
    })
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

    #[track_caller]
    fn is(logical_path: &str, expected: &str) {
        assert_eq!(media_type(logical_path, &Settings::default()).unwrap(), expected);
    }

    #[test]
    fn registrations_of_today() {
        is("a.html", "text/html; charset=utf-8");
        is("a.css", "text/css; charset=utf-8");
        is("a.js", "text/javascript; charset=utf-8");
        is("a.mjs", "text/javascript; charset=utf-8");
        is("a.js.map", "application/json");
        is("a.json", "application/json");
        is("a.webmanifest", "application/manifest+json");
        is("a.wasm", "application/wasm");
        is("a.svg", "image/svg+xml");
        is("a.avif", "image/avif");
        is("a.webp", "image/webp");
        is("a.png", "image/png");
        is("A.PNG", "image/png");
        is("a.woff", "font/woff");
        is("a.woff2", "font/woff2");
        is("a.ttf", "font/ttf");
        is("a.txt", "text/plain; charset=utf-8");
        is("a.pdf", "application/pdf");
        is("a.mp4", "video/mp4");
        is("a.ts", "text/plain; charset=utf-8");
        is("favicon.ico", "image/vnd.microsoft.icon");
        is("LICENSE", "application/octet-stream");
        is("a.unheard-of", "application/octet-stream");
    }

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
    fn compressed_types() {
        for path in ["a.png", "a.jpg", "a.webp", "a.avif", "a.woff2", "a.mp4", "a.zip", "a.gz"] {
            assert!(is_compressed(&by_extension(path)), "{path}");
        }
        for path in ["a.svg", "a.ico", "a.ttf", "a.js", "a.wasm", "a.pdf", "a", "a.map"] {
            assert!(!is_compressed(&by_extension(path)), "{path}");
        }
    }
}
