//! The floor: what hyper costs when the answer costs nothing.
//!
//! A server that answers every request with one response of 1024 bytes, in the way that is
//! cheapest for hyper: static bytes and a header map that is cloned whole. No path is looked up,
//! nothing is negotiated, no timer runs, and it does not stop gracefully. The CPU time
//! that Hardtack takes beyond this is that of its own work. `benches/trunk` runs both side by side.
//!
//! ```text
//! cargo bench --bench bare_hyper -- --listen 127.0.0.1:8001 --headers same
//! ```

use std::{
    convert::Infallible,
    error::Error,
    future::ready,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use clap::{Parser, ValueEnum};
use hyper::{
    HeaderMap, Request, Response,
    body::{Body, Bytes, Frame, Incoming, SizeHint},
    header::{
        ACCEPT_RANGES, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE,
        ETAG, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS,
    },
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Answers every request with the same 1024 bytes.
#[derive(Parser)]
struct Options {
    /// The address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8001")]
    listen: SocketAddr,
    /// The header fields of the response, beside those that hyper adds by itself
    #[arg(long, value_enum, default_value_t = Headers::Minimal)]
    headers: Headers,
    /// Ignored: `cargo bench` passes it to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Headers {
    /// Content-Type
    Minimal,
    /// Those that Hardtack sends with an asset that has no coding, under its hashed path
    Same,
}

static BODY: [u8; 1024] = [b'x'; 1024];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let listener = TcpListener::bind(options.listen).await?;
    println!("bare hyper");
    println!("  listening  http://{}/", listener.local_addr()?);
    let headers: &'static HeaderMap = Box::leak(Box::new(options.headers.fields()));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let answer = |_: Request<Incoming>| ready(Ok::<_, Infallible>(response(headers)));
        let connection =
            http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
        tokio::spawn(connection);
    }
}

fn response(headers: &HeaderMap) -> Response<StaticBody> {
    let mut response = Response::new(StaticBody(Bytes::from_static(&BODY)));
    *response.headers_mut() = headers.clone();
    response
}

impl Headers {
    fn fields(self) -> HeaderMap {
        const TAG: &str =
            "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef-identity\"";
        let minimal = [(CONTENT_TYPE, "image/png")];
        let same = [
            (CONTENT_LENGTH, "1024"),
            (CONTENT_TYPE, "image/png"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (ACCEPT_RANGES, "bytes"),
            (ETAG, TAG),
            (CACHE_CONTROL, "public, max-age=31536000, immutable"),
            (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        ];
        let fields: &[(HeaderName, &str)] = match self {
            Self::Minimal => &minimal,
            Self::Same => &same,
        };
        let value = |value: &'static str| HeaderValue::from_static(value);
        fields.iter().map(|(name, text)| (name.clone(), value(text))).collect()
    }
}

/// Bytes that are sent as one frame.
struct StaticBody(Bytes);

impl Body for StaticBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = std::mem::take(&mut self.0);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.len() as u64)
    }
}
