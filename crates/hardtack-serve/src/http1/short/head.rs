//! The head of a request, as its bytes are.

use std::mem::MaybeUninit;

use hyper::Request;
use smallvec::SmallVec;

/// Most fields of a request on the short way. Browsers send some twenty.
const MOST_FIELDS: usize = 48;

/// Names and values.
pub(super) type Fields<'b> = SmallVec<[(&'b str, &'b [u8]); MOST_FIELDS]>;

/// The head of a request of HTTP/1.1.
#[derive(Debug)]
pub(super) struct Head<'f> {
    pub(super) method: &'f str,
    pub(super) target: &'f str,
    pub(super) fields: &'f [(&'f str, &'f [u8])],
    /// In bytes.
    pub(super) length: usize,
}

/// The beginning of some bytes.
#[derive(Debug)]
pub(super) enum Parsed<'f> {
    Whole(Head<'f>),
    /// A head that may be one of HTTP/1.1, and is not all there.
    Partial,
    /// Another version, a head with many fields, or no head.
    Other,
}

/// Reads the head that bytes begin with. Its fields, of which there are none yet, are kept in `fields`.
pub(super) fn parse<'f, 'b: 'f>(bytes: &'b [u8], fields: &'f mut Fields<'b>) -> Parsed<'f> {
    let mut space = [const { MaybeUninit::uninit() }; MOST_FIELDS];
    let mut request = httparse::Request::new(&mut []);
    match request.parse_with_uninit_headers(bytes, &mut space) {
        Ok(httparse::Status::Complete(length)) => {
            fields.extend(request.headers.iter().map(|field| (field.name, field.value)));
            match (request.version, request.method, request.path) {
                (Some(1), Some(method), Some(target)) => {
                    Parsed::Whole(Head { method, target, fields, length })
                }
                _ => Parsed::Other,
            }
        }
        Ok(httparse::Status::Partial) => Parsed::Partial,
        Err(_) => Parsed::Other,
    }
}

impl Head<'_> {
    /// The request in hyper's types, for rules that need all of it.
    pub(super) fn to_request(&self) -> Option<Request<()>> {
        let request = Request::builder().method(self.method).uri(self.target);
        let with = |request: hyper::http::request::Builder, (name, value): &(&str, &[u8])| {
            request.header(*name, *value)
        };
        self.fields.iter().fold(request, with).body(()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(bytes: &str) -> String {
        match parse(bytes.as_bytes(), &mut Fields::new()) {
            Parsed::Whole(head) => {
                let names = head.fields.iter().map(|(name, _)| *name).collect::<Vec<_>>();
                format!("{} {} {} {}", head.method, head.target, names.join(","), head.length)
            }
            Parsed::Partial => "partial".to_owned(),
            Parsed::Other => "other".to_owned(),
        }
    }

    #[test]
    fn heads() {
        let simple = "GET /a HTTP/1.1\r\nHost: x\r\nAccept: y\r\n\r\n";
        assert_eq!(kind(simple), "GET /a Host,Accept 39");
        assert_eq!(kind(&format!("{simple}GET")), "GET /a Host,Accept 39");
        for length in 1..simple.len() {
            assert_eq!(kind(&simple[..length]), "partial", "{length}");
        }
        assert_eq!(kind("GET /a HTTP/1.0\r\n\r\n"), "other");
        assert_eq!(kind("\x16\x03\x01"), "other");
        assert_eq!(kind("GET /a HTTP/1.1\r\na b: c\r\n\r\n"), "other");
        let many = |count| format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(count));
        assert!(kind(&many(MOST_FIELDS)).starts_with("GET"));
        assert_eq!(kind(&many(MOST_FIELDS + 1)), "other");
    }
}
