//! The supervisor's decisions, as a state machine: an [`Event`] goes in, [`Action`]s come out.
//! Nothing here reads a clock, a socket or a file; the caller passes the time, and acts.
//!
//! ```text
//!  begin: the first worker is started                   begin, after an exec
//!                    |                                            |
//!                    v         the worker that serves ends        v
//!   +------------ Serving ----------------------------------> Pausing
//!   |                | ^  <---- the pause is over:                |
//!   |                | |        a worker is started               |
//!   |   a candidate  | | the exec fails                           | a candidate is ready
//!   |       is ready v |                                          |
//!   |            HandingOver <------------------------------------+
//!   |                |
//!   |                +---> exec: the successor, with the same workers, begins as Serving
//!   |
//!   +--- Stop, in each phase ---> Stopping ---> over, when no worker is left
//! ```
//!
//! Each worker has a [`Role`]:
//!
//! ```text
//!  First, Restarted --- Ready ---> Current ---+
//!  Candidate ---------- Ready ---> Current    +--- a candidate is ready ---> Retired
//!  First, Restarted --------------------------+
//! ```
//!
//! An end is a failed start for `First`, a failed upgrade for `Candidate`, a crash for `Restarted`
//! and `Current`, and as it should be for `Retired` and while the supervisor stops.
//!
//! Unless it stops, there is always exactly one worker that serves or starts to, or a pause after
//! which one is started; beside it at most one candidate.

use std::{
    mem,
    time::{Duration, Instant},
};

use hardtack_serve::channel::Report;
use rustix::process::Pid;
use serde::{Deserialize, Serialize};
use tracing::Level;

use super::{backoff::Backoff, service_manager::Notice};

/// How long a worker may take to start.
const STARTING: Duration = Duration::from_secs(60);
/// How long a worker may be silent; it says every few seconds that it is alive.
const SILENCE: Duration = Duration::from_secs(30);
/// A worker that lived so long has not crashed because of how it was started.
const GOOD_LIFE: Duration = Duration::from_secs(60);
/// Most retired workers that have as long as they may. Older ones are told to stop.
const MOST_RETIRED: usize = 3;
/// The time that a worker may take to end beyond the time that clients have.
const GRACE: Duration = Duration::from_secs(5);

const UPGRADE_FAILED: &str = "the upgrade failed, and everything goes on as before";

/// Something that has happened.
#[derive(Debug)]
pub(crate) enum Event {
    /// The supervisor begins: the listeners are open.
    Opened,
    /// The supervisor begins: its predecessor has left these workers.
    Inherited(Vec<(Pid, Role)>),
    /// A worker was started. This event or `NotStarted` follows each [`Action::Start`] at once.
    Started(Pid, Role),
    NotStarted(Role, String),
    Reported(Pid, Report),
    /// A worker has ended, and how. It has no more to report.
    Ended(Pid, String),
    /// SIGHUP, or the certificate's files have changed.
    Reload,
    /// SIGUSR2.
    Upgrade,
    /// SIGTERM or SIGINT.
    Stop,
    /// Time has passed: at [`Lifecycle::due`], and every so often.
    Tick,
    /// The service manager wants to know whether all is well.
    Watchdog,
    /// Signals are held back, and all that came before have been passed in.
    Held,
    /// The exec has failed.
    NotHandedOver(String),
}

/// Something that is to be done, in the order of the list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Start(Role),
    Retire(Pid),
    /// Tell a worker how many others are retired.
    TellOldWorkers(Pid, usize),
    Stop(Pid),
    Kill(Pid),
    /// Say on standard output where clients are served, and in which sandbox.
    Announce {
        sandbox: String,
    },
    Log(Level, String),
    Notify(Notice),
    /// Read the certificate, and give it to all workers if it is another one.
    ReloadCertificate,
    /// Look the upstream's host up, and tell all workers its addresses.
    LookUpUpstream,
    CloseListeners,
    /// Have the system keep the signals to come; pass in those that have come, and then
    /// [`Event::Held`], and nothing else.
    HoldSignals,
    ReleaseSignals,
    /// Become the executable at the program's path, with the listeners and all workers.
    HandOver,
    /// End the process at once: it could not start, and why.
    Fail(String),
}

/// The relation of a worker to the others.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) enum Role {
    /// Starts; the supervisor cannot do without it.
    First,
    /// Starts in the place of one that crashed.
    Restarted,
    /// Starts, of the executable that is to take over.
    Candidate,
    /// Serves.
    Current,
    /// Finishes requests that are under way, since another one serves.
    Retired,
}

/// The state: a phase, and the workers with their roles.
#[derive(Clone, Debug)]
pub(crate) struct Lifecycle {
    phase: Phase,
    workers: Vec<Worker>,
    backoff: Backoff,
    /// How many retired workers the current worker knows of.
    known: Option<(Pid, usize)>,
    /// From the signal to stop until all workers should have ended.
    time_to_stop: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// A worker serves, or starts to.
    Serving,
    /// A worker has crashed; another one is started at that time.
    Pausing { until: Instant },
    /// A worker of another executable serves, which this process is about to become.
    HandingOver,
    /// The workers have been told to stop. Those that have still not started at the first time are
    /// killed, as are all that are left at the second one.
    Stopping { start_until: Instant, until: Instant },
}

#[derive(Clone, Debug)]
struct Worker {
    pid: Pid,
    role: Role,
    started: Instant,
    /// When it was last known to be well.
    seen: Instant,
    /// Why it could not start, in its own words.
    failure: Option<String>,
}

impl Lifecycle {
    /// Before the first event. Clients have `time_to_leave` to finish after a signal to stop.
    pub(crate) fn new(time_to_leave: Duration) -> Self {
        let (phase, workers) = (Phase::Serving, Vec::new());
        Self {
            phase,
            workers,
            backoff: Backoff::new(),
            known: None,
            time_to_stop: time_to_leave + GRACE,
        }
    }

    /// Whether it was told to stop, and all workers have ended.
    pub(crate) fn is_over(&self) -> bool {
        self.is_stopping() && self.workers.is_empty()
    }

    /// The role of a worker that has started and not ended.
    pub(crate) fn role(&self, pid: Pid) -> Option<Role> {
        self.workers.iter().find(|worker| worker.pid == pid).map(|worker| worker.role)
    }

    /// When an [`Event::Tick`] is due at the latest.
    pub(crate) fn due(&self) -> Option<Instant> {
        match self.phase {
            Phase::Pausing { until } => Some(until),
            Phase::Stopping { start_until, .. } if self.workers.iter().any(Worker::is_starting) => {
                Some(start_until)
            }
            Phase::Stopping { until, .. } => Some(until),
            Phase::Serving | Phase::HandingOver => None,
        }
    }

    /// Passes in an event. The caller carries the actions out, all and in order.
    pub(crate) fn on(&mut self, event: Event, now: Instant) -> Vec<Action> {
        match event {
            Event::Opened => vec![Action::Start(Role::First)],
            Event::Inherited(workers) => self.inherit(&workers, now),
            Event::Started(pid, role) => self.started(pid, role, now),
            Event::NotStarted(role, why) => self.not_started(role, why, now),
            Event::Reported(pid, report) => self.reported(pid, report, now),
            Event::Ended(pid, how) => self.ended(pid, how, now),
            Event::Reload => reload(),
            Event::Upgrade => self.upgrade(),
            Event::Stop => self.stop(now),
            Event::Tick => self.tick(now),
            Event::Watchdog => self.reassure(now),
            Event::Held => self.held(),
            Event::NotHandedOver(why) => self.not_handed_over(&why),
        }
    }

    fn is_stopping(&self) -> bool {
        matches!(self.phase, Phase::Stopping { .. })
    }

    fn worker(&mut self, pid: Pid) -> Option<&mut Worker> {
        self.workers.iter_mut().find(|worker| worker.pid == pid)
    }

    // A worker's life.

    fn inherit(&mut self, workers: &[(Pid, Role)], now: Instant) -> Vec<Action> {
        self.workers = workers.iter().map(|(pid, role)| Worker::new(*pid, *role, now)).collect();
        if !self.workers.iter().any(Worker::is_in_charge) {
            self.phase = Phase::Pausing { until: now };
        }
        Vec::new()
    }

    fn started(&mut self, pid: Pid, role: Role, now: Instant) -> Vec<Action> {
        self.workers.push(Worker::new(pid, role, now));
        Vec::new()
    }

    fn not_started(&mut self, role: Role, why: String, now: Instant) -> Vec<Action> {
        match role {
            Role::First => vec![Action::Fail(why)],
            Role::Candidate => vec![error(format!("{UPGRADE_FAILED}: {why}"))],
            _ => {
                self.pause(now);
                vec![error(format!("cannot start a worker: {why}"))]
            }
        }
    }

    fn reported(&mut self, pid: Pid, report: Report, now: Instant) -> Vec<Action> {
        let is_stopping = self.is_stopping();
        let Some(worker) = self.worker(pid) else { return Vec::new() };
        match report {
            Report::Ready { sandbox, release } => return self.ready(pid, sandbox, release, now),
            Report::Failed(message) if worker.is_starting() => worker.failure = Some(message),
            Report::Alive => worker.seen = now,
            // The listeners are all workers' as long as one may follow.
            Report::Closed if is_stopping && worker.is_in_charge() => {
                return vec![Action::CloseListeners];
            }
            Report::UpstreamFailed if !worker.is_starting() => return vec![Action::LookUpUpstream],
            Report::Failed(_) | Report::Closed | Report::UpstreamFailed => {}
        }
        Vec::new()
    }

    fn ready(&mut self, pid: Pid, sandbox: String, release: String, now: Instant) -> Vec<Action> {
        let serving = Action::Notify(Notice::Serving(release.clone()));
        match self.promote(pid, now) {
            None => Vec::new(),
            Some(Role::First) => vec![Action::Announce { sandbox }, serving],
            Some(Role::Candidate) => {
                let said = format!("upgraded: worker {pid} serves release {release}; {sandbox}");
                self.begin_handover(pid, info(said), serving)
            }
            Some(_) => vec![info(format!("worker {pid} serves")), serving],
        }
    }

    /// Makes a worker that was starting the current one, and returns its role until then. While all
    /// workers stop, it is one that finishes its requests.
    fn promote(&mut self, pid: Pid, now: Instant) -> Option<Role> {
        let is_stopping = self.is_stopping();
        let worker = self.worker(pid).filter(|worker| worker.is_starting())?;
        worker.seen = now;
        let next = if is_stopping { Role::Retired } else { Role::Current };
        let role = mem::replace(&mut worker.role, next);
        (!is_stopping).then_some(role)
    }

    fn begin_handover(&mut self, pid: Pid, said: Action, serving: Action) -> Vec<Action> {
        self.phase = Phase::HandingOver;
        let retired: Vec<_> = self.retire_others(pid).collect();
        let said = [said].into_iter().chain(retired).chain(self.stop_oldest());
        said.chain([serving, Action::HoldSignals]).collect()
    }

    fn retire_others(&mut self, pid: Pid) -> impl Iterator<Item = Action> {
        let others = self.workers.iter_mut().filter(move |worker| worker.pid != pid);
        others.filter(|worker| worker.role != Role::Retired).map(|worker| {
            worker.role = Role::Retired;
            Action::Retire(worker.pid)
        })
    }

    /// Stops the oldest of the retired workers if there are too many: each has the memory of its release.
    fn stop_oldest(&self) -> Vec<Action> {
        let retired = self.workers.iter().filter(|worker| worker.role == Role::Retired);
        let retired: Vec<_> = retired.map(|worker| worker.pid).collect();
        let too_many = retired.len().saturating_sub(MOST_RETIRED);
        retired[..too_many].iter().map(|pid| Action::Stop(*pid)).collect()
    }

    fn ended(&mut self, pid: Pid, how: String, now: Instant) -> Vec<Action> {
        let Some(worker) = self.workers.extract_if(.., |worker| worker.pid == pid).next() else {
            return Vec::new();
        };
        let age = now - worker.started;
        match (worker.role, worker.failure) {
            _ if self.is_stopping() => Vec::new(),
            (Role::Retired, _) => vec![info(format!("the old worker {pid} has finished"))],
            (Role::First, failure) => {
                let how = || format!("the worker ended while it started: {how}");
                vec![Action::Fail(failure.unwrap_or_else(how))]
            }
            (Role::Candidate, failure) => {
                vec![error(format!("{UPGRADE_FAILED}: {}", failure.unwrap_or(how)))]
            }
            (Role::Current | Role::Restarted, failure) => {
                self.crashed(pid, &failure.unwrap_or(how), age, now)
            }
        }
    }

    fn crashed(&mut self, pid: Pid, why: &str, age: Duration, now: Instant) -> Vec<Action> {
        if age >= GOOD_LIFE {
            self.backoff = Backoff::new();
        }
        let pause = self.pause(now);
        vec![error(format!("worker {pid} ended: {why}; another one starts in {pause:?}"))]
    }

    fn pause(&mut self, now: Instant) -> Duration {
        let pause = self.backoff.next();
        self.phase = Phase::Pausing { until: now + pause };
        pause
    }

    // The time.

    fn tick(&mut self, now: Instant) -> Vec<Action> {
        let mut actions = self.kill_silent(now);
        actions.extend(self.tell_old_workers());
        match self.phase {
            Phase::Pausing { until } if until <= now => {
                self.phase = Phase::Serving;
                actions.push(Action::Start(Role::Restarted));
            }
            Phase::Stopping { until, .. } if until <= now => {
                self.phase = Phase::Stopping { start_until: now + GRACE, until: now + GRACE };
                let said =
                    "the time to finish is over: responses that are still under way are cut off";
                actions.push(Action::Log(Level::WARN, said.to_owned()));
                actions.extend(self.kill_all());
            }
            Phase::Stopping { start_until, until } if start_until <= now => {
                self.phase = Phase::Stopping { start_until: until, until };
                actions.extend(self.kill_starting());
            }
            _ => {}
        }
        actions
    }

    /// The current worker shows how many are retired.
    fn tell_old_workers(&mut self) -> Option<Action> {
        if self.is_stopping() {
            return None;
        }
        let current = self.workers.iter().find(|worker| worker.role == Role::Current)?.pid;
        let retired = self.workers.iter().filter(|worker| worker.role == Role::Retired).count();
        let known = self.known.filter(|(pid, _)| *pid == current).map_or(0, |(_, known)| known);
        self.known = Some((current, retired));
        (known != retired).then_some(Action::TellOldWorkers(current, retired))
    }

    /// Kills workers that do not come to their start's end, and those that hang. Each has as much
    /// time again to end, before it is killed once more.
    fn kill_silent(&mut self, now: Instant) -> Vec<Action> {
        let silent = self.workers.iter_mut().filter(|worker| worker.is_silent(now));
        let killed = silent.flat_map(|worker| {
            worker.seen = now;
            let (pid, patience) = (worker.pid, worker.patience());
            let said = format!("worker {pid} has been silent for {patience:?}: it is killed");
            [error(said), Action::Kill(pid)]
        });
        killed.collect()
    }

    fn kill_all(&self) -> impl Iterator<Item = Action> {
        self.workers.iter().map(|worker| Action::Kill(worker.pid))
    }

    /// A worker that has not started has no clients that it could finish with.
    fn kill_starting(&self) -> impl Iterator<Item = Action> {
        let starting = self.workers.iter().filter(|worker| worker.is_starting());
        starting.map(|worker| Action::Kill(worker.pid))
    }

    fn reassure(&self, now: Instant) -> Vec<Action> {
        let serves = |worker: &Worker| worker.role == Role::Current && !worker.is_silent(now);
        let is_well = self.workers.iter().any(serves);
        is_well.then_some(Action::Notify(Notice::AllIsWell)).into_iter().collect()
    }

    // An upgrade.

    fn upgrade(&mut self) -> Vec<Action> {
        if self.is_stopping() {
            return Vec::new();
        }
        if self.workers.iter().any(|worker| worker.role == Role::Candidate) {
            let said = "an upgrade is under way already".to_owned();
            return vec![Action::Log(Level::WARN, said)];
        }
        vec![Action::Start(Role::Candidate)]
    }

    /// Hands over, unless a signal that came before, or the end of the new worker, was against it.
    fn held(&self) -> Vec<Action> {
        match self.phase {
            Phase::HandingOver => vec![Action::Notify(Notice::HandingOver), Action::HandOver],
            _ => vec![Action::ReleaseSignals],
        }
    }

    fn not_handed_over(&mut self, why: &str) -> Vec<Action> {
        self.phase = Phase::Serving;
        let said = "the new worker serves, but its supervisor cannot take over";
        vec![error(format!("{said}: {why}")), Action::ReleaseSignals]
    }

    // The end.

    /// The first signal lets workers finish the requests under way; the second one kills them.
    fn stop(&mut self, now: Instant) -> Vec<Action> {
        if self.is_stopping() {
            return self.kill_all().collect();
        }
        self.phase = Phase::Stopping { start_until: now + GRACE, until: now + self.time_to_stop };
        let stops = self.workers.iter().map(|worker| Action::Stop(worker.pid));
        [Action::Notify(Notice::Stopping)].into_iter().chain(stops).collect()
    }
}

impl Worker {
    fn new(pid: Pid, role: Role, now: Instant) -> Self {
        Self { pid, role, started: now, seen: now, failure: None }
    }

    fn is_starting(&self) -> bool {
        matches!(self.role, Role::First | Role::Restarted | Role::Candidate)
    }

    /// Whether clients are served by it, or will be when it has started.
    fn is_in_charge(&self) -> bool {
        matches!(self.role, Role::First | Role::Restarted | Role::Current)
    }

    /// How long it may be silent.
    fn patience(&self) -> Duration {
        if self.is_starting() { STARTING } else { SILENCE }
    }

    fn is_silent(&self, now: Instant) -> bool {
        now - self.seen > self.patience()
    }
}

fn reload() -> Vec<Action> {
    let (before, after) = (Notice::Reloading, Notice::Reloaded);
    let acts = [Action::ReloadCertificate, Action::LookUpUpstream];
    [Action::Notify(before)].into_iter().chain(acts).chain([Action::Notify(after)]).collect()
}

fn info(said: String) -> Action {
    Action::Log(Level::INFO, said)
}

fn error(said: String) -> Action {
    Action::Log(Level::ERROR, said)
}

#[cfg(test)]
mod tests;
