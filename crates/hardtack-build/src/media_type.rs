//! The media type of an asset.

use hardtack_bundle::media_type_of;

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
        (None, _) => Ok(media_type_of(logical_path)),
    }
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
    fn compressed_types() {
        for path in ["a.png", "a.jpg", "a.webp", "a.avif", "a.woff2", "a.mp4", "a.zip", "a.gz"] {
            assert!(is_compressed(&media_type_of(path)), "{path}");
        }
        for path in ["a.svg", "a.ico", "a.ttf", "a.js", "a.wasm", "a.pdf", "a", "a.map"] {
            assert!(!is_compressed(&media_type_of(path)), "{path}");
        }
    }
}
