//! Messages between the supervisor and its worker, over a pair of sockets, and open files that go
//! with them (unix(7), `SCM_RIGHTS`).
//!
//! A message is its length, 4 bytes little-endian, and JSON. The worker's end is its standard
//! input.

use std::{
    io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Write},
    mem::MaybeUninit,
    net::SocketAddr,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::net::UnixStream,
    },
    time::Duration,
};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::unix::{OwnedReadHalf, OwnedWriteHalf},
};

use crate::tls::{Pem, TicketKeys};

/// The version of these messages. A worker refuses the messages of another version.
pub const CHANNEL_VERSION: u32 = 5;

/// Most open files that go with one message; Linux takes 253.
pub const MOST_FILES: usize = 128;

/// Longest message. Certificates are the longest ones.
const LONGEST: u32 = 4 * 1024 * 1024;

/// How long the other side may take to make room for a message.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// From the supervisor.
#[derive(Deserialize, Serialize)]
pub enum Order {
    /// The first message: the sender's [`CHANNEL_VERSION`]. In every version it has this form.
    Protocol(u32),
    /// The second message: how many sockets follow, each in a message of its own.
    Start {
        /// Messages with sockets that follow.
        sockets: usize,
        /// The certificate to begin with.
        certificate: Option<Pem>,
        /// The keys of session tickets.
        ticket_keys: TicketKeys,
        /// Whether the application is being maintained.
        is_maintained: bool,
    },
    /// The sockets of a listener, one for each thread or one for all, go with it.
    Socket(Endpoint),
    /// Another certificate.
    Certificate(Pem),
    /// Other keys of session tickets.
    TicketKeys(TicketKeys),
    /// The application is being maintained, or is so no more.
    Maintain(bool),
    /// The addresses of the upstream's host.
    Upstream(Vec<SocketAddr>),
    /// So many workers of earlier upgrades finish what goes on in them.
    OldWorkers(u32),
    /// The process ends: report unready, stop accepting after the delay, finish the requests under
    /// way, exit.
    Stop,
    /// Another worker has taken over: stop accepting at once, and finish.
    Retire,
}

/// The things that a worker is given before it serves.
pub struct Start {
    /// The certificate to begin with.
    pub certificate: Option<Pem>,
    /// The keys of session tickets.
    pub ticket_keys: TicketKeys,
    /// Whether the application is being maintained.
    pub is_maintained: bool,
    /// The listeners.
    pub listeners: Vec<Listener>,
}

/// The sockets that listen at an endpoint.
pub struct Listener {
    /// The address and the protocol.
    pub endpoint: Endpoint,
    /// One for each thread, or one for all.
    pub sockets: Vec<OwnedFd>,
}

impl Start {
    /// Receives the first messages.
    ///
    /// # Errors
    ///
    /// If the other end is no supervisor of this [`CHANNEL_VERSION`].
    pub fn receive(channel: &Channel) -> Result<Self, StartError> {
        match channel.receive::<Order>().map_err(StartError::Unreadable)? {
            Some((Order::Protocol(CHANNEL_VERSION), _)) => {}
            Some((Order::Protocol(other), _)) => return Err(StartError::OtherVersion(other)),
            _ => return Err(StartError::NoSupervisor),
        }
        let second = channel.receive::<Order>()?;
        let Some((Order::Start { sockets, certificate, ticket_keys, is_maintained }, _)) = second
        else {
            return Err(StartError::NoSupervisor);
        };
        let listeners = (0..sockets).map(|_| match channel.receive::<Order>()? {
            Some((Order::Socket(endpoint), sockets)) => Ok(Listener { endpoint, sockets }),
            _ => Err(StartError::SocketMissing),
        });
        let listeners = listeners.collect::<Result<_, StartError>>()?;
        Ok(Self { certificate, ticket_keys, is_maintained, listeners })
    }
}

/// Why a worker has nothing to start with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The first message is not a message.
    #[error("a worker is started by `hardtack serve`")]
    Unreadable(#[source] io::Error),
    /// The first messages are not [`Order::Protocol`] and [`Order::Start`].
    #[error("a worker is started by `hardtack serve`, and not by hand")]
    NoSupervisor,
    /// The supervisor is of another [`CHANNEL_VERSION`].
    #[error(
        "this executable cannot take over from that release without a restart: it speaks protocol \
         {CHANNEL_VERSION}, and not {0}"
    )]
    OtherVersion(u32),
    /// A later message is not [`Order::Socket`].
    #[error("the supervisor has not sent all sockets")]
    SocketMissing,
    /// A later message cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// From the worker.
#[derive(Debug, Deserialize, Serialize)]
pub enum Report {
    /// It accepts connections.
    Ready {
        /// The rights that it has given up, in words.
        sandbox: String,
        /// The short id of the release that it serves.
        release: String,
    },
    /// It cannot start, and exits.
    Failed(String),
    /// All its threads are alive.
    Alive,
    /// It could open no connection to the upstream, whose host may have moved.
    UpstreamFailed,
    /// It accepts no more.
    Closed,
}

/// An address, and the protocol that is spoken there.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Endpoint {
    /// The protocol.
    #[serde(rename = "speaks")]
    pub protocol: Protocol,
    /// The address, as it is shown.
    #[serde(rename = "place")]
    pub address: String,
    /// The path of a Unix socket that the supervisor made, and removes.
    pub path: Option<std::path::PathBuf>,
}

/// The protocol of an endpoint.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub enum Protocol {
    /// HTTP without TLS.
    Http,
    /// HTTP over TLS.
    Https,
    /// HTTP without TLS, for operators.
    Admin,
}

/// One end of the channel, with blocking calls.
#[derive(Debug)]
pub struct Channel(UnixStream);

impl Channel {
    /// Both ends.
    ///
    /// # Errors
    ///
    /// If the system cannot make them.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_write_timeout(Some(SEND_TIMEOUT))?;
        Ok((Self(ours), Self(theirs)))
    }

    /// The end that this process was started with.
    ///
    /// # Errors
    ///
    /// If there is no standard input.
    pub fn of_stdin() -> io::Result<Self> {
        let stdin = io::stdin().as_fd().try_clone_to_owned()?;
        Ok(Self(UnixStream::from(stdin)))
    }

    /// An end that has come as an open file.
    ///
    /// # Errors
    ///
    /// If it cannot be made to wait.
    pub fn from_file(file: OwnedFd) -> io::Result<Self> {
        let stream = UnixStream::from(file);
        stream.set_nonblocking(false)?;
        Ok(Self(stream))
    }

    /// The end, to be handed on.
    pub fn into_file(self) -> OwnedFd {
        self.0.into()
    }

    /// Sends a message, and with it open files, which stay open here too.
    ///
    /// # Errors
    ///
    /// If the other end is closed or makes no room, or if it is too much for a message.
    pub fn send(&self, message: &impl Serialize, files: &[BorrowedFd<'_>]) -> io::Result<()> {
        let bytes = frame(message)?;
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_FILES))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !files.is_empty() && !control.push(SendAncillaryMessage::ScmRights(files)) {
            return Err(io::Error::other("too many open files for one message"));
        }
        let sent = sendmsg(&self.0, &[IoSlice::new(&bytes)], &mut control, SendFlags::NOSIGNAL)?;
        (&self.0).write_all(&bytes[sent..])
    }

    /// Waits for a message; none if the other end is closed.
    ///
    /// # Errors
    ///
    /// If it is no message.
    pub fn receive<M: DeserializeOwned>(&self) -> io::Result<Option<(M, Vec<OwnedFd>)>> {
        let mut length = [0; 4];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_FILES))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let flags = RecvFlags::CMSG_CLOEXEC;
        let read =
            recvmsg(&self.0, &mut [IoSliceMut::new(&mut length)], &mut control, flags)?.bytes;
        let files = control.drain().filter_map(files_of).flatten().collect();
        if read == 0 {
            return Ok(None);
        }
        (&self.0).read_exact(&mut length[read..])?;
        let mut bytes = vec![0; length_of(length)?];
        (&self.0).read_exact(&mut bytes)?;
        Ok(Some((serde_json::from_slice(&bytes)?, files)))
    }

    /// Makes calls return at once that would wait. A worker does this before its sandbox, which forbids
    /// it.
    ///
    /// # Errors
    ///
    /// If the system cannot do that.
    pub fn stop_waiting(&self) -> io::Result<()> {
        self.0.set_nonblocking(true)
    }

    /// This end for a runtime, after a part of its next message has been read. It receives no open
    /// files.
    ///
    /// # Errors
    ///
    /// If there is no runtime.
    pub fn into_async(self, partial: &[u8]) -> io::Result<(Receiver, Sender)> {
        self.stop_waiting()?;
        self.into_async_without_waiting(partial)
    }

    /// This end for a runtime, after [`Channel::stop_waiting`].
    pub(crate) fn into_async_without_waiting(
        self,
        partial: &[u8],
    ) -> io::Result<(Receiver, Sender)> {
        let (read, write) = tokio::net::UnixStream::from_std(self.0)?.into_split();
        Ok((Receiver { file: read, partial: partial.to_owned() }, Sender(write)))
    }
}

fn files_of(message: RecvAncillaryMessage<'_>) -> Option<impl Iterator<Item = OwnedFd>> {
    match message {
        RecvAncillaryMessage::ScmRights(files) => Some(files),
        _ => None,
    }
}

fn frame(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let json = serde_json::to_vec(message)?;
    let length = u32::try_from(json.len()).ok().filter(|length| *length <= LONGEST);
    let length = length.ok_or_else(|| io::Error::from(ErrorKind::FileTooLarge))?;
    Ok([&length.to_le_bytes(), &json[..]].concat())
}

fn length_of(bytes: [u8; 4]) -> io::Result<usize> {
    match u32::from_le_bytes(bytes) {
        length @ 0..=LONGEST => Ok(length as usize),
        _ => Err(ErrorKind::InvalidData.into()),
    }
}

/// The half of an end by which messages come in.
#[derive(Debug)]
pub struct Receiver {
    file: OwnedReadHalf,
    /// The bytes of a message that have come, and none beyond it.
    partial: Vec<u8>,
}

impl Receiver {
    /// Waits for a message; none if the other end is closed, or sends something else.
    ///
    /// Nothing is lost if the future is dropped.
    pub async fn receive<M: DeserializeOwned>(&mut self) -> Option<M> {
        loop {
            let missing = match self.partial.split_first_chunk() {
                None => size_of::<u32>() - self.partial.len(),
                Some((length, json)) => length_of(*length).ok()? - json.len(),
            };
            if missing == 0 {
                let message = std::mem::take(&mut self.partial);
                return serde_json::from_slice(&message[size_of::<u32>()..]).ok();
            }
            let mut rest = (&mut self.file).take(missing as u64);
            if rest.read_buf(&mut self.partial).await.ok()? == 0 {
                return None;
            }
        }
    }

    /// As much as has been read of the next message.
    pub fn partial(&self) -> &[u8] {
        &self.partial
    }

    /// All messages that have come and were not received, up to one that is not whole or cannot be
    /// understood. Nothing is waited for.
    pub fn rest<M: DeserializeOwned>(mut self) -> Vec<M> {
        let socket = self.file.as_ref().as_fd();
        let mut piece = [0; 4096];
        // Past the runtime, which reads only if it has been told already that something came.
        while let Ok(read @ 1..) = rustix::io::read(socket, &mut piece) {
            self.partial.extend_from_slice(&piece[..read]);
        }
        let mut bytes = &self.partial[..];
        std::iter::from_fn(|| take_message(&mut bytes)).collect()
    }
}

/// Takes a message off the front, if a whole one is there.
fn take_message<M: DeserializeOwned>(bytes: &mut &[u8]) -> Option<M> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (json, rest) = rest.split_at_checked(length_of(*length).ok()?)?;
    *bytes = rest;
    serde_json::from_slice(json).ok()
}

/// The half of an end by which messages go out.
#[derive(Debug)]
pub struct Sender(OwnedWriteHalf);

impl Sender {
    /// Sends a message.
    ///
    /// # Errors
    ///
    /// If the other end is closed, or makes no room in time.
    pub async fn send(&mut self, message: &impl Serialize) -> io::Result<()> {
        let bytes = frame(message)?;
        tokio::time::timeout(SEND_TIMEOUT, self.0.write_all(&bytes)).await?
    }

    /// The socket itself, to be handed on.
    pub fn as_file(&self) -> BorrowedFd<'_> {
        self.0.as_ref().as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_and_files_arrive() {
        let (one, other) = Channel::pair().unwrap();
        let (file, far) = UnixStream::pair().unwrap();
        let pem = Pem { chain: "c".repeat(300_000), key: "k".into() };
        let sending = std::thread::spawn(move || {
            one.send(&Order::Stop, &[]).unwrap();
            one.send(&Order::Certificate(pem), &[file.as_fd(), file.as_fd()]).unwrap();
        });
        let (first, none) = other.receive::<Order>().unwrap().unwrap();
        assert!(matches!(first, Order::Stop) && none.is_empty());
        let (second, files) = other.receive::<Order>().unwrap().unwrap();
        assert!(matches!(second, Order::Certificate(pem) if pem.chain.len() == 300_000));
        assert_eq!(files.len(), 2);
        sending.join().unwrap();
        UnixStream::from(files.into_iter().next().unwrap()).write_all(b"x").unwrap();
        let mut byte = [0];
        (&far).read_exact(&mut byte).unwrap();
        assert_eq!(&byte, b"x");
        assert!(other.receive::<Order>().unwrap().is_none());
    }

    #[test]
    fn a_supervisor_of_another_version_is_named() {
        let (one, other) = Channel::pair().unwrap();
        one.send(&Order::Protocol(CHANNEL_VERSION + 1), &[]).unwrap();
        one.send(&"anything", &[]).unwrap();
        let error = Start::receive(&other).err().unwrap();
        assert!(matches!(error, StartError::OtherVersion(version) if version > CHANNEL_VERSION));
    }

    #[tokio::test]
    async fn a_message_may_come_in_pieces() {
        let (one, other) = Channel::pair().unwrap();
        let (mut receiver, _sender) = other.into_async(&[]).unwrap();
        let pem = Pem { chain: "c".repeat(1000), key: "k".into() };
        let bytes =
            [frame(&Order::Certificate(pem)).unwrap(), frame(&Order::Stop).unwrap()].concat();
        let mut heard = Vec::new();
        for piece in bytes.chunks(100) {
            (&one.0).write_all(piece).unwrap();
            // A `select!` drops the future before it is ready.
            let order = receiver.receive::<Order>();
            heard.extend(tokio::time::timeout(Duration::from_millis(1), order).await);
        }
        while heard.len() < 2 {
            heard.push(receiver.receive().await);
        }
        assert!(matches!(&heard[0], Some(Order::Certificate(pem)) if pem.chain.len() == 1000));
        assert!(matches!(heard[1], Some(Order::Stop)));
    }

    #[tokio::test]
    async fn a_message_that_was_read_in_part_is_read_on() {
        let (one, other) = Channel::pair().unwrap();
        let bytes = frame(&Report::Failed("x".repeat(100))).unwrap();
        for length in [1, 4, 5, bytes.len() - 1] {
            let file = other.0.try_clone().unwrap();
            let (mut receiver, _sender) = Channel(file).into_async(&[]).unwrap();
            (&one.0).write_all(&bytes[..length]).unwrap();
            let early = receiver.receive::<Report>();
            assert!(tokio::time::timeout(Duration::from_millis(1), early).await.is_err());
            let partial = receiver.partial().to_owned();
            drop(receiver);
            (&one.0).write_all(&bytes[length..]).unwrap();
            let file = other.0.try_clone().unwrap();
            let (mut receiver, _sender) = Channel(file).into_async(&partial).unwrap();
            assert!(matches!(receiver.receive().await, Some(Report::Failed(_))), "{length}");
        }
    }

    #[tokio::test]
    async fn the_rest_is_all_that_came() {
        let (one, other) = Channel::pair().unwrap();
        let reports = ["one", "two"].map(|text| frame(&Report::Failed(text.into())).unwrap());
        let bytes = [&reports.concat()[..], &[7]].concat();
        let (receiver, _sender) = other.into_async(&bytes[..6]).unwrap();
        (&one.0).write_all(&bytes[6..]).unwrap();
        let rest = receiver.rest::<Report>();
        assert_eq!(format!("{rest:?}"), r#"[Failed("one"), Failed("two")]"#);
    }

    #[test]
    fn what_is_no_message_is_an_error() {
        let (one, other) = Channel::pair().unwrap();
        (&one.0).write_all(&u32::MAX.to_le_bytes()).unwrap();
        assert!(other.receive::<Order>().is_err());
    }
}
