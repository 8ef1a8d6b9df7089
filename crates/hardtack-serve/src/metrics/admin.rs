//! The admin listener: what operators, load balancers and Prometheus ask of the process.
//!
//! Nothing here changes anything. It is for a network that clients are not in.

pub(crate) mod connections;
mod host;
mod page;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    },
    middleware::{Next, from_fn, map_response},
    response::{IntoResponse, Response},
    routing::get,
};
use hardtack::error_response;
use hardtack_bundle::Error;

use crate::{
    metrics::{
        prometheus::{self, Exposition},
        reading::Instruments,
        status::Status,
    },
    report,
};

/// Health, metrics and the status page, as a service. Beside the hosts that nobody else can have, it
/// is known by these names.
pub(crate) fn router(instruments: Arc<Instruments>, hosts: &'static [String]) -> Router {
    let content_security_policy = page::content_security_policy();
    // Load balancers ask these for any host, and they disclose nothing.
    let health = Router::new().route("/healthz", get(health)).route("/readyz", get(readiness));
    Router::new()
        .route("/", get(page))
        .route("/metrics", get(metrics))
        .route("/report", get(report))
        .route("/status.json", get(status))
        .fallback(not_found)
        .layer(from_fn(move |request, next| refuse_others(hosts, request, next)))
        .merge(health)
        .with_state(instruments)
        .layer(map_response(move |mut response: Response| {
            guard(response.headers_mut(), &content_security_policy);
            async { response }
        }))
}

/// Refuses requests for a host that may be somebody else's.
async fn refuse_others(hosts: &[String], request: Request, next: Next) -> Response {
    if host::is_known(request.headers(), hosts) {
        return next.run(request).await;
    }
    let text =
        "421 Misdirected Request: the admin listener is not known by this name: see --admin-host\n";
    error_response(request.method(), StatusCode::MISDIRECTED_REQUEST, text).map(Body::new)
}

/// No cache may keep a response, and no browser may take it for more than it is.
fn guard(headers: &mut HeaderMap, content_security_policy: &HeaderValue) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, content_security_policy.clone());
}

const TEXT: &str = "text/plain; charset=utf-8";

/// The process lives, for it answers.
async fn health() -> Response {
    respond(StatusCode::OK, TEXT, "ok\n")
}

/// Whether a load balancer should send it new connections.
async fn readiness(State(instruments): State<Arc<Instruments>>) -> Response {
    if instruments.is_draining() {
        return respond(StatusCode::SERVICE_UNAVAILABLE, TEXT, "draining\n");
    }
    let Some(health) = &instruments.health else {
        return respond(StatusCode::OK, TEXT, "ready\n");
    };
    match health.ask().await {
        Ok(()) => respond(StatusCode::OK, TEXT, "ready\n"),
        Err(reason) => {
            let text = format!("the application is not ready: {reason}\n");
            respond(StatusCode::SERVICE_UNAVAILABLE, TEXT, text)
        }
    }
}

async fn metrics(State(instruments): State<Arc<Instruments>>, headers: HeaderMap) -> Response {
    let format = Exposition::wanted(&headers);
    respond(StatusCode::OK, format.media_type(), prometheus::encode(instruments.read(), format))
}

async fn page(State(instruments): State<Arc<Instruments>>) -> Result<Response, Damaged> {
    let page = page::page(&Status::of(&instruments)?);
    Ok(respond(StatusCode::OK, "text/html; charset=utf-8", page))
}

async fn report(State(instruments): State<Arc<Instruments>>) -> Result<Response, Damaged> {
    let report = report::page(&instruments.bundle)?;
    Ok(respond(StatusCode::OK, "text/html; charset=utf-8", report))
}

async fn status(State(instruments): State<Arc<Instruments>>) -> Result<Response, Damaged> {
    let status = serde_json::to_string(&Status::of(&instruments)?);
    let status = status.expect("strings, numbers and lists are always JSON");
    Ok(respond(StatusCode::OK, "application/json", status + "\n"))
}

async fn not_found(method: Method) -> Response {
    error_response(&method, StatusCode::NOT_FOUND, "404 Not Found\n").map(Body::new)
}

/// The bundle cannot be listed.
struct Damaged(Error);

impl From<Error> for Damaged {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Damaged {
    fn into_response(self) -> Response {
        let text = format!("500 Internal Server Error: the bundle is damaged: {}\n", self.0);
        error_response(&Method::GET, StatusCode::INTERNAL_SERVER_ERROR, text).map(Body::new)
    }
}

fn respond(status: StatusCode, media_type: &'static str, body: impl Into<Body>) -> Response {
    (status, [(CONTENT_TYPE, media_type)], body.into()).into_response()
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::Ordering::Relaxed,
        time::{Duration, Instant},
    };

    use axum::http::Request;
    use hardtack_bundle::{Bundle, CachePolicy, Coding, Fingerprint, NewAsset, Role, Writer};
    use http_body_util::BodyExt;
    use serde_json::{Value, json};
    use tokio::runtime;
    use tower_service::Service;

    use super::*;
    use crate::metrics::{
        labels::{self, HttpVersion, Policy, Refusal},
        reading::Dropped,
        tally::{Outcome, Tally},
    };

    const LOGICAL_PATH: &str = "<img src=x onerror=alert(1)>.css";

    fn bundle() -> Bundle<'static> {
        let body = b"body { color: peru }";
        let mut writer = Writer::new("/static/");
        let asset = writer.asset(NewAsset {
            logical_path: LOGICAL_PATH,
            url: "/static/a.css",
            plain_url: None,
            media_type: "text/css",
            role: Role::Pinned,
            why: "",
            fingerprint: Fingerprint::of(body),
            digest: None,
            representations: &[(Coding::Identity, body), (Coding::Br, b"shorter")],
        });
        writer.serve("/static/a.css", asset, CachePolicy::Immutable);
        Bundle::open(Vec::leak(writer.finish().unwrap())).unwrap()
    }

    /// Four requests, one of them answered with 304, and one connection.
    fn instruments() -> Arc<Instruments> {
        let tallies: [&'static Tally; 2] = [Box::leak(Box::default()), Box::leak(Box::default())];
        let outcome = Outcome {
            status: 200,
            coding: labels::Coding::Br,
            policy: Policy::Immutable,
            version: HttpVersion::Http1,
            bytes: 7,
            duration: Duration::from_millis(2),
        };
        let not_modified = Outcome { status: 304, bytes: 0, ..outcome };
        [outcome, outcome, not_modified].iter().for_each(|outcome| tallies[0].request(outcome));
        tallies[1].request(&outcome);
        tallies[1].refused(Refusal::PerAddress);
        drop(tallies[1].connection());
        Arc::new(Instruments {
            tallies: tallies.into(),
            bundle: bundle(),
            started: Instant::now(),
            is_draining: Arc::default(),
            old_workers: Arc::default(),
            sandbox: "no files & no <exec>".to_owned(),
            dropped: Dropped::default(),
            standby: Box::leak(Box::default()),
            certificate: None,
            health: None,
        })
    }

    fn ask(instruments: &Arc<Instruments>, request: Request<Body>) -> (Response<()>, String) {
        let runtime = runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let response = router(Arc::clone(instruments), &[]).call(request).await.unwrap();
            let (head, body) = response.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            (Response::from_parts(head, ()), String::from_utf8(body.into()).unwrap())
        })
    }

    #[track_caller]
    fn get(instruments: &Arc<Instruments>, path: &str, status: u16, media_type: &str) -> String {
        let (response, body) = ask(instruments, Request::get(path).body(Body::empty()).unwrap());
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(response.headers()[CONTENT_TYPE], media_type, "{path}");
        assert_guarded(&response);
        body
    }

    #[track_caller]
    fn assert_guarded(response: &Response<()>) {
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(response.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
        let policy = response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha384-"), "{policy}");
    }

    #[test]
    fn it_is_ready_until_it_drains() {
        let instruments = instruments();
        assert_eq!(get(&instruments, "/readyz", 200, TEXT), "ready\n");
        assert!(
            get(&instruments, "/metrics", 200, Exposition::Text.media_type())
                .contains("draining 0\n")
        );
        instruments.is_draining.store(true, Relaxed);
        assert_eq!(get(&instruments, "/readyz", 503, TEXT), "draining\n");
        assert_eq!(get(&instruments, "/healthz", 200, TEXT), "ok\n");
        assert!(
            get(&instruments, "/metrics", 200, Exposition::Text.media_type())
                .contains("draining 1\n")
        );
    }

    #[test]
    fn metrics_in_the_format_that_is_wanted() {
        let accept = "application/openmetrics-text; version=1.0.0";
        let request = Request::get("/metrics").header("accept", accept);
        let (response, body) = ask(&instruments(), request.body(Body::empty()).unwrap());
        assert_eq!(response.headers()[CONTENT_TYPE], Exposition::OpenMetrics.media_type());
        assert!(body.ends_with("# EOF\n"));
    }

    #[test]
    fn what_there_is_not() {
        for path in ["/nothing", "/healthz/", "/metrics/x", "/static/a.css"] {
            assert_eq!(get(&instruments(), path, 404, TEXT), "404 Not Found\n");
        }
    }

    #[track_caller]
    fn method(method: &str, path: &str, status: u16) {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let (response, body) = ask(&instruments(), request);
        assert_eq!(response.status(), status, "{method} {path}");
        assert_eq!(body, "");
        assert_guarded(&response);
    }

    #[test]
    fn methods() {
        for path in ["/", "/healthz", "/readyz", "/metrics", "/status.json"] {
            method("HEAD", path, 200);
            method("POST", path, 405);
            method("DELETE", path, 405);
        }
    }

    #[test]
    fn status_for_programs() {
        let mut status: Value =
            serde_json::from_str(&get(&instruments(), "/status.json", 200, "application/json"))
                .unwrap();
        let requests = json!({
            "total": 4, "response_bytes": 21, "not_modified_ratio": 0.25,
            "by_status": { "200": 3, "304": 1 },
            "by_coding": { "br": 4 },
            "by_policy": { "immutable": 4 },
            "by_protocol": { "http/1": 4, "h2": 0 },
        });
        assert_eq!(status["requests"], requests);
        let refused = json!({ "per_address": 1, "proxy_header": 0 });
        let connections = json!({ "open": 0, "accepted": 1, "refused": refused });
        assert_eq!(status["connections"], connections);
        assert_eq!(status["is_draining"], false);
        assert_eq!(status["sandbox"], "no files & no <exec>");
        assert_eq!(status["bundle"]["assets"][0]["logical_path"], LOGICAL_PATH);
        assert_eq!(status["bundle"]["totals"]["smallest_bytes"], 7);
        let durations = status["duration_seconds"].take();
        // The bucket from 1 to 2.5 ms holds all four.
        assert_eq!(durations["p50"], json!(0.001_75));
    }

    #[test]
    fn a_page_for_people() {
        let page = get(&instruments(), "/", 200, "text/html; charset=utf-8");
        for part in [
            "<span class=\"ready\">ready</span>",
            "<p>Sandbox: no files &amp; no &lt;exec&gt;</p>",
            "<dt>requests</dt><dd>4</dd>",
            "<dt>304 ratio</dt><dd>25.0 %</dd>",
            "<dt>p50</dt><dd>1.8 ms</dd>",
            "<tr><th scope=\"row\">200</th><td class=\"number\">3</td></tr>",
            "<p>1 asset, 20 B, compressed 7 B (65 % saved) at /static/</p>",
            "<th scope=\"row\">&lt;img src=x onerror=alert(1)&gt;.css</th><td>/static/a.css</td>\
             <td>text/css</td><td class=\"number\">20</td><td class=\"number\">–</td>\
             <td class=\"number\">7</td><td class=\"number\">–</td>",
        ] {
            assert!(page.contains(part), "{part}\n{page}");
        }
        assert!(page.contains(&bundle().release_id().to_string()));
        assert!(!page.contains("<img"));
    }

    #[test]
    fn only_health_is_told_to_other_hosts() {
        for (path, status) in [
            ("/", 421),
            ("/metrics", 421),
            ("/status.json", 421),
            ("/report", 421),
            ("/x", 421),
            ("/healthz", 200),
        ] {
            let request = Request::get(path).header("Host", "evil.example:9000");
            let (response, _) = ask(&instruments(), request.body(Body::empty()).unwrap());
            assert_eq!(response.status(), status, "{path}");
            assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        }
    }

    #[test]
    fn the_policy_lets_the_pages_have_their_styles() {
        let policy = page::content_security_policy();
        let styles = policy.to_str().unwrap().split_once("style-src ").unwrap().1;
        let styles = styles.split_once(';').unwrap().0;
        for path in ["/", "/report"] {
            let page = get(&instruments(), path, 200, "text/html; charset=utf-8");
            let style = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
            let hash = hardtack_bundle::Integrity::of(style.as_bytes());
            assert!(styles.contains(&format!("'{hash}'")), "{path}");
        }
    }

    #[test]
    fn a_damaged_bundle_is_told() {
        let response = Damaged(Bundle::open(b"").unwrap_err()).into_response();
        assert_eq!(response.status(), 500);
    }
}
