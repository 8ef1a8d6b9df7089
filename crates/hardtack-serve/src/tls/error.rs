//! The faults of a certificate and its key.

use rustls::pki_types::pem;

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
    /// The text has more certificates than could be read.
    #[error(
        "{begun} certificates begin in it, and {read} can be read: each line -----BEGIN CERTIFICATE----- \
         or -----END CERTIFICATE----- stands by itself"
    )]
    Lost {
        /// The certificates that begin in it.
        begun: usize,
        /// Those that could be read.
        read: usize,
    },
    /// A certificate is not one (RFC 5280 §4.1).
    #[error("certificate {number} in it cannot be read: {reason}")]
    Unreadable {
        /// Its number in the text, from 1.
        number: usize,
        /// The fault.
        reason: String,
    },
    /// The text has no key.
    #[error("there is no private key in it that can be read; it must not be encrypted")]
    Key(#[source] pem::Error),
    /// The key belongs to another certificate.
    #[error("the certificate and the key do not go together")]
    Mismatch(#[source] rustls::Error),
}
