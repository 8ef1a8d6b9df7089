//! `CdnGuard`: only static files through the CDN, and optionally static files only through it.

use std::{
    env, fmt,
    task::{Context, Poll},
};

use hardtack_bundle::Bundle;
use http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode};
use http_body_util::Either;
use subtle::{Choice, ConstantTimeEq};
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    Answer, Body,
    ambiguous::is_ambiguous,
    asked::Asked,
    own_path::is_own,
    path,
    pattern::{self, Matched},
    respond::response_of,
};

/// Shortest secret, in bytes.
const SHORTEST: usize = 16;
/// Most secrets at once: the old one and its successor.
const MOST: usize = 2;

/// Recognizes requests from the CDN by a secret header, which the CDN adds to each request
/// (CloudFront calls it an origin custom header).
///
/// | request | static path | another path |
/// |---|---|---|
/// | with a secret | passed on | 403: the rest of the site cannot be fetched through the CDN |
/// | without | passed on, or 403 if [`refuse_direct`](Self::refuse_direct) | passed on |
///
/// A path is static if the bundle answers it, or if it is the bundle's
/// [alone](crate::BundleLayer) and no app could take it for another path: by resolving its dot
/// segments, or by decoding it a second time. That is for `GET`, `HEAD` and `OPTIONS`; no other
/// request is one for a static path. A file of a folder at the site's root, beside another folder, is
/// never refused: browsers and crawlers ask the site's own host for it. If the bundle is the [whole
/// site](Self::whole_site), every request is for a static path.
///
/// The header is taken off before a request is passed on, so that no log contains the secret. From
/// the CDN's requests, the fields are taken off, too, by which an app could be made to see another
/// path or method, such as `X-Original-URL` and `X-HTTP-Method-Override`.
///
/// Put it outermost. No cache keeps its refusals.
///
/// ```
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
/// # use demo::demo;
/// use axum::{Router, routing::get};
/// use hardtack::CdnGuard;
///
/// let assets = demo().open()?;
/// let guard = CdnGuard::new(assets.bundle(), ["the one that the CDN sends"])?;
/// let app: Router = Router::new()
///     .route("/account", get(|| async { "yours" }))
///     .layer(assets.layer())
///     .layer(guard);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct CdnGuard {
    bundle: Bundle<'static>,
    header: HeaderName,
    secrets: Vec<String>,
    refuses_direct: bool,
    is_all_static: bool,
}

/// The reason why a guard could not be made. `main` may return it: its `Debug` is the message for
/// people.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GuardError {
    /// No secret, or more than two.
    #[error(
        "{0} secrets: a guard has one, or two while they change; in HARDTACK_CDN_SECRET, a comma \
         stands between them"
    )]
    Count(usize),
    /// A secret that is easily guessed, or that no header field can contain.
    #[error(
        "a secret of the CDN (HARDTACK_CDN_SECRET) has at least 16 characters, all of them visible \
         ASCII: make one with `openssl rand -hex 32`, and give it to the CDN too"
    )]
    Secret,
    /// A text that is no name of a header field.
    #[error("HARDTACK_CDN_HEADER: {0:?} is no name of a header field")]
    Header(String),
    /// `HARDTACK_CDN_ONLY` without a secret by which to recognize the CDN.
    #[error(
        "HARDTACK_CDN_ONLY needs HARDTACK_CDN_SECRET: without a secret, the CDN is not known from \
         others"
    )]
    NoSecret,
    /// A value that is neither yes nor no.
    #[error("HARDTACK_CDN_ONLY is 0 or 1, and not {0:?}")]
    Only(String),
}

impl fmt::Debug for GuardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl CdnGuard {
    /// The default name of the header.
    pub const HEADER: HeaderName = HeaderName::from_static("x-origin-verify");

    /// A guard that recognizes the CDN by any of these secrets: one, or two while the secret
    /// changes.
    ///
    /// # Errors
    ///
    /// If there is none or more than two, or one is shorter than 16 characters or not of visible
    /// ASCII.
    pub fn new(
        bundle: Bundle<'static>,
        secrets: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self, GuardError> {
        let secrets: Vec<String> = secrets.into_iter().map(Into::into).collect();
        if !(1..=MOST).contains(&secrets.len()) {
            return Err(GuardError::Count(secrets.len()));
        }
        if !secrets.iter().all(|secret| is_secret(secret)) {
            return Err(GuardError::Secret);
        }
        let header = Self::HEADER;
        Ok(Self { bundle, header, secrets, refuses_direct: false, is_all_static: false })
    }

    /// The guard that the environment configures, if it does.
    ///
    /// | variable | value |
    /// |---|---|
    /// | `HARDTACK_CDN_SECRET` | the secret, or two with a comma between; without it there is no guard |
    /// | `HARDTACK_CDN_HEADER` | the header's name; `x-origin-verify` if it is not set |
    /// | `HARDTACK_CDN_ONLY` | `1` to refuse static paths to requests that bypass the CDN |
    ///
    /// # Errors
    ///
    /// Those of [`CdnGuard::new`], and impossible values of the other variables.
    pub fn from_environment(bundle: Bundle<'static>) -> Result<Option<Self>, GuardError> {
        Self::parse(bundle, |name| Some(env::var_os(name)?.to_string_lossy().into_owned()))
    }

    fn parse(
        bundle: Bundle<'static>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, GuardError> {
        let variable = |name| variable(name).filter(|value| !value.is_empty());
        let Some(secrets) = variable("HARDTACK_CDN_SECRET") else {
            // `HARDTACK_CDN_ONLY` without a secret would refuse nothing, against the operator's
            // intent.
            return match variable("HARDTACK_CDN_ONLY").as_deref() {
                None | Some("0") => Ok(None),
                Some(_) => Err(GuardError::NoSecret),
            };
        };
        let mut guard = Self::new(bundle, secrets.split(',').map(str::trim))?;
        if let Some(name) = variable("HARDTACK_CDN_HEADER") {
            guard.header = name.parse().map_err(|_| GuardError::Header(name))?;
        }
        guard.refuses_direct = match variable("HARDTACK_CDN_ONLY").as_deref() {
            None | Some("0") => false,
            Some("1") => true,
            Some(other) => return Err(GuardError::Only(other.to_owned())),
        };
        Ok(Some(guard))
    }

    /// Looks for the secret in another header.
    pub fn header(self, header: HeaderName) -> Self {
        Self { header, ..self }
    }

    /// Refuses static paths to requests that bypass the CDN.
    pub fn refuse_direct(self) -> Self {
        Self { refuses_direct: true, ..self }
    }

    /// Treats every path as static. It is for a bundle without an app behind it, as with
    /// [`ServeBundle`](crate::ServeBundle): the 404s and the pages of a single-page app are then
    /// the bundle's, too.
    pub fn whole_site(self) -> Self {
        Self { is_all_static: true, ..self }
    }

    /// The response to a request that the guard refuses; none if the request may go on. It is for
    /// servers without tower. They also [take the header off](Self::take_off) if an app behind them
    /// could log it.
    ///
    /// ```
    /// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
    /// # use demo::demo;
    /// use hardtack::{CdnGuard, respond};
    /// use http::Request;
    ///
    /// let bundle = demo().bundle()?;
    /// let guard = CdnGuard::new(bundle, ["the one that the CDN sends"])?.refuse_direct();
    /// let request = Request::get("/static/css/app.css").header("host", "localhost").body(())?;
    /// let response = guard.refusal(&request).unwrap_or_else(|| respond(&bundle, &request));
    /// assert_eq!(response.status(), 403);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn refusal<B>(&self, request: &Request<B>) -> Option<Response<Body>> {
        self.judge(request).map(|why| self.refuse(request, why))
    }

    /// Takes the secret header off, which a server has to do before it passes a request on; and of a
    /// request through the CDN, the fields that could override the path or the method which
    /// [`refusal`](Self::refusal) has judged.
    pub fn take_off(&self, headers: &mut HeaderMap) {
        if self.knows(headers) {
            let names: Vec<_> = headers.keys().filter(|name| overrides(name)).cloned().collect();
            for name in names {
                headers.remove(name);
            }
        }
        headers.remove(&self.header);
    }

    /// The reason for a refusal, if the request is refused.
    fn judge<B>(&self, request: &Request<B>) -> Option<&'static str> {
        let asked = Asked::new(&self.bundle, request, request.uri().path());
        match (self.knows(request.headers()), self.is_for_static(&asked)) {
            (true, false) => Some("403 Forbidden: only static files are served through the CDN\n"),
            (false, true) if self.refuses_direct && (self.is_all_static || !is_at_root(&asked)) => {
                Some("403 Forbidden: static files are served through the CDN\n")
            }
            _ => None,
        }
    }

    /// Whether any value of the header equals any secret. All pairs are compared, each in constant
    /// time.
    fn knows(&self, headers: &HeaderMap) -> bool {
        let values = headers.get_all(&self.header).into_iter();
        let secrets = self.secrets.iter();
        let pairs = values.flat_map(|value| secrets.clone().map(move |secret| (value, secret)));
        let same = pairs.map(|(value, secret)| value.as_bytes().ct_eq(secret.as_bytes()));
        same.fold(Choice::from(0), |any, same| any | same).into()
    }

    fn is_for_static(&self, asked: &Asked<'_>) -> bool {
        let reads = matches!(*asked.method, Method::GET | Method::HEAD | Method::OPTIONS);
        self.is_all_static || (reads && self.is_static(asked))
    }

    fn is_static(&self, asked: &Asked<'_>) -> bool {
        let Ok(path) = path::decode(asked.path) else { return false };
        let is_clear = || !is_ambiguous(&path);
        self.bundle.route(&path).is_ok_and(|route| route.is_some())
            || (is_clear() && (is_own(&self.bundle, asked.path) || matches_pattern(asked, &path)))
    }

    fn refuse<B>(&self, request: &Request<B>, why: &'static str) -> Response<Body> {
        let asked = Asked::new(&self.bundle, request, request.uri().path());
        response_of(&asked, asked.error(StatusCode::FORBIDDEN, why))
    }
}

/// Whether a path belongs to a folder at the site's root beside another one. Browsers and crawlers
/// ask the site's own host for such files.
fn is_at_root(asked: &Asked<'_>) -> bool {
    let Ok(path) = path::decode(asked.path) else { return false };
    let mut prefixes = asked.bundle.prefixes();
    let is_below = |prefix: &str| prefix != "/" && path.starts_with(prefix.as_bytes());
    asked.bundle.prefixes().skip(1).any(|prefix| prefix == "/") && !prefixes.any(is_below)
}

/// Whether a pattern answers from the bundle, and not with a 404 that may be the app's.
fn matches_pattern(asked: &Asked<'_>, path: &[u8]) -> bool {
    let matched = pattern::find(asked, path).ok().flatten();
    matches!(matched, Some(Matched::Serve(_) | Matched::Redirect { .. }))
}

/// Whether apps take the field for the method or the path of the request: `X-HTTP-Method-Override`,
/// `X-Rewrite-URL`, `SCRIPT_NAME`, `X-Forwarded-Prefix` and their like.
fn overrides(name: &HeaderName) -> bool {
    const WORDS: [&str; 8] =
        ["method", "original", "override", "path", "prefix", "rewrite", "script", "uri"];
    let name = name.as_str();
    let mut words = name.split(|letter: char| !letter.is_ascii_alphanumeric());
    !name.starts_with("access-control-") && words.any(|word| WORDS.contains(&word))
}

fn is_secret(text: &str) -> bool {
    text.len() >= SHORTEST && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
}

impl fmt::Debug for CdnGuard {
    /// Without the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let guard = &mut f.debug_struct("CdnGuard");
        let guard = guard.field("header", &self.header).field("secrets", &self.secrets.len());
        guard.field("refuses_direct", &self.refuses_direct).finish_non_exhaustive()
    }
}

impl<S> Layer<S> for CdnGuard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { guard: self.clone(), inner }
    }
}

/// A service behind a [`CdnGuard`].
#[derive(Clone, Debug)]
pub struct Guarded<S> {
    guard: CdnGuard,
    inner: S,
}

impl<S, B, C> Service<Request<B>> for Guarded<S>
where
    S: Service<Request<B>, Response = Response<C>>,
{
    type Response = Response<Either<Body, C>>;
    type Error = S::Error;
    type Future = Answer<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Answer<S::Future> {
        match self.guard.refusal(&request) {
            Some(refusal) => Answer::ours(refusal),
            None => {
                self.guard.take_off(request.headers_mut());
                Answer::inner(self.inner.call(request))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(unreachable_pub, reason = "it is a module of tests, too")]
    mod demo {
        use crate as hardtack;
        include!("../tests/demo/mod.rs");
    }

    const ONE: &str = "0123456789abcdef";
    const OTHER: &str = "fedcba9876543210";

    fn bundle() -> Bundle<'static> {
        demo::demo().bundle().unwrap()
    }

    #[track_caller]
    fn says(variables: &[(&str, &str)], expected: &str) {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        let parsed = CdnGuard::parse(bundle(), |name| find(name).map(|(_, value)| (*value).into()));
        let said = match parsed {
            Ok(None) => "none".to_owned(),
            Ok(Some(guard)) => {
                format!("{} {} {}", guard.header, guard.secrets.join("|"), guard.refuses_direct)
            }
            Err(error) => format!("{error:?}"),
        };
        assert_eq!(said, expected, "{variables:?}");
    }

    #[test]
    fn the_environment() {
        let secret = ("HARDTACK_CDN_SECRET", ONE);
        says(&[], "none");
        says(&[("HARDTACK_CDN_SECRET", ""), ("HARDTACK_CDN_ONLY", "0")], "none");
        let no_secret = format!("{:?}", GuardError::NoSecret);
        says(&[("HARDTACK_CDN_SECRET", ""), ("HARDTACK_CDN_ONLY", "1")], &no_secret);
        says(&[secret], &format!("x-origin-verify {ONE} false"));
        let two = format!("{ONE}, {OTHER}");
        says(&[("HARDTACK_CDN_SECRET", &two)], &format!("x-origin-verify {ONE}|{OTHER} false"));
        says(&[secret, ("HARDTACK_CDN_HEADER", "X-Mine")], &format!("x-mine {ONE} false"));
        says(&[secret, ("HARDTACK_CDN_ONLY", "1")], &format!("x-origin-verify {ONE} true"));
        says(&[secret, ("HARDTACK_CDN_ONLY", "0")], &format!("x-origin-verify {ONE} false"));
        says(
            &[secret, ("HARDTACK_CDN_ONLY", "yes")],
            "HARDTACK_CDN_ONLY is 0 or 1, and not \"yes\"",
        );
        let header = "HARDTACK_CDN_HEADER: \"a b\" is no name of a header field";
        says(&[secret, ("HARDTACK_CDN_HEADER", "a b")], header);
        says(&[("HARDTACK_CDN_SECRET", "short")], &GuardError::Secret.to_string());
        says(&[("HARDTACK_CDN_SECRET", &format!("{ONE}é"))], &GuardError::Secret.to_string());
        says(&[("HARDTACK_CDN_SECRET", &format!("{ONE},"))], &GuardError::Secret.to_string());
        says(
            &[("HARDTACK_CDN_SECRET", &format!("{ONE},{ONE},{ONE}"))],
            &GuardError::Count(3).to_string(),
        );
        assert_eq!(CdnGuard::new(bundle(), [""; 0]).unwrap_err(), GuardError::Count(0));
    }

    #[test]
    fn secrets_are_not_shown() {
        let guard = CdnGuard::new(bundle(), [ONE, OTHER]).unwrap();
        let shown = format!("{guard:?}");
        assert!(!shown.contains(ONE) && !shown.contains(OTHER), "{shown}");
    }

    #[track_caller]
    fn knows(values: &[&str], expected: bool) {
        let guard = CdnGuard::new(bundle(), [ONE, OTHER]).unwrap();
        let headers = values.iter().map(|value| (CdnGuard::HEADER, value.parse().unwrap()));
        let mut map = HeaderMap::new();
        headers.for_each(|(name, value)| {
            map.append(name, value);
        });
        assert_eq!(guard.knows(&map), expected, "{values:?}");
    }

    #[test]
    fn any_of_the_secrets_is_known() {
        knows(&[], false);
        knows(&[ONE], true);
        knows(&[OTHER], true);
        knows(&["wrong", OTHER], true);
        knows(&[""], false);
        knows(&["0123456789abcdeF"], false);
        knows(&["0123456789abcde"], false);
        knows(&["0123456789abcdef0"], false);
        knows(&["0123456789abcdef,fedcba9876543210"], false);
    }

    #[track_caller]
    fn is_static(path: &str, expected: bool) {
        for (method, expected) in [("GET", expected), ("OPTIONS", expected), ("POST", false)] {
            let guard = CdnGuard::new(bundle(), [ONE]).unwrap();
            let request = Request::builder().method(method).uri(path).body(()).unwrap();
            let asked = Asked::new(&guard.bundle, &request, path);
            assert_eq!(guard.is_for_static(&asked), expected, "{method} {path}");
        }
    }

    #[test]
    fn static_is_what_lies_below_the_prefix() {
        is_static("/static/css/app.css", true);
        is_static("/static/css/app.000000000000.css", true);
        is_static("/static/", true);
        is_static("/stat%69c/x", true);
        is_static("/static", false);
        is_static("/", false);
        is_static("/account", false);
        is_static("/account/static/css/app.css", false);
        is_static("/static/%2e%2e%2faccount", false);
        is_static("/static/../account", false);
        is_static("/static/%252e%252e/account", false);
        is_static("/static/%c0%ae%c0%ae/account", false);
        is_static("/static/./css/app.css", false);
        is_static("/static/..css", true);
        is_static("/static/a;b/c.css", true);
        is_static("*", false);
    }

    #[track_caller]
    fn leaves(secret: &str, names: &[&str]) {
        let guard = CdnGuard::new(bundle(), [ONE]).unwrap();
        let all = ["access-control-request-method", "accept", "script_name", "x-original-url"];
        let more = ["x-http-method-override", "x-forwarded-prefix", "x-forwarded-for"];
        let pairs =
            all.iter().chain(&more).map(|name| (name.parse().unwrap(), "x".parse().unwrap()));
        let mut headers: HeaderMap = pairs.collect();
        headers.insert(CdnGuard::HEADER, secret.parse().unwrap());
        guard.take_off(&mut headers);
        let mut left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, names, "{secret}");
    }

    #[test]
    fn nothing_through_the_cdn_overrides_what_was_judged() {
        leaves(ONE, &["accept", "access-control-request-method", "x-forwarded-for"]);
        leaves(
            "a guess",
            &[
                "accept",
                "access-control-request-method",
                "script_name",
                "x-forwarded-for",
                "x-forwarded-prefix",
                "x-http-method-override",
                "x-original-url",
            ],
        );
    }
}
