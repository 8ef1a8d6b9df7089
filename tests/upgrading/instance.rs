//! A server, as an operator has it: its process, its log, and the signals that it is sent.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, ChildStdout, Command, Stdio},
    thread,
};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::mpsc;

use super::site::Site;

/// Where a server listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    pub http: SocketAddr,
    pub https: SocketAddr,
    pub admin: SocketAddr,
}

/// A server; it is killed when this goes.
pub struct Instance {
    pub places: Places,
    process: Child,
    log: mpsc::UnboundedReceiver<String>,
    /// How many retired workers have said that they finished.
    finished: u64,
    /// Somebody goes on reading.
    _stdout: BufReader<ChildStdout>,
}

impl Instance {
    /// Starts what lies at the site's path, on free ports.
    pub async fn start(site: &Site, options: &[&str]) -> Result<Self> {
        let any: SocketAddr = ([127, 0, 0, 1], 0).into();
        Self::start_at(site, Places { http: any, https: any, admin: any }, options).await
    }

    async fn start_at(site: &Site, places: Places, options: &[&str]) -> Result<Self> {
        let Places { http, https, admin } = places;
        let mut command = site.command();
        command.args(["--listen", &http.to_string(), "--listen", &format!("https://{https}")]);
        command.args(["--admin-listen", &admin.to_string()]).args(options);
        let mut process = spawn(&mut command)?;
        let log = lines_of(process.stderr.take().context("piped")?);
        let mut stdout = BufReader::new(process.stdout.take().context("piped")?);
        let places = read_places(&mut stdout).context("the server does not start")?;
        Ok(Self { places, process, log, finished: 0, _stdout: stdout })
    }

    /// Tells the server to become what lies at its path now, and waits until it has.
    pub async fn upgrade(&mut self, release: &str) -> Result<()> {
        self.signal(Signal::USR2)?;
        let serves = self.says("upgraded: ").await?;
        ensure!(serves.contains(&format!("serves release {release}")), "{serves}, not {release}");
        self.says("supervising as ").await.map(drop)
    }

    /// Waits until all workers that were retired have ended: nobody asks them any more.
    pub async fn old_workers_finish(&mut self, count: u64) -> Result<()> {
        while self.finished < count {
            self.says("has finished").await?;
        }
        Ok(())
    }

    /// Stops the server, and starts it at the same place.
    pub async fn restart(&mut self, site: &Site, options: &[&str]) -> Result<()> {
        let places = self.places;
        self.end().await?;
        *self = Self::start_at(site, places, options).await?;
        Ok(())
    }

    pub async fn stop(mut self) -> Result<()> {
        self.end().await
    }

    async fn end(&mut self) -> Result<()> {
        self.signal(Signal::TERM)?;
        while let Some(line) = self.log.recv().await {
            eprintln!("{line}");
        }
        // Nobody has its standard error any more, so all its processes have ended.
        let status = self.process.wait()?;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        Ok(kill_process(Pid::from_child(&self.process), signal)?)
    }

    /// Waits for a line of the log with these words.
    async fn says(&mut self, words: &str) -> Result<String> {
        while let Some(line) = self.log.recv().await {
            self.finished += u64::from(line.contains("has finished"));
            ensure!(!line.contains("ERROR"), "the server says: {line}");
            if line.contains(words) {
                return Ok(line);
            }
        }
        bail!("the server has ended, and has not said {words:?}")
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn spawn(command: &mut Command) -> Result<Child> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().context("the server does not start")
}

fn lines_of(from: impl std::io::Read + Send + 'static) -> mpsc::UnboundedReceiver<String> {
    let (heard, lines) = mpsc::unbounded_channel();
    thread::spawn(move || {
        let lines = BufReader::new(from).lines();
        lines.map_while(Result::ok).try_for_each(|line| heard.send(line))
    });
    lines
}

/// The first lines say where it listens.
fn read_places(stdout: &mut impl BufRead) -> Result<Places> {
    let mut find = |what: &str| -> Result<SocketAddr> {
        loop {
            let mut line = String::new();
            ensure!(stdout.read_line(&mut line)? > 0, "it has not said where it listens");
            if let Some((_, rest)) = line.split_once(what) {
                return Ok(rest.split('/').next().unwrap_or_default().parse()?);
            }
        }
    };
    let http = find("listening  http://")?;
    let https = find("listening  https://")?;
    Ok(Places { http, https, admin: find("admin      http://")? })
}
