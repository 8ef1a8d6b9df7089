//! The responses to requests that came together, and their bytes on the way to the system.

use std::{
    io::{self, IoSlice},
    task::{Context, Poll, ready},
};

use super::{
    answer::answer,
    head::{Fields, Parsed, parse},
};
use crate::{
    http1::stream::Http1Stream,
    socket::Socket,
    stream::{MOST_AT_ONCE, let_others},
};

/// Most responses that are written at once, and bytes of them after which no further one is added.
const MOST: usize = 16;
const ENOUGH: usize = 32 << 10;

/// Bytes of a content that is copied behind its head. The system takes one piece at less cost than two.
const COPIED: usize = 4 << 10;

/// Bytes that a new connection sends before anything is acknowledged (RFC 6928 §2): ten segments.
const FIRST_WINDOW: usize = 14_600;

/// Responses that are written at once. The bytes of their heads and of small contents lie here, those
/// of other contents in the bundle.
#[derive(Default)]
pub(super) struct Batch {
    heads: Vec<u8>,
    responses: Vec<Prepared>,
    /// Bytes of all contents.
    contents: usize,
}

struct Prepared {
    /// Where its head ends, and a content that is copied.
    head_end: usize,
    content: &'static [u8],
}

/// The outcome of a look at bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looked {
    /// So many bytes were requests, whose responses are in the batch.
    Answered(usize),
    /// So were so many bytes, and the last of these requests is the last of the connection.
    AnsweredLast(usize),
    /// The first request is not all there.
    Partial,
    /// The first request is not simple.
    NotSimple,
}

impl Batch {
    /// Answers the requests that bytes begin with.
    pub(super) fn look<S: Socket>(&mut self, stream: &Http1Stream<S>, bytes: &[u8]) -> Looked {
        let mut used = 0;
        while used < bytes.len() && self.responses.len() < MOST && self.bytes() < ENOUGH {
            let unable = match parse(&bytes[used..], &mut Fields::new()) {
                Parsed::Whole(head) => match answer(stream, &head, &mut self.heads) {
                    Some(answered) => {
                        used += head.length;
                        self.add(answered.content);
                        if answered.is_last {
                            return Looked::AnsweredLast(used);
                        }
                        continue;
                    }
                    None => Looked::NotSimple,
                },
                Parsed::Partial => Looked::Partial,
                Parsed::Other => Looked::NotSimple,
            };
            return if used > 0 { Looked::Answered(used) } else { unable };
        }
        Looked::Answered(used)
    }

    /// Adds a response whose head is written already.
    fn add(&mut self, mut content: &'static [u8]) {
        if content.len() <= COPIED {
            self.heads.extend_from_slice(content);
            content = b"";
        }
        let head_end = self.heads.len();
        self.responses.push(Prepared { head_end, content });
        self.contents += content.len();
    }

    fn bytes(&self) -> usize {
        self.heads.len() + self.contents
    }

    /// Whether the responses are sent without waiting for the client.
    pub(super) fn leaves_at_once(&self) -> bool {
        self.bytes() <= FIRST_WINDOW
    }

    /// Writes all responses in one piece, unless they are for several turns. Returns those bytes that
    /// the system has not taken.
    pub(super) fn write<S: Socket>(
        &mut self,
        stream: &mut Http1Stream<S>,
        context: &mut Context<'_>,
    ) -> io::Result<Option<Box<Rest>>> {
        let is_one_turn = self.bytes() <= MOST_AT_ONCE;
        let written = match is_one_turn.then(|| self.poll_write(stream, context)) {
            Some(Poll::Ready(written)) => written,
            Some(Poll::Pending) | None => Ok(0),
        };
        let rest = written.map(|written| self.rest(written));
        self.clear();
        rest
    }

    /// Forgets all responses: those that are written, and those that a panic has left here.
    pub(super) fn clear(&mut self) {
        self.heads.clear();
        self.responses.clear();
        self.contents = 0;
    }

    fn poll_write<S: Socket>(
        &self,
        stream: &mut Http1Stream<S>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if self.contents == 0 {
            return stream.poll_write_response(context, &[IoSlice::new(&self.heads)]);
        }
        let mut slices = [IoSlice::new(&[]); 2 * MOST];
        let pieces = slices.iter_mut().zip(self.pieces());
        let count = pieces.map(|(slice, piece)| *slice = IoSlice::new(piece)).count();
        stream.poll_write_response(context, &slices[..count])
    }

    /// The heads and contents, one after the other.
    fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.responses.iter().flat_map(move |response| {
            let head = start..response.head_end;
            start = response.head_end;
            [&self.heads[head], response.content]
        })
    }

    /// The bytes behind those that were written.
    fn rest(&self, written: usize) -> Option<Box<Rest>> {
        let last = self.responses.last().filter(|_| written < self.bytes())?.content;
        let before = self.bytes() - last.len();
        let mut copied = Vec::with_capacity(before.saturating_sub(written));
        let mut left = written;
        for piece in self.pieces().take(2 * self.responses.len() - 1) {
            copied.extend_from_slice(&piece[left.min(piece.len())..]);
            left = left.saturating_sub(piece.len());
        }
        let content = &last[written.saturating_sub(before)..];
        Some(Box::new(Rest { copied, sent: 0, content }))
    }
}

/// The end of some responses, of which the last one's content is not copied.
#[derive(Debug)]
pub(super) struct Rest {
    copied: Vec<u8>,
    /// How many of the copied bytes are sent.
    sent: usize,
    content: &'static [u8],
}

impl Rest {
    /// Writes all of it, in turns with the other connections of the thread.
    pub(super) fn poll_write<S: Socket>(
        &mut self,
        stream: &mut Http1Stream<S>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut turn = 0;
        while self.sent < self.copied.len() || !self.content.is_empty() {
            if turn >= MOST_AT_ONCE {
                return let_others(context);
            }
            let slices = [IoSlice::new(&self.copied[self.sent..]), IoSlice::new(self.content)];
            let written = ready!(stream.poll_write_response(context, &slices))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.forget(written);
            turn += written;
        }
        Poll::Ready(Ok(()))
    }

    /// So many bytes are written.
    fn forget(&mut self, written: usize) {
        let copied = written.min(self.copied.len() - self.sent);
        self.sent += copied;
        self.content = &self.content[written - copied..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(responses: &[(&str, &'static [u8])]) -> Batch {
        let mut batch = Batch::default();
        for (head, content) in responses {
            batch.heads.extend_from_slice(head.as_bytes());
            batch.add(content);
        }
        batch
    }

    #[test]
    fn the_rest_is_all_that_was_not_written() {
        let large: &[u8] = &[b'x'; COPIED + 3];
        for responses in [
            &[("one", &b"1234"[..])][..],
            &[("one", large)],
            &[("one", b""), ("two", large)],
            &[("one", large), ("two", b"23"), ("three", large)],
            &[("one", large), ("two", b"")],
        ] {
            let batch = batch(responses);
            let all = responses.iter().map(|(head, content)| [head.as_bytes(), content].concat());
            let all: Vec<u8> = all.collect::<Vec<_>>().concat();
            assert_eq!(batch.pieces().collect::<Vec<_>>().concat(), all);
            for written in 0..all.len() {
                let mut rest = batch.rest(written).expect("not all is written");
                assert_eq!([&rest.copied, rest.content].concat(), all[written..]);
                for more in written..all.len() {
                    let left = [&rest.copied[rest.sent..], rest.content].concat();
                    assert_eq!(left, all[more..]);
                    rest.forget(1);
                }
            }
            assert!(batch.rest(all.len()).is_none());
        }
    }
}
