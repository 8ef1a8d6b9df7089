//! How many lines a second the log has. Most lines are caused by somebody outside: a client, or the
//! application. However often that is, the log stays readable, and the disk is not filled.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// Most lines of errors in a second, and as many of all others, which thereby hide no error.
const LINES: u32 = 100;

/// The target of lines that are written however many there are.
pub(super) const UNCOUNTED: &str = "hardtack::dropped_lines";

/// Drops the lines that are too many, and counts them.
pub(super) struct Rate {
    began: Instant,
    errors: Mutex<Second>,
    others: Mutex<Second>,
    dropped: Arc<AtomicU64>,
}

impl Rate {
    pub(super) fn new(dropped: Arc<AtomicU64>) -> Self {
        Self { began: Instant::now(), errors: Mutex::default(), others: Mutex::default(), dropped }
    }
}

impl<S: Subscriber> Layer<S> for Rate {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        if event.metadata().target() == UNCOUNTED {
            return true;
        }
        let is_error = *event.metadata().level() == Level::ERROR;
        let second = if is_error { &self.errors } else { &self.others };
        let mut second = second.lock().unwrap_or_else(PoisonError::into_inner);
        let is_written = second.has_room(self.began.elapsed().as_secs());
        if !is_written {
            self.dropped.fetch_add(1, Relaxed);
        }
        is_written
    }
}

/// The lines of a second.
#[derive(Debug, Default)]
struct Second {
    number: u64,
    lines: u32,
}

impl Second {
    /// Whether a line of that second has room; then it is counted.
    fn has_room(&mut self, number: u64) -> bool {
        if self.number != number {
            *self = Self { number, lines: 0 };
        }
        let has_room = self.lines < LINES;
        self.lines += u32::from(has_room);
        has_room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many lines come in each second, one after the other.
    #[track_caller]
    fn written(lines: &[u32], expected: &[u32]) {
        let mut second = Second::default();
        let written: Vec<_> = (0..)
            .zip(lines)
            .map(|(number, lines)| (0..*lines).filter(|_| second.has_room(number)).count() as u32)
            .collect();
        assert_eq!(written, expected);
    }

    #[test]
    fn so_many_a_second() {
        written(&[3, 0, 100], &[3, 0, 100]);
        written(&[101, 5_000, 1], &[100, 100, 1]);
    }
}
