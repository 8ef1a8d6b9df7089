//! The sockets that accept connections. The supervisor opens them, and they stay open for as long
//! as it lives: a worker that ends takes none of them with it.

use std::{
    fs, io,
    io::ErrorKind,
    net::SocketAddr,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::net::UnixListener,
    },
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use hardtack_serve::channel::{Endpoint, MOST_FILES, Protocol};
use listenfd::ListenFd;
use rustix::net::connect_unspec;
use socket2::{Domain, SockRef, Socket, TcpKeepalive, Type};

use super::unix_socket::{self, Access};
use crate::settings::{ListenAddress, Listening};

/// Sockets that listen at one endpoint.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) endpoint: Endpoint,
    /// One for each thread, among which the kernel spreads the connections (`SO_REUSEPORT`), or one
    /// for all of them.
    pub(crate) sockets: Vec<OwnedFd>,
}

impl Listener {
    pub(crate) fn files(&self) -> Vec<BorrowedFd<'_>> {
        self.sockets.iter().map(AsFd::as_fd).collect()
    }

    pub(crate) fn speaks_tls(&self) -> bool {
        self.endpoint.protocol == Protocol::Https
    }

    /// Makes the sockets listen again as they did at first, whatever a worker has done to them: an
    /// intruder in it may have connected one, or changed options, which all holders share.
    pub(crate) fn put_right(&self, backlog: u16) -> io::Result<()> {
        self.sockets.iter().try_for_each(|socket| put_right(socket, backlog.into()))
    }

    /// Removes the path of a Unix socket that we made.
    pub(crate) fn remove_path(&self) {
        if let Some(path) = &self.endpoint.path {
            fs::remove_file(path).ok();
        }
    }
}

/// Opens the listeners of the settings, or takes those that a process manager has opened. A TCP
/// listener has a socket for each thread.
pub(crate) fn open(settings: &Listening, threads: usize) -> Result<Vec<Listener>> {
    let backlog = i32::from(settings.backlog);
    let mut listeners = inherited()?;
    if listeners.iter().all(|listener| listener.endpoint.protocol == Protocol::Admin) {
        for endpoint in &settings.endpoints {
            let protocol = if endpoint.is_tls { Protocol::Https } else { Protocol::Http };
            let access = Access::of(&settings.unix, protocol)?;
            listeners.push(open_one(&endpoint.address, protocol, backlog, access, threads)?);
        }
    }
    if let Some(address) = &settings.admin {
        let access = Access::of(&settings.unix, Protocol::Admin)?;
        listeners.push(open_one(address, Protocol::Admin, backlog, access, 1)?);
    }
    Ok(listeners)
}

fn open_one(
    address: &ListenAddress,
    protocol: Protocol,
    backlog: i32,
    access: Access,
    threads: usize,
) -> Result<Listener> {
    let opened = match address {
        ListenAddress::Tcp(address) => tcp(*address, backlog, threads)
            .map(|(sockets, address)| (sockets, address.to_string(), None)),
        ListenAddress::Unix(path) => unix_socket::listen(path, backlog, access)
            .map(|socket| (vec![socket.into()], address.to_string(), Some(path.clone()))),
    };
    let (sockets, address, path) = opened.map_err(|error| cannot_listen(address, &error))?;
    Ok(Listener { endpoint: Endpoint { protocol, address, path }, sockets })
}

/// A listener for each thread.
///
/// Sockets that share a port do not notice another program's that shares it too; a plain socket
/// does, so it is bound first, and tells which port is free if any will do.
fn tcp(
    address: SocketAddr,
    backlog: i32,
    threads: usize,
) -> io::Result<(Vec<OwnedFd>, SocketAddr)> {
    let probe = socket(address)?;
    probe.bind(&address.into())?;
    let address = probe.local_addr()?.as_socket().unwrap_or(address);
    drop(probe);
    let sockets = (0..threads.min(MOST_FILES)).map(|_| {
        let socket = socket(address)?;
        socket.set_reuse_port(true)?;
        socket.bind(&address.into())?;
        tune(SockRef::from(&socket))?;
        socket.listen(backlog)?;
        socket.set_nonblocking(true)?;
        Ok(socket.into())
    });
    Ok((sockets.collect::<io::Result<_>>()?, address))
}

fn put_right(socket: &OwnedFd, backlog: i32) -> io::Result<()> {
    let socket_ref = SockRef::from(socket);
    if !socket_ref.is_listener()? {
        // Ends a connection, if it has one; the address stays its own.
        connect_unspec(socket).ok();
    }
    socket_ref.set_nonblocking(true)?;
    socket_ref.set_linger(None)?;
    if socket_ref.domain()? != Domain::UNIX {
        tune(SockRef::from(socket))?;
    }
    socket_ref.listen(backlog)
}

/// Most bytes of a response that the system takes before it can send them (tcp(7)). Without a limit,
/// each slow client has megabytes of the system's memory. With less than the 64 KB of the largest
/// segment that Linux hands to a network card, a large response takes half as much CPU time again.
#[cfg(target_os = "linux")]
const MOST_UNSENT: u32 = 64 * 1024;

/// The silence after which the system asks whether the other end is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(300);

/// Sets the options that accepted connections inherit from their listener.
fn tune(socket: SockRef<'_>) -> io::Result<()> {
    // Without it, a response in two segments may wait for an acknowledgement between them.
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEP_ALIVE))?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_notsent_lowat(MOST_UNSENT)?;
    Ok(())
}

fn socket(address: SocketAddr) -> io::Result<Socket> {
    let socket =
        Socket::new(Domain::for_address(address), Type::STREAM, Some(socket2::Protocol::TCP))?;
    // A restart need not wait for the last connections' TIME_WAIT to pass.
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        // `[::]` and `0.0.0.0` can then stand beside each other.
        socket.set_only_v6(true)?;
    }
    Ok(socket)
}

fn cannot_listen(address: &ListenAddress, error: &io::Error) -> anyhow::Error {
    let remedy = match (address, error.kind()) {
        (_, ErrorKind::AddrInUse) => {
            "stop the program that listens there, or choose another address with --listen"
        }
        (ListenAddress::Tcp(_), ErrorKind::AddrNotAvailable) => {
            "choose an address of this machine with --listen"
        }
        (ListenAddress::Tcp(_), ErrorKind::PermissionDenied) => {
            "choose a port from 1024 on with --listen, or run as root"
        }
        (ListenAddress::Unix(_), ErrorKind::NotFound) => "make its folder first",
        (ListenAddress::Unix(_), ErrorKind::PermissionDenied) => {
            "only root may choose any --unix-socket-owner or --unix-socket-group; or the folder is \
             not writable"
        }
        _ => "choose another address with --listen",
    };
    anyhow!("cannot listen on {address}: {error}; {remedy}")
}

/// The listeners that a process manager has opened (sd_listen_fds(3)). A name says the protocol.
fn inherited() -> Result<Vec<Listener>> {
    let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
    let names: Vec<_> = names.split(':').collect();
    let mut passed = ListenFd::from_env();
    let listeners = (0..passed.len()).map(|index| {
        let name = names.get(index).copied().unwrap_or_default();
        take(&mut passed, index, name).with_context(|| format!("socket {index} of LISTEN_FDS"))
    });
    listeners.collect()
}

fn take(passed: &mut ListenFd, index: usize, name: &str) -> Result<Listener> {
    let protocol = match name {
        "https" => Protocol::Https,
        "admin" => Protocol::Admin,
        _ => Protocol::Http,
    };
    let (socket, address): (OwnedFd, String) =
        if let Ok(Some(tcp)) = passed.take_tcp_listener(index) {
            tcp.set_nonblocking(true)?;
            tune(SockRef::from(&tcp))?;
            let address = tcp.local_addr()?.to_string();
            (tcp.into(), address)
        } else if let Ok(Some(unix)) = passed.take_unix_listener(index) {
            unix.set_nonblocking(true)?;
            let address = name_of(&unix)?;
            (unix.into(), address)
        } else {
            bail!("is neither a TCP nor a Unix stream socket: use ListenStream= in the socket unit")
        };
    Ok(Listener { endpoint: Endpoint { protocol, address, path: None }, sockets: vec![socket] })
}

fn name_of(socket: &UnixListener) -> io::Result<String> {
    let address = socket.local_addr()?;
    let path = address.as_pathname().map(|path| path.display().to_string());
    Ok(format!("unix:{}", path.as_deref().unwrap_or("(no path)")))
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    /// Whether a listener accepts a connection after something was done to it, and was put right.
    #[track_caller]
    fn is_put_right(spoil: impl FnOnce(SockRef<'_>)) {
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let (mut sockets, address) = tcp(address, 8, 1).unwrap();
        let socket = sockets.remove(0);
        spoil(SockRef::from(&socket));
        put_right(&socket, 8).unwrap();
        let client = TcpStream::connect(address).unwrap();
        let socket = Socket::from(socket);
        let (accepted, _) = socket.accept().unwrap();
        assert_eq!(accepted.linger().unwrap(), None);
        assert!(accepted.tcp_nodelay().unwrap() && accepted.keepalive().unwrap());
        drop(client);
        let nobody = socket.accept().unwrap_err();
        assert_eq!(nobody.kind(), ErrorKind::WouldBlock, "it does not wait");
    }

    #[test]
    fn a_listener_is_put_right() {
        is_put_right(|_| {});
        is_put_right(|socket| socket.set_nonblocking(false).unwrap());
        is_put_right(|socket| socket.set_linger(Some(Duration::ZERO)).unwrap());
        is_put_right(|socket| socket.set_tcp_nodelay(false).unwrap());
        is_put_right(|socket| socket.set_keepalive(false).unwrap());
        is_put_right(|socket| connect_unspec(&*socket).unwrap());
        is_put_right(|socket| socket.shutdown(std::net::Shutdown::Both).unwrap());
        // It is a connection of its own.
        let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let elsewhere = other.local_addr().unwrap().into();
        is_put_right(|socket| {
            connect_unspec(&*socket).unwrap();
            socket.set_nonblocking(false).unwrap();
            socket.connect(&elsewhere).unwrap();
        });
    }
}
