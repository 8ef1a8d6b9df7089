//! The frames that hyper sends, on their way to the client.
//!
//! hyper compresses header sections by a table of its own (RFC 7541 §2.3). Here they are compressed anew, by
//! the table that the client has for the connection, which the short way uses, too.

use std::{
    cell::Cell,
    io::{self, ErrorKind},
};

use super::{
    frames::{CONTINUATION, DATA, ErrorCode, FrameHead, GOAWAY, HEAD, HEADERS},
    gathered::Output,
    hpack::{Decoder, Fields},
    section::{Section, Unfinished},
};

thread_local! {
    /// The fields of a header section, which lie here for as long as it is compressed.
    static FIELDS: Cell<Fields> = const { Cell::new(Fields::new()) };
}

/// The frames of hyper.
#[derive(Debug)]
pub(super) struct Outgoing {
    decoder: Decoder,
    /// Bytes of a frame that go as they are.
    passing: usize,
    /// The beginning of a frame that is not all there.
    partial: Vec<u8>,
    section: Unfinished,
}

/// The end of a connection as GOAWAY says it (RFC 9113 §6.8), as far as hyper does not know it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct End {
    /// The newest stream that was answered without hyper.
    pub(super) stream: u32,
    /// Why the connection is broken.
    pub(super) error: Option<ErrorCode>,
}

impl End {
    /// Writes GOAWAY: the last stream that was looked at, the code of the error, and a text.
    fn write_goaway(self, frame: &[u8], output: &mut Output) {
        let start = output.bytes.len();
        output.bytes.extend_from_slice(frame);
        let numbers = output.bytes[start + HEAD..].as_chunks_mut::<4>().0;
        let [stream, code, ..] = numbers else { return };
        // The largest number says that a further GOAWAY follows.
        *stream = u32::from_be_bytes(*stream).max(self.stream).to_be_bytes();
        let is_error = u32::from_be_bytes(*code) != 0;
        if let Some(error) = self.error.filter(|_| is_error) {
            *code = (error as u32).to_be_bytes();
        }
    }
}

/// The frames that were taken, as far as others have to know of them.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// Bytes of content.
    pub(super) content: u64,
    /// Requests that h2 has refused by itself: hyper has not seen them.
    pub(super) refusals: u32,
}

impl Outgoing {
    pub(super) fn new() -> Self {
        Self {
            decoder: Decoder::new(),
            passing: 0,
            partial: Vec::new(),
            // hyper's are as long as they are.
            section: Unfinished::new(usize::MAX / 2),
        }
    }

    /// Whether other frames may stand here: a frame has ended, and no header section goes on.
    pub(super) fn is_between_frames(&self) -> bool {
        self.passing == 0 && self.partial.is_empty() && !self.section.is_any()
    }

    /// Takes bytes of hyper's.
    ///
    /// # Errors
    ///
    /// If they are no frames.
    pub(super) fn take(
        &mut self,
        mut bytes: &[u8],
        end: End,
        output: &mut Output,
    ) -> io::Result<Sent> {
        let mut sent = Sent::default();
        while !bytes.is_empty() {
            let taken = match self.passing {
                0 => self.take_frame(bytes, end, output, &mut sent)?,
                passing => {
                    let taken = passing.min(bytes.len());
                    output.bytes.extend_from_slice(&bytes[..taken]);
                    self.passing -= taken;
                    taken
                }
            };
            bytes = &bytes[taken..];
        }
        Ok(sent)
    }

    /// Takes the head of a frame, and all of it if something in it is changed. Returns how many bytes it has
    /// taken, all if the frame goes on behind them.
    fn take_frame(
        &mut self,
        bytes: &[u8],
        end: End,
        output: &mut Output,
        sent: &mut Sent,
    ) -> io::Result<usize> {
        let before = std::mem::take(&mut self.partial);
        let known = before.len();
        let frame = if known == 0 { bytes } else { &[&before, bytes].concat() };
        let Some(head) = FrameHead::parse(frame) else {
            self.partial = frame.to_vec();
            return Ok(bytes.len());
        };
        if !matches!(head.kind, HEADERS | CONTINUATION | GOAWAY) {
            sent.content += if head.kind == DATA { head.length as u64 } else { 0 };
            output.bytes.extend_from_slice(&frame[..HEAD]);
            self.passing = head.length;
            return Ok(HEAD - known);
        }
        let length = HEAD + head.length;
        let Some(frame) = frame.get(..length) else {
            self.partial = frame.to_vec();
            return Ok(bytes.len());
        };
        if head.kind == GOAWAY {
            end.write_goaway(frame, output);
        } else if let Some(frames) = self.section.add(head, frame).map_err(invalid)? {
            self.write(&frames, output, sent)?;
        }
        Ok(length - known)
    }

    /// Writes a header section.
    fn write(&mut self, frames: &[u8], output: &mut Output, sent: &mut Sent) -> io::Result<()> {
        let mut fields = FIELDS.take();
        fields.clear();
        let section = Section::read(frames).map_err(invalid)?;
        self.decoder.decode(&section.block, usize::MAX, &mut fields).map_err(invalid)?;
        if is_refusal(&fields) {
            sent.refusals += 1;
            fields.push(b"cache-control", b"no-store");
        }
        output.write_section(section.stream, section.end_stream(), |encoder, block| {
            for (name, value) in fields.iter() {
                encoder.field(name, value, block);
            }
        });
        FIELDS.set(fields);
        Ok(())
    }
}

fn invalid<E>(_: E) -> io::Error {
    ErrorKind::InvalidData.into()
}

/// Whether this is an answer of h2's own: 431, to a header section that is longer than may be. It has no
/// field that keeps a cache from storing it. hyper adds a date to each of our responses.
fn is_refusal(fields: &Fields) -> bool {
    fields.len() == 1 && fields.iter().any(|(name, value)| name == b":status" && value == b"431")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http2::{
        frames::{END_HEADERS, END_STREAM, LONGEST},
        hpack::{BlockError, Encoder},
    };

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        FrameHead::new(payload.len(), kind, flags, 1).write(&mut frame);
        [&frame, payload].concat()
    }

    fn output() -> Output {
        Output { bytes: Vec::new(), encoder: Encoder::new() }
    }

    /// The fields of a section that is one frame, decoded by a client.
    fn decoded(client: &mut Decoder, frame: &[u8]) -> Result<String, BlockError> {
        let mut fields = Fields::default();
        client.decode(&frame[HEAD..], usize::MAX, &mut fields)?;
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Ok(fields.iter().map(|(name, value)| text(name) + "=" + &text(value) + ";").collect())
    }

    /// `:status: 200`, and `x: y`, which hyper adds to its table.
    const HEAD_OF_RESPONSE: &[u8] = b"\x88\x40\x01x\x01y";
    /// The same by that table.
    const AGAIN: &[u8] = b"\x88\xbe";

    #[test]
    fn frames_go_as_they_are_but_for_header_sections() {
        let whole = END_HEADERS | END_STREAM;
        let settings = frame(4, 0, b"\0\x03\0\0\0\x64");
        let data = frame(DATA, 0, b"content");
        let all = [
            settings.clone(),
            frame(HEADERS, END_HEADERS, HEAD_OF_RESPONSE),
            data.clone(),
            frame(HEADERS, whole, AGAIN),
        ]
        .concat();
        // However they are cut.
        for cut in 0..all.len() {
            let (mut outgoing, mut output) = (Outgoing::new(), output());
            let (first, second) = all.split_at(cut);
            let mut content = 0;
            for piece in [first, second] {
                content += outgoing.take(piece, End::default(), &mut output).unwrap().content;
            }
            assert!(outgoing.is_between_frames());
            assert_eq!(content, 7);
            let (begin, rest) = output.bytes.split_at(settings.len());
            assert_eq!(begin, settings);
            let head = FrameHead::parse(rest).unwrap();
            let (response, rest) = rest.split_at(HEAD + head.length);
            let mut client = Decoder::new();
            assert_eq!(decoded(&mut client, response), Ok(":status=200;x=y;".to_owned()));
            let last = rest.strip_prefix(&data[..]).unwrap();
            assert_eq!(FrameHead::parse(last).unwrap().flags, whole);
            assert_eq!(decoded(&mut client, last), Ok(":status=200;x=y;".to_owned()));
        }
    }

    #[test]
    fn other_frames_may_stand_between_frames() {
        let section = [
            frame(HEADERS, END_STREAM, &HEAD_OF_RESPONSE[..3]),
            frame(CONTINUATION, END_HEADERS, &HEAD_OF_RESPONSE[3..]),
        ];
        let data = frame(DATA, 0, b"content");
        let all = [&section.concat(), &data].map(|frames| &**frames).concat();
        let mut outgoing = Outgoing::new();
        assert!(outgoing.is_between_frames());
        for (at, byte) in (1..).zip(&all) {
            outgoing.take(&[*byte], End::default(), &mut output()).unwrap();
            let is_between = at == section.concat().len() || at == all.len();
            assert_eq!(outgoing.is_between_frames(), is_between, "{at}");
        }
    }

    #[track_caller]
    fn is_refused(block: &[u8], refusals: u32, expected: &str) {
        let mut output = output();
        let response = frame(HEADERS, END_HEADERS | END_STREAM, block);
        let sent = Outgoing::new().take(&response, End::default(), &mut output).unwrap();
        assert_eq!(sent.refusals, refusals);
        assert_eq!(decoded(&mut Decoder::new(), &output.bytes).as_deref(), Ok(expected));
    }

    #[test]
    fn answers_of_h2_are_stored_by_nobody() {
        is_refused(b"\x48\x03431", 1, ":status=431;cache-control=no-store;");
        is_refused(b"\x48\x03431\x61\x01d", 0, ":status=431;date=d;");
        is_refused(b"\x88", 0, ":status=200;");
        is_refused(b"", 0, "");
    }

    #[test]
    fn a_section_may_become_longer_than_a_frame() {
        let long = "x".repeat(LONGEST);
        let mut block = b"\x88".to_vec();
        super::super::hpack::encoder::literal(b"a", &mut block, |block| {
            block.extend_from_slice(long.as_bytes());
        });
        let mut frames = Vec::new();
        super::super::section::write(1, 0, &block, &mut frames);
        let mut output = output();
        Outgoing::new().take(&frames, End::default(), &mut output).unwrap();
        let section = Section::read(&output.bytes).unwrap();
        let mut fields = Fields::default();
        Decoder::new().decode(&section.block, usize::MAX, &mut fields).unwrap();
        assert_eq!(fields.iter().last(), Some((&b"a"[..], long.as_bytes())));
    }

    #[track_caller]
    fn ends(hypers: (u32, u32), end: End, expected: (u32, u32)) {
        let payload = |(stream, code): (u32, u32)| {
            [&stream.to_be_bytes()[..], &code.to_be_bytes(), b"text"].concat()
        };
        let goaway = frame(GOAWAY, 0, &payload(hypers));
        let (mut outgoing, mut output) = (Outgoing::new(), output());
        for byte in &goaway {
            outgoing.take(&[*byte], end, &mut output).unwrap();
        }
        assert_eq!(output.bytes, frame(GOAWAY, 0, &payload(expected)));
    }

    #[test]
    fn goaway_says_what_hyper_does_not_know() {
        let end = |stream, error| End { stream, error };
        ends((3, 1), end(0, None), (3, 1));
        ends((3, 1), end(7, None), (7, 1));
        ends((9, 1), end(7, Some(ErrorCode::Compression)), (9, 9));
        ends((9, 0), end(7, Some(ErrorCode::Compression)), (9, 0));
        ends((0x7fff_ffff, 0), end(7, None), (0x7fff_ffff, 0));
    }

    #[test]
    fn bytes_that_are_no_frames_of_a_server() {
        let is_error =
            |bytes: &[u8]| Outgoing::new().take(bytes, End::default(), &mut output()).is_err();
        assert!(is_error(&frame(CONTINUATION, END_HEADERS, b"\x88")));
        assert!(is_error(&frame(HEADERS, END_HEADERS, b"\xbe")));
        assert!(!is_error(&frame(HEADERS, END_HEADERS, b"\x88")));
    }
}
