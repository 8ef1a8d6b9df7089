//! The application behind this server, which gets the requests for paths that are not in the bundle.
//!
//! Each thread has an `Upstream`, with connections of its own. `stored` keeps content until all of it has
//! come, and `taken` takes responses ahead of slow clients. `message` has the rules of whole messages, `hop_by_hop` the fields of one connection,
//! [`crate::request_fields`] those that clients may not set, `forwarded` the fields that tell the
//! client. `paced` and `request_content` keep the time, and `failure` has the errors.
//! `health` asks the application whether it can serve.

mod address;
mod body;
mod connect;
mod directives;
mod failure;
mod forwarded;
mod health;
mod hop_by_hop;
mod message;
mod paced;
mod patient;
mod places;
mod request_content;
mod responding;
mod stored;
mod taken;
mod tunnel;
mod via;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use hyper::{
    Method, Request, Response, Version,
    body::{Body as _, Incoming},
    header::{CONNECTION, HeaderValue},
    http::{request, uri::Authority},
    upgrade::{self, OnUpgrade},
};
use hyper_util::{
    client::legacy::{Client as HttpClient, ResponseFuture},
    rt::{TokioExecutor, TokioTimer},
};
use tokio::{sync::watch, time::timeout};
use tracing::warn;

use crate::{
    client::Client,
    lifecycle::Stage,
    metrics::{labels::Upstream::Answered, tally::Tally},
    room::Room,
    settings::Forwarding,
};

pub use self::address::{Address, Resolved};
pub(crate) use self::{body::Body, health::Health, places::Places};
use self::{
    connect::Connector,
    failure::Failure,
    message::{Length, Upgrade},
    paced::Paced,
    request_content::{Awaited, RequestContent, Source},
    responding::Responding,
    stored::Stored,
};

/// How long a connection is kept without a request. This is less than applications keep it
/// (gunicorn 2 s, Node and uvicorn 5 s), so that it is almost always this side that closes it, and
/// no request is sent to a connection that is being closed.
const IDLE: Duration = Duration::from_secs(1);

/// Most idle connections of a thread.
const IDLE_CONNECTIONS: usize = 64;

/// Most bytes of a response's header section, about: hyper's buffer may grow somewhat past this. A
/// larger one is a 502.
const HEADER_BYTES: usize = 64 * 1024;

/// How much of a request's content was read before its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    /// All; or there is none.
    Read,
    Unread,
}

impl Content {
    fn of(body: &Incoming) -> Self {
        if body.is_end_stream() { Self::Read } else { Self::Unread }
    }
}

/// The application, and the connections to it. Clones share them.
#[derive(Clone)]
pub(crate) struct Upstream(Arc<Shared>);

struct Shared {
    address: Address,
    authority: Authority,
    forwarding: &'static Forwarding,
    /// For content that is stored, or taken ahead.
    room: Room,
    places: Places,
    /// Tunnels end with the process.
    stages: watch::Receiver<Stage>,
    /// Counts the outcomes of requests.
    tally: &'static Tally,
    /// Keeps the connections.
    client: HttpClient<Connector, RequestContent>,
    /// Opens a connection for each request.
    fresh: HttpClient<Connector, RequestContent>,
}

impl Upstream {
    /// Opens no connection yet.
    pub(crate) fn new(
        resolved: Resolved,
        forwarding: &'static Forwarding,
        room: Room,
        places: Places,
        stages: watch::Receiver<Stage>,
        tally: &'static Tally,
    ) -> Self {
        let address = resolved.address.clone();
        let connector = Connector::new(resolved, forwarding.timeouts.connect);
        Self(Arc::new(Shared {
            authority: address.authority(),
            address,
            forwarding,
            room,
            places,
            stages,
            tally,
            client: http_client(connector.clone(), IDLE_CONNECTIONS, forwarding.response_fields),
            fresh: http_client(connector, 0, forwarding.response_fields),
        }))
    }

    /// Passes a request on, and the response back. Without a response of the application, this server
    /// makes one: 502 or 504 by the application's fault, 400, 408 or 501 by the client's.
    ///
    /// It needs a Tokio runtime with I/O and time. For WebSocket, the client's connection has to be
    /// served `with_upgrades()`; it outlives the future of that connection, in a task.
    pub(crate) async fn forward(
        &self,
        request: Request<Incoming>,
        client: Client,
    ) -> Response<Body> {
        let (method, version) = (request.method().clone(), request.version());
        let mut content = Content::of(request.body());
        let (mut response, label) = match self.answer(request, client, &mut content).await {
            Ok(response) => (response, Some(Answered)),
            Err(failure) => {
                if failure.is_logged() {
                    warn!(upstream = %self.0.address, "no response of the upstream: {failure}");
                }
                (failure.response(&method), failure.label())
            }
        };
        // Unread content might be taken for the next request (RFC 9112 §9.3, §9.6).
        if content == Content::Unread && version < Version::HTTP_2 {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(label) = label {
            self.0.tally.upstream(label);
        }
        response
    }

    /// The response to a request of this method while the application is being maintained.
    pub(crate) fn maintained(method: &Method) -> Response<Body> {
        Failure::Maintained.response(method)
    }

    async fn answer(
        &self,
        mut request: Request<Incoming>,
        client: Client,
        content: &mut Content,
    ) -> Result<Response<Body>, Failure> {
        let upgrade = upgrade(&mut request);
        let asked = if upgrade.is_some() { Upgrade::WebSocket } else { Upgrade::None };
        let (parts, body) = request.into_parts();
        message::check(&parts, self.0.forwarding)?;
        let source = self.source(&parts, body, content).await?;
        let parts = self.0.passed_on(parts, source.length(), asked, client)?;
        let place = self.0.places.take(self.0.forwarding.timeouts.connect).await;
        let place = place.ok_or(Failure::Busy)?;
        let begun = Instant::now();
        let (mut response, responding) = self.send(parts, source, content).await?;
        self.0.tally.upstream_answered(begun.elapsed());
        connect::has_answered(response.extensions_mut());
        let own_upgrade = upgrade::on(&mut response);
        let (mut parts, body) = response.into_parts();
        let agreed = message::response(&mut parts, Length::of(&body), asked)?;
        if let (Upgrade::WebSocket, Some(upgrade)) = (agreed, upgrade) {
            let silence = self.0.forwarding.timeouts.tunnel;
            let (stages, place) = (self.0.stages.clone(), place.clone());
            tokio::spawn(tunnel::join(upgrade, own_upgrade, stages, silence, place));
        }
        let (timeout, room) = (self.0.forwarding.timeouts.read, self.0.room.clone());
        let body = Body::upstream(body, timeout, room, responding, place);
        Ok(Response::from_parts(parts, body))
    }

    /// The content, all of which is there unless it is to be passed on as it comes: an application that
    /// handles one request at a time would wait for a slow client, and all others with it.
    async fn source(
        &self,
        parts: &request::Parts,
        body: Incoming,
        content: &mut Content,
    ) -> Result<Source, Failure> {
        let Forwarding { timeouts, buffering, .. } = self.0.forwarding;
        let is_empty = body.is_end_stream();
        let body = Paced::new(body, timeouts.content);
        if is_empty || buffering.streams(parts.uri.path()) {
            return Ok(Source::Client(body));
        }
        let stored = Stored::receive(body, buffering.most, &self.0.room).await?;
        *content = Content::Read;
        Ok(Source::Stored(stored))
    }

    /// A request with content has a connection of its own. Whether the application has read all of it
    /// cannot be seen; the rest would be the next request there, and its answer somebody else's.
    async fn send(
        &self,
        parts: request::Parts,
        source: Source,
        content: &mut Content,
    ) -> Result<(Response<Incoming>, Option<Responding>), Failure> {
        if source.length() == Length::None {
            return Ok((self.send_without_content(parts).await?, None));
        }
        let (sent, mut sides, responding) = RequestContent::of(source);
        let response = self.0.fresh.request(Request::from_parts(parts, sent));
        let timeout = self.0.forwarding.timeouts.read;
        let response = request_content::answered(response, &mut sides, timeout).await;
        if *sides.borrow() == Awaited::Response {
            *content = Content::Read;
        }
        Ok((response?, Some(responding)))
    }

    /// hyper sends a request again by itself if the connection was closed before a byte was written.
    /// After that, only an idempotent request may be sent again (RFC 9110 §9.2.2).
    async fn send_without_content(
        &self,
        parts: request::Parts,
    ) -> Result<Response<Incoming>, Failure> {
        let again = parts.method.is_idempotent().then(|| parts.clone());
        let request = Request::from_parts(parts, RequestContent::None);
        match (self.in_time(self.0.client.request(request)).await?, again) {
            (Err(error), Some(parts)) if connect::was_stale(&error) => {
                let request = Request::from_parts(parts, RequestContent::None);
                Ok(self.in_time(self.0.fresh.request(request)).await??)
            }
            (answered, _) => Ok(answered?),
        }
    }

    async fn in_time(
        &self,
        response: ResponseFuture,
    ) -> Result<<ResponseFuture as Future>::Output, Failure> {
        timeout(self.0.forwarding.timeouts.read, response).await.map_err(|_| Failure::HeaderIsSlow)
    }
}

impl Shared {
    fn passed_on(
        &self,
        parts: request::Parts,
        length: Length,
        asked: Upgrade,
        client: Client,
    ) -> Result<request::Parts, Failure> {
        message::request(parts, length, asked, client, &self.authority, self.forwarding)
    }
}

fn http_client(
    connector: Connector,
    idle: usize,
    fields: u16,
) -> HttpClient<Connector, RequestContent> {
    HttpClient::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(idle)
        .http1_max_buf_size(HEADER_BYTES)
        .http1_max_headers(fields.into())
        .set_host(false)
        .build(connector)
}

/// The client's side of a connection that is to become a WebSocket (RFC 6455 §4.1).
fn upgrade(request: &mut Request<Incoming>) -> Option<OnUpgrade> {
    let may = request.version() == Version::HTTP_11
        && request.method() == Method::GET
        && request.body().is_end_stream()
        && hop_by_hop::is_websocket(request.headers());
    may.then(|| upgrade::on(request))
}
