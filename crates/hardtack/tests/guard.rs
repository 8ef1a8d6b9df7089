//! The CDN's guard in front of an app and its assets.

use axum::{Router, body::Body, routing};
use hardtack::{CdnGuard, Options};
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use tower::ServiceExt;

include!("demo/mod.rs");

const SECRET: &str = "the secret of the CDN";

async fn ask(refuses_direct: bool, line: &str, secret: Option<&str>) -> Response<Body> {
    let assets = demo().open_with(Options::default()).unwrap();
    let guard = CdnGuard::new(assets.bundle(), [SECRET]).unwrap();
    let guard = if refuses_direct { guard.refuse_direct() } else { guard };
    let leaks =
        |headers: HeaderMap| async move { format!("{}", headers.contains_key("x-origin-verify")) };
    let app =
        Router::new().route("/account", routing::any(leaks)).layer(assets.layer()).layer(guard);
    let (method, target) = line.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(target);
    if let Some(secret) = secret {
        request = request.header("X-Origin-Verify", secret);
    }
    app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

/// The statuses without a secret, with a wrong one, and with the right one.
async fn answers(refuses_direct: bool, line: &str, expected: [u16; 3]) {
    let mut statuses = Vec::new();
    for secret in [None, Some("the secret of a guess"), Some(SECRET)] {
        statuses.push(ask(refuses_direct, line, secret).await.status().as_u16());
    }
    assert_eq!(statuses, expected, "{line}");
}

#[tokio::test]
async fn only_static_paths_are_answered_through_the_cdn() {
    answers(false, "GET /static/css/app.css", [200, 200, 200]).await;
    answers(false, "GET /account", [200, 200, 403]).await;
    answers(false, "POST /account", [200, 200, 403]).await;
    answers(false, "GET /nothing", [404, 404, 403]).await;
    answers(false, "GET /static/nothing", [404, 404, 404]).await;
    answers(false, "GET /static/..%2faccount", [400, 400, 403]).await;
    answers(false, "GET /static/%252e%252e/account", [404, 404, 403]).await;
    answers(false, "POST /static/css/app.css", [405, 405, 403]).await;
}

#[tokio::test]
async fn static_paths_can_be_refused_around_the_cdn() {
    answers(true, "GET /static/css/app.css", [403, 403, 200]).await;
    answers(true, "HEAD /static/css/app.css", [403, 403, 200]).await;
    answers(true, "GET /static/nothing", [403, 403, 404]).await;
    answers(true, "GET /account", [200, 200, 403]).await;
}

#[tokio::test]
async fn a_refusal_is_kept_by_no_cache() {
    for line in ["GET /account", "HEAD /account"] {
        let response = ask(false, line, Some(SECRET)).await;
        let text = "403 Forbidden: only static files are served through the CDN\n";
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["content-length"], text.len().to_string());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, if line.starts_with("GET") { text } else { "" });
    }
}

#[tokio::test]
async fn no_app_sees_a_secret() {
    for secret in [SECRET, "the secret of a guess"] {
        let response = ask(false, "GET /account", Some(secret)).await;
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(body == "false" || body.starts_with(b"403"), "{body:?}");
    }
}
