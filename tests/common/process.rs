//! A server's processes, as Linux describes them in `/proc`.

use std::{fs, path::PathBuf, thread, time::Duration};

use super::{PATIENCE, Server};

impl Server {
    /// The process that serves, if there is one now.
    pub fn worker(&self) -> u32 {
        let pid = self.process.id();
        let children = || fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok();
        until("there is a worker", || children()?.split_whitespace().next()?.parse().ok())
    }
}

/// A thread of a process, by the name that it has given itself.
pub fn thread_named(pid: u32, name: &str) -> u32 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("it lives");
    let mut threads = threads.map(|thread| thread.expect("it lives").path());
    let is_it = |thread: &PathBuf| {
        fs::read_to_string(thread.join("comm")).is_ok_and(|comm| comm.trim_end() == name)
    };
    let found = threads.find(is_it).unwrap_or_else(|| panic!("no thread {name}"));
    found.file_name().and_then(|id| id.to_str()?.parse().ok()).expect("a number")
}

/// A field of /proc/PID/status, of a process or a thread.
pub fn status(pid: u32, field: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it lives");
    let mut lines = status.lines().filter_map(|line| line.split_once(':'));
    let found = lines.find(|(name, _)| *name == field);
    found.unwrap_or_else(|| panic!("no {field} in {status}")).1.trim().to_owned()
}

/// The time that it had a processor for, in hundredths of a second.
pub fn processor_time(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
    let fields: Vec<_> = stat.rsplit(')').next().expect("a name").split_whitespace().collect();
    [11, 12].map(|index| fields[index].parse::<u64>().expect("a number")).iter().sum()
}

/// Waits until there is something.
#[track_caller]
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let pause = Duration::from_millis(10);
    for _ in 0..PATIENCE.as_millis() / pause.as_millis() {
        if let Some(found) = look() {
            return found;
        }
        thread::sleep(pause);
    }
    panic!("never: {what}")
}
