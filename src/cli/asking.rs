//! The options of the commands that ask a running server or a CDN.

use std::time::Duration;

use clap::Args;

use super::value::seconds;
use crate::settings::ListenAddress;

pub(crate) const HEALTH_HELP: &str = "\
For the health check of a container, whose image needs no shell and no other program. Without
--live, the answer is that of /readyz: unhealthy as soon as the server is told to stop.

Examples:
  hardtack health --admin-listen 127.0.0.1:9000
  HARDTACK_ADMIN_LISTEN=unix:/run/hardtack/admin.sock hardtack health --live
  HEALTHCHECK CMD [\"/hardtack\", \"health\"]                  in a Dockerfile with that variable

Exit status: 0 if it is healthy, 1 if it is not or does not answer.";

#[derive(Args, Debug)]
pub(crate) struct Health {
    /// The address of the admin listener of `serve`
    #[arg(long, env = "HARDTACK_ADMIN_LISTEN", value_name = "ADDRESS:PORT|unix:PATH")]
    pub(crate) admin_listen: ListenAddress,
    /// Ask whether the process lives (/healthz), and not whether it takes requests (/readyz)
    #[arg(long)]
    pub(crate) live: bool,
    /// Time that the answer may take
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    pub(crate) timeout: Duration,
}
