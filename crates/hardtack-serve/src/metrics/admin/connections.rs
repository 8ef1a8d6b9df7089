//! The connections of the admin listener: there are so many, and each has only so much time.

use std::{collections::VecDeque, pin::pin, time::Duration};

use axum::{Router, serve::Listener};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::AbortHandle,
    time::timeout,
};
use tower_service::Service;

/// Longest life of a connection, and then the time for the response under way.
const LIFE: Duration = Duration::from_secs(300);
const LAST_RESPONSE: Duration = Duration::from_secs(10);

/// The limits of the connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Connections at once. For a further one, the oldest is closed: requests take no time here, so that
    /// is one which waits, or is slow.
    pub(crate) connections: usize,
    /// From one response to the end of the next request's header.
    pub(crate) header: Duration,
}

/// Answers requests of the connections to a listener, until it is dropped.
pub(crate) async fn serve(mut listener: impl Listener, router: Router, limits: Limits) {
    let mut open = VecDeque::<AbortHandle>::new();
    loop {
        let (stream, _) = listener.accept().await;
        open.retain(|connection| !connection.is_finished());
        if open.len() >= limits.connections {
            open.pop_front().inspect(AbortHandle::abort);
        }
        let connection = tokio::spawn(answer(stream, router.clone(), limits.header));
        open.push_back(connection.abort_handle());
    }
}

async fn answer<S>(stream: S, router: Router, header: Duration)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let service = service_fn(move |request| router.clone().call(request));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(header);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    if timeout(LIFE, connection.as_mut()).await.is_err() {
        connection.as_mut().graceful_shutdown();
        timeout(LAST_RESPONSE, connection).await.ok();
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
    };

    use super::*;

    async fn connect(limits: Limits) -> impl AsyncFn() -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, Router::new().route("/", get(async || "ok")), limits));
        async move || TcpStream::connect(address).await.unwrap()
    }

    async fn answer_of(mut connection: TcpStream) -> String {
        let request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        connection.write_all(request).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn the_oldest_goes_for_a_new_one() {
        let header = Duration::from_secs(3600);
        let connect = connect(Limits { connections: 3, header }).await;
        let mut halfway = Vec::new();
        for _ in 0..9 {
            let mut connection = connect().await;
            connection.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
            halfway.push(connection);
        }
        assert!(answer_of(connect().await).await.starts_with("HTTP/1.1 200"));
        for mut closed in halfway.drain(..6) {
            closed.read_to_end(&mut Vec::new()).await.ok();
        }
    }

    #[tokio::test]
    async fn a_header_has_to_come_in_time() {
        let connect = connect(Limits { connections: 3, header: Duration::from_millis(20) }).await;
        let mut halfway = connect().await;
        halfway.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        halfway.read_to_end(&mut Vec::new()).await.ok();
    }
}
