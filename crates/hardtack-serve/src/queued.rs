//! Lines that another thread writes, so that logging never waits for the reader of the log.
//!
//! The queue between them is bounded. A line that finds it full is dropped, and counted.

use std::{
    io::{self, BufWriter, Write},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::fmt::MakeWriter;

/// Most lines that wait to be written.
const LINES: usize = 8192;

/// As many bytes are written at once, if so many lines wait.
const BUFFER: usize = 64 * 1024;

/// How long the lines that are left at the end may take.
const LAST_LINES: Duration = Duration::from_secs(2);

/// Starts a thread of this name, which writes whole lines.
pub(crate) fn queued(name: &str, output: impl Write + Send + 'static) -> (NonBlocking, Flush) {
    start(name, BufWriter::with_capacity(BUFFER, output))
}

fn start(name: &str, output: impl Write + Send + 'static) -> (NonBlocking, Flush) {
    let builder = NonBlockingBuilder::default().buffered_lines_limit(LINES).thread_name(name);
    let (queue, guard) = builder.finish(output);
    (queue, Flush(Some(guard)))
}

/// Writes the lines that are left when it is dropped.
#[must_use = "the lines that are left are written when this is dropped"]
#[derive(Debug)]
pub struct Flush(Option<WorkerGuard>);

impl Drop for Flush {
    /// If nobody reads the log and the queue is full, the guard complains on standard output, which
    /// may be full as well. So a thread of its own drops the guard, and the process can end.
    fn drop(&mut self) {
        let guard = self.0.take();
        let (flushed, is_flushed) = mpsc::channel::<()>();
        let flush = move || {
            drop(guard);
            drop(flushed);
        };
        if thread::Builder::new().name("hardtack-flush".to_owned()).spawn(flush).is_ok() {
            is_flushed.recv_timeout(LAST_LINES).ok();
        }
    }
}

/// A queue of lines that can be waited for.
#[derive(Clone)]
pub(crate) struct AwaitedQueue {
    queue: NonBlocking,
    given: Arc<AtomicUsize>,
    written: Arc<AtomicUsize>,
}

impl AwaitedQueue {
    /// Starts a thread of this name, which writes whole lines.
    pub(crate) fn new(name: &str, output: impl Write + Send + 'static) -> (Self, Flush) {
        let written = Arc::<AtomicUsize>::default();
        let output = BufWriter::with_capacity(BUFFER, output);
        let output = CountedLines { output, buffered: 0, written: Arc::clone(&written) };
        let (queue, flush) = start(name, output);
        (Self { queue, given: Arc::default(), written }, flush)
    }

    pub(crate) fn error_counter(&self) -> ErrorCounter {
        self.queue.error_counter()
    }

    /// Waits until all lines are written, but not for ever.
    pub(crate) fn settle(&self) {
        let deadline = Instant::now() + LAST_LINES;
        while !self.is_settled() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn is_settled(&self) -> bool {
        let dropped = self.error_counter().dropped_lines();
        self.written.load(SeqCst) + dropped >= self.given.load(SeqCst)
    }
}

impl Write for AwaitedQueue {
    /// Takes a line, or drops it and counts that.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.given.fetch_add(1, SeqCst);
        self.queue.write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for AwaitedQueue {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// An output that counts the lines which have left its buffer. A line is one call of `write_all`.
struct CountedLines<W: Write> {
    output: BufWriter<W>,
    buffered: usize,
    written: Arc<AtomicUsize>,
}

impl<W: Write> Write for CountedLines<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.write(bytes)
    }

    fn write_all(&mut self, line: &[u8]) -> io::Result<()> {
        self.buffered += 1;
        self.output.write_all(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.output.flush();
        self.written.fetch_add(std::mem::take(&mut self.buffered), SeqCst);
        flushed
    }
}

/// An output for tests.
#[cfg(test)]
pub(crate) mod tests {
    use std::sync::{Mutex, mpsc::Receiver};

    use super::*;

    /// Keeps all lines.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Kept {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_last_lines_are_written() {
        let kept = Kept::default();
        let (mut queue, flush) = queued("test", kept.clone());
        for line in ["one\n", "two\n", "three\n"] {
            queue.write_all(line.as_bytes()).unwrap();
        }
        drop(flush);
        assert_eq!(kept.text(), "one\ntwo\nthree\n");
        assert_eq!(queue.error_counter().dropped_lines(), 0);
    }

    /// Blocks until the test is over, as a pipe does that nobody reads.
    struct Stuck(Receiver<()>);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().ok();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_can_be_waited_for() {
        let kept = Kept::default();
        let (mut queue, _flush) = AwaitedQueue::new("test", kept.clone());
        for round in 1..=3 {
            queue.write_all(b"line\n").unwrap();
            queue.settle();
            assert_eq!(kept.text().lines().count(), round);
        }
    }

    #[test]
    fn lines_that_nobody_reads_are_not_waited_for() {
        let (over, stuck) = mpsc::channel();
        let (mut queue, flush) = AwaitedQueue::new("test", Stuck(stuck));
        queue.write_all(b"line\n").unwrap();
        queue.settle();
        assert!(!queue.is_settled());
        drop(over);
        drop(flush);
    }

    #[test]
    fn neither_a_line_nor_the_end_waits_for_the_reader() {
        let (over, stuck) = mpsc::channel();
        let (mut queue, flush) = queued("test", Stuck(stuck));
        // The thread is stuck when its buffer is full, and then the queue fills.
        for _ in 0..LINES * 2 {
            queue.write_all(&[b'x'; BUFFER / 64]).unwrap();
        }
        assert!(queue.error_counter().dropped_lines() > 0);
        drop(flush);
        drop(over);
    }
}
