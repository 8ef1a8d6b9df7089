//! The responses to requests that came together, and their bytes on the way to the system.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::AsyncWrite;

use super::{
    super::stream::Http1Stream,
    answer::answer,
    head::{Fields, Parsed, parse},
};
use crate::socket::Socket;

/// Most responses that are written at once, and bytes of them after which no further one is added.
const MOST: usize = 16;
const ENOUGH: usize = 32 << 10;

/// Responses that are written at once. The bytes of their heads lie here, those of their contents in
/// the bundle.
#[derive(Default)]
pub(super) struct Batch {
    heads: Vec<u8>,
    responses: Vec<Prepared>,
    bytes: usize,
}

struct Prepared {
    /// Where its head ends.
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
        while used < bytes.len() && self.responses.len() < MOST && self.bytes < ENOUGH {
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
    fn add(&mut self, content: &'static [u8]) {
        let head_end = self.heads.len();
        self.responses.push(Prepared { head_end, content });
        let contents = self.responses.iter().map(|response| response.content.len());
        self.bytes = head_end + contents.sum::<usize>();
    }

    /// Writes all responses in one piece. Returns those bytes that the system has not taken.
    pub(super) fn write<S: Socket>(
        &mut self,
        stream: &mut Http1Stream<S>,
        context: &mut Context<'_>,
    ) -> io::Result<Option<Box<Rest>>> {
        let mut slices = [IoSlice::new(&[]); 2 * MOST];
        let pieces = slices.iter_mut().zip(self.pieces());
        let count = pieces.map(|(slice, piece)| *slice = IoSlice::new(piece)).count();
        let written = match stream.poll_write_response(context, &slices[..count]) {
            Poll::Ready(written) => written,
            Poll::Pending => Ok(0),
        };
        let rest = written.map(|written| self.rest(written));
        self.heads.clear();
        self.responses.clear();
        self.bytes = 0;
        rest
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
        let last = self.responses.last().filter(|_| written < self.bytes)?.content;
        let before = self.bytes - last.len();
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
    /// Writes all of it.
    pub(super) fn poll_write<S: Socket>(
        &mut self,
        stream: &mut Http1Stream<S>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.sent < self.copied.len() || !self.content.is_empty() {
            let head = &self.copied[self.sent..];
            let slices = [IoSlice::new(head), IoSlice::new(self.content)];
            let written = match head.is_empty() {
                true => ready!(Pin::new(&mut *stream).poll_write(context, self.content))?,
                false => ready!(stream.poll_write_response(context, &slices))?,
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            let of_head = written.min(self.copied.len() - self.sent);
            self.sent += of_head;
            self.content = &self.content[written - of_head..];
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(responses: &[(&str, &'static str)]) -> Batch {
        let mut batch = Batch::default();
        for (head, content) in responses {
            batch.heads.extend_from_slice(head.as_bytes());
            batch.add(content.as_bytes());
        }
        batch
    }

    #[test]
    fn the_rest_is_all_that_was_not_written() {
        for responses in [
            &[("one", "1234")][..],
            &[("one", ""), ("two", "56")],
            &[("one", "1"), ("two", "23"), ("three", "")],
        ] {
            let batch = batch(responses);
            let all: String =
                responses.iter().map(|(head, content)| format!("{head}{content}")).collect();
            assert_eq!(batch.pieces().collect::<Vec<_>>().concat(), all.as_bytes());
            for written in 0..all.len() {
                let rest = batch.rest(written).expect("not all is written");
                assert_eq!([&rest.copied, rest.content].concat(), all.as_bytes()[written..]);
                assert!(
                    responses.last().unwrap().1.ends_with(str::from_utf8(rest.content).unwrap())
                );
            }
            assert!(batch.rest(all.len()).is_none());
        }
    }
}
