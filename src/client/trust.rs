//! The certificates that are trusted.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result, ensure};
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};

use super::certificate;

/// The certificates that a client accepts.
#[derive(Clone, Debug)]
pub(crate) enum Trust {
    /// TLS is not spoken.
    WithoutTls,
    /// Those whose chain leads to a root.
    Roots(Arc<RootCertStore>),
    /// All of them, for a client that also judges the responses behind a bad certificate.
    Anything(Arc<RootCertStore>),
}

/// The root certificates of a file, or else of this machine.
///
/// # Errors
///
/// If the file cannot be read, or there are none.
pub(crate) fn roots(file: Option<&Path>) -> Result<Arc<RootCertStore>> {
    let mut store = RootCertStore::empty();
    match file {
        Some(file) => {
            let name = file.display();
            let found = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
            let found: Vec<_> = found.with_context(|| format!("cannot read {name} (--ca)"))?;
            for certificate in found {
                store.add(certificate).with_context(|| format!("{name} (--ca)"))?;
            }
            ensure!(!store.is_empty(), "{name} (--ca) has no -----BEGIN CERTIFICATE-----");
        }
        None => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            ensure!(
                !store.is_empty(),
                "this machine has no root certificates: install its package `ca-certificates`, or \
                 name a file of them with --ca"
            );
        }
    }
    Ok(Arc::new(store))
}

/// The fault of the last certificate, in words; none if it is trusted.
pub(super) type Fault = Arc<Mutex<Option<String>>>;

/// The configuration of a client, and the place where it notes the fault of a certificate; none
/// without TLS.
pub(super) fn config(trust: &Trust) -> Result<Option<(Arc<ClientConfig>, Fault)>> {
    let (roots, is_strict) = match trust {
        Trust::WithoutTls => return Ok(None),
        Trust::Roots(roots) => (roots, true),
        Trust::Anything(roots) => (roots, false),
    };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), Arc::clone(&provider));
    let fault = Fault::default();
    let noting = Noting { verifier: verifier.build()?, fault: Arc::clone(&fault), is_strict };
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(noting));
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Some((Arc::new(config), fault)))
}

/// Verifies, and notes the fault. One that is not strict accepts any certificate.
#[derive(Debug)]
struct Noting {
    verifier: Arc<WebPkiServerVerifier>,
    fault: Fault,
    is_strict: bool,
}

impl ServerCertVerifier for Noting {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.verifier.verify_server_cert(shown, intermediates, name, ocsp, now);
        let fault = verified.as_ref().err().map(|error| certificate::fault(error, shown));
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
        if self.is_strict { verified } else { Ok(ServerCertVerified::assertion()) }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}
