//! Attempts to connect to the addresses of a host (RFC 8305).

use std::{io, net::SocketAddr, time::Duration};

use tokio::{net::TcpStream, task::JoinSet, time::timeout};

/// The time that an attempt is alone, before that to the next address joins it (RFC 8305 §5).
const DELAY: Duration = Duration::from_millis(250);

/// The first connection to any of the addresses. Attempts that are under way then end.
///
/// # Errors
///
/// If none of them accepts a connection, that of the last attempt.
pub(super) async fn connect(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut waiting = by_turns(addresses).into_iter();
    let mut attempts = JoinSet::new();
    let mut last = io::Error::other("the host has no address");
    loop {
        waiting.next().into_iter().for_each(|address| drop(attempts.spawn(attempt(address))));
        let ended = match waiting.len() {
            0 => attempts.join_next().await,
            _ => match timeout(DELAY, attempts.join_next()).await {
                Ok(ended) => ended,
                Err(_) => continue,
            },
        };
        match ended {
            Some(Ok(Ok(stream))) => return Ok(stream),
            Some(Ok(Err(error))) => last = error,
            Some(Err(error)) => last = error.into(),
            None => return Err(last),
        }
    }
}

async fn attempt(address: SocketAddr) -> io::Result<TcpStream> {
    let words = |error: io::Error| io::Error::new(error.kind(), format!("{address}: {error}"));
    let stream = TcpStream::connect(address).await.map_err(words)?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The addresses with the two families by turns, each in its order; the first keeps its place
/// (RFC 8305 §4).
fn by_turns(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let is_first = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == is_first);
    let turns = first.len().max(second.len());
    let turn = |number| [first.get(number), second.get(number)].into_iter().flatten();
    (0..turns).flat_map(turn).copied().collect()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use socket2::{Domain, Socket, Type};

    use super::*;

    #[test]
    fn families_take_turns() {
        let is = |addresses: &[&str], expected: &[&str]| {
            let parse = |all: &[&str]| all.iter().map(|it| it.parse().unwrap()).collect::<Vec<_>>();
            assert_eq!(by_turns(parse(addresses)), parse(expected), "{addresses:?}");
        };
        let [v6, other_v6, v4, other_v4] = ["[::1]:1", "[::2]:1", "192.0.2.1:1", "192.0.2.2:1"];
        is(&[v6, other_v6, v4, other_v4], &[v6, v4, other_v6, other_v4]);
        is(&[v4, other_v4, v6], &[v4, v6, other_v4]);
        is(&[v4, other_v4], &[v4, other_v4]);
        is(&[], &[]);
    }

    /// A socket whose queue is full: no attempt to connect to it has an outcome.
    fn silent() -> (Socket, Vec<Socket>, SocketAddr) {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let waiting = (0..4).map(|_| {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            socket.set_nonblocking(true).unwrap();
            // It is under way, or there is no place for it.
            socket.connect(&address).ok();
            socket
        });
        (listener, waiting.collect(), address.as_socket().unwrap())
    }

    #[tokio::test]
    async fn silent_addresses_hold_up_no_other() {
        let (_listener, _waiting, silent) = silent();
        let good = TcpListener::bind("127.0.0.1:0").unwrap();
        let good = good.local_addr().unwrap();
        let refused = SocketAddr::from(([127, 0, 0, 1], 1));
        let stream = connect(vec![silent, silent, refused, good]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), good);
    }

    #[tokio::test]
    async fn an_error_names_the_address() {
        let refused = SocketAddr::from(([127, 0, 0, 1], 1));
        let error = connect(vec![refused, refused]).await.unwrap_err();
        assert!(error.to_string().starts_with("127.0.0.1:1: "), "{error}");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert!(connect(Vec::new()).await.unwrap_err().to_string().contains("no address"));
    }
}
