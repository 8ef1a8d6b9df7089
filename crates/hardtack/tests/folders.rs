//! A bundle of two folders: one at `/static/`, and one at the site's root, which an app shares.

use std::sync::LazyLock;

use axum::{Router, body::Body, routing};
use hardtack::{Assets, CacheTags, CdnGuard, Embedded, Options};
use hardtack_bundle::{CachePolicy, Coding, Fingerprint, NewAsset, Role, Writer, url_path_of};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;

const SECRET: &str = "the secret of the CDN";

static BUNDLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut writer = Writer::new("/static/");
    writer.prefix("/");
    for (path, role) in [
        ("/502.html", Role::EntryPoint),
        ("/favicon.ico", Role::EntryPoint),
        ("/icon.svg", Role::Hashed),
        ("css/app.css", Role::Hashed),
        ("favicon.ico", Role::Hashed),
    ] {
        let plain = url_path_of("/static/", path);
        let (stem, extension) = plain.rsplit_once('.').unwrap();
        let url = match role {
            Role::Hashed => format!("{stem}.0123456789ab.{extension}"),
            _ => plain.clone(),
        };
        let asset = writer.asset(NewAsset {
            logical_path: path,
            url: &url,
            plain_url: Some(&plain),
            media_type: "text/plain",
            role,
            why: "",
            fingerprint: Fingerprint::of(path.as_bytes()),
            digest: None,
            representations: &[(Coding::Identity, path.as_bytes())],
        });
        writer.serve(&plain, asset, CachePolicy::revalidate(60));
        if url != plain {
            writer.serve(&url, asset, CachePolicy::Immutable);
        }
    }
    writer.finish().unwrap()
});

fn assets() -> Assets {
    Embedded::new(&BUNDLE).open_with(Options::default()).unwrap()
}

fn app() -> Router {
    let app = || async { (StatusCode::OK, "the app's") };
    Router::new().fallback(routing::any(app))
}

async fn ask(app: &Router, line: &str, secret: Option<&str>) -> (u16, String) {
    let (method, target) = line.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(target);
    if let Some(secret) = secret {
        request = request.header("x-origin-verify", secret);
    }
    let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.into()).unwrap())
}

#[tokio::test]
async fn the_layer_leaves_the_rest_of_the_root_to_the_app() {
    let app = app().layer(assets().layer());
    for (line, status, text) in [
        ("GET /favicon.ico", 200, "/favicon.ico"),
        ("GET /static/favicon.ico", 200, "favicon.ico"),
        ("GET /icon.0123456789ab.svg", 200, "/icon.svg"),
        ("GET /icon.ffffffffffff.svg", 404, "404 Not Found\n"),
        ("GET /static/gone.css", 404, "404 Not Found\n"),
        ("GET /", 200, "the app's"),
        ("GET /static", 200, "the app's"),
        ("GET /gone.css", 200, "the app's"),
        ("GET /.well-known/acme-challenge/x", 200, "the app's"),
        ("GET /media/icon.ffffffffffff.svg", 200, "the app's"),
        ("POST /favicon.ico", 200, "the app's"),
    ] {
        assert_eq!(ask(&app, line, None).await, (status, text.to_owned()), "{line}");
    }
}

#[tokio::test]
async fn a_nested_service_is_of_the_first_folder() {
    let app = app().nest_service("/static", assets().service().nested());
    assert_eq!(ask(&app, "GET /static/favicon.ico", None).await.1, "favicon.ico");
    assert_eq!(ask(&app, "GET /favicon.ico", None).await.1, "the app's");
    assert_eq!(ask(&app, "GET /static/robots.txt", None).await.0, 404);
}

/// Browsers and crawlers ask the site's own host for the files at its root, and not the CDN.
#[tokio::test]
async fn the_guard_has_files_at_the_root_answered_everywhere() {
    let guard = CdnGuard::new(assets().bundle(), [SECRET]).unwrap().refuse_direct();
    let app = app().layer(assets().layer()).layer(guard);
    for (line, direct, through_the_cdn) in [
        ("GET /favicon.ico", 200, 200),
        ("GET /icon.0123456789ab.svg", 200, 200),
        ("GET /icon.ffffffffffff.svg", 404, 404),
        ("GET /static/css/app.css", 403, 200),
        ("GET /static/gone.css", 403, 404),
        ("GET /account", 200, 403),
    ] {
        assert_eq!(ask(&app, line, None).await.0, direct, "{line}");
        assert_eq!(ask(&app, line, Some(SECRET)).await.0, through_the_cdn, "{line}");
    }
}

#[test]
fn an_asset_of_the_root_is_named_by_its_url_path() {
    let assets = assets();
    assert_eq!(assets.url("/icon.svg").unwrap(), "/icon.0123456789ab.svg");
    assert_eq!(assets.url("favicon.ico").unwrap(), "/static/favicon.0123456789ab.ico");
    let unknown = assets.url("icon.svg").unwrap_err().to_string();
    assert!(unknown.contains("Near it: /icon.svg"), "{unknown}");
}

#[test]
fn the_page_of_an_error_may_lie_at_the_root() {
    let bundle = assets().bundle();
    let request = Request::get("/account").body(()).unwrap();
    let page = |status| hardtack::error_page(&bundle, &request, status).is_some();
    assert!(page(StatusCode::BAD_GATEWAY) && !page(StatusCode::GATEWAY_TIMEOUT));
}

#[tokio::test]
async fn the_layer_tags_what_is_the_bundles() {
    let bundle = assets().bundle();
    let tags = CacheTags::new(bundle, "Surrogate-Key".parse().unwrap()).unwrap();
    let app = app().layer(assets().layer().cache_tags(tags));
    let release = bundle.release_id().short().to_string();
    for (path, expected) in [
        ("/static/css/app.css", Some(" plain /static/ /static/css/")),
        ("/icon.0123456789ab.svg", Some(" immutable /")),
        ("/static/absent", Some(" error")),
        ("/account", None),
    ] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        let field = response.headers().get("surrogate-key").map(|tags| tags.to_str().unwrap());
        let expected = expected.map(|tags| format!("release-{release}{tags}"));
        assert_eq!(field, expected.as_deref(), "{path}");
    }
}
