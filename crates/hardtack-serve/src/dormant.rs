//! A connection that is dormant: it has waited for a request for so long that it is nothing but its
//! socket and a few figures, without a task and without a place in Tokio's reactor.

use std::time::Instant;

use crate::{peer::Peer, standby::Waiting, stream::Unwatched, tenure::Tenure};

/// A dormant connection. It is one of HTTP/1.1 without TLS, whose state would have to be kept.
pub(crate) struct Dormant {
    pub(crate) socket: Unwatched,
    pub(crate) figures: Figures,
}

/// The figures of a dormant connection. The ticket is dropped before `waiting`, which announces a free
/// place when it is dropped.
pub(crate) struct Figures {
    pub(crate) peer: Peer,
    pub(crate) tenure: Tenure,
    /// The end of its last response.
    pub(crate) since: Instant,
    pub(crate) waiting: Waiting,
}

/// A message to the [dormitory](crate::dormitory) of a thread.
pub(crate) enum Message {
    /// A connection becomes dormant.
    Dormant(Box<Dormant>),
    /// The connection of this number is to be closed for a new one.
    Displaced(usize),
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The next larger block of the allocator has 160 bytes.
    #[test]
    fn it_fits_into_a_small_block() {
        assert!(size_of::<Dormant>() <= 128);
    }
}
