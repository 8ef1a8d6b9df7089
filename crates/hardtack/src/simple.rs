//! Simple requests of HTTP/1.1 and their responses, as bytes: for a server that answers them without an
//! HTTP library.

use hardtack_bundle::Bundle;
use http::{Method, Version};

use crate::{
    CacheTags,
    asked::Asked,
    byte_set::ByteSet,
    message::{self, LONGEST_TARGET},
    reply::{Content, Reply, Value},
    request_fields::{Lines, RequestFields},
    respond::{answer, answer_if_baked},
};

/// A `GET` or `HEAD` of HTTP/1.1 that says nothing of the connection but whether it is kept, has no
/// content, and has one valid `Host`.
///
/// ```
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
/// # use demo::demo;
/// use hardtack::SimpleRequest;
///
/// let bundle = demo().bundle()?;
/// let fields = [("Host", &b"localhost"[..]), ("Accept-Encoding", b"br")];
/// let request = SimpleRequest::new("GET", "/static/css/app.css", &fields).expect("it is simple");
/// let response = request.respond(&bundle, None).expect("so is the response");
/// let mut head = Vec::new();
/// response.write_head(&mut head);
/// assert!(head.starts_with(b"HTTP/1.1 200 OK\r\n"));
/// assert_eq!(response.field("content-type"), Some(&b"text/css; charset=utf-8"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It is answered by the rules of [`respond`](crate::respond()), and without memory of its own but for
/// rare values: a long path that has escapes, a location that is made of the request, a digest.
#[derive(Clone, Debug)]
pub struct SimpleRequest<'a> {
    method: Method,
    path: &'a str,
    query: Option<&'a str>,
    fields: Lines<'a>,
    connection: Connection,
}

/// The fate of a connection after the response (RFC 9112 §9.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Connection {
    Kept,
    Closed,
}

impl<'a> SimpleRequest<'a> {
    /// The request of a message whose grammar an HTTP parser has checked. None if it is not simple:
    /// then an HTTP library has to read it.
    ///
    /// Fields are their names, in any case, and their values, without white space around them.
    pub fn new(method: &str, target: &'a str, fields: &'a [(&'a str, &'a [u8])]) -> Option<Self> {
        let method = match method {
            "GET" => Method::GET,
            "HEAD" => Method::HEAD,
            _ => return None,
        };
        let is_target = target.starts_with('/') && OF_TARGET.has_all(target.as_bytes());
        if !is_target || target.len() > LONGEST_TARGET {
            return None;
        }
        let connection = connection(fields)?;
        // Faster than `split_once` for texts that are so short.
        let (path, query) = match target.bytes().position(|byte| byte == b'?') {
            Some(at) => (&target[..at], Some(&target[at + 1..])),
            None => (target, None),
        };
        Some(Self { method, path, query, fields: Lines::new(fields), connection })
    }

    /// Whether it is the last one of its connection. The response says so, too.
    pub fn is_last(&self) -> bool {
        self.connection == Connection::Closed
    }

    /// The response of the bundle to every request. None if it is not simple: it is that of
    /// [`respond`](crate::respond()).
    pub fn respond<'r>(
        &'r self,
        bundle: &'r Bundle<'static>,
        tags: Option<&'r CacheTags>,
    ) -> Option<SimpleResponse<'r>> {
        SimpleResponse::of(answer(&self.asked(bundle, tags)), self)
    }

    /// The response to a request that the bundle has an answer for, in front of an app, as
    /// [`BundleLayer`](crate::BundleLayer) has it. None for any other, and if the response is not simple.
    pub fn respond_if_baked<'r>(
        &'r self,
        bundle: &'r Bundle<'static>,
        tags: Option<&'r CacheTags>,
    ) -> Option<SimpleResponse<'r>> {
        SimpleResponse::of(answer_if_baked(&self.asked(bundle, tags))?, self)
    }

    fn asked<'r>(&'r self, bundle: &'r Bundle<'static>, tags: Option<&'r CacheTags>) -> Asked<'r> {
        Asked {
            bundle,
            method: &self.method,
            path: self.path,
            query: self.query,
            version: Version::HTTP_11,
            fields: RequestFields::Lines(self.fields),
            tags,
        }
    }
}

/// The bytes that may stand in a path or a query as they are (RFC 3986 §3.3, §3.4), or begin an escape.
static OF_TARGET: ByteSet = ByteSet::alphanumeric_and(b"-._~!$&'()*+,;=:@/?%");

/// None unless there is one valid `Host`, and no other field that is about the connection or about
/// content than one `Connection`.
fn connection(fields: &[(&str, &[u8])]) -> Option<Connection> {
    let (mut hosts, mut connection) = (0, None);
    for (name, value) in fields {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        let is_simple = match name.len() {
            2 => !is("te"),
            4 if is("host") => {
                hosts += 1;
                message::is_host(value)
            }
            6 => !is("expect"),
            7 => !is("upgrade") && !is("trailer"),
            10 if is("connection") => {
                let is_only = connection.is_none();
                connection = kept_or_closed(value);
                is_only && connection.is_some()
            }
            14 => !is("content-length"),
            17 => !is("transfer-encoding"),
            _ => true,
        };
        if !is_simple {
            return None;
        }
    }
    (hosts == 1).then(|| connection.unwrap_or(Connection::Kept))
}

fn kept_or_closed(value: &[u8]) -> Option<Connection> {
    match value {
        _ if value.eq_ignore_ascii_case(b"keep-alive") => Some(Connection::Kept),
        _ if value.eq_ignore_ascii_case(b"close") => Some(Connection::Closed),
        _ => None,
    }
}

/// The response to a [`SimpleRequest`], whose content lies in memory for as long as the program runs.
#[derive(Debug)]
pub struct SimpleResponse<'a> {
    reply: Reply<'a>,
    content: &'static [u8],
}

impl<'a> SimpleResponse<'a> {
    fn of(mut reply: Reply<'a>, request: &SimpleRequest<'_>) -> Option<Self> {
        let Content::Static(content) = reply.content else { return None };
        let is_simple = !reply.status.is_server_error()
            && reply.fields.iter().all(|(name, value)| is_simple_line(name, value));
        if !is_simple {
            return None;
        }
        if request.is_last() {
            reply.fields.insert("connection", Value::Static("close"));
        }
        // An HTTP library adds the length of an empty content at the end.
        if content.is_empty() && request.method == Method::GET && reply.fields.has("content-length")
        {
            reply.fields.remove("content-length");
            reply.fields.insert("content-length", Value::Static("0"));
        }
        Some(Self { reply, content })
    }

    /// The status, such as 200.
    pub fn status(&self) -> u16 {
        self.reply.status.as_u16()
    }

    /// The content; none in the response to `HEAD`.
    pub fn content(&self) -> &'static [u8] {
        self.content
    }

    /// The value of the last line of a field other than `Content-Length`. The name is in lower case.
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        self.reply.fields.lines(name).last().and_then(|(_, value)| value.as_bytes())
    }

    /// Adds the status line, and a line for each field. `Date` and the end of the head are the server's.
    pub fn write_head(&self, head: &mut Vec<u8>) {
        let status = self.reply.status;
        let reason = status.canonical_reason().unwrap_or_default();
        for part in ["HTTP/1.1 ", status.as_str(), " ", reason, "\r\n"] {
            head.extend_from_slice(part.as_bytes());
        }
        for (name, value) in self.reply.fields.iter() {
            head.extend_from_slice(name.as_bytes());
            head.extend_from_slice(b": ");
            value.write(head);
            head.extend_from_slice(b"\r\n");
        }
    }
}

/// Whether a line is written by all servers alike: its name has letters, digits and hyphens, no byte
/// of its value ends it, and it is not about the connection.
fn is_simple_line(name: &str, value: &Value<'_>) -> bool {
    let is_of_connection =
        matches!(name, "connection" | "date" | "trailer" | "transfer-encoding" | "");
    !is_of_connection && OF_NAME.has_all(name.as_bytes()) && value.as_bytes().is_none_or(is_value)
}

static OF_NAME: ByteSet = ByteSet::of(b"abcdefghijklmnopqrstuvwxyz0123456789-");

/// Whether no byte is a control character; the tab is none here. It does not end early, since nearly all
/// values are such.
fn is_value(value: &[u8]) -> bool {
    let is_plain = |byte: u8| (byte >= b' ') & (byte != 0x7f) | (byte == b'\t');
    value.iter().fold(true, |all, byte| all & is_plain(*byte))
}
