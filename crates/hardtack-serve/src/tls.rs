//! TLS: the certificate, which may change while the server runs, and the versions and protocols.

use std::sync::{Arc, RwLock};

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
    server::{ClientHello, NoServerSessionStorage, ResolvesServerCert},
    sign::CertifiedKey,
};

use crate::channel::Pem;

/// The error of a TLS listener without a certificate.
pub const NO_CERTIFICATE: &str =
    "TLS needs --tls-certificate and --tls-key: the files of a certificate and its key";

/// The certificate with its key, checked to belong together.
///
/// # Errors
///
/// If one of them cannot be read, or they do not go together.
pub fn certified_key(pem: &Pem) -> Result<CertifiedKey, CertificateError> {
    let chain = CertificateDer::pem_slice_iter(pem.chain.as_bytes()).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(CertificateError::Damaged)?;
    if chain.is_empty() {
        return Err(CertificateError::Missing);
    }
    let key = PrivateKeyDer::from_pem_slice(pem.key.as_bytes()).map_err(CertificateError::Key)?;
    CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider())
        .map_err(CertificateError::Mismatch)
}

/// A certificate and a key that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The text is not PEM.
    #[error("the certificate is damaged")]
    Damaged(#[source] pem::Error),
    /// The text has no certificate.
    #[error("there is no certificate in it: no -----BEGIN CERTIFICATE-----")]
    Missing,
    /// The text has no key.
    #[error("there is no private key in it that can be read; it must not be encrypted")]
    Key(#[source] pem::Error),
    /// The key belongs to another certificate.
    #[error("the certificate and the key do not go together")]
    Mismatch(#[source] rustls::Error),
}

/// The certificate of the next handshake.
#[derive(Debug)]
pub(crate) struct Current(RwLock<Arc<CertifiedKey>>);

impl Current {
    pub(crate) fn new(pem: &Pem) -> Result<Arc<Self>, CertificateError> {
        Ok(Arc::new(Self(RwLock::new(Arc::new(certified_key(pem)?)))))
    }

    /// Shows another one from the next handshake on.
    pub(crate) fn replace(&self, pem: &Pem) -> Result<(), CertificateError> {
        let key = Arc::new(certified_key(pem)?);
        *self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner) = key;
        Ok(())
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        Some(Arc::clone(&current))
    }
}

/// TLS 1.2 and 1.3, with HTTP/2 and HTTP/1.1 to choose from (ALPN), and sessions that are resumed
/// by tickets, so that nothing has to be kept for them.
pub(crate) fn config(certificate: Arc<Current>) -> Result<Arc<ServerConfig>, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(certificate);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.ticketer = aws_lc_rs::Ticketer::new()?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(Arc::new(config))
}
