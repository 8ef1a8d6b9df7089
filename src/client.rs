//! The HTTP client of the commands that ask a running server or a CDN.

mod attempts;
mod behind_head;
mod cache_status;
mod certificate;
mod connect;
mod place;
mod queue;
mod trust;

use std::{borrow::Cow, error::Error, io, net::SocketAddr, time::Duration};

use anyhow::Result;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Version, header::CONNECTION};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper_util::{
    client::legacy::Client as Pool,
    rt::{TokioExecutor, TokioTimer},
};
use tokio::time::timeout;

use self::connect::Connector;
pub(crate) use self::{
    cache_status::{CacheStatus, age, is_from_a_cache},
    connect::Handshake,
    place::{Elsewhere, Site},
    queue::at_once,
    trust::{Trust, roots},
};

/// A client that speaks HTTP/2 where the server offers it, and HTTP/1.1 elsewhere. It decodes
/// nothing and follows no redirect.
pub(crate) struct Client {
    pool: Pool<Connector, Empty<Bytes>>,
    connector: Connector,
    timeout: Duration,
}

/// A response as it came.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) version: Version,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Cow<'static, [u8]>,
    /// Whether the connection ended before the body did.
    pub(crate) is_cut: bool,
}

/// The bytes of a body that a client keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Keep {
    /// All are read, and none is kept.
    Nothing,
    /// So many. A longer body is not read to its end.
    UpTo(usize),
}

impl Client {
    /// A client whose requests may take so long, from the connection to the last byte.
    ///
    /// # Errors
    ///
    /// If there are no root certificates to trust.
    pub(crate) fn new(timeout: Duration, trust: Trust, elsewhere: &[Elsewhere]) -> Result<Self> {
        let connector = Connector::new(trust, elsewhere)?;
        let pool = Pool::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(KEPT_IDLE)
            .build(connector.clone());
        Ok(Self { pool, connector, timeout })
    }

    /// Sends a request, whose target is a whole URL.
    ///
    /// # Errors
    ///
    /// If there is no response in time, in words.
    pub(crate) async fn fetch(
        &self,
        mut request: Request<Empty<Bytes>>,
        keep: Keep,
    ) -> Result<Answer, String> {
        if request.method() == Method::HEAD {
            // Content that must not be there would be taken for the response to the next request.
            request.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let answered = async {
            let response = self.pool.request(request).await.map_err(|error| in_words(&error))?;
            let (head, body) = response.into_parts();
            let (body, is_cut) = read(body, keep).await;
            let (version, status, headers) = (head.version, head.status, head.headers);
            let body = Cow::Owned(body);
            Ok(Answer { version, status, headers, body, is_cut })
        };
        let late = |_| Err(format!("no whole response within {} s", self.timeout.as_secs()));
        timeout(self.timeout, answered).await.unwrap_or_else(late)
    }

    /// The bytes that a site sends behind its response to `HEAD`, although there may be none. A connection
    /// of its own gets the request. Empty by HTTP/2, where they are an error of the connection, and
    /// if there is no response.
    pub(crate) async fn behind_head(&self, request: &Request<Empty<Bytes>>) -> Vec<u8> {
        let read = async {
            match self.connector.http1(request.uri()).await? {
                Some(connection) => behind_head::read(connection, request).await,
                None => Ok(Vec::new()),
            }
        };
        let read: io::Result<_> =
            timeout(self.timeout, read).await.unwrap_or_else(|_| Ok(Vec::new()));
        read.unwrap_or_default()
    }

    /// The addresses of a site's host.
    ///
    /// # Errors
    ///
    /// If it has no address, in words.
    pub(crate) async fn find(&self, site: &Site) -> Result<Vec<SocketAddr>, String> {
        self.connector.addresses(site).await.map_err(|error| error.to_string())
    }

    /// Whether a site accepts connections.
    pub(crate) async fn is_open(&self, site: &Site) -> bool {
        let opened = timeout(self.timeout, self.connector.tcp(site)).await;
        opened.is_ok_and(|opened| opened.is_ok())
    }

    /// Opens a connection of its own to a site, and closes it. Returns the facts of TLS, if it is spoken.
    ///
    /// # Errors
    ///
    /// If there is no connection, or no TLS, in words.
    pub(crate) async fn reach(&self, site: &Site) -> Result<Option<Handshake>, String> {
        let shown = timeout(self.timeout, self.connector.reach(site)).await;
        let late = |_| Err(format!("no connection within {} s", self.timeout.as_secs()));
        shown.map_or_else(late, |shown| shown.map_err(|error| in_words(&error)))
    }
}

/// Shorter than a server keeps an idle connection.
const KEPT_IDLE: Duration = Duration::from_secs(3);

/// The body, and whether it was cut off.
async fn read(mut body: Incoming, keep: Keep) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return (bytes, true) };
        match (frame.into_data(), keep) {
            (Ok(data), Keep::UpTo(most)) if bytes.len() <= most => bytes.extend_from_slice(&data),
            (Ok(_), Keep::UpTo(_)) => break,
            _ => {}
        }
    }
    (bytes, false)
}

/// An error with its causes: the outermost says no more than that there was one.
fn in_words(error: &(dyn Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        cause = error.source();
    }
    words
}
