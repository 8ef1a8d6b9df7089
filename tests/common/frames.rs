//! A client of HTTP/2 that sees every frame (RFC 9113).

use std::io::{Read, Write};

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const GOAWAY: u8 = 7;
pub const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

pub const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// The code of an error: a request is not needed any more.
const CANCEL: u32 = 8;

/// How much of a response the server may send unasked, a stream: a setting.
pub const INITIAL_WINDOW_SIZE: u16 = 4;

pub struct Http2<S> {
    pub stream: S,
    /// Whether it leaves out its acknowledgements.
    pub is_deaf: bool,
    next: u32,
}

#[derive(Debug)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

impl<S: Read + Write> Http2<S> {
    /// Begins the connection with its preface and settings.
    pub fn over(stream: S, settings: &[(u16, u32)]) -> Self {
        let mut connection = Self { stream, is_deaf: false, next: 1 };
        connection.stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").expect("it is open");
        let settings: Vec<_> =
            settings.iter().flat_map(|(id, value)| setting(*id, *value)).collect();
        connection.send(SETTINGS, 0, 0, &settings);
        connection
    }

    /// Asks for something, and returns the stream's number.
    pub fn get(&mut self, path: &str) -> u32 {
        let stream = self.next;
        self.next += 2;
        // RFC 7541 Appendix A: GET, https, and the names of :authority and :path.
        let mut block = vec![0x82, 0x87];
        for (name, value) in [(0x01, "localhost"), (0x04, path)] {
            block.extend([name, u8::try_from(value.len()).expect("a short value")]);
            block.extend(value.as_bytes());
        }
        self.send(HEADERS, END_STREAM | END_HEADERS, stream, &block);
        stream
    }

    /// Begins a header section of a request, and leaves it unfinished.
    pub fn begin_header(&mut self) {
        let stream = self.next;
        self.next += 2;
        self.send(HEADERS, END_STREAM, stream, &[0x82]);
        self.send(CONTINUATION, 0, stream, &[0x87]);
    }

    /// Takes a request back.
    pub fn cancel(&mut self, stream: u32) {
        self.send(RST_STREAM, 0, stream, &CANCEL.to_be_bytes());
    }

    /// Asks for an acknowledgement.
    pub fn ping(&mut self) {
        self.send(PING, 0, 0, &[0; 8]);
    }

    /// Lets the server send more on a stream, or, with 0, on the connection.
    pub fn take_more(&mut self, stream: u32, bytes: u32) {
        self.send(WINDOW_UPDATE, 0, stream, &bytes.to_be_bytes());
    }

    /// The next frame, until the connection is closed. SETTINGS and PING are acknowledged.
    pub fn frame(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).ok()?;
        let [a, b, c, kind, flags, stream @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.stream.read_exact(&mut payload).ok()?;
        if matches!(kind, SETTINGS | PING) && flags & ACK == 0 && !self.is_deaf {
            let payload = if kind == PING { &payload[..] } else { &[] };
            // The server may have closed its side already.
            self.write(kind, ACK, 0, payload).ok();
        }
        Some(Frame { kind, flags, stream: u32::from_be_bytes(stream), payload })
    }

    /// Waits for a frame of that kind.
    #[track_caller]
    pub fn wait_for(&mut self, kind: u8) -> Frame {
        let mut frames = std::iter::from_fn(|| self.frame());
        frames.find(|frame| frame.kind == kind).expect("the connection is open until then")
    }

    /// Reads until that stream's response is complete, which is a 200, and returns its body.
    #[track_caller]
    pub fn body(&mut self, stream: u32) -> Vec<u8> {
        let mut frames = std::iter::from_fn(|| self.frame());
        let headers = frames.find(|frame| frame.kind == HEADERS && frame.stream == stream);
        assert!(headers.expect("the connection is open until then").is_200());
        self.rest_of_body(stream)
    }

    /// The same, when its header section has come already.
    #[track_caller]
    pub fn rest_of_body(&mut self, stream: u32) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let frame = self.frame().expect("the connection is open until then");
            if frame.kind == DATA && frame.stream == stream {
                body.extend(&frame.payload);
                if frame.flags & END_STREAM != 0 {
                    return body;
                }
            }
        }
    }

    fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        self.write(kind, flags, stream, payload).expect("the connection is open");
    }

    fn write(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> std::io::Result<()> {
        let [_, a, b, c] = u32::try_from(payload.len()).expect("short").to_be_bytes();
        let head = [&[a, b, c, kind, flags][..], &stream.to_be_bytes(), payload].concat();
        self.stream.write_all(&head)?;
        self.stream.flush()
    }
}

impl Frame {
    /// Whether this is the beginning of a response with that status, the first in RFC 7541's table.
    pub fn is_200(&self) -> bool {
        self.kind == HEADERS && self.payload.first() == Some(&0x88)
    }
}

fn setting(id: u16, value: u32) -> [u8; 6] {
    let ([a, b], [c, d, e, f]) = (id.to_be_bytes(), value.to_be_bytes());
    [a, b, c, d, e, f]
}
