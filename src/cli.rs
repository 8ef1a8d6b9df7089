//! The command line.

mod asking;
mod deploy;
mod purge_list;
mod serve;
mod value;
mod variables;

use std::{env, ffi::OsString, path::PathBuf};

use anstyle::AnsiColor;
use clap::{
    Args, CommandFactory, FromArgMatches, Parser, Subcommand,
    builder::{Resettable, Styles},
};
use clap_complete::Shell;
use hardtack_build::{Folder, Prefix, logical_path};

pub(crate) use self::{
    asking::{Check, Health, Reach, Warm},
    deploy::{Cloudfront, Deploy, DeployTo, OriginHttp},
    purge_list::{PurgeFormat, PurgeList},
    serve::Serve,
};
use crate::worker::WORKER;

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

Every option of `serve` has an environment variable, which its help names; the option wins.

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
    #[command(after_help = serve::HELP)]
    Serve(Box<Serve>),
    /// Check a configuration of `serve`, and serve nothing
    CheckConfig(Box<Serve>),
    /// List the assets that this binary carries, with URL and size in each coding
    List(List),
    /// Bake a folder into a copy of this binary; needs no Rust toolchain
    #[command(after_help = PACK_HELP)]
    Pack(Box<Pack>),
    /// Check every digest of a release: of its bytes, its program and its release id
    #[command(after_help = VERIFY_HELP)]
    Verify(Verify),
    /// Compare two releases: changed files, and the bytes that visitors download
    #[command(after_help = DIFF_HELP)]
    Diff(Diff),
    /// Print the configuration of a CDN for a release
    Deploy(Deploy),
    /// List the paths or tags to invalidate at a CDN between two releases
    #[command(after_help = purge_list::HELP)]
    PurgeList(PurgeList),
    /// Write the files of a release, compressed too, into a folder for nginx or S3
    #[command(after_help = EXPORT_HELP)]
    Export(Export),
    /// Write a page about a release: bytes on the wire, deltas, duplicates, what is not immutable
    #[command(after_help = REPORT_HELP)]
    Report(Report),
    /// Fetch the release through a CDN, and judge what comes: bytes, header fields, caching, TLS
    #[command(after_help = asking::CHECK_HELP)]
    Check(Box<Check>),
    /// Request every asset in every coding, so that a CDN has them before visitors come
    #[command(after_help = asking::WARM_HELP)]
    Warm(Warm),
    /// Ask a running server whether it is healthy, for a container's health check
    #[command(after_help = asking::HEALTH_HELP)]
    Health(Health),
    /// Print the completions of a shell
    #[command(after_help = COMPLETIONS_HELP)]
    Completions(Completions),
    /// Print the manual page, to be read with `man -l -`
    Man(Manual),
}

const COMPLETIONS_HELP: &str = "\
Examples:
  hardtack completions bash > /etc/bash_completion.d/hardtack
  hardtack completions fish > ~/.config/fish/completions/hardtack.fish
  hardtack completions zsh > ~/.zfunc/_hardtack          in a folder of $fpath";

const PACK_HELP: &str = "\
The settings are those of ./hardtack.toml, if there is one, and of the options, which win.
The result serves, lists and packs like this one.

Examples:
  hardtack pack dist -o my-site --spa index.html
  hardtack pack dist -o my-site --previous my-site.old
  hardtack pack dist -o my-site --base hardtack-aarch64
  hardtack pack static -o my-site --at /static/ --folder /=root
  hardtack pack _site -o my-site --at /docs/ --exclude '*.psd' --exclude /drafts/";

const VERIFY_HELP: &str = "\
Exit status: 0 if all is as it was baked, 1 if not, or if there is no release in the file.

Examples:
  hardtack verify my-site
  hardtack verify target/release/my-app --json";

const DIFF_HELP: &str = "\
A first visitor has nothing, and downloads the smallest plain coding. A returning visitor has the
files of the old release, and downloads the delta to its version, where there is one. Source maps
and sources, which browsers do not fetch, are listed and not counted. Carried are
the files of earlier releases that NEW serves too, and that OLD did not carry yet.

Examples:
  hardtack diff my-site.previous my-site
  hardtack diff my-site.previous my-site --json | jq .returning_visitor";

const EXPORT_HELP: &str = "\
DIR/site is the folder to serve: each file, and beside it what is compressed, as .gz, .br and .zst.
DIR/objects.json has the path and the header fields of each, DIR/manifest.json describes the
assets, DIR/staticfiles.json is what `list --django` prints. DIR may be an earlier export, which
is replaced; a folder with other files is not.

Examples:
  hardtack export out my-site
  ./my-site export out";

#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The folder to write
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// A program or a bundle file that Hardtack baked; without it, this executable
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Print a summary as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

const REPORT_HELP: &str = "\
The page has no script and loads no other file. The admin listener of `serve` has it at /report;
`list --json`, `diff --json` and `verify --json` have its numbers for programs.

Examples:
  hardtack report my-site -o report.html
  ./my-site report > report.html";

#[derive(Args, Debug)]
pub(crate) struct Report {
    /// A program or a bundle file that Hardtack baked; without it, this executable
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// The file to write; without it, standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// A program or a bundle file that Hardtack baked; without it, this executable
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Diff {
    /// The older release: a program or a bundle file
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,
    /// The newer release
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Print a JSON array instead of a table
    #[arg(long)]
    pub(crate) json: bool,
    /// Also print the reason why an asset keeps its name
    #[arg(short = 'v', long, conflicts_with_all = ["json", "django"])]
    pub(crate) why: bool,
    /// List the files of earlier releases that this binary serves too, instead of its own
    #[arg(long, conflicts_with = "django")]
    pub(crate) carried: bool,
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
    /// Another hardtack.toml
    #[arg(long, env = "HARDTACK_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The URL prefix that all paths begin with, such as /static/
    #[arg(long, env = "HARDTACK_AT", value_name = "PREFIX", value_parser = value::prefix)]
    pub(crate) at: Option<Prefix>,
    /// Another folder of the site with its URL prefix, such as /=root for the files at the site's
    /// root; may be given several times, and replaces the setting `folders`
    #[arg(long = "folder", value_name = "PREFIX=DIR", value_parser = value::folder)]
    pub(crate) folders: Vec<Folder>,
    /// Leave out matching files, as the setting `exclude` does; may be given several times
    #[arg(long, value_name = "GLOB", value_parser = value::glob)]
    pub(crate) exclude: Vec<String>,
    /// The page of a single-page app, such as index.html: it answers navigations
    #[arg(long, value_name = "PAGE", value_parser = logical_path)]
    pub(crate) spa: Option<String>,
    /// An earlier release: a program or a bundle file, whose hashed files are served too; may be
    /// given several times, the latest first; without it, those of HARDTACK_PREVIOUS
    #[arg(long, value_name = "FILE")]
    pub(crate) previous: Vec<PathBuf>,
    /// Append to this Hardtack executable, such as one for another machine, instead of the running one
    #[arg(long, value_name = "FILE")]
    pub(crate) base: Option<PathBuf>,
    /// The folder that keeps compressed content; by default, the user's cache folder
    #[arg(long, env = "HARDTACK_CACHE", value_name = "DIR")]
    pub(crate) cache: Option<OsString>,
    /// Name every file that was left out or keeps its name, and all warnings
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Completions {
    pub(crate) shell: Shell,
}

#[derive(Args, Debug)]
pub(crate) struct Manual {
    /// The command to describe, such as `serve` or `deploy cloudfront`; without one, the program
    pub(crate) command: Vec<String>,
}

/// Warnings of variables of the environment that no command reads.
pub(crate) fn unknown_variables() -> Vec<String> {
    variables::unknown(&definition())
}

/// The definition of the command line.
pub(crate) fn definition() -> clap::Command {
    Arguments::command()
}

/// The purpose of a process of this executable.
pub(crate) enum Purpose {
    Command(Command),
    /// To serve for a supervisor, whose options it has. It stands in no help, completion or manual.
    Worker(Box<Serve>),
}

/// Parses the command line. Prints an error or the help instead, and exits, if that is its outcome.
/// The version describes the site too.
pub(crate) fn parse(site: &str) -> Purpose {
    let arguments: Vec<_> = env::args_os().collect();
    if arguments.get(1).is_some_and(|word| word == WORKER) {
        Purpose::Worker(parse_worker(&arguments[1..]))
    } else {
        Purpose::Command(parse_command(arguments, site))
    }
}

fn parse_command(arguments: Vec<OsString>, site: &str) -> Command {
    let version = format!("{} ({site})", env!("CARGO_PKG_VERSION"));
    let definition = without_empty_variables(definition().version(version));
    let matches = definition.get_matches_from(with_command(arguments));
    Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()).command
}

/// The options of `serve`, after the word for a worker.
fn parse_worker(arguments: &[OsString]) -> Box<Serve> {
    let definition = without_empty_variables(Serve::augment_args(clap::Command::new(WORKER)));
    let matches = definition.get_matches_from(arguments);
    Box::new(Serve::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()))
}

const SERVE: &str = "serve";

/// Ignores variables that are empty.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|argument| match argument.get_env().map(env::var_os) {
        Some(Some(value)) if value.is_empty() => argument.env(Resettable::Reset),
        _ => argument,
    });
    command.mut_subcommands(without_empty_variables)
}

/// Adds the command `serve` to arguments that have none: to no argument, or options of `serve`.
fn with_command(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let first = arguments.get(1).map(|first| first.to_string_lossy());
    let is_for_serve = first.is_none_or(|first| {
        first.starts_with('-') && !["-h", "--help", "-V", "--version"].contains(&&*first)
    });
    if is_for_serve {
        arguments.insert(1.min(arguments.len()), SERVE.into());
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
