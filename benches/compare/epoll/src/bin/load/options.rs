//! The command line, and the file of requests.

use std::{fs, net::SocketAddr};

pub struct Options {
    pub address: SocketAddr,
    pub requests: Vec<Request>,
    pub connections: usize,
    pub seconds: f64,
    pub warm_up: f64,
    pub rate: Option<f64>,
    pub fresh: bool,
    pub processes: Vec<u32>,
}

impl Options {
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let usage = || "usage: load ADDRESS:PORT REQUESTS [NAME=VALUE]...".to_owned();
        let address = arguments.next().ok_or_else(usage)?;
        let file = arguments.next().ok_or_else(usage)?;
        let text = fs::read_to_string(&file).map_err(|error| format!("{file}: {error}"))?;
        let mut options = Self {
            address: address.parse().map_err(|_| format!("{address}: not ADDRESS:PORT"))?,
            requests: Vec::new(),
            connections: 64,
            seconds: 1.0,
            warm_up: 0.1,
            rate: None,
            fresh: false,
            processes: Vec::new(),
        };
        for argument in arguments {
            let (name, value) = argument.split_once('=').ok_or_else(usage)?;
            options
                .set(name, value)
                .ok_or_else(|| format!("{argument}: no such option, or value"))?;
        }
        let request =
            |line: &str| Request::parse(line, options.fresh).ok_or(format!("{file}: {line}"));
        options.requests = text.lines().map(request).collect::<Result<_, _>>()?;
        if options.requests.is_empty() { Err(format!("{file}: no request")) } else { Ok(options) }
    }

    fn set(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            "connections" => self.connections = value.parse().ok()?,
            "seconds" => self.seconds = value.parse().ok()?,
            "warm-up" => self.warm_up = value.parse().ok()?,
            "rate" => self.rate = Some(value.parse().ok()?),
            "fresh" => self.fresh = value == "yes",
            "processes" => {
                self.processes =
                    value.split(',').map(|it| it.parse().ok()).collect::<Option<_>>()?
            }
            _ => return None,
        }
        Some(())
    }
}

/// The bytes to send, and what must come back.
pub struct Request {
    pub bytes: Vec<u8>,
    pub status: u16,
    pub length: usize,
}

impl Request {
    fn parse(line: &str, fresh: bool) -> Option<Self> {
        let mut parts = line.split('\t');
        let (status, length) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let mut text =
            format!("{} {} HTTP/1.1\r\nHost: localhost\r\n", parts.next()?, parts.next()?);
        parts.for_each(|field| text.extend([field, "\r\n"]));
        text.push_str(if fresh { "Connection: close\r\n\r\n" } else { "\r\n" });
        Some(Self { bytes: text.into_bytes(), status, length })
    }

    pub fn expect(&self, status: u16, length: usize) -> Result<(), String> {
        let wanted = (self.status, self.length);
        if (status, length) == wanted {
            Ok(())
        } else {
            Err(format!("{status} with {length} bytes, not {wanted:?}"))
        }
    }
}
