//! One connection, and the response that comes on it.

use std::{io, io::Read, net::TcpStream, time::Instant};

use compare_epoll::discard;

use crate::{chunks::Chunks, options::Request};

pub struct Connection {
    pub socket: TcpStream,
    pub request: usize,
    pub since: Instant,
    pub head: Vec<u8>, // of a response that came in parts
    pub reading: Reading,
}

#[derive(Clone, Copy)]
pub enum Reading {
    Nothing,
    Head,
    Body { left: usize, closes: bool },
    Chunks { chunks: Chunks, closes: bool },
    End,
}

pub enum Outcome {
    Waits,
    Complete { closes: bool },
    Lost(String),
}

impl Connection {
    pub fn go_on(
        &mut self,
        request: &Request,
        fresh: bool,
        buffer: &mut [u8],
        bytes: &mut u64,
    ) -> Outcome {
        loop {
            let read = match self.reading {
                Reading::Body { left, .. } => discard(&self.socket, left),
                _ => self.socket.read(buffer),
            };
            let count = match read {
                Ok(0) => return self.ended(),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Outcome::Waits,
                Err(_) => return self.ended(),
            };
            *bytes += count as u64;
            match self.took(&buffer[..count.min(buffer.len())], count, request, fresh) {
                Ok(None) => {}
                Ok(Some(closes)) => return Outcome::Complete { closes },
                Err(error) => return Outcome::Lost(error),
            }
        }
    }

    /// A fresh connection is complete when the server has closed it.
    fn ended(&self) -> Outcome {
        match self.reading {
            Reading::End => Outcome::Complete { closes: true },
            Reading::Nothing => Outcome::Lost(String::new()),
            Reading::Head if self.head.is_empty() => Outcome::Lost(String::new()),
            _ => Outcome::Lost("the connection ended within a response".to_owned()),
        }
    }

    /// Whether the response is complete, and then whether its connection is to be closed.
    fn took(
        &mut self,
        part: &[u8],
        count: usize,
        request: &Request,
        fresh: bool,
    ) -> Result<Option<bool>, String> {
        let closes = match &mut self.reading {
            Reading::Nothing | Reading::End => return Err("bytes after a response".to_owned()),
            Reading::Head => return self.took_head(part, request, fresh),
            Reading::Body { left, closes } => {
                *left = left.checked_sub(count).ok_or("bytes after a response")?;
                if *left > 0 {
                    return Ok(None);
                }
                *closes
            }
            Reading::Chunks { chunks, closes } => {
                let Some(length) = chunks.take(part)? else { return Ok(None) };
                request.expect(request.status, length)?;
                *closes
            }
        };
        Ok(self.complete(closes, fresh))
    }

    fn took_head(
        &mut self,
        part: &[u8],
        request: &Request,
        fresh: bool,
    ) -> Result<Option<bool>, String> {
        self.head.extend_from_slice(part);
        let Some(end) = end_of_head(&self.head) else { return Ok(None) };
        let Head { status, length, closes } =
            Head::parse(&self.head[..end]).ok_or("the head of a response is not valid")?;
        let rest = self.head.split_off(end);
        self.head.clear();
        self.reading = match length {
            Some(left) => {
                request.expect(status, left)?;
                Reading::Body { left, closes }
            }
            None => {
                request.expect(status, request.length)?;
                Reading::Chunks { chunks: Chunks::new(), closes }
            }
        };
        if length == Some(0) {
            return Ok(self.complete(closes, fresh));
        }
        if rest.is_empty() { Ok(None) } else { self.took(&rest, rest.len(), request, fresh) }
    }

    fn complete(&mut self, closes: bool, fresh: bool) -> Option<bool> {
        if fresh {
            self.reading = Reading::End;
        }
        (!fresh).then_some(closes)
    }
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|start| start + 4)
}

struct Head {
    status: u16,
    length: Option<usize>, // of a body that is not chunked
    closes: bool,
}

impl Head {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut lines = text.split("\r\n");
        let status = lines.next()?.get(9..12)?.parse().ok()?;
        let mut head = Self { status, length: Some(0), closes: false };
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            if name.eq_ignore_ascii_case("content-length") && status != 304 {
                head.length = Some(value.trim().parse().ok()?);
            } else if name.eq_ignore_ascii_case("transfer-encoding") && status != 304 {
                head.length = None;
            } else if name.eq_ignore_ascii_case("connection") {
                head.closes = value.trim().eq_ignore_ascii_case("close");
            }
        }
        Some(head)
    }
}
