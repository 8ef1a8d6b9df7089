//! The supervisor: the process that was started. It opens the sockets, reads the certificate,
//! starts a worker and watches it. It never reads a byte from the network.
//!
//! [`lifecycle`], a state machine without I/O, decides. This module waits for events, passes them
//! in, and carries out the actions that come out. Each means of doing that is a module: [`program`]
//! starts executables, [`sockets`] and [`unix_socket`] open listeners, [`certificate`] reads files, [`workers`] has the
//! children's channels, [`handover`] is the exec of an upgrade, [`signals`] come in, notices to the
//! [`service_manager`] go out, and [`banner`] prints the first lines.

pub(crate) mod accounts;
mod backoff;
mod banner;
pub(crate) mod certificate;
mod foreign;
mod handover;
mod lifecycle;
mod lookup;
mod maintenance;
pub(crate) mod program;
mod reports;
mod service_manager;
mod signals;
mod sockets;
pub(crate) mod unix_socket;
mod workers;

use std::{
    collections::VecDeque,
    future::pending,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Error, Result, ensure};
use hardtack_bundle::Bundle;
use hardtack_serve::{
    channel::{Channel, Order, Report},
    log::{self, DroppedLines, Log},
    tls::{NO_CERTIFICATE, Pem, TicketKeys},
};
use rustix::process::{Pid, Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    runtime,
    time::{Interval, sleep_until},
};
use tracing::{Level, error, info, warn};

use self::{
    certificate::{Files, Found},
    handover::{Inherited, State},
    lifecycle::{Action, Event, Lifecycle, Role},
    lookup::Lookup,
    maintenance::Maintenance,
    program::{Executable, Program},
    service_manager::{Notice, ServiceManager, Watchdog, every},
    signals::{Signal, Signals},
    sockets::Listener,
    workers::{Handed, Worker, Workers},
};
use crate::settings::Settings;

/// How often the supervisor looks for events without a signal: another certificate, a worker that
/// hangs.
const ROUND: Duration = Duration::from_secs(1);

/// Serves the bundle until it is told to stop. The warnings are the first lines of the log.
pub(crate) fn supervise(
    bundle: &Bundle<'static>,
    settings: &Settings,
    warnings: &[String],
) -> Result<()> {
    // Signals are for this thread alone, which can hold them: the log's has none.
    signals::block()?;
    let log = Log::begin(settings.log.format, settings.log.severity)?;
    warnings.iter().for_each(|warning| warn!("{warning}"));
    raise_limit_of_files();
    forbid_core_dumps();
    foreign::keep_from_children();
    let program = Program::running(settings.user.as_deref())?;
    let predecessor = program::predecessor()?;
    runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let mut supervisor = Supervisor::new(bundle, settings, program, log)?;
        let first = match predecessor {
            None => supervisor.open(settings)?,
            Some(predecessor) => supervisor.succeed(&predecessor).await?,
        };
        supervisor.run(first).await
    })
}

/// Raises the limit of open files to the most that the system allows: each connection is one.
fn raise_limit_of_files() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        warn!("cannot raise the limit of open files: {error}");
    }
}

/// A core dump would hold the certificate's key.
fn forbid_core_dumps() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(error) = setrlimit(Resource::Core, none) {
        warn!("cannot forbid core dumps: {error}");
    }
}

/// The means by which actions are carried out and events are noticed.
struct Supervisor {
    bundle: Bundle<'static>,
    log: Log,
    dropped_lines: DroppedLines,
    log_format: log::Format,
    program: Program,
    files: Option<Files>,
    certificate: Option<Pem>,
    ticket_keys: TicketKeys,
    upstream: Lookup,
    maintenance: Maintenance,
    listeners: Vec<Listener>,
    backlog: u16,
    workers: Workers,
    lifecycle: Lifecycle,
    signals: Signals,
    service_manager: ServiceManager,
    watchdog: Watchdog,
    rounds: Interval,
}

impl Supervisor {
    fn new(
        bundle: &Bundle<'static>,
        settings: &Settings,
        program: Program,
        log: Log,
    ) -> Result<Self> {
        let drain = settings.worker.drain;
        Ok(Self {
            bundle: *bundle,
            dropped_lines: log.dropped(),
            log,
            log_format: settings.log.format,
            program,
            files: settings.certificate.clone().map(Files::of),
            certificate: None,
            ticket_keys: TicketKeys::new(SystemTime::now())?,
            upstream: Lookup::of(settings.upstream.as_ref()),
            maintenance: Maintenance::of(settings.maintenance_file.clone()),
            listeners: Vec::new(),
            backlog: settings.listening.backlog,
            workers: Workers::default(),
            lifecycle: Lifecycle::new(drain.delay + drain.timeout),
            signals: Signals::new()?,
            service_manager: ServiceManager::of_environment(),
            watchdog: Watchdog::asked_for(),
            rounds: every(ROUND),
        })
    }

    /// Begins without a predecessor: opens the listeners.
    fn open(&mut self, settings: &Settings) -> Result<Event> {
        self.certificate = self.files.as_mut().map(Files::read).transpose()?.map(warned);
        self.listeners = sockets::open(&settings.listening, settings.worker.threads)?;
        let has_tls = self.listeners.iter().any(Listener::speaks_tls);
        ensure!(!has_tls || self.certificate.is_some(), NO_CERTIFICATE);
        Ok(Event::Opened)
    }

    /// Takes over from the supervisor of another release.
    async fn succeed(&mut self, predecessor: &Channel) -> Result<Event> {
        let inherited = Inherited::receive(predecessor)?;
        self.listeners = inherited.listeners;
        self.certificate = inherited.certificate;
        self.ticket_keys = inherited.ticket_keys;
        self.workers = inherited.workers;
        let (version, release) = (env!("CARGO_PKG_VERSION"), self.bundle.release_id().short());
        info!("supervising as hardtack {version}, release {release}");
        // The file may have come or gone since the predecessor looked.
        self.workers.tell_all(&Order::Maintain(self.maintenance.is_on())).await;
        if self.files.is_some() {
            // It may have changed since the predecessor read it.
            self.reload_certificate().await;
        }
        self.service_manager.tell(&Notice::Serving(release.to_string()));
        Ok(Event::Inherited(inherited.roles))
    }

    /// Goes on until all workers have ended as they should.
    async fn run(mut self, first: Event) -> Result<()> {
        let outcome = self.follow(first).await;
        self.close();
        outcome
    }

    async fn follow(&mut self, first: Event) -> Result<()> {
        let mut events = VecDeque::from([first]);
        loop {
            while let Some(event) = events.pop_front() {
                for action in self.lifecycle.on(event, Instant::now()) {
                    if let Some(outcome) = self.carry_out(action).await? {
                        events.push_front(outcome);
                    }
                }
            }
            if self.lifecycle.is_over() {
                return Ok(());
            }
            events.extend(self.next_events().await);
        }
    }

    // Events.

    /// Waits until something happens. While signals are held, only those that came before count;
    /// the reports of workers, and their ends, are left to the successor.
    async fn next_events(&mut self) -> Vec<Event> {
        if self.signals.are_held() {
            let signal = self.signals.next().await;
            return signal.map_or_else(|| vec![Event::Held], |signal| self.signalled(signal));
        }
        let due = self.lifecycle.due();
        tokio::select! {
            (pid, report) = self.workers.next_report() => believed(pid, report, self.workers.reap()),
            Some(signal) = self.signals.next() => self.signalled(signal),
            () = self.watchdog.next() => vec![Event::Watchdog],
            () = at(due) => vec![Event::Tick],
            sockets = self.upstream.next() => {
                self.workers.tell_all(&Order::Upstream(sockets)).await;
                Vec::new()
            }
            _ = self.rounds.tick() => self.look_after().await,
        }
    }

    fn signalled(&mut self, signal: Signal) -> Vec<Event> {
        match signal {
            Signal::Stop => vec![Event::Stop],
            Signal::Reload => vec![Event::Reload],
            Signal::Upgrade => vec![Event::Upgrade],
            // It may go unheeded: each round looks for ends too.
            Signal::Child if self.signals.are_held() => Vec::new(),
            Signal::Child => self.workers.reap(),
        }
    }

    async fn look_after(&mut self) -> Vec<Event> {
        self.service_manager.tell_on();
        self.dropped_lines.tell();
        if self.maintenance.has_changed() {
            self.workers.tell_all(&Order::Maintain(self.maintenance.is_on())).await;
        }
        self.rotate_ticket_keys().await;
        let mut events = self.workers.reap();
        if self.files.as_ref().is_some_and(Files::have_changed) {
            events.push(Event::Reload);
        }
        events.push(Event::Tick);
        events
    }

    // Actions.

    /// Carries an action out; some have an outcome, which is the next event.
    async fn carry_out(&mut self, action: Action) -> Result<Option<Event>> {
        match action {
            Action::Start(role) => return Ok(Some(self.start(role))),
            Action::HandOver => return Ok(Some(self.hand_over())),
            Action::Fail(why) => return Err(Error::msg(why)),
            Action::Retire(pid) => self.workers.tell(pid, &Order::Retire).await,
            Action::TellOldWorkers(pid, number) => {
                let number = u32::try_from(number).unwrap_or(u32::MAX);
                self.workers.tell(pid, &Order::OldWorkers(number)).await;
            }
            Action::Stop(pid) => self.workers.tell(pid, &Order::Stop).await,
            Action::Kill(pid) => self.workers.kill(pid),
            Action::Announce { sandbox } => self.announce(&sandbox),
            Action::Log(level, line) => write(level, &line),
            Action::Notify(notice) => self.service_manager.tell(&notice),
            Action::ReloadCertificate => self.reload_certificate().await,
            Action::LookUpUpstream => self.upstream.begin(Instant::now()),
            Action::CloseListeners => self.close(),
            Action::HoldSignals => self.signals.hold()?,
            Action::ReleaseSignals => self.signals.release()?,
        }
        Ok(None)
    }

    fn start(&mut self, role: Role) -> Event {
        // A crash is no upgrade, even if another executable has been put there already.
        let is_upgrade = role == Role::Candidate;
        let executable = if is_upgrade { Executable::Installed } else { Executable::Running };
        if is_upgrade {
            info!("upgrading to {}", self.program.path().display());
        }
        for listener in &self.listeners {
            if let Err(error) = listener.put_right(self.backlog) {
                warn!("cannot put the listener {} right: {error}", listener.endpoint.address);
            }
        }
        let handed = Handed {
            listeners: &self.listeners,
            certificate: self.certificate.as_ref(),
            ticket_keys: &self.ticket_keys,
            is_maintained: self.maintenance.is_on(),
        };
        match self.workers.start(&self.program, executable, handed) {
            Ok(pid) => Event::Started(pid, role),
            Err(error) => Event::NotStarted(role, format!("{error:#}")),
        }
    }

    /// Becomes the executable that the new worker is of. Returns only if that fails.
    fn hand_over(&self) -> Event {
        // Each has a role: the lifecycle learns at once of a child that was started or has ended.
        let heir = |worker| Some((worker, self.lifecycle.role(Worker::pid(worker))?));
        let heirs: Vec<_> = self.workers.iter().filter_map(heir).collect();
        let state = State {
            listeners: &self.listeners,
            certificate: self.certificate.as_ref(),
            ticket_keys: &self.ticket_keys,
            workers: &heirs,
        };
        self.log.settle();
        let error = handover::hand_over(&self.program, &state);
        Event::NotHandedOver(format!("{error:#}"))
    }

    fn announce(&self, sandbox: &str) {
        banner::announce(&self.bundle, &self.listeners, sandbox, self.log_format);
    }

    /// Reads the certificate again, and gives it to the workers if it is another one.
    async fn reload_certificate(&mut self) {
        let Some(files) = &mut self.files else {
            return info!("there is no certificate to read again");
        };
        match files.read() {
            Ok(found) if self.certificate.as_ref() == Some(&found.pem) => {
                info!("the certificate is the same")
            }
            Ok(found) => {
                info!("the certificate was read again");
                let pem = warned(found);
                self.certificate = Some(pem.clone());
                self.workers.tell_all(&Order::Certificate(pem)).await;
            }
            Err(error) => error!("the old certificate stays in use: {error:#}"),
        }
    }

    /// Gives the workers another key of session tickets, if the current one has had its time.
    async fn rotate_ticket_keys(&mut self) {
        match self.ticket_keys.rotated(SystemTime::now()) {
            Ok(None) => {}
            Ok(Some(keys)) => {
                self.ticket_keys = keys.clone();
                self.workers.tell_all(&Order::TicketKeys(keys)).await;
            }
            Err(error) => warn!("the key of session tickets stays in use: {error}"),
        }
    }

    /// Closes the sockets, so that clients which connect are told at once.
    fn close(&mut self) {
        self.listeners.drain(..).for_each(|listener| listener.remove_path());
    }
}

/// The certificate, after its warnings were logged.
fn warned(found: Found) -> Pem {
    found.warnings.iter().for_each(|warning| warn!("{warning}"));
    found.pem
}

/// The events of a report and of the workers that have ended since. A worker that has ended is not
/// ready any more, even if its report says so.
fn believed(pid: Pid, report: Option<Report>, ends: Vec<Event>) -> Vec<Event> {
    let has_ended = ends.iter().any(|end| matches!(end, Event::Ended(ended, _) if *ended == pid));
    let counts = |report: &Report| !has_ended || matches!(report, Report::Failed(_));
    let reported = report.filter(counts).map(|report| Event::Reported(pid, report));
    reported.into_iter().chain(ends).collect()
}

async fn at(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due.into()).await,
        None => pending().await,
    }
}

fn write(level: Level, line: &str) {
    match level {
        Level::ERROR => error!("{line}"),
        Level::WARN => warn!("{line}"),
        _ => info!("{line}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events that come of a report of worker 1, by their names.
    fn events(report: Option<Report>, ended: &[i32]) -> Vec<&'static str> {
        let pid = |number| Pid::from_raw(number).unwrap();
        let ends = ended.iter().map(|number| Event::Ended(pid(*number), "signal 9".to_owned()));
        let name = |event| if let Event::Ended(..) = event { "ended" } else { "reported" };
        believed(pid(1), report, ends.collect()).into_iter().map(name).collect()
    }

    #[test]
    fn a_worker_that_has_ended_is_not_ready_any_more() {
        let ready = || Some(Report::Ready { sandbox: String::new(), release: String::new() });
        assert_eq!(events(ready(), &[]), ["reported"]);
        assert_eq!(events(ready(), &[1]), ["ended"]);
        assert_eq!(events(ready(), &[2]), ["reported", "ended"]);
        assert_eq!(events(ready(), &[2, 1]), ["ended", "ended"]);
        assert_eq!(events(Some(Report::Failed(String::new())), &[1]), ["reported", "ended"]);
        assert_eq!(events(None, &[2]), ["ended"]);
    }
}
