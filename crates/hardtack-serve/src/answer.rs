//! From a request to its response: the server's own refusals, then [`hardtack::respond()`], or the
//! bundle with the application behind it.
//!
//! Both versions of HTTP come here, and nothing here depends on which one it is but `Connection`.

mod limits;
mod redirect;
mod rescue;

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    pin::Pin,
    task::{Context, Poll},
};

use hardtack::{BundleLayer, error_page, error_response, refuse_message, respond};
use http_body_util::Either;
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode, Version,
    body::{Body as _, Incoming},
    header::{CONNECTION, HeaderValue, RETRY_AFTER},
};
use tower_layer::Layer;
use tower_service::Service;

pub(crate) use self::rescue::rescued;
use crate::{
    body::Content,
    client::Client,
    server::Server,
    thread::Thread,
    upstream::{self, Upstream},
};

/// A response that is there, or will be.
pub(crate) enum Answer<B> {
    Now(Ready<Result<Response<B>, Infallible>>),
    Later(Pin<Box<dyn Future<Output = Result<Response<B>, Infallible>> + Send>>),
}

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
        (None, None) => Answer::now(respond(&server.bundle, &request).map(Content::Baked)),
        (None, Some(upstream)) => match refuse_message(&server.bundle, &request) {
            Some(refusal) => Answer::now(baked(refusal, has_unread_content(&request))),
            None => Answer::later(ask_both(server, upstream, client, request)),
        },
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
fn refuse(
    server: &Server,
    client: Client,
    request: &Request<Incoming>,
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
    let application = Application { upstream: upstream.clone(), client };
    let response = layer(server).layer(application).call(request);
    async move {
        let response = response.await.unwrap_or_else(|never| match never {});
        let (parts, body) = response.into_parts();
        match body {
            Either::Left(body) => baked(Response::from_parts(parts, body), has_unread_content),
            Either::Right(body) => {
                let asked = asked.filter(|_| matches!(body, upstream::Body::Own(_)));
                let page = asked.and_then(|asked| error_page(&server.bundle, &asked, parts.status));
                match page {
                    Some(page) => with_fields_of(page, &parts.headers).map(Content::Baked),
                    None => Response::from_parts(parts, Content::Upstream(Box::new(body))),
                }
            }
        }
    }
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
    if server.settings.forwarding.passes_misses { layer.pass_misses() } else { layer }
}

/// The status in the access log of a request that its client took back, as other servers have it;
/// nobody gets this response.
const CLIENT_CLOSED_REQUEST: u16 = 499;

fn taken_back() -> Response<hardtack::Body> {
    let status = StatusCode::from_u16(CLIENT_CLOSED_REQUEST).expect("it has three digits");
    error_response(&Method::GET, status, "")
}

/// Makes the response the last of its connection (RFC 9112 §9.6).
pub(crate) fn close_after<B>(response: &mut Response<B>) {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
}

impl<B: Send + 'static> Answer<B> {
    fn now(response: Response<B>) -> Self {
        Self::Now(ready(Ok(response)))
    }

    fn later(response: impl Future<Output = Response<B>> + Send + 'static) -> Self {
        Self::Later(Box::pin(async { Ok(response.await) }))
    }

    /// Gives an answer that is still to come up, with whatever is done for it, when the client takes its
    /// request back.
    pub(crate) fn unless(self, gone: impl Future<Output = ()> + Send + 'static) -> Self
    where
        B: From<hardtack::Body>,
    {
        match self {
            Self::Now(_) => self,
            Self::Later(response) => Self::Later(Box::pin(async {
                tokio::select! {
                    biased;
                    response = response => response,
                    () = gone => Ok(taken_back().map(B::from)),
                }
            })),
        }
    }

    /// Finishes the response when it is there.
    pub(crate) fn then<C: Send + 'static>(
        self,
        finish: impl FnOnce(Response<B>) -> Response<C> + Send + 'static,
    ) -> Answer<C> {
        match self {
            Self::Now(response) => {
                let response = response.into_inner().unwrap_or_else(|never| match never {});
                Answer::now(finish(response))
            }
            Self::Later(response) => Answer::Later(Box::pin(async { response.await.map(finish) })),
        }
    }
}

impl<B> Future for Answer<B> {
    type Output = Result<Response<B>, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Now(response) => Pin::new(response).poll(context),
            Self::Later(response) => response.as_mut().poll(context),
        }
    }
}

/// The application, as what stands behind the bundle.
struct Application {
    upstream: Upstream,
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
        let (upstream, client) = (self.upstream.clone(), self.client);
        Box::pin(async move { Ok(upstream.forward(request, client).await) })
    }
}
