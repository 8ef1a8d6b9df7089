//! The bundle in front of an app.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use hardtack_bundle::Bundle;
use http::{Request, Response};
use http_body_util::Either;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::{Body, CacheTags, own_path::is_own, source::Source};

/// Answers requests for assets in the bundle, and passes all others on to the app.
///
/// Put it outside of sessions and other layers: assets then bypass them. Static paths are the
/// bundle's alone: all that lie below its prefixes, and, at the prefix `/`, those that are formed as
/// the hashed paths of its assets in the same folder. Where it has nothing there, it answers as
/// [`ServeBundle`](crate::ServeBundle) does: 404, which no cache keeps, or the page of a single-page
/// app. [`pass_misses`](Self::pass_misses) gives these to the app.
///
/// At other paths, it passes on what has no answer in the bundle, and methods other than `GET` and
/// `HEAD` (except the preflight of a path in the bundle).
///
/// ```
/// use axum::{Router, routing::get};
/// use hardtack::{Bundle, BundleLayer};
///
/// fn app(bundle: Bundle<'static>) -> Router {
///     Router::new().route("/hello", get(|| async { "hello" })).layer(BundleLayer::new(bundle))
/// }
/// ```
///
/// In axum, `Router::layer` sees requests to the router's own routes and its fallback. An asset at
/// the path of a route wins over the route.
#[derive(Clone, Debug)]
pub struct BundleLayer {
    source: Source,
    passes_misses: bool,
}

impl BundleLayer {
    /// A layer for that bundle.
    pub const fn new(bundle: Bundle<'static>) -> Self {
        Self { source: Source::baked(bundle), passes_misses: false }
    }

    pub(crate) fn of(source: &Source) -> Self {
        Self { source: source.clone(), passes_misses: false }
    }

    /// Passes requests on for static paths that the bundle has no answer to. The app then has to see
    /// to it that no cache keeps its 404 of a file that another release has.
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use hardtack::{Bundle, BundleLayer};
    ///
    /// // A bundle that was baked with `at = "/static/"`.
    /// fn app(bundle: Bundle<'static>) -> Router {
    ///     Router::new()
    ///         .route("/static/version", get(|| async { "7" }))
    ///         .layer(BundleLayer::new(bundle).pass_misses())
    /// }
    /// ```
    pub fn pass_misses(self) -> Self {
        Self { passes_misses: true, ..self }
    }

    /// Adds cache tags to the bundle's responses.
    ///
    /// ```
    /// use hardtack::{Bundle, BundleLayer, CacheTags};
    ///
    /// fn layer(bundle: Bundle<'static>) -> Result<BundleLayer, Box<dyn std::error::Error>> {
    ///     let tags = CacheTags::new(bundle, "Surrogate-Key".parse()?)?;
    ///     Ok(BundleLayer::new(bundle).cache_tags(tags))
    /// }
    /// ```
    pub fn cache_tags(mut self, tags: CacheTags) -> Self {
        self.source.tags = Some(tags);
        self
    }
}

impl BundleLayer {
    /// The bundle's answer; none if the request is the app's. `OPTIONS *` asks the server that the
    /// client sees (RFC 9110 §9.3.7).
    fn answer<B>(&self, request: &Request<B>) -> Option<Response<Body>> {
        self.source.answer_if_there(request).or_else(|| {
            let path = request.uri().path();
            let is_own = || !self.passes_misses && is_own(&self.source.bundle, path);
            (path == "*" || is_own()).then(|| self.source.answer(request, path))
        })
    }
}

impl<S> Layer<S> for BundleLayer {
    type Service = BundleFirst<S>;

    fn layer(&self, inner: S) -> BundleFirst<S> {
        BundleFirst { layer: self.clone(), inner }
    }
}

/// A service behind a [`BundleLayer`].
#[derive(Clone, Debug)]
pub struct BundleFirst<S> {
    layer: BundleLayer,
    inner: S,
}

impl<S, B, C> Service<Request<B>> for BundleFirst<S>
where
    S: Service<Request<B>, Response = Response<C>>,
{
    type Response = Response<Either<Body, C>>;
    type Error = S::Error;
    type Future = Answer<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Answer<S::Future> {
        match self.layer.answer(&request) {
            Some(response) => Answer::ours(response),
            None => Answer::inner(self.inner.call(request)),
        }
    }
}

pin_project! {
    /// The future of a response: the bundle's, which is ready, or the app's.
    #[derive(Debug)]
    pub struct Answer<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = Projected]
    #[derive(Debug)]
    enum State<F> {
        Ours { response: Option<Response<Body>> },
        Inner { #[pin] response: F },
    }
}

impl<F> Answer<F> {
    pub(crate) fn ours(response: Response<Body>) -> Self {
        Self { state: State::Ours { response: Some(response) } }
    }

    pub(crate) fn inner(response: F) -> Self {
        Self { state: State::Inner { response } }
    }
}

impl<F, C, E> Future for Answer<F>
where
    F: Future<Output = Result<Response<C>, E>>,
{
    type Output = Result<Response<Either<Body, C>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            Projected::Ours { response } => {
                let response = response.take().expect("a future is not polled when it is done");
                Poll::Ready(Ok(response.map(Either::Left)))
            }
            Projected::Inner { response } => {
                let response = ready!(response.poll(context))?;
                Poll::Ready(Ok(response.map(Either::Right)))
            }
        }
    }
}
