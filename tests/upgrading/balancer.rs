//! A load balancer that says where to connect: in turn, to the servers that are ready.
//!
//! It asks each for `/readyz`, again and again over one connection, as balancers do. It leaves the
//! connections alone that a server has when it becomes unready: those are the server's to end.

use std::{
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use http_body_util::Empty;
use hyper::{
    Request, StatusCode,
    body::Bytes,
    client::conn::http1::{SendRequest, handshake},
    header::HOST,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};

use super::instance::{Instance, Places};

/// How often each server is asked, and how long it may take to answer.
const EVERY: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(2);

type Connection = SendRequest<Empty<Bytes>>;

pub struct Balancer {
    servers: Vec<Server>,
    turn: AtomicUsize,
}

struct Server {
    places: Places,
    is_ready: Mutex<bool>,
    /// How often it was found unready, having been ready.
    losses: AtomicUsize,
}

impl Balancer {
    pub fn of_one(instance: &Instance) -> Arc<Self> {
        Self::of(std::slice::from_ref(instance))
    }

    pub fn of(instances: &[Instance]) -> Arc<Self> {
        let servers = instances.iter().map(|instance| Server {
            places: instance.places,
            is_ready: Mutex::new(true),
            losses: AtomicUsize::new(0),
        });
        let balancer = Arc::new(Self { servers: servers.collect(), turn: AtomicUsize::new(0) });
        for index in 0..balancer.servers.len() {
            tokio::spawn(watch(Arc::downgrade(&balancer), index));
        }
        balancer
    }

    /// Where the next connection goes.
    pub async fn pick(&self) -> Places {
        loop {
            for _ in 0..self.servers.len() {
                let turn = self.turn.fetch_add(1, Relaxed);
                let server = &self.servers[turn % self.servers.len()];
                if server.is_ready() {
                    return server.places;
                }
            }
            sleep(EVERY).await;
        }
    }

    pub async fn all_are_ready(&self) {
        while !self.servers.iter().all(Server::is_ready) {
            sleep(EVERY).await;
        }
    }

    /// How often a server was found unready.
    pub fn losses(&self) -> usize {
        self.servers.iter().map(|server| server.losses.load(Relaxed)).sum()
    }
}

impl Server {
    fn is_ready(&self) -> bool {
        *self.is_ready.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_ready(&self, is_ready: bool) {
        let mut known = self.is_ready.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut *known, is_ready) && !is_ready {
            self.losses.fetch_add(1, Relaxed);
        }
    }
}

/// Asks one server, as long as there is a balancer.
async fn watch(balancer: Weak<Balancer>, index: usize) {
    let mut connection = None;
    while let Some(balancer) = balancer.upgrade() {
        let server = &balancer.servers[index];
        let asked = timeout(PATIENCE, ask(&mut connection, server.places)).await;
        server.set_ready(matches!(asked, Ok(Ok(StatusCode::OK))));
        drop(balancer);
        sleep(EVERY).await;
    }
}

/// One question. If the connection ends in place of an answer, it is asked again on another one.
async fn ask(connection: &mut Option<Connection>, places: Places) -> anyhow::Result<StatusCode> {
    if let Some(kept) = connection.take()
        && let Ok(status) = ask_on(kept, connection).await
    {
        return Ok(status);
    }
    let stream = TcpStream::connect(places.admin).await?;
    let (fresh, driver) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(driver);
    Ok(ask_on(fresh, connection).await?)
}

async fn ask_on(
    mut connection: Connection,
    kept: &mut Option<Connection>,
) -> hyper::Result<StatusCode> {
    connection.ready().await?;
    let request = Request::get("/readyz").header(HOST, "localhost").body(Empty::new());
    let request = request.expect("it is valid");
    let status = connection.send_request(request).await?.status();
    *kept = Some(connection);
    Ok(status)
}
