//! A client of HTTP/2 that forgives only what the protocol says was not looked at.
//!
//! When the server says GOAWAY, it takes another connection. A request is sent again, and not
//! counted as lost, in two cases (RFC 9113 §8.7): its stream's number is above the last one that
//! GOAWAY tells, or the stream was reset with REFUSED_STREAM.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use h2::{Reason, RecvStream, client::SendRequest};
use hyper::{Request, body::Bytes};
use tokio::{
    task::JoinSet,
    time::{Interval, sleep, timeout},
};

use super::{
    http1::PATIENCE,
    load::{Failure, Kind, Load, check, pace},
    site::Target,
    transport::Transport,
};

/// After a connection could not be made.
const PAUSE: Duration = Duration::from_millis(100);

/// The windows of a slow client, a stream and a connection, as browsers have them: more than is under
/// way, so that the server has written the last of a response long before it has come.
const WINDOW: u32 = 65_535;
const SLOW_WINDOW: u32 = 256 * 1024;

#[derive(Clone)]
pub struct Http2 {
    pub transport: Transport,
    /// So many requests are under way at once.
    pub streams: u32,
    pub is_slow: bool,
}

enum Answer {
    Whole(Option<usize>),
    /// There is none, and the server has not looked at the request.
    NotLookedAt,
}

impl Http2 {
    fn kind(&self) -> Kind {
        if self.is_slow { Kind::SlowHttp2 } else { Kind::Http2 }
    }

    /// Keeps a connection until the load is over, each of its streams asking as often as that.
    pub async fn ask(self, load: Arc<Load>, every: Duration) {
        while load.goes_on() {
            match self.connect(&load).await {
                Ok(connection) => self.use_up(&connection, &load, every).await,
                Err(failure) => {
                    load.failed(self.kind(), failure);
                    sleep(PAUSE).await;
                }
            }
        }
    }

    async fn connect(&self, load: &Load) -> Result<SendRequest<Bytes>, Failure> {
        let places = load.balancer.pick().await;
        let (stream, window) = if self.is_slow {
            (self.transport.connect_slowly(places).await, SLOW_WINDOW)
        } else {
            (self.transport.connect(places).await, WINDOW)
        };
        let stream = stream.context("cannot connect").map_err(Failure::of)?;
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(window).initial_connection_window_size(window);
        let (connection, driver) = builder.handshake(stream).await.map_err(Failure::of)?;
        tokio::spawn(driver);
        Ok(connection)
    }

    async fn use_up(&self, connection: &SendRequest<Bytes>, load: &Arc<Load>, every: Duration) {
        let mut streams = JoinSet::new();
        for number in 0..self.streams {
            let pace = pace(every, number, self.streams);
            streams.spawn(self.clone().ask_in_turn(connection.clone(), Arc::clone(load), pace));
        }
        streams.join_all().await;
    }

    /// One request after the other, until the connection takes no more.
    async fn ask_in_turn(
        self,
        mut connection: SendRequest<Bytes>,
        load: Arc<Load>,
        mut pace: Interval,
    ) {
        while load.goes_on() {
            pace.tick().await;
            // Nothing is sent if it is not.
            let Ok(ready) = connection.ready().await else { return };
            connection = ready;
            let target = if self.is_slow { &load.large } else { load.next_target() };
            let asked = timeout(PATIENCE, self.request(&mut connection, target)).await;
            match asked.unwrap_or_else(|_| Err(Failure::Reason("no answer".to_owned()))) {
                Ok(Answer::Whole(release)) => load.answered(self.kind(), release),
                Ok(Answer::NotLookedAt) => load.report().sent_again += 1,
                Err(failure) => load.failed(self.kind(), failure),
            }
        }
    }

    async fn request(
        &self,
        connection: &mut SendRequest<Bytes>,
        target: &Target,
    ) -> Result<Answer, Failure> {
        let request = Request::get(format!("https://localhost{}", target.path)).body(());
        // An error is told here before anything was sent.
        let Ok((response, _)) = connection.send_request(request.map_err(Failure::of)?, true) else {
            return Ok(Answer::NotLookedAt);
        };
        let (head, content) = match response.await {
            Ok(response) => response.into_parts(),
            Err(error) if was_not_looked_at(&error) => return Ok(Answer::NotLookedAt),
            Err(error) => return Err(Failure::of(error)),
        };
        let body = read(content).await.map_err(Failure::of)?;
        check(target, head.status, &head.headers, &body).map(Answer::Whole)
    }
}

/// The h2 crate gives the GOAWAY as an error to those streams only that are above its last one.
fn was_not_looked_at(error: &h2::Error) -> bool {
    let is_above = error.is_go_away() && error.reason() == Some(Reason::NO_ERROR);
    let is_refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
    error.is_remote() && (is_above || is_refused)
}

async fn read(mut content: RecvStream) -> Result<Vec<u8>, h2::Error> {
    let mut body = Vec::new();
    while let Some(data) = content.data().await {
        let data = data?;
        content.flow_control().release_capacity(data.len())?;
        body.extend_from_slice(&data);
    }
    Ok(body)
}
