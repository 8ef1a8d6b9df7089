//! The serving half of the server `hardtack`: sockets in, responses out.
//!
//! A [`Worker`] is given a site, its [`Settings`](settings::Settings), sockets that listen and a
//! certificate, over the [`channel`] from its supervisor. Then it gives up the right to anything
//! else. So nothing in this crate reads a file or starts a program, which its `clippy.toml` forbids.

pub mod access_log;
pub mod channel;
pub mod log;
mod metrics;
pub mod pace;
pub mod queued;
pub mod sandbox;
pub mod settings;
pub mod tls;
pub mod upstream;
mod utc;
mod worker;

pub use worker::{Site, Worker};

#[cfg(all(feature = "break-out", not(debug_assertions)))]
compile_error!("the feature `break-out` is for tests: a released server must not have it");
