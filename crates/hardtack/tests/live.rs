//! Live mode: files as they are at the moment, and nothing but them.
#![expect(clippy::disallowed_methods, reason = "the tests write what live mode reads")]

use std::{fs, os::unix::fs::symlink, path::Path, sync::LazyLock, time::Duration};

use axum::{Router, routing};
use hardtack::{Assets, Mode, Options};
use http::{Request, Response};
use http_body_util::BodyExt;
use tempfile::TempDir;
use tower::ServiceExt;

include!("demo/mod.rs");

/// Beside the asset folder lies what may never be served.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "secret.txt", "secret");
    let site = folder.path().join("site");
    for (name, text) in [
        ("404.html", "live: nothing there"),
        ("css/app.css", "live"),
        ("index.html", "live"),
        (".env", "secret"),
        (".git/config", "secret"),
        (".well-known/security.txt", "live"),
        ("a b.txt", "0123456789"),
        ("new/index.html", "live"),
        ("new/page.css", "new"),
    ] {
        write(&site, name, text);
    }
    symlink("../secret.txt", site.join("out.txt")).unwrap();
    symlink(folder.path().join("secret.txt"), site.join("absolute.txt")).unwrap();
    symlink("..", site.join("up")).unwrap();
    symlink("css", site.join("styles")).unwrap();
    folder
});

fn write(folder: &Path, name: &str, text: &str) {
    let file = folder.join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

fn assets(live_reload: bool) -> Assets {
    let mode = Mode::Live(vec![FOLDER.path().join("site")]);
    demo().open_with(Options { mode, live_reload, ..Options::default() }).unwrap()
}

async fn ask(app: Router, target: &str, range: Option<&str>) -> Response<axum::body::Body> {
    let mut request = Request::builder().uri(target);
    if let Some(range) = range {
        request = request.header("range", range);
    }
    app.oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap()
}

fn service() -> Router {
    Router::new().fallback_service(assets(false).service())
}

fn layered() -> Router {
    Router::new().route("/app", routing::get(|| async { "app" })).layer(assets(false).layer())
}

async fn text(response: Response<axum::body::Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().into()).unwrap()
}

#[tokio::test]
async fn a_file_of_an_earlier_release_is_not_there() {
    for path in ["/static/css/app.0123456789ab.css", "/static/css/app.css"] {
        assert_eq!(text(ask(service(), path, None).await).await, "live");
    }
    let carried = "/static/css/app.ba9876543210.css";
    assert_eq!(ask(service(), carried, None).await.status(), 404);
    assert!(demo().bundle().unwrap().route(carried.as_bytes()).unwrap().is_some());
}

/// The bake unpacks such a file, and a browser has to be told what it is.
#[tokio::test]
async fn a_file_that_is_compressed_in_itself_says_so() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("img")).unwrap();
    fs::write(folder.path().join("img/logo.svg"), b"\x1f\x8b and so on").unwrap();
    let mode = Mode::Live(vec![folder.path().to_owned()]);
    let assets = demo().open_with(Options { mode, live_reload: false, ..Options::default() });
    let app = Router::new().fallback_service(assets.unwrap().service());
    let response = ask(app, "/static/img/logo.svg", Some("bytes=0-1")).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-encoding"]),
        (200, &"gzip".parse().unwrap())
    );
}

async fn serves(target: &str, media_type: &str, expected: &str) {
    for app in [service(), layered()] {
        let response = ask(app, target, None).await;
        let headers = response.headers().clone();
        assert_eq!((target, response.status().as_u16()), (target, 200));
        assert_eq!(headers["content-type"], media_type);
        assert_eq!(headers["content-length"], expected.len().to_string());
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["access-control-allow-origin"], "*");
        assert!(!headers.contains_key("etag"));
        assert_eq!(text(response).await, expected, "{target}");
    }
}

#[tokio::test]
async fn files_are_served_as_they_are() {
    serves("/static/css/app.css", "text/css; charset=utf-8", "live").await;
    serves("/static/", "text/html; charset=utf-8", "live").await;
    serves("/static/new/page.css", "text/css; charset=utf-8", "new").await;
    serves("/static/new/", "text/html; charset=utf-8", "live").await;
    serves("/static/a%20b.txt", "text/plain; charset=utf-8", "0123456789").await;
    serves("/static/.well-known/security.txt", "text/plain; charset=utf-8", "live").await;
    serves("/static/styles/app.css", "text/css; charset=utf-8", "live").await;
    // A page that was open before still finds its files.
    serves("/static/css/app.0123456789ab.css", "text/css; charset=utf-8", "live").await;
}

#[tokio::test]
async fn nothing_else_is_served() {
    for target in [
        "/static/../secret.txt",
        "/static/%2e%2e/secret.txt",
        "/static/%2E%2E/secret.txt",
        "/static/..%2fsecret.txt",
        "/static/..%5csecret.txt",
        "/static/..\\secret.txt",
        "/static/css/../../secret.txt",
        "/static/./../secret.txt",
        "/static//etc/passwd",
        "/static//../secret.txt",
        "/static/%252e%252e/secret.txt",
        "/static/secret.txt%00.css",
        "/static/%c0%ae%c0%ae/secret.txt",
        "/static/out.txt",
        "/static/absolute.txt",
        "/static/up/secret.txt",
        "/static/up/site/css/app.css",
        "/static/.env",
        "/static/.git/config",
        "/static/css",
        "/static/css/",
        "/secret.txt",
        "/css/app.css",
        // In the bundle, and no longer in the folder.
        "/static/img/logo.svg",
    ] {
        let response = ask(service(), target, None).await;
        assert!(matches!(response.status().as_u16(), 400 | 404), "{target}");
        assert_eq!(response.headers()["cache-control"], "no-store", "{target}");
        let text = text(response).await;
        assert!(!text.contains("secret") && !text.contains("root:"), "{target}: {text}");
        let passed_on = ask(layered(), target, None).await;
        assert!(matches!(passed_on.status().as_u16(), 400 | 404), "{target}");
    }
}

#[tokio::test]
async fn the_folders_page_is_the_body_of_a_404() {
    let response = ask(service(), "/static/nothing", Some("bytes=0-1")).await;
    assert_eq!(response.status(), 404);
    assert_eq!(text(response).await, "live: nothing there");
}

#[tokio::test]
async fn a_redirect_is_as_it_was_baked_but_kept_by_nobody() {
    let response = ask(service(), "/static/old", None).await;
    let headers = response.headers();
    assert_eq!(
        (response.status().as_u16(), &headers["location"]),
        (301, &"/static/new".parse().unwrap())
    );
    assert_eq!(headers["cache-control"], "no-store");
}

#[tokio::test]
async fn ranges_are_for_media() {
    let target = "/static/a%20b.txt";
    let part = ask(service(), target, Some("bytes=2-4")).await;
    assert_eq!(
        (part.status().as_u16(), &part.headers()["content-range"]),
        (206, &"bytes 2-4/10".parse().unwrap())
    );
    assert_eq!(text(part).await, "234");
    let nothing = ask(service(), target, Some("bytes=10-")).await;
    assert_eq!(
        (nothing.status().as_u16(), &nothing.headers()["content-range"]),
        (416, &"bytes */10".parse().unwrap())
    );
}

#[tokio::test]
async fn a_change_is_seen_by_the_next_request() {
    let site = FOLDER.path().join("site");
    for text in ["one", "two", "three"] {
        write(&site, "changing/app.css", text);
        serves("/static/changing/app.css", "text/css; charset=utf-8", text).await;
    }
    fs::remove_file(site.join("changing/app.css")).unwrap();
    assert_eq!(ask(service(), "/static/changing/app.css", None).await.status(), 404);
}

#[tokio::test]
async fn the_app_answers_the_rest() {
    assert_eq!(text(ask(layered(), "/app", None).await).await, "app");
    assert_eq!(text(ask(layered(), "/nothing", None).await).await, "");
    assert_eq!(text(ask(layered(), "/static/nothing", None).await).await, "live: nothing there");
}

#[test]
fn links_are_not_hashed() {
    let assets = assets(false);
    let asset = assets.asset("css/app.css").unwrap();
    assert_eq!(asset.to_string(), "/static/css/app.css");
    assert_eq!(asset.integrity(), None);
    let expected = r#"<link rel="stylesheet" href="/static/css/app.css" crossorigin="anonymous">"#;
    assert_eq!(asset.stylesheet().as_str(), expected);
    assert_eq!(assets.modulepreloads(assets.asset("js/app.js").unwrap()), []);
    assert!(assets.to_string().starts_with("hardtack: LIVE from "), "{assets}");
}

#[test]
fn a_new_file_can_be_linked_to() {
    let assets = assets(false);
    assert_eq!(assets.url("a b.txt").as_deref(), Ok("/static/a%20b.txt"));
    assert_eq!(assets.url("new/page.css").as_deref(), Ok("/static/new/page.css"));
    for absent in ["new/absent.css", "../secret.txt", "out.txt", ".env", "css", ""] {
        assert!(assets.url(absent).is_err(), "{absent}");
    }
}

#[tokio::test]
async fn pages_are_told_what_changes() {
    let assets = assets(true);
    let app = Router::new().fallback_service(assets.service());
    let script = r#"<script type="module" src="/static/.hardtack/reload.js"></script>"#;
    assert_eq!(assets.reload_script().as_str(), script);
    let page = ask(app.clone(), "/static/", None).await;
    assert_eq!(text(page).await, format!("live{script}"));
    let reload = ask(app.clone(), "/static/.hardtack/reload.js", None).await;
    assert_eq!(reload.headers()["content-type"], "text/javascript; charset=utf-8");

    let events = ask(app, "/static/.hardtack/reload", None).await;
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    assert_eq!(events.headers()["cache-control"], "no-store");
    let mut events = events.into_body();
    let mut said = String::new();
    write(&FOLDER.path().join("site"), "css/told.css", "new");
    hear(&mut events, "data: /static/css/told.css\n\n", &mut said).await;
    assert!(said.starts_with("retry: 500\n\n"), "{said}");
}

/// Reads events until one of them is told.
async fn hear(events: &mut axum::body::Body, event: &str, said: &mut String) {
    while !said.contains(event) {
        let frame = tokio::time::timeout(Duration::from_secs(30), events.frame()).await;
        let frame = frame.expect("a change is told").unwrap().unwrap().into_data().unwrap();
        said.push_str(str::from_utf8(&frame).unwrap());
    }
}

/// A site of two folders, of which the first ones are named: one at `/static/`, and one at `/`.
fn two_folders(live: &[&Path], live_reload: bool) -> Result<Assets, hardtack::OpenError> {
    use hardtack_bundle::{CachePolicy, Coding, Fingerprint, NewAsset, Role, Writer};
    let mut writer = Writer::new("/static/");
    writer.prefix("/");
    for (logical_path, url) in [("/robots.txt", "/robots.txt"), ("gone.css", "/static/gone.css")] {
        let asset = writer.asset(NewAsset {
            logical_path,
            url,
            plain_url: Some(url),
            media_type: "text/plain",
            role: Role::EntryPoint,
            why: "",
            fingerprint: Fingerprint::of(b"baked"),
            digest: None,
            representations: &[(Coding::Identity, b"baked")],
        });
        writer.serve(url, asset, CachePolicy::revalidate(60));
    }
    let mode = Mode::Live(live.iter().map(|folder| folder.to_path_buf()).collect());
    let options = Options { mode, live_reload, ..Options::default() };
    hardtack::Embedded::new(writer.finish().unwrap().leak()).open_with(options)
}

/// A folder for the site's root, beside a file that may never be served.
fn root() -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    write(folder.path(), "secret.txt", "secret");
    for (name, text) in [
        ("robots.txt", "live"),
        ("new.txt", "live"),
        ("static/gone.css", "secret"),
        (".env", "secret"),
    ] {
        write(&root, name, text);
    }
    symlink("../secret.txt", root.join("out.txt")).unwrap();
    (folder, root)
}

/// The status and the text of a path in an app with these assets.
async fn gets(assets: &Assets, path: &str, status: u16, expected: &str) {
    let app = Router::new().layer(assets.layer());
    let response = ask(app, path, None).await;
    assert_eq!((response.status().as_u16(), path), (status, path));
    assert_eq!(text(response).await, expected, "{path}");
}

#[tokio::test]
async fn every_folder_that_is_named_is_read() {
    let (_folder, root) = root();
    let site = FOLDER.path().join("site");
    let assets = two_folders(&[&site, &root], false).unwrap();
    gets(&assets, "/robots.txt", 200, "live").await;
    gets(&assets, "/new.txt", 200, "live").await;
    gets(&assets, "/static/css/app.css", 200, "live").await;
    // A path belongs to the folder of the longest prefix alone.
    gets(&assets, "/static/gone.css", 404, "live: nothing there").await;
    // The rest of the root is the app's, which has nothing.
    for path in ["/secret.txt", "/../secret.txt", "/out.txt", "/.env", "//robots.txt", "/absent"] {
        gets(&assets, path, 404, "").await;
    }
    write(&root, "404.html", "the root's page");
    gets(&assets, "/static/gone.css", 404, "the root's page").await;
    write(&root, "robots.txt", "changed");
    gets(&assets, "/robots.txt", 200, "changed").await;
    assert_eq!(assets.url("/new.txt").unwrap(), "/new.txt");
    for unknown in ["new.txt", "/absent", "/static/css/app.css", "/out.txt"] {
        assert!(assets.url(unknown).is_err(), "{unknown}");
    }
    let line = assets.to_string();
    let folders = format!("LIVE from {} at /static/, {} at /: ", site.display(), root.display());
    assert!(line.contains(&folders), "{line}");
}

#[tokio::test]
async fn every_folder_that_is_named_is_watched() {
    let (_folder, root) = root();
    let site = FOLDER.path().join("site");
    let assets = two_folders(&[&site, &root], true).unwrap();
    let app = Router::new().fallback_service(assets.service());
    let mut events = ask(app, "/static/.hardtack/reload", None).await.into_body();
    let mut said = String::new();
    write(&root, "told.css", "new");
    hear(&mut events, "data: /told.css\n\n", &mut said).await;
    write(&site, "css/of-site.css", "new");
    hear(&mut events, "data: /static/css/of-site.css\n\n", &mut said).await;
}

#[tokio::test]
async fn a_folder_that_is_not_named_is_as_it_was_baked() {
    let assets = two_folders(&[&FOLDER.path().join("site")], false).unwrap();
    let app = Router::new().layer(assets.layer());
    let robots = ask(app, "/robots.txt", None).await;
    assert_eq!(robots.headers()["cache-control"], "no-store");
    assert_eq!(text(robots).await, "baked");
    gets(&assets, "/static/css/app.css", 200, "live").await;
    gets(&assets, "/static/gone.css", 404, "live: nothing there").await;
    gets(&assets, "/secret.txt", 404, "").await;
    let line = assets.to_string();
    assert!(line.contains("; the files at / are those of the last build: "), "{line}");
}

#[test]
fn a_site_has_no_more_folders_than_prefixes() {
    let site = FOLDER.path().join("site");
    for folders in [&[][..], &[&*site, &*site, &*site]] {
        let error = two_folders(folders, false).unwrap_err().to_string();
        let expected =
            format!("live mode has {} folders, and the site has 2, with the URL", folders.len());
        assert!(error.starts_with(&expected), "{error}");
    }
}
