//! Faults of a server's certificate, in words.

use std::net::IpAddr;

use rustls::{CertificateError as Fault, Error, pki_types::CertificateDer};
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, prelude::FromDer};

/// The reason why a certificate is not trusted.
pub(super) fn fault(error: &Error, certificate: &CertificateDer<'_>) -> String {
    match (error, X509Certificate::from_der(certificate)) {
        (Error::InvalidCertificate(fault), Ok((_, certificate))) => {
            in_words(fault, &certificate).unwrap_or_else(|| error.to_string())
        }
        _ => error.to_string(),
    }
}

/// None if the verifier's own words are as good.
fn in_words(fault: &Fault, certificate: &X509Certificate<'_>) -> Option<String> {
    let validity = certificate.validity();
    match fault {
        Fault::Expired | Fault::ExpiredContext { .. } => {
            Some(format!("it was valid until {}", validity.not_after))
        }
        Fault::NotValidYet | Fault::NotValidYetContext { .. } => {
            Some(format!("it is not valid before {}", validity.not_before))
        }
        Fault::NotValidForName | Fault::NotValidForNameContext { .. } => {
            Some(format!("it is of {}", names(certificate)))
        }
        // A root of that name has another key, or it is an authority's, which the verifier refuses
        // before it looks for a root.
        Fault::UnknownIssuer | Fault::BadSignature | Fault::Other(_) => {
            untrusted(fault, certificate)
        }
        _ => None,
    }
}

fn untrusted(fault: &Fault, certificate: &X509Certificate<'_>) -> Option<String> {
    let is_self_signed = certificate.issuer() == certificate.subject();
    match (fault, certificate.is_ca()) {
        (_, true) if is_self_signed => Some(
            "it is signed by itself, as that of an authority (CA:TRUE), which no server may show"
                .to_owned(),
        ),
        (Fault::Other(_), true) => {
            Some("it is that of an authority (CA:TRUE), which no server may show".to_owned())
        }
        (Fault::Other(_), false) => None,
        _ if is_self_signed => {
            Some("it is signed by itself, and by no authority that is trusted".to_owned())
        }
        _ => Some(
            "its chain leads to no root that is trusted: an intermediate certificate may be missing"
                .to_owned(),
        ),
    }
}

/// The hosts that a certificate is of.
fn names(certificate: &X509Certificate<'_>) -> String {
    let extension = certificate.subject_alternative_name().ok().flatten();
    let names = extension.map(|it| it.value.general_names.as_slice()).unwrap_or_default();
    let names: Vec<_> = names.iter().filter_map(name).collect();
    if names.is_empty() { "no host (subjectAltName)".to_owned() } else { names.join(", ") }
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match *name {
        GeneralName::DNSName(name) => Some(name.to_owned()),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
            let address = v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from));
            address.ok().map(|it| it.to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, SanType, date_time_ymd};
    use rustls::{
        RootCertStore,
        client::{WebPkiServerVerifier, danger::ServerCertVerifier},
        crypto::aws_lc_rs,
        pki_types::{ServerName, UnixTime},
    };

    use super::*;

    /// A certificate that is signed by itself.
    fn certificate(change: impl FnOnce(&mut CertificateParams)) -> CertificateDer<'static> {
        let mut parameters = CertificateParams::new(["cdn.example".to_owned()]).unwrap();
        (parameters.not_before, parameters.not_after) =
            (date_time_ymd(2020, 1, 1), date_time_ymd(2030, 1, 1));
        change(&mut parameters);
        parameters.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
    }

    /// The words of the verifier's verdict on `shown` in the year 2025, as that of `cdn.example`.
    fn verdict(
        shown: &CertificateDer<'static>,
        trusted: &CertificateDer<'static>,
    ) -> Option<String> {
        let mut roots = RootCertStore::empty();
        roots.add(trusted.clone()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1_750_000_000));
        let name = ServerName::try_from("cdn.example").unwrap();
        let verified = verifier.verify_server_cert(shown, &[], &name, &[], now);
        verified.err().map(|error| fault(&error, shown))
    }

    #[track_caller]
    fn says(change: impl FnOnce(&mut CertificateParams), expected: &str) {
        let shown = certificate(change);
        let said = verdict(&shown, &shown).expect("it is not trusted");
        assert!(said.contains(expected), "{said}, not {expected}");
    }

    #[test]
    fn faults() {
        says(
            |it| it.not_after = date_time_ymd(2021, 1, 1),
            "it was valid until Jan  1 00:00:00 2021",
        );
        says(
            |it| it.not_before = date_time_ymd(2029, 1, 1),
            "it is not valid before Jan  1 00:00:00 2029",
        );
        let named =
            |name: SanType| move |it: &mut CertificateParams| it.subject_alt_names = vec![name];
        says(named(SanType::DnsName("a.example".try_into().unwrap())), "it is of a.example");
        says(named(SanType::IpAddress(IpAddr::from([192, 0, 2, 1]))), "it is of 192.0.2.1");
        says(named(SanType::IpAddress("2001:db8::1".parse().unwrap())), "it is of 2001:db8::1");
        says(|it| it.subject_alt_names = Vec::new(), "it is of no host");
        says(
            |it| it.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
            "it is signed by itself, as that of an authority (CA:TRUE)",
        );
    }

    #[test]
    fn issuers() {
        let (good, other) = (certificate(|_| {}), certificate(|_| {}));
        assert_eq!(verdict(&good, &good), None);
        let said = verdict(&good, &other).unwrap();
        assert!(said.contains("it is signed by itself, and by no authority"), "{said}");
        let authority = CertificateParams::new(Vec::new()).unwrap();
        let key = KeyPair::generate().unwrap();
        let issuer = rcgen::Issuer::new(authority, key);
        let mut parameters = CertificateParams::new(["cdn.example".to_owned()]).unwrap();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "cdn.example");
        let issued = parameters.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();
        let said = verdict(issued.der(), &good).unwrap();
        assert!(said.contains("its chain leads to no root"), "{said}");
    }
}
