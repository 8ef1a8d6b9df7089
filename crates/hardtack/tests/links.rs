//! Links to assets, as they are without a host of their own. `open` makes the decisions of a
//! process here.

use hardtack::{Assets, Destination, Integrity, Mode, OpenError, Options, Preload, Tag};

include!("demo/mod.rs");

fn assets() -> Assets {
    demo().open_with(Options::default()).unwrap()
}

#[test]
fn an_asset_is_its_hashed_url() {
    let asset = assets().asset("css/app.css").unwrap();
    assert_eq!(asset.to_string(), "/static/css/app.0123456789ab.css");
    assert_eq!(asset.url(), "/static/css/app.0123456789ab.css");
    assert_eq!(asset.path(), "/static/css/app.0123456789ab.css");
    assert_eq!(asset.logical_path(), "css/app.css");
    assert_eq!(asset.integrity(), Some(Integrity::of(b"baked")));
    assert_eq!(assets().url("index.html").as_deref(), Ok("/static/"));
}

#[track_caller]
fn is_unknown(logical_path: &str, near: &str) {
    let expected = format!(
        "there is no asset {logical_path:?}.{near} An asset is named by its path below the asset \
         folder, such as \"css/app.css\"; a new file is baked by the next build",
    );
    assert_eq!(assets().url(logical_path).unwrap_err().to_string(), expected);
}

#[test]
fn an_unknown_name_is_told_with_those_near_it() {
    is_unknown("css/ap.css", " Near it: css/app.css.");
    is_unknown("app.js", " Near it: js/app.js.");
    is_unknown("/css/app.css", " Near it: css/app.css.");
    is_unknown("js/lib/c.js", " Near it: js/lib/a.js, js/lib/b.js, js/app.js.");
    is_unknown("", "");
    is_unknown("zzz", "");
}

#[test]
fn tags_say_the_integrity() {
    let assets = assets();
    let integrity = Integrity::of(b"baked");
    assert_eq!(
        assets.asset("css/app.css").unwrap().stylesheet().as_str(),
        format!(
            r#"<link rel="stylesheet" href="/static/css/app.0123456789ab.css" integrity="{integrity}" crossorigin="anonymous">"#
        ),
    );
    let integrity = Integrity::of(b"baked: imports b");
    let script = assets.asset("js/lib/a.js").unwrap();
    let attributes = format!(
        r#"src="/static/js/lib/a.0123456789ab.js" integrity="{integrity}" crossorigin="anonymous""#
    );
    assert_eq!(script.script().as_str(), format!("<script {attributes} defer></script>"));
    assert_eq!(
        script.module().as_str(),
        format!(r#"<script type="module" {attributes}></script>"#)
    );
    assert_eq!(assets.reload_script(), Tag::default());
}

#[track_caller]
fn preloads(logical_path: &str, destination: Destination, html: &str, header: &str) {
    let preload = assets().asset(logical_path).unwrap().preload(destination);
    assert_eq!(preload.to_string(), html);
    assert_eq!(Preload::link_header(&[preload]), header);
}

#[test]
fn preloads_match_what_uses_them() {
    let integrity = Integrity::of(b"baked");
    preloads(
        "fonts/text.woff2",
        Destination::Font,
        r#"<link href="/static/fonts/text.0123456789ab.woff2" rel="preload" as="font" crossorigin="anonymous">"#,
        r#"</static/fonts/text.0123456789ab.woff2>; rel="preload"; as="font"; crossorigin"#,
    );
    preloads(
        "img/logo.svg",
        Destination::Image,
        r#"<link href="/static/img/logo.0123456789ab.svg" rel="preload" as="image">"#,
        r#"</static/img/logo.0123456789ab.svg>; rel="preload"; as="image""#,
    );
    preloads(
        "css/app.css",
        Destination::Style,
        &format!(
            r#"<link href="/static/css/app.0123456789ab.css" rel="preload" as="style" integrity="{integrity}" crossorigin="anonymous">"#
        ),
        &format!(
            r#"</static/css/app.0123456789ab.css>; rel="preload"; as="style"; integrity="{integrity}"; crossorigin"#
        ),
    );
    let integrity = Integrity::of(b"baked: imports b");
    preloads(
        "js/lib/a.js",
        Destination::Module,
        &format!(
            r#"<link href="/static/js/lib/a.0123456789ab.js" rel="modulepreload" integrity="{integrity}" crossorigin="anonymous">"#
        ),
        &format!(
            r#"</static/js/lib/a.0123456789ab.js>; rel="modulepreload"; integrity="{integrity}"; crossorigin"#
        ),
    );
}

#[test]
fn several_preloads_are_one_header_field() {
    let assets = assets();
    let image = |path: &str| assets.asset(path).unwrap().preload(Destination::Image);
    let header = Preload::link_header(&[image("img/logo.svg"), image("js/data.json")]);
    let expected = r#"</static/img/logo.0123456789ab.svg>; rel="preload"; as="image", </static/js/data.0123456789ab.json>; rel="preload"; as="image""#;
    assert_eq!(header, expected);
    assert_eq!(Preload::link_header(&[]), "");
}

#[test]
fn a_module_is_preloaded_with_all_that_it_imports() {
    let assets = assets();
    let modules = |path: &str| {
        let preloads = assets.modulepreloads(assets.asset(path).unwrap());
        let html = preloads.iter().map(Preload::to_string);
        let path = |html: String| html.split('"').nth(1).unwrap().replace(".0123456789ab", "");
        html.map(path).collect::<Vec<_>>()
    };
    let [app, a, b] = ["/static/js/app.js", "/static/js/lib/a.js", "/static/js/lib/b.js"];
    assert_eq!(modules("js/app.js"), [app, a, b]);
    assert_eq!(modules("js/lib/b.js"), [b, app, a]);
    assert_eq!(modules("css/app.css"), ["/static/css/app.css"]);
}

#[test]
fn a_process_makes_urls_in_one_way() {
    assets();
    let static_host = "https://cdn.example".parse().ok();
    let other = demo().open_with(Options { static_host, ..Options::default() });
    assert!(matches!(other, Err(OpenError::Decided)), "{other:?}");
    assets();
}

#[test]
fn what_cannot_be_opened_says_why() {
    let damaged = hardtack::Embedded::new(b"not a bundle").open_with(Options::default());
    let expected = "the assets in this program are damaged: this is not a Hardtack bundle";
    assert!(damaged.unwrap_err().to_string().starts_with(expected));
    let mode = Mode::Live(vec!["no such folder".into()]);
    let missing = demo().open_with(Options { mode, ..Options::default() });
    let expected = "the assets cannot be taken live from \"no such folder\": ";
    assert!(missing.unwrap_err().to_string().starts_with(expected));
}

#[test]
fn the_banner_says_what_is_carried() {
    let banner = assets().to_string();
    assert!(banner.starts_with("hardtack: baked, release "), "{banner}");
    assert!(banner.contains(" at /static/: 9 assets, "), "{banner}");
}
