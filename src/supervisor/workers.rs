//! The supervisor's children.

use std::{io, time::Duration};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, wait};
use serde::{Deserialize, Serialize};
use tokio::{sync::mpsc, time::Instant};
use tracing::{error, warn};

use super::{program::Program, sockets::Listener};
use crate::channel::{Channel, Order, PROTOCOL, Pem, Receiver, Report, Sender};

/// What a worker is to the others.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) enum Role {
    /// The first one, which starts.
    First,
    /// Starts in the place of one that crashed.
    Restarted,
    /// Starts, of another executable, to take over.
    Candidate,
    /// It serves.
    Current,
    /// It finishes what is under way.
    Retired,
}

/// What a worker says; nothing more, when its end of the channel is closed.
pub(crate) type Event = (Pid, Option<Report>);

/// A child process.
pub(crate) struct Worker {
    pid: Pid,
    pub(crate) role: Role,
    pub(crate) orders: Sender,
    started: Instant,
    /// When it was last known to be well.
    seen: Instant,
    /// Whether its last report has been heard.
    is_silent: bool,
    /// How it ended.
    status: Option<WaitStatus>,
}

impl Worker {
    pub(crate) fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    pub(crate) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    fn is_starting(&self) -> bool {
        matches!(self.role, Role::First | Role::Restarted | Role::Candidate)
    }

    fn kill(&self) {
        // One that has ended is reaped, and then forgotten, so this is no other process.
        if let Err(error) = kill_process(self.pid, Signal::KILL) {
            warn!("cannot kill worker {}: {error}", self.pid());
        }
    }
}

/// All children.
pub(crate) struct Workers {
    all: Vec<Worker>,
    heard: mpsc::Sender<Event>,
    events: mpsc::Receiver<Event>,
}

impl Workers {
    pub(crate) fn new() -> Self {
        let (heard, events) = mpsc::channel(16);
        Self { all: Vec::new(), heard, events }
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &Worker> {
        self.all.iter()
    }

    pub(crate) fn has(&self, role: Role) -> bool {
        self.all.iter().any(|worker| worker.role == role)
    }

    pub(crate) fn are_gone(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether one has ended whose last report has not been heard yet.
    pub(crate) fn is_any_reaped(&self) -> bool {
        self.all.iter().any(|worker| worker.status.is_some())
    }

    /// Whether one serves, and has not been silent for that long.
    pub(crate) fn are_well(&self, silence: Duration) -> bool {
        let mut current = self.all.iter().filter(|worker| worker.role == Role::Current);
        current.any(|worker| worker.status.is_none() && worker.seen.elapsed() < silence)
    }

    /// Starts a worker, and gives it what it needs.
    pub(crate) async fn start(
        &mut self,
        program: &Program,
        role: Role,
        listeners: &[Listener],
        certificate: Option<&Pem>,
    ) -> Result<()> {
        let (ours, theirs) = Channel::pair()?;
        let child = program
            .start_worker(role, theirs)
            .with_context(|| format!("cannot start {}", program.path().display()))?;
        let pid = Pid::from_child(&child);
        let given = give(&ours, listeners, certificate);
        self.add(pid, role, ours)?;
        given.or_else(|error| match error.kind() {
            // It ended already; why, is heard from it or seen when it is reaped.
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => Ok(()),
            _ => Err(error).context("cannot tell a worker what to do"),
        })
    }

    /// Takes a child in, whose channel this is.
    pub(crate) fn add(&mut self, pid: Pid, role: Role, channel: Channel) -> io::Result<()> {
        let (reports, orders) = channel.into_async()?;
        tokio::spawn(listen(pid, reports, self.heard.clone()));
        let now = Instant::now();
        let (is_silent, status) = (false, None);
        self.all.push(Worker { pid, role, orders, started: now, seen: now, is_silent, status });
        Ok(())
    }

    pub(crate) async fn next_event(&mut self) -> Event {
        let event = self.events.recv().await;
        event.expect("there is a sender in self")
    }

    pub(crate) fn is_alive(&mut self, pid: Pid) {
        if let Some(worker) = self.all.iter_mut().find(|worker| worker.pid == pid) {
            worker.seen = Instant::now();
        }
    }

    /// One that started serves now; returns what it was.
    pub(crate) fn promote(&mut self, pid: Pid) -> Option<Role> {
        self.is_alive(pid);
        let mut starting = self.all.iter_mut().filter(|worker| worker.is_starting());
        let worker = starting.find(|worker| worker.pid == pid)?;
        Some(std::mem::replace(&mut worker.role, Role::Current))
    }

    /// All but that one are told to finish.
    pub(crate) async fn retire_others(&mut self, pid: Pid) {
        let others = self.all.iter_mut().filter(|worker| worker.pid != pid);
        for worker in others.filter(|worker| worker.role != Role::Retired) {
            worker.role = Role::Retired;
            tell(worker, &Order::Retire).await;
        }
    }

    pub(crate) async fn tell_all(&mut self, order: &Order) {
        for worker in &mut self.all {
            tell(worker, order).await;
        }
    }

    pub(crate) fn kill_all(&self) {
        self.all.iter().for_each(Worker::kill);
    }

    /// Kills those that do not come to their start's end, and those that hang.
    pub(crate) fn kill_silent(&mut self, starting: Duration, silence: Duration) {
        for worker in &mut self.all {
            let patience = if worker.is_starting() { starting } else { silence };
            if worker.seen.elapsed() > patience {
                error!("worker {} has been silent for {patience:?}: it is killed", worker.pid());
                worker.kill();
                worker.seen = Instant::now();
            }
        }
    }

    /// Learns which have ended.
    pub(crate) fn reap(&mut self) {
        // As the first process of a container, it inherits other processes' children too.
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            if let Some(worker) = self.all.iter_mut().find(|worker| worker.pid == pid) {
                worker.status = Some(status);
            }
        }
    }

    pub(crate) fn is_silent(&mut self, pid: Pid) {
        if let Some(worker) = self.all.iter_mut().find(|worker| worker.pid == pid) {
            worker.is_silent = true;
        }
    }

    /// Takes out those that have ended and said all that they had to say; and how they ended.
    pub(crate) fn take_ended(&mut self) -> Vec<(Worker, String)> {
        let has_ended = |worker: &mut Worker| worker.is_silent && worker.status.is_some();
        let ended = self.all.extract_if(.., has_ended);
        ended
            .map(|worker| {
                let how = describe(worker.status);
                (worker, how)
            })
            .collect()
    }
}

/// Everything that a worker needs which it cannot find by itself.
fn give(channel: &Channel, listeners: &[Listener], certificate: Option<&Pem>) -> io::Result<()> {
    let certificate = certificate.cloned();
    channel
        .send(&Order::Start { protocol: PROTOCOL, sockets: listeners.len(), certificate }, &[])?;
    for listener in listeners {
        channel.send(&Order::Socket(listener.listening.clone()), &listener.files())?;
    }
    Ok(())
}

async fn tell(worker: &mut Worker, order: &Order) {
    if let Err(error) = worker.orders.send(order).await {
        warn!("cannot reach worker {}: {error}", worker.pid());
    }
}

/// Passes on what a worker says, until it ends.
async fn listen(pid: Pid, mut reports: Receiver, heard: mpsc::Sender<Event>) {
    loop {
        let report = reports.receive().await;
        let is_last = report.is_none();
        if heard.send((pid, report)).await.is_err() || is_last {
            return;
        }
    }
}

fn describe(status: Option<WaitStatus>) -> String {
    let code = status.and_then(WaitStatus::exit_status);
    match (code, status.and_then(WaitStatus::terminating_signal)) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "an unknown status".to_owned(),
    }
}
