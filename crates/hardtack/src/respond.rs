//! From a request to the response, step by step.

use std::borrow::Cow;

use hardtack_bundle::{Action, Bundle, Route};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use percent_encoding::{AsciiSet, utf8_percent_encode};

use crate::{
    Body, CacheTags, accept,
    asked::{Answer, Asked},
    cors,
    error_response::error_response,
    fields,
    message::{self, Refusal},
    path,
    pattern::{self, Matched},
    reply::{Content, Damaged, NO_STORE, Reply, Value},
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
    let asked = Asked::new(bundle, request, request.uri().path());
    respond_to(&asked, request.uri(), request.headers())
}

impl CacheTags {
    /// Answers a request from the bundle as [`respond`] does, with tags.
    pub fn respond<B>(&self, request: &Request<B>) -> Response<Body> {
        let asked = Asked::new(self.bundle(), request, request.uri().path());
        respond_to(&Asked { tags: Some(self), ..asked }, request.uri(), request.headers())
    }
}

/// Checks the message of a request, and answers it.
fn respond_to(asked: &Asked<'_>, uri: &Uri, headers: &HeaderMap) -> Response<Body> {
    let mut reply = match message::check(asked.method, uri, asked.version, headers) {
        Ok(()) => answer(asked),
        Err(refusal) => refuse(asked, refusal),
    };
    if message::has_content(headers) {
        asked.close_after(&mut reply);
    }
    response_of(asked, reply)
}

/// A reply in the types of an HTTP library; 500 if it has a value that cannot be sent.
pub(crate) fn response_of(asked: &Asked<'_>, reply: Reply<'_>) -> Response<Body> {
    reply.into_response().unwrap_or_else(|Damaged| {
        let error = asked.internal_error().into_response();
        error.unwrap_or_else(|Damaged| unreachable!("the program's own fields can be sent"))
    })
}

/// The response to a request whose message an origin server has to refuse, whatever its path:
/// without a valid `Host`, or with a target that is too long. None if the request may be answered.
///
/// [`respond`] does this by itself. This function is for servers with an application behind the
/// bundle, which may expect content.
pub fn refuse_message<B>(bundle: &Bundle<'static>, request: &Request<B>) -> Option<Response<Body>> {
    let asked = Asked::new(bundle, request, request.uri().path());
    match message::check(asked.method, request.uri(), asked.version, request.headers()) {
        Ok(()) | Err(Refusal::Content) => None,
        Err(refusal) => Some(response_of(&asked, refuse(&asked, refusal))),
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
    let mut reply = select::error_page(&asked, &page?, status).ok().flatten()?;
    if asked.method == Method::HEAD {
        reply.content = Content::NONE;
    }
    reply.into_response().ok()
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
pub(crate) fn answer<'a>(asked: &Asked<'a>) -> Reply<'a> {
    answer_with(asked, look_up)
}

/// Answers such a request, with the caller's lookup of the path.
pub(crate) fn answer_with<'a>(
    asked: &Asked<'a>,
    look_up: impl FnOnce(&Asked<'a>) -> Answer<'a>,
) -> Reply<'a> {
    let answer = match *asked.method {
        Method::GET | Method::HEAD => look_up(asked),
        Method::OPTIONS => Ok(options(asked)),
        _ => Ok(method_not_allowed(asked)),
    };
    let mut reply = answer.unwrap_or_else(|Damaged| asked.internal_error());
    if let Some(tags) = asked.tags.filter(|_| is_error(reply.status)) {
        tags.tag_error(&mut reply);
    }
    if asked.method == Method::HEAD {
        reply.content = Content::NONE;
    }
    reply
}

fn is_error(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}

/// Answers a request that the bundle has an answer for; none for any other.
pub(crate) fn answer_if_baked<'a>(asked: &Asked<'a>) -> Option<Reply<'a>> {
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

fn look_up<'a>(asked: &Asked<'a>) -> Answer<'a> {
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
pub(crate) fn send<'a>(asked: &Asked<'a>, path: &[u8], matched: Matched) -> Answer<'a> {
    match matched {
        Matched::Redirect { route, status, location } => {
            Ok(tagged(asked, &route, redirect(asked, &route, status, location.into())?))
        }
        Matched::Missing(route) => not_found_page_or(asked, Some(&route)),
        Matched::Serve(route) => {
            let mut reply = follow(asked, &route)?;
            if pattern::needs_navigation(&route, path) {
                vary::on("Accept", &mut reply.fields);
            }
            Ok(reply)
        }
    }
}

fn fall_back<'a>(asked: &Asked<'a>, path: &[u8]) -> Answer<'a> {
    let Some(page) = fallback(asked, path)? else {
        return not_found_page_or(asked, asked.bundle.not_found()?.as_ref());
    };
    let mut reply = follow(asked, &page)?;
    vary::on("Accept", &mut reply.fields);
    Ok(reply)
}

pub(crate) fn follow<'a>(asked: &Asked<'a>, route: &Route<'static>) -> Answer<'a> {
    let reply = match route.action {
        Action::Serve(asset) => serve(asked, &asset, route),
        Action::Missing(_) => not_found_page_or(asked, Some(route)),
        Action::Redirect { status, location } => redirect(asked, route, status, location.into()),
    };
    Ok(tagged(asked, route, reply?))
}

fn tagged<'a>(asked: &Asked<'a>, route: &Route<'static>, mut reply: Reply<'a>) -> Reply<'a> {
    // An error has tags of its own.
    if let Some(tags) = asked.tags.filter(|_| !is_error(reply.status)) {
        tags.tag(route, &mut reply);
    }
    reply
}

/// The page of a single-page app, if the site is one and the request is a navigation below one
/// of its prefixes. A path with an extension names a file, and gets no page.
pub(crate) fn fallback(asked: &Asked<'_>, path: &[u8]) -> Result<Option<Route<'static>>, Damaged> {
    let Some(route) = asked.bundle.fallback()? else { return Ok(None) };
    let is_navigation = asked.bundle.prefixes().any(|prefix| path.starts_with(prefix.as_bytes()))
        && !path::has_extension(path)
        && accept::wants_page(asked.fields);
    Ok(is_navigation.then_some(route))
}

/// Redirects to a location, with the request's query unless the location has a query or a fragment.
pub(crate) fn redirect<'a>(
    asked: &Asked<'a>,
    route: &Route<'static>,
    status: u16,
    location: Cow<'static, str>,
) -> Answer<'a> {
    let status = StatusCode::from_u16(status).map_err(|_| Damaged)?;
    let mut reply = asked.reply(status);
    let location = match asked.query {
        // A client may send bytes that are not allowed in a URI: they are escaped.
        Some(query) if !location.contains(['?', '#']) => {
            format!("{location}?{}", utf8_percent_encode(query, &AsciiSet::EMPTY)).into()
        }
        _ => location,
    };
    let location = match location {
        Cow::Borrowed(location) => Value::Static(location),
        Cow::Owned(location) => Value::Made(location),
    };
    reply.fields.insert("location", location);
    reply.fields.insert("cache-control", Value::Static(route.cache_control));
    reply.fields.insert("content-length", Value::Static("0"));
    fields::apply(route, &mut reply.fields)?;
    Ok(reply)
}

/// 404, with the page of a route if there is one that the client accepts.
pub(crate) fn not_found_page_or<'a>(
    asked: &Asked<'a>,
    route: Option<&Route<'static>>,
) -> Answer<'a> {
    let page = route.map(|route| not_found_page(asked, route)).transpose()?.flatten();
    Ok(page.unwrap_or_else(|| asked.not_found()))
}

const TARGET_TOO_LONG: (StatusCode, &str) = (StatusCode::URI_TOO_LONG, "414 URI Too Long\n");

fn refuse<'a>(asked: &Asked<'a>, refusal: Refusal) -> Reply<'a> {
    let (status, text) = match refusal {
        Refusal::Host => (StatusCode::BAD_REQUEST, "400 Bad Request: one valid Host is needed\n"),
        Refusal::WhiteSpace => (StatusCode::BAD_REQUEST, "400 Bad Request: a field is malformed\n"),
        Refusal::Content => {
            (StatusCode::BAD_REQUEST, "400 Bad Request: GET and HEAD have no content\n")
        }
        Refusal::TargetTooLong => TARGET_TOO_LONG,
    };
    let mut reply = asked.error(status, text);
    asked.close_after(&mut reply);
    reply
}

/// `OPTIONS` of any target, `*` among them (RFC 9110 §9.3.7).
fn options<'a>(asked: &Asked<'a>) -> Reply<'a> {
    let mut reply = asked.reply(StatusCode::NO_CONTENT);
    reply.fields.insert("allow", ALLOWED_METHODS);
    reply.fields.insert("cache-control", NO_STORE);
    if asked.bundle.origins() != hardtack_bundle::Origins::None {
        cors::preflight(asked.fields, &mut reply.fields);
    }
    reply
}

fn method_not_allowed<'a>(asked: &Asked<'a>) -> Reply<'a> {
    let mut reply = asked.error(StatusCode::METHOD_NOT_ALLOWED, "405 Method Not Allowed\n");
    reply.fields.insert("allow", ALLOWED_METHODS);
    reply
}

const ALLOWED_METHODS: Value<'static> = Value::Static("GET, HEAD, OPTIONS");
