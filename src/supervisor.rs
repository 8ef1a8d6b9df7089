//! The supervisor: the process that was started. It opens the sockets, reads the certificate,
//! starts a worker and watches it. It never reads a byte from the network.
//!
//! Its duties, a module each: [`program`] starts executables, [`sockets`] opens what is listened
//! on, [`certificate`] reads files, [`handover`] is an upgrade in place, [`workers`] knows the
//! children, [`signals`] hears what it is told, [`watchdog`] knows when to say that all is well.

pub(crate) mod certificate;
mod handover;
pub(crate) mod program;
mod signals;
mod sockets;
mod watchdog;
mod workers;

use std::{io::Write, time::Duration};

use anyhow::{Result, anyhow};
use hardtack_bundle::Bundle;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, setrlimit};
use sd_notify::NotifyState;
use tokio::{
    runtime,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};
use tracing::{error, info, warn};

use self::{
    certificate::Files,
    handover::Inherited,
    program::Program,
    signals::{Signal, Signals},
    sockets::Listener,
    watchdog::Watchdog,
    workers::{Event, Role, Workers},
};
use crate::{
    channel::{Order, Pem, Report, Speaks},
    cli::{EMPHASIS, Serve},
    log,
};

/// How often it looks after what no signal tells: the certificate's files, a worker that hangs.
const ROUND: Duration = Duration::from_secs(1);
/// How long a worker may take to start.
const STARTING: Duration = Duration::from_secs(60);
/// How long a worker may be silent; it says every few seconds that it is alive.
const SILENCE: Duration = Duration::from_secs(30);
/// The pause before a worker that crashed is started again; it doubles with each crash.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A worker that lived so long has not crashed because of how it was started.
const GOOD_LIFE: Duration = Duration::from_secs(60);
/// What a worker may take to end beyond the time that clients have.
const GRACE: Duration = Duration::from_secs(5);

/// Serves the bundle until it is told to stop.
pub(crate) fn supervise(bundle: &Bundle<'static>, options: &Serve) -> Result<()> {
    log::begin(options.log_format, options.log_level)?;
    raise_limit_of_files();
    let program = Program::running(options.user.as_deref())?;
    let mut files = Files::of(options);
    let predecessor = program::predecessor()?;
    runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let signals = Signals::new()?;
        let inherited = match &predecessor {
            Some(channel) => Inherited::receive(channel)?,
            None => {
                let certificate = files.as_mut().map(Files::read).transpose()?;
                Inherited::of_nobody(sockets::open(options)?, certificate)
            }
        };
        let supervisor = Supervisor {
            bundle: *bundle,
            options: options.clone(),
            program,
            files,
            certificate: inherited.certificate,
            listeners: inherited.listeners,
            workers: inherited.workers,
            stage: Stage::Serving,
            is_succeeded: false,
            pause: SHORTEST_PAUSE,
            restart_at: None,
            failure: None,
        };
        supervisor.run(signals, predecessor.is_some()).await
    })
}

/// As many open files as the system lets this process have: each connection is one.
fn raise_limit_of_files() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        warn!("cannot raise the limit of open files: {error}");
    }
}

struct Supervisor {
    bundle: Bundle<'static>,
    options: Serve,
    program: Program,
    files: Option<Files>,
    certificate: Option<Pem>,
    listeners: Vec<Listener>,
    workers: Workers,
    stage: Stage,
    /// Whether a worker of another executable serves, which this process is to become.
    is_succeeded: bool,
    /// Before the next worker that takes the place of a crashed one, and when that is.
    pause: Duration,
    restart_at: Option<Instant>,
    /// What a worker that could not start said.
    failure: Option<String>,
}

enum Stage {
    Serving,
    /// Until when the workers may take to end.
    Stopping(Instant),
}

impl Supervisor {
    async fn run(mut self, signals: Signals, is_successor: bool) -> Result<()> {
        let outcome = self.watch(signals, is_successor).await;
        self.close();
        outcome
    }

    /// Goes on until all workers have ended as they should.
    async fn watch(&mut self, mut signals: Signals, is_successor: bool) -> Result<()> {
        let mut watchdog = Watchdog::asked_for();
        let mut rounds = interval(ROUND);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        match is_successor {
            true => self.succeed().await,
            false => self.start_worker(Role::First).await?,
        }
        loop {
            let restart_at = self.restart_at.unwrap_or_else(Instant::now);
            tokio::select! {
                event = self.workers.next_event() => self.hear(event).await?,
                signal = signals.next() => self.obey(signal).await?,
                () = watchdog.next() => self.reassure(),
                () = sleep_until(restart_at), if self.restart_at.is_some() => {
                    self.look_after().await?;
                }
                _ = rounds.tick() => self.look_after().await?,
            }
            // A successor could not be told how a worker ended that is gone already.
            if self.is_succeeded && !self.workers.is_any_reaped() {
                self.hand_over(&mut signals).await?;
            }
            if !self.is_serving() && self.workers.are_gone() {
                return Ok(());
            }
        }
    }

    /// What a worker says.
    async fn hear(&mut self, (pid, report): Event) -> Result<()> {
        match report {
            Some(Report::Ready { sandbox, release }) => {
                self.worker_is_ready(pid, &sandbox, &release).await;
            }
            Some(Report::Failed(message)) => self.failure = Some(message),
            Some(Report::Alive) => self.workers.is_alive(pid),
            Some(Report::Closed) => self.close(),
            None => {
                self.workers.is_silent(pid);
                return self.learn_of_ends();
            }
        }
        Ok(())
    }

    async fn obey(&mut self, signal: Signal) -> Result<()> {
        match (signal, &self.stage) {
            (Signal::Child, _) => return self.learn_of_ends(),
            (Signal::Stop, Stage::Serving) => self.stop().await,
            (Signal::Stop, Stage::Stopping(_)) => self.workers.kill_all(),
            (Signal::Reload, _) => self.reload().await,
            (Signal::Upgrade, Stage::Serving) => self.start_upgrade().await,
            (Signal::Upgrade, Stage::Stopping(_)) => {}
        }
        Ok(())
    }

    async fn look_after(&mut self) -> Result<()> {
        if self.files.as_ref().is_some_and(Files::have_changed) {
            self.reload().await;
        }
        if self.restart_at.is_some_and(|at| at <= Instant::now()) {
            self.restart_at = None;
            if let Err(error) = self.start_worker(Role::Restarted).await {
                error!("cannot start a worker: {error:#}");
                self.restart_later();
            }
        }
        self.workers.kill_silent(STARTING, SILENCE);
        if matches!(self.stage, Stage::Stopping(until) if until <= Instant::now()) {
            warn!("the time to finish is over: what is still under way is cut off");
            self.stage = Stage::Stopping(Instant::now() + GRACE);
            self.workers.kill_all();
        }
        // Whoever started this may have blocked the signal that tells of it.
        self.learn_of_ends()
    }

    async fn start_worker(&mut self, role: Role) -> Result<()> {
        let certificate = self.certificate.as_ref();
        self.workers.start(&self.program, role, &self.listeners, certificate).await
    }

    fn is_serving(&self) -> bool {
        matches!(self.stage, Stage::Serving)
    }

    async fn worker_is_ready(&mut self, id: Pid, sandbox: &str, release: &str) {
        if !self.is_serving() {
            // It has been told to stop already.
            return;
        }
        let Some(role) = self.workers.promote(id) else { return };
        let pid = id.as_raw_nonzero();
        match role {
            Role::First => self.announce(sandbox),
            Role::Candidate => {
                info!("upgraded: worker {pid} serves release {release}; {sandbox}");
                self.restart_at = None;
                self.workers.retire_others(id).await;
                self.is_succeeded = true;
            }
            _ => info!("worker {pid} serves"),
        }
        notify(&[NotifyState::Ready, NotifyState::Status(&format!("serving release {release}"))]);
    }

    /// Becomes the executable that the new worker is of. If that fails, this process goes on.
    async fn hand_over(&mut self, signals: &mut Signals) -> Result<()> {
        self.is_succeeded = false;
        signals.hold()?;
        while let Some(signal) = signals.heard().await {
            // A child that has ended is the successor's to hear of.
            if signal != Signal::Child {
                self.obey(signal).await?;
            }
        }
        if self.is_serving() {
            notify(&[NotifyState::Status("upgrading")]);
            let (listeners, certificate) = (&self.listeners, self.certificate.as_ref());
            let error = handover::hand_over(&self.program, listeners, certificate, &self.workers);
            error!("the new worker serves, but its supervisor cannot take over: {error:#}");
        }
        Ok(signals.release()?)
    }

    /// Takes over from the supervisor of another release.
    async fn succeed(&mut self) {
        let (version, release) = (env!("CARGO_PKG_VERSION"), self.bundle.release_id().short());
        info!("supervising as hardtack {version}, release {release}");
        if self.files.is_some() {
            // It may have changed since the predecessor read it.
            self.reload_certificate().await;
        }
        notify(&[NotifyState::Ready, NotifyState::Status(&format!("serving release {release}"))]);
    }

    async fn start_upgrade(&mut self) {
        if self.workers.has(Role::Candidate) {
            return warn!("an upgrade is under way already");
        }
        info!("upgrading to {}", self.program.path().display());
        self.failure = None;
        if let Err(error) = self.start_worker(Role::Candidate).await {
            error!("the upgrade failed, and everything goes on as before: {error:#}");
        }
    }

    async fn reload(&mut self) {
        let now = NotifyState::monotonic_usec_now().into_iter();
        notify(&[NotifyState::Reloading].into_iter().chain(now).collect::<Vec<_>>());
        self.reload_certificate().await;
        notify(&[NotifyState::Ready]);
    }

    async fn reload_certificate(&mut self) {
        let Some(files) = &mut self.files else {
            return info!("there is no certificate to read again");
        };
        match files.read() {
            Ok(pem) if self.certificate.as_ref() == Some(&pem) => {
                info!("the certificate is the same")
            }
            Ok(pem) => {
                info!("the certificate was read again");
                self.certificate = Some(pem.clone());
                self.workers.tell_all(&Order::Certificate(pem)).await;
            }
            Err(error) => error!("the old certificate stays in use: {error:#}"),
        }
    }

    /// What follows when workers have ended.
    fn learn_of_ends(&mut self) -> Result<()> {
        self.workers.reap();
        for (worker, status) in self.workers.take_ended() {
            let pid = worker.pid();
            match worker.role {
                _ if matches!(self.stage, Stage::Stopping(_)) => {}
                Role::First => return Err(self.cannot_start(&status)),
                Role::Candidate => {
                    let why = self.failure.take().unwrap_or(status);
                    error!("the upgrade failed, and everything goes on as before: {why}");
                }
                Role::Retired => info!("the old worker {pid} has finished"),
                Role::Current | Role::Restarted => {
                    if worker.age() >= GOOD_LIFE {
                        self.pause = SHORTEST_PAUSE;
                    }
                    let why = self.failure.take().unwrap_or(status);
                    error!("worker {pid} ended: {why}; another one starts in {:?}", self.pause);
                    self.restart_later();
                }
            }
        }
        Ok(())
    }

    fn restart_later(&mut self) {
        self.restart_at = Some(Instant::now() + self.pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }

    fn cannot_start(&mut self, status: &str) -> anyhow::Error {
        match self.failure.take() {
            Some(message) => anyhow!(message),
            None => anyhow!("the worker ended while it started: {status}"),
        }
    }

    async fn stop(&mut self) {
        notify(&[NotifyState::Stopping]);
        let time = self.options.shutdown_delay + self.options.drain_timeout + GRACE;
        self.stage = Stage::Stopping(Instant::now() + time);
        self.restart_at = None;
        self.workers.tell_all(&Order::Stop).await;
    }

    /// Tells the service manager that all is well, if it is.
    fn reassure(&self) {
        if self.workers.are_well(SILENCE) {
            notify(&[NotifyState::Watchdog]);
        }
    }

    /// Closes the sockets, so that who connects is told at once.
    fn close(&mut self) {
        self.listeners.drain(..).for_each(|listener| listener.remove_path());
    }

    /// Says where it listens and what it carries.
    fn announce(&self, sandbox: &str) {
        let (version, release) = (env!("CARGO_PKG_VERSION"), self.bundle.release_id().short());
        let listening: Vec<_> = self.listeners.iter().map(|one| self.shown(one)).collect();
        if !log::is_human(self.options.log_format) {
            let places = |wanted| {
                let places = listening.iter().filter(|(what, _)| *what == wanted);
                places.map(|(_, place)| place.as_str()).collect::<Vec<_>>().join(" ")
            };
            let (listening, admin) = (places(LISTENING), places(ADMIN));
            let totals = self.bundle.totals();
            return info!(version, release, listening, admin, sandbox, "serving {totals}");
        }
        let mut out = anstream::stdout().lock();
        let mut text = format!("{EMPHASIS}hardtack {version}{EMPHASIS:#}, release {release}\n");
        text += &format!("  carrying   {}\n  sandbox    {sandbox}\n", self.bundle.totals());
        for (what, place) in listening {
            text += &format!("  {what:10} {EMPHASIS}{place}{EMPHASIS:#}\n");
        }
        // Nobody may be there to read it.
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).ok();
    }

    fn shown(&self, listener: &Listener) -> (&'static str, String) {
        let (scheme, path) = match listener.listening.speaks {
            Speaks::Http => ("http", self.bundle.at()),
            Speaks::Https => ("https", self.bundle.at()),
            Speaks::Admin => ("http", "/"),
        };
        let is_admin = listener.listening.speaks == Speaks::Admin;
        let what = if is_admin { ADMIN } else { LISTENING };
        let place = &listener.listening.place;
        match place.starts_with("unix:") {
            true => (what, format!("{scheme}://{place}")),
            false => (what, format!("{scheme}://{place}{path}")),
        }
    }
}

/// What the first lines call a place for clients, and one for operators.
const LISTENING: &str = "listening";
const ADMIN: &str = "admin";

/// Tells systemd, if it started this and wants to know (sd_notify(3)).
fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        warn!("cannot notify the service manager: {error}");
    }
}
