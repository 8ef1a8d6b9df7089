//! The executable and its command line, as they are started again.

use std::{
    env,
    ffi::{OsStr, OsString},
    io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result};
use hardtack_serve::channel::Channel;
use nix::unistd::User;

use super::accounts::find_user;
use crate::worker::{UPGRADE, WORKER};

/// The variable by which a supervisor knows that its predecessor hands over, through its standard
/// input. The value is its process id, which an exec does not change: a child that inherits the
/// variable has another one.
/// The executable of this process, on Linux with /proc.
const RUNNING: &str = "/proc/self/exe";

const HANDOVER: &str = "HARDTACK_HANDOVER";

/// The delay after which the worker's allocator returns unused memory to the system.
const PURGE_DELAY: &str = "MIMALLOC_PURGE_DELAY";

/// The executable of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Executable {
    /// The supervisor's own, even if another one has been installed since.
    Running,
    /// The one that lies at the program's path by now.
    Installed,
}

/// How this program was started.
#[derive(Debug)]
pub(crate) struct Program {
    /// The path by which it was started. A link there may lead to another file later.
    path: PathBuf,
    arguments: Vec<OsString>,
    user: Option<User>,
}

impl Program {
    /// The running program, whose workers become that user.
    pub(crate) fn running(user: Option<&str>) -> Result<Self> {
        let mut arguments = env::args_os();
        let name = arguments.next().unwrap_or_default();
        let path = find(&name).or_else(|_| env::current_exe());
        Ok(Self {
            path: path.context("cannot find this executable")?,
            arguments: arguments.collect(),
            user: user.map(find_user).transpose().context("--user")?,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Starts a worker with one end of a channel.
    pub(crate) fn start_worker(
        &self,
        executable: Executable,
        channel: Channel,
    ) -> io::Result<Child> {
        let mut command = Command::new(self.path_of(executable));
        command.arg0(&self.path);
        let arguments = self.arguments.iter().skip_while(|argument| *argument == "serve");
        command.arg(WORKER).args(arguments).stdin(Stdio::from(channel.into_file()));
        // Ctrl-C on a terminal goes to the supervisor alone.
        command.process_group(0);
        for name in ["NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_FDNAMES", HANDOVER] {
            command.env_remove(name);
        }
        match executable {
            Executable::Running => command.env_remove(UPGRADE),
            Executable::Installed => command.env(UPGRADE, "1"),
        };
        // Milliseconds. By its own delay, the allocator keeps the memory of a burst for longer.
        if env::var_os(PURGE_DELAY).is_none() {
            command.env(PURGE_DELAY, "10");
        }
        if let Some(user) = &self.user {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command.spawn()
    }

    fn path_of(&self, executable: Executable) -> &Path {
        match executable {
            // It may have been replaced at its path. Without /proc, that is not seen.
            Executable::Running if Path::new(RUNNING).exists() => Path::new(RUNNING),
            Executable::Running | Executable::Installed => &self.path,
        }
    }

    /// Becomes the executable that is at the path now. Returns only if that fails.
    pub(crate) fn become_successor(&self, channel: Channel) -> io::Error {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).stdin(Stdio::from(channel.into_file()));
        command.env(HANDOVER, std::process::id().to_string());
        command.exec()
    }
}

/// The channel by which a predecessor hands over, if this process has one.
pub(crate) fn predecessor() -> io::Result<Option<Channel>> {
    let process = env::var(HANDOVER).ok().and_then(|value| value.parse().ok());
    (process == Some(std::process::id())).then(Channel::of_stdin).transpose()
}

/// The path of a program. A name without a slash is looked up in PATH, as the shell did.
fn find(name: &OsStr) -> io::Result<PathBuf> {
    let path = Path::new(name);
    if path.components().count() > 1 {
        return std::path::absolute(path).and_then(existing);
    }
    let folders = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&folders).find_map(|folder| existing(folder.join(path)).ok());
    found.ok_or_else(|| io::ErrorKind::NotFound.into())
}

fn existing(path: PathBuf) -> io::Result<PathBuf> {
    path.metadata().map(|_| path)
}
