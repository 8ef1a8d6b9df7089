//! The log of the process, on standard error, for operators.
//!
//! Lines are queued, so that no process waits for the reader of its log. A value that a client sent is
//! a field in its debug form (`?value`), which cannot end the line.

mod rate;

use std::{
    fmt,
    io::{self, IsTerminal},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::SystemTime,
};

use tracing::{
    Dispatch,
    dispatcher::{self, SetGlobalDefaultError},
    level_filters::LevelFilter,
    warn,
};
use tracing_appender::non_blocking::ErrorCounter;
use tracing_subscriber::{
    filter::Targets,
    fmt::{MakeWriter, format::Writer, time::FormatTime},
    layer::SubscriberExt,
};

use self::rate::Rate;
use crate::{
    queued::{AwaitedQueue, Flush},
    utc,
};

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// Text.
    Human,
    /// One JSON object per line.
    Json,
}

/// The lowest severity that is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Failures.
    Error,
    /// Also conditions that may become failures.
    Warn,
    /// Also actions of an operator.
    Info,
    /// Also faults of clients.
    Debug,
}

/// The log of the process, which ends when this is dropped: the lines that are left are written.
pub struct Log {
    queue: AwaitedQueue,
    too_many: Arc<AtomicU64>,
    _flush: Flush,
}

/// Counts lines of the log that are not written.
#[derive(Clone, Debug)]
pub struct DroppedLines {
    without_room: ErrorCounter,
    too_many: Arc<AtomicU64>,
    told: u64,
}

impl DroppedLines {
    /// The lines for which the queue had no room, and those that were too many for their second.
    pub fn count(&self) -> u64 {
        self.without_room.dropped_lines() as u64 + self.too_many.load(Relaxed)
    }

    /// Says in the log how many lines have been dropped since it said so the last time.
    pub fn tell(&mut self) {
        let count = self.count();
        if count > self.told {
            let lines = count - self.told;
            warn!(
                target: rate::UNCOUNTED,
                lines,
                "lines of this log were dropped: there were more than 100 in a second, or nobody \
                 reads it"
            );
            self.told = count;
        }
    }
}

impl Log {
    /// Begins the log, in a thread of its own. Lines that have no room, or are too many in a second, are
    /// dropped and counted.
    ///
    /// # Errors
    ///
    /// If there is a log already.
    pub fn begin(format: Format, severity: Severity) -> Result<Self, BegunAlready> {
        let (queue, flush) = AwaitedQueue::new("hardtack-log", io::stderr());
        let too_many = Arc::<AtomicU64>::default();
        let rate = Rate::new(Arc::clone(&too_many));
        let dispatch = dispatch(Shape::of(format), severity, rate, queue.clone());
        dispatcher::set_global_default(dispatch)?;
        Ok(Self { queue, too_many, _flush: flush })
    }

    /// The lines that are not written.
    pub fn dropped(&self) -> DroppedLines {
        let without_room = self.queue.error_counter();
        DroppedLines { without_room, too_many: Arc::clone(&self.too_many), told: 0 }
    }

    /// Waits until all lines are written, for two seconds at most.
    pub fn settle(&self) {
        self.queue.settle();
    }
}

/// Whether lines are text for people, on standard error and on standard output.
pub fn is_human(format: Format) -> bool {
    matches!(Shape::of(format), Shape::Human { .. })
}

/// The process has a log.
#[derive(Debug, thiserror::Error)]
#[error("the log has begun already")]
pub struct BegunAlready(#[from] SetGlobalDefaultError);

/// The format of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// Text without the time, which journald adds.
    Human {
        is_colored: bool,
    },
    Json,
}

impl Shape {
    fn of(format: Format) -> Self {
        let is_colored =
            anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
        match format {
            Format::Auto if !io::stderr().is_terminal() => Self::Json,
            Format::Auto | Format::Human => Self::Human { is_colored },
            Format::Json => Self::Json,
        }
    }
}

fn dispatch<W>(shape: Shape, severity: Severity, rate: Rate, writer: W) -> Dispatch
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE);
    let lines = lines.with_writer(writer).with_target(false);
    let wanted = wanted(severity);
    match shape {
        Shape::Human { is_colored } => {
            lines.without_time().with_ansi(is_colored).finish().with(wanted).with(rate).into()
        }
        Shape::Json => {
            let lines = lines.json().with_timer(Utc).flatten_event(true);
            let lines = lines.with_current_span(false).with_span_list(false);
            lines.finish().with(wanted).with(rate).into()
        }
    }
}

/// Lines of our own code. Other crates have lines that a client can cause at will, as h2 for a PING, or
/// that show all header fields.
fn wanted(severity: Severity) -> Targets {
    let level = match severity {
        Severity::Error => LevelFilter::ERROR,
        Severity::Warn => LevelFilter::WARN,
        Severity::Info => LevelFilter::INFO,
        Severity::Debug => LevelFilter::DEBUG,
    };
    Targets::new().with_target("hardtack", level)
}

/// The time as in the access log.
struct Utc;

impl FormatTime for Utc {
    fn format_time(&self, w: &mut Writer<'_>) -> fmt::Result {
        w.write_str(&utc::rfc_3339(SystemTime::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queued::{queued, tests::Kept};

    const PLAIN: Shape = Shape::Human { is_colored: false };

    /// The lines that are written for the events of a function.
    fn written(shape: Shape, severity: Severity, events: fn()) -> String {
        let kept = Kept::default();
        let (lines, flush) = queued("test", kept.clone());
        dispatcher::with_default(
            &dispatch(shape, severity, Rate::new(Arc::default()), lines),
            events,
        );
        drop(flush);
        kept.text()
    }

    #[track_caller]
    fn severities(severity: Severity, expected: &str) {
        let written = written(PLAIN, severity, || {
            tracing::debug!("a client");
            tracing::info!("an operator");
            tracing::warn!("soon");
            tracing::error!("now");
            tracing::debug!(target: "h2::codec", "a frame");
            tracing::info!(target: "h2::codec", "a stream");
            tracing::warn!(target: "h2::codec", "a flood");
        });
        assert_eq!(written, expected);
    }

    #[test]
    fn what_is_worth_a_line() {
        severities(Severity::Error, "ERROR now\n");
        severities(Severity::Warn, " WARN soon\nERROR now\n");
        severities(Severity::Info, " INFO an operator\n WARN soon\nERROR now\n");
        let all = "DEBUG a client\n INFO an operator\n WARN soon\nERROR now\n";
        severities(Severity::Debug, all);
    }

    #[test]
    fn a_flood_of_warnings_is_cut_and_hides_no_error() {
        let written = written(PLAIN, Severity::Info, || {
            (0..10_000).for_each(|_| tracing::warn!("again"));
            tracing::error!("now");
        });
        // The flood may have lasted some seconds.
        assert!((101..5_000).contains(&written.lines().count()));
        assert!(written.ends_with("ERROR now\n"));
    }

    #[test]
    fn lines_that_were_dropped_are_told_of_once() {
        let kept = Kept::default();
        let (lines, flush) = queued("test", kept.clone());
        let too_many = Arc::<AtomicU64>::default();
        let without_room = lines.error_counter();
        let rate = Rate::new(Arc::clone(&too_many));
        let mut dropped = DroppedLines { without_room, too_many, told: 0 };
        dispatcher::with_default(&dispatch(PLAIN, Severity::Warn, rate, lines), || {
            dropped.tell();
            (0..10_000).for_each(|_| tracing::warn!("again"));
            dropped.tell();
            dropped.tell();
        });
        drop(flush);
        let text = kept.text();
        let told: Vec<_> = text.lines().filter(|line| !line.contains("again")).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains(&format!("lines={}", dropped.count())), "{told:?}");
    }

    fn listening() {
        tracing::info!(port = 8000, path = ?"a\n\"b\"", "listening");
    }

    #[test]
    fn a_line_for_people() {
        let line = written(PLAIN, Severity::Info, listening);
        assert_eq!(line, " INFO listening port=8000 path=\"a\\n\\\"b\\\"\"\n");
        let colored = written(Shape::Human { is_colored: true }, Severity::Info, listening);
        assert!(colored.contains("\x1b[32m INFO\x1b[0m"), "{colored}");
    }

    #[test]
    fn a_line_for_programs() {
        let line = written(Shape::Json, Severity::Info, listening);
        let fields: serde_json::Value = serde_json::from_str(&line).unwrap();
        let time = fields["timestamp"].as_str().unwrap();
        assert_eq!((time.len(), &time[23..]), (24, "Z"), "{time}");
        let expected = serde_json::json!({
            "timestamp": time, "level": "INFO", "message": "listening", "port": 8000,
            "path": "\"a\\n\\\"b\\\"\"",
        });
        assert_eq!((fields, line.lines().count()), (expected, 1));
    }

    #[test]
    fn a_format_that_is_asked_for() {
        assert_eq!(Shape::of(Format::Json), Shape::Json);
        assert!(matches!(Shape::of(Format::Human), Shape::Human { .. }));
    }
}
