//! From a request to the response, step by step.

use bytes::Bytes;
use hardtack_bundle::{Action, Asset, Bundle, Coding, Representation};
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri,
    header::{
        ACCEPT_RANGES, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE,
        CONTENT_TYPE, ETAG, InvalidHeaderValue, LOCATION, VARY, X_CONTENT_TYPE_OPTIONS,
    },
};
use percent_encoding::{AsciiSet, utf8_percent_encode};

use crate::{
    Body,
    accept_encoding::AcceptEncoding,
    conditional::{self, Precondition},
    cors, negotiate, path,
    range::{self, Requested},
};

/// Answers a request from a bundle.
///
/// Pure: it reads the request's method, target and header fields, and nothing else. The body of
/// the response is the bundle's own memory.
///
/// | request | response |
/// |---|---|
/// | `GET`, `HEAD` of a path in the bundle | 200, 206, 301, 304, 406, 412 or 416 |
/// | `GET`, `HEAD` of another path | 404, with the site's `404.html` if it has one |
/// | a path with an invalid escape | 400 |
/// | `OPTIONS` | 204, which answers a CORS preflight |
/// | another method | 405 |
///
/// Every error has `Cache-Control: no-store`, so that no cache keeps the 404 of a file that
/// the next release has. A bundle that was damaged after it was opened yields 500.
pub fn respond<B>(bundle: &Bundle<'static>, request: &Request<B>) -> Response<Body> {
    let head = Head { method: request.method(), uri: request.uri(), headers: request.headers() };
    let mut response = answer(bundle, head).unwrap_or_else(|Damaged| internal_error());
    if bundle.cors() {
        cors::allow_origin(response.headers_mut());
    }
    if request.method() == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    response
}

/// What a request is answered by.
#[derive(Clone, Copy)]
struct Head<'a> {
    method: &'a Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
}

/// The bundle holds something that cannot be sent.
struct Damaged;

impl From<hardtack_bundle::Error> for Damaged {
    fn from(_: hardtack_bundle::Error) -> Self {
        Self
    }
}

impl From<InvalidHeaderValue> for Damaged {
    fn from(_: InvalidHeaderValue) -> Self {
        Self
    }
}

type Answer = Result<Response<Body>, Damaged>;

fn answer(bundle: &Bundle<'static>, head: Head<'_>) -> Answer {
    match *head.method {
        Method::GET | Method::HEAD => look_up(bundle, head),
        Method::OPTIONS => Ok(options(bundle, head.headers)),
        _ => Ok(method_not_allowed()),
    }
}

fn look_up(bundle: &Bundle<'static>, head: Head<'_>) -> Answer {
    let Ok(path) = path::decode(head.uri.path()) else {
        return Ok(error(StatusCode::BAD_REQUEST, "400 Bad Request\n"));
    };
    let Some(route) = bundle.route(&path)? else {
        return not_found(bundle, head.headers);
    };
    match route.action {
        Action::Serve { asset, .. } => serve(&asset, route.cache_control, head),
        Action::Redirect { location } => redirect(location, route.cache_control, head.uri.query()),
    }
}

fn serve(asset: &Asset<'static>, cache_control: &'static str, head: Head<'_>) -> Answer {
    let accepted = AcceptEncoding::of(head.headers);
    let Some(representation) = negotiate::negotiate(asset, &accepted)? else {
        return Ok(not_acceptable(asset));
    };
    match conditional::evaluate(head.headers, representation.entity_tag) {
        Precondition::Holds => select(asset, &representation, cache_control, head),
        Precondition::NotModified => not_modified(asset, &representation, cache_control),
        Precondition::Failed => {
            Ok(error(StatusCode::PRECONDITION_FAILED, "412 Precondition Failed\n"))
        }
    }
}

/// All of the representation, or the part that was asked for.
fn select(
    asset: &Asset<'static>,
    representation: &Representation<'static>,
    cache_control: &'static str,
    head: Head<'_>,
) -> Answer {
    let length = representation.body.len();
    // A range is defined for GET alone (RFC 9110 §14.2).
    let heeds_range = *head.method == Method::GET
        && conditional::if_range_holds(head.headers, representation.entity_tag);
    let requested = match heeds_range {
        true => range::requested(head.headers, length),
        false => Requested::Whole,
    };
    let mut response = match requested {
        Requested::Whole => whole(representation)?,
        Requested::Part(part) => {
            let mut response = new_response(StatusCode::PARTIAL_CONTENT);
            let content_range = format!("bytes {}-{}/{length}", part.start, part.end - 1);
            response.headers_mut().insert(CONTENT_LENGTH, part.len().into());
            response.headers_mut().insert(CONTENT_RANGE, content_range.try_into()?);
            *response.body_mut() = Body::from_static(&representation.body[part]);
            response
        }
        Requested::Unsatisfiable => return unsatisfiable(length),
    };
    describe_content(asset, representation, response.headers_mut())?;
    describe_selection(asset, representation, cache_control, response.headers_mut())?;
    Ok(response)
}

fn whole(representation: &Representation<'static>) -> Answer {
    let mut response = new_response(StatusCode::OK);
    let content_length = field_value(representation.content_length)?;
    response.headers_mut().insert(CONTENT_LENGTH, content_length);
    *response.body_mut() = Body::from_static(representation.body);
    Ok(response)
}

/// 304 with the fields that it owes (RFC 9110 §15.4.5).
fn not_modified(
    asset: &Asset<'static>,
    representation: &Representation<'static>,
    cache_control: &'static str,
) -> Answer {
    let mut response = new_response(StatusCode::NOT_MODIFIED);
    describe_selection(asset, representation, cache_control, response.headers_mut())?;
    Ok(response)
}

/// What the bytes are (RFC 9110 §8).
fn describe_content(
    asset: &Asset<'static>,
    representation: &Representation<'static>,
    headers: &mut HeaderMap,
) -> Result<(), Damaged> {
    headers.insert(CONTENT_TYPE, field_value(asset.media_type)?);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if representation.coding != Coding::Identity {
        let coding = HeaderValue::from_static(representation.coding.name());
        headers.insert(CONTENT_ENCODING, coding);
    }
    Ok(())
}

/// Which representation was selected, and who may keep it for how long.
fn describe_selection(
    asset: &Asset<'static>,
    representation: &Representation<'static>,
    cache_control: &'static str,
    headers: &mut HeaderMap,
) -> Result<(), Damaged> {
    headers.insert(ETAG, field_value(representation.entity_tag)?);
    headers.insert(CACHE_CONTROL, field_value(cache_control)?);
    describe_choice(asset, headers);
    Ok(())
}

/// That there was a choice between representations (RFC 9110 §12.5.5), if there was.
fn describe_choice(asset: &Asset<'_>, headers: &mut HeaderMap) {
    if asset.representation_count() > 1 {
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
}

/// 301 to the one address of a page, with the request's query.
fn redirect(location: &str, cache_control: &'static str, query: Option<&str>) -> Answer {
    let mut response = new_response(StatusCode::MOVED_PERMANENTLY);
    let location = match query {
        // A client may send bytes that no URI has; they are not sent back as they came.
        Some(query) => format!("{location}?{}", utf8_percent_encode(query, &AsciiSet::EMPTY)),
        None => location.to_owned(),
    };
    let headers = response.headers_mut();
    headers.insert(LOCATION, location.try_into()?);
    headers.insert(CACHE_CONTROL, field_value(cache_control)?);
    headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    Ok(response)
}

fn not_found(bundle: &Bundle<'static>, headers: &HeaderMap) -> Answer {
    let plain = || error(StatusCode::NOT_FOUND, "404 Not Found\n");
    let Some(page) = bundle.not_found()? else {
        return Ok(plain());
    };
    let Some(representation) = negotiate::negotiate(&page, &AcceptEncoding::of(headers))? else {
        return Ok(plain());
    };
    let mut response = whole(&representation)?;
    *response.status_mut() = StatusCode::NOT_FOUND;
    describe_content(&page, &representation, response.headers_mut())?;
    response.headers_mut().remove(ACCEPT_RANGES);
    response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    describe_choice(&page, response.headers_mut());
    Ok(response)
}

fn not_acceptable(asset: &Asset<'_>) -> Response<Body> {
    let mut response = error(StatusCode::NOT_ACCEPTABLE, "406 Not Acceptable\n");
    describe_choice(asset, response.headers_mut());
    response
}

fn unsatisfiable(length: usize) -> Answer {
    let status = StatusCode::RANGE_NOT_SATISFIABLE;
    let mut response = error(status, "416 Range Not Satisfiable\n");
    let content_range = format!("bytes */{length}").try_into()?;
    response.headers_mut().insert(CONTENT_RANGE, content_range);
    Ok(response)
}

/// `OPTIONS` of any target, `*` among them (RFC 9110 §9.3.7).
fn options(bundle: &Bundle<'static>, headers: &HeaderMap) -> Response<Body> {
    let mut response = new_response(StatusCode::NO_CONTENT);
    response.headers_mut().insert(ALLOW, ALLOWED_METHODS);
    response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    if bundle.cors() {
        cors::preflight(headers, response.headers_mut());
    }
    response
}

fn method_not_allowed() -> Response<Body> {
    let mut response = error(StatusCode::METHOD_NOT_ALLOWED, "405 Method Not Allowed\n");
    response.headers_mut().insert(ALLOW, ALLOWED_METHODS);
    response
}

const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

fn internal_error() -> Response<Body> {
    error(StatusCode::INTERNAL_SERVER_ERROR, "500 Internal Server Error: the bundle is damaged\n")
}

/// An error that no cache may keep, with a line for people.
fn error(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = new_response(status);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_LENGTH, text.len().into());
    headers.insert(CACHE_CONTROL, NO_STORE);
    *response.body_mut() = Body::from_static(text.as_bytes());
    response
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// A response with room for all header fields, and no body yet.
fn new_response(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    *response.headers_mut() = HeaderMap::with_capacity(12);
    response
}

/// A header field's value that borrows the bundle's memory.
fn field_value(text: &'static str) -> Result<HeaderValue, InvalidHeaderValue> {
    HeaderValue::from_maybe_shared(Bytes::from_static(text.as_bytes()))
}
