//! A certificate for tests, and clients that trust it.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    sync::Arc,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName},
};

use super::{Connection, PATIENCE};

/// A certificate of `localhost` and its key, as files; they go when this goes.
pub struct Certificate {
    folder: tempfile::TempDir,
    der: CertificateDer<'static>,
}

impl Certificate {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let der = write(&folder);
        Self { folder, der }
    }

    /// Another certificate takes the place of this one, in the same files.
    pub fn renew(&mut self) {
        self.der = write(&self.folder);
    }

    /// What names the files on the command line.
    pub fn options(&self) -> [String; 2] {
        let file = |name| self.folder.path().join(name).display().to_string();
        let (chain, key) = (file("chain.pem"), file("key.pem"));
        [format!("--tls-certificate={chain}"), format!("--tls-key={key}")]
    }

    /// A connection that speaks HTTP/1.1 over TLS.
    pub fn connect(&self, address: SocketAddr) -> Connection<OverTls> {
        let tcp = TcpStream::connect(address).expect("it listens");
        tcp.set_read_timeout(Some(PATIENCE)).expect("a valid duration");
        let tls = ClientConnection::new(self.trusting(b"http/1.1"), localhost());
        Connection::over(StreamOwned::new(tls.expect("a valid configuration"), tcp))
    }

    /// A client's configuration that trusts this certificate, and speaks that protocol.
    pub fn trusting(&self, protocol: &[u8]) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).expect("a certificate");
        let builder = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into());
        let builder = builder.with_safe_default_protocol_versions().expect("some are there");
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        Arc::new(config)
    }
}

pub type OverTls = StreamOwned<ClientConnection, TcpStream>;

pub fn localhost() -> ServerName<'static> {
    ServerName::try_from("localhost").expect("a name")
}

fn write(folder: &tempfile::TempDir) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    fs::write(folder.path().join("chain.pem"), made.cert.pem()).expect("written");
    fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).expect("written");
    made.cert.der().clone()
}
