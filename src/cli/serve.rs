//! The options of `hardtack serve`.

use std::{
    num::{NonZero, NonZeroU64},
    path::PathBuf,
    thread,
    time::Duration,
};

use clap::{
    Args, FromArgMatches, ValueEnum,
    builder::{BoolishValueParser, Resettable},
};
use hardtack::CacheTagField;
use hardtack_serve::{
    log,
    pace::Pace,
    request_fields::{NamedFields, ProxyField, UnusualField},
    settings::{
        self, AccessLog, Admission, Buffering, Drain, Forwarding, Host, Limits, Network, Timeouts,
        Trust, UpstreamTimeouts,
    },
    upstream::Address,
};

use super::value::{
    at_least_1, https_port, mode, name_with_dot, path_prefix, seconds, seconds_or_none, target,
    uri_bytes,
};
use crate::settings::{
    CertificateFiles, Endpoint, ListenAddress, Listening, Log, Memory, Settings, UnixSockets,
};

pub(crate) const HELP: &str = "\
Signals, to the process that was started:
  TERM, INT  stop: finish the requests that are under way, then exit; a second signal exits at once
  HUP        read the certificate and its key again, and look the upstream's host up again
  USR2       upgrade in place: start the executable that is now at this path, hand it the sockets,
             and let the old one finish; if the new one does not start, nothing changes

Sockets that a process manager passes (LISTEN_FDS) are used in place of --listen. A socket named
`https` speaks TLS; a socket named `admin` is the admin listener.

HARDTACK_CDN_SECRET is the secret that the CDN sends in the header x-origin-verify, or in the header
that HARDTACK_CDN_HEADER names. While the secret changes, name both, with a comma between. With
HARDTACK_CDN_ONLY=1, requests that do not come through the CDN are refused.

Examples:
  hardtack serve --listen 0.0.0.0:80 --listen https://0.0.0.0:443 \\
      --tls-certificate fullchain.pem --tls-key privkey.pem --https-redirect
  hardtack serve --listen unix:/run/hardtack.sock --proxy-protocol-from unix
  hardtack serve --upstream http://127.0.0.1:8001      in front of an application
  hardtack check-config --listen 0.0.0.0:443           only check the configuration";

#[derive(Args, Clone, Debug)]
pub(crate) struct Serve {
    /// Address to listen at; may be given several times. Port 0 takes a free port
    #[arg(long, env = "HARDTACK_LISTEN", value_name = "[https://]ADDRESS:PORT|unix:PATH")]
    #[arg(default_value = "127.0.0.1:8000", value_delimiter = ',', help_heading = LISTENING)]
    listen: Vec<Endpoint>,
    /// Address for health checks, metrics and a status page; keep it private
    #[arg(long, env = "HARDTACK_ADMIN_LISTEN", value_name = "ADDRESS:PORT|unix:PATH")]
    #[arg(help_heading = LISTENING)]
    admin_listen: Option<ListenAddress>,
    /// Name by which the admin listener is known, beside addresses and names without a dot
    #[arg(long, env = "HARDTACK_ADMIN_HOST", value_name = "NAME", value_delimiter = ',')]
    #[arg(value_parser = name_with_dot, help_heading = LISTENING)]
    admin_host: Vec<String>,
    /// Number of threads that serve [default: one per core]
    #[arg(long, env = "HARDTACK_THREADS", value_name = "NUMBER", help_heading = LISTENING)]
    threads: Option<NonZero<usize>>,
    /// Length of the queue of connections to be accepted, per socket
    #[arg(long, env = "HARDTACK_BACKLOG", value_name = "NUMBER", default_value = "1024")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..), help_heading = LISTENING)]
    backlog: u16,
    /// Mode of Unix sockets, in octal [default: 666; 660 for --admin-listen]
    #[arg(long, env = "HARDTACK_UNIX_SOCKET_MODE", value_name = "MODE", value_parser = mode)]
    #[arg(help_heading = LISTENING)]
    unix_socket_mode: Option<u32>,
    /// Owner of Unix sockets; needs root
    #[arg(long, env = "HARDTACK_UNIX_SOCKET_OWNER", value_name = "USER", help_heading = LISTENING)]
    unix_socket_owner: Option<String>,
    /// Group of Unix sockets: one of the user that starts the server, or any as root
    #[arg(long, env = "HARDTACK_UNIX_SOCKET_GROUP", value_name = "GROUP", help_heading = LISTENING)]
    unix_socket_group: Option<String>,
    /// Peers whose connections must begin with a PROXY protocol header (version 1 or 2)
    #[arg(long, env = "HARDTACK_PROXY_PROTOCOL_FROM", value_name = "NETWORK|unix")]
    #[arg(value_delimiter = ',', help_heading = LISTENING)]
    proxy_protocol_from: Vec<Network>,
    /// Peers whose X-Forwarded-For and X-Forwarded-Proto are trusted
    #[arg(long, env = "HARDTACK_FORWARDED_FROM", value_name = "NETWORK|unix")]
    #[arg(value_delimiter = ',', help_heading = LISTENING)]
    forwarded_from: Vec<Network>,
    /// Further fields that these peers may set, and nobody else, such as X-Real-IP
    #[arg(long, env = "HARDTACK_FORWARDED_FIELDS", value_name = "NAME")]
    #[arg(value_delimiter = ',', help_heading = LISTENING)]
    forwarded_fields: Vec<ProxyField>,
    /// Also accept HTTP/2 without TLS (h2c, prior knowledge)
    #[arg(long, env = "HARDTACK_H2C", value_parser = BoolishValueParser::new())]
    #[arg(help_heading = LISTENING)]
    h2c: bool,
    /// Has hyper answer simple requests, too: for tests, which compare both
    #[arg(long, hide = true)]
    no_short_way: bool,

    /// The certificate and its intermediate certificates, as PEM
    #[arg(long, env = "HARDTACK_TLS_CERTIFICATE", value_name = "FILE", requires = "tls_key")]
    #[arg(help_heading = TLS)]
    tls_certificate: Option<PathBuf>,
    /// The certificate's private key, as PEM
    #[arg(long, env = "HARDTACK_TLS_KEY", value_name = "FILE", requires = "tls_certificate")]
    #[arg(help_heading = TLS)]
    tls_key: Option<PathBuf>,
    /// Redirect requests without TLS to https://, at this port [default: 443]
    #[arg(long, env = "HARDTACK_HTTPS_REDIRECT", value_name = "PORT", num_args = 0..=1)]
    #[arg(default_missing_value = "443", value_parser = https_port, help_heading = TLS)]
    https_redirect: Option<u16>,

    /// Longest time from the first byte of a request's header to its last
    #[arg(long, env = "HARDTACK_HEADER_TIMEOUT", value_name = "SECONDS", default_value = "10")]
    #[arg(value_parser = seconds, help_heading = LIMITS)]
    header_timeout: Duration,
    /// Time after which an idle connection is closed; longer than the load balancer's
    #[arg(long, env = "HARDTACK_IDLE_TIMEOUT", value_name = "SECONDS", default_value = "75")]
    #[arg(value_parser = seconds, help_heading = LIMITS)]
    idle_timeout: Duration,
    /// Longest time in which a client takes no byte of a response
    #[arg(long, env = "HARDTACK_WRITE_TIMEOUT", value_name = "SECONDS", default_value = "60")]
    #[arg(value_parser = seconds, help_heading = LIMITS)]
    write_timeout: Duration,
    /// Lowest average rate at which a client may take a response; 0 for no limit
    #[arg(long, env = "HARDTACK_MIN_RATE", value_name = "BYTES/S", default_value = "500")]
    #[arg(help_heading = LIMITS)]
    min_rate: u32,
    /// Largest header section of a request
    #[arg(long, env = "HARDTACK_MAX_HEADER_BYTES", value_name = "BYTES", default_value = "32768")]
    #[arg(value_parser = clap::value_parser!(u32).range(8192..=262_144), help_heading = LIMITS)]
    max_header_bytes: u32,
    /// Most fields in the header section of a request
    #[arg(long, env = "HARDTACK_MAX_HEADER_FIELDS", value_name = "NUMBER", default_value = "100")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=4096), help_heading = LIMITS)]
    max_header_fields: u16,
    /// Longest target of a request
    #[arg(long, env = "HARDTACK_MAX_URI_BYTES", value_name = "BYTES", default_value = "8192")]
    #[arg(value_parser = uri_bytes, help_heading = LIMITS)]
    max_uri_bytes: usize,
    /// Most connections at once; further connections wait to be accepted
    #[arg(long, env = "HARDTACK_MAX_CONNECTIONS", value_name = "NUMBER", default_value = "16384")]
    #[arg(value_parser = at_least_1, help_heading = LIMITS)]
    max_connections: usize,
    /// Most connections at once from one address; 0 for no limit, as behind a CDN
    #[arg(long, env = "HARDTACK_MAX_CONNECTIONS_PER_ADDRESS", value_name = "NUMBER")]
    #[arg(default_value = "0", help_heading = LIMITS)]
    max_connections_per_address: u32,
    /// Most requests on one connection
    #[arg(long, env = "HARDTACK_MAX_REQUESTS", value_name = "NUMBER", default_value = "10000")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..), help_heading = LIMITS)]
    max_requests: u32,
    /// Age at which a connection is closed, after the response that is under way
    #[arg(long, env = "HARDTACK_MAX_CONNECTION_AGE", value_name = "SECONDS")]
    #[arg(default_value = "3600", value_parser = seconds, help_heading = LIMITS)]
    max_connection_age: Duration,
    /// Most concurrent requests on an HTTP/2 connection
    #[arg(long, env = "HARDTACK_MAX_STREAMS", value_name = "NUMBER", default_value = "100")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000), help_heading = LIMITS)]
    max_streams: u32,

    /// Time after SIGTERM in which connections are still accepted, while /readyz says 503
    #[arg(long, env = "HARDTACK_SHUTDOWN_DELAY", value_name = "SECONDS", default_value = "0")]
    #[arg(value_parser = seconds_or_none, help_heading = ENDING)]
    shutdown_delay: Duration,
    /// Time that responses under way have to finish before the process exits
    #[arg(long, env = "HARDTACK_DRAIN_TIMEOUT", value_name = "SECONDS", default_value = "30")]
    #[arg(value_parser = seconds, help_heading = ENDING)]
    drain_timeout: Duration,
    /// The same after an upgrade, when nobody waits for the end of a download or a WebSocket
    #[arg(long, env = "HARDTACK_UPGRADE_DRAIN_TIMEOUT", value_name = "SECONDS")]
    #[arg(default_value = "3600", value_parser = seconds, help_heading = ENDING)]
    upgrade_drain_timeout: Duration,

    /// How strictly the serving process gives up access to files, programs and the network
    #[arg(long, env = "HARDTACK_SANDBOX", default_value = "best-effort", help_heading = PROCESS)]
    sandbox: Sandbox,
    /// User that the serving process runs as, if the server is started as root
    #[arg(long, env = "HARDTACK_USER", value_name = "NAME", help_heading = PROCESS)]
    user: Option<String>,
    /// Serve without verifying the site's digest first; an upgrade verifies it all the same
    #[arg(long, env = "HARDTACK_SKIP_VERIFICATION", value_parser = BoolishValueParser::new())]
    #[arg(help_heading = PROCESS)]
    skip_verification: bool,
    /// Load the whole site into memory at start
    #[arg(long, env = "HARDTACK_PREFAULT", value_parser = BoolishValueParser::new())]
    #[arg(help_heading = PROCESS)]
    prefault: bool,
    /// Lock the whole site in memory, so that it is never paged out
    #[arg(long, env = "HARDTACK_LOCK_MEMORY", value_parser = BoolishValueParser::new())]
    #[arg(help_heading = PROCESS)]
    lock_memory: bool,

    /// Field of responses in which a CDN finds tags to purge by: Cache-Tag, Surrogate-Key or xkey
    #[arg(long, env = "HARDTACK_CACHE_TAGS", value_name = "FIELD", help_heading = CDN)]
    cache_tags: Option<CacheTagField>,

    /// Application that answers requests for paths that are not in the bundle
    #[arg(long, env = "HARDTACK_UPSTREAM", value_name = "[http://]HOST:PORT|unix:PATH")]
    #[arg(help_heading = APPLICATION)]
    upstream: Option<Address>,
    /// Longest time to connect to the application
    #[arg(long, env = "HARDTACK_UPSTREAM_CONNECT_TIMEOUT", value_name = "SECONDS")]
    #[arg(default_value = "5", value_parser = seconds, help_heading = APPLICATION)]
    upstream_connect_timeout: Duration,
    /// While this file exists, requests for the application get 503 and the page maintenance.html
    #[arg(long, env = "HARDTACK_MAINTENANCE_FILE", value_name = "PATH")]
    #[arg(help_heading = APPLICATION)]
    maintenance_file: Option<PathBuf>,
    /// Path of the application that /readyz asks, too; 2xx and 3xx mean that it can serve
    #[arg(long, env = "HARDTACK_UPSTREAM_HEALTH", value_name = "PATH", value_parser = target)]
    #[arg(help_heading = APPLICATION)]
    upstream_health: Option<String>,
    /// Longest wait for a response of the application, and for its next piece
    #[arg(long, env = "HARDTACK_UPSTREAM_READ_TIMEOUT", value_name = "SECONDS")]
    #[arg(default_value = "60", value_parser = seconds, help_heading = APPLICATION)]
    upstream_read_timeout: Duration,
    /// Longest silence of both sides of a WebSocket
    #[arg(long, env = "HARDTACK_UPSTREAM_TUNNEL_TIMEOUT", value_name = "SECONDS")]
    #[arg(default_value = "3600", value_parser = seconds, help_heading = APPLICATION)]
    upstream_tunnel_timeout: Duration,

    /// Let the application answer static paths that are not in the bundle, too; otherwise they are 404
    #[arg(long, env = "HARDTACK_UPSTREAM_MISSES", value_parser = BoolishValueParser::new())]
    #[arg(help_heading = APPLICATION)]
    upstream_misses: bool,
    /// Pass content for paths that begin like this on as it comes, and not when all of it is there
    #[arg(long, env = "HARDTACK_UPSTREAM_STREAMING", value_name = "PATH")]
    #[arg(value_delimiter = ',', value_parser = path_prefix, help_heading = APPLICATION)]
    upstream_streaming: Vec<String>,
    /// Longest content of a request, unless it is streamed
    #[arg(long, env = "HARDTACK_UPSTREAM_MAX_CONTENT", value_name = "BYTES")]
    #[arg(default_value = "134217728", help_heading = APPLICATION)]
    upstream_max_content: u64,
    /// Memory for the content of all requests and responses that are kept for the application
    #[arg(long, env = "HARDTACK_UPSTREAM_BUFFER_BYTES", value_name = "BYTES")]
    #[arg(default_value = "268435456", help_heading = APPLICATION)]
    upstream_buffer_bytes: usize,
    /// Host of requests that name none; without it, they get 400
    #[arg(long, env = "HARDTACK_UPSTREAM_DEFAULT_HOST", value_name = "HOST[:PORT]")]
    #[arg(help_heading = APPLICATION)]
    upstream_default_host: Option<Host>,
    /// Fields to pass on whose names have other characters than letters, digits and `-`
    #[arg(long, env = "HARDTACK_UPSTREAM_UNUSUAL_FIELDS", value_name = "NAME")]
    #[arg(value_delimiter = ',', help_heading = APPLICATION)]
    upstream_unusual_fields: Vec<UnusualField>,

    /// Most requests that are with the application at once; as many more wait, others get 503
    #[arg(long, env = "HARDTACK_UPSTREAM_MAX_REQUESTS", value_name = "NUMBER")]
    #[arg(default_value = "1024", value_parser = at_least_1, help_heading = APPLICATION)]
    upstream_max_requests: usize,
    /// Most fields in the header section of a response of the application
    #[arg(
        long,
        env = "HARDTACK_UPSTREAM_MAX_FIELDS",
        value_name = "NUMBER",
        default_value = "256"
    )]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=4096), help_heading = APPLICATION)]
    upstream_max_fields: u16,

    /// Format of the log on standard error, and of the start-up lines
    #[arg(long, env = "HARDTACK_LOG_FORMAT", default_value = "auto", help_heading = LOGS)]
    log_format: LogFormat,
    /// Lowest severity that is logged on standard error
    #[arg(long, env = "HARDTACK_LOG_LEVEL", default_value = "info", help_heading = LOGS)]
    log_level: LogLevel,
    /// Write an access log to standard output, one line per request
    #[arg(long, env = "HARDTACK_ACCESS_LOG", default_value = "off", help_heading = LOGS)]
    access_log: AccessLogFormat,
    /// Log one request in this many; a status of 500 or above is always logged
    #[arg(long, env = "HARDTACK_ACCESS_LOG_EVERY", value_name = "NUMBER", default_value = "1")]
    #[arg(help_heading = LOGS)]
    access_log_every: NonZeroU64,
}

const LISTENING: &str = "Listening";
const TLS: &str = "TLS";
const LIMITS: &str = "Limits";
const ENDING: &str = "Ending";
const PROCESS: &str = "Process";
const CDN: &str = "Behind a CDN";
const APPLICATION: &str = "In front of an application";
const LOGS: &str = "Logs";

/// The format of the access log, if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum AccessLogFormat {
    /// No access log
    Off,
    /// Apache's Combined Log Format
    Combined,
    /// One JSON object per line
    Json,
}

/// How much of the sandbox is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Sandbox {
    /// No sandbox
    Off,
    /// As much as the system supports; the start-up lines say how much
    BestEffort,
    /// All of it, or the server does not start
    Strict,
}

/// The format of a line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// Text on a terminal, JSON otherwise
    Auto,
    /// Text
    Human,
    /// One JSON object per line
    Json,
}

/// The lowest severity that is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogLevel {
    /// Failures only
    Error,
    /// Also conditions that may become failures
    Warn,
    /// Also actions of an operator
    Info,
    /// Also faults of clients
    Debug,
}

impl Serve {
    /// The options without an argument and without a variable.
    pub(crate) fn defaults() -> Self {
        let definition = Self::augment_args(clap::Command::new("serve"));
        let definition = definition.mut_args(|argument| argument.env(Resettable::Reset));
        let matches = definition.get_matches_from(["serve"]);
        Self::from_arg_matches(&matches).expect("no option is required")
    }

    /// The settings, in the types that read them.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            listening: Listening {
                endpoints: self.listen.clone(),
                admin: self.admin_listen.clone(),
                backlog: self.backlog,
                unix: UnixSockets {
                    mode: self.unix_socket_mode,
                    owner: self.unix_socket_owner.clone(),
                    group: self.unix_socket_group.clone(),
                },
            },
            certificate: self.certificate(),
            user: self.user.clone(),
            skip_verification: self.skip_verification,
            memory: Memory { is_prefaulted: self.prefault, is_locked: self.lock_memory },
            upstream: self.upstream.clone(),
            maintenance_file: self.maintenance_file.clone(),
            cache_tags: self.cache_tags.clone(),
            log: Log { format: self.log_format(), severity: self.log_level() },
            worker: self.worker(),
        }
    }

    /// Both files, each of which requires the other.
    fn certificate(&self) -> Option<CertificateFiles> {
        let (chain, key) = (self.tls_certificate.clone()?, self.tls_key.clone()?);
        Some(CertificateFiles { chain, key })
    }

    fn log_format(&self) -> log::Format {
        match self.log_format {
            LogFormat::Auto => log::Format::Auto,
            LogFormat::Human => log::Format::Human,
            LogFormat::Json => log::Format::Json,
        }
    }

    fn log_level(&self) -> log::Severity {
        match self.log_level {
            LogLevel::Error => log::Severity::Error,
            LogLevel::Warn => log::Severity::Warn,
            LogLevel::Info => log::Severity::Info,
            LogLevel::Debug => log::Severity::Debug,
        }
    }

    /// The settings of a worker.
    fn worker(&self) -> settings::Settings {
        settings::Settings {
            threads: self.thread_count(),
            h2c: self.h2c,
            short_way: !self.no_short_way,
            https_redirect: self.https_redirect,
            limits: self.limits(),
            timeouts: Timeouts {
                header: self.header_timeout,
                idle: self.idle_timeout,
                write: self.slowest_client(),
            },
            admission: Admission {
                connections: self.max_connections,
                per_address: self.max_connections_per_address,
            },
            trust: Trust {
                proxy_protocol: self.proxy_protocol_from.clone(),
                forwarded: self.forwarded_from.clone(),
            },
            drain: Drain {
                delay: self.shutdown_delay,
                timeout: self.drain_timeout,
                upgrade: self.upgrade_drain_timeout,
            },
            sandbox: self.sandbox(),
            forwarding: self.forwarding(),
            admin_hosts: self.admin_host.clone(),
            access_log: self.access_log(),
        }
    }

    fn forwarding(&self) -> Forwarding {
        Forwarding {
            requests: self.upstream_max_requests,
            response_fields: self.upstream_max_fields,
            passes_misses: self.upstream_misses,
            health: self.upstream_health.clone(),
            timeouts: UpstreamTimeouts {
                connect: self.upstream_connect_timeout,
                read: self.upstream_read_timeout,
                tunnel: self.upstream_tunnel_timeout,
                content: self.slowest_client(),
            },
            default_host: self.upstream_default_host.clone(),
            buffering: Buffering {
                streamed: self.upstream_streaming.clone(),
                most: self.upstream_max_content,
                room: self.upstream_buffer_bytes,
            },
            fields: NamedFields {
                unusual: self.upstream_unusual_fields.clone(),
                of_proxies: self.forwarded_fields.clone(),
            },
        }
    }

    /// Threads that serve.
    fn thread_count(&self) -> usize {
        let cores = || thread::available_parallelism().map_or(1, Into::into);
        self.threads.map_or_else(cores, Into::into)
    }

    fn limits(&self) -> Limits {
        Limits {
            header_bytes: self.max_header_bytes,
            header_fields: self.max_header_fields,
            target_bytes: self.max_uri_bytes,
            requests: self.max_requests,
            connection_age: self.max_connection_age,
            streams: self.max_streams,
        }
    }

    /// The slowest pace at which a client may take a response, or send content to the application.
    fn slowest_client(&self) -> Pace {
        Pace { timeout: self.write_timeout, min_rate: self.min_rate }
    }

    fn sandbox(&self) -> settings::Sandbox {
        match self.sandbox {
            Sandbox::Off => settings::Sandbox::Off,
            Sandbox::BestEffort => settings::Sandbox::BestEffort,
            Sandbox::Strict => settings::Sandbox::Strict,
        }
    }

    fn access_log(&self) -> Option<AccessLog> {
        let format = match self.access_log {
            AccessLogFormat::Off => return None,
            AccessLogFormat::Combined => settings::AccessLogFormat::Combined,
            AccessLogFormat::Json => settings::AccessLogFormat::Json,
        };
        Some(AccessLog { format, every: self.access_log_every })
    }
}
