//! Frames, as they lie on the wire (RFC 9113 §4.1), right and wrong ones alike.

use std::fmt;

use crate::hpack::block;

/// The connection preface of a client (§3.4).
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The largest window, and the largest increment (§6.9.1).
pub(crate) const MAXIMUM: u32 = 0x7fff_ffff;

/// The type of a frame (§6).
pub(crate) mod kind {
    pub(crate) const DATA: u8 = 0;
    pub(crate) const HEADERS: u8 = 1;
    pub(crate) const PRIORITY: u8 = 2;
    pub(crate) const RST_STREAM: u8 = 3;
    pub(crate) const SETTINGS: u8 = 4;
    pub(crate) const PUSH_PROMISE: u8 = 5;
    pub(crate) const PING: u8 = 6;
    pub(crate) const GOAWAY: u8 = 7;
    pub(crate) const WINDOW_UPDATE: u8 = 8;
    pub(crate) const CONTINUATION: u8 = 9;
}

/// Flags of frames (§6). Acknowledgements and ends of streams share a bit.
pub(crate) mod flag {
    pub(crate) const NONE: u8 = 0;
    pub(crate) const ACK: u8 = 0x1;
    pub(crate) const END_STREAM: u8 = 0x1;
    pub(crate) const END_HEADERS: u8 = 0x4;
    /// A request without content, in one frame.
    pub(crate) const WHOLE: u8 = END_STREAM | END_HEADERS;
    pub(crate) const PADDED: u8 = 0x8;
    pub(crate) const PRIORITY: u8 = 0x20;
}

/// Parameters of SETTINGS (§6.5.2).
pub(crate) mod setting {
    pub(crate) const HEADER_TABLE_SIZE: u16 = 1;
    pub(crate) const ENABLE_PUSH: u16 = 2;
    pub(crate) const MAX_CONCURRENT_STREAMS: u16 = 3;
    pub(crate) const INITIAL_WINDOW_SIZE: u16 = 4;
    pub(crate) const MAX_FRAME_SIZE: u16 = 5;
    pub(crate) const MAX_HEADER_LIST_SIZE: u16 = 6;
}

/// An error code (§7).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) u32);

pub(crate) const NO_ERROR: Code = Code(0);
pub(crate) const PROTOCOL_ERROR: Code = Code(1);
pub(crate) const FLOW_CONTROL_ERROR: Code = Code(3);
pub(crate) const STREAM_CLOSED: Code = Code(5);
pub(crate) const FRAME_SIZE_ERROR: Code = Code(6);
pub(crate) const REFUSED_STREAM: Code = Code(7);
pub(crate) const CANCEL: Code = Code(8);
pub(crate) const COMPRESSION_ERROR: Code = Code(9);
pub(crate) const ENHANCE_YOUR_CALM: Code = Code(11);

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 14] = [
            "NO_ERROR",
            "PROTOCOL_ERROR",
            "INTERNAL_ERROR",
            "FLOW_CONTROL_ERROR",
            "SETTINGS_TIMEOUT",
            "STREAM_CLOSED",
            "FRAME_SIZE_ERROR",
            "REFUSED_STREAM",
            "CANCEL",
            "COMPRESSION_ERROR",
            "CONNECT_ERROR",
            "ENHANCE_YOUR_CALM",
            "INADEQUATE_SECURITY",
            "HTTP_1_1_REQUIRED",
        ];
        match NAMES.get(self.0 as usize) {
            Some(name) => f.write_str(name),
            None => write!(f, "error {:#x}", self.0),
        }
    }
}

/// The settings that the server sent.
pub(crate) type Settings = std::collections::BTreeMap<u16, u32>;

/// One thing that a client does.
#[derive(Clone)]
pub(crate) enum Step {
    Send(Vec<u8>),
    SendByteByByte(Vec<u8>),
    /// Sends what depends on the server's settings; none: the case cannot be tried on it.
    Fitting(fn(&Settings) -> Option<Vec<u8>>),
    /// Waits for the header section of a response.
    AwaitHead(u32),
    /// Waits for the end of a response, or of its stream.
    AwaitEnd(u32),
    /// Waits for so many bytes on that stream.
    AwaitData(u32, usize),
    /// Waits until so many bytes may be sent on the connection.
    AwaitWindow(usize),
    /// Waits until the server has dealt with everything up to here.
    Settle,
    /// Says that nothing more follows.
    HalfClose,
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(bytes) | Self::SendByteByByte(bytes) => {
                let shown: Vec<_> =
                    bytes.iter().take(60).map(|byte| format!("{byte:02x}")).collect();
                write!(f, "{} bytes: {}", bytes.len(), shown.join(" "))
            }
            Self::Fitting(_) => f.write_str("what the settings ask for"),
            Self::AwaitHead(stream) => write!(f, "await the head of {stream}"),
            Self::AwaitEnd(stream) => write!(f, "await the end of {stream}"),
            Self::AwaitData(stream, bytes) => write!(f, "await {bytes} bytes on {stream}"),
            Self::AwaitWindow(bytes) => write!(f, "await a window of {bytes}"),
            Self::Settle => f.write_str("settle"),
            Self::HalfClose => f.write_str("half-close"),
        }
    }
}

/// A frame's bytes.
pub(crate) fn bytes(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload").to_be_bytes();
    let head = [length[1], length[2], length[3], kind, flags];
    [&head[..], &stream.to_be_bytes(), payload].concat()
}

/// Every whole frame in there: its type, flags, stream, payload.
pub(crate) fn split(mut bytes: &[u8]) -> Vec<(u8, u8, u32, &[u8])> {
    let mut frames = Vec::new();
    while let Some((head, rest)) = bytes.split_at_checked(9) {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let Some((payload, rest)) = rest.split_at_checked(length) else { break };
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        frames.push((head[3], head[4], stream, payload));
        bytes = rest;
    }
    frames
}

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Step {
    Step::Send(bytes(kind, flags, stream, payload))
}

/// The same step, so often.
pub(crate) fn times(count: usize, step: impl Fn(usize) -> Step) -> Step {
    let sent = (0..count).map(|at| match step(at) {
        Step::Send(bytes) => bytes,
        other => panic!("only bytes can be repeated, not {other:?}"),
    });
    Step::Send(sent.collect::<Vec<_>>().concat())
}

pub(crate) fn raw(bytes: &[u8]) -> Step {
    Step::Send(bytes.to_vec())
}

/// `GET /one.txt`, whole.
pub(crate) fn get(stream: u32) -> Step {
    request(stream, "GET", "/one.txt", &[])
}

/// A request that takes long: its response is larger than the connection's window.
pub(crate) fn get_large(stream: u32) -> Step {
    request(stream, "GET", "/large.bin", &[])
}

/// The same, but that content may follow: its stream stays open.
pub(crate) fn open_large(stream: u32, fields: &[(&str, &str)]) -> Step {
    headers(stream, flag::END_HEADERS, &request_block("GET", "/large.bin", fields))
}

/// A request without content.
pub(crate) fn request(stream: u32, method: &str, path: &str, fields: &[(&str, &str)]) -> Step {
    headers(stream, flag::WHOLE, &request_block(method, path, fields))
}

/// A request whose content follows.
pub(crate) fn post(stream: u32, fields: &[(&str, &str)]) -> Step {
    headers(stream, flag::END_HEADERS, &request_block("POST", "/one.txt", fields))
}

/// Any fields, whole.
pub(crate) fn fields(stream: u32, fields: &[(&str, &str)]) -> Step {
    headers(stream, flag::WHOLE, &block(fields))
}

pub(crate) fn request_block(method: &str, path: &str, fields: &[(&str, &str)]) -> Vec<u8> {
    let pseudo =
        [(":method", method), (":scheme", "http"), (":authority", "localhost"), (":path", path)];
    block(&[&pseudo[..], fields].concat())
}

pub(crate) fn headers(stream: u32, flags: u8, block: &[u8]) -> Step {
    frame(kind::HEADERS, flags, stream, block)
}

pub(crate) fn continuation(stream: u32, flags: u8, block: &[u8]) -> Step {
    frame(kind::CONTINUATION, flags, stream, block)
}

pub(crate) fn data(stream: u32, flags: u8, payload: &[u8]) -> Step {
    frame(kind::DATA, flags, stream, payload)
}

pub(crate) fn reset(stream: u32, code: Code) -> Step {
    frame(kind::RST_STREAM, flag::NONE, stream, &code.0.to_be_bytes())
}

/// Depends on the connection, exclusively, with weight 16.
pub(crate) fn priority(stream: u32) -> Step {
    frame(kind::PRIORITY, flag::NONE, stream, &[0x80, 0, 0, 0, 15])
}

pub(crate) fn settings(parameters: &[(u16, u32)]) -> Step {
    let payload = parameters.iter().flat_map(|(identifier, value)| {
        identifier.to_be_bytes().into_iter().chain(value.to_be_bytes())
    });
    frame(kind::SETTINGS, flag::NONE, 0, &payload.collect::<Vec<_>>())
}

pub(crate) fn ping(payload: [u8; 8]) -> Step {
    frame(kind::PING, flag::NONE, 0, &payload)
}

pub(crate) fn go_away(last: u32, code: Code, debug: &[u8]) -> Step {
    let payload = [&last.to_be_bytes()[..], &code.0.to_be_bytes(), debug].concat();
    frame(kind::GOAWAY, flag::NONE, 0, &payload)
}

pub(crate) fn window_update(stream: u32, increment: u32) -> Step {
    frame(kind::WINDOW_UPDATE, flag::NONE, stream, &increment.to_be_bytes())
}

/// Windows as large as they may be: for the connection, and for streams that are opened later.
pub(crate) fn wide_windows() -> [Step; 2] {
    [settings(&[(setting::INITIAL_WINDOW_SIZE, MAXIMUM)]), window_update(0, MAXIMUM - 65_535)]
}
