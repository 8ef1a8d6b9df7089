//! Caching, types, other origins and digests (RFC 9111, 8246, 9530; WHATWG Fetch).

use crate::case::{Body, Case, get, request};

pub(crate) fn cases() -> Vec<Case> {
    [policies(), errors(), types(), origins(), digests()].concat()
}

fn policies() -> Vec<Case> {
    vec![
        get("a hashed path is immutable", "8246 §2", "{hashed}", &[])
            .ok(&[("cache-control", "public, max-age=31536000, immutable")])
            .body(Body::File("a.css"))
            .ours(),
        get("a plain path is not", "9111 §5.2.2", "/a.css", &[])
            .ok(&[("cache-control", "public, max-age=60")])
            .ours(),
        get("a page is not", "9111 §5.2.2", "/docs/", &[])
            .ok(&[("cache-control", "public, max-age=60")])
            .ours(),
        get("a redirect may be kept for a while", "9111 §4.2.2", "/docs", &[])
            .status(&[301])
            .fields(&[("cache-control", "public, max-age=60")])
            .ours(),
        get("a hashed path of another release", "9111 §3", "/a.000000000000.css", &[])
            .status(&[404])
            .fields(&[("cache-control", "no-store")])
            .ours(),
        get("every response has a date", "9110 §6.6.1", "/a.css", &[]).ok(&[("date", "~GMT")]),
        get("an error has a date", "9110 §6.6.1", "/none", &[])
            .status(&[404])
            .fields(&[("date", "~GMT")]),
        get("a strong entity tag", "9110 §8.8.3", "/a.css", &[]).ok(&[("etag", "~\"")]),
        get("no Age, Expires or Pragma", "9111 §5", "/a.css", &[])
            .ok(&[("age", ""), ("expires", ""), ("pragma", "")])
            .ours(),
        get("an empty file", "9110 §8.6", "/empty.txt", &[])
            .ok(&[("content-length", "0")])
            .body(Body::Empty)
            .kept(),
        get("a large file", "9110 §8.6", "/large.bin", &[])
            .ok(&[("content-length", "300000")])
            .body(Body::File("large.bin"))
            .kept(),
        get(
            "no-cache of a client changes nothing",
            "9111 §5.2.1.4",
            "/a.css",
            &["Cache-Control: no-cache"],
        )
        .ok(&[])
        .body(Body::File("a.css")),
    ]
}

fn errors() -> Vec<Case> {
    let no_store = [("cache-control", "no-store")];
    vec![
        get("a 404 has the site's page", "9110 §15.5.5", "/none", &[])
            .status(&[404])
            .body(Body::File("404.html"))
            .ours(),
        get("a 404 in a folder too", "9110 §15.5.5", "/docs/none", &[])
            .status(&[404])
            .body(Body::File("404.html"))
            .ours(),
        get("a 404 is not stored", "9111 §3", "/none", &[]).status(&[404]).fields(&no_store).ours(),
        get("a 404 has no entity tag", "9110 §8.8", "/none", &[])
            .status(&[404])
            .fields(&[("etag", "")])
            .ours(),
        get("a 404 is never 200", "9110 §15.5.5", "/none.css", &["Accept: text/html"])
            .status(&[404]),
        get("a 400 is not stored", "9111 §3", "/%00", &[]).status(&[400]).fields(&no_store).ours(),
        get("the 404's page is negotiated", "9110 §12.1", "/none", &["Accept-Encoding: gzip"])
            .status(&[404])
            .body(Body::File("404.html"))
            .ours(),
    ]
}

fn types() -> Vec<Case> {
    let is = |name: &str, target: &str, media_type: &str| {
        get(name, "9110 §8.3", target, &[]).ok(&[("content-type", media_type)])
    };
    vec![
        is("the type of CSS", "/a.css", "~text/css"),
        is("the type of a page", "/docs/", "~text/html"),
        is("the type of a script", "/script.js", "~text/javascript").ours(),
        is("the type of a module", "/module.mjs", "~javascript"),
        is("the type of a picture", "/picture.png", "image/png"),
        is("the type of a font", "/font.woff2", "font/woff2"),
        is("the type of WebAssembly", "/code.wasm", "application/wasm"),
        is("the type of a web manifest", "/site.webmanifest", "application/manifest+json"),
        is("the type of SVG", "/drawing.svg", "~image/svg+xml"),
        is("a name without extension", "/LICENSE", "application/octet-stream").ours(),
        is("text says its charset", "/a.css", "text/css; charset=utf-8").ours(),
        get("types are not guessed", "WHATWG Fetch §3.6", "/a.css", &[])
            .ok(&[("x-content-type-options", "nosniff")])
            .ours(),
        get("nor those of errors", "WHATWG Fetch §3.6", "/none", &[])
            .status(&[404])
            .fields(&[("x-content-type-options", "nosniff")])
            .ours(),
    ]
}

fn origins() -> Vec<Case> {
    let section = "WHATWG Fetch §3.2";
    let any = [("access-control-allow-origin", "*")];
    let from = "Origin: https://a.example";
    vec![
        get("every origin may read", section, "/a.css", &[from]).ok(&any).ours(),
        get("without being asked, for caches", section, "/a.css", &[]).ok(&any).ours(),
        get("a 304 too", section, "/a.css", &[from, "If-None-Match: *"])
            .status(&[304])
            .fields(&any)
            .ours(),
        get("a 206 too", section, "/large.bin", &[from, "Range: bytes=0-0"])
            .status(&[206])
            .fields(&any)
            .ours(),
        get("a 404 too", section, "/none", &[from]).status(&[404]).fields(&any).ours(),
        request(
            "a preflight",
            "WHATWG Fetch §4.8",
            "OPTIONS",
            "/a.css",
            &[from, "Access-Control-Request-Method: GET", "Access-Control-Request-Headers: range"],
        )
        .status(&[204])
        .fields(&[
            ("access-control-allow-origin", "*"),
            ("access-control-allow-methods", "~GET"),
            ("access-control-allow-headers", "~range"),
            ("access-control-max-age", "86400"),
        ])
        .ours(),
    ]
}

fn digests() -> Vec<Case> {
    let section = "9530 §4";
    let wants = "Want-Repr-Digest: sha-256=10";
    vec![
        get("a digest that is wanted", section, "/a.css", &[wants])
            .ok(&[("repr-digest", "~sha-256=:")])
            .ours(),
        get("on a part, of the whole", section, "/large.bin", &[wants, "Range: bytes=0-0"])
            .status(&[206])
            .fields(&[("repr-digest", "~sha-256=:")])
            .ours(),
        request("on HEAD", section, "HEAD", "/a.css", &[wants])
            .ok(&[("repr-digest", "~sha-256=:")])
            .ours(),
        get("none that is not wanted", section, "/a.css", &[]).ok(&[("repr-digest", "")]).ours(),
        get("none with a weight of zero", section, "/a.css", &["Want-Repr-Digest: sha-256=0"])
            .ok(&[("repr-digest", "")])
            .ours(),
        get("none by another algorithm", section, "/a.css", &["Want-Repr-Digest: sha-512=10"])
            .ok(&[("repr-digest", "")])
            .ours(),
    ]
}
