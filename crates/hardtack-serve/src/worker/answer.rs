//! From a request of a connection to its response: what the process adds to
//! [`hardtack::respond()`], and the application behind it.

use std::{
    convert::Infallible,
    error::Error,
    future::{Future, Ready, ready},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use hardtack::{BundleLayer, refuse_message, respond};
use http_body_util::Either;
use hyper::{
    Request, Response, StatusCode, Version,
    body::{Body as _, Incoming},
    header::{CONNECTION, HeaderValue},
    service::Service,
};
use tower_layer::Layer;
use tower_service::Service as TowerService;

use super::{
    Shared,
    body::Sent,
    client,
    exchange::Exchange,
    limits,
    progress::{OpenStream, Phase, Progress},
    redirect,
};
use crate::{
    access_log::Entry,
    metrics::tally::Outcome,
    upstream::{self, Client, Upstream},
};

/// Answers the requests of a connection.
#[derive(Clone)]
pub(crate) struct Handler {
    progress: Arc<Progress>,
    is_http2: bool,
}

/// What answers from memory, or from the application: the latter in a box, since a response is
/// moved some times on its way, and the former is what it mostly is.
pub(crate) type Content = Either<hardtack::Body, Box<upstream::Body>>;

impl Handler {
    pub(crate) fn of_http1(progress: Arc<Progress>) -> Self {
        Self { progress, is_http2: false }
    }

    pub(crate) fn of_http2(progress: Arc<Progress>) -> Self {
        Self { progress, is_http2: true }
    }

    pub(crate) fn progress(&self) -> &Arc<Progress> {
        &self.progress
    }

    pub(crate) fn shared(&self) -> &'static Shared {
        self.progress.thread.shared
    }

    /// Whether the connection has had all the requests, or all the time, that it has.
    pub(crate) fn is_used_up(&self) -> bool {
        let limits = &self.shared().settings.limits;
        self.progress.requests() >= limits.requests || self.progress.age() >= limits.connection_age
    }

    /// The response that needs no waiting, if this is one.
    fn at_once(&self, request: &Request<Incoming>, client: Client) -> Option<Response<Content>> {
        let shared = self.shared();
        #[cfg(feature = "break-out")]
        if let Some(word) = request.uri().path().strip_prefix("/break-out/") {
            return Some(crate::sandbox::break_out::answer(word).map(Either::Left));
        }
        let response = limits::refuse(request, &shared.settings.limits)
            .or_else(|| {
                let port = shared.settings.https_redirect?;
                redirect::to_https(request, client, port)
            })
            .or_else(|| shared.guard.as_ref()?.refusal(request))
            .or_else(|| match &self.progress.thread.upstream {
                None => Some(respond(&shared.bundle, request)),
                Some(_) => refuse_message(&shared.bundle, request),
            });
        response.map(|response| response.map(Either::Left))
    }

    /// The response of the bundle, or else of the application.
    fn later(
        &self,
        request: Request<Incoming>,
        client: Client,
        upstream: &Upstream,
    ) -> impl Future<Output = Response<Content>> + Send + use<> {
        let application = Application { upstream: upstream.clone(), client };
        let mut site = BundleLayer::new(self.shared().bundle).layer(application);
        let has_content = !request.body().is_end_stream();
        let is_http1 = request.version() <= Version::HTTP_11;
        let answer = site.call(self.without_secret(request));
        async move {
            let mut response = answer.await.unwrap_or_else(|never| match never {});
            // Content that the bundle has not read might be taken for the next request.
            if is_http1 && has_content && matches!(response.body(), Either::Left(_)) {
                close_after(&mut response);
            }
            response.map(|body| match body {
                Either::Left(baked) => Either::Left(baked),
                Either::Right(proxied) => Either::Right(Box::new(proxied)),
            })
        }
    }

    fn without_secret(&self, mut request: Request<Incoming>) -> Request<Incoming> {
        if let Some(guard) = &self.shared().guard {
            guard.take_off(request.headers_mut());
        }
        request
    }
}

impl Service<Request<Incoming>> for Handler {
    type Response = Response<Sent>;
    type Error = Infallible;
    type Future = Answer;

    fn call(&self, request: Request<Incoming>) -> Answer {
        let started = Started::new(self, &request);
        match self.at_once(&request, started.client) {
            Some(response) => Answer::Now(ready(Ok(started.finish(self, response)))),
            None => {
                let upstream = self.progress.thread.upstream.as_ref();
                let upstream = upstream.expect("without one, every request is answered at once");
                let response = self.later(request, started.client, upstream);
                let handler = self.clone();
                Answer::Later(Box::pin(async move { Ok(started.finish(&handler, response.await)) }))
            }
        }
    }
}

/// The response, which is there, or will be.
pub(crate) enum Answer {
    Now(Ready<Result<Response<Sent>, Infallible>>),
    Later(Pin<Box<dyn Future<Output = Result<Response<Sent>, Infallible>> + Send>>),
}

impl Future for Answer {
    type Output = Result<Response<Sent>, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Now(response) => Pin::new(response).poll(context),
            Self::Later(response) => response.as_mut().poll(context),
        }
    }
}

/// A request that has come.
struct Started {
    client: Client,
    begun: Instant,
    version: Version,
    entry: Option<Box<Entry>>,
    /// Of HTTP/2. The request may be taken back before it has a response.
    stream: Option<OpenStream>,
}

impl Started {
    fn new(handler: &Handler, request: &Request<Incoming>) -> Self {
        let progress = &handler.progress;
        progress.count_request();
        let stream = handler.is_http2.then(|| OpenStream::new(progress));
        if stream.is_none() {
            progress.enter(Phase::Answering);
        }
        let client = client::of(progress.peer, request.headers(), &handler.shared().settings.trust);
        let log = progress.thread.access_log.as_ref();
        let entry = log.map(|log| Box::new(log.begin(request, client.address)));
        Self { client, begun: progress.since(), version: request.version(), entry, stream }
    }

    fn finish(self, handler: &Handler, mut response: Response<Content>) -> Response<Sent> {
        let Self { begun, version, entry, stream, .. } = self;
        let is_tunnel = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        // A tunnel has no further request, and `Connection` is what makes it one.
        if version <= Version::HTTP_11 && !is_tunnel && handler.is_last_request() {
            close_after(&mut response);
        }
        let outcome = Outcome::of(&response, version);
        let thread = handler.progress.thread;
        let exchange = Exchange { thread, begun, outcome, entry, ended: None };
        let progress = Arc::clone(&handler.progress);
        let response = response.map(|content| match stream {
            Some(stream) => Sent::over_http2(content, progress, exchange, stream),
            None => Sent::over_http1(content, progress, exchange),
        });
        if is_tunnel {
            handler.progress.enter(Phase::Other);
            // The exchange is over; what the tunnel carries is none.
            handler.progress.sent(Instant::now());
        }
        response
    }
}

impl Handler {
    /// Whether the connection ends with this response.
    fn is_last_request(&self) -> bool {
        self.shared().is_closing() || self.is_used_up()
    }
}

/// Makes the response the last of its connection (RFC 9112 §9.6).
fn close_after<B>(response: &mut Response<B>) {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
}

/// The application, as what stands behind the bundle.
struct Application {
    upstream: Upstream,
    client: Client,
}

impl TowerService<Request<Incoming>> for Application {
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

/// Why a body ends before its end.
pub(crate) type BodyError = Box<dyn Error + Send + Sync>;
