//! The settings of `serve`, as the supervisor and `check-config` take them. `cli::Serve::settings`
//! makes them from the options; nothing behind it knows the command line.

mod endpoint;

use std::path::PathBuf;

use hardtack::CacheTagField;
use hardtack_serve::{log, settings, upstream::Address};

pub(crate) use self::endpoint::{Endpoint, ListenAddress};

/// The settings of `serve`.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) listening: Listening,
    /// `--tls-certificate` and `--tls-key`
    pub(crate) certificate: Option<CertificateFiles>,
    /// `--user`: the user that the worker becomes.
    pub(crate) user: Option<String>,
    /// `--skip-verification`: the first worker, and one that replaces it, serve an unverified bundle.
    pub(crate) skip_verification: bool,
    pub(crate) memory: Memory,
    /// `--upstream`: the application behind the bundle.
    pub(crate) upstream: Option<Address>,
    /// `--maintenance-file`: as long as it is there, the application is being maintained.
    pub(crate) maintenance_file: Option<PathBuf>,
    /// `--cache-tags`: the field in which responses have cache tags.
    pub(crate) cache_tags: Option<CacheTagField>,
    pub(crate) log: Log,
    /// The settings that the worker obeys when it serves.
    pub(crate) worker: settings::Settings,
}

impl Settings {
    /// A warning for each option that has no effect beside the others.
    pub(crate) fn without_effect(&self) -> Vec<String> {
        let has_upstream = self.upstream.is_some();
        let asks_health = self.worker.forwarding.health.is_some();
        [
            (
                self.maintenance_file.is_some() && !has_upstream,
                "--maintenance-file has no effect without --upstream: baked files are always served",
            ),
            (
                asks_health && !has_upstream,
                "--upstream-health has no effect without --upstream, which names the application",
            ),
            (
                asks_health && self.listening.admin.is_none(),
                "--upstream-health has no effect without --admin-listen, where /readyz is",
            ),
        ]
        .into_iter()
        .filter(|(is_idle, _)| *is_idle)
        .map(|(_, warning)| warning.to_owned())
        .collect()
    }
}

/// The sockets that accept connections.
#[derive(Clone, Debug)]
pub(crate) struct Listening {
    /// `--listen`
    pub(crate) endpoints: Vec<Endpoint>,
    /// `--admin-listen`
    pub(crate) admin: Option<ListenAddress>,
    /// `--backlog`: connections of a socket that wait to be accepted.
    pub(crate) backlog: u16,
    pub(crate) unix: UnixSockets,
}

/// The users that may connect to Unix sockets.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnixSockets {
    /// `--unix-socket-mode`: the mode of the socket's file, such as `0o660`.
    pub(crate) mode: Option<u32>,
    /// `--unix-socket-owner`: a user by name or number.
    pub(crate) owner: Option<String>,
    /// `--unix-socket-group`: a group by name or number.
    pub(crate) group: Option<String>,
}

/// The files of a certificate.
#[derive(Clone, Debug)]
pub(crate) struct CertificateFiles {
    /// The certificate and its intermediate certificates, as PEM.
    pub(crate) chain: PathBuf,
    /// The private key, as PEM.
    pub(crate) key: PathBuf,
}

/// The memory that the bundle is kept in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// `--prefault`: all of the bundle is loaded at start.
    pub(crate) is_prefaulted: bool,
    /// `--lock-memory`: the bundle is never paged out.
    pub(crate) is_locked: bool,
}

/// The log on standard error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Log {
    /// `--log-format`
    pub(crate) format: log::Format,
    /// `--log-level`
    pub(crate) severity: log::Severity,
}
