//! A client that speaks HTTP/2.

use std::{future::poll_fn, net::SocketAddr};

use http_body_util::{BodyExt, Full};
use hyper::{Request, body::Bytes, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    runtime::{self, Runtime},
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::{
    PATIENCE, Response,
    tls::{Installed, localhost},
};

/// A connection of HTTP/2.
pub struct Http2 {
    runtime: Runtime,
    requests: http2::SendRequest<Full<Bytes>>,
    scheme: &'static str,
}

impl Http2 {
    /// Without TLS, by prior knowledge (RFC 9113 §3.3).
    pub fn to(address: SocketAddr) -> Self {
        let runtime = runtime();
        let requests = runtime.block_on(async {
            requests(TcpStream::connect(address).await.expect("it listens")).await
        });
        Self { runtime, requests, scheme: "http" }
    }

    pub fn over_tls(address: SocketAddr, certificate: &Installed) -> Self {
        let runtime = runtime();
        let connector = TlsConnector::from(certificate.trusting("h2"));
        let requests = runtime.block_on(async {
            let tcp = TcpStream::connect(address).await.expect("it listens");
            requests(connector.connect(localhost(), tcp).await.expect("TLS")).await
        });
        Self { runtime, requests, scheme: "https" }
    }

    pub fn get(&mut self, target: &str, headers: &[(&str, &str)]) -> Response {
        self.request("GET", target, headers, "")
    }

    /// Whether the server takes another request; it may have said that it does not (GOAWAY).
    pub fn is_open(&mut self) -> bool {
        self.runtime.block_on(async {
            tokio::task::yield_now().await;
            poll_fn(|context| self.requests.poll_ready(context)).await.is_ok()
        })
    }

    pub fn request(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        content: &str,
    ) -> Response {
        let uri = format!("{}://localhost{target}", self.scheme);
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::from(content.to_owned())).expect("a valid request");
        let sent = self.requests.send_request(request);
        self.runtime.block_on(async {
            let answered = async {
                let (parts, body) = sent.await.expect("a response").into_parts();
                let body = body.collect().await.expect("all of it").to_bytes().to_vec();
                let headers = parts.headers.iter().map(|(name, value)| {
                    (name.to_string(), value.to_str().expect("ASCII").to_owned())
                });
                Response { status: parts.status.as_u16(), headers: headers.collect(), body }
            };
            timeout(PATIENCE, answered).await.expect("in time")
        })
    }
}

fn runtime() -> Runtime {
    runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

async fn requests<S>(stream: S) -> http2::SendRequest<Full<Bytes>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = TokioIo::new(stream);
    let (requests, connection) =
        http2::handshake(TokioExecutor::new(), stream).await.expect("HTTP/2");
    tokio::spawn(connection);
    requests
}
