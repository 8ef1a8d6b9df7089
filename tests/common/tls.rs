//! Certificates, and clients that speak TLS.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName},
};

use super::{Connection, PATIENCE, Server, hardtack};

/// A certificate of `localhost`, which is its own root, and its key.
#[derive(Clone, Debug)]
pub struct Certificate {
    pub chain: String,
    pub key: String,
    pub der: CertificateDer<'static>,
}

impl Certificate {
    pub fn new() -> Self {
        let names = ["localhost".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).expect("a valid name");
        Self {
            chain: made.cert.pem(),
            key: made.signing_key.serialize_pem(),
            der: made.cert.der().clone(),
        }
    }
}

/// Where a server finds its certificate.
pub struct CertificateFiles {
    folder: tempfile::TempDir,
}

impl CertificateFiles {
    pub fn of(certificate: &Certificate) -> Self {
        let files = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        files.replace(certificate);
        files
    }

    /// As tools do that renew certificates.
    pub fn replace(&self, certificate: &Certificate) {
        put(&self.chain(), &certificate.chain);
        put(&self.key(), &certificate.key);
    }

    pub fn chain(&self) -> PathBuf {
        self.folder.path().join("chain.pem")
    }

    pub fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    /// The server, which speaks TLS on a free port, and can be given more options.
    pub fn command(&self) -> Command {
        let mut command = hardtack();
        command.args(["serve", "--listen", "https://127.0.0.1:0", "--tls-certificate"]);
        command.arg(self.chain()).arg("--tls-key").arg(self.key());
        command
    }
}

/// Puts a file in the place of another one, of which a reader sees all or nothing.
pub fn put(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).expect("written");
    fs::rename(new, path).expect("in one folder");
}

/// A client's end.
pub type Tls = StreamOwned<ClientConnection, TcpStream>;

/// A client that trusts these certificates, and offers these protocols.
pub fn client(trusted: &[&Certificate], alpn: &[&str]) -> Arc<ClientConfig> {
    client_of(trusted, alpn, rustls::ALL_VERSIONS)
}

/// The same, of those versions of TLS.
pub fn client_of(
    trusted: &[&Certificate],
    alpn: &[&str],
    versions: &[&'static SupportedProtocolVersion],
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in trusted {
        roots.add(certificate.der.clone()).expect("a certificate");
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_protocol_versions(versions).expect("versions that there are");
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_owned()).collect();
    Arc::new(config)
}

/// The name that the certificates are for.
pub fn localhost() -> ServerName<'static> {
    ServerName::try_from("localhost").expect("a valid name")
}

/// A handshake over a connection.
pub fn handshake(mut stream: TcpStream, config: &Arc<ClientConfig>) -> std::io::Result<Tls> {
    let mut client =
        ClientConnection::new(Arc::clone(config), localhost()).expect("a valid client");
    while client.is_handshaking() {
        client.complete_io(&mut stream)?;
    }
    Ok(StreamOwned::new(client, stream))
}

impl Server {
    /// A connection to the listener for TLS, which says nothing yet.
    pub fn connect_tls_port(&self) -> TcpStream {
        let address = self.place("listening  https://");
        let stream = TcpStream::connect(address).expect("the server accepts");
        stream.set_read_timeout(Some(PATIENCE)).expect("a valid duration");
        stream
    }

    pub fn connect_tls(&self, config: &Arc<ClientConfig>) -> Connection<Tls> {
        let stream = handshake(self.connect_tls_port(), config).expect("a handshake");
        Connection::over(stream)
    }
}

/// A certificate in files, and clients that trust it.
pub struct Installed {
    files: CertificateFiles,
    certificate: Certificate,
}

impl Installed {
    pub fn new() -> Self {
        let certificate = Certificate::new();
        Self { files: CertificateFiles::of(&certificate), certificate }
    }

    /// Another certificate takes the place of this one, in the same files.
    pub fn renew(&mut self) {
        self.certificate = Certificate::new();
        self.files.replace(&self.certificate);
    }

    /// The options that name the files.
    pub fn options(&self) -> [String; 2] {
        let (chain, key) = (self.files.chain(), self.files.key());
        [format!("--tls-certificate={}", chain.display()), format!("--tls-key={}", key.display())]
    }

    /// A connection that speaks HTTP/1.1 over TLS.
    pub fn connect(&self, address: SocketAddr) -> Connection<Tls> {
        self.connect_if_shown(address).expect("a handshake")
    }

    /// The same, unless another certificate is shown there.
    pub fn connect_if_shown(&self, address: SocketAddr) -> Option<Connection<Tls>> {
        let stream = TcpStream::connect(address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a valid duration");
        handshake(stream, &self.trusting("http/1.1")).ok().map(Connection::over)
    }

    /// A client's configuration that trusts this certificate, and speaks that protocol.
    pub fn trusting(&self, protocol: &str) -> Arc<ClientConfig> {
        client(&[&self.certificate], &[protocol])
    }
}
