//! A client of HTTP/1.1 that forgives nothing.
//!
//! It reuses a connection unless the server said `Connection: close`, or it has seen the connection
//! closed before it sends. A request that was sent and has no answer is lost, though RFC 9112
//! §9.3.1 would let the client send it again.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use http_body_util::{BodyExt, Empty};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client::conn::http1::{SendRequest, handshake},
    header::{CONNECTION, HOST},
};
use hyper_util::rt::TokioIo;
use tokio::time::{Interval, timeout};

use super::{
    load::{Failure, Kind, Load, check},
    site::Target,
    transport::Transport,
};

/// Longer than any answer takes; one that takes longer is lost.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// So many requests a connection of HTTPS has, so that handshakes are under way at any time.
const HTTPS_REQUESTS: u32 = 20;

type Connection = SendRequest<Empty<Bytes>>;

pub struct Http1 {
    kind: Kind,
    transport: Transport,
    most_requests: u32,
}

impl Http1 {
    pub fn kept_alive() -> Self {
        Self { kind: Kind::KeptAlive, transport: Transport::Plain, most_requests: u32::MAX }
    }

    pub fn fresh() -> Self {
        Self { kind: Kind::Fresh, transport: Transport::Plain, most_requests: 1 }
    }

    pub fn https(transport: Transport) -> Self {
        Self { kind: Kind::Https, transport, most_requests: HTTPS_REQUESTS }
    }

    /// Asks at that pace until the load is over.
    pub async fn ask(self, load: Arc<Load>, mut pace: Interval) {
        let (mut kept, mut requests) = (None, 0);
        while load.goes_on() {
            pace.tick().await;
            let usable = self.usable(kept.take(), &load).await;
            requests = if usable.is_some() { requests + 1 } else { 1 };
            let target = load.next_target();
            let asked = timeout(PATIENCE, self.request(usable, &load, target)).await;
            match asked.unwrap_or_else(|_| Err(Failure::Reason("no answer".to_owned()))) {
                Ok((connection, release)) => {
                    load.answered(self.kind, release);
                    kept = connection.filter(|_| requests < self.most_requests);
                }
                Err(failure) => load.failed(self.kind, failure),
            }
        }
    }

    /// The connection, if it was not seen to be closed.
    async fn usable(&self, kept: Option<Connection>, load: &Load) -> Option<Connection> {
        let mut connection = kept?;
        match connection.ready().await {
            Ok(()) => Some(connection),
            Err(_) => {
                load.report().closes_seen += 1;
                None
            }
        }
    }

    /// The connection, if it may be used again, and the release that answered.
    async fn request(
        &self,
        connection: Option<Connection>,
        load: &Load,
        target: &Target,
    ) -> Result<(Option<Connection>, Option<usize>), Failure> {
        let answered = match connection {
            Some(connection) => on_kept_connection(connection, load, target).await?,
            None => None,
        };
        let (connection, response) = match answered {
            Some(answered) => answered,
            None => self.on_new_connection(load, target).await?,
        };
        let (head, content) = response.into_parts();
        let body = content.collect().await.map_err(|error| lost(error, "in the content"))?;
        let release = check(target, head.status, &head.headers, &body.to_bytes())?;
        let says_close = head.headers.get(CONNECTION).is_some_and(|value| value == "close");
        load.report().closes_said += u64::from(says_close);
        Ok((Some(connection).filter(|_| !says_close), release))
    }

    async fn on_new_connection(
        &self,
        load: &Load,
        target: &Target,
    ) -> Result<(Connection, Response<Incoming>), Failure> {
        let places = load.balancer.pick().await;
        let stream = self.transport.connect(places).await.context("cannot connect");
        let stream = TokioIo::new(stream.map_err(Failure::of)?);
        let (mut connection, driver) = handshake(stream).await.map_err(Failure::of)?;
        tokio::spawn(driver);
        let response = connection.send_request(get(target)?).await;
        Ok((connection, response.map_err(|error| lost(error, "on a new connection"))?))
    }
}

/// No response if nothing was sent, since the connection was seen to be closed just before.
async fn on_kept_connection(
    mut connection: Connection,
    load: &Load,
    target: &Target,
) -> Result<Option<(Connection, Response<Incoming>)>, Failure> {
    match connection.try_send_request(get(target)?).await {
        Ok(response) => Ok(Some((connection, response))),
        Err(mut error) => match error.take_message() {
            Some(_unsent) => {
                load.report().closes_seen += 1;
                Ok(None)
            }
            None => Err(lost(error.into_error(), "on a kept connection")),
        },
    }
}

fn get(target: &Target) -> Result<Request<Empty<Bytes>>, Failure> {
    let request = Request::get(&target.path).header(HOST, "localhost");
    request.body(Empty::new()).map_err(Failure::of)
}

fn lost(error: hyper::Error, place: &'static str) -> Failure {
    Failure::of(anyhow::Error::from(error).context(place))
}
