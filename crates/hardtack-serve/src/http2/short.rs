//! The short way over HTTP/2: simple requests are answered from their frames, before hyper.
//!
//! The frames of the client come here first. A simple request is answered at once, and hyper never sees its
//! stream. All other frames are passed on, and hyper keeps the rules of the protocol, but for some errors: those
//! that hyper cannot see any more, and those that it does not tell apart.
//!
//! Some things have one state for the whole connection:
//!
//! - The tables by which both sides compress their fields (RFC 7541 §2.3) are kept in front of hyper. Header
//!   sections are passed on in a form that needs none; for those of hyper see [`outgoing`](super::outgoing).
//! - The client's window for the connection is shared: see [`credit`].
//! - The numbers of streams grow. hyper knows the streams that are passed on.

mod credit;
mod request;
mod response;

use self::credit::Credit;
use super::{
    frames::{
        ACK, DATA, END_HEADERS, ErrorCode, FIRST_WINDOW, FrameHead, HEAD, HEADERS, LARGEST_WINDOW,
        PREFACE, PRIORITY, RST_STREAM, SETTINGS, WINDOW_UPDATE,
    },
    gathered::Output,
    hpack::{BlockError, Decoder, Encoder, Fields},
    outgoing::End,
    section::{Section, Unfinished},
};
use crate::{account::Account, stream::MOST_AT_ONCE};

/// Bytes for hyper after which no further frame is looked at.
const ENOUGH: usize = 64 * 1024;
/// Most responses of a turn.
const MOST: usize = 64;

// Settings (RFC 9113 §6.5.2).
const HEADER_TABLE_SIZE: u16 = 1;
const INITIAL_WINDOW_SIZE: u16 = 4;

/// The frames of a client, of which some are answered and some are passed on.
#[derive(Debug)]
pub(super) struct ShortWay {
    /// Bytes for hyper.
    passed: Vec<u8>,
    /// Bytes of the preface that are still to come.
    preface: usize,
    /// Whether that was no preface. Then all bytes are passed on.
    is_foreign: bool,
    /// Whether the first frame has come.
    has_begun: bool,
    /// Why the connection is broken, if it is. Then nothing more is passed on.
    error: Option<ErrorCode>,
    /// Whether the client sends nothing more. What was passed on may end amid a frame then.
    has_ended: bool,
    decoder: Decoder,
    /// Most bytes of a header section (RFC 9113 §6.5.2).
    most_bytes: usize,
    /// A header section that is not all there.
    section: Unfinished,
    /// The newest stream that hyper knows, and the newest one that was answered.
    newest_of_hyper: u32,
    newest_answered: u32,
    /// The smallest window that a new stream may have.
    window: u32,
    credit: Credit,
}

/// Where responses go.
pub(super) struct Answers<'a> {
    pub(super) account: &'a Account,
    pub(super) output: &'a mut Output,
    pub(super) turn: &'a mut Turn,
    /// Whether requests may be answered here at all.
    pub(super) is_open: bool,
}

impl Answers<'_> {
    /// Whether the next ones come later: when there is room, or in another turn.
    fn are_enough(&self) -> bool {
        self.is_open && self.output.is_full() || self.turn.is_over()
    }
}

/// The turn of a connection among those of its thread.
#[derive(Debug, Default)]
pub(super) struct Turn {
    pub(super) answers: usize,
    /// Of frames, of the fields of requests, and of responses.
    bytes: usize,
}

impl Turn {
    pub(super) fn is_over(&self) -> bool {
        self.answers >= MOST || self.bytes >= MOST_AT_ONCE
    }
}

impl ShortWay {
    /// A header section may have so many bytes (RFC 9113 §6.5.2).
    pub(super) fn new(most_bytes: usize) -> Self {
        Self {
            passed: Vec::new(),
            preface: PREFACE.len(),
            is_foreign: false,
            has_begun: false,
            error: None,
            has_ended: false,
            decoder: Decoder::new(),
            most_bytes,
            section: Unfinished::new(most_bytes),
            newest_of_hyper: 0,
            newest_answered: 0,
            window: FIRST_WINDOW,
            credit: Credit::new(),
        }
    }

    /// Takes frames off bytes of the client, until something is enough or a frame is not all there. Returns
    /// the number of bytes that are done with.
    pub(super) fn take(
        &mut self,
        bytes: &[u8],
        fields: &mut Fields,
        answers: &mut Answers<'_>,
    ) -> usize {
        let mut taken = 0;
        while self.passed.len() < ENOUGH && !answers.are_enough() {
            match self.take_one(&bytes[taken..], fields, answers) {
                0 => break,
                more => taken += more,
            }
        }
        answers.turn.bytes += taken;
        taken
    }

    /// Bytes for hyper.
    pub(super) fn passed(&self) -> &[u8] {
        &self.passed
    }

    /// hyper has so many bytes.
    pub(super) fn forget_passed(&mut self, bytes: usize) {
        if bytes == self.passed.len() {
            // Between its bursts, a connection has no buffer.
            self.passed = Vec::new();
        } else {
            self.passed.drain(..bytes);
        }
    }

    /// The client sends nothing more: the beginning of a frame is hyper's.
    pub(super) fn pass_end(&mut self, bytes: &[u8]) {
        self.passed.extend_from_slice(bytes);
        self.has_ended = true;
    }

    /// The connection's end, as far as hyper does not know it.
    pub(super) fn end(&self) -> End {
        End { stream: self.newest_answered, error: self.error }
    }

    /// hyper sends so many bytes of content. Returns whether it has something to read by that.
    pub(super) fn spend_of_hyper(&mut self, bytes: u64) -> bool {
        let lent = self.credit.spend_of_hyper(bytes);
        self.lend(lent);
        lent > 0
    }

    /// Takes a frame that is all there. hyper would have to wait for all of it, too.
    fn take_one(&mut self, bytes: &[u8], fields: &mut Fields, answers: &mut Answers<'_>) -> usize {
        if self.error.is_some() {
            return bytes.len();
        }
        if self.preface > 0 || self.is_foreign {
            return self.pass_preface(bytes);
        }
        let Some(head) = FrameHead::parse(bytes) else { return 0 };
        let end = HEAD + head.length;
        let looked = match self.check(head) {
            Ok(()) => match bytes.get(..end) {
                Some(frame) => self.look(head, frame, fields, answers),
                None => return 0,
            },
            Err(error) => Err(error),
        };
        if let Err(error) = looked {
            self.break_off(error);
            return bytes.len();
        }
        end
    }

    /// Passes the preface on, and all that follows if it is none: hyper ends the connection.
    fn pass_preface(&mut self, bytes: &[u8]) -> usize {
        let missing = &PREFACE[PREFACE.len() - self.preface..];
        let taken = bytes.len().min(missing.len());
        self.is_foreign |= bytes[..taken] != missing[..taken];
        let taken = if self.is_foreign { bytes.len() } else { taken };
        self.preface = self.preface.saturating_sub(taken);
        self.passed.extend_from_slice(&bytes[..taken]);
        taken
    }

    /// Checks what the head of a frame alone says.
    fn check(&self, head: FrameHead) -> Result<(), ErrorCode> {
        if !self.has_begun && (head.kind != SETTINGS || head.flags & ACK != 0) {
            // The preface of a client ends with its settings (RFC 9113 §3.4).
            return Err(ErrorCode::Protocol);
        }
        if head.kind == DATA && self.is_own(head.stream) {
            return Err(ErrorCode::StreamClosed);
        }
        head.check_length()
    }

    /// Looks at a frame that is all there.
    fn look(
        &mut self,
        head: FrameHead,
        frame: &[u8],
        fields: &mut Fields,
        answers: &mut Answers<'_>,
    ) -> Result<(), ErrorCode> {
        self.has_begun = true;
        match head.kind {
            // Nothing else may come between the frames of a header section (RFC 9113 §6.10).
            _ if head.kind == HEADERS || self.section.is_any() => {
                if let Some(frames) = self.section.add(head, frame)? {
                    self.look_at_section(&frames, fields, answers)?;
                }
            }
            WINDOW_UPDATE if head.stream == 0 => self.widen(frame)?,
            // hyper does not know the stream, which is closed, and nothing else is to come of it.
            WINDOW_UPDATE | RST_STREAM | PRIORITY if self.is_own(head.stream) => {}
            SETTINGS => self.pass_settings(frame, &mut answers.output.encoder)?,
            _ => self.passed.extend_from_slice(frame),
        }
        Ok(())
    }

    /// Whether a stream was answered here, and hyper knows none that is newer. Of an older one hyper knows by
    /// its number that it is closed.
    fn is_own(&self, stream: u32) -> bool {
        stream % 2 == 1 && self.newest_of_hyper < stream && stream <= self.newest_answered
    }

    fn is_new(&self, stream: u32) -> bool {
        stream % 2 == 1 && stream > self.newest_of_hyper.max(self.newest_answered)
    }

    /// Answers a header section, or passes it on.
    fn look_at_section(
        &mut self,
        frames: &[u8],
        fields: &mut Fields,
        answers: &mut Answers<'_>,
    ) -> Result<(), ErrorCode> {
        fields.clear();
        let mut section = Section::read(frames)?;
        let decoded = self.decoder.decode(&section.block, self.most_bytes, fields);
        answers.turn.bytes += fields.size();
        decoded.map_err(|error| match error {
            BlockError::Malformed => ErrorCode::Compression,
            BlockError::TooLarge => ErrorCode::EnhanceYourCalm,
        })?;
        let stream = section.stream;
        if self.is_own(stream) {
            return Err(ErrorCode::StreamClosed);
        }
        let is_too_large = fields.size() > self.most_bytes;
        if self.is_new(stream) {
            if section.end_stream() != 0 && self.answer(stream, fields, answers) {
                return Ok(());
            }
            self.newest_of_hyper = stream;
        } else if is_too_large || fields.iter().any(|(name, _)| name.starts_with(b":")) {
            // Trailers have no pseudo-fields (RFC 9113 §8.1). hyper would drop them, and resets a stream
            // whose trailers do not end it.
            section.forget_end_stream();
        }
        if is_too_large {
            // hyper is to see that, and no more: many fields, or long names, take it time.
            fields.clear();
            fields.push(b"x", &vec![b'x'; self.most_bytes]);
        }
        section.pass(fields, &mut self.passed);
        Ok(())
    }

    /// Answers a request, if it is simple and the client has room for the response.
    fn answer(&mut self, stream: u32, fields: &Fields, answers: &mut Answers<'_>) -> bool {
        if !answers.is_open {
            return false;
        }
        let Self { window, credit, .. } = self;
        let has_room = |bytes: usize| bytes <= *window as usize && credit.take(bytes);
        let before = answers.output.bytes.len();
        let answered =
            response::answer(answers.account, stream, fields, has_room, answers.output).is_some();
        if answered {
            self.newest_answered = stream;
            answers.turn.answers += 1;
            answers.turn.bytes += answers.output.bytes.len() - before;
        }
        answered
    }

    /// Passes settings of the client on (RFC 9113 §6.5), which hyper checks, keeps and acknowledges. But for the
    /// size of the client's table: hyper's keeps its own.
    ///
    /// Here they hold at once if they allow less, and never if they allow more: a client may count on that only
    /// after its settings are acknowledged.
    fn pass_settings(&mut self, frame: &[u8], encoder: &mut Encoder) -> Result<(), ErrorCode> {
        let start = self.passed.len();
        self.passed.extend_from_slice(frame);
        for setting in self.passed[start + HEAD..].as_chunks_mut::<6>().0 {
            let [a, b, value @ ..] = *setting;
            let value = u32::from_be_bytes(value);
            match u16::from_be_bytes([a, b]) {
                HEADER_TABLE_SIZE => {
                    encoder.limit(value as usize);
                    setting[2..].copy_from_slice(&(Decoder::TABLE_SIZE as u32).to_be_bytes());
                }
                INITIAL_WINDOW_SIZE if value > LARGEST_WINDOW => {
                    return Err(ErrorCode::FlowControl);
                }
                INITIAL_WINDOW_SIZE => self.window = self.window.min(value),
                _ => {}
            }
        }
        Ok(())
    }

    /// The client widens its window for the connection (RFC 9113 §6.9).
    fn widen(&mut self, frame: &[u8]) -> Result<(), ErrorCode> {
        let increment = frame[HEAD..].try_into().map_or(0, u32::from_be_bytes) & LARGEST_WINDOW;
        if increment == 0 {
            return Err(ErrorCode::Protocol);
        }
        let lent =
            self.credit.widen(increment).map_err(|credit::Overflow| ErrorCode::FlowControl)?;
        self.lend(lent);
        Ok(())
    }

    /// Lends hyper more. Until the client's end only whole frames are passed on, so a further one may stand
    /// behind them.
    fn lend(&mut self, lent: u32) {
        if lent > 0 && self.error.is_none() && !self.has_ended {
            self.passed.extend_from_slice(&window_update(lent));
        }
    }

    /// The connection is broken. hyper is told by a frame that is an error in any case, and ends it.
    fn break_off(&mut self, error: ErrorCode) {
        FrameHead::new(0, HEADERS, END_HEADERS, 0).write(&mut self.passed);
        self.error = Some(error);
    }
}

/// A frame that widens the window of the connection (RFC 9113 §6.9).
fn window_update(increment: u32) -> [u8; HEAD + 4] {
    let [a, b, c, d] = increment.to_be_bytes();
    [0, 0, 4, WINDOW_UPDATE, 0, 0, 0, 0, 0, a, b, c, d]
}
