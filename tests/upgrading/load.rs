//! The clients, all at once, and what has become of their requests.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::Result;
use hyper::{HeaderMap, StatusCode, body::Bytes, header::CONTENT_LENGTH};
use tokio::{
    task::JoinSet,
    time::{Instant, Interval, MissedTickBehavior, interval_at, sleep},
};

use super::{
    balancer::Balancer,
    http1::Http1,
    http2::Http2,
    site::{RELEASES, Site, Target},
    transport::Transport,
};

/// Clients of each kind.
const CLIENTS: u32 = 16;
/// Connections of HTTP/2; the clients of that kind are its streams.
const HTTP2_CONNECTIONS: u32 = 4;
/// Clients that ask so seldom that the server has put their connection aside meanwhile.
const SELDOM: u32 = 16;
const SELDOM_EVERY: Duration = Duration::from_secs(3);
/// How often it is looked whether there were enough requests.
const ROUND: Duration = Duration::from_millis(20);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    KeptAlive,
    Fresh,
    Https,
    Http2,
    SlowHttp2,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::KeptAlive => "kept alive",
            Self::Fresh => "fresh",
            Self::Https => "HTTPS/1.1",
            Self::Http2 => "HTTP/2",
            Self::SlowHttp2 => "HTTP/2, read slowly",
        })
    }
}

/// The outcome of all requests.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// That have had their answer, by kind.
    pub answered: BTreeMap<Kind, u64>,
    /// Which of the releases those came from that differ between them.
    pub releases: [u64; RELEASES],
    /// By kind and reason.
    pub failed: BTreeMap<String, u64>,
    /// Status and length were right, and the content was not.
    pub wrong_bytes: u64,
    /// Requests of HTTP/2 that the server said it has not looked at.
    pub sent_again: u64,
    /// Connections of HTTP/1.1 that the server said it will close, and those it closed unused.
    pub closes_said: u64,
    pub closes_seen: u64,
    /// How often a server that had been ready was not.
    pub unready: usize,
    pub elapsed: Duration,
}

impl Report {
    pub fn requests(&self) -> u64 {
        self.answered.values().sum::<u64>() + self.failures() + self.wrong_bytes
    }

    pub fn failures(&self) -> u64 {
        self.failed.values().sum()
    }
}

/// Why a request counts as lost.
pub enum Failure {
    WrongBytes,
    Reason(String),
}

impl Failure {
    /// With what caused it.
    pub fn of(error: impl Into<anyhow::Error>) -> Self {
        Self::Reason(format!("{:#}", error.into()))
    }
}

/// State that all clients share.
pub struct Load {
    pub balancer: Arc<Balancer>,
    targets: Vec<Target>,
    pub large: Target,
    turn: AtomicUsize,
    is_over: AtomicBool,
    report: Mutex<Report>,
}

/// Clients at work.
pub struct Running {
    load: Arc<Load>,
    clients: JoinSet<()>,
    begun: Instant,
}

impl Load {
    pub fn begin(site: &Site, balancer: Arc<Balancer>, rate: u64) -> Result<Running> {
        let load = Arc::new(Self {
            balancer,
            targets: site.targets.clone(),
            large: site.large.clone(),
            turn: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
            report: Mutex::default(),
        });
        let certificate = site.certificate();
        let tls = Transport::tls(&certificate, b"http/1.1")?;
        let http2 = Http2 {
            transport: Transport::tls(&certificate, b"h2")?,
            streams: CLIENTS / HTTP2_CONNECTIONS,
            is_slow: false,
        };
        let slow = Http2 { streams: 1, is_slow: true, ..http2.clone() };
        let often = Duration::from_secs(4) * CLIENTS / u32::try_from(rate)?.max(1);
        let mut clients = JoinSet::new();
        for number in 0..CLIENTS {
            for client in [Http1::kept_alive(), Http1::fresh(), Http1::https(tls.clone())] {
                let pace = pace(often, number, CLIENTS);
                clients.spawn(client.ask(Arc::clone(&load), pace));
            }
        }
        for number in 0..SELDOM {
            let pace = pace(SELDOM_EVERY, number, SELDOM);
            clients.spawn(Http1::kept_alive().ask(Arc::clone(&load), pace));
        }
        for _ in 0..HTTP2_CONNECTIONS {
            clients.spawn(http2.clone().ask(Arc::clone(&load), often));
            clients.spawn(slow.clone().ask(Arc::clone(&load), often));
        }
        Ok(Running { load, clients, begun: Instant::now() })
    }

    pub fn goes_on(&self) -> bool {
        !self.is_over.load(Relaxed)
    }

    pub fn next_target(&self) -> &Target {
        let turn = self.turn.fetch_add(1, Relaxed);
        &self.targets[turn % self.targets.len()]
    }

    pub fn report(&self) -> MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request whose answer came whole.
    pub fn answered(&self, kind: Kind, release: Option<usize>) {
        let mut report = self.report();
        *report.answered.entry(kind).or_default() += 1;
        if let Some(release) = release {
            report.releases[release] += 1;
        }
    }

    pub fn failed(&self, kind: Kind, failure: Failure) {
        let mut report = self.report();
        match failure {
            Failure::WrongBytes => report.wrong_bytes += 1,
            Failure::Reason(why) => {
                *report.failed.entry(format!("{kind}: {why}")).or_default() += 1
            }
        }
    }
}

impl Running {
    /// Waits until so many requests were made.
    pub async fn requests_are(&self, number: u64) {
        while self.load.report().requests() < number {
            sleep(ROUND).await;
        }
    }

    pub async fn end(self) -> Report {
        self.load.is_over.store(true, Relaxed);
        self.clients.join_all().await;
        let mut report = self.load.report().clone();
        report.unready = self.load.balancer.losses();
        report.elapsed = self.begun.elapsed();
        report
    }
}

/// Evenly, and not all clients at once.
pub fn pace(every: Duration, number: u32, of: u32) -> Interval {
    let mut pace = interval_at(Instant::now() + every * number / of, every);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pace
}

/// Compares an answer with what the releases have, and tells which one gave it, if that can be told.
pub fn check(
    target: &Target,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Option<usize>, Failure> {
    if status != StatusCode::OK {
        return Err(Failure::Reason(format!("status {status}")));
    }
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if length != Some(body.len()) {
        return Err(Failure::Reason("another content-length than the content's".to_owned()));
    }
    let release = target.bodies.iter().position(|known: &Bytes| known == body);
    let release = release.ok_or(Failure::WrongBytes)?;
    Ok(target.tells_release().then_some(release))
}
