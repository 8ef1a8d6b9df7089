//! The worker: the process that serves. It is started by the supervisor, which gives it the
//! sockets and the certificate; when it has those, it gives up the right to anything else.

use std::{
    io, mem,
    net::TcpListener as StdTcpListener,
    os::{fd::OwnedFd, unix::net::UnixListener as StdUnixListener},
    panic::{self, PanicHookInfo},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64},
    },
    thread::Builder,
    time::Instant,
};

use axum::Router;
use hardtack::{CacheTags, CdnGuard};
use hardtack_bundle::Bundle;
use tokio::{
    net::{TcpListener, UnixListener},
    runtime,
    sync::mpsc,
    task::JoinHandle,
};
use tracing::{error, info};
use tracing_appender::non_blocking::NonBlocking;

use crate::{
    accept::{self, Accepting, Acceptor, Listening},
    access_log::AccessLog,
    census::Census,
    channel::{Channel, Listener, Protocol, Report, Start},
    control::Control,
    descriptors::{Division, Shared},
    lifecycle::Lifecycle,
    log::DroppedLines,
    metrics::{
        admin::{self, connections},
        reading::{Dropped, Instruments},
        tally::Tally,
    },
    queued::{Flush, queued},
    room::Room,
    sandbox::{self, InForce, SandboxError},
    server::Server,
    settings::{Admission, Settings},
    thread::{Open, Thread},
    tls::{self, CertificateError},
    upstream::{Health, Places, Resolved, Upstream},
    windows::Windows,
};

/// A site, its guard and its cache tags.
pub struct Site {
    /// The site.
    pub bundle: Bundle<'static>,
    /// The guard against clients that go around the CDN.
    pub guard: Option<CdnGuard>,
    /// The cache tags of its responses, if they have any.
    pub tags: Option<CacheTags>,
}

/// A worker that is ready to serve, and has given up its rights.
pub struct Worker {
    server: &'static Server,
    /// By thread.
    listening: Vec<Vec<Listening>>,
    admin: Vec<OwnedFd>,
    certificate: Option<Arc<tls::Current>>,
    tickets: Arc<tls::Tickets>,
    upstream: Option<Resolved>,
    division: Division,
    in_force: InForce,
}

/// Why a worker cannot serve.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
#[non_exhaustive]
pub enum WorkerError {
    /// Its sockets cannot be shared.
    Sockets(#[from] io::Error),
    /// Its certificate is not valid.
    Certificate(#[from] CertificateError),
    /// TLS cannot be spoken.
    Tls(#[from] rustls::Error),
    /// Its keys of session tickets cannot be used.
    TicketKeys(#[from] tls::TicketError),
    /// Its rights cannot be given up.
    Sandbox(#[from] SandboxError),
}

impl Worker {
    /// Takes the sockets and the certificate, and gives up the right to anything else. The calling
    /// thread has to be the only one.
    ///
    /// # Errors
    ///
    /// If the certificate is not valid, or the sandbox cannot be entered.
    pub fn new(
        site: Site,
        settings: Settings,
        start: Start,
        upstream: Option<Resolved>,
    ) -> Result<Self, WorkerError> {
        let (mut listening, mut admin) = arrange(start.listeners, settings.threads)?;
        let certificate = start.certificate.as_ref().map(tls::Current::new).transpose()?;
        let tickets = tls::Tickets::new(&start.ticket_keys)?;
        let tls = certificate
            .clone()
            .map(|certificate| tls::config(certificate, Arc::clone(&tickets)))
            .transpose()?;
        let allowed = allowed(&settings, upstream.is_some());
        let division = Division::of_process(allowed, settings.threads);
        let admission = Admission { connections: division.connections, ..settings.admission };
        let server = Server {
            bundle: site.bundle,
            has_error_pages: has_error_pages(&site.bundle),
            is_maintained: start.is_maintained.into(),
            guard: site.guard,
            tags: site.tags,
            census: Census::new(admission),
            windows: Windows::default(),
            tls,
            lifecycle: Lifecycle::new(),
            settings,
        };
        forbid_core_dumps()?;
        let shared = move_up(&mut listening, &mut admin, division)?;
        let in_force = sandbox::enter(server.settings.sandbox, upstream.as_ref(), shared)?;
        // The process has them until it ends.
        let server = Box::leak(Box::new(server));
        Ok(Self { server, listening, admin, certificate, tickets, upstream, division, in_force })
    }

    /// Serves until the supervisor says otherwise. The channel [does not
    /// wait](Channel::stop_waiting); the counter is that of the process's log.
    ///
    /// # Errors
    ///
    /// If a thread or a listener cannot be started, or the supervisor has gone.
    pub fn serve(mut self, channel: Channel, dropped: DroppedLines) -> io::Result<()> {
        panic::set_hook(Box::new(log_panic));
        self.tell_of_few_descriptors();
        let (listening, admin) = (mem::take(&mut self.listening), mem::take(&mut self.admin));
        let (access_log, _flush) = self.access_log().unzip();
        let (open, all_closed) = mpsc::channel(1);
        let (accepting, nobody_accepts) = mpsc::channel(1);
        let threads = self.threads(listening.len(), access_log.as_ref(), &open);
        let access = access_log.as_ref().map(NonBlocking::error_counter);
        let dropped_lines = dropped.clone();
        let dropped = Dropped { access, process: Some(dropped) };
        for (thread, listening) in threads.iter().zip(listening) {
            start(thread, listening, open.clone(), accepting.clone())?;
        }
        drop(accepting);
        runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
            let (receiver, mut sender) = channel.into_async_without_waiting(&[])?;
            let instruments = Arc::new(self.instruments(&threads, dropped));
            let router = admin::router(Arc::clone(&instruments), &self.server.settings.admin_hosts);
            let admin = serve_admin(admin, &router, self.admin_limits())?;
            let release = self.server.bundle.release_id().short().to_string();
            let sandbox = self.in_force.to_string();
            sender.send(&Report::Ready { sandbox, release }).await?;
            let control = Control {
                server: self.server,
                threads,
                certificate: self.certificate,
                tickets: self.tickets,
                upstream: self.upstream,
                receiver,
                sender,
                open: Some(open),
                all_closed,
                nobody_accepts,
                admin,
                is_draining: instruments.is_draining.clone(),
                old_workers: instruments.old_workers.clone(),
                dropped_lines,
            };
            control.run().await;
            Ok(())
        })
    }

    fn admin_limits(&self) -> connections::Limits {
        connections::Limits {
            connections: self.division.admin,
            header: self.server.settings.timeouts.header,
        }
    }

    /// The limit of open files, and not an option, may decide how many connections there are.
    fn tell_of_few_descriptors(&self) {
        let allowed = allowed(&self.server.settings, self.upstream.is_some());
        let Division { connections, upstream, .. } = self.division;
        if (connections, upstream) != (allowed.connections, allowed.upstream) {
            info!(
                connections,
                upstream_requests = upstream,
                "the limit of open files leaves room for fewer connections than the options allow: \
                 raise it (`ulimit -Hn`, `LimitNOFILE=`)"
            );
        }
    }

    fn access_log(&self) -> Option<(NonBlocking, Flush)> {
        self.server.settings.access_log.map(|_| queued("hardtack-access", io::stdout()))
    }

    fn threads(
        &self,
        count: usize,
        lines: Option<&NonBlocking>,
        open: &Open,
    ) -> Vec<&'static Thread> {
        let settings: &'static Settings = &self.server.settings;
        let room = Room::new(settings.forwarding.buffering.room, self.division.upstream);
        let places = Places::new(self.division.upstream);
        let threads = (0..count).map(|_| {
            let room = room.clone();
            let upstream = self.upstream.clone();
            let log = settings.access_log.zip(lines.cloned());
            let tally: &'static Tally = Box::leak(Box::default());
            let thread: &'static Thread = Box::leak(Box::new(Thread {
                server: self.server,
                tally,
                access_log: log.map(|(log, lines)| AccessLog::new(log.format, log.every, lines)),
                upstream: upstream.map(|upstream| {
                    let (places, stages) = (places.clone(), self.server.lifecycle.stages());
                    Upstream::new(upstream, &settings.forwarding, room, places, stages, tally)
                }),
                dormitory: OnceLock::new(),
                open: open.downgrade(),
                beats: AtomicU64::new(0),
            }));
            thread
        });
        threads.collect()
    }

    fn instruments(&self, threads: &[&'static Thread], dropped: Dropped) -> Instruments {
        let upstream = self.upstream.as_ref();
        Instruments {
            tallies: threads.iter().map(|thread| thread.tally).collect(),
            bundle: self.server.bundle,
            started: Instant::now(),
            is_draining: Arc::new(AtomicBool::new(false)),
            old_workers: Arc::default(),
            sandbox: self.in_force.to_string(),
            dropped,
            standby: &self.server.census.standby,
            certificate: self.certificate.clone(),
            health: upstream.and_then(|it| Health::of(it, &self.server.settings.forwarding)),
        }
    }
}

/// A core dump would hold the certificate's key, and the requests of clients. Other processes of the
/// user cannot read this one's memory either (ptrace(2)).
fn forbid_core_dumps() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Most connections of the admin listener: more than people, load balancers and Prometheus open.
const ADMIN_CONNECTIONS: usize = 32;

/// How many connections of each kind the options allow.
fn allowed(settings: &Settings, has_upstream: bool) -> Division {
    Division {
        connections: settings.admission.connections,
        upstream: if has_upstream { settings.forwarding.requests } else { 0 },
        admin: ADMIN_CONNECTIONS,
    }
}

/// A panic ends its request or its connection, and no more. Its text may be a client's.
fn log_panic(panic: &PanicHookInfo<'_>) {
    error!(panic = ?panic.to_string(), "a fault of this server ends a request");
}

/// Whether there is a page for any error that the upstream causes.
fn has_error_pages(bundle: &Bundle<'static>) -> bool {
    let has = |path: &str| bundle.asset(path).is_ok_and(|asset| asset.is_some());
    let pages = ["502.html", "503.html", "504.html", "maintenance.html"];
    // In a folder at the site's root, the logical path is the URL path.
    pages.iter().any(|page| has(page) || has(&format!("/{page}")))
}

/// The sockets of each thread, and those of the admin listener. A listener has a socket for each
/// thread, or the threads share those that it has: a Unix socket, or one of the process manager's.
fn arrange(
    listeners: Vec<Listener>,
    threads: usize,
) -> io::Result<(Vec<Vec<Listening>>, Vec<OwnedFd>)> {
    let most = listeners.iter().map(|listener| listener.sockets.len()).max().unwrap_or(1);
    let threads = threads.max(most);
    let mut by_thread: Vec<Vec<Listening>> = (0..threads).map(|_| Vec::new()).collect();
    let mut admin = Vec::new();
    for Listener { endpoint, mut sockets } in listeners {
        if endpoint.protocol == Protocol::Admin {
            admin.append(&mut sockets);
            continue;
        }
        while sockets.len() < threads {
            let first = sockets.first().ok_or_else(|| io::Error::other("it has no socket"))?;
            sockets.push(first.try_clone()?);
        }
        for (listening, socket) in by_thread.iter_mut().zip(sockets) {
            listening.push((endpoint.protocol, socket));
        }
    }
    Ok((by_thread, admin))
}

/// Moves the listeners to descriptors of their own, where the sandbox protects them.
fn move_up(
    listening: &mut Vec<Vec<Listening>>,
    admin: &mut Vec<OwnedFd>,
    division: Division,
) -> io::Result<Shared> {
    let sockets = listening.iter().map(Vec::len).sum::<usize>() + admin.len();
    let shared = Shared::above(division, listening.len(), sockets);
    let move_all = |listening: Vec<Listening>| {
        let moved = listening.into_iter().map(|(protocol, it)| Ok((protocol, shared.take(it)?)));
        moved.collect::<io::Result<_>>()
    };
    *listening = mem::take(listening).into_iter().map(move_all).collect::<io::Result<_>>()?;
    *admin = mem::take(admin).into_iter().map(|it| shared.take(it)).collect::<io::Result<_>>()?;
    #[cfg(feature = "break-out")]
    listening.iter().flatten().take(1).for_each(|(_, it)| sandbox::break_out::know(it, shared));
    Ok(shared)
}

fn start(
    thread: &'static Thread,
    listening: Vec<Listening>,
    open: Open,
    accepting: Accepting,
) -> io::Result<()> {
    let (ready, is_ready) = std::sync::mpsc::channel();
    Builder::new().name("hardtack-serve".to_owned()).spawn(move || match acceptors(listening) {
        Ok((runtime, acceptors)) => {
            ready.send(Ok(())).ok();
            accept::serve(&runtime, thread, acceptors, open, accepting);
        }
        Err(error) => drop(ready.send(Err(error))),
    })?;
    is_ready.recv().map_err(|_| io::Error::other("a thread ended at its start"))?
}

fn acceptors(listening: Vec<Listening>) -> io::Result<(runtime::Runtime, Vec<Acceptor>)> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let entered = runtime.enter();
    let acceptors = listening.into_iter().map(Acceptor::new).collect::<Result<_, _>>()?;
    drop(entered);
    Ok((runtime, acceptors))
}

/// Serves health, metrics and the status page in this thread, beside its other duties.
fn serve_admin(
    sockets: Vec<OwnedFd>,
    router: &Router,
    limits: connections::Limits,
) -> io::Result<Vec<JoinHandle<()>>> {
    let tasks = sockets.into_iter().map(|socket| {
        let router = router.clone();
        let is_unix = socket2::SockRef::from(&socket).domain()? == socket2::Domain::UNIX;
        Ok(if is_unix {
            let listener = UnixListener::from_std(StdUnixListener::from(socket))?;
            tokio::spawn(connections::serve(listener, router, limits))
        } else {
            let listener = TcpListener::from_std(StdTcpListener::from(socket))?;
            tokio::spawn(connections::serve(listener, router, limits))
        })
    });
    tasks.collect()
}
