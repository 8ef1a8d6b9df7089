//! Lines that another thread writes, so that logging never waits for the reader of the log.
//!
//! The queue between them is bounded. A line that finds it full is dropped, and counted.

use std::{
    io::{BufWriter, Write},
    sync::mpsc,
    thread,
    time::Duration,
};

use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};

/// Most lines that wait to be written.
const LINES: usize = 8192;

/// As many bytes are written at once, if so many lines wait.
const BUFFER: usize = 64 * 1024;

/// How long the lines that are left at the end may take.
const LAST_LINES: Duration = Duration::from_secs(2);

/// Starts a thread of this name, which writes whole lines.
pub(crate) fn queued(name: &str, output: impl Write + Send + 'static) -> (NonBlocking, Flush) {
    let builder = NonBlockingBuilder::default().buffered_lines_limit(LINES).thread_name(name);
    let (queue, guard) = builder.finish(BufWriter::with_capacity(BUFFER, output));
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

/// An output for tests.
#[cfg(test)]
pub(crate) mod tests {
    use std::{
        io,
        sync::{Arc, Mutex, mpsc::Receiver},
    };

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
