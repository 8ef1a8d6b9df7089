//! The first thread of the worker: it obeys the supervisor, tells it that all is well, and ends
//! without losing a request.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    signal::unix::{self, SignalKind},
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};
use tracing::{error, info};

use crate::{
    channel::{Order, Receiver, Report, Sender},
    lifecycle::Stage,
    log::DroppedLines,
    server::Server,
    thread::{Open, Thread},
    tls,
    upstream::Resolved,
};

/// How often the supervisor is told that all threads are alive.
const ALIVE_EVERY: Duration = Duration::from_secs(5);
/// How often the supervisor is told that the application cannot be reached.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// How long the last frames to WebSockets may take.
const FAREWELL: Duration = Duration::from_secs(3);

/// The worker, as seen from its first thread.
pub(crate) struct Control {
    pub(crate) server: &'static Server,
    pub(crate) threads: Vec<&'static Thread>,
    pub(crate) certificate: Option<Arc<tls::Current>>,
    pub(crate) tickets: Arc<tls::Tickets>,
    /// Where the application is.
    pub(crate) upstream: Option<Resolved>,
    pub(crate) receiver: Receiver,
    pub(crate) sender: Sender,
    /// As long as it is there, connections that are parked may be busy again.
    pub(crate) open: Option<Open>,
    /// Closed when it has gone, nobody accepts, and no connection is busy.
    pub(crate) all_closed: mpsc::Receiver<()>,
    /// Closed when no thread accepts any more, and all accepted connections are in the census.
    pub(crate) nobody_accepts: mpsc::Receiver<()>,
    pub(crate) admin: Vec<JoinHandle<()>>,
    pub(crate) is_draining: Arc<AtomicBool>,
    pub(crate) old_workers: Arc<AtomicU32>,
    /// Of this process's log.
    pub(crate) dropped_lines: DroppedLines,
}

/// The next step on the way to the end, and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Nothing: it serves.
    Never,
    /// It stops accepting.
    Close(Instant),
    /// It exits, and cuts responses under way off.
    Exit(Instant),
}

impl Control {
    /// Returns when the process may exit.
    pub(crate) async fn run(mut self) {
        // A process manager may signal all processes of a service. The supervisor decides.
        let _ignored = [
            SignalKind::terminate(),
            SignalKind::interrupt(),
            SignalKind::hangup(),
            SignalKind::user_defined2(),
        ]
        .map(unix::signal);
        let mut next = Next::Never;
        let mut beats = Beats::new(&self.threads);
        let mut interval = interval(ALIVE_EVERY);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut is_alone, mut has_all) = (false, false);
        let mut told = Instant::now();
        loop {
            tokio::select! {
                order = self.receiver.receive::<Order>(), if !is_alone => {
                    is_alone = order.is_none();
                    next = self.obey(order, next);
                }
                _ = interval.tick() => {
                    self.dropped_lines.tell();
                    if beats.all_threads_live() {
                        self.sender.send(&Report::Alive).await.ok();
                    }
                }
                () = failure(self.upstream.as_ref(), told), if !is_alone => {
                    told = Instant::now();
                    self.sender.send(&Report::UpstreamFailed).await.ok();
                }
                _ = self.all_closed.recv() => return,
                _ = self.nobody_accepts.recv(), if !has_all => has_all = true,
                // Before that, it would take the places of connections that have been accepted.
                () = self.server.census.emptied(), if has_all && self.has_retired() => return,
                () = when(next) => match next {
                    Next::Close(_) => next = self.close().await,
                    Next::Exit(_) if self.has_retired() => next = self.say_farewell(),
                    _ => return,
                },
            }
        }
    }

    fn obey(&mut self, order: Option<Order>, next: Next) -> Next {
        match order {
            Some(Order::Certificate(pem)) => {
                self.show(&pem);
                next
            }
            Some(Order::TicketKeys(keys)) => {
                if let Err(error) = self.tickets.replace(&keys) {
                    error!("the old keys of session tickets stay in use: {error}");
                }
                next
            }
            Some(Order::Upstream(sockets)) => {
                self.upstream.iter().for_each(|upstream| upstream.move_to(sockets.clone()));
                next
            }
            Some(Order::OldWorkers(number)) => {
                self.old_workers.store(number, Relaxed);
                next
            }
            Some(Order::Maintain(is_maintained)) => {
                self.server.is_maintained.store(is_maintained, Relaxed);
                next
            }
            Some(Order::Retire) => self.retire(),
            Some(Order::Stop) => self.leave(self.server.settings.drain.delay, next),
            Some(Order::Protocol(_) | Order::Start { .. } | Order::Socket(_)) => next,
            // Without a supervisor, nothing else would end this process.
            None => {
                if next == Next::Never {
                    error!("the supervisor has gone: finishing the requests under way");
                }
                self.leave(Duration::ZERO, next)
            }
        }
    }

    fn show(&self, pem: &tls::Pem) {
        match self.certificate.as_ref().map(|certificate| certificate.replace(pem)) {
            Some(Ok(())) => info!("another certificate is in use"),
            Some(Err(error)) => error!("the old certificate stays in use: {error}"),
            None => {}
        }
    }

    fn has_retired(&self) -> bool {
        self.server.lifecycle.is_in(Stage::Retiring)
    }

    /// Another worker has taken over. This one stays ready: the site is.
    fn retire(&mut self) -> Next {
        self.server.lifecycle.enter(Stage::Retiring);
        self.admin.drain(..).for_each(|task| task.abort());
        Next::Exit(Instant::now() + self.server.settings.drain.upgrade)
    }

    /// The time after an upgrade is over: idle connections are closed, and WebSockets told so.
    fn say_farewell(&mut self) -> Next {
        self.stop();
        Next::Exit(Instant::now() + FAREWELL)
    }

    /// The process ends: unready at once, and after a while it accepts no more.
    fn leave(&mut self, delay: Duration, next: Next) -> Next {
        self.is_draining.store(true, Relaxed);
        match next {
            Next::Never => {
                self.server.lifecycle.enter(Stage::Leaving);
                Next::Close(Instant::now() + delay)
            }
            // It has retired, and idle connections need not be waited for any more.
            Next::Exit(at) => {
                self.stop();
                Next::Exit(at.min(Instant::now() + self.server.settings.drain.timeout))
            }
            Next::Close(_) => next,
        }
    }

    async fn close(&mut self) -> Next {
        self.stop();
        self.sender.send(&Report::Closed).await.ok();
        Next::Exit(Instant::now() + self.server.settings.drain.timeout)
    }

    /// The process ends when the responses that are under way are sent.
    fn stop(&mut self) {
        self.server.lifecycle.enter(Stage::Stopping);
        self.open = None;
    }
}

/// Waits until no connection to the application could be opened, and for a while since the supervisor
/// was told so.
async fn failure(upstream: Option<&Resolved>, told: Instant) {
    sleep_until(told + TELL_EVERY).await;
    match upstream {
        Some(upstream) => upstream.failure().await,
        None => std::future::pending().await,
    }
}

async fn when(next: Next) {
    match next {
        Next::Never => std::future::pending().await,
        Next::Close(at) | Next::Exit(at) => sleep_until(at).await,
    }
}

/// The progress of the threads.
struct Beats<'a> {
    threads: Vec<(&'a Thread, u64)>,
}

impl<'a> Beats<'a> {
    fn new(threads: &[&'a Thread]) -> Self {
        Self { threads: threads.iter().map(|thread| (*thread, 0)).collect() }
    }

    fn all_threads_live(&mut self) -> bool {
        let mut all = true;
        for (thread, seen) in &mut self.threads {
            let beats = thread.beats.load(Relaxed);
            all &= beats > std::mem::replace(seen, beats);
        }
        all
    }
}
