//! `hardtack serve`: one thread a core, each with its own runtime and its own listener.
//!
//! Nothing is shared between the threads but the bundle, which is read-only, and the word to
//! stop. The kernel spreads the connections over the listeners (`SO_REUSEPORT`).

use std::{
    convert::Infallible,
    future::ready,
    io::{self, ErrorKind, Write},
    net::{SocketAddr, TcpListener as StdListener},
    pin::pin,
    sync::Arc,
    thread,
    time::Duration,
};

use anyhow::{Result, anyhow};
use hardtack::{Body, CdnGuard, respond};
use hardtack_bundle::Bundle;
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime,
    signal::unix::{self, SignalKind},
    sync::{mpsc, watch},
    time::{sleep, timeout},
};

use crate::{
    cli::{EMPHASIS, Serve, Time},
    timed::{Patience, Phase, Timed},
};

/// Most bytes of a request's header section. A larger one is answered with 431.
const HEADER_BYTES: usize = 32 * 1024;

/// Most fields of a request's header section. More are answered with 431.
const HEADER_FIELDS: usize = 100;

/// How long accepting pauses after it failed, most likely for want of file descriptors.
const BACK_OFF: Duration = Duration::from_millis(50);

/// Connections that wait to be accepted, a listener.
const BACKLOG: i32 = 1024;

/// Serves the bundle until SIGTERM or Ctrl-C, then finishes what is under way. A second signal
/// does not wait for that.
pub(crate) fn serve(bundle: Bundle<'static>, options: &Serve) -> Result<()> {
    let cores = thread::available_parallelism().map_or(1, Into::into);
    let listeners =
        listen(options.listen, cores).map_err(|error| cannot_listen(options.listen, &error))?;
    let address = listeners[0].local_addr()?;
    let time = options.time();
    let guard = CdnGuard::from_environment(bundle)?.map(Arc::new);
    let (stop, stopped) = watch::channel(());
    let (running, mut finished) = mpsc::channel::<()>(1);
    for listener in listeners {
        let (stopped, running) = (stopped.clone(), running.clone());
        let site = Site { bundle, guard: guard.clone() };
        let runtime = runtime()?;
        let serving = move || runtime.block_on(accept(listener, site, time, stopped, running));
        thread::Builder::new().name("hardtack-serve".to_owned()).spawn(serving)?;
    }
    drop((stopped, running));
    runtime()?.block_on(async {
        let mut signals = Signals::new()?;
        announce(&bundle, address)?;
        signals.next().await;
        drop(stop);
        tokio::select! {
            _ = finished.recv() => {}
            () = signals.next() => {}
        }
        Ok(())
    })
}

/// What is served, and to whom.
#[derive(Clone)]
struct Site {
    bundle: Bundle<'static>,
    guard: Option<Arc<CdnGuard>>,
}

impl Site {
    fn answer(&self, request: &Request<Incoming>) -> Response<Body> {
        let refusal = self.guard.as_ref().and_then(|guard| guard.refusal(request));
        refusal.unwrap_or_else(|| respond(&self.bundle, request))
    }
}

fn runtime() -> io::Result<runtime::Runtime> {
    runtime::Builder::new_current_thread().enable_all().build()
}

/// Says where it listens and what it carries.
fn announce(bundle: &Bundle<'_>, address: SocketAddr) -> Result<()> {
    let (version, release) = (env!("CARGO_PKG_VERSION"), bundle.release_id().short());
    let url = format!("http://{address}{}", bundle.at());
    let mut out = anstream::stdout().lock();
    writeln!(out, "{EMPHASIS}hardtack {version}{EMPHASIS:#}, release {release}")?;
    writeln!(out, "  carrying   {}", bundle.totals())?;
    writeln!(out, "  listening  {EMPHASIS}{url}{EMPHASIS:#}")?;
    Ok(out.flush()?)
}

/// Accepts connections until it is told to stop, then waits for those that are open.
async fn accept(
    listener: StdListener,
    site: Site,
    time: Time,
    mut stopped: watch::Receiver<()>,
    _running: mpsc::Sender<()>,
) {
    let listener = TcpListener::from_std(listener).expect("a runtime is running");
    let (open, mut closed) = mpsc::channel::<()>(1);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let patience = time.patience;
                let site = site.clone();
                tokio::spawn(connection(stream, site, patience, stopped.clone(), open.clone()));
            }
            Err(error) if is_of_connection(&error) => {}
            Err(error) => {
                anstream::eprintln!("hardtack: cannot accept a connection: {error}");
                sleep(BACK_OFF).await;
            }
        }
    }
    drop((listener, open));
    // Every connection holds a sender; there is nothing to receive but their end.
    timeout(time.drain, closed.recv()).await.ok();
}

/// Whether an error of `accept` is about the one connection, which is gone (accept(2)).
fn is_of_connection(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// Serves one connection. When it is told to stop, the response that is under way is the last.
async fn connection(
    stream: TcpStream,
    site: Site,
    patience: Patience,
    mut stopped: watch::Receiver<()>,
    _open: mpsc::Sender<()>,
) {
    // Without it, a response in two segments may wait for an acknowledgement between them.
    stream.set_nodelay(true).ok();
    let phase = Phase::default();
    let stream = Timed::new(stream, patience, phase.clone());
    let service = service_fn(move |request: Request<Incoming>| {
        phase.answering();
        ready(Ok::<_, Infallible>(site.answer(&request)))
    });
    let mut connection = pin!(
        http1::Builder::new()
            .max_buf_size(HEADER_BYTES)
            .max_headers(HEADER_FIELDS)
            .serve_connection(TokioIo::new(stream), service)
    );
    // An error here is the client's: it went away, let its time pass, or did not speak HTTP and was
    // told so.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.changed() => connection.as_mut().graceful_shutdown(),
    }
    connection.await.ok();
}

/// A listener for each core.
///
/// Sockets that share a port do not notice another program's that shares it too; a plain socket
/// does, so it is bound first, and tells which port is free if any will do.
fn listen(address: SocketAddr, cores: usize) -> io::Result<Vec<StdListener>> {
    let probe = socket(address)?;
    probe.bind(&address.into())?;
    let address = probe.local_addr()?.as_socket().unwrap_or(address);
    drop(probe);
    (0..cores).map(|_| listener(address)).collect()
}

fn cannot_listen(address: SocketAddr, error: &io::Error) -> anyhow::Error {
    let remedy = match error.kind() {
        ErrorKind::AddrInUse => "stop what listens there, or choose another port with --listen",
        ErrorKind::AddrNotAvailable => "choose an address of this machine with --listen",
        ErrorKind::PermissionDenied => "choose a port from 1024 on with --listen, or run as root",
        _ => "choose another address with --listen",
    };
    anyhow!("cannot listen on {address}: {error}; {remedy}")
}

fn listener(address: SocketAddr) -> io::Result<StdListener> {
    let socket = socket(address)?;
    socket.set_reuse_port(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn socket(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restart need not wait for the last connections' TIME_WAIT to pass.
    socket.set_reuse_address(true)?;
    Ok(socket)
}

/// SIGTERM and Ctrl-C, from the moment on that this exists.
struct Signals {
    terminate: unix::Signal,
    interrupt: unix::Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: unix::signal(SignalKind::terminate())?,
            interrupt: unix::signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
