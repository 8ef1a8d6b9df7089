//! The certificate.

use rustls::{CertificateError, Error};

use super::protocol;
use crate::{
    client::Handshake,
    commands::check::judgment::{Judgment, Of, Seen, Verdict},
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "tls",
    rule: "browsers trust the certificate: its chain, its names, its dates",
    remedy: "install a certificate of this host with all intermediate certificates, and renew it in \
             time; for a private authority, name its certificate with --ca",
    of: Of::Both,
    ask: protocol::ask,
    judge,
};

fn judge(seen: &Seen<'_>) -> Verdict {
    let Some(shown) = seen.handshake else {
        return Verdict::NotApplicable("http:// has no certificate");
    };
    let fault = shown.fault.as_ref().map(|fault| in_words(fault, shown));
    fault.map_or(Verdict::Kept, Verdict::Broken)
}

fn in_words(fault: &Error, shown: &Handshake) -> String {
    use CertificateError as Fault;
    let Error::InvalidCertificate(fault) = fault else { return fault.to_string() };
    match fault {
        Fault::Expired | Fault::ExpiredContext { .. } => {
            format!("it was valid until {}", shown.not_after)
        }
        Fault::NotValidForName | Fault::NotValidForNameContext { .. } => {
            format!("it is of {}", shown.names.join(", "))
        }
        // A root of that name has another key.
        Fault::UnknownIssuer | Fault::BadSignature => {
            "its chain leads to no root that is trusted: an intermediate certificate may be missing"
                .to_owned()
        }
        other => Error::InvalidCertificate(other.clone()).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::check::{
        subject::Kind,
        testing::{handshake, judges},
    };

    #[track_caller]
    fn says(fault: CertificateError, expected: &str) {
        let mut shown = handshake();
        shown.fault = Some(Error::InvalidCertificate(fault));
        judges(&JUDGMENT).of(Kind::Connection).with(shown).broken(|_, _| {}, expected);
    }

    #[test]
    fn certificates() {
        judges(&JUDGMENT).of(Kind::Connection).with(handshake()).kept(|_, _| {});
        judges(&JUDGMENT).of(Kind::Connection).refrains(|_, _| {});
        says(CertificateError::Expired, "it was valid until the day before");
        says(CertificateError::NotValidForName, "it is of cdn.example");
        says(CertificateError::UnknownIssuer, "its chain leads to no root");
        says(CertificateError::BadSignature, "its chain leads to no root");
        says(CertificateError::Revoked, "invalid peer certificate: Revoked");
    }
}
