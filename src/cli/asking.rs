//! The options of the commands that ask a running server or a CDN.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::value::{seconds, target};
use crate::{
    client::{Elsewhere, Site},
    settings::ListenAddress,
};

pub(crate) const CHECK_HELP: &str = "\
Assets are fetched in each coding and again, with conditions, in parts, and for another origin.
The paths are those of the release; some assets of each media type, role, coding and size are
taken. With --origin, URL is a CDN for sure, and its origin is judged by the same rules.

The secret of the CDN, which the origin may demand, is in --origin-secret-file, or in the
variable HARDTACK_CDN_SECRET; HARDTACK_CDN_HEADER names its header, if that is not
x-origin-verify. It is sent to the origin alone.

Examples:
  hardtack check https://cdn.example --binary my-site
  ./my-site check https://cdn.example --origin https://origin.example --origin-secret-file secret
  ./my-site check https://cdn.example --skip dictionaries --skip only-static
  ./my-site check https://cdn.example --resolve cdn.example:192.0.2.1    before DNS leads there
  ./my-site check https://cdn.example --json | jq '.sites[].judgments[] | select(.faults != [])'

Exit status: 0 if no rule is broken, 1 if one is, or if nothing can be reached.";

pub(crate) const WARM_HELP: &str = "\
Each asset is requested as browsers do, as clients do that know gzip alone, and as those that
know no coding: CloudFront keeps these three apart. Files that changed since the last release
come first, and files of earlier releases last. A request that fails is tried again, up to four
times, after a while that grows; Retry-After is heeded up to a minute. If no response comes for
twice the time of --timeout, no more requests are sent.

A CDN has caches in many places, and only the nearest is filled.

Examples:
  hardtack warm https://cdn.example --binary my-site
  ./my-site warm https://cdn.example --concurrency 32 --zstd
  ./my-site warm https://cdn.example --json

Exit status: 0 if every request succeeded, 1 if not.";

pub(crate) const HEALTH_HELP: &str = "\
For the health check of a container, whose image needs no shell and no other program. Without
--live, the answer is that of /readyz: unhealthy as soon as the server is told to stop.

Examples:
  hardtack health --admin-listen 127.0.0.1:9000
  HARDTACK_ADMIN_LISTEN=unix:/run/hardtack/admin.sock hardtack health --live
  HEALTHCHECK CMD [\"/hardtack\", \"health\"]                  in a Dockerfile with that variable

Exit status: 0 if it is healthy, 1 if it is not or does not answer.";

#[derive(Args, Debug)]
pub(crate) struct Check {
    /// The CDN, or an origin, as https://cdn.example
    #[arg(value_name = "URL")]
    pub(crate) url: Site,
    /// The origin behind the CDN, which is judged too
    #[arg(long, value_name = "URL")]
    pub(crate) origin: Option<Site>,
    /// A file with the secret that the origin demands of the CDN
    #[arg(long, value_name = "FILE", requires = "origin")]
    pub(crate) origin_secret_file: Option<PathBuf>,
    /// A path of the rest of the site, as /account, which the CDN must not answer; may be given
    /// several times
    #[arg(long, value_name = "PATH", value_parser = target)]
    pub(crate) outside: Vec<String>,
    /// A judgment to leave out; may be given several times
    #[arg(long, value_name = "JUDGMENT")]
    pub(crate) skip: Vec<String>,
    /// Check so many assets [default: two of each kind]
    #[arg(long, value_name = "NUMBER", conflicts_with = "all")]
    pub(crate) sample: Option<usize>,
    /// Check all assets
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) reach: Reach,
}

#[derive(Args, Debug)]
pub(crate) struct Warm {
    /// The CDN, as https://cdn.example
    #[arg(value_name = "URL")]
    pub(crate) url: Site,
    /// Requests at once
    #[arg(long, value_name = "NUMBER", default_value = "8")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) concurrency: u16,
    /// Also request as browsers do that know zstd, for a CDN that keeps these apart
    #[arg(long)]
    pub(crate) zstd: bool,
    #[command(flatten)]
    pub(crate) reach: Reach,
}

/// The release that must be served, and the way to the server.
#[derive(Args, Debug)]
pub(crate) struct Reach {
    /// The release that must be served: a program or a bundle file; without it, this executable
    #[arg(long, value_name = "FILE")]
    pub(crate) binary: Option<PathBuf>,
    /// Time that a request may take
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub(crate) timeout: Duration,
    /// A file of certificates (PEM) to trust, in place of this machine's
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Connect to this address for a host, whatever DNS says; may be given several times, for several
    /// addresses
    #[arg(long, value_name = "HOST:ADDRESS[:PORT]")]
    pub(crate) resolve: Vec<Elsewhere>,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

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
