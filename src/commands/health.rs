//! `hardtack health`

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use http::StatusCode;
use socket2::{Domain, SockAddr, Socket, Type};

use crate::{cli::Health, settings::ListenAddress};

/// Asks the admin listener of a running server.
///
/// # Errors
///
/// If it says that the server is not healthy, or does not answer in time.
pub(crate) fn health(options: &Health) -> Result<()> {
    let path = if options.live { "/healthz" } else { "/readyz" };
    let address = &options.admin_listen;
    let asked = ask(address, path, options.timeout);
    let answer = asked.with_context(|| format!("no answer from {address}{path}"))?;
    match status(&answer) {
        Some(StatusCode::OK) => Ok(writeln!(io::stdout(), "healthy: 200 from {address}{path}")?),
        Some(status) => bail!("not healthy: {} from {address}{path}", status.as_u16()),
        None => bail!("{address} does not speak HTTP: is it the admin listener?"),
    }
}

/// The beginning of the response: as much as has the status line.
fn ask(address: &ListenAddress, path: &str, most: Duration) -> io::Result<Vec<u8>> {
    let deadline = Instant::now() + most;
    let socket = match address {
        ListenAddress::Tcp(address) => connect_to_address(reachable(*address), most)?,
        ListenAddress::Unix(path) => connect_to_path(path)?,
    };
    socket.set_write_timeout(Some(most))?;
    exchange(socket, path, deadline)
}

fn connect_to_address(address: SocketAddr, most: Duration) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.connect_timeout(&address.into(), most)?;
    Ok(socket)
}

/// Connects without waiting for a place in the queue of a server that accepts nobody.
fn connect_to_path(path: &Path) -> io::Result<Socket> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.connect(&SockAddr::unix(path)?)?;
    socket.set_nonblocking(false)?;
    Ok(socket)
}

/// An address to connect to, for one to listen at: all addresses of the machine include its own.
fn reachable(address: SocketAddr) -> SocketAddr {
    let own: IpAddr = match address {
        SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    if address.ip().is_unspecified() { (own, address.port()).into() } else { address }
}

fn exchange(mut socket: Socket, path: &str, deadline: Instant) -> io::Result<Vec<u8>> {
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    socket.write_all(head.as_bytes())?;
    let mut answer = Vec::new();
    while answer.len() < STATUS_LINE {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        socket.set_read_timeout(Some(left))?;
        let mut buffer = [0; STATUS_LINE];
        match socket.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => answer.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(io::ErrorKind::TimedOut.into());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(answer)
}

/// The length of `HTTP/1.1 200 `.
const STATUS_LINE: usize = 13;

/// The status of three digits, behind which is a space, or the end of the line (RFC 9112 §4).
fn status(answer: &[u8]) -> Option<StatusCode> {
    let rest = answer.strip_prefix(b"HTTP/1.1 ")?;
    let [digits @ .., b' ' | b'\r' | b'\n'] = rest.get(..4)? else { return None };
    StatusCode::from_bytes(digits).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\n", Some(200)),
            ("HTTP/1.1 503 ", Some(503)),
            ("HTTP/1.1 200\r\n", Some(200)),
            ("HTTP/1.1 2000 OK\r\n", None),
            ("HTTP/1.1 200OK\r\n", None),
            ("HTTP/1.1 +20 OK\r\n", None),
            ("HTTP/1.1  20 OK\r\n", None),
            ("HTTP/1.1 200", None),
            ("HTTP/1.1 50 ", None),
            ("HTTP/1.10 200 OK\r\n", None),
            ("SSH-2.0-OpenSSH_9", None),
            ("", None),
        ] {
            assert_eq!(status(answer.as_bytes()).map(|it| it.as_u16()), expected, "{answer}");
        }
    }

    #[test]
    fn addresses() {
        for (listens, reached) in [
            ("127.0.0.1:9000", "127.0.0.1:9000"),
            ("0.0.0.0:9000", "127.0.0.1:9000"),
            ("[::]:9000", "[::1]:9000"),
            ("192.0.2.1:9000", "192.0.2.1:9000"),
        ] {
            assert_eq!(reachable(listens.parse().unwrap()), reached.parse().unwrap());
        }
    }
}
