//! Descriptors that others own, in Tokio's reactor.

use std::{io, os::fd::AsRawFd};

use tokio::io::{Interest, unix::AsyncFd};

/// Watches a descriptor for when something can be read. It has to be called in the runtime.
///
/// # Errors
///
/// If the system allows no more.
#[expect(
    deprecated,
    reason = "it is sound for what owns its descriptor, as mio's types do; the other is `unsafe`"
)]
pub(crate) fn watch<T: AsRawFd>(descriptor: T) -> io::Result<AsyncFd<T>> {
    AsyncFd::with_interest(descriptor, Interest::READABLE)
}
