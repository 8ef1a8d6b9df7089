/// A small site below /static/, for tests and for the examples of the documentation, which
/// include this file: what `embed!` yields in an app.
pub fn demo() -> hardtack::Embedded {
    use hardtack_bundle::{CachePolicy, Coding, Fingerprint, NewAsset, Role, Writer};

    let mut writer = Writer::new("/static/");
    writer.origins("*");
    let files = [
        ("404.html", "text/html; charset=utf-8", "baked: nothing there"),
        ("css/app.css", "text/css; charset=utf-8", "baked"),
        ("fonts/text.woff2", "font/woff2", "baked"),
        ("img/logo.svg", "image/svg+xml", "baked"),
        ("index.html", "text/html; charset=utf-8", "baked"),
        ("js/app.js", "text/javascript; charset=utf-8", "baked: imports a and data"),
        ("js/data.json", "application/json", "baked"),
        ("js/lib/a.js", "text/javascript; charset=utf-8", "baked: imports b"),
        ("js/lib/b.js", "text/javascript; charset=utf-8", "baked: imports app"),
    ];
    let mut add = |(logical_path, media_type, text): (&'static str, &str, &str)| {
        let plain = format!("/static/{}", logical_path.trim_end_matches("index.html"));
        let url = match logical_path.rsplit_once('.') {
            Some((stem, extension)) if extension != "html" => {
                format!("/static/{stem}.0123456789ab.{extension}")
            }
            _ => plain.clone(),
        };
        let asset = writer.asset(NewAsset {
            logical_path,
            url: &url,
            plain_url: Some(&plain),
            media_type,
            role: Role::Hashed,
            why: "",
            fingerprint: Fingerprint::of(text.as_bytes()),
            digest: None,
            representations: &[(Coding::Identity, text.as_bytes())],
        });
        writer.serve(&plain, asset, CachePolicy::revalidate(60));
        if url != plain {
            writer.serve(&url, asset, CachePolicy::Immutable);
        }
        asset
    };
    let [_, _, _, _, _, app, data, a, b] = files.map(&mut add);
    let older = NewAsset {
        logical_path: "css/app.css",
        url: "/static/css/app.ba9876543210.css",
        plain_url: None,
        media_type: "text/css; charset=utf-8",
        role: Role::Hashed,
        why: "",
        fingerprint: Fingerprint::of(b"older"),
        digest: None,
        representations: &[(Coding::Identity, b"older")],
    };
    let carried = writer.carried(older, 1);
    writer.serve(older.url, carried, CachePolicy::Immutable);
    writer.imports(app, [a, data]);
    writer.imports(a, [b]);
    writer.imports(b, [app]);
    writer.not_found("/static/404.html");
    writer.redirect("/static/old", "/static/new", 301, CachePolicy::revalidate(60));
    hardtack::Embedded::new(writer.finish().expect("the sample is valid").leak())
}
