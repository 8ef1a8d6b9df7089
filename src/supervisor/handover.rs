//! An upgrade in place: the supervisor becomes another executable, under the same process id.
//!
//! Its sockets and its workers' channels go into a pair of sockets. One end of the pair is the
//! successor's standard input: the kernel keeps them until the successor reads.

use anyhow::{Context, Result, ensure};
use hardtack_serve::{
    channel::{CHANNEL_VERSION, Channel, Endpoint},
    tls::{Pem, TicketKeys},
};
use nix::sys::signal::{SigSet, Signal};
use rustix::process::Pid;
use serde::{Deserialize, Serialize};

use super::{
    lifecycle::Role,
    program::Program,
    sockets::Listener,
    workers::{Worker, Workers},
};

#[derive(Deserialize, Serialize)]
struct Header {
    /// The certificate of the workers. Its files may be gone or damaged by now.
    certificate: Option<Pem>,
    ticket_keys: TicketKeys,
    listeners: usize,
    workers: usize,
}

/// A child, whose channel goes with the message.
#[derive(Deserialize, Serialize)]
struct Heir {
    pid: i32,
    role: Role,
    /// As much of its next report as the predecessor has read.
    #[serde(default)]
    partial: Vec<u8>,
}

/// The state that a successor is handed.
pub(crate) struct State<'a> {
    pub(crate) listeners: &'a [Listener],
    pub(crate) certificate: Option<&'a Pem>,
    pub(crate) ticket_keys: &'a TicketKeys,
    pub(crate) workers: &'a [(&'a Worker, Role)],
}

/// Becomes the executable that lies at the program's path. Returns only if that fails.
pub(crate) fn hand_over(program: &Program, state: &State<'_>) -> anyhow::Error {
    match fill(state) {
        Ok(channel) => {
            let error = program.become_successor(channel);
            // The failed exec has reset SIGPIPE, which this process ignores.
            SigSet::from(Signal::SIGPIPE).thread_block().ok();
            error.into()
        }
        Err(error) => error,
    }
}

fn fill(state: &State<'_>) -> Result<Channel> {
    let (ours, theirs) = Channel::pair()?;
    let header = Header {
        certificate: state.certificate.cloned(),
        ticket_keys: state.ticket_keys.clone(),
        listeners: state.listeners.len(),
        workers: state.workers.len(),
    };
    // In every version, a number comes first.
    ours.send(&CHANNEL_VERSION, &[])?;
    ours.send(&header, &[])?;
    for listener in state.listeners {
        ours.send(&listener.endpoint, &listener.files())?;
    }
    for (worker, role) in state.workers {
        let pid = worker.pid().as_raw_nonzero().get();
        let heir = Heir { pid, role: *role, partial: worker.partial().to_owned() };
        ours.send(&heir, &[worker.channel().as_file()])?;
    }
    Ok(theirs)
}

/// The state that a supervisor begins with.
pub(crate) struct Inherited {
    pub(crate) listeners: Vec<Listener>,
    pub(crate) certificate: Option<Pem>,
    pub(crate) ticket_keys: TicketKeys,
    pub(crate) workers: Workers,
    pub(crate) roles: Vec<(Pid, Role)>,
}

impl Inherited {
    /// Receives the state of the predecessor.
    pub(crate) fn receive(channel: &Channel) -> Result<Self> {
        let (theirs, _) = channel.receive::<u32>()?.context(LOST)?;
        ensure!(
            theirs == CHANNEL_VERSION,
            "the predecessor speaks protocol {theirs}, not {CHANNEL_VERSION}"
        );
        let (header, _) = channel.receive::<Header>()?.context(LOST)?;
        let mut inherited = Self {
            listeners: Vec::new(),
            certificate: header.certificate,
            ticket_keys: header.ticket_keys,
            workers: Workers::default(),
            roles: Vec::new(),
        };
        for _ in 0..header.listeners {
            let (endpoint, sockets) = channel.receive::<Endpoint>()?.context(LOST)?;
            inherited.listeners.push(Listener { endpoint, sockets });
        }
        for _ in 0..header.workers {
            let (heir, files) = channel.receive::<Heir>()?.context(LOST)?;
            let file = files.into_iter().next().context(LOST)?;
            let pid = Pid::from_raw(heir.pid).context(LOST)?;
            inherited.workers.take_in(pid, Channel::from_file(file)?, &heir.partial)?;
            inherited.roles.push((pid, heir.role));
        }
        Ok(inherited)
    }
}

const LOST: &str = "the predecessor has not handed everything over";

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        os::unix::net::UnixStream,
        time::{Duration, SystemTime},
    };

    use tokio::time::timeout;

    use super::*;

    fn pid(number: i32) -> Pid {
        Pid::from_raw(number).unwrap()
    }

    #[tokio::test]
    async fn reports_that_are_half_read_or_unread_are_the_successors_to_read() {
        let mut predecessor = Workers::default();
        let [mut half, mut whole] = [1, 2].map(|number| {
            let (ours, theirs) = Channel::pair().unwrap();
            predecessor.take_in(pid(number), ours, &[]).unwrap();
            UnixStream::from(theirs.into_file())
        });
        let report = [&[8, 0, 0, 0], &br#""Closed""#[..]].concat();
        let (first, rest) = report.split_at(7);
        half.write_all(first).unwrap();
        assert!(timeout(Duration::from_millis(10), predecessor.next_report()).await.is_err());
        // This report comes after the predecessor has stopped reading.
        whole.write_all(&report).unwrap();

        let heirs: Vec<_> = predecessor.iter().zip([Role::Current, Role::Retired]).collect();
        let ticket_keys = &TicketKeys::new(SystemTime::now()).unwrap();
        let state = State { listeners: &[], certificate: None, ticket_keys, workers: &heirs };
        let channel = fill(&state).unwrap();
        drop(predecessor);
        let mut successor = Inherited::receive(&channel).unwrap();
        half.write_all(rest).unwrap();
        assert_eq!(successor.roles, [(pid(1), Role::Current), (pid(2), Role::Retired)]);
        let mut heard =
            [successor.workers.next_report().await, successor.workers.next_report().await]
                .map(|(pid, report)| format!("{pid} {report:?}"));
        heard.sort();
        assert_eq!(heard, ["1 Some(Closed)", "2 Some(Closed)"]);
    }
}
