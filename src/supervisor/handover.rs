//! An upgrade in place: the supervisor becomes another executable, under the same process id.
//!
//! Its sockets and its workers' channels go into a pair of sockets, one end of which is the
//! standard input of what it becomes: the kernel keeps them until they are read.

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{SigSet, Signal};
use rustix::process::Pid;
use serde::{Deserialize, Serialize};

use super::{
    program::Program,
    sockets::Listener,
    workers::{Role, Workers},
};
use crate::channel::{Channel, Listening, PROTOCOL, Pem};

#[derive(Deserialize, Serialize)]
struct Header {
    protocol: u32,
    /// What the workers have: its files may have gone, or be damaged by now.
    certificate: Option<Pem>,
    listeners: usize,
    workers: usize,
}

/// A child, whose channel goes with the message.
#[derive(Deserialize, Serialize)]
struct Heir {
    pid: i32,
    role: Role,
}

/// Becomes the executable that lies at the program's path. Returns only if that fails.
pub(crate) fn hand_over(
    program: &Program,
    listeners: &[Listener],
    certificate: Option<&Pem>,
    workers: &Workers,
) -> anyhow::Error {
    match fill(listeners, certificate, workers) {
        Ok(channel) => {
            let error = program.become_successor(channel);
            // The attempt has taken the process's word back that it does without this signal.
            SigSet::from(Signal::SIGPIPE).thread_block().ok();
            error.into()
        }
        Err(error) => error,
    }
}

fn fill(listeners: &[Listener], certificate: Option<&Pem>, workers: &Workers) -> Result<Channel> {
    let (ours, theirs) = Channel::pair()?;
    let header = Header {
        protocol: PROTOCOL,
        certificate: certificate.cloned(),
        listeners: listeners.len(),
        workers: workers.iter().len(),
    };
    ours.send(&header, &[])?;
    for listener in listeners {
        ours.send(&listener.listening, &listener.files())?;
    }
    for worker in workers.iter() {
        let heir = Heir { pid: worker.pid(), role: worker.role };
        ours.send(&heir, &[worker.orders.as_file()])?;
    }
    Ok(theirs)
}

/// What a supervisor begins with.
pub(crate) struct Inherited {
    pub(crate) listeners: Vec<Listener>,
    pub(crate) certificate: Option<Pem>,
    pub(crate) workers: Workers,
}

impl Inherited {
    pub(crate) fn of_nobody(listeners: Vec<Listener>, certificate: Option<Pem>) -> Self {
        Self { listeners, certificate, workers: Workers::new() }
    }

    /// Reads what the predecessor left.
    pub(crate) fn receive(channel: &Channel) -> Result<Self> {
        let (header, _) = channel.receive::<Header>()?.context(LOST)?;
        let theirs = header.protocol;
        ensure!(theirs == PROTOCOL, "the predecessor speaks protocol {theirs}, not {PROTOCOL}");
        let mut inherited = Self::of_nobody(Vec::new(), header.certificate);
        for _ in 0..header.listeners {
            let (listening, sockets) = channel.receive::<Listening>()?.context(LOST)?;
            inherited.listeners.push(Listener { listening, sockets });
        }
        for _ in 0..header.workers {
            let (heir, files) = channel.receive::<Heir>()?.context(LOST)?;
            let file = files.into_iter().next().context(LOST)?;
            let pid = Pid::from_raw(heir.pid).context(LOST)?;
            inherited.workers.add(pid, heir.role, Channel::from_file(file)?)?;
        }
        Ok(inherited)
    }
}

const LOST: &str = "the predecessor has not handed everything over";
