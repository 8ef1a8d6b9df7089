//! The bytes behind the header of a response to `HEAD`, of which there may be none (RFC 9110 §9.3.2).

use std::io;

use http::Request;
use memchr::memmem;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Sends a request by HTTP/1.1, and reads to the end of the connection, or to the first of such bytes.
pub(super) async fn read<B>(
    mut connection: impl AsyncRead + AsyncWrite + Unpin,
    request: &Request<B>,
) -> io::Result<Vec<u8>> {
    connection.write_all(&head(request)).await?;
    let mut response = Vec::new();
    while behind(&response).is_none_or(<[u8]>::is_empty) {
        if connection.read_buf(&mut response).await? == 0 {
            break;
        }
    }
    Ok(behind(&response).unwrap_or_default().to_owned())
}

fn head<B>(request: &Request<B>) -> Vec<u8> {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let host = request.uri().authority().map_or("", |authority| authority.as_str());
    let head =
        format!("{} {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n", request.method());
    let mut head = head.into_bytes();
    for (name, value) in request.headers() {
        head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    head.extend(b"\r\n");
    head
}

/// The bytes behind the header, once it is there whole. Interim responses (RFC 9110 §15.2) come before
/// it.
fn behind(response: &[u8]) -> Option<&[u8]> {
    let end = memmem::find(response, b"\r\n\r\n")? + 4;
    let (header, rest) = response.split_at(end);
    let is_interim = header.get(8..10) == Some(b" 1");
    if is_interim { behind(rest) } else { Some(rest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_behind() {
        let is = |response: &str, expected: Option<&str>| {
            assert_eq!(behind(response.as_bytes()), expected.map(str::as_bytes), "{response}");
        };
        is("HTTP/1.1 200 OK\r\na: b\r\n\r\n", Some(""));
        is("HTTP/1.1 200 OK\r\na: b\r\n\r\n<p>\r\n\r\n", Some("<p>\r\n\r\n"));
        is("HTTP/1.1 200 OK\r\na: b\r\n", None);
        is("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.0 200 OK\r\n\r\n", Some(""));
        is("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n", None);
        is("", None);
    }

    #[tokio::test]
    async fn until_the_end() {
        let request = Request::head("http://cdn.example:81/a?b").header("a", "b").body(()).unwrap();
        let sent =
            "HEAD /a?b HTTP/1.1\r\nhost: cdn.example:81\r\nconnection: close\r\na: b\r\n\r\n";
        for (response, expected) in
            [("HTTP/1.1 200 OK\r\n\r\n", ""), ("HTTP/1.1 200 OK\r\n\r\n<p>", "<p>")]
        {
            let (here, mut there) = tokio::io::duplex(1024);
            there.write_all(response.as_bytes()).await.unwrap();
            there.shutdown().await.unwrap();
            assert_eq!(read(here, &request).await.unwrap(), expected.as_bytes());
            let mut seen = String::new();
            there.read_to_string(&mut seen).await.unwrap();
            assert_eq!(seen, sent);
        }
    }
}
