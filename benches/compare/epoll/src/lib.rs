//! Readiness of sockets, by `epoll`, a socket that several threads listen at, and the CPU time of a process.

use std::{
    io,
    net::{SocketAddrV4, TcpListener},
    os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd},
};

/// The CPU time of a process so far, in seconds: of all threads, also those that have ended
/// (clock_getcpuclockid(3)).
pub fn cpu_seconds(process: u32) -> io::Result<f64> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let clock = !process.cast_signed() << 3 | 2;
    // SAFETY: `time` lives until the call returns.
    valid(unsafe { libc::clock_gettime(clock, &mut time) })?;
    Ok(time.tv_sec as f64 + time.tv_nsec as f64 / 1e9)
}

/// A set of watched sockets, each of which the caller knows by a number.
pub struct Epoll {
    fd: OwnedFd,
    events: Vec<libc::epoll_event>,
}

#[derive(Clone, Copy)]
pub struct Ready {
    pub token: u64,
    pub writable: bool,
}

impl Epoll {
    pub fn new() -> io::Result<Self> {
        // SAFETY: the call has no pointers; its result, if valid, is a new descriptor that nothing else owns.
        let fd = unsafe { OwnedFd::from_raw_fd(valid(libc::epoll_create1(libc::EPOLL_CLOEXEC))?) };
        Ok(Self { fd, events: vec![libc::epoll_event { events: 0, u64: 0 }; 256] })
    }

    pub fn watch(&self, socket: &impl AsRawFd, token: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, socket.as_raw_fd(), libc::EPOLLIN, token)
    }

    /// From now on, the socket is also of interest when it can be written to, or no longer.
    pub fn watch_writable(
        &self,
        socket: &impl AsRawFd,
        token: u64,
        writable: bool,
    ) -> io::Result<()> {
        let interest = if writable { libc::EPOLLIN | libc::EPOLLOUT } else { libc::EPOLLIN };
        self.control(libc::EPOLL_CTL_MOD, socket.as_raw_fd(), interest, token)
    }

    fn control(&self, operation: i32, socket: RawFd, interest: i32, token: u64) -> io::Result<()> {
        let mut event = libc::epoll_event { events: interest as u32, u64: token };
        // SAFETY: `event` lives until the call returns.
        valid(unsafe { libc::epoll_ctl(self.fd.as_raw_fd(), operation, socket, &mut event) })?;
        Ok(())
    }

    /// Waits so many milliseconds, -1 for ever, until a socket is ready.
    pub fn wait(&mut self, milliseconds: i32) -> io::Result<impl Iterator<Item = Ready> + use<>> {
        let room = self.events.len() as i32;
        // SAFETY: the kernel writes at most `room` events to memory that has room for them.
        let count = unsafe {
            libc::epoll_wait(self.fd.as_raw_fd(), self.events.as_mut_ptr(), room, milliseconds)
        };
        let count = match valid(count) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            count => count? as usize,
        };
        let found = self.events[..count].to_vec();
        Ok(found.into_iter().map(|event| Ready {
            token: event.u64,
            writable: event.events & libc::EPOLLOUT as u32 != 0,
        }))
    }
}

/// A listener that shares its address with those of other threads; the kernel deals the connections out.
pub fn listen(address: SocketAddrV4) -> io::Result<TcpListener> {
    let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC;
    let on: libc::c_int = 1;
    let size = |of: usize| of as libc::socklen_t;
    let name = libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: address.port().to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from(*address.ip()).to_be() },
        sin_zero: [0; 8],
    };
    // SAFETY: the descriptor is new and has one owner; the pointers are to live values of the sizes that are given.
    unsafe {
        let socket = TcpListener::from_raw_fd(valid(libc::socket(libc::AF_INET, kind, 0))?);
        let fd = socket.as_raw_fd();
        for option in [libc::SO_REUSEADDR, libc::SO_REUSEPORT] {
            let value = (&raw const on).cast();
            valid(libc::setsockopt(fd, libc::SOL_SOCKET, option, value, size(size_of_val(&on))))?;
        }
        valid(libc::bind(fd, (&raw const name).cast(), size(size_of_val(&name))))?;
        valid(libc::listen(fd, 4096))?;
        Ok(socket)
    }
}

/// Reads at most so many bytes and drops them: the kernel does not copy them (`MSG_TRUNC`, tcp(7)).
pub fn discard(socket: &impl AsRawFd, most: usize) -> io::Result<usize> {
    // SAFETY: with `MSG_TRUNC`, TCP writes nothing to the pointer.
    let count =
        unsafe { libc::recv(socket.as_raw_fd(), std::ptr::null_mut(), most, libc::MSG_TRUNC) };
    if count < 0 { Err(io::Error::last_os_error()) } else { Ok(count as usize) }
}

fn valid(result: i32) -> io::Result<i32> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
