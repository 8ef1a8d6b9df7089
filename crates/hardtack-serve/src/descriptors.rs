//! The file descriptors of the process, and their division: clients, the application, and a reserve.
//!
//! Were they given in the order of arrival, requests to a slow application would leave none for new
//! clients and for baked files.

use std::{io, os::fd::OwnedFd};

use rustix::{
    io::fcntl_dupfd_cloexec,
    process::{Resource, getrlimit},
};

/// Descriptors that the process itself needs: of each thread, and of all together.
const OF_THREAD: usize = 8;
const OF_PROCESS: usize = 32;

/// Most connections of clients, of requests to the application, and of the admin listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Division {
    pub(crate) connections: usize,
    pub(crate) upstream: usize,
    pub(crate) admin: usize,
}

impl Division {
    /// The most descriptors that the options ask for, as far as the system's limit allows.
    pub(crate) fn of_process(asked: Self, threads: usize) -> Self {
        let limit = getrlimit(Resource::Nofile).current;
        let limit = limit.and_then(|limit| usize::try_from(limit).ok());
        limit.map_or(asked, |limit| asked.within(limit, threads))
    }

    /// Each request to the application counts three times: its connection, which is kept for a moment
    /// when it is idle, and the file of another request's content that still comes. However few
    /// descriptors there are, some are left to each.
    fn within(self, limit: usize, threads: usize) -> Self {
        let admin = self.admin.min(limit / 16).max(1);
        let reserve = reserve(threads, admin).min(limit / 2);
        let free = limit - reserve;
        let upstream = self.upstream.min(free / 5);
        let connections = self.connections.min(free - 3 * upstream);
        let at_least_1 = |number: usize, asked: usize| number.max(asked.min(1));
        Self {
            connections: at_least_1(connections, self.connections),
            upstream: at_least_1(upstream, self.upstream),
            admin,
        }
    }

    /// The most descriptors that are open at once.
    fn total(self, threads: usize) -> usize {
        self.connections + 3 * self.upstream + reserve(threads, self.admin)
    }
}

fn reserve(threads: usize, admin: usize) -> usize {
    OF_PROCESS + OF_THREAD * threads + admin
}

/// The descriptors of sockets that other processes share: this number and all above it. The sandbox
/// knows them by that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shared(u32);

impl Shared {
    /// Room for so many sockets, above all descriptors that the process opens one after another.
    pub(crate) fn above(division: Division, threads: usize, sockets: usize) -> Self {
        let limit = getrlimit(Resource::Nofile).current;
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let first = division.total(threads).min(limit.saturating_sub(sockets));
        // Descriptors are positive numbers of 32 bits with a sign.
        Self(u32::try_from(first).unwrap_or(u32::MAX).min(i32::MAX.cast_unsigned()))
    }

    /// The first of these descriptors.
    pub(crate) fn first(self) -> u32 {
        self.0
    }

    /// Moves a socket to one of these descriptors.
    pub(crate) fn take(self, socket: OwnedFd) -> io::Result<OwnedFd> {
        Ok(fcntl_dupfd_cloexec(&socket, self.0.cast_signed())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn divides(limit: usize, threads: usize, upstream: usize, expected: (usize, usize, usize)) {
        let asked = Division { connections: 16_384, upstream, admin: 32 };
        let Division { connections, upstream, admin } = asked.within(limit, threads);
        assert_eq!((connections, upstream, admin), expected);
    }

    #[test]
    fn divisions() {
        divides(1 << 20, 64, 1024, (16_384, 1024, 32));
        divides(1024, 1, 0, (952, 0, 32));
        divides(1024, 1, 1024, (382, 190, 32));
        divides(1024, 64, 1024, (206, 102, 32));
        divides(1024, 1, 10, (922, 10, 32));
        divides(40, 1, 0, (20, 0, 2));
        divides(4, 1, 1024, (2, 1, 1));
        divides(0, 1, 1024, (1, 1, 1));
    }
}
