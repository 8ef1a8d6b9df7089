//! A response before it is written: in the types of an HTTP library, or as bytes of HTTP/1.1.

use std::{fmt, io::Write as _};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header::InvalidHeaderValue,
};
use smallvec::SmallVec;

use crate::{Body, content_range::ContentRange};

/// A response.
#[derive(Debug)]
pub(crate) struct Reply<'a> {
    pub(crate) status: StatusCode,
    pub(crate) fields: ResponseFields<'a>,
    pub(crate) content: Content,
}

/// The bundle contains a value that cannot be sent.
#[derive(Debug)]
pub(crate) struct Damaged;

impl From<hardtack_bundle::Error> for Damaged {
    fn from(_: hardtack_bundle::Error) -> Self {
        Self
    }
}

impl From<InvalidHeaderValue> for Damaged {
    fn from(_: InvalidHeaderValue) -> Self {
        Self
    }
}

/// The content of a response.
#[derive(Debug)]
pub(crate) enum Content {
    /// Bytes of the bundle or of the program, which are always there.
    Static(&'static [u8]),
    /// Bytes that were made for this response.
    Made(Body),
}

impl Content {
    pub(crate) const NONE: Self = Self::Static(b"");
}

impl Reply<'_> {
    /// A response without fields and content.
    pub(crate) fn new(status: StatusCode) -> Self {
        Self { status, fields: ResponseFields::default(), content: Content::NONE }
    }

    /// An error with a text for people. No cache may keep it, and no browser may take it for another
    /// type than plain text. The response to `HEAD` has no content, and the length of the text.
    pub(crate) fn error(
        method: &Method,
        status: StatusCode,
        length: usize,
        content: Content,
    ) -> Self {
        let mut reply = Self::new(status);
        reply.fields.add("content-type", Value::Static("text/plain; charset=utf-8"));
        reply.fields.add("x-content-type-options", Value::Static("nosniff"));
        reply.fields.add("content-length", Value::Number(length));
        reply.fields.add("cache-control", NO_STORE);
        if method != Method::HEAD {
            reply.content = content;
        }
        reply
    }

    /// The response in the types of an HTTP library.
    pub(crate) fn into_response(self) -> Result<Response<Body>, Damaged> {
        let headers = self.fields.into_map()?;
        let mut response = Response::new(match self.content {
            Content::Static(bytes) => Body::from_static(bytes),
            Content::Made(body) => body,
        });
        *response.status_mut() = self.status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// The value of a field.
#[derive(Clone, Debug)]
pub(crate) enum Value<'a> {
    /// A text of the bundle or of the program.
    Static(&'static str),
    Number(usize),
    Range(ContentRange),
    /// A value that is kept for many responses.
    Kept(&'a HeaderValue),
    /// A text that was made for this response.
    Made(String),
}

pub(crate) const NO_STORE: Value<'static> = Value::Static("no-store");

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Static(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
            Self::Range(range) => write!(f, "{range}"),
            Self::Kept(value) => f.write_str(value.to_str().unwrap_or_default()),
            Self::Made(text) => f.write_str(text),
        }
    }
}

impl Value<'_> {
    /// None if it is a number or a range.
    pub(crate) fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Static(text) => Some(text.as_bytes()),
            Self::Number(_) | Self::Range(_) => None,
            Self::Kept(value) => Some(value.as_bytes()),
            Self::Made(text) => Some(text.as_bytes()),
        }
    }

    /// Adds it to a head.
    pub(crate) fn write(&self, head: &mut Vec<u8>) {
        match (self.as_bytes(), self) {
            (Some(bytes), _) => head.extend_from_slice(bytes),
            (None, numbers) => drop(write!(head, "{numbers}")),
        }
    }

    fn into_header(self) -> Result<HeaderValue, Damaged> {
        Ok(match self {
            // It borrows the memory of the bundle.
            Self::Static(text) => {
                HeaderValue::from_maybe_shared(Bytes::from_static(text.as_bytes()))?
            }
            Self::Number(number) => number.into(),
            Self::Range(range) => Self::Made(range.to_string()).into_header()?,
            Self::Kept(value) => value.clone(),
            Self::Made(text) => HeaderValue::from_maybe_shared(Bytes::from(text))?,
        })
    }
}

/// The header fields of a response, in the order in which they are sent. Names are in lower case; the
/// lines of one name lie together.
#[derive(Debug, Default)]
pub(crate) struct ResponseFields<'a>(SmallVec<[(&'a str, Value<'a>); USUAL]>);

/// Few responses have more fields.
const USUAL: usize = 16;

impl<'a> ResponseFields<'a> {
    /// Adds a field that is not there yet.
    pub(crate) fn add(&mut self, name: &'a str, value: Value<'a>) {
        debug_assert!(!self.has(name), "{name} is there");
        self.0.push((name, value));
    }

    /// Sets a field, in the place of all its lines.
    pub(crate) fn insert(&mut self, name: &'a str, value: Value<'a>) {
        match self.place(name) {
            None => self.0.push((name, value)),
            Some(place) => {
                let end = self.end(place);
                self.0.drain(place + 1..end);
                self.0[place].1 = value;
            }
        }
    }

    /// Adds a line to those of a field.
    pub(crate) fn append(&mut self, name: &'a str, value: Value<'a>) {
        let place = self.place(name).map_or(self.0.len(), |place| self.end(place));
        self.0.insert(place, (name, value));
    }

    /// Removes all lines of a field.
    pub(crate) fn remove(&mut self, name: &str) {
        if let Some(place) = self.place(name) {
            let end = self.end(place);
            self.0.drain(place..end);
        }
    }

    /// The lines of a field.
    pub(crate) fn lines(&self, name: &str) -> &[(&'a str, Value<'a>)] {
        self.place(name).map_or(&[], |place| &self.0[place..self.end(place)])
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(&'a str, Value<'a>)> {
        self.0.iter()
    }

    /// Where the lines of a field begin.
    fn place(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|line| line.0 == name)
    }

    /// Where the lines of the field end that begin there.
    fn end(&self, place: usize) -> usize {
        let name = self.0[place].0;
        place + self.0[place..].iter().take_while(|line| line.0 == name).count()
    }

    fn into_map(self) -> Result<HeaderMap, Damaged> {
        let mut map = HeaderMap::with_capacity(self.0.len() + 2);
        for (name, value) in self.0 {
            let name = HeaderName::from_lowercase(name.as_bytes()).map_err(|_| Damaged)?;
            map.append(name, value.into_header()?);
        }
        Ok(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields after changes such as `+a=1` (append), `a=1` (insert) and `-a` (remove).
    #[track_caller]
    fn turn_into(changes: &[&'static str], expected: &str) {
        let mut fields = ResponseFields::default();
        for change in changes {
            match (change.strip_prefix('-'), change.strip_prefix('+')) {
                (Some(name), _) => fields.remove(name),
                (_, Some(line)) => {
                    let (name, value) = line.split_once('=').unwrap();
                    fields.append(name, Value::Static(value));
                }
                _ => {
                    let (name, value) = change.split_once('=').unwrap();
                    fields.insert(name, Value::Static(value));
                }
            }
        }
        let map = fields.into_map().ok().unwrap();
        let lines = map.iter().map(|(name, value)| format!("{name}={}", value.to_str().unwrap()));
        assert_eq!(lines.collect::<Vec<_>>().join(" "), expected, "{changes:?}");
    }

    #[test]
    fn changes() {
        turn_into(&["a=1", "b=2", "a=3"], "a=3 b=2");
        turn_into(&["a=1", "b=2", "+a=3", "+c=4"], "a=1 a=3 b=2 c=4");
        turn_into(&["a=1", "+a=2", "b=3", "a=4"], "a=4 b=3");
        turn_into(&["a=1", "+a=2", "b=3", "-a", "-c"], "b=3");
    }
}
