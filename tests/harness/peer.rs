//! Other servers, running on the files of the server under test.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant, SystemTime},
};

use super::Files;
use crate::common::PATIENCE;

/// Another server, running. It is killed when this goes.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) version: String,
    pub(crate) address: SocketAddr,
    process: Child,
    _folder: tempfile::TempDir,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Peer {
    /// Starts a server on a folder of its own, and waits until it listens. Its files are in the
    /// folder `site` below that one; the command is given both, and the address to listen at.
    pub(crate) fn start(
        name: &'static str,
        version: String,
        files: &Files,
        command: impl FnOnce(&Path, &Path, SocketAddr) -> Command,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let site = folder.path().join("site");
        write(&site, files);
        let address = free_address();
        let mut command = command(folder.path(), &site, address);
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let process = process.unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let peer = Self { name, version, address, process, _folder: folder };
        peer.await_listening();
        peer
    }

    /// Starts nginx, as one process, which ends when it is killed and can read what its user can. The
    /// directives of its one server are made of the site's folder and the address.
    pub(crate) fn nginx(files: &Files, server: impl FnOnce(&Path, SocketAddr) -> String) -> Self {
        let version = version(Command::new("nginx").arg("-v"));
        Self::start("nginx", version, files, |folder, site, address| {
            let file = folder.join("nginx.conf");
            let configuration = nginx_configuration(folder, &server(site, address));
            fs::write(&file, configuration).expect("written");
            let mut command = Command::new("nginx");
            command.arg("-c").arg(file).arg("-p").arg(folder);
            command.arg("-e").arg(folder.join("error.log"));
            command
        })
    }

    fn await_listening(&self) {
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(self.address).is_err() {
            assert!(Instant::now() < deadline, "{} does not listen", self.name);
            thread::sleep(Duration::from_millis(50));
        }
    }
}

fn nginx_configuration(folder: &Path, server: &str) -> String {
    format!(
        "daemon off; master_process off; pid {0}/pid; error_log {0}/error.log;\n\
         events {{}}\n\
         http {{ include /etc/nginx/mime.types; access_log off;\n\
         client_body_temp_path {0}/1; proxy_temp_path {0}/2; fastcgi_temp_path {0}/3;\n\
         uwsgi_temp_path {0}/4; scgi_temp_path {0}/5;\n\
         server {{ {server} }} }}\n",
        folder.display()
    )
}

/// The part of a program's words about itself that has digits.
pub(crate) fn version(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).replace("nginx version: nginx/", "");
    let line = text.lines().next().unwrap_or_default();
    let words = line.split_whitespace().filter(|word| *word != "Version:");
    words.collect::<Vec<_>>().join(" ").trim_start_matches('v').to_owned()
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("some port is free");
    listener.local_addr().expect("it is bound")
}

/// Writes the files.
fn write(site: &Path, files: &Files) {
    for (name, bytes) in files {
        let file = site.join(name);
        fs::create_dir_all(file.parent().expect("below the site")).expect("made");
        fs::write(&file, bytes).expect("written");
        set_modified(&file);
    }
}

/// Sets a file's last modification to where cases expect it: between 1994 and now.
pub(crate) fn set_modified(file: &Path) {
    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_323_045);
    let opened = fs::File::options().write(true).open(file).expect("it was written");
    opened.set_modified(modified).expect("it is ours");
}
