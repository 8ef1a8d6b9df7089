//! The supervisor's children: processes, and a channel to each.
//!
//! Reports are not queued in this process. A report that has not been read waits in its worker's
//! socket, which an upgrade in place hands on; of one that has been read in part, the part is kept
//! beside the socket ([`Worker::partial`]), and handed on too.

use std::{
    future::{Future, poll_fn},
    io,
    pin::pin,
    task::{self, Poll},
};

use anyhow::{Context, Result};
use hardtack_serve::{
    channel::{CHANNEL_VERSION, Channel, Order, Receiver, Report, Sender},
    tls::{Pem, TicketKeys},
};
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process_group, wait};
use tracing::warn;

use super::{
    lifecycle::Event,
    program::{Executable, Program},
    reports::sanitized,
    sockets::Listener,
};

/// A child process that has not been reaped.
pub(crate) struct Worker {
    pid: Pid,
    reports: Receiver,
    orders: Sender,
    /// Whether it has closed its end of the channel.
    is_silent: bool,
}

impl Worker {
    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    /// Its channel.
    pub(crate) fn channel(&self) -> &Sender {
        &self.orders
    }

    /// As much of its next report as has been read.
    pub(crate) fn partial(&self) -> &[u8] {
        self.reports.partial()
    }

    /// Its next report; none when it has closed its end.
    fn poll_report(&mut self, context: &mut task::Context<'_>) -> Poll<Option<Report>> {
        pin!(self.reports.receive()).poll(context).map(|report| report.map(sanitized))
    }

    async fn tell(&mut self, order: &Order) {
        match self.orders.send(order).await {
            // A worker that has just ended: its end is an event of its own.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Err(error) => warn!("cannot reach worker {}: {error}", self.pid),
            Ok(()) => {}
        }
    }

    /// How it ended, after the failure that it may still have reported.
    fn end(self, status: WaitStatus) -> impl Iterator<Item = Event> {
        let is_failure = |report: &Report| matches!(report, Report::Failed(_));
        let failures = self.reports.rest::<Report>().into_iter().filter(is_failure);
        let reported = failures.map(move |report| Event::Reported(self.pid, sanitized(report)));
        reported.chain([Event::Ended(self.pid, describe(status))])
    }
}

/// The things that a worker is handed when it starts.
#[derive(Clone, Copy)]
pub(crate) struct Handed<'a> {
    pub(crate) listeners: &'a [Listener],
    pub(crate) certificate: Option<&'a Pem>,
    pub(crate) ticket_keys: &'a TicketKeys,
    /// Whether the application is being maintained.
    pub(crate) is_maintained: bool,
}

/// All children.
#[derive(Default)]
pub(crate) struct Workers(Vec<Worker>);

impl Workers {
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &Worker> {
        self.0.iter()
    }

    pub(crate) fn has(&self, pid: Pid) -> bool {
        self.0.iter().any(|worker| worker.pid == pid)
    }

    /// Starts a worker, and sends it what it needs.
    pub(crate) fn start(
        &mut self,
        program: &Program,
        executable: Executable,
        handed: Handed<'_>,
    ) -> Result<Pid> {
        let (ours, theirs) = Channel::pair()?;
        let mut child = program
            .start_worker(executable, theirs)
            .with_context(|| format!("cannot start {}", program.path().display()))?;
        let pid = Pid::from_child(&child);
        let taken = give(&ours, handed).and_then(|()| self.take_in(pid, ours, &[]));
        if taken.is_err() {
            // It is reaped later, as an unknown child.
            child.kill().ok();
        }
        taken.context("cannot tell a worker what to do").map(|()| pid)
    }

    /// Takes a child in. `partial` is the part of its next report that has been read already.
    pub(crate) fn take_in(&mut self, pid: Pid, channel: Channel, partial: &[u8]) -> io::Result<()> {
        let (reports, orders) = channel.into_async(partial)?;
        self.0.push(Worker { pid, reports, orders, is_silent: false });
        Ok(())
    }

    /// The next report of any; none when one has closed its end.
    ///
    /// Nothing is lost if the future is dropped.
    pub(crate) async fn next_report(&mut self) -> (Pid, Option<Report>) {
        let (index, report) = poll_fn(|context| self.poll_reports(context)).await;
        let worker = &mut self.0[index];
        worker.is_silent = report.is_none();
        let pid = worker.pid;
        // Each of the others comes before it next time, so that it cannot drown them out.
        self.0.rotate_left(index + 1);
        (pid, report)
    }

    fn poll_reports(&mut self, context: &mut task::Context<'_>) -> Poll<(usize, Option<Report>)> {
        for (index, worker) in self.0.iter_mut().enumerate().filter(|(_, one)| !one.is_silent) {
            if let Poll::Ready(report) = worker.poll_report(context) {
                return Poll::Ready((index, report));
            }
        }
        Poll::Pending
    }

    pub(crate) async fn tell(&mut self, pid: Pid, order: &Order) {
        for worker in self.0.iter_mut().filter(|worker| worker.pid == pid) {
            worker.tell(order).await;
        }
    }

    pub(crate) async fn tell_all(&mut self, order: &Order) {
        for worker in &mut self.0 {
            worker.tell(order).await;
        }
    }

    /// Kills a worker, with the processes that it has started: an executable may be a script. A worker
    /// that has been reaped is not known any more: its number may be that of another process by now.
    pub(crate) fn kill(&self, pid: Pid) {
        if self.has(pid)
            && let Err(error) = kill_process_group(pid, Signal::KILL)
        {
            warn!("cannot kill worker {pid}: {error}");
        }
    }

    /// Forgets the workers that have ended.
    pub(crate) fn reap(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        // The first process of a container inherits the children of other processes too.
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            let ended = self.0.extract_if(.., |worker| worker.pid == pid);
            events.extend(ended.flat_map(|worker| worker.end(status)));
        }
        events
    }
}

/// Sends these things to a worker.
fn give(channel: &Channel, handed: Handed<'_>) -> io::Result<()> {
    use io::ErrorKind::{BrokenPipe, ConnectionReset};
    send_all(channel, handed).or_else(|error| match error.kind() {
        // It has ended already. Its report or its status tells the reason.
        BrokenPipe | ConnectionReset => Ok(()),
        _ => Err(error),
    })
}

fn send_all(channel: &Channel, handed: Handed<'_>) -> io::Result<()> {
    let start = Order::Start {
        sockets: handed.listeners.len(),
        certificate: handed.certificate.cloned(),
        ticket_keys: handed.ticket_keys.clone(),
        is_maintained: handed.is_maintained,
    };
    channel.send(&Order::Protocol(CHANNEL_VERSION), &[])?;
    channel.send(&start, &[])?;
    for listener in handed.listeners {
        channel.send(&Order::Socket(listener.endpoint.clone()), &listener.files())?;
    }
    Ok(())
}

fn describe(status: WaitStatus) -> String {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "an unknown status".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_worker_that_talks_on_and_on_drowns_out_none() {
        let mut workers = Workers::default();
        let _ends = [1, 2].map(|number| {
            let (ours, theirs) = Channel::pair().unwrap();
            (0..3).for_each(|_| theirs.send(&Report::Alive, &[]).unwrap());
            workers.take_in(Pid::from_raw(number).unwrap(), ours, &[]).unwrap();
            theirs
        });
        let mut heard = Vec::new();
        for _ in 0..6 {
            heard.push(workers.next_report().await.0.as_raw_nonzero().get());
        }
        assert!(heard.windows(2).all(|pair| pair[0] != pair[1]), "{heard:?}");
    }
}
