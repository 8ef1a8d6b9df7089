//! The transports of a client's HTTP.

use std::{
    io::{Error, Result},
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpSocket, TcpStream},
    time::{Sleep, sleep},
};
use tokio_rustls::TlsConnector;

use super::instance::Places;

pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for S {}

#[derive(Clone)]
pub enum Transport {
    Plain,
    /// With sessions that are resumed, as browsers do.
    Tls(TlsConnector),
}

impl Transport {
    /// TLS with one protocol above it.
    pub fn tls(certificate: &Path, protocol: &[u8]) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(certificate)?)?;
        let mut config =
            ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_owned()];
        Ok(Self::Tls(Arc::new(config).into()))
    }

    pub async fn connect(&self, places: Places) -> Result<Box<dyn Stream>> {
        let address = if matches!(self, Self::Plain) { places.http } else { places.https };
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        self.speak_over(stream).await
    }

    /// By a network that is slow in one direction.
    pub async fn connect_slowly(&self, places: Places) -> Result<Box<dyn Stream>> {
        let address = if matches!(self, Self::Plain) { places.http } else { places.https };
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(UNREAD)?;
        self.speak_over(Slow::new(socket.connect(address).await?)).await
    }

    async fn speak_over(&self, stream: impl Stream) -> Result<Box<dyn Stream>> {
        match self {
            Self::Plain => Ok(Box::new(stream)),
            Self::Tls(connector) => {
                let name = ServerName::try_from("localhost").map_err(Error::other)?;
                Ok(Box::new(connector.connect(name, stream).await?))
            }
        }
    }
}

/// A slow network: the bytes under way, the bytes of one read, and the pause before the next.
const UNREAD: u32 = 16 * 1024;
const PIECE: usize = 8 * 1024;
const PAUSE: Duration = Duration::from_millis(10);

/// A connection that is read slowly, whatever is said of windows above it.
struct Slow {
    stream: TcpStream,
    pause: Pin<Box<Sleep>>,
}

impl Slow {
    fn new(stream: TcpStream) -> Self {
        Self { stream, pause: Box::pin(sleep(PAUSE)) }
    }
}

impl AsyncRead for Slow {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        ready!(self.pause.as_mut().poll(context));
        let mut space = [0; PIECE];
        let mut piece = ReadBuf::new(&mut space[..buffer.remaining().min(PIECE)]);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut piece))?;
        buffer.put_slice(piece.filled());
        self.pause = Box::pin(sleep(PAUSE));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Slow {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
