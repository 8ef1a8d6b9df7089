//! Media types by name.

use std::path::Path;

/// The value of `Content-Type` for a logical path: by its extension, or by its name for a file in
/// `.well-known` that has no extension.
///
/// A copy of a site may have files whose names end with a query: `app.js?ver=1`, or `app.js@ver=1`.
/// Their extension stands before it, unless the tool that copied them has added another one.
///
/// Text types have the charset UTF-8. An unknown file is `application/octet-stream`.
///
/// ```
/// assert_eq!(hardtack_bundle::media_type_of("js/app.mjs"), "text/javascript; charset=utf-8");
/// ```
pub fn media_type_of(logical_path: &str) -> String {
    if let Some(well_known) = well_known(logical_path) {
        return well_known.to_owned();
    }
    let name = logical_path.rsplit('/').next().unwrap_or_default();
    let before = |mark| name.split_once(mark).and_then(|(before, _)| by_extension(before));
    let essence = by_extension(name).or_else(|| before('?')).or_else(|| before('@'));
    let essence = essence.unwrap_or("application/octet-stream");
    if essence.starts_with("text/") {
        format!("{essence}; charset=utf-8")
    } else {
        essence.to_owned()
    }
}

fn by_extension(name: &str) -> Option<&'static str> {
    let extension = Path::new(name).extension()?.to_str()?.to_ascii_lowercase();
    registered(&extension).or_else(|| mime_guess::from_ext(&extension).first_raw())
}

/// Well-known resources (RFC 8615) whose names have no extension, with the types that their
/// specifications demand. One of Apple's may lie at the top as well.
fn well_known(logical_path: &str) -> Option<&'static str> {
    if logical_path == "apple-app-site-association" {
        return Some("application/json");
    }
    Some(match logical_path.strip_prefix(".well-known/")? {
        // Apple: Supporting associated domains; Deploying devices with account-driven enrolment.
        "apple-app-site-association" | "com.apple.remotemanagement" => "application/json",
        // Matrix, Client-Server API and Server-Server API, "Server discovery".
        "matrix/client" | "matrix/server" | "matrix/support" => "application/json",
        // OpenID Connect Discovery §4.2; RFC 8414 §3.2; RFC 9728 §3.2; UMA 2.0 §2; OpenID for
        // Verifiable Credential Issuance §12.2; SMART App Launch, "Using .well-known".
        "openid-configuration"
        | "oauth-authorization-server"
        | "oauth-protected-resource"
        | "uma2-configuration"
        | "openid-credential-issuer"
        | "smart-configuration" => "application/json",
        // W3C: Web Authentication Level 3 §5.11; Passkey Endpoints; FedCM §3.1.
        "webauthn" | "passkey-endpoints" | "web-identity" => "application/json",
        // RFC 8620 §2.2.
        "jmap" => "application/json",
        // NodeInfo 2.1 §4.1, as RFC 7033 §10.2 and RFC 6415 §2, §3 have it.
        "nodeinfo" | "webfinger" => "application/jrd+json",
        "host-meta" => "application/xrd+xml",
        // RFC 9727 §3.
        "api-catalog" => "application/linkset+json",
        // Private prefetch proxy, "Traffic advice".
        "traffic-advice" => "application/trafficadvice+json",
        // AT Protocol, "Handle": a text of one line.
        "atproto-did" => "text/plain; charset=utf-8",
        _ => return None,
    })
}

/// Types by today's registrations, where `mime_guess` has another or none.
fn registered(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "arrow" => "application/vnd.apache.arrow.file",
        "avif" => "image/avif",
        "cjs" | "js" | "mjs" => "text/javascript",
        "eot" => "application/vnd.ms-fontobject",
        "geojson" => "application/geo+json",
        "glb" => "model/gltf-binary",
        "gltf" => "model/gltf+json",
        "ico" => "image/vnd.microsoft.icon",
        "jsonld" => "application/ld+json",
        "jxl" => "image/jxl",
        "ktx2" => "image/ktx2",
        // A playlist (RFC 8216 §4), and the segments that a DASH manifest names.
        "m3u8" => "application/vnd.apple.mpegurl",
        "m4s" => "video/iso.segment",
        "map" => "application/json",
        "md" | "markdown" => "text/markdown",
        "mtl" => "model/mtl",
        "ndjson" | "jsonl" => "application/x-ndjson",
        "obj" => "model/obj",
        "otf" => "font/otf",
        "pmtiles" => "application/vnd.pmtiles",
        "rss" => "application/rss+xml",
        "sqlite" | "sqlite3" => "application/vnd.sqlite3",
        "stl" => "model/stl",
        "topojson" => "application/json",
        "ttf" => "font/ttf",
        "usdz" => "model/vnd.usdz+zip",
        "vtt" => "text/vtt",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "xml" => "application/xml",
        "zst" => "application/zstd",
        // Messages of Project Fluent, which mime_guess does not know.
        "ftl" => "text/plain",
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

    #[test]
    fn a_query_in_a_name_is_no_extension() {
        is("a/app.js?ver=1", "text/javascript; charset=utf-8");
        is("app.js?ver=1.2.3", "text/javascript; charset=utf-8");
        is("index.php?page=2.html", "text/html; charset=utf-8");
        is("style.CSS@ver=1", "text/css; charset=utf-8");
        is("index.html?p=1/2.js", "text/javascript; charset=utf-8");
        is("load.php?modules=x.css", "text/css; charset=utf-8");
        is("logo@2x.png", "image/png");
        is("a.unheard-of?ver=1", "application/octet-stream");
    }

    #[test]
    fn what_tools_of_today_write() {
        is("a.cjs", "text/javascript; charset=utf-8");
        is("a.m3u8", "application/vnd.apple.mpegurl");
        is("a.mpd", "application/dash+xml");
        is("a.m4s", "video/iso.segment");
        is("a.jxl", "image/jxl");
        is("a.glb", "model/gltf-binary");
        is("a.gltf", "model/gltf+json");
        is("a.obj", "model/obj");
        is("a.ftl", "text/plain; charset=utf-8");
        is("a.bcmap", "application/octet-stream");
        is("a.data", "application/octet-stream");
        is("a.pck", "application/octet-stream");
        is("a.pmtiles", "application/vnd.pmtiles");
        is("a.svgz", "image/svg+xml");
        is("a.js.gz", "application/gzip");
        is("a.js.br", "application/octet-stream");
    }

    #[test]
    fn well_known_resources() {
        is(".well-known/apple-app-site-association", "application/json");
        is("apple-app-site-association", "application/json");
        is(".well-known/assetlinks.json", "application/json");
        is(".well-known/matrix/client", "application/json");
        is(".well-known/openid-configuration", "application/json");
        is(".well-known/nodeinfo", "application/jrd+json");
        is(".well-known/security.txt", "text/plain; charset=utf-8");
        is(".well-known/acme-challenge/token", "application/octet-stream");
        is("docs/openid-configuration", "application/octet-stream");
    }
}
