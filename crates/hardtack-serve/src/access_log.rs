//! The access log: a line for each request, or for a sample of them.
//!
//! A sample is one in N requests of a thread, and all other requests that end with a status of 5xx.
//! To count requests by lines, multiply the lines below 500 by N.
//!
//! A line has the fields of [`Line`] and no other: the secret header of the CDN is not among them.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
    io::Write,
    net::IpAddr,
    num::NonZeroU64,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::SystemTime,
};

use hyper::{
    HeaderMap, Method, Request, Uri, Version,
    header::{HeaderName, HeaderValue, REFERER, USER_AGENT},
};
use serde::Serialize;
use tracing_appender::non_blocking::NonBlocking;

use crate::{metrics::tally::Outcome, request_id::X_REQUEST_ID, settings::AccessLogFormat, utc};

/// The access log of one serving thread.
#[derive(Debug)]
pub(crate) struct AccessLog {
    format: AccessLogFormat,
    every: NonZeroU64,
    requests: AtomicU64,
    lines: NonBlocking,
}

impl AccessLog {
    /// A log of every `every`th request.
    pub(crate) fn new(format: AccessLogFormat, every: NonZeroU64, lines: NonBlocking) -> Arc<Self> {
        Arc::new(Self { format, every, requests: AtomicU64::new(0), lines })
    }

    /// Keeps the parts of a request that its line needs, as counted references.
    ///
    /// The client has no address on a Unix socket.
    pub(crate) fn begin<B>(
        self: &Arc<Self>,
        request: &Request<B>,
        client: Option<IpAddr>,
    ) -> Entry {
        let number = self.requests.fetch_add(1, Relaxed);
        Entry {
            is_sampled: number.is_multiple_of(self.every.get()),
            log: Arc::clone(self),
            client,
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            id: field(request.headers(), &X_REQUEST_ID),
            referer: field(request.headers(), &REFERER),
            user_agent: field(request.headers(), &USER_AGENT),
        }
    }
}

impl AccessLog {
    /// The line of bytes that could not be read as a request.
    pub(crate) fn begin_unreadable(
        self: &Arc<Self>,
        version: Version,
        client: Option<IpAddr>,
    ) -> Entry {
        let mut request = Request::new(());
        *request.method_mut() = Method::from_bytes(b"-").expect("it is a token");
        *request.uri_mut() = Uri::from_static("-");
        *request.version_mut() = version;
        self.begin(&request, client)
    }
}

fn field(headers: &HeaderMap, name: &HeaderName) -> Option<HeaderValue> {
    headers.get(name).cloned()
}

/// A request that may become a line.
#[derive(Debug)]
pub(crate) struct Entry {
    log: Arc<AccessLog>,
    is_sampled: bool,
    client: Option<IpAddr>,
    method: Method,
    uri: Uri,
    version: Version,
    id: Option<HeaderValue>,
    referer: Option<HeaderValue>,
    user_agent: Option<HeaderValue>,
}

impl Entry {
    /// Writes the line, if there is to be one.
    pub(crate) fn finish(self, outcome: &Outcome) {
        if self.is_sampled || outcome.status >= 500 {
            let now = SystemTime::now();
            let began = now.checked_sub(outcome.duration).unwrap_or(now);
            let line = self.line(outcome, began);
            // One write is one line in the queue. It does not fail: without room, the line is dropped.
            self.log.lines.clone().write_all(line.as_bytes()).ok();
        }
    }

    fn line(&self, outcome: &Outcome, began: SystemTime) -> String {
        let line = Line {
            time: began,
            client: self.client.map(|client| client.to_canonical()),
            method: self.method.as_str(),
            target: target(&self.uri),
            version: self.version,
            outcome,
            id: self.id.as_ref().and_then(|id| id.to_str().ok()),
            referer: self.referer.as_ref().map(HeaderValue::as_bytes),
            user_agent: self.user_agent.as_ref().map(HeaderValue::as_bytes),
        };
        match self.log.format {
            AccessLogFormat::Combined => line.combined(),
            AccessLogFormat::Json => line.json(),
        }
    }
}

/// The path and the query; of `CONNECT`, the authority (RFC 9112 §3.2).
fn target(uri: &Uri) -> &str {
    let path = uri.path_and_query().map(|path| path.as_str());
    path.or(uri.authority().map(|authority| authority.as_str())).unwrap_or("-")
}

/// The contents of a line.
struct Line<'a> {
    /// When the request came.
    time: SystemTime,
    client: Option<IpAddr>,
    method: &'a str,
    target: &'a str,
    version: Version,
    outcome: &'a Outcome,
    id: Option<&'a str>,
    referer: Option<&'a [u8]>,
    user_agent: Option<&'a [u8]>,
}

impl Line<'_> {
    fn combined(&self) -> String {
        let Self { method, target, version, .. } = self;
        let dash = || "-".to_owned();
        let client = self.client.map_or_else(dash, |client| client.to_string());
        let time = utc::common_log(self.time);
        let (method, target) = (Quoted(method.as_bytes()), Quoted(target.as_bytes()));
        let status = self.outcome.status;
        let bytes = Some(self.outcome.bytes).filter(|bytes| *bytes > 0);
        let bytes = bytes.map_or_else(dash, |bytes| bytes.to_string());
        let [referer, agent] =
            [self.referer, self.user_agent].map(|value| Quoted(value.unwrap_or(b"-")));
        format!(
            "{client} - - [{time}] \"{method} {target} {version:?}\" {status} {bytes} \
             \"{referer}\" \"{agent}\"\n"
        )
    }

    fn json(&self) -> String {
        let line = JsonLine {
            time: utc::rfc_3339(self.time),
            client: self.client,
            method: self.method,
            target: self.target,
            version: format!("{:?}", self.version),
            status: self.outcome.status,
            bytes: self.outcome.bytes,
            duration_us: self.outcome.duration.as_micros(),
            coding: self.outcome.coding.name(),
            policy: self.outcome.policy.name(),
            request_id: self.id,
            referer: self.referer.map(String::from_utf8_lossy),
            user_agent: self.user_agent.map(String::from_utf8_lossy),
        };
        let json = serde_json::to_string(&line).expect("strings and numbers are always JSON");
        escaped(&json).into_owned() + "\n"
    }
}

/// JSON may have in a string what ends a line for some readers, or moves a terminal's cursor: the
/// controls beyond ASCII, and two separators (RFC 8259 §7). Outside strings, JSON is ASCII.
fn escaped(json: &str) -> Cow<'_, str> {
    let is_control = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if !json.contains(is_control) {
        return json.into();
    }
    let mut text = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_control(c) {
            write!(text, "\\u{:04x}", u32::from(c)).expect("a string grows");
        } else {
            text.push(c);
        }
    }
    text.into()
}

#[derive(Serialize)]
struct JsonLine<'a> {
    time: String,
    client: Option<IpAddr>,
    method: &'a str,
    target: &'a str,
    version: String,
    status: u16,
    bytes: u64,
    duration_us: u128,
    coding: &'a str,
    policy: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    referer: Option<Cow<'a, str>>,
    user_agent: Option<Cow<'a, str>>,
}

/// Bytes of a client between quotes: they can end neither these nor the line, and move no cursor.
/// The escapes are Apache's.
struct Quoted<'a>(&'a [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| match byte {
            b'"' | b'\\' => write!(f, "\\{}", char::from(*byte)),
            b' '..=b'~' => f.write_char(char::from(*byte)),
            _ => write!(f, "\\x{byte:02x}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, time::Duration};

    use super::*;
    use crate::{
        metrics::labels::{Coding, HttpVersion, Policy},
        queued::{queued, tests::Kept},
    };

    const OUTCOME: Outcome = Outcome {
        status: 200,
        coding: Coding::Br,
        policy: Policy::Immutable,
        version: HttpVersion::Http1,
        bytes: 2326,
        duration: Duration::from_micros(1234),
    };

    const CLIENT: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)));

    fn request(headers: &[(&str, &[u8])]) -> Request<()> {
        let mut request = Request::get("/app.css?v=1");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap()
    }

    /// 2026-11-25T03:30:00.123Z
    fn time() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_577_400_123)
    }

    #[track_caller]
    fn line(
        format: AccessLogFormat,
        request: &Request<()>,
        client: Option<IpAddr>,
        expected: &str,
    ) {
        let (lines, _flush) = queued("test", Kept::default());
        let entry = AccessLog::new(format, NonZeroU64::MIN, lines).begin(request, client);
        assert_eq!(entry.line(&OUTCOME, time()), format!("{expected}\n"));
    }

    #[test]
    fn combined() {
        line(
            AccessLogFormat::Combined,
            &request(&[("referer", b"https://example.com/"), ("user-agent", b"Browser/1.0 (X)")]),
            CLIENT,
            r#"192.0.2.7 - - [25/Nov/2026:03:30:00 +0000] "GET /app.css?v=1 HTTP/1.1" 200 2326 "https://example.com/" "Browser/1.0 (X)""#,
        );
        line(
            AccessLogFormat::Combined,
            &request(&[]),
            Some("::ffff:192.0.2.7".parse().unwrap()),
            r#"192.0.2.7 - - [25/Nov/2026:03:30:00 +0000] "GET /app.css?v=1 HTTP/1.1" 200 2326 "-" "-""#,
        );
        line(
            AccessLogFormat::Combined,
            &request(&[("user-agent", b"\" 200 1\\\t\xff")]),
            None,
            r#"- - - [25/Nov/2026:03:30:00 +0000] "GET /app.css?v=1 HTTP/1.1" 200 2326 "-" "\" 200 1\\\x09\xff""#,
        );
    }

    #[test]
    fn json() {
        line(
            AccessLogFormat::Json,
            &request(&[("referer", b"https://example.com/"), ("user-agent", b"\"\\\t\xff")]),
            CLIENT,
            concat!(
                r#"{"time":"2026-11-25T03:30:00.123Z","client":"192.0.2.7","method":"GET","#,
                r#""target":"/app.css?v=1","version":"HTTP/1.1","status":200,"bytes":2326,"#,
                r#""duration_us":1234,"coding":"br","policy":"immutable","#,
                r#""referer":"https://example.com/","user_agent":"\"\\\t"#,
                "\u{fffd}\"}"
            ),
        );
        let (lines, _flush) = queued("test", Kept::default());
        let log = AccessLog::new(AccessLogFormat::Json, NonZeroU64::MIN, lines);
        let line = log.begin(&request(&[]), None).line(&OUTCOME, time());
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert!(line["client"].is_null() && line["referer"].is_null());
    }

    #[track_caller]
    fn quoted(bytes: &[u8], expected: &str) {
        assert_eq!(Quoted(bytes).to_string(), expected);
    }

    #[test]
    fn nothing_ends_the_quotes_or_the_line() {
        quoted(b"plain ~!", "plain ~!");
        quoted(br#"a"b\c"#, r#"a\"b\\c"#);
        quoted(b"\r\n\0\x1b[2J\x7f", r"\x0d\x0a\x00\x1b[2J\x7f");
        quoted("ü\u{9b}".as_bytes(), r"\xc3\xbc\xc2\x9b");
    }

    #[track_caller]
    fn json_has(text: &str, expected: &str) {
        assert_eq!(escaped(text), expected);
        let read = |json: &str| serde_json::from_str::<String>(&format!("\"{json}\"")).unwrap();
        assert_eq!(read(expected), read(text), "it means the same");
    }

    #[test]
    fn nothing_ends_a_line_of_json() {
        json_has("ü \u{fffd}", "ü \u{fffd}");
        json_has("a\u{85}b\u{2028}\u{2029}", r"a\u0085b\u2028\u2029");
        json_has("\u{9b}31m\u{7f}", r"\u009b31m\u007f");
    }

    #[track_caller]
    fn targets(uri: &str, expected: &str) {
        assert_eq!(target(&uri.parse().unwrap()), expected);
    }

    #[test]
    fn what_was_asked_for() {
        targets("/a?b", "/a?b");
        targets("*", "*");
        targets("http://example.com/a?b", "/a?b");
        targets("example.com:443", "example.com:443");
    }

    #[test]
    fn a_sample_and_every_error() {
        let kept = Kept::default();
        let (lines, flush) = queued("test", kept.clone());
        let log = AccessLog::new(AccessLogFormat::Combined, NonZeroU64::new(3).unwrap(), lines);
        for status in [200, 201, 202, 203, 204, 502, 206, 404] {
            log.begin(&request(&[]), CLIENT).finish(&Outcome { status, ..OUTCOME });
        }
        drop(flush);
        let text = kept.text();
        let statuses: Vec<_> =
            text.lines().filter_map(|line| line.split_whitespace().nth(8)).collect();
        assert_eq!(statuses, ["200", "203", "502", "206"]);
    }

    #[test]
    fn no_secret_is_logged() {
        let secret = request(&[
            ("x-origin-verify", b"hunter2"),
            ("authorization", b"Bearer hunter2"),
            ("cookie", b"session=hunter2"),
        ]);
        let kept = Kept::default();
        let (lines, flush) = queued("test", kept.clone());
        for format in [AccessLogFormat::Combined, AccessLogFormat::Json] {
            let log = AccessLog::new(format, NonZeroU64::MIN, lines.clone());
            log.begin(&secret, CLIENT).finish(&OUTCOME);
        }
        drop(flush);
        assert_eq!(kept.text().lines().count(), 2);
        assert!(!kept.text().contains("hunter2"));
    }
}
