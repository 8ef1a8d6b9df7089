//! A request of HTTP/2 that may be simple, from the fields of its header section.

use hyper::{Request, Uri, Version, http::uri::PathAndQuery};
use smallvec::SmallVec;

use super::super::hpack::Fields;
use crate::simple::Size;

/// Most fields of a request on the short way. Browsers send some twenty.
const MOST_FIELDS: usize = 48;

/// A request whose pseudo-header fields are there, each once, and before all others (RFC 9113 §8.3).
#[derive(Debug)]
pub(super) struct Head<'f> {
    pub(super) method: &'f str,
    scheme: &'f str,
    pub(super) authority: &'f [u8],
    pub(super) target: &'f str,
    pub(super) fields: SmallVec<[(&'f str, &'f [u8]); MOST_FIELDS]>,
    /// Of the section (RFC 9113 §6.5.2).
    bytes: usize,
}

impl<'f> Head<'f> {
    /// None if it is another request, or none.
    pub(super) fn of(section: &'f Fields) -> Option<Self> {
        let (mut method, mut scheme, mut authority, mut target) = (None, None, None, None);
        let mut lines = section.iter();
        let mut fields = SmallVec::new();
        // The four come first.
        for (name, value) in lines.by_ref().take(4) {
            let place = match name {
                b":method" => &mut method,
                b":scheme" => &mut scheme,
                b":authority" => &mut authority,
                b":path" => &mut target,
                _ => return None,
            };
            if place.replace(value).is_some() {
                return None;
            }
        }
        if section.len() > 4 + MOST_FIELDS {
            return None;
        }
        for (name, value) in lines {
            fields.push((str::from_utf8(name).ok()?, value));
        }
        let text = |value: Option<&'f [u8]>| str::from_utf8(value?).ok();
        let scheme = text(scheme).filter(|scheme| matches!(*scheme, "http" | "https"))?;
        let (method, target) = (text(method)?, text(target)?);
        Some(Self { method, scheme, authority: authority?, target, fields, bytes: section.size() })
    }

    pub(super) fn size(&self) -> Size {
        Size { header: self.bytes, fields: self.fields.len(), target: self.target.len() }
    }

    /// The request in hyper's types, for rules that need all of it.
    pub(super) fn to_request(&self) -> Option<Request<()>> {
        let target: PathAndQuery = self.target.parse().ok()?;
        let uri = Uri::builder().scheme(self.scheme).authority(self.authority);
        let uri = uri.path_and_query(target).build().ok()?;
        let request = Request::builder().method(self.method).uri(uri).version(Version::HTTP_2);
        let with = |request: hyper::http::request::Builder, (name, value): &(&str, &[u8])| {
            request.header(*name, *value)
        };
        self.fields.iter().fold(request, with).body(()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: [&str; 4] = [":method=GET", ":scheme=https", ":authority=a.example", ":path=/a?b"];

    fn section(lines: &[&[&'static str]]) -> Fields {
        let mut fields = Fields::default();
        for line in lines.concat() {
            let at = 1 + line[1..].find('=').unwrap();
            fields.push(&line.as_bytes()[..at], &line.as_bytes()[at + 1..]);
        }
        fields
    }

    #[track_caller]
    fn reads(lines: &[&[&'static str]], expected: Option<&str>) {
        let section = section(lines);
        let head = Head::of(&section).map(|head| {
            let authority = String::from_utf8_lossy(head.authority);
            let names = head.fields.iter().map(|(name, _)| *name).collect::<Vec<_>>();
            format!("{} {authority} {} {}", head.method, head.target, names.join(","))
        });
        assert_eq!(head.as_deref(), expected, "{lines:?}");
    }

    #[test]
    fn heads() {
        let [method, scheme, authority, path] = GET;
        reads(&[&GET], Some("GET a.example /a?b "));
        reads(&[&GET, &["accept=*", "x=y"]], Some("GET a.example /a?b accept,x"));
        reads(&[&[path, authority, scheme, method, "x=y"]], Some("GET a.example /a?b x"));
        reads(&[&GET[..3]], None);
        reads(&[&GET[..3], &["x=y"], &GET[3..]], None);
        reads(&[&GET[..3], &GET[..1], &GET[3..]], None);
        reads(&[&GET[..3], &[":protocol=x"], &GET[3..]], None);
        reads(&[&[method, ":scheme=ftp", authority, path]], None);
        let many = ["x"; MOST_FIELDS].join(",");
        reads(&[&GET, &["x=y"; MOST_FIELDS]], Some(&format!("GET a.example /a?b {many}")));
        reads(&[&GET, &["x=y"; MOST_FIELDS + 1]], None);
        // Fields that may not be here are refused by what reads them.
        reads(&[&GET, &[":path=/"]], Some("GET a.example /a?b :path"));
    }

    #[test]
    fn in_the_types_of_hyper() {
        let section = section(&[&GET, &["accept=*"]]);
        let request = Head::of(&section).unwrap().to_request().unwrap();
        assert_eq!(request.uri(), "https://a.example/a?b");
        assert_eq!((request.version(), request.headers().len()), (Version::HTTP_2, 1));
    }
}
