//! The bytes that hyper reads: those that the [short way](super::short) passes on.

use std::{
    cell::RefCell,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use tokio::io::{AsyncRead, ReadBuf};

use super::{
    frames::{ErrorCode, HEAD, LONGEST, PREFACE},
    gathered::SharedGathered,
    hpack::Fields,
    short::{Answers, ShortWay},
    streams::SharedStreams,
};
use crate::{account::Account, socket::Socket, stream::let_others};

/// Most responses before the other connections of the thread have their turn.
const MOST: usize = 64;
/// Bytes of a thread's buffer: a frame that is all there but for a byte, and as much again.
const INPUT: usize = 2 * (HEAD + LONGEST);

/// What the connections of a thread share while one of them reads.
struct Scratch {
    input: Box<[u8]>,
    fields: Fields,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> =
        RefCell::new(Scratch { input: vec![0; INPUT].into(), fields: Fields::default() });
}

/// The bytes of the client, on their way to hyper.
pub(super) struct Reader<S: Socket> {
    gathered: SharedGathered<S>,
    account: Arc<Account>,
    streams: SharedStreams,
    /// Bytes of the preface that are still to come, before the first frame.
    preface: usize,
    short_way: ShortWay,
    /// Bytes that the short way has not taken yet.
    rest: Vec<u8>,
}

impl<S: Socket> Reader<S> {
    pub(super) fn new(gathered: SharedGathered<S>, streams: SharedStreams) -> Self {
        let account = Arc::clone(gathered.lock().transport.account());
        Self {
            gathered,
            account,
            streams,
            preface: PREFACE.len(),
            short_way: ShortWay::new(),
            rest: Vec::new(),
        }
    }

    /// hyper has sent so many bytes of content. Returns whether it has something to read by that.
    pub(super) fn spend(&mut self, bytes: u64) -> bool {
        self.short_way.spend_of_hyper(bytes)
    }

    /// Why the connection is broken, as hyper does not know.
    pub(super) fn error(&self) -> Option<ErrorCode> {
        self.short_way.error()
    }

    /// Reads bytes for hyper. Meanwhile, requests are answered if the frames that are written have an end
    /// here.
    pub(super) fn poll_read(
        &mut self,
        is_between_frames: bool,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let is_open = is_between_frames
            && self.account.server().settings.short_way
            && !self.streams.lock().is_ending();
        SCRATCH.with_borrow_mut(|scratch| self.poll_read_with(scratch, is_open, context, buffer))
    }

    /// Answers simple requests, until there is something for hyper or nothing more has come.
    fn poll_read_with(
        &mut self,
        scratch: &mut Scratch,
        is_open: bool,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Scratch { input, fields } = scratch;
        let (mut start, mut end) = (0, self.rest.len());
        input[..end].copy_from_slice(&self.rest);
        let mut count = 0;
        let read = loop {
            if hand_over(&mut self.short_way, buffer) {
                break Poll::Ready(Ok(()));
            }
            if count >= MOST {
                break let_others(context);
            }
            let bytes = &input[start..end];
            match self.poll_answer(bytes, fields, is_open, context) {
                Poll::Ready(Ok((0, 0))) => {}
                Poll::Ready(Ok((taken, answered))) => {
                    start += taken;
                    count += answered;
                    continue;
                }
                Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                Poll::Pending => break Poll::Pending,
            }
            input.copy_within(start..end, 0);
            (start, end) = (0, end - start);
            match self.poll_fill(&mut input[end..], context) {
                Poll::Ready(Ok(0)) if end == 0 => break Poll::Ready(Ok(())),
                Poll::Ready(Ok(0)) => {
                    self.short_way.pass_end(&input[..end]);
                    end = 0;
                }
                Poll::Ready(Ok(bytes)) => end += bytes,
                Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                Poll::Pending => break Poll::Pending,
            }
        };
        self.rest = input[start..end].to_vec();
        read
    }

    /// Takes frames off bytes. Returns how many bytes are done with, and the number of answers to them.
    fn poll_answer(
        &mut self,
        bytes: &[u8],
        fields: &mut Fields,
        is_open: bool,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<(usize, usize)>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok((0, 0)));
        }
        let mut gathered = self.gathered.lock();
        let output = ready!(gathered.poll_output(context))?;
        let mut answers = Answers::new(&self.account, output, is_open);
        let taken = self.short_way.take(bytes, fields, &mut answers);
        let count = answers.count();
        if count > 0 {
            self.streams.lock().answered(Instant::now());
        }
        Poll::Ready(Ok((taken, count)))
    }

    /// Reads bytes of the client.
    fn poll_fill(
        &mut self,
        space: &mut [u8],
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let mut space = ReadBuf::new(space);
        let mut gathered = self.gathered.lock();
        ready!(Pin::new(&mut gathered.transport).poll_read(context, &mut space))?;
        drop(gathered);
        self.receive(space.filled());
        Poll::Ready(Ok(space.filled().len()))
    }

    fn receive(&mut self, bytes: &[u8]) {
        let preface = self.preface.min(bytes.len());
        self.preface -= preface;
        self.streams.lock().arriving.receive(&bytes[preface..], Instant::now());
    }
}

/// Hands bytes to hyper, if there are any.
fn hand_over(way: &mut ShortWay, buffer: &mut ReadBuf<'_>) -> bool {
    let passed = way.passed();
    let length = passed.len().min(buffer.remaining());
    if length == 0 {
        return false;
    }
    buffer.put_slice(&passed[..length]);
    way.forget_passed(length);
    true
}
