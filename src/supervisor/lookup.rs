//! The upstream's host, looked up again: the sandboxed workers cannot ask.
//!
//! A lookup waits for name servers, so it runs in a thread of its own, one at a time.

use std::{
    future::pending,
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use hardtack_serve::upstream::Address;
use tokio::task::{JoinHandle, spawn_blocking};
use tracing::{info, warn};

/// The least time between two lookups: a failing application is reported each second.
const PAUSE: Duration = Duration::from_secs(2);

/// The lookups of a host.
pub(crate) struct Lookup {
    /// None if the application has no host that could move: a Unix socket, an IP address.
    address: Option<Address>,
    begun: Option<Instant>,
    running: Option<JoinHandle<io::Result<Vec<SocketAddr>>>>,
    /// The last outcome, or why there was none.
    known: Option<Result<Vec<SocketAddr>, String>>,
}

impl Lookup {
    pub(crate) fn of(address: Option<&Address>) -> Self {
        let address = address.filter(|address| address.has_name()).cloned();
        Self { address, begun: None, running: None, known: None }
    }

    /// Begins a lookup, unless one is under way or just over.
    pub(crate) fn begin(&mut self, now: Instant) {
        let Some(address) = self.address.clone() else { return };
        let is_early = self.begun.is_some_and(|begun| now < begun + PAUSE);
        if self.running.is_none() && !is_early {
            self.begun = Some(now);
            self.running = Some(spawn_blocking(move || address.look_up()));
        }
    }

    /// The addresses of the host, when a lookup has found them.
    ///
    /// Nothing is lost if the future is dropped.
    pub(crate) async fn next(&mut self) -> Vec<SocketAddr> {
        loop {
            let Some(running) = &mut self.running else { return pending().await };
            let found = running.await;
            self.running = None;
            let found = found.map_err(io::Error::other).flatten();
            let found = found.map_err(|error| error.to_string());
            let is_news = self.known.as_ref() != Some(&found);
            self.known = Some(found.clone());
            match found {
                Ok(sockets) => {
                    if is_news {
                        info!("the upstream's host has the addresses {sockets:?}");
                    }
                    return sockets;
                }
                Err(error) if is_news => warn!("{error}: its old addresses stay in use"),
                Err(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(address: &str) -> Lookup {
        Lookup::of(Some(&address.parse().unwrap()))
    }

    #[tokio::test]
    async fn a_name_is_looked_up_now_and_then() {
        let mut lookup = lookup("http://localhost:8001");
        let now = Instant::now();
        lookup.begin(now);
        assert!(lookup.next().await.contains(&"127.0.0.1:8001".parse().unwrap()));
        lookup.begin(now + PAUSE / 2);
        assert!(lookup.running.is_none());
        lookup.begin(now + PAUSE);
        assert!(lookup.running.is_some());
    }

    #[test]
    fn an_address_is_not_looked_up() {
        for address in ["http://127.0.0.1:8001", "http://[::1]", "unix:/run/app.sock"] {
            let mut lookup = lookup(address);
            lookup.begin(Instant::now());
            assert!(lookup.running.is_none(), "{address}");
        }
        Lookup::of(None).begin(Instant::now());
    }
}
