//! The windows for content of requests over HTTP/2 (RFC 9113 §5.2): how many bytes may be under way to
//! this server, and have to be kept if they are not passed on.
//!
//! A window of 64 KB is 800 KB a second at a round trip of 80 ms. So windows are large while there is room,
//! and become smaller with the number of connections. Together they have a bound.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Bytes of all windows of the process beyond the least of each.
const TOTAL: u64 = 512 << 20;
/// A connection gets this part of what is left.
const PART: u64 = 32;
/// The windows that each connection has, without any promise (RFC 9113 §6.9.2).
const LEAST: u64 = 65_535;
const MOST: u64 = 8 << 20;

/// The windows of the process.
#[derive(Debug, Default)]
pub(crate) struct Windows {
    granted: AtomicU64,
}

/// The windows of a connection, until this is dropped.
#[derive(Debug)]
pub(crate) struct Grant {
    windows: Option<&'static Windows>,
    bytes: u64,
}

impl Windows {
    /// The windows of a connection whose content is passed on.
    pub(crate) fn grant(&'static self) -> Grant {
        let bytes = next(self.granted.load(Relaxed));
        self.granted.fetch_add(bytes, Relaxed);
        Grant { windows: Some(self), bytes }
    }
}

/// The window of a connection when so many bytes are granted. The least is no part of the total.
fn next(granted: u64) -> u64 {
    (TOTAL.saturating_sub(granted) / PART).clamp(LEAST, MOST)
}

impl Grant {
    /// The least windows, for content that nobody wants.
    pub(crate) fn least() -> Self {
        Self { windows: None, bytes: LEAST }
    }

    /// Bytes that all streams of the connection may have under way.
    pub(crate) fn of_connection(&self) -> u32 {
        u32::try_from(self.bytes).expect("it is at most 8 MB")
    }

    /// Bytes that one of them may have: one that is not passed on does not stop the others.
    pub(crate) fn of_stream(&self) -> u32 {
        u32::try_from((self.bytes / 2).max(LEAST)).expect("it is at most 4 MB")
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        if let Some(windows) = self.windows {
            windows.granted.fetch_sub(self.bytes, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_become_smaller_and_have_a_bound() {
        let windows: &'static Windows = Box::leak(Box::default());
        let grants: Vec<_> = (0..20_000).map(|_| windows.grant()).collect();
        let sizes = [0, 32, 100, 1000].map(|number: usize| grants[number].bytes / 1024);
        assert_eq!(sizes, [8192, 8192, 945, 63]);
        let least = grants.len() as u64 * LEAST;
        assert!(windows.granted.load(Relaxed) <= TOTAL + least);
        assert_eq!(grants[0].of_stream(), 4 << 20);
        assert_eq!((grants[999].of_stream(), grants[999].of_connection()), (65_535, 65_535));
        drop(grants);
        assert_eq!(windows.granted.load(Relaxed), 0);
        assert_eq!(windows.grant().of_connection(), 8 << 20);
    }
}
