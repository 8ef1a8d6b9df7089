//! The dormitory of a thread: its dormant connections.
//!
//! A connection with a task and a place in Tokio's reactor takes more than a KB. The dormitory watches
//! sockets by an epoll instance of its own, which is one descriptor to Tokio. A connection whose socket
//! has something to tell gets a task again.

use std::{
    collections::BTreeMap,
    future::{pending, poll_fn},
    io,
    os::fd::AsRawFd,
    sync::Arc,
    task::{Context, Wake, Waker},
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token, unix::SourceFd};
use tokio::{
    io::unix::AsyncFd,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::yield_now,
};
use tracing::debug;

use crate::{
    alarm::Alarm,
    connection::Connection,
    dormant::{Dormant, Message},
    metrics::labels::Timeout,
    socket::CountedSocket,
    stream::{Stream, Unwatched},
    thread::Thread,
};

/// The most connections that are woken or closed at once. Then the thread's other tasks have their turn.
const AT_ONCE: usize = 256;

/// The dormant connections of a thread.
pub(crate) struct Dormitory {
    thread: &'static Thread,
    sender: &'static UnboundedSender<Message>,
    messages: UnboundedReceiver<Message>,
    watch: Watch,
    queue: Queue,
}

impl Dormitory {
    /// Opens the dormitory of a thread, in the thread's runtime.
    ///
    /// # Errors
    ///
    /// If there is no descriptor for it. Connections then keep their tasks.
    pub(crate) fn open(thread: &'static Thread) -> io::Result<Self> {
        let watch = Watch::new()?;
        let (sender, messages) = unbounded_channel();
        let sender = thread.dormitory.get_or_init(|| sender);
        Ok(Self { thread, sender, messages, watch, queue: Queue::default() })
    }

    /// Keeps dormant connections, and wakes or closes each when it is time.
    pub(crate) async fn keep(mut self) {
        let idle = self.thread.server.settings.timeouts.idle;
        let mut alarm = Alarm::default();
        loop {
            self.thread.tally.set_dormant(self.queue.len());
            let deadline = self.queue.deadline(idle);
            tokio::select! {
                Some(message) = self.messages.recv() => self.hear(message),
                numbers = self.watch.told() => {
                    numbers.into_iter().for_each(|it| self.wake(it));
                    yield_now().await;
                }
                () = passed(&mut alarm, deadline) => {
                    self.close_overdue(idle, Instant::now());
                    yield_now().await;
                }
            }
        }
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Dormant(dormant) => self.admit(dormant),
            Message::Displaced(number) => {
                if let Some(displaced) = self.queue.remove(number) {
                    self.close(*displaced, None);
                }
            }
        }
    }

    fn admit(&mut self, dormant: Box<Dormant>) {
        let number = self.queue.next_number();
        let bell = Waker::from(Arc::new(Bell { dormitory: self.sender, number }));
        if dormant.figures.waiting.poll_close(&mut Context::from_waker(&bell)).is_ready() {
            return;
        }
        match self.watch.add(&dormant.socket, number) {
            Ok(()) => self.queue.insert(number, dormant),
            Err(error) => {
                debug!("a connection cannot be dormant, and ends: {error}");
                self.close(*dormant, None);
            }
        }
    }

    fn wake(&mut self, number: usize) {
        if let Some(dormant) = self.queue.remove(number) {
            self.resume(*dormant);
        }
    }

    /// Closes a connection, and counts the timeout that is the reason, unless a request has come that the
    /// watch has not told of yet.
    fn close(&self, dormant: Dormant, timeout: Option<Timeout>) {
        if dormant.socket.has_news() {
            self.resume(dormant);
        } else if let Some(timeout) = timeout {
            self.thread.tally.timeout(timeout);
        }
    }

    /// Gives a connection a task again, in which it finds out whether a request begins or its client
    /// has gone.
    fn resume(&self, dormant: Dormant) {
        let Dormant { socket, figures } = dormant;
        self.watch.remove(&socket);
        let socket = CountedSocket::new(Stream::new(socket));
        tokio::spawn(Connection::woken(socket, figures, self.thread));
    }

    fn close_overdue(&mut self, idle: Duration, now: Instant) {
        for _ in 0..AT_ONCE {
            let Some(dormant) = self.queue.take_overdue(idle, now) else { return };
            self.close(*dormant, Some(Timeout::Idle));
        }
    }
}

/// Ready when a deadline has passed; never if there is none.
async fn passed(alarm: &mut Alarm, deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => poll_fn(|context| alarm.poll(deadline, context)).await,
        None => pending().await,
    }
}

/// Tells the dormitory that a connection is to be closed.
struct Bell {
    dormitory: &'static UnboundedSender<Message>,
    number: usize,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.dormitory.send(Message::Displaced(self.number)).ok();
    }
}

/// Dormant connections, by numbers that are given one after the other.
#[derive(Default)]
struct Queue {
    connections: BTreeMap<usize, Box<Dormant>>,
    next: usize,
}

impl Queue {
    fn next_number(&mut self) -> usize {
        self.next = self.next.wrapping_add(1);
        self.next
    }

    fn len(&self) -> usize {
        self.connections.len()
    }

    fn insert(&mut self, number: usize, dormant: Box<Dormant>) {
        self.connections.insert(number, dormant);
    }

    fn remove(&mut self, number: usize) -> Option<Box<Dormant>> {
        self.connections.remove(&number)
    }

    /// The deadline of the connection that became dormant first. All become dormant after the same time,
    /// so no other connection has an earlier deadline by more than a delay of the scheduler.
    fn deadline(&self, idle: Duration) -> Option<Instant> {
        self.connections.first_key_value().map(|(_, first)| first.figures.since + idle)
    }

    /// Takes the first one out, if its idle time is over.
    fn take_overdue(&mut self, idle: Duration, now: Instant) -> Option<Box<Dormant>> {
        let first = self.connections.first_entry()?;
        (first.get().figures.since + idle <= now).then(|| first.remove())
    }
}

/// Watches sockets. A socket that is closed is watched no more.
struct Watch {
    poll: AsyncFd<Poll>,
    events: Events,
}

impl Watch {
    #[expect(
        deprecated,
        reason = "it is sound for a `Poll`, which owns its descriptor; the other is `unsafe`"
    )]
    fn new() -> io::Result<Self> {
        let poll = AsyncFd::with_interest(Poll::new()?, tokio::io::Interest::READABLE)?;
        Ok(Self { poll, events: Events::with_capacity(AT_ONCE) })
    }

    fn add(&self, socket: &Unwatched, number: usize) -> io::Result<()> {
        let registry = self.poll.get_ref().registry();
        registry.register(&mut SourceFd(&socket.as_raw_fd()), Token(number), Interest::READABLE)
    }

    fn remove(&self, socket: &Unwatched) {
        self.poll.get_ref().registry().deregister(&mut SourceFd(&socket.as_raw_fd())).ok();
    }

    /// Waits for sockets that have something to tell, and returns their numbers.
    async fn told(&mut self) -> Vec<usize> {
        let Ok(mut ready) = self.poll.readable_mut().await else { return pending().await };
        if ready.get_inner_mut().poll(&mut self.events, Some(Duration::ZERO)).is_err() {
            return Vec::new();
        }
        let numbers: Vec<_> = self.events.iter().map(|event| event.token().0).collect();
        if numbers.len() < AT_ONCE {
            ready.clear_ready();
        }
        numbers
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write, iter, os::unix::net::UnixStream as StdUnixStream};

    use super::*;
    use crate::{
        census::Census, dormant::Figures, metrics::tally::Tally, peer::Peer, settings::Admission,
        tenure::Tenure,
    };

    const IDLE: Duration = Duration::from_secs(75);

    /// A dormant connection, and its client.
    async fn dormant(since: Instant) -> (StdUnixStream, Box<Dormant>) {
        let (client, server) = StdUnixStream::pair().unwrap();
        let limits = Admission { connections: 1, per_address: 0 };
        let census: &'static Census = Box::leak(Box::new(Census::new(limits)));
        let tally: &'static Tally = Box::leak(Box::default());
        let tenure = Tenure::new(tally.connection(), census.place().await, since);
        let peer = Peer { address: None, speaks_proxy: false, is_trusted: false, is_tls: false };
        let figures = Figures { peer, tenure, since, waiting: census.standby.wait() };
        (client, Box::new(Dormant { socket: Unwatched::Unix(server), figures }))
    }

    /// Connections that are dormant since these seconds, of which some have gone, by their numbers from
    /// 1. At a moment, so many are closed, and the next is to be closed at another one.
    async fn closes(since: &[u64], gone: &[usize], at: u64, closed: usize, next: Option<u64>) {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut queue = Queue::default();
        for since in since {
            let number = queue.next_number();
            queue.insert(number, dormant(after(*since)).await.1);
        }
        let removed = gone.iter().filter_map(|number| queue.remove(*number)).count();
        let overdue = iter::from_fn(|| queue.take_overdue(IDLE, after(at))).count();
        assert_eq!((removed, overdue), (gone.len(), closed), "{since:?} {gone:?} {at}");
        assert_eq!(queue.deadline(IDLE), next.map(after), "{since:?} {gone:?} {at}");
        assert_eq!(queue.len(), since.len() - removed - overdue, "{since:?} {gone:?} {at}");
    }

    #[tokio::test]
    async fn the_end_of_the_idle_time() {
        closes(&[], &[], 1_000, 0, None).await;
        closes(&[0], &[], 74, 0, Some(75)).await;
        closes(&[0], &[], 75, 1, None).await;
        closes(&[0, 0, 1], &[], 75, 2, Some(76)).await;
        closes(&[0, 3, 9], &[1], 75, 0, Some(78)).await;
        closes(&[0, 3, 9], &[2], 80, 1, Some(84)).await;
        closes(&[0, 3, 9], &[1, 3], 100, 1, None).await;
        closes(&[0, 3, 9], &[1, 2, 3], 100, 0, None).await;
        // A connection that became dormant a moment too late waits for its predecessor.
        closes(&[1, 0, 2], &[], 75, 0, Some(76)).await;
        closes(&[1, 0, 2], &[], 76, 2, Some(77)).await;
    }

    #[tokio::test]
    async fn sockets_tell_that_bytes_or_the_end_have_come() {
        let mut watch = Watch::new().unwrap();
        let mut watched = Vec::new();
        for number in 0..5 {
            let (client, dormant) = dormant(Instant::now()).await;
            watch.add(&dormant.socket, number).unwrap();
            watched.push(Some((client, dormant)));
        }
        let bytes = |at: &mut Option<(StdUnixStream, _)>| at.as_mut().unwrap().0.write_all(b"G");
        bytes(&mut watched[3]).unwrap();
        assert_eq!(watch.told().await, [3]);
        // One is closed here, one is not watched any more, and the client of another one goes.
        drop(watched[0].take());
        watch.remove(&watched[1].as_ref().unwrap().1.socket);
        bytes(&mut watched[1]).unwrap();
        let (client, _kept) = watched[2].take().unwrap();
        drop(client);
        assert_eq!(watch.told().await, [2]);
        // Bytes that came before the registration are told too.
        let (mut client, dormant) = dormant(Instant::now()).await;
        client.write_all(b"G").unwrap();
        watch.add(&dormant.socket, 7).unwrap();
        assert_eq!(watch.told().await, [7]);
    }

    #[tokio::test]
    async fn more_sockets_tell_than_are_heard_at_once() {
        let mut watch = Watch::new().unwrap();
        let mut watched = Vec::new();
        for number in 0..2 * AT_ONCE + 1 {
            let (client, dormant) = dormant(Instant::now()).await;
            watch.add(&dormant.socket, number).unwrap();
            drop(client);
            watched.push(dormant);
        }
        let mut told = Vec::new();
        while told.len() < watched.len() {
            told.extend(watch.told().await);
        }
        told.sort_unstable();
        assert!(told.into_iter().eq(0..watched.len()));
    }
}
