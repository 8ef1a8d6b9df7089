//! The service manager that started the process, if one did: the notices that it gets
//! (sd_notify(3)), and its watchdog (sd_watchdog_enabled(3)), which kills a service whose notices
//! stop.

#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;
use std::{
    collections::VecDeque,
    env,
    ffi::OsStr,
    future::pending,
    io,
    os::unix::{
        ffi::OsStrExt,
        net::{SocketAddr, UnixDatagram},
    },
    time::Duration,
};

use sd_notify::NotifyState;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tracing::warn;

/// A change that the service manager is told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// Clients are served, with this release.
    Serving(String),
    /// Configuration is read again.
    Reloading,
    /// It has been.
    Reloaded,
    /// The process becomes another executable.
    HandingOver,
    Stopping,
    /// For the watchdog.
    AllIsWell,
}

impl Notice {
    /// Its lines.
    fn text(&self) -> String {
        match self {
            Self::Serving(release) => {
                let status = format!("serving release {release}");
                lines(&[NotifyState::Ready, NotifyState::Status(&status)])
            }
            Self::Reloading => {
                let now = NotifyState::monotonic_usec_now().into_iter();
                lines(&[NotifyState::Reloading].into_iter().chain(now).collect::<Vec<_>>())
            }
            Self::Reloaded => lines(&[NotifyState::Ready]),
            Self::HandingOver => lines(&[NotifyState::Status("upgrading")]),
            Self::Stopping => lines(&[NotifyState::Stopping]),
            Self::AllIsWell => lines(&[NotifyState::Watchdog]),
        }
    }
}

fn lines(states: &[NotifyState<'_>]) -> String {
    states.iter().map(|state| format!("{state}\n")).collect()
}

/// Most notices that wait for a service manager that does not read.
const MOST_UNSENT: usize = 32;

/// The service manager's socket, which is never waited for: notices for which it has no room are kept.
#[derive(Default)]
pub(crate) struct ServiceManager {
    socket: Option<(UnixDatagram, SocketAddr)>,
    unsent: VecDeque<String>,
}

impl ServiceManager {
    /// The service manager that the environment names, if it names one.
    pub(crate) fn of_environment() -> Self {
        let opened = env::var_os("NOTIFY_SOCKET").map(|name| open(&name)).transpose();
        let socket = opened.unwrap_or_else(|error| {
            warn!("cannot notify the service manager: {error}");
            None
        });
        Self { socket, ..Self::default() }
    }

    /// Tells it, at once or when it has room.
    pub(crate) fn tell(&mut self, notice: &Notice) {
        let text = notice.text();
        // The last of the notices for the watchdog counts for all that wait.
        if self.unsent.back() != Some(&text) {
            self.unsent.push_back(text);
        }
        if self.unsent.len() > MOST_UNSENT {
            self.unsent.pop_front();
        }
        self.tell_on();
    }

    /// Tells it the notices that wait.
    pub(crate) fn tell_on(&mut self) {
        while let Some(text) = self.unsent.front() {
            match self.send(text) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => warn!("cannot notify the service manager: {error}"),
                Ok(()) => {}
            }
            self.unsent.pop_front();
        }
    }

    fn send(&self, text: &str) -> io::Result<()> {
        let Some((socket, address)) = &self.socket else {
            return Ok(());
        };
        socket.send_to_addr(text.as_bytes(), address).map(drop)
    }
}

/// A socket that does not wait, and the address: a path, or a name without a file that begins with `@`.
fn open(name: &OsStr) -> io::Result<(UnixDatagram, SocketAddr)> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    let address = match name.as_bytes() {
        #[cfg(target_os = "linux")]
        [b'@', rest @ ..] => SocketAddr::from_abstract_name(rest)?,
        _ => SocketAddr::from_pathname(name)?,
    };
    Ok((socket, address))
}

/// When the service manager is to be told that all is well, if it wants to be.
pub(crate) struct Watchdog(Option<Interval>);

impl Watchdog {
    /// The period that the service manager sets. It is told twice in it.
    pub(crate) fn asked_for() -> Self {
        let period = sd_notify::watchdog_enabled().map(|time| time / 2);
        Self(period.filter(|period| !period.is_zero()).map(every))
    }

    /// Waits until it is to be told again.
    pub(crate) async fn next(&mut self) {
        match &mut self.0 {
            Some(interval) => drop(interval.tick().await),
            None => pending().await,
        }
    }
}

/// Ticks at least a period apart, even after a late tick.
pub(crate) fn every(period: Duration) -> Interval {
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_manager_that_does_not_read_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let theirs = UnixDatagram::bind(&path).unwrap();
        theirs.set_nonblocking(true).unwrap();
        let mut manager =
            ServiceManager { socket: Some(open(path.as_os_str()).unwrap()), ..Default::default() };
        // The system keeps 10 or some more (net.unix.max_dgram_qlen).
        for number in 0..2000 {
            manager.tell(&Notice::Serving(number.to_string()));
            manager.tell(&Notice::AllIsWell);
        }
        manager.tell(&Notice::AllIsWell);
        assert_eq!(manager.unsent.len(), MOST_UNSENT);
        let mut heard = Vec::new();
        while !manager.unsent.is_empty() {
            let mut message = [0; 100];
            while let Ok(length) = theirs.recv(&mut message) {
                heard.push(String::from_utf8(message[..length].to_owned()).unwrap());
            }
            manager.tell_on();
        }
        assert_eq!(heard[..2], ["READY=1\nSTATUS=serving release 0\n", "WATCHDOG=1\n"]);
        manager.tell(&Notice::Stopping);
        let mut message = [0; 100];
        let rest: Vec<_> = std::iter::from_fn(|| theirs.recv(&mut message).ok()).collect();
        assert!(rest.len() > 1, "nothing that waited is left out");
        assert_eq!(&message[..11], b"STOPPING=1\n");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_name_without_a_file() {
        let (_, address) = open(OsStr::new("@hardtack")).unwrap();
        let name = address.as_abstract_name();
        assert_eq!(name, Some(&b"hardtack"[..]));
        assert!(open(OsStr::new(&"x".repeat(200))).is_err());
    }
}
