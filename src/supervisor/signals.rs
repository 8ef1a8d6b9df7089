//! What the supervisor is told by signals.

use std::{io, time::Duration};

use nix::sys::signal::{self, SigSet};
use tokio::{
    signal::unix::{self, SignalKind},
    time::timeout,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// SIGTERM, or Ctrl-C.
    Stop,
    /// SIGHUP.
    Reload,
    /// SIGUSR2.
    Upgrade,
    /// SIGCHLD: a child has ended.
    Child,
}

/// Heard from the moment on that this exists, with those that a predecessor has held back.
pub(crate) struct Signals {
    terminate: unix::Signal,
    interrupt: unix::Signal,
    hangup: unix::Signal,
    user: unix::Signal,
    child: unix::Signal,
}

impl Signals {
    pub(crate) fn new() -> io::Result<Self> {
        let signals = Self {
            terminate: unix::signal(SignalKind::terminate())?,
            interrupt: unix::signal(SignalKind::interrupt())?,
            hangup: unix::signal(SignalKind::hangup())?,
            user: unix::signal(SignalKind::user_defined2())?,
            child: unix::signal(SignalKind::child())?,
        };
        signals.release()?;
        Ok(signals)
    }

    pub(crate) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal::Stop,
            _ = self.interrupt.recv() => Signal::Stop,
            _ = self.hangup.recv() => Signal::Reload,
            _ = self.user.recv() => Signal::Upgrade,
            _ = self.child.recv() => Signal::Child,
        }
    }

    /// Has the system keep those that come from now on. While the process becomes another
    /// executable, it has no handlers, and most of them would end it.
    pub(crate) fn hold(&self) -> io::Result<()> {
        Ok(ours().thread_block()?)
    }

    /// The next one of those that came before they were held back.
    pub(crate) async fn heard(&mut self) -> Option<Signal> {
        timeout(Duration::from_millis(1), self.next()).await.ok()
    }

    pub(crate) fn release(&self) -> io::Result<()> {
        Ok(ours().thread_unblock()?)
    }
}

fn ours() -> SigSet {
    use signal::Signal::{SIGCHLD, SIGHUP, SIGINT, SIGTERM, SIGUSR2};
    SigSet::from_iter([SIGTERM, SIGINT, SIGHUP, SIGUSR2, SIGCHLD])
}
