//! Media types by extension.

use std::path::Path;

/// The value of `Content-Type` for a logical path, by its extension.
///
/// Text types are said to be UTF-8. Without a known extension it is `application/octet-stream`.
///
/// ```
/// assert_eq!(hardtack_bundle::media_type_of("js/app.mjs"), "text/javascript; charset=utf-8");
/// ```
pub fn media_type_of(logical_path: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(logical_path: &str, expected: &str) {
        assert_eq!(media_type_of(logical_path), expected);
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
}
