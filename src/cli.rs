//! The command line.

use std::{
    env,
    ffi::OsString,
    net::{AddrParseError, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use anstyle::{AnsiColor, Style};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, builder::Styles};
use hardtack_bundle::Bundle;

use crate::timed::Patience;

/// What precedes an error.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// What a reader looks for first.
pub(crate) const EMPHASIS: Style = Style::new().bold();

const HELP_STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const AFTER_HELP: &str = "\
Examples:
  hardtack                                 serve the site on http://127.0.0.1:8000/
  hardtack --listen 0.0.0.0:80             serve it to the world
  hardtack list --json                     the manifest, for a program
  hardtack pack dist -o my-site            bake another site into a copy of this binary

Exit status: 0 on success, 1 if something failed, 2 for a wrong command line.";

/// A web site's static files in one binary, served from memory as the origin behind a CDN.
#[derive(Debug, Parser)]
#[command(name = "hardtack", styles = HELP_STYLES, after_help = AFTER_HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the site that this binary carries; `serve` may be left out
    #[command(after_help = SERVE_HELP)]
    Serve(Serve),
    /// List what this binary carries: every asset, its URL and its size under every coding
    List(List),
    /// Bake a folder into a copy of this binary; needs no Rust toolchain
    #[command(after_help = PACK_HELP)]
    Pack(Pack),
}

const SERVE_HELP: &str = "\
HARDTACK_CDN_SECRET is a secret by which a CDN is known, in the header x-origin-verify or in the one
that HARDTACK_CDN_HEADER names; two with a comma between while it changes. HARDTACK_CDN_ONLY=1 then
refuses whoever goes around the CDN.";

const PACK_HELP: &str = "\
The settings are those of ./hardtack.toml, if there is one, or of the file that HARDTACK_CONFIG
names; HARDTACK_AT overrides the URL prefix. The result serves, lists and packs like this one.";

#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// The address and port to listen on; port 0 takes a free one
    #[arg(long, env = "HARDTACK_LISTEN", value_name = "ADDRESS:PORT")]
    #[arg(default_value = DEFAULT_LISTEN, value_parser = listen)]
    pub(crate) listen: SocketAddr,
    /// How long a request's header may take, from its first byte to its last
    #[arg(long, env = "HARDTACK_HEADER_TIMEOUT", value_name = "SECONDS", default_value = "10")]
    #[arg(value_parser = seconds::<10>)]
    header_timeout: Duration,
    /// How long a connection is kept without a request; longer than a load balancer keeps it
    #[arg(long, env = "HARDTACK_IDLE_TIMEOUT", value_name = "SECONDS", default_value = "75")]
    #[arg(value_parser = seconds::<75>)]
    idle_timeout: Duration,
    /// How long a client may take no byte of a response
    #[arg(long, env = "HARDTACK_WRITE_TIMEOUT", value_name = "SECONDS", default_value = "30")]
    #[arg(value_parser = seconds::<30>)]
    write_timeout: Duration,
    /// How long responses that are under way at the end have to finish
    #[arg(long, env = "HARDTACK_DRAIN_TIMEOUT", value_name = "SECONDS", default_value = "30")]
    #[arg(value_parser = seconds::<30>)]
    drain_timeout: Duration,
}

/// What may take how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time {
    pub(crate) patience: Patience,
    /// Responses that are under way at the end.
    pub(crate) drain: Duration,
}

impl Serve {
    pub(crate) fn time(&self) -> Time {
        let (header, idle, write) = (self.header_timeout, self.idle_timeout, self.write_timeout);
        Time { patience: Patience { header, idle, write }, drain: self.drain_timeout }
    }
}

/// A number of seconds, at least 1 and at most a day; an empty value is as good as none.
fn seconds<const DEFAULT: u64>(value: &str) -> Result<Duration, String> {
    match value.parse() {
        _ if value.is_empty() => Ok(Duration::from_secs(DEFAULT)),
        Ok(seconds @ 1..=86_400) => Ok(Duration::from_secs(seconds)),
        _ => Err("this is a number of seconds, from 1 to 86400".to_owned()),
    }
}

const DEFAULT_LISTEN: &str = "127.0.0.1:8000";

/// An empty value, as of an empty variable, is as good as none.
fn listen(value: &str) -> Result<SocketAddr, AddrParseError> {
    if value.is_empty() { DEFAULT_LISTEN.parse() } else { value.parse() }
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Print a JSON array instead of a table
    #[arg(long)]
    pub(crate) json: bool,
    /// Print Django's staticfiles.json instead of a table
    #[arg(long, conflicts_with = "json")]
    pub(crate) django: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Pack {
    /// The folder of the site's files
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// The executable to write
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Where to remember what was compressed; by default, the user's cache folder
    #[arg(long, env = "HARDTACK_CACHE", value_name = "DIR")]
    pub(crate) cache: Option<OsString>,
    /// Print the summary as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Parses the command line, or prints why not, or the help, and exits.
pub(crate) fn parse(carried: Option<&Bundle<'_>>) -> Command {
    let release = match carried {
        Some(bundle) => format!("release {}", bundle.release_id()),
        None => "its bundle is damaged".to_owned(),
    };
    let version = format!("{} ({release})", env!("CARGO_PKG_VERSION"));
    let matches =
        Arguments::command().version(version).get_matches_from(with_command(env::args_os()));
    Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()).command
}

/// Puts in `serve` where there is no command: nothing at all, or an option of `serve`.
fn with_command(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<_> = arguments.collect();
    let first = arguments.get(1).map(|first| first.to_string_lossy());
    let is_for_serve = first.is_none_or(|first| {
        first.starts_with('-') && !["-h", "--help", "-V", "--version"].contains(&&*first)
    });
    if is_for_serve {
        arguments.insert(1.min(arguments.len()), "serve".into());
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Arguments::command().debug_assert();
    }
}
