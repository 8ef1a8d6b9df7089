//! Answers of hyper's own: 400, 414 or 431 to bytes that are no request. They have no field that keeps a
//! cache from storing them, so the bytes are replaced on their way.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use hyper::StatusCode;
use tokio::io::AsyncWrite;

/// An answer in place of hyper's.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    bytes: Vec<u8>,
    written: usize,
}

impl Refusal {
    /// In place of a head that hyper writes when no request has been handed over.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        let head = str::from_utf8(head).ok()?;
        let (status_line, fields) = head.split_once("\r\n")?;
        let status = status_line.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
        let status = StatusCode::from_u16(status).ok().filter(|status| status.is_client_error())?;
        let date = fields.lines().find(|line| line.starts_with("date:"));
        let date = date.map_or(String::new(), |date| format!("{date}\r\n"));
        let bytes = format!(
            "{status_line}\r\ncache-control: no-store\r\nconnection: close\r\ncontent-length: 0\r\n\
             {date}\r\n"
        );
        Some(Self { status, bytes: bytes.into_bytes(), written: 0 })
    }

    /// Writes it all. Then hyper's bytes count as written.
    pub(super) fn poll_write(
        &mut self,
        stream: &mut (impl AsyncWrite + Unpin),
        context: &mut Context<'_>,
        hypers: usize,
    ) -> Poll<io::Result<usize>> {
        while self.written < self.bytes.len() {
            let rest = &self.bytes[self.written..];
            match ready!(Pin::new(&mut *stream).poll_write(context, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.written += written,
            }
        }
        Poll::Ready(Ok(hypers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn becomes(head: &str, expected: Option<&str>) {
        let refusal = Refusal::of(head.as_bytes());
        let bytes = refusal.map(|refusal| String::from_utf8(refusal.bytes).unwrap());
        assert_eq!(bytes.as_deref(), expected);
    }

    #[test]
    fn heads() {
        becomes(
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\ndate: Sun, 29 Nov 2026 10:00:00 GMT\r\n\r\n",
            Some(
                "HTTP/1.1 400 Bad Request\r\ncache-control: no-store\r\nconnection: close\r\n\
                 content-length: 0\r\ndate: Sun, 29 Nov 2026 10:00:00 GMT\r\n\r\n",
            ),
        );
        becomes(
            "HTTP/1.0 431 Request Header Fields Too Large\r\n\r\n",
            Some(
                "HTTP/1.0 431 Request Header Fields Too Large\r\ncache-control: no-store\r\n\
                 connection: close\r\ncontent-length: 0\r\n\r\n",
            ),
        );
        becomes("HTTP/1.1 100 Continue\r\n\r\n", None);
        becomes("HTTP/1.1 200 OK\r\n\r\n", None);
        becomes("", None);
    }
}
