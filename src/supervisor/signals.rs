//! The signals that the supervisor obeys.

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

/// The signals that come while this exists, and those that a predecessor has held back.
pub(crate) struct Signals {
    terminate: unix::Signal,
    interrupt: unix::Signal,
    hangup: unix::Signal,
    user: unix::Signal,
    child: unix::Signal,
    are_held: bool,
}

impl Signals {
    pub(crate) fn new() -> io::Result<Self> {
        let signals = Self {
            terminate: unix::signal(SignalKind::terminate())?,
            interrupt: unix::signal(SignalKind::interrupt())?,
            hangup: unix::signal(SignalKind::hangup())?,
            user: unix::signal(SignalKind::user_defined2())?,
            child: unix::signal(SignalKind::child())?,
            are_held: false,
        };
        ours().thread_unblock()?;
        Ok(signals)
    }

    /// Waits for a signal. While signals are held, returns the next signal that came before, and then
    /// none.
    pub(crate) async fn next(&mut self) -> Option<Signal> {
        if !self.are_held {
            return Some(self.any().await);
        }
        // A signal that came before is in a pipe, which the runtime reads before timers end.
        timeout(Duration::from_millis(1), self.any()).await.ok()
    }

    async fn any(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal::Stop,
            _ = self.interrupt.recv() => Signal::Stop,
            _ = self.hangup.recv() => Signal::Reload,
            _ = self.user.recv() => Signal::Upgrade,
            _ = self.child.recv() => Signal::Child,
        }
    }

    /// Whether the system keeps signals back.
    pub(crate) fn are_held(&self) -> bool {
        self.are_held
    }

    /// Has the system keep further signals back. While the process becomes another executable, it has
    /// no handlers, and most signals would end it.
    pub(crate) fn hold(&mut self) -> io::Result<()> {
        self.are_held = true;
        Ok(ours().thread_block()?)
    }

    pub(crate) fn release(&mut self) -> io::Result<()> {
        self.are_held = false;
        Ok(ours().thread_unblock()?)
    }
}

/// Keeps signals from this thread, and from the threads that it starts.
pub(crate) fn block() -> io::Result<()> {
    Ok(ours().thread_block()?)
}

fn ours() -> SigSet {
    use signal::Signal::{SIGCHLD, SIGHUP, SIGINT, SIGTERM, SIGUSR2};
    SigSet::from_iter([SIGTERM, SIGINT, SIGHUP, SIGUSR2, SIGCHLD])
}

#[cfg(test)]
mod tests {
    use nix::sys::signal::{Signal::SIGHUP, raise};

    use super::*;

    #[tokio::test]
    async fn no_signal_is_lost_while_they_are_held() {
        let mut signals = Signals::new().unwrap();
        raise(SIGHUP).unwrap();
        signals.hold().unwrap();
        assert_eq!(signals.next().await, Some(Signal::Reload), "it came before");
        assert_eq!(signals.next().await, None);
        raise(SIGHUP).unwrap();
        assert_eq!(signals.next().await, None, "the system has it");
        signals.release().unwrap();
        assert_eq!(signals.next().await, Some(Signal::Reload));
    }
}
