//! The source of assets: a bundle, or in development a folder.

use std::{fmt, sync::Arc};

use hardtack_bundle::Bundle;
use http::{Request, Response};

use crate::{
    Asset, Body, CacheTags, Tag,
    asked::Asked,
    reply::Reply,
    respond::{answer, answer_if_baked, response_of},
};

/// The source of assets.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// The bundle to serve; in live mode, the names and rules of the files to serve.
    pub(crate) bundle: Bundle<'static>,
    pub(crate) live: Option<Arc<dyn Live>>,
    /// The tags of the bundle's responses; those of live mode have none.
    pub(crate) tags: Option<CacheTags>,
}

/// A source that replaces the bundle in development.
pub(crate) trait Live: fmt::Debug + fmt::Display + Send + Sync {
    /// Answers every request.
    fn answer<'a>(&self, asked: &Asked<'a>) -> Reply<'a>;

    /// Answers a request that there is an answer for; none for any other.
    fn answer_if_there<'a>(&self, asked: &Asked<'a>) -> Option<Reply<'a>>;

    /// The asset of a logical path that is not in the bundle.
    fn new_asset(&self, logical_path: &str) -> Option<Asset>;

    /// The script by which a page reloads by itself; empty if live reload is off.
    fn reload_script(&self) -> Tag;
}

impl Source {
    pub(crate) const fn baked(bundle: Bundle<'static>) -> Self {
        Self { bundle, live: None, tags: None }
    }

    /// Answers every request.
    pub(crate) fn answer<B>(&self, request: &Request<B>, path: &str) -> Response<Body> {
        let asked = self.asked(request, path);
        let reply = match &self.live {
            None => answer(&asked),
            Some(live) => live.answer(&asked),
        };
        response_of(&asked, reply)
    }

    /// Answers a request that there is an answer for; none for any other.
    pub(crate) fn answer_if_there<B>(&self, request: &Request<B>) -> Option<Response<Body>> {
        let asked = self.asked(request, request.uri().path());
        let reply = match &self.live {
            None => answer_if_baked(&asked),
            Some(live) => live.answer_if_there(&asked),
        };
        reply.map(|reply| response_of(&asked, reply))
    }

    fn asked<'a, B>(&'a self, request: &'a Request<B>, path: &'a str) -> Asked<'a> {
        let tags = self.tags.as_ref().filter(|_| self.live.is_none());
        Asked { tags, ..Asked::new(&self.bundle, request, path) }
    }
}
