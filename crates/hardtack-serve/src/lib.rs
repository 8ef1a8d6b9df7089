//! The serving half of the server `hardtack`: sockets in, responses out.
//!
//! A [`Worker`] is given a site, its [`Settings`](settings::Settings), sockets that listen and a
//! certificate, over the [`channel`] from its supervisor. Then it gives up the right to anything
//! else. So nothing in this crate reads a file or starts a program, which its `clippy.toml` forbids.
//!
//! The way of a connection, to be read in this order: `accept`, `connection`, `http1` or `http2`,
//! `answer`, `body`. Shared types stand in files of their own, which know none of these.

mod worker;

mod control;

mod accept;
mod proxy_protocol;

mod connection;
mod dormitory;

mod http1;
mod http2;

mod answer;

mod body;

// Shared by these.
mod account;
mod alarm;
mod census;
mod client;
mod date;
mod descriptors;
mod dormant;
mod exchange;
mod lifecycle;
mod linger;
pub mod pace;
mod peer;
mod room;
mod server;
mod simple;
mod socket;
mod standby;
mod stream;
mod tenure;
mod thread;
mod transport;
mod windows;

// Beside that way.
mod access_log;
pub mod channel;
mod escaped;
pub mod log;
mod metrics;
pub mod queued;
pub mod report;
pub mod request_fields;
mod request_id;
pub mod sandbox;
pub mod settings;
pub mod tls;
pub mod upstream;
mod utc;

pub use worker::{Site, Worker, WorkerError};

#[cfg(all(feature = "break-out", not(debug_assertions)))]
compile_error!("the feature `break-out` is for tests: a released server must not have it");
