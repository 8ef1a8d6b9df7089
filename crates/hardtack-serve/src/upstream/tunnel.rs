//! A connection that is no longer HTTP: a WebSocket, whose frames go to and fro until both sides have
//! closed it, or this process ends.

mod frames;

use std::{
    io,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    sync::watch,
    time::{sleep, timeout},
};
use tracing::debug;

use self::frames::{Frames, GOING_AWAY, GOING_AWAY_MASKED};
use super::places::Place;
use crate::lifecycle::Stage;

/// How long a side may take the last frame.
const FAREWELL: Duration = Duration::from_secs(2);

/// Bytes that are read at once.
const BUFFER: usize = 8 * 1024;

/// Joins the client and the application once both have changed their protocol. The tunnel keeps its
/// request's place. It ends after a silence of both sides, at the latest after twice as long; so that
/// of a client that vanished ends too.
pub(super) async fn join(
    client: OnUpgrade,
    upstream: OnUpgrade,
    stages: watch::Receiver<Stage>,
    silence: Duration,
    _place: Place,
) {
    match tokio::try_join!(client, upstream) {
        Ok((client, upstream)) => {
            let (client, upstream) = (TokioIo::new(client), TokioIo::new(upstream));
            let ended = carry(client, upstream, stages, silence).await;
            debug!(?ended, "a tunnel has ended");
        }
        Err(error) => debug!(%error, "a tunnel has not begun"),
    }
}

/// Carries bytes both ways until both have ended, one has broken, or neither has sent any for the
/// given time. When the process stops, both are told that it is going away (RFC 6455 §7.4.1).
async fn carry<C, U>(
    client: C,
    upstream: U,
    stages: watch::Receiver<Stage>,
    silence: Duration,
) -> io::Result<()>
where
    C: AsyncRead + AsyncWrite + Unpin,
    U: AsyncRead + AsyncWrite + Unpin,
{
    let bytes = AtomicU64::new(0);
    let (client_read, client_write) = split(client);
    let (upstream_read, upstream_write) = split(upstream);
    let to_client = Way::new(upstream_read, client_write, GOING_AWAY, &bytes);
    let to_upstream = Way::new(client_read, upstream_write, GOING_AWAY_MASKED, &bytes);
    let both = async {
        tokio::try_join!(to_client.carry(stages.clone()), to_upstream.carry(stages)).map(drop)
    };
    tokio::select! {
        ended = both => ended,
        () = unchanged(&bytes, silence) => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// Waits until the process stops.
async fn stop(stages: &mut watch::Receiver<Stage>) {
    stages.wait_for(|stage| *stage >= Stage::Stopping).await.ok();
}

async fn unchanged(bytes: &AtomicU64, time: Duration) {
    let mut before = None;
    while before != Some(bytes.load(Relaxed)) {
        before = Some(bytes.load(Relaxed));
        sleep(time).await;
    }
}

/// One of both ways.
struct Way<'a, R, W> {
    from: R,
    to: W,
    frames: Frames,
    /// The close frame of a process that is going away.
    going_away: &'static [u8],
    /// Counts what is carried.
    bytes: &'a AtomicU64,
}

impl<'a, R, W> Way<'a, R, W>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    fn new(from: R, to: W, going_away: &'static [u8], bytes: &'a AtomicU64) -> Self {
        Self { from, to, frames: Frames::default(), going_away, bytes }
    }

    /// Carries bytes until there are no more, or the process stops and a frame has ended.
    async fn carry(mut self, mut stages: watch::Receiver<Stage>) -> io::Result<()> {
        let mut buffer = vec![0; BUFFER];
        let mut is_stopping = false;
        while !(is_stopping && self.frames.is_between()) {
            tokio::select! {
                read = self.from.read(&mut buffer) => match read? {
                    0 => return self.to.shutdown().await,
                    read => self.pass(&buffer[..read]).await?,
                },
                () = stop(&mut stages), if !is_stopping => is_stopping = true,
            }
        }
        timeout(FAREWELL, self.say_farewell()).await?
    }

    async fn pass(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.frames.pass(bytes);
        self.to.write_all(bytes).await?;
        self.to.flush().await?;
        self.bytes.fetch_add(bytes.len() as u64, Relaxed);
        Ok(())
    }

    async fn say_farewell(&mut self) -> io::Result<()> {
        if !self.frames.is_closed() {
            self.to.write_all(self.going_away).await?;
        }
        self.to.shutdown().await
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    /// Far longer than a test runs.
    const LONG: Duration = Duration::from_secs(3600);

    fn serving() -> watch::Receiver<Stage> {
        let stages: &'static watch::Sender<Stage> =
            Box::leak(Box::new(watch::Sender::new(Stage::Serving)));
        stages.subscribe()
    }

    #[tokio::test]
    async fn one_direction_may_end_before_the_other() {
        let (mut client, near) = duplex(64);
        let (far, mut upstream) = duplex(64);
        let tunnel = tokio::spawn(carry(near, far, serving(), LONG));
        client.write_all(b"all").await.unwrap();
        client.shutdown().await.unwrap();
        let mut got = String::new();
        upstream.read_to_string(&mut got).await.unwrap();
        upstream.write_all(b"late").await.unwrap();
        drop(upstream);
        client.read_to_string(&mut got).await.unwrap();
        assert_eq!(got, "alllate");
        tunnel.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn silence_ends_it() {
        let (_client, near) = duplex(64);
        let (far, _upstream) = duplex(64);
        let ended = carry(near, far, serving(), Duration::from_millis(10)).await;
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn both_sides_are_told_of_the_end_between_two_frames() {
        let (mut client, near) = duplex(64);
        let (far, mut upstream) = duplex(64);
        let stages = watch::Sender::new(Stage::Retiring);
        let tunnel = tokio::spawn(carry(near, far, stages.subscribe(), LONG));
        upstream.write_all(b"\x81\x05he").await.unwrap();
        let mut got = [0; 4];
        client.read_exact(&mut got).await.unwrap();
        stages.send_replace(Stage::Stopping);
        let mut told = Vec::new();
        upstream.read_to_end(&mut told).await.unwrap();
        assert_eq!(told, GOING_AWAY_MASKED);
        upstream.write_all(b"llo").await.unwrap();
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, [b"llo", GOING_AWAY].concat());
        tunnel.await.unwrap().unwrap();
    }
}
