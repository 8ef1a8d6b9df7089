//! The PROXY protocol, versions 1 and 2: the client's address, said by a load balancer before the
//! connection's first byte.

use std::{
    io::{self, ErrorKind},
    net::IpAddr,
    time::Duration,
};

use ppp::{HeaderResult, PartialResult, v1, v2};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    time::timeout,
};

/// Longest header. Version 1 has at most 107 bytes; in version 2 there are extensions, of which
/// load balancers use some hundred bytes.
const LONGEST: usize = 4096;

/// The origin that a header names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The client's address.
    Client(IpAddr),
    /// The load balancer speaks for itself, as in a health check, or does not know.
    Itself,
}

/// Reads the header, and not a byte beyond it.
///
/// # Errors
///
/// If there is none, it is not valid, or it takes too long.
pub(crate) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    patience: Duration,
) -> io::Result<Origin> {
    timeout(patience, read_header(stream)).await?
}

/// The header's end is known only when all of it is there, so it is read byte by byte where it
/// has no length: version 1 is short, and comes once a connection.
async fn read_header(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Origin> {
    let mut header = vec![0; SHORTEST];
    stream.read_exact(&mut header).await?;
    if header.starts_with(V2) {
        header.resize(V2_FIXED, 0);
        stream.read_exact(&mut header[SHORTEST..]).await?;
        let length = V2_FIXED + usize::from(u16::from_be_bytes([header[14], header[15]]));
        if length > LONGEST {
            return Err(invalid());
        }
        header.resize(length, 0);
        stream.read_exact(&mut header[V2_FIXED..]).await?;
    } else if header.starts_with(b"PROXY ") {
        while !header.ends_with(b"\r\n") && header.len() < 107 {
            header.push(stream.read_u8().await?);
        }
    }
    parse(&header)
}

/// The shortest header of both versions: version 1's `PROXY UNKNOWN\r\n` has 15 bytes.
const SHORTEST: usize = 15;
/// The bytes of version 2 before the addresses: its signature, command, family and length.
const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
const V2_FIXED: usize = 16;

fn parse(header: &[u8]) -> io::Result<Origin> {
    let parsed = HeaderResult::parse(header);
    if parsed.is_incomplete() {
        return Err(invalid());
    }
    match parsed {
        HeaderResult::V1(Ok(header)) => Ok(match header.addresses {
            v1::Addresses::Tcp4(addresses) => Origin::Client(addresses.source_address.into()),
            v1::Addresses::Tcp6(addresses) => Origin::Client(addresses.source_address.into()),
            v1::Addresses::Unknown => Origin::Itself,
        }),
        HeaderResult::V2(Ok(header)) => Ok(match (header.command, header.addresses) {
            (v2::Command::Local, _) => Origin::Itself,
            (_, v2::Addresses::IPv4(addresses)) => Origin::Client(addresses.source_address.into()),
            (_, v2::Addresses::IPv6(addresses)) => Origin::Client(addresses.source_address.into()),
            _ => Origin::Itself,
        }),
        _ => Err(invalid()),
    }
}

fn invalid() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "no valid header of the PROXY protocol")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(bytes: &[u8], expected: Option<&str>, rest: &str) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut stream = bytes;
        let origin = runtime.block_on(read(&mut stream, Duration::from_secs(60)));
        let said = origin.ok().map(|origin| match origin {
            Origin::Client(address) => address.to_string(),
            Origin::Itself => "itself".to_owned(),
        });
        assert_eq!(said.as_deref(), expected, "{}", String::from_utf8_lossy(bytes));
        if expected.is_some() {
            assert_eq!(String::from_utf8_lossy(stream), rest);
        }
    }

    #[test]
    fn version_1() {
        reads(b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET", Some("192.0.2.1"), "GET");
        reads(b"PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n\r\n", Some("2001:db8::1"), "\r\n");
        reads(b"PROXY UNKNOWN\r\nGET", Some("itself"), "GET");
        reads(b"PROXY TCP4 192.0.2.1 192.0.2.2 1\r\nGET / HTTP/1.1", None, "");
        reads(b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2", None, "");
        reads(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", None, "");
        reads(b"", None, "");
        reads(&[b'P'; 200], None, "");
    }

    fn version_2_header(command: u8, family: u8, addresses: &[u8]) -> Vec<u8> {
        let length = (addresses.len() as u16).to_be_bytes();
        [V2, &[command, family], &length, addresses, b"GET"].concat()
    }

    #[test]
    fn version_2() {
        let ipv4 = [192, 0, 2, 1, 192, 0, 2, 2, 0, 1, 0, 2];
        reads(&version_2_header(0x21, 0x11, &ipv4), Some("192.0.2.1"), "GET");
        let with_extension = [&ipv4[..], &[4, 0, 1, 9]].concat();
        reads(&version_2_header(0x21, 0x11, &with_extension), Some("192.0.2.1"), "GET");
        let mut ipv6 = [0; 36];
        (ipv6[15], ipv6[31]) = (1, 2);
        reads(&version_2_header(0x21, 0x21, &ipv6), Some("::1"), "GET");
        reads(&version_2_header(0x20, 0x00, &[]), Some("itself"), "GET");
        reads(&version_2_header(0x21, 0x11, &ipv4[..4]), None, "");
        reads(&version_2_header(0x31, 0x11, &ipv4), None, "");
        reads(&version_2_header(0x21, 0x11, &[0; 5000]), None, "");
    }
}
