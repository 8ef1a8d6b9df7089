//! The paths that are judged.

use std::collections::BTreeSet;

use hardtack::Body;
use hardtack_bundle::{Asset, Bundle, Coding, Representation};
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, HOST},
};

use super::{
    ask::{Ask, Turn},
    list::members,
};

/// The value of `Accept-Encoding` that browsers send.
pub(super) const BROWSER: &str = "gzip, deflate, br, zstd";
pub(super) const IDENTITY: &str = "identity";

/// A path, with the release that answers there.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) bundle: Bundle<'static>,
    /// Percent-encoded; begins with `/`.
    pub(super) path: String,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "nearly all are assets")]
pub(super) enum Kind {
    /// An asset, at one of its paths.
    Asset(Asset<'static>),
    Redirect,
    /// A path that is formed as a hashed one of the release, which has none like it.
    Missing,
    /// A path that is not the release's, but perhaps that of an application behind it.
    Outside,
    /// The first asset, as the one that stands for the connection.
    Connection,
}

/// The answer of the release itself.
pub(super) struct Expected {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
}

impl Subject {
    /// The answer that the release gives to that request.
    pub(super) fn expected(&self, ask: &Ask) -> Expected {
        let Ok(response) = self.response(ask) else {
            return Expected { status: StatusCode::NOT_FOUND, headers: HeaderMap::new() };
        };
        let (head, _) = response.into_parts();
        Expected { status: head.status, headers: head.headers }
    }

    /// The response of the release itself.
    pub(super) fn response(&self, ask: &Ask) -> http::Result<Response<Body>> {
        let mut request = ask.request(&self.path)?;
        request.headers_mut().insert(HOST, HeaderValue::from_static("localhost"));
        Ok(hardtack::respond(&self.bundle, &request))
    }

    pub(super) fn asset(&self) -> Option<&Asset<'static>> {
        match &self.kind {
            Kind::Asset(asset) => Some(asset),
            _ => None,
        }
    }

    /// The representations of the asset; none of a subject that is no asset.
    pub(super) fn representations(&self) -> Vec<Representation<'static>> {
        self.asset().map(|it| it.representations().flatten().collect()).unwrap_or_default()
    }

    /// The requests for the asset in each coding, and again: as browsers ask, then coding by coding. The
    /// order is such that a cache which keeps one object for all has a compressed one.
    pub(super) fn in_codings(&self) -> Vec<Ask> {
        if self.asset().is_none() {
            return Vec::new();
        }
        let has_zstd = self.representations().iter().any(|it| it.coding == Coding::Zstd);
        let zstd = has_zstd.then_some(Coding::Zstd.name());
        let accepted = [BROWSER, Coding::Br.name(), Coding::Gzip.name()].into_iter();
        let first = accepted.chain(zstd).chain([IDENTITY]).map(Ask::accepting);
        let first: Vec<_> = first.collect();
        let again = first.iter().map(|ask| ask.clone().again(Turn::Again(1)));
        first.iter().cloned().chain(again).collect()
    }

    /// Whether a shared cache may answer a second request without asking (RFC 9111 §3).
    pub(super) fn may_be_kept(&self) -> bool {
        let expected = self.expected(&Ask::accepting(BROWSER));
        let directives = directives(&expected.headers);
        let forbids = ["no-store", "no-cache", "private", "max-age=0"];
        expected.status == StatusCode::OK
            && directives.iter().any(|directive| directive.contains("max-age"))
            && !forbids.iter().any(|directive| directives.contains(*directive))
    }
}

/// The directives of `Cache-Control`, whose order and case mean nothing.
pub(super) fn directives(headers: &HeaderMap) -> BTreeSet<String> {
    members(headers, CACHE_CONTROL).map(str::to_ascii_lowercase).collect()
}
