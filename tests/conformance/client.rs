//! A client that sends any bytes, and what it knows of the site that it asks.

use std::{
    fmt,
    io::{ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
};

use crate::{
    case::{Body, Case, Expected, Field, Manner},
    common::decode,
    harness::{Files, connect},
};

/// A running server, and the files that it serves.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    pub(crate) files: Files,
    /// The hashed path of `a.css`, if the server has such paths.
    pub(crate) hashed: Option<String>,
}

/// A response as it came.
#[derive(Default)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl fmt::Display for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}, body of {}", self.status, self.fields, self.body.len())?;
        write!(f, " bytes: {:?}", text(&self.body[..self.body.len().min(100)]))
    }
}

impl Response {
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let values = self.fields.iter().filter(|(other, _)| other == name);
        let values: Vec<_> = values.map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }
}

impl Site {
    /// Tries a case. The error says what was expected, and what came.
    pub(crate) fn run(&self, case: &Case) -> Result<(), String> {
        let send = self.fill(&case.send)?;
        let mut wire = Wire::connect(self.address)?;
        wire.send(send.as_bytes(), case.manner)?;
        for expected in &case.expected {
            let response = wire.response(&expected.method)?;
            self.check(expected, &response).map_err(|error| format!("{error}\ncame {response}"))?;
        }
        match case.closed {
            Some(true) if !wire.is_closed() => Err("the connection is still open".to_owned()),
            Some(false) => self.is_kept(&mut wire),
            _ => Ok(()),
        }
    }

    /// Whether the server has not what the case is about, such as entity tags.
    pub(crate) fn is_not_applicable(&self, case: &Case) -> bool {
        let values = case.expected.iter().flat_map(|expected| &expected.fields);
        let values = values.filter_map(|(_, field)| match field {
            Field::Is(value) | Field::Contains(value) => Some(value),
            Field::Absent => None,
        });
        [&case.send].into_iter().chain(values).any(|text| self.fill(text).is_err())
    }

    /// Puts in for `{host}`, `{hashed}`, `{long:N}` (N letters), `{tag:TARGET:CODING}` (the entity
    /// tag of what is served there) and `{date:TARGET}` (its last modification).
    fn fill(&self, text: &str) -> Result<String, String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (placeholder, after) = after.split_once('}').ok_or("a brace is open")?;
            filled += before;
            filled += &self.value(placeholder)?;
            rest = after;
        }
        Ok(filled + rest)
    }

    fn value(&self, placeholder: &str) -> Result<String, String> {
        match *placeholder.split(':').collect::<Vec<_>>() {
            ["host"] => Ok(self.address.to_string()),
            ["hashed"] => self.hashed.clone().ok_or_else(|| "no hashed paths".to_owned()),
            ["long", count] => Ok("a".repeat(count.parse().map_err(|_| "no number")?)),
            ["tag", target, coding] => self.known("etag", target, coding),
            ["date", target] => self.known("last-modified", target, "identity"),
            _ => Err(format!("unknown placeholder {placeholder}")),
        }
    }

    /// A field of an ordinary response.
    fn known(&self, field: &str, target: &str, coding: &str) -> Result<String, String> {
        let mut wire = Wire::connect(self.address)?;
        let send = format!(
            "GET {target} HTTP/1.1\r\nHost: {}\r\nAccept-Encoding: {coding}\r\n\r\n",
            self.address
        );
        wire.send(send.as_bytes(), Manner::AtOnce)?;
        wire.response("GET")?.field(field).ok_or_else(|| format!("{target} has no {field}"))
    }

    fn is_kept(&self, wire: &mut Wire) -> Result<(), String> {
        let send = format!("GET /one.txt HTTP/1.1\r\nHost: {}\r\n\r\n", self.address);
        wire.send(send.as_bytes(), Manner::AtOnce)?;
        match wire.response("GET")? {
            Response { status: 200, body, .. } if body == self.files["one.txt"] => Ok(()),
            other => Err(format!("the next request on the connection is not served: {other}")),
        }
    }

    fn check(&self, expected: &Expected, response: &Response) -> Result<(), String> {
        let fits = match &expected.statuses[..] {
            [] => response.status < 500,
            statuses => statuses.contains(&response.status),
        };
        if !fits {
            return Err(format!("status {}, not {:?}", response.status, expected.statuses));
        }
        for (name, field) in &expected.fields {
            let found = response.field(name);
            let fits = match field {
                Field::Is(value) => found.as_deref() == Some(&self.fill(value)?),
                Field::Contains(part) => {
                    let (found, part) = (found.clone().unwrap_or_default(), self.fill(part)?);
                    found.to_ascii_lowercase().contains(&part.to_ascii_lowercase())
                }
                Field::Absent => found.is_none(),
            };
            if !fits {
                return Err(format!("{name} is {found:?}, not {field:?}"));
            }
        }
        self.check_body(&expected.body, response)
    }

    fn check_body(&self, expected: &Body, response: &Response) -> Result<(), String> {
        let body = &response.body;
        let fits = match expected {
            Body::Any => true,
            Body::Empty => body.is_empty(),
            Body::File(name) => decoded(response).is_some_and(|it| it == self.files[name]),
            Body::Slice(name, start, end) => *body == self.files[name][*start..*end],
            Body::Parts(name, count) => {
                parts(response).is_some_and(|it| self.are_slices(&it, name, *count))
            }
        };
        if fits { Ok(()) } else { Err(format!("the body is not {expected:?}")) }
    }

    fn are_slices(&self, parts: &[(usize, Vec<u8>)], name: &str, count: usize) -> bool {
        let file = &self.files[name];
        let is_slice = |(start, bytes): &(usize, Vec<u8>)| {
            file.get(*start..start + bytes.len()) == Some(&bytes[..]) && !bytes.is_empty()
        };
        parts.len() == count && parts.iter().all(is_slice)
    }
}

fn decoded(response: &Response) -> Option<Vec<u8>> {
    let coding = response.field("content-encoding").unwrap_or_else(|| "identity".to_owned());
    let coding = hardtack_bundle::Coding::PLAIN.into_iter().find(|one| one.name() == coding)?;
    Some(decode(coding, &response.body))
}

/// The parts of a multipart body: where each begins in the representation, and its bytes.
fn parts(response: &Response) -> Option<Vec<(usize, Vec<u8>)>> {
    let media_type = response.field("content-type")?;
    let boundary = media_type.split_once("multipart/byteranges; boundary=")?.1.trim_matches('"');
    let delimiter = format!("\r\n--{boundary}");
    let body = [b"\r\n", &response.body[..]].concat();
    let pieces = split(&body, delimiter.as_bytes());
    let parts = pieces.iter().skip(1).filter(|piece| !piece.starts_with(b"--"));
    parts.map(|part| self::part(part)).collect()
}

fn part(part: &[u8]) -> Option<(usize, Vec<u8>)> {
    let end = part.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&part[..end]).to_ascii_lowercase();
    let range = head.split_once("content-range: bytes ")?.1;
    let (start, last) = range.split('/').next()?.split_once('-')?;
    let (start, last): (usize, usize) = (start.parse().ok()?, last.parse().ok()?);
    let bytes = part[end + 4..].to_vec();
    (bytes.len() == last + 1 - start).then_some((start, bytes))
}

fn split<'a>(mut text: &'a [u8], delimiter: &[u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    while let Some(at) = text.windows(delimiter.len()).position(|window| window == delimiter) {
        pieces.push(&text[..at]);
        text = &text[at + delimiter.len()..];
    }
    pieces.push(text);
    pieces
}

/// A connection, and what was received but not yet understood.
struct Wire {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Wire {
    fn connect(address: SocketAddr) -> Result<Self, String> {
        Ok(Self { stream: connect(address)?, received: Vec::new() })
    }

    /// A server may answer and close before it was sent everything.
    fn send(&mut self, bytes: &[u8], manner: Manner) -> Result<(), String> {
        let size = if manner == Manner::ByteByByte { 1 } else { bytes.len().max(1) };
        for piece in bytes.chunks(size) {
            if self.stream.write_all(piece).is_err() {
                return Ok(());
            }
        }
        if manner == Manner::ThenHalfClosed {
            self.stream.shutdown(Shutdown::Write).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// Whether nothing follows but the end.
    fn is_closed(&mut self) -> bool {
        match self.more() {
            Ok(0) => self.received.is_empty(),
            Err(error) => error.kind() == ErrorKind::ConnectionReset && self.received.is_empty(),
            Ok(_) => false,
        }
    }

    fn more(&mut self) -> Result<usize, std::io::Error> {
        let mut buffer = [0; 65536];
        let count = self.stream.read(&mut buffer)?;
        self.received.extend_from_slice(&buffer[..count]);
        Ok(count)
    }

    fn response(&mut self, method: &str) -> Result<Response, String> {
        loop {
            let mut response = self.head()?;
            if (100..200).contains(&response.status) {
                continue;
            }
            if method != "HEAD" && !matches!(response.status, 204 | 304) {
                response.body = self.body(&response)?;
            }
            return Ok(response);
        }
    }

    fn head(&mut self) -> Result<Response, String> {
        let head = self.until(b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let status = status.ok_or_else(|| format!("no status line: {head:?}"))?;
        let fields = lines.filter_map(|line| line.split_once(':'));
        let fields =
            fields.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
        Ok(Response { status, fields: fields.collect(), body: Vec::new() })
    }

    fn body(&mut self, response: &Response) -> Result<Vec<u8>, String> {
        if response.field("transfer-encoding").is_some() {
            return self.chunked();
        }
        match response.field("content-length").map(|length| length.parse()) {
            Some(Ok(length)) => self.exactly(length),
            Some(Err(_)) => Err("Content-Length is no number".to_owned()),
            None => {
                while self.more().is_ok_and(|count| count > 0) {}
                Ok(std::mem::take(&mut self.received))
            }
        }
    }

    fn chunked(&mut self) -> Result<Vec<u8>, String> {
        let mut body = Vec::new();
        loop {
            let line = self.until(b"\r\n")?;
            let size = String::from_utf8_lossy(&line).split(';').next().map(str::to_owned);
            let size = size.and_then(|size| usize::from_str_radix(size.trim(), 16).ok());
            let size = size.ok_or("a chunk has no size")?;
            body.extend(self.exactly(size)?);
            self.until(b"\r\n")?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    fn until(&mut self, end: &[u8]) -> Result<Vec<u8>, String> {
        loop {
            if let Some(at) = self.received.windows(end.len()).position(|window| window == end) {
                let before = self.received[..at].to_vec();
                self.received.drain(..at + end.len());
                return Ok(before);
            }
            match self.more() {
                Ok(0) => return Err(format!("closed after {:?}", text(&self.received))),
                Err(error) => return Err(format!("{error} after {:?}", text(&self.received))),
                Ok(_) => {}
            }
        }
    }

    fn exactly(&mut self, length: usize) -> Result<Vec<u8>, String> {
        while self.received.len() < length {
            match self.more() {
                Ok(count) if count > 0 => {}
                _ => return Err(format!("{} bytes of {length}", self.received.len())),
            }
        }
        Ok(self.received.drain(..length).collect())
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(500)]).into_owned()
}
