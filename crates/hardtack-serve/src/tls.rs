//! TLS: the certificate, which may change while the server runs, and the versions and protocols.

mod chain;
mod error;
mod tickets;

use std::sync::{
    Arc, RwLock,
    atomic::{AtomicI64, Ordering::Relaxed},
};

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, pem::PemObject},
    server::{ClientHello, NoServerSessionStorage, ResolvesServerCert},
    sign::CertifiedKey,
};
use serde::{Deserialize, Serialize};

pub(crate) use self::tickets::Tickets;
pub use self::{
    chain::Chain,
    error::CertificateError,
    tickets::{TicketError, TicketKeys},
};

/// A certificate with those between it and the root, and its key.
#[derive(Clone, Deserialize, PartialEq, Eq, Serialize)]
pub struct Pem {
    /// The certificates.
    pub chain: String,
    /// The private key.
    pub key: String,
}

/// The error of a TLS listener without a certificate.
pub const NO_CERTIFICATE: &str =
    "TLS needs --tls-certificate and --tls-key: the files of a certificate and its key";

/// The chain of a certificate, checked to be whole and to go together with its key.
///
/// # Errors
///
/// If one of them cannot be read, or they do not go together.
pub fn check(pem: &Pem) -> Result<Chain, CertificateError> {
    let chain = Chain::parse(&pem.chain)?;
    certified_key(&chain, pem).map(|_| chain)
}

fn certified_key(chain: &Chain, pem: &Pem) -> Result<CertifiedKey, CertificateError> {
    let key = pem.key.replace('\u{feff}', "");
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(CertificateError::Key)?;
    CertifiedKey::from_der(chain.ders.clone(), key, &aws_lc_rs::default_provider())
        .map_err(CertificateError::Mismatch)
}

/// The certificate of the next handshake.
#[derive(Debug)]
pub(crate) struct Current {
    key: RwLock<Arc<CertifiedKey>>,
    not_after: AtomicI64,
}

impl Current {
    pub(crate) fn new(pem: &Pem) -> Result<Arc<Self>, CertificateError> {
        let chain = Chain::parse(&pem.chain)?;
        let key = RwLock::new(Arc::new(certified_key(&chain, pem)?));
        Ok(Arc::new(Self { key, not_after: AtomicI64::new(chain.not_after()) }))
    }

    /// Shows another one from the next handshake on.
    pub(crate) fn replace(&self, pem: &Pem) -> Result<(), CertificateError> {
        let chain = Chain::parse(&pem.chain)?;
        let key = Arc::new(certified_key(&chain, pem)?);
        *self.key.write().unwrap_or_else(std::sync::PoisonError::into_inner) = key;
        self.not_after.store(chain.not_after(), Relaxed);
        Ok(())
    }

    /// The end of its validity in seconds since 1970.
    pub(crate) fn not_after(&self) -> i64 {
        self.not_after.load(Relaxed)
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.key.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        Some(Arc::clone(&current))
    }
}

/// TLS 1.2 and 1.3, with HTTP/2 and HTTP/1.1 to choose from (ALPN), and sessions that are resumed
/// by tickets, so that nothing has to be kept for them.
pub(crate) fn config(
    certificate: Arc<Current>,
    tickets: Arc<Tickets>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(certificate);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.ticketer = tickets;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(Arc::new(config))
}
