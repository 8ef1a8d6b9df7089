//! Simple requests of HTTP/1.1 and HTTP/2 and their responses, as bytes: for a server that answers them
//! without an HTTP library.

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

/// A `GET` or `HEAD` that says nothing of the connection but whether it is kept, has no content, and names
/// one valid host.
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
    version: Version,
    connection: Connection,
}

/// The fate of a connection after the response (RFC 9112 §9.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Connection {
    Kept,
    Closed,
}

impl<'a> SimpleRequest<'a> {
    /// The request of a message of HTTP/1.1 whose grammar an HTTP parser has checked. None if it is not
    /// simple: then an HTTP library has to read it.
    ///
    /// Fields are their names, in any case, and their values, without white space around them.
    pub fn new(method: &str, target: &'a str, fields: &'a [(&'a str, &'a [u8])]) -> Option<Self> {
        let connection = connection(fields)?;
        Self::of(method, target, fields, Version::HTTP_11, connection)
    }

    /// The request of a header section of HTTP/2, whose pseudo-header fields come apart from the others
    /// (RFC 9113 §8.3.1). None if it is not simple: then an HTTP library has to read it, and refuses it if
    /// it is malformed.
    ///
    /// ```
    /// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
    /// # use demo::demo;
    /// use hardtack::SimpleRequest;
    ///
    /// let bundle = demo().bundle()?;
    /// let fields = [("accept-encoding", &b"br"[..])];
    /// let request = SimpleRequest::http2("GET", b"localhost", "/static/css/app.css", &fields);
    /// let request = request.expect("it is simple");
    /// let response = request.respond(&bundle, None).expect("so is the response");
    /// assert_eq!(response.status(), 200);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn http2(
        method: &str,
        authority: &[u8],
        target: &'a str,
        fields: &'a [(&'a str, &'a [u8])],
    ) -> Option<Self> {
        // A library may refuse an escape in a host.
        let is_simple = !authority.is_empty()
            && !authority.contains(&b'%')
            && message::is_host(authority)
            && fields.iter().all(|(name, value)| is_simple_of_http2(name, value));
        if !is_simple {
            return None;
        }
        Self::of(method, target, fields, Version::HTTP_2, Connection::Kept)
    }

    fn of(
        method: &str,
        target: &'a str,
        fields: &'a [(&'a str, &'a [u8])],
        version: Version,
        connection: Connection,
    ) -> Option<Self> {
        let method = match method {
            "GET" => Method::GET,
            "HEAD" => Method::HEAD,
            _ => return None,
        };
        let is_target = target.starts_with('/') && OF_TARGET.has_all(target.as_bytes());
        if !is_target || target.len() > LONGEST_TARGET {
            return None;
        }
        // Faster than `split_once` for texts that are so short.
        let (path, query) = match target.bytes().position(|byte| byte == b'?') {
            Some(at) => (&target[..at], Some(&target[at + 1..])),
            None => (target, None),
        };
        Some(Self { method, path, query, fields: Lines::new(fields), version, connection })
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
            version: self.version,
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

/// Whether a field of HTTP/2 is well-formed (RFC 9113 §8.2.1), and neither about the connection nor about
/// content (§8.2.2).
fn is_simple_of_http2(name: &str, value: &[u8]) -> bool {
    let is_said_elsewhere = match name.len() {
        2 => name == "te" && value != b"trailers",
        4 => name == "host",
        6 => name == "expect",
        7 => name == "upgrade" || name == "trailer",
        10 => name == "connection" || name == "keep-alive",
        14 => name == "content-length",
        16 => name == "proxy-connection",
        17 => name == "transfer-encoding",
        length => length == 0,
    };
    !is_said_elsewhere
        && OF_LOWER_CASE.has_all(name.as_bytes())
        && is_value(value)
        && !message::has_white_space_around(value)
}

/// The bytes of a token (RFC 9110 §5.6.2), but for capitals.
static OF_LOWER_CASE: ByteSet = ByteSet::of(b"abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~");

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
        // A library for HTTP/1.1 adds the length of an empty content at the end.
        let is_added = request.version == Version::HTTP_11 && request.method == Method::GET;
        if content.is_empty() && is_added && reply.fields.has("content-length") {
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

    /// The fields in the order in which they are sent, for HTTP/2. `Date` is the server's.
    pub fn fields(&self) -> impl Iterator<Item = SimpleField<'_>> {
        self.reply.fields.iter().map(|(name, value)| SimpleField { name, value })
    }

    /// Adds the status line of HTTP/1.1, and a line for each field. `Date` and the end of the head are the
    /// server's.
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

/// A field of a [`SimpleResponse`].
#[derive(Debug)]
pub struct SimpleField<'a> {
    name: &'a str,
    value: &'a Value<'a>,
}

impl SimpleField<'_> {
    /// The name, in lower case.
    pub fn name(&self) -> &str {
        self.name
    }

    /// The value; none if it is made as it is written.
    pub fn value(&self) -> Option<&[u8]> {
        self.value.as_bytes()
    }

    /// Adds the bytes of the value.
    pub fn write_value(&self, bytes: &mut Vec<u8>) {
        self.value.write(bytes);
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
