//! From a request to its response: the server's own refusals, then [`hardtack::respond()`], or the
//! bundle with the application behind it.
//!
//! Both versions of HTTP come here, and nothing here depends on which one it is but `Connection`.

mod limits;
mod pending;
mod redirect;
mod rescue;

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::atomic::Ordering::Relaxed,
    task::{Context, Poll},
};

use hardtack::{BundleLayer, error_page, error_page_named, refuse_message, respond};
use http_body_util::Either;
use hyper::{
    HeaderMap, Request, Response, StatusCode, Version,
    body::{Body as _, Incoming},
    header::{CONNECTION, RETRY_AFTER},
};
use tower_layer::Layer;
use tower_service::Service;

pub(crate) use self::{
    pending::{Answer, close_after},
    rescue::rescued,
};
use crate::{
    body::Content,
    client::Client,
    server::Server,
    thread::Thread,
    upstream::{self, Upstream},
};

/// Answers a request.
pub(crate) fn answer(
    thread: &'static Thread,
    client: Client,
    request: Request<Incoming>,
) -> Answer<Content> {
    let server = thread.server;
    let refused = refuse(server, client, &request);
    match (refused, &thread.upstream) {
        (Some(refusal), _) => Answer::now(baked(refusal, has_unread_content(&request))),
        (None, None) => Answer::now(of_bundle(server, &request).map(Content::Baked)),
        (None, Some(upstream)) => match refuse_message(&server.bundle, &request) {
            Some(refusal) => Answer::now(baked(refusal, has_unread_content(&request))),
            None => Answer::later(ask_both(server, upstream, client, request)),
        },
    }
}

/// The bundle's response to every request.
fn of_bundle(server: &Server, request: &Request<Incoming>) -> Response<hardtack::Body> {
    match &server.tags {
        Some(tags) => tags.respond(request),
        None => respond(&server.bundle, request),
    }
}

/// Whether content follows that an answer of ours leaves on the connection. HTTP/2 has streams for
/// that.
fn has_unread_content(request: &Request<Incoming>) -> bool {
    request.version() <= Version::HTTP_11 && !request.body().is_end_stream()
}

/// An answer of ours. Content that was not read might be taken for the next request, so the connection
/// ends, and the client is told (RFC 9112 §9.6).
fn baked(mut response: Response<hardtack::Body>, has_unread_content: bool) -> Response<Content> {
    if has_unread_content {
        close_after(&mut response);
    }
    response.map(Content::Baked)
}

/// The response to a request that is not looked up.
pub(crate) fn refuse<B>(
    server: &Server,
    client: Client,
    request: &Request<B>,
) -> Option<Response<hardtack::Body>> {
    #[cfg(feature = "break-out")]
    if let Some(word) = request.uri().path().strip_prefix("/break-out/") {
        return Some(crate::sandbox::break_out::answer(word));
    }
    let https = server.settings.https_redirect;
    limits::refuse(request, &server.settings.limits)
        .or_else(|| redirect::to_https(request, client, https?))
        .or_else(|| server.guard.as_ref()?.refusal(request))
}

/// The response of the bundle, or else of the application.
fn ask_both(
    server: &'static Server,
    upstream: &Upstream,
    client: Client,
    mut request: Request<Incoming>,
) -> impl Future<Output = Response<Content>> + Send + use<> {
    if let Some(guard) = &server.guard {
        guard.take_off(request.headers_mut());
    }
    let has_unread_content = has_unread_content(&request);
    let asked = server.has_error_pages.then(|| without_content(&request));
    let upstream = (!server.is_maintained.load(Relaxed)).then(|| upstream.clone());
    let is_maintained = upstream.is_none();
    let application = Application { upstream, client };
    let response = layer(server).layer(application).call(request);
    async move {
        let response = response.await.unwrap_or_else(|never| match never {});
        let (parts, body) = response.into_parts();
        match body {
            Either::Left(body) => baked(Response::from_parts(parts, body), has_unread_content),
            Either::Right(body) => {
                let asked = asked.filter(|_| matches!(body, upstream::Body::Own(_)));
                let page =
                    asked.and_then(|asked| page(server, &asked, parts.status, is_maintained));
                match page {
                    Some(page) => with_fields_of(page, &parts.headers).map(Content::Baked),
                    None => Response::from_parts(parts, Content::Upstream(Box::new(body))),
                }
            }
        }
    }
}

/// The site's page for an error of this server in the application's place.
fn page(
    server: &Server,
    asked: &Request<()>,
    status: StatusCode,
    is_maintained: bool,
) -> Option<Response<hardtack::Body>> {
    let named = is_maintained.then(|| {
        error_page_named(&server.bundle, asked, "maintenance", StatusCode::SERVICE_UNAVAILABLE)
    });
    named.flatten().or_else(|| error_page(&server.bundle, asked, status))
}

/// A request as far as a page depends on it.
fn without_content(request: &Request<Incoming>) -> Request<()> {
    let mut asked = Request::new(());
    *asked.method_mut() = request.method().clone();
    *asked.uri_mut() = request.uri().clone();
    *asked.version_mut() = request.version();
    *asked.headers_mut() = request.headers().clone();
    asked
}

/// The site's page in the place of an error in plain text, with the fields that are not about content.
fn with_fields_of(
    mut page: Response<hardtack::Body>,
    headers: &HeaderMap,
) -> Response<hardtack::Body> {
    for name in [CONNECTION, RETRY_AFTER] {
        if let Some(value) = headers.get(&name) {
            page.headers_mut().insert(name, value.clone());
        }
    }
    page
}

/// The bundle in front of the application.
fn layer(server: &Server) -> BundleLayer {
    let layer = BundleLayer::new(server.bundle);
    let layer = match &server.tags {
        Some(tags) => layer.cache_tags(tags.clone()),
        None => layer,
    };
    if server.settings.forwarding.passes_misses { layer.pass_misses() } else { layer }
}

/// The application, as what stands behind the bundle.
struct Application {
    /// `None` while it is being maintained.
    upstream: Option<Upstream>,
    client: Client,
}

impl Service<Request<Incoming>> for Application {
    type Response = Response<upstream::Body>;
    type Error = Infallible;
    type Future =
        Pin<Box<dyn Future<Output = Result<Response<upstream::Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let client = self.client;
        let Some(upstream) = self.upstream.clone() else {
            let mut response = Upstream::maintained(request.method());
            if has_unread_content(&request) {
                close_after(&mut response);
            }
            return Box::pin(async { Ok(response) });
        };
        Box::pin(async move { Ok(upstream.forward(request, client).await) })
    }
}
