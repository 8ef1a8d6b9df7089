//! Connections: an address, TCP, and TLS with ALPN.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, PoisonError},
    task::{Context, Poll},
};

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::{
    client::legacy::connect::{Connected, Connection},
    rt::TokioIo,
};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tower_service::Service;

use super::{
    attempts,
    place::{Elsewhere, Site},
    trust::{self, Fault, Trust},
};

/// Opens connections for a client.
#[derive(Clone)]
pub(super) struct Connector {
    trust: Trust,
    tls: Option<(TlsConnector, Fault)>,
    elsewhere: Arc<[Elsewhere]>,
}

/// A site's answer to a handshake.
#[derive(Clone, Debug)]
pub(crate) struct Handshake {
    /// The reason why the certificate is not trusted, in words.
    pub(crate) fault: Option<String>,
    /// Whether HTTP/2 was agreed on.
    pub(crate) is_http2: bool,
}

impl Connector {
    pub(super) fn new(trust: Trust, elsewhere: &[Elsewhere]) -> anyhow::Result<Self> {
        let config = trust::config(&trust)?;
        let tls = config.map(|(config, fault)| (TlsConnector::from(config), fault));
        Ok(Self { trust, tls, elsewhere: elsewhere.into() })
    }

    /// Connects, with a handshake that accepts any certificate.
    pub(super) async fn reach(&self, site: &Site) -> io::Result<Option<Handshake>> {
        let tcp = self.tcp(site).await?;
        if !site.is_tls {
            return Ok(None);
        }
        let anything = match &self.trust {
            Trust::Roots(roots) => &Trust::Anything(Arc::clone(roots)),
            trust => trust,
        };
        let config = trust::config(anything).map_err(io::Error::other)?;
        let (config, fault) = config.ok_or(io::ErrorKind::Unsupported)?;
        let stream = TlsConnector::from(config).connect(server_name(site)?, tcp).await?;
        Ok(Some(Handshake { fault: taken(&fault), is_http2: agreed_on_http2(&stream) }))
    }

    async fn connect(&self, url: &Uri) -> io::Result<Stream> {
        let site = Site::of_url(url).ok_or_else(|| io::Error::other("this is no URL of HTTP"))?;
        let tcp = self.tcp(&site).await?;
        if !site.is_tls {
            return Ok(Stream { io: TokioIo::new(Box::new(tcp)), is_http2: false });
        }
        let (tls, fault) = self.tls.as_ref().ok_or(io::ErrorKind::Unsupported)?;
        // Where any certificate is taken, a fault may be that of an earlier connection.
        let in_words = |error| match taken(fault).filter(|_| matches!(self.trust, Trust::Roots(_)))
        {
            Some(fault) => io::Error::other(format!("its certificate is not trusted: {fault}")),
            None => error,
        };
        let stream = tls.connect(server_name(&site)?, tcp).await.map_err(in_words)?;
        let is_http2 = agreed_on_http2(&stream);
        Ok(Stream { io: TokioIo::new(Box::new(stream)), is_http2 })
    }

    /// A connection that speaks HTTP/1.1; none if the site agrees on HTTP/2.
    pub(super) async fn http1(
        &self,
        url: &Uri,
    ) -> io::Result<Option<impl AsyncRead + AsyncWrite + Send + Unpin + use<>>> {
        let stream = self.connect(url).await?;
        Ok((!stream.is_http2).then(|| stream.io.into_inner()))
    }

    pub(super) async fn tcp(&self, site: &Site) -> io::Result<TcpStream> {
        attempts::connect(self.addresses(site).await?).await
    }

    pub(super) async fn addresses(&self, site: &Site) -> io::Result<Vec<SocketAddr>> {
        let is_it = |it: &&Elsewhere| it.host.eq_ignore_ascii_case(&site.host);
        let elsewhere = self.elsewhere.iter().filter(is_it);
        let elsewhere = elsewhere.map(|it| (it.address, it.port.unwrap_or(site.port)).into());
        let elsewhere: Vec<_> = elsewhere.collect();
        if !elsewhere.is_empty() {
            return Ok(elsewhere);
        }
        let found = lookup_host((site.host.as_str(), site.port)).await;
        let words = |error| io::Error::other(format!("cannot look up {}: {error}", site.host));
        Ok(found.map_err(words)?.collect())
    }
}

fn server_name(site: &Site) -> io::Result<ServerName<'static>> {
    ServerName::try_from(site.host.clone()).map_err(io::Error::other)
}

fn agreed_on_http2(stream: &TlsStream<TcpStream>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(b"h2")
}

/// The fault of the last certificate, which is then forgotten.
fn taken(fault: &Fault) -> Option<String> {
    fault.lock().unwrap_or_else(PoisonError::into_inner).take()
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move { connector.connect(&url).await })
    }
}

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// An open connection, with TLS or without.
pub(super) struct Stream {
    io: TokioIo<Box<dyn Io>>,
    is_http2: bool,
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        let connected = Connected::new();
        if self.is_http2 { connected.negotiated_h2() } else { connected }
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
