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
    frames::{HEAD, LONGEST, PREFACE},
    gathered::SharedGathered,
    hpack::Fields,
    outgoing::End,
    short::{Answers, ShortWay, Turn},
    streams::SharedStreams,
};
use crate::{account::Account, socket::Socket, stream::let_others};

/// Bytes of a thread's buffer: a frame that is all there but for a byte, and as much again.
const INPUT: usize = 2 * (HEAD + LONGEST);

/// The memory that the connections of a thread share: one of them reads at a time.
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
    turn: Turn,
}

impl<S: Socket> Reader<S> {
    pub(super) fn new(gathered: SharedGathered<S>, streams: SharedStreams) -> Self {
        let account = Arc::clone(gathered.lock().transport.account());
        let most = account.server().settings.limits.header_bytes as usize;
        Self {
            gathered,
            account,
            streams,
            preface: PREFACE.len(),
            short_way: ShortWay::new(most),
            rest: Vec::new(),
            turn: Turn::default(),
        }
    }

    /// hyper has sent so many bytes of content. Returns whether it has something to read by that.
    pub(super) fn spend(&mut self, bytes: u64) -> bool {
        self.short_way.spend_of_hyper(bytes)
    }

    /// The connection's end, as far as hyper does not know it.
    pub(super) fn end(&self) -> End {
        self.short_way.end()
    }

    /// Reads bytes for hyper. Meanwhile, requests are answered, unless hyper is amid a frame.
    pub(super) fn poll_read(
        &mut self,
        is_between_frames: bool,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let is_open = is_between_frames
            && self.account.server().settings.short_way
            && !self.streams.lock().is_ending();
        let read = SCRATCH
            .with_borrow_mut(|scratch| self.poll_read_with(scratch, is_open, context, buffer));
        if read.is_pending() {
            self.turn = Turn::default();
        }
        read
    }

    /// Answers simple requests, until there is something for hyper or nothing more has come.
    fn poll_read_with(
        &mut self,
        scratch: &mut Scratch,
        is_open: bool,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if hand_over(&mut self.short_way, buffer) {
            return Poll::Ready(Ok(()));
        }
        let Scratch { input, fields } = scratch;
        let (mut start, mut end) = (0, self.rest.len());
        input[..end].copy_from_slice(&self.rest);
        let read = loop {
            match self.answer(&input[start..end], fields, is_open, context) {
                Ok(taken) => start += taken,
                Err(error) => break Poll::Ready(Err(error)),
            }
            if hand_over(&mut self.short_way, buffer) {
                break Poll::Ready(Ok(()));
            }
            if self.turn.is_over() {
                break let_others(context);
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

    /// Takes frames off bytes, until there is something for hyper, the turn is over, or a frame is not all
    /// there. Returns how many bytes are done with.
    ///
    /// If the system takes no more for now, all frames are hyper's: what the client says is read nonetheless
    /// (RFC 9113 §5.2.2).
    fn answer(
        &mut self,
        bytes: &[u8],
        fields: &mut Fields,
        is_open: bool,
        context: &mut Context<'_>,
    ) -> io::Result<usize> {
        let (mut taken, before) = (0, self.turn.answers);
        let mut gathered = self.gathered.lock();
        while taken < bytes.len() {
            let has_room = match gathered.poll_room(context) {
                Poll::Ready(room) => room.map(|()| true)?,
                Poll::Pending => false,
            };
            let is_open = is_open && has_room;
            let (account, turn) = (&self.account, &mut self.turn);
            let mut answers = Answers { account, output: gathered.output(), turn, is_open };
            match self.short_way.take(&bytes[taken..], fields, &mut answers) {
                0 => break,
                more => taken += more,
            }
        }
        if self.turn.answers > before {
            self.streams.lock().touch(Instant::now());
        }
        Ok(taken)
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
