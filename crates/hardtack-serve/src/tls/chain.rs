//! The certificates of a chain: all of the file's, and the faults for which browsers refuse them (RFC
//! 5280; CA/Browser Forum, Baseline Requirements).
//!
//! Names and signatures tell whether one certificate is issued by the next.

use std::{net::IpAddr, time::SystemTime};

use rustls::{
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, SignatureVerificationAlgorithm, pem::PemObject},
};
use x509_parser::{
    certificate::X509Certificate, extensions::GeneralName, prelude::FromDer, public_key::PublicKey,
};

use super::error::CertificateError;
use crate::utc;

/// A certificate and its intermediate certificates.
#[derive(Debug)]
pub struct Chain {
    pub(super) ders: Vec<CertificateDer<'static>>,
    certificates: Vec<Certificate>,
}

/// The parts of a certificate that decide whether browsers accept it.
#[derive(Debug)]
struct Certificate {
    subject: Name,
    issuer: Name,
    /// Seconds since 1970.
    not_before: i64,
    not_after: i64,
    /// The names in `subjectAltName`, in words.
    names: Vec<String>,
    /// Whether it may be a server's.
    is_for_servers: bool,
    /// The kind of its key, in words.
    key: String,
    public_key: PublicKeyOf,
    signature: Signature,
    /// The broken hash of its signature.
    broken_hash: Option<&'static str>,
}

/// The key of a certificate.
#[derive(Debug)]
struct PublicKeyOf {
    bytes: Vec<u8>,
    /// The object identifier of an elliptic curve, as DER has it; empty for other keys.
    curve: Vec<u8>,
    /// The bits of an RSA key.
    rsa_bits: Option<usize>,
}

/// The signature of a certificate by its issuer's key.
#[derive(Debug)]
struct Signature {
    /// The object identifier of its algorithm, as DER has it.
    algorithm: Vec<u8>,
    message: Vec<u8>,
    bytes: Vec<u8>,
}

/// A distinguished name, as bytes and in words.
#[derive(Debug, PartialEq, Eq)]
struct Name(Vec<u8>, String);

impl Chain {
    /// The certificates in a text of PEM. Byte order marks and lines before a certificate are left
    /// out.
    ///
    /// # Errors
    ///
    /// If there is none, or one of them cannot be read.
    pub fn parse(pem: &str) -> Result<Self, CertificateError> {
        let pem = pem.replace('\u{feff}', "");
        let ders = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>();
        let ders = ders.map_err(CertificateError::Damaged)?;
        let begun = certificates_begun(&pem);
        if begun > ders.len() {
            return Err(CertificateError::Lost { begun, read: ders.len() });
        }
        if ders.is_empty() {
            return Err(CertificateError::Missing);
        }
        let certificates =
            ders.iter().enumerate().map(|(index, der)| Certificate::parse(index + 1, der));
        let certificates = certificates.collect::<Result<_, _>>()?;
        Ok(Self { ders, certificates })
    }

    /// The end of the chain's validity in seconds since 1970: the first that any certificate has.
    pub fn not_after(&self) -> i64 {
        let ends = self.certificates.iter().map(|certificate| certificate.not_after);
        ends.min().unwrap_or_default()
    }

    /// Each certificate in words, for people.
    pub fn in_words(&self) -> Vec<String> {
        self.certificates.iter().map(Certificate::in_words).collect()
    }

    /// The faults for which browsers refuse the chain at this time, or soon.
    pub fn warnings(&self, now: SystemTime) -> Vec<String> {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let each = self.certificates.iter().flat_map(|one| one.warnings(now));
        let leaf = self.certificates.first().into_iter().flat_map(Certificate::warnings_of_leaf);
        each.chain(leaf).chain(self.warnings_of_order()).collect()
    }

    fn warnings_of_order(&self) -> Vec<String> {
        let pairs = self.certificates.windows(2).filter(|pair| pair[0].issuer != pair[1].subject);
        let mut warnings: Vec<_> = pairs
            .map(|pair| {
                let [subject, issuer] = [&pair[0].subject.1, &pair[0].issuer.1];
                let next = &pair[1].subject.1;
                format!("{subject} is issued by {issuer}, and the next certificate is {next}")
            })
            .collect();
        warnings.extend(self.warnings_of_signatures());
        if let [leaf] = &self.certificates[..] {
            let (subject, issuer) = (&leaf.subject.1, &leaf.issuer.1);
            warnings.push(if leaf.is_self_issued() {
                format!("{subject} is its own issuer, which browsers do not trust")
            } else {
                format!("the certificate of {issuer}, which issued {subject}, is missing")
            });
        }
        warnings
    }
}

impl Chain {
    fn warnings_of_signatures(&self) -> impl Iterator<Item = String> {
        let by_name = |pair: &&[Certificate]| pair[0].issuer == pair[1].subject;
        let pairs = self.certificates.windows(2).filter(by_name);
        let forged = pairs.filter(|pair| !pair[0].signature.may_be_of(&pair[1].public_key));
        forged.map(|pair| {
            let (subject, issuer) = (&pair[0].subject.1, &pair[1].subject.1);
            format!("{subject} is not signed with the key of the next certificate, {issuer}")
        })
    }
}

impl PublicKeyOf {
    fn of(certificate: &X509Certificate<'_>) -> Self {
        let key = certificate.public_key();
        let curve = key.algorithm.parameters.as_ref().and_then(|it| it.as_oid().ok());
        Self {
            bytes: key.subject_public_key.data.to_vec(),
            curve: curve.map_or(Vec::new(), |curve| curve.as_bytes().to_vec()),
            rsa_bits: rsa_bits(certificate),
        }
    }
}

/// RSASSA-PSS (RFC 4055 §3.1), whose parameters are many.
const PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];

impl Signature {
    /// Whether it was made with this key; also if that cannot be checked here.
    fn may_be_of(&self, key: &PublicKeyOf) -> bool {
        if self.algorithm == PSS || key.rsa_bits.is_some_and(|bits| !(2048..=8192).contains(&bits))
        {
            return true;
        }
        let known = aws_lc_rs::default_provider().signature_verification_algorithms.all;
        let mut fitting = known.iter().filter(|known| {
            has_part(&known.signature_alg_id(), &self.algorithm)
                && has_part(&known.public_key_alg_id(), &key.curve)
        });
        let first = fitting.next();
        let verifies = |known: &&dyn SignatureVerificationAlgorithm| {
            known.verify_signature(&key.bytes, &self.message, &self.bytes).is_ok()
        };
        first.is_none() || first.into_iter().chain(fitting).any(verifies)
    }
}

fn has_part(id: &[u8], part: &[u8]) -> bool {
    part.is_empty() || id.windows(part.len()).any(|window| window == part)
}

impl Certificate {
    /// Reads the certificate of this number in its file.
    fn parse(number: usize, der: &[u8]) -> Result<Self, CertificateError> {
        let unreadable = |reason: String| CertificateError::Unreadable { number, reason };
        let (rest, found) =
            X509Certificate::from_der(der).map_err(|error| unreadable(error.to_string()))?;
        if !rest.is_empty() {
            return Err(unreadable(format!("{} bytes follow it", rest.len())));
        }
        let names = found.subject_alternative_name().ok().flatten();
        let usage = found.extended_key_usage().ok().flatten();
        Ok(Self {
            subject: Name(found.subject().as_raw().to_owned(), found.subject().to_string()),
            issuer: Name(found.issuer().as_raw().to_owned(), found.issuer().to_string()),
            not_before: found.validity().not_before.timestamp(),
            not_after: found.validity().not_after.timestamp(),
            names: names.map_or(Vec::new(), |it| it.value.general_names.iter().map(name).collect()),
            is_for_servers: usage.is_none_or(|usage| usage.value.any || usage.value.server_auth),
            key: key(&found),
            public_key: PublicKeyOf::of(&found),
            signature: Signature {
                algorithm: found.signature_algorithm.algorithm.as_bytes().to_vec(),
                message: found.tbs_certificate.as_ref().to_vec(),
                bytes: found.signature_value.data.to_vec(),
            },
            broken_hash: broken_hash(&found.signature_algorithm.algorithm.to_id_string()),
        })
    }

    fn in_words(&self) -> String {
        let names = if self.names.is_empty() {
            String::new()
        } else {
            format!(" for {}", self.names.join(", "))
        };
        let (begin, end) = (utc::date(self.not_before), utc::date(self.not_after));
        let (subject, issuer, key) = (&self.subject.1, &self.issuer.1, &self.key);
        format!("{subject}{names}; issued by {issuer}; {begin} to {end}; {key}")
    }

    fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    fn warnings(&self, now: i64) -> Vec<String> {
        let subject = &self.subject.1;
        let mut warnings = Vec::new();
        if self.not_after < now {
            warnings.push(format!("{subject} expired on {}", utc::date(self.not_after)));
        }
        if self.not_before > now {
            warnings.push(format!("{subject} is not valid before {}", utc::date(self.not_before)));
        }
        if let Some(bits) = self.public_key.rsa_bits.filter(|bits| *bits < 2048) {
            warnings.push(format!("{subject} has an RSA key of {bits} bits; browsers want 2048"));
        }
        if let Some(hash) = self.broken_hash.filter(|_| !self.is_self_issued()) {
            warnings.push(format!("{subject} is signed with {hash}, which browsers refuse"));
        }
        warnings
    }

    fn warnings_of_leaf(&self) -> Vec<String> {
        let subject = &self.subject.1;
        let mut warnings = Vec::new();
        if self.names.is_empty() {
            warnings.push(format!("{subject} has no subjectAltName, and so is for no host"));
        }
        if !self.is_for_servers {
            warnings.push(format!("{subject} is not for servers: its extendedKeyUsage says so"));
        }
        warnings
    }
}

/// A name of a host, or an address, as people write it.
fn name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(host) => (*host).to_owned(),
        GeneralName::IPAddress(bytes) => address(bytes).unwrap_or_else(|| name.to_string()),
        other => other.to_string(),
    }
}

fn address(bytes: &[u8]) -> Option<String> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    let v6 = <[u8; 16]>::try_from(bytes).map(IpAddr::from);
    v4.or(v6).ok().map(|address| address.to_string())
}

fn key(certificate: &X509Certificate<'_>) -> String {
    match certificate.public_key().parsed() {
        Ok(PublicKey::RSA(key)) => format!("RSA key of {} bits", key.key_size()),
        Ok(PublicKey::EC(point)) => format!("EC key of {} bits", point.key_size()),
        _ if certificate.public_key().algorithm.algorithm.to_id_string() == "1.3.101.112" => {
            "Ed25519 key".to_owned()
        }
        _ => "a key of another kind".to_owned(),
    }
}

fn rsa_bits(certificate: &X509Certificate<'_>) -> Option<usize> {
    match certificate.public_key().parsed() {
        Ok(PublicKey::RSA(key)) => Some(key.key_size()),
        _ => None,
    }
}

/// The broken hash of a signature's algorithm (RFC 3279 §2.2, RFC 5758 §3.1).
fn broken_hash(algorithm: &str) -> Option<&'static str> {
    match algorithm {
        "1.2.840.113549.1.1.2" | "1.2.840.113549.1.1.4" => Some("MD5"),
        "1.2.840.113549.1.1.5" | "1.2.840.10045.4.1" | "1.2.840.10040.4.3" => Some("SHA-1"),
        _ => None,
    }
}

/// The certificates that begin in a text, even in the middle of a line. Comments do not count.
fn certificates_begun(pem: &str) -> usize {
    let lines = pem.lines().filter(|line| !line.trim_start().starts_with('#'));
    let labels = lines.flat_map(|line| line.split("-----BEGIN ").skip(1));
    labels.filter(|rest| rest.split("-----").next().is_some_and(is_certificate)).count()
}

/// Whether a label is a certificate's: also OpenSSL's `X509 CERTIFICATE` and `TRUSTED CERTIFICATE`.
fn is_certificate(label: &str) -> bool {
    label.ends_with("CERTIFICATE")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{
        BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose,
        IsCa, Issuer, KeyPair, date_time_ymd,
    };

    use super::*;

    /// 2026-06-01.
    const NOW: u64 = 1_780_272_000;

    fn parameters(name: &str) -> CertificateParams {
        let mut parameters = CertificateParams::new(vec![format!("{name}.example")]).unwrap();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.not_before = date_time_ymd(2026, 1, 1);
        parameters.not_after = date_time_ymd(2027, 1, 1);
        parameters
    }

    fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
        let mut parameters = parameters(name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
    }

    fn leaf(issuer: &Issuer<'_, KeyPair>, change: impl FnOnce(&mut CertificateParams)) -> String {
        let mut parameters = parameters("leaf");
        change(&mut parameters);
        parameters.signed_by(&KeyPair::generate().unwrap(), issuer).unwrap().pem()
    }

    /// The warnings of a chain in 2026, which has to have words of each.
    #[track_caller]
    fn warns(pem: &str, expected: &[&str]) {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
        let warnings = Chain::parse(pem).unwrap().warnings(now);
        assert_eq!(warnings.len(), expected.len(), "{warnings:?}");
        for (warning, expected) in warnings.iter().zip(expected) {
            assert!(warning.contains(expected), "{warning}, not {expected}");
        }
    }

    #[test]
    fn faults_that_browsers_find() {
        let (ours, other) = (authority("ours"), authority("other"));
        let plain = leaf(&ours, |_| {});
        warns(&[&plain[..], &ours.pem()].concat(), &[]);
        warns(&plain, &["the certificate of CN=ours, which issued CN=leaf, is missing"]);
        let unrelated = "CN=leaf is issued by CN=ours, and the next certificate is CN=other";
        warns(&[&plain[..], &other.pem()].concat(), &[unrelated]);
        warns(&ours.pem(), &["CN=ours is its own issuer"]);
        let namesake = authority("ours");
        let forged = "CN=leaf is not signed with the key of the next certificate, CN=ours";
        warns(&[&plain[..], &namesake.pem()].concat(), &[forged]);
        let with = |leaf: String| leaf + &ours.pem();
        let expired = |it: &mut CertificateParams| it.not_after = date_time_ymd(2026, 5, 31);
        warns(&with(leaf(&ours, expired)), &["CN=leaf expired on 2026-05-31"]);
        let early = |it: &mut CertificateParams| it.not_before = date_time_ymd(2026, 6, 2);
        warns(&with(leaf(&ours, early)), &["CN=leaf is not valid before 2026-06-02"]);
        let nameless = |it: &mut CertificateParams| it.subject_alt_names.clear();
        warns(&with(leaf(&ours, nameless)), &["no subjectAltName"]);
        let for_clients = |it: &mut CertificateParams| {
            it.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        };
        warns(&with(leaf(&ours, for_clients)), &["not for servers"]);
    }

    #[test]
    fn signatures_of_unknown_algorithms_are_no_fault() {
        let may_be = |algorithm: &[u8], curve: &[u8], rsa_bits| {
            let (message, bytes) = (b"a certificate".to_vec(), b"a signature".to_vec());
            let key = PublicKeyOf { bytes: b"a key".to_vec(), curve: curve.to_vec(), rsa_bits };
            Signature { algorithm: algorithm.to_vec(), message, bytes }.may_be_of(&key)
        };
        // ecdsa-with-SHA256 (RFC 5758) with P-256 and secp256k1, Ed448 (RFC 8410), RSA (RFC 4055).
        let ecdsa = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
        assert!(!may_be(&ecdsa, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07], None));
        assert!(may_be(&ecdsa, &[0x2b, 0x81, 0x04, 0x00, 0x0a], None));
        assert!(may_be(&[0x2b, 0x65, 0x71], &[], None));
        let rsa = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
        assert!(!may_be(&rsa, &[], Some(2048)));
        assert!(may_be(&rsa, &[], Some(16_384)) && may_be(PSS, &[], Some(2048)));
    }

    #[test]
    fn certificates_in_words() {
        let ours = authority("ours");
        let leaf = leaf(&ours, |it| {
            it.subject_alt_names.push(rcgen::SanType::IpAddress([192, 0, 2, 1].into()));
        });
        assert_eq!(
            Chain::parse(&(leaf + &ours.pem())).unwrap().in_words(),
            [
                "CN=leaf for leaf.example, 192.0.2.1; issued by CN=ours; 2026-01-01 to 2027-01-01; \
                 EC key of 256 bits",
                "CN=ours for ours.example; issued by CN=ours; 2026-01-01 to 2027-01-01; EC key of \
                 256 bits",
            ]
        );
    }

    #[test]
    fn the_end_is_the_first_one_of_the_chain() {
        let ours = authority("ours");
        let early = leaf(&ours, |it| it.not_after = date_time_ymd(2026, 3, 1));
        let chain = Chain::parse(&(early + &ours.pem())).unwrap();
        assert_eq!(utc::date(chain.not_after()), "2026-03-01");
        let late = leaf(&ours, |it| it.not_after = date_time_ymd(2028, 3, 1));
        assert_eq!(
            utc::date(Chain::parse(&(late + &ours.pem())).unwrap().not_after()),
            "2027-01-01"
        );
    }

    /// How many certificates a text has, or the error.
    #[track_caller]
    fn reads(pem: &str, expected: Result<usize, &str>) {
        match (Chain::parse(pem).map(|chain| chain.ders.len()), expected) {
            (Ok(count), Ok(expected)) => assert_eq!(count, expected, "{pem}"),
            (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
            (found, expected) => panic!("{found:?}, not {expected:?}: {pem}"),
        }
    }

    #[test]
    fn no_certificate_is_lost() {
        let (one, other) = (authority("one").pem(), authority("other").pem());
        let (one, other) = (one.trim_end().replace("\r\n", "\n"), other.trim_end().to_owned());
        reads(&format!("{one}\n{other}\n"), Ok(2));
        reads(&format!("\u{feff}{one}\r\n\u{feff}{other}"), Ok(2));
        reads(&format!("a comment\n{one}\n# another\n\n{other}"), Ok(2));
        let commented: String = other.lines().map(|line| format!("# {line}\n")).collect();
        reads(&format!("{one}\n{commented}"), Ok(1));
        reads(&format!("{one}{other}"), Err("2 certificates begin in it, and 1 can be read"));
        reads(&format!("{one}\n  {other}"), Err("2 certificates begin in it, and 1 can be read"));
        let old = other.replace("CERTIFICATE", "X509 CERTIFICATE");
        reads(&format!("{one}\n{old}"), Err("2 certificates begin in it, and 1 can be read"));
        let trusted = other.replace("CERTIFICATE", "TRUSTED CERTIFICATE");
        reads(&format!("{one}\n{trusted}"), Err("2 certificates begin in it, and 1 can be read"));
        reads(&one.replace('\n', " "), Err("damaged"));
        reads("", Err("no certificate in it"));
        reads("-----BEGIN CERTIFICATE REQUEST-----", Err(""));
        let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        reads(&format!("{one}\n{garbage}"), Err("certificate 2 in it cannot be read"));
        reads(&format!("{one}\n{}", &other[..200]), Err("damaged"));
    }

    #[test]
    fn hashes_that_are_broken() {
        assert_eq!(broken_hash("1.2.840.113549.1.1.5"), Some("SHA-1"));
        assert_eq!(broken_hash("1.2.840.113549.1.1.4"), Some("MD5"));
        assert_eq!(broken_hash("1.2.840.113549.1.1.11"), None);
        assert_eq!(broken_hash("1.2.840.10045.4.3.2"), None);
    }
}
