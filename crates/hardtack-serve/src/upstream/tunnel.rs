//! A connection that is no longer HTTP: bytes go to and fro until both sides have closed it.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional},
    time::sleep,
};
use tracing::debug;

use super::places::Place;

/// The silence of both sides after which a tunnel ends, at the latest after twice as long. So the
/// tunnel of a client that vanished ends too.
const SILENCE: Duration = Duration::from_secs(3600);

/// Joins the client and the application once both have changed their protocol. The tunnel keeps its
/// request's place.
pub(super) async fn join(client: OnUpgrade, upstream: OnUpgrade, _place: Place) {
    match tokio::try_join!(client, upstream) {
        Ok((client, upstream)) => {
            let ended = carry(TokioIo::new(client), TokioIo::new(upstream), SILENCE).await;
            debug!(?ended, "a tunnel has ended");
        }
        Err(error) => debug!(%error, "a tunnel has not begun"),
    }
}

/// Carries bytes both ways until both have ended, one has broken, or neither has sent any for the
/// given time.
async fn carry<C, U>(client: C, upstream: U, silence: Duration) -> io::Result<()>
where
    C: AsyncRead + AsyncWrite + Unpin,
    U: AsyncRead + AsyncWrite + Unpin,
{
    let bytes = Arc::new(AtomicU64::new(0));
    let mut client = Metered { stream: client, bytes: bytes.clone() };
    let mut upstream = Metered { stream: upstream, bytes: bytes.clone() };
    tokio::select! {
        ended = copy_bidirectional(&mut client, &mut upstream) => ended.map(drop),
        () = unchanged(&bytes, silence) => Err(io::ErrorKind::TimedOut.into()),
    }
}

async fn unchanged(bytes: &AtomicU64, time: Duration) {
    let mut before = None;
    while before != Some(bytes.load(Relaxed)) {
        before = Some(bytes.load(Relaxed));
        sleep(time).await;
    }
}

/// A stream that counts the bytes which are read from it.
struct Metered<S> {
    stream: S,
    bytes: Arc<AtomicU64>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let known = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.bytes.fetch_add((buffer.filled().len() - known) as u64, Relaxed);
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    /// Far longer than a test runs.
    const LONG: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn one_direction_may_end_before_the_other() {
        let (mut client, near) = duplex(64);
        let (far, mut upstream) = duplex(64);
        let tunnel = tokio::spawn(carry(near, far, LONG));
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
        let ended = carry(near, far, Duration::from_millis(10)).await;
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
