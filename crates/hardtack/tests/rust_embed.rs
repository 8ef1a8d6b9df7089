//! A bundle where a type of rust-embed is expected.

use std::sync::LazyLock;

use axum_embed::ServeEmbed;
use hardtack::Embedded;
use hardtack_bundle::{CachePolicy, Coding, Fingerprint, NewAsset, Role, Writer};
use http::Request;
use http_body_util::{BodyExt, Empty};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};
use tower::ServiceExt;

static ASSETS: LazyLock<Embedded> = LazyLock::new(|| {
    let mut writer = Writer::new("/static/");
    writer.last_modified("Thu, 01 Jan 1970 00:00:07 GMT", 7);
    let css = writer.asset(NewAsset {
        logical_path: "css/app.css",
        url: "/static/css/app.0123456789ab.css",
        plain_url: Some("/static/css/app.css"),
        media_type: "text/css; charset=utf-8",
        role: Role::Hashed,
        why: "",
        fingerprint: Fingerprint::of(b"body {}"),
        digest: None,
        representations: &[(Coding::Identity, b"body {}"), (Coding::Br, b"brotli")],
    });
    let page = writer.asset(NewAsset {
        logical_path: "index.html",
        url: "/static/",
        plain_url: Some("/static/"),
        media_type: "text/html; charset=utf-8",
        role: Role::EntryPoint,
        why: "",
        fingerprint: Fingerprint::of(b"page"),
        digest: None,
        representations: &[(Coding::Identity, b"page")],
    });
    writer.serve("/static/css/app.css", css, CachePolicy::revalidate(60));
    writer.serve("/static/css/app.0123456789ab.css", css, CachePolicy::Immutable);
    writer.serve("/static/", page, CachePolicy::revalidate(60));
    writer.redirect("/static/index.html", "/static/", 301, CachePolicy::revalidate(60));
    Embedded::new(writer.finish().unwrap().leak())
});

hardtack::rust_embed!(
    /// The site of these tests.
    pub struct Site from ASSETS
);

#[track_caller]
fn is(path: &str, expected: Option<&str>) {
    let file = Site::get(path);
    let text = file.as_ref().map(|file| str::from_utf8(&file.data).unwrap());
    assert_eq!(text, expected, "{path}");
    if let Some(file) = file {
        assert_eq!(file.metadata.sha256_hash()[..], Sha256::digest(&file.data)[..]);
        assert_eq!(file.metadata.last_modified(), Some(7));
    }
}

#[test]
fn files_are_found_by_logical_path_and_by_url() {
    is("css/app.css", Some("body {}"));
    is("css/app.0123456789ab.css", Some("body {}"));
    is("css/app.css.br", Some("brotli"));
    is("css/app.0123456789ab.css.br", Some("brotli"));
    is("css/app.css.gz", None);
    is("index.html", Some("page"));
    is("css", None);
    is("", Some("page"));
    is("nothing.br", None);
}

#[test]
fn files_are_listed() {
    let paths: Vec<_> = Site::iter().collect();
    assert_eq!(paths, ["css/app.css", "index.html", "css/app.0123456789ab.css"]);
    assert!(paths.iter().all(|path| Site::get(path).is_some()));
}

#[tokio::test]
async fn a_crate_that_takes_such_a_type_serves_them() {
    let serve = ServeEmbed::<Site>::new();
    let request = Request::builder().uri("/css/app.css").header("accept-encoding", "br");
    let response = serve.oneshot(request.body(Empty::<&[u8]>::new()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/css");
    assert_eq!(response.headers()["content-encoding"], "br");
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "brotli");
}
