//! From a request to the response, step by step.

use hardtack_bundle::{Action, Bundle, Route};
use http::{
    HeaderValue, Method, Request, Response, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, LOCATION},
};
use percent_encoding::{AsciiSet, utf8_percent_encode};

use crate::{
    Body, CacheTags, accept,
    asked::{Answer, Asked, Damaged},
    cors,
    error_response::{NO_STORE, error_response},
    fields::{self, value},
    message::{self, Refusal},
    path,
    pattern::{self, Matched},
    select::{self, not_found_page, serve},
    vary,
};

/// Answers a request from a bundle, as an origin server does.
///
/// ```
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
/// # use demo::demo;
/// use hardtack::respond;
/// use http::Request;
///
/// let bundle = demo().bundle()?;
/// let request = Request::get("/static/css/app.css").header("host", "localhost").body(())?;
/// let response = respond(&bundle, &request);
/// assert_eq!(response.headers()["cache-control"], "public, max-age=60");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Pure: it reads the request's method, target, version and header fields, and nothing else. The
/// body of the response is the bundle's own memory.
///
/// | request | response |
/// |---|---|
/// | `GET`, `HEAD` of a path in the bundle | 200, 206, 304, 406, 412 or 416, or a redirect |
/// | `GET`, `HEAD` of another path that a pattern matches | a redirect, 200 or 404, as it says |
/// | `GET`, `HEAD` of another path | 404, with the site's `404.html` if it has one |
/// | a navigation to another path, if the site is a single-page app | its page |
/// | a path with an invalid escape | 400 |
/// | a target of more than 8,192 bytes | 414 |
/// | a missing, second or invalid `Host`; `GET` or `HEAD` with content | 400 |
/// | `OPTIONS` | 204, which answers a CORS preflight |
/// | another method | 405 |
///
/// Every error has `Cache-Control: no-store`, so that no cache keeps the 404 of a file that the
/// next release has. Content of a request is not read: the connection is closed after the response.
/// A damaged record of the bundle yields 500.
pub fn respond<B>(bundle: &Bundle<'static>, request: &Request<B>) -> Response<Body> {
    respond_to(&Asked::new(bundle, request, request.uri().path()))
}

impl CacheTags {
    /// Answers a request from the bundle as [`respond`] does, with tags.
    pub fn respond<B>(&self, request: &Request<B>) -> Response<Body> {
        let asked = Asked::new(self.bundle(), request, request.uri().path());
        respond_to(&Asked { tags: Some(self), ..asked })
    }
}

/// Checks the message of a request, and answers it.
fn respond_to(asked: &Asked<'_>) -> Response<Body> {
    let mut response = match message::check(asked.method, asked.uri, asked.version, asked.headers) {
        Ok(()) => answer(asked),
        Err(refusal) => refuse(asked, refusal),
    };
    if message::has_content(asked.headers) {
        asked.close_after(&mut response);
    }
    response
}

/// The response to a request whose message an origin server has to refuse, whatever its path:
/// without a valid `Host`, or with a target that is too long. None if the request may be answered.
///
/// [`respond`] does this by itself. This function is for servers with an application behind the
/// bundle, which may expect content.
pub fn refuse_message<B>(bundle: &Bundle<'static>, request: &Request<B>) -> Option<Response<Body>> {
    let asked = Asked::new(bundle, request, request.uri().path());
    match message::check(asked.method, asked.uri, asked.version, asked.headers) {
        Ok(()) | Err(Refusal::Content) => None,
        Err(refusal) => Some(refuse(&asked, refusal)),
    }
}

/// The page of the bundle for an error of that status, such as `502.html`: at the site's root or
/// at the top of the asset folder, and named after the status. None if there is none, or the client does not accept it.
///
/// It is for servers with an application behind the bundle, whose errors are not the bundle's. No cache
/// keeps the response.
///
/// ```
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
/// # use demo::demo;
/// use hardtack::error_page;
/// use http::{Request, StatusCode};
///
/// let bundle = demo().bundle()?;
/// let request = Request::get("/account").body(())?;
/// assert!(error_page(&bundle, &request, StatusCode::NOT_FOUND).is_some());
/// assert!(error_page(&bundle, &request, StatusCode::BAD_GATEWAY).is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn error_page<B>(
    bundle: &Bundle<'static>,
    request: &Request<B>,
    status: StatusCode,
) -> Option<Response<Body>> {
    error_page_named(bundle, request, status.as_str(), status)
}

/// The page of this name for an error, such as `maintenance` for `maintenance.html`, as
/// [`error_page`] has it.
pub fn error_page_named<B>(
    bundle: &Bundle<'static>,
    request: &Request<B>,
    name: &str,
    status: StatusCode,
) -> Option<Response<Body>> {
    let asked = Asked::new(bundle, request, request.uri().path());
    // A page of the site's root comes before that of the first folder.
    let page = ["/", bundle.at()].into_iter().find_map(|prefix| {
        let path = format!("{prefix}{name}.html");
        let route = bundle.route(path.as_bytes()).ok().flatten();
        route.filter(|route| matches!(route.action, Action::Serve(_)))
    });
    let mut response = select::error_page(&asked, &page?, status).ok().flatten()?;
    if asked.method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    Some(response)
}

/// The answer to a request whose target is longer than so many bytes: 414. None if it is not.
///
/// [`respond`] and [`refuse_message`] have a limit of 8,192 bytes. It is for servers that have a
/// lower one.
///
/// ```
/// use hardtack::refuse_long_target;
/// use http::Request;
///
/// let request = Request::get("/?a=b").body(())?;
/// assert!(refuse_long_target(&request, 5).is_none());
/// assert_eq!(refuse_long_target(&request, 4).unwrap().status(), 414);
/// # Ok::<(), http::Error>(())
/// ```
pub fn refuse_long_target<B>(request: &Request<B>, longest: usize) -> Option<Response<Body>> {
    let length = message::target_length(request.uri(), request.version());
    let (status, text) = TARGET_TOO_LONG;
    (length > longest).then(|| error_response(request.method(), status, text))
}

/// Answers a request whose message the server has checked already.
pub(crate) fn answer(asked: &Asked<'_>) -> Response<Body> {
    answer_with(asked, look_up)
}

/// Answers such a request, with the caller's lookup of the path.
pub(crate) fn answer_with(
    asked: &Asked<'_>,
    look_up: impl FnOnce(&Asked<'_>) -> Answer,
) -> Response<Body> {
    let answer = match *asked.method {
        Method::GET | Method::HEAD => look_up(asked),
        Method::OPTIONS => Ok(options(asked)),
        _ => Ok(method_not_allowed(asked)),
    };
    let mut response = answer.unwrap_or_else(|Damaged| asked.internal_error());
    if let Some(tags) = asked.tags.filter(|_| is_error(response.status())) {
        tags.tag_error(&mut response);
    }
    if asked.method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    response
}

fn is_error(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}

/// Answers a request that the bundle has an answer for; none for any other.
pub(crate) fn answer_if_baked(asked: &Asked<'_>) -> Option<Response<Body>> {
    let path = asked.path_of_asset()?;
    match asked.bundle.route(&path) {
        Ok(None) => match pattern::find(asked, &path) {
            // The 404 is the app's.
            Ok(None | Some(Matched::Missing(_))) => None,
            Ok(Some(_)) | Err(_) => Some(answer(asked)),
        },
        // A damaged route is answered with a 500.
        Ok(Some(_)) | Err(_) => Some(answer(asked)),
    }
}

fn look_up(asked: &Asked<'_>) -> Answer {
    let Ok(path) = path::decode(asked.path) else {
        return Ok(asked.invalid_path());
    };
    match asked.bundle.route(&path)? {
        Some(route) => follow(asked, &route),
        None => match pattern::find(asked, &path)? {
            Some(matched) => send(asked, &path, matched),
            None => fall_back(asked, &path),
        },
    }
}

/// Answers by a pattern.
pub(crate) fn send(asked: &Asked<'_>, path: &[u8], matched: Matched) -> Answer {
    match matched {
        Matched::Redirect { route, status, location } => {
            Ok(tagged(asked, &route, redirect(asked, &route, status, &location)?))
        }
        Matched::Missing(route) => not_found_page_or(asked, Some(&route)),
        Matched::Serve(route) => {
            let mut response = follow(asked, &route)?;
            if pattern::needs_navigation(&route, path) {
                vary::on("Accept", response.headers_mut());
            }
            Ok(response)
        }
    }
}

fn fall_back(asked: &Asked<'_>, path: &[u8]) -> Answer {
    let Some(page) = fallback(asked, path)? else {
        return not_found_page_or(asked, asked.bundle.not_found()?.as_ref());
    };
    let mut response = follow(asked, &page)?;
    vary::on("Accept", response.headers_mut());
    Ok(response)
}

pub(crate) fn follow(asked: &Asked<'_>, route: &Route<'static>) -> Answer {
    let response = match route.action {
        Action::Serve(asset) => serve(asked, &asset, route),
        Action::Missing(_) => not_found_page_or(asked, Some(route)),
        Action::Redirect { status, location } => redirect(asked, route, status, location),
    };
    Ok(tagged(asked, route, response?))
}

fn tagged(
    asked: &Asked<'_>,
    route: &Route<'static>,
    mut response: Response<Body>,
) -> Response<Body> {
    // An error has tags of its own.
    if let Some(tags) = asked.tags.filter(|_| !is_error(response.status())) {
        tags.tag(route, &mut response);
    }
    response
}

/// The page of a single-page app, if the site is one and the request is a navigation below one
/// of its prefixes. A path with an extension names a file, and gets no page.
pub(crate) fn fallback(asked: &Asked<'_>, path: &[u8]) -> Result<Option<Route<'static>>, Damaged> {
    let Some(route) = asked.bundle.fallback()? else { return Ok(None) };
    let is_navigation = asked.bundle.prefixes().any(|prefix| path.starts_with(prefix.as_bytes()))
        && !path::has_extension(path)
        && accept::wants_page(asked.headers);
    Ok(is_navigation.then_some(route))
}

/// Redirects to a location, with the request's query unless the location has a query or a fragment.
pub(crate) fn redirect(
    asked: &Asked<'_>,
    route: &Route<'static>,
    status: u16,
    location: &str,
) -> Answer {
    let status = StatusCode::from_u16(status).map_err(|_| Damaged)?;
    let mut response = asked.response(status);
    let location = match asked.uri.query() {
        // A client may send bytes that are not allowed in a URI: they are escaped.
        Some(query) if !location.contains(['?', '#']) => {
            format!("{location}?{}", utf8_percent_encode(query, &AsciiSet::EMPTY))
        }
        _ => location.to_owned(),
    };
    let headers = response.headers_mut();
    headers.insert(LOCATION, location.try_into()?);
    headers.insert(CACHE_CONTROL, value(route.cache_control)?);
    headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    fields::apply(route, headers)?;
    Ok(response)
}

/// 404, with the page of a route if there is one that the client accepts.
pub(crate) fn not_found_page_or(asked: &Asked<'_>, route: Option<&Route<'static>>) -> Answer {
    let page = route.map(|route| not_found_page(asked, route)).transpose()?.flatten();
    Ok(page.unwrap_or_else(|| asked.not_found()))
}

const TARGET_TOO_LONG: (StatusCode, &str) = (StatusCode::URI_TOO_LONG, "414 URI Too Long\n");

fn refuse(asked: &Asked<'_>, refusal: Refusal) -> Response<Body> {
    let (status, text) = match refusal {
        Refusal::Host => (StatusCode::BAD_REQUEST, "400 Bad Request: one valid Host is needed\n"),
        Refusal::WhiteSpace => (StatusCode::BAD_REQUEST, "400 Bad Request: a field is malformed\n"),
        Refusal::Content => {
            (StatusCode::BAD_REQUEST, "400 Bad Request: GET and HEAD have no content\n")
        }
        Refusal::TargetTooLong => TARGET_TOO_LONG,
    };
    let mut response = asked.error(status, text);
    asked.close_after(&mut response);
    response
}

/// `OPTIONS` of any target, `*` among them (RFC 9110 §9.3.7).
fn options(asked: &Asked<'_>) -> Response<Body> {
    let mut response = asked.response(StatusCode::NO_CONTENT);
    response.headers_mut().insert(ALLOW, ALLOWED_METHODS);
    response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    if asked.bundle.origins() != hardtack_bundle::Origins::None {
        cors::preflight(asked.headers, response.headers_mut());
    }
    response
}

fn method_not_allowed(asked: &Asked<'_>) -> Response<Body> {
    let mut response = asked.error(StatusCode::METHOD_NOT_ALLOWED, "405 Method Not Allowed\n");
    response.headers_mut().insert(ALLOW, ALLOWED_METHODS);
    response
}

const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");
