//! The same cases, tried against other servers, as a table.
//!
//! Only those that a standard decides, or that a CDN needs of any origin; nothing that is a choice
//! of ours. Each server has the same files, with `.gz` and `.br` beside them where it wants that.

use std::{
    fmt::Write as _,
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant, SystemTime},
};

use super::{all, files, start};
use crate::{case::Case, client::Site, common::PATIENCE};

/// Another server, running. It is killed when this goes.
struct Peer {
    name: &'static str,
    version: String,
    site: Site,
    process: Child,
    _folder: tempfile::TempDir,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

#[test]
#[ignore = "needs nginx, caddy, corpora/venv and corpora/static-web-server; writes docs/http-conformance.md"]
fn how_other_servers_fare() {
    let ours = start();
    let peers = [nginx(), caddy(), white_noise(), static_web_server()];
    let cases: Vec<_> = all().into_iter().filter(|case| !case.ours).collect();
    let sites: Vec<_> = [&ours.site].into_iter().chain(peers.iter().map(|it| &it.site)).collect();
    let rows: Vec<Vec<Outcome>> = cases
        .iter()
        .map(|case| sites.iter().map(|site| Outcome::of(site, case)).collect())
        .collect();
    let failed = rows.iter().filter(|row| row[0] == Outcome::Fails).count();
    assert_eq!(failed, 0, "ours are all met");
    let page = page(&cases, &rows, &peers);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/http-conformance.md");
    fs::write(file, page).expect("docs is a folder");
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passes,
    Fails,
    NotApplicable,
}

impl Outcome {
    fn of(site: &Site, case: &Case) -> Self {
        match site.run(case) {
            _ if site.is_not_applicable(case) => Self::NotApplicable,
            Ok(()) => Self::Passes,
            Err(_) => Self::Fails,
        }
    }

    fn mark(self) -> &'static str {
        match self {
            Self::Passes => "✓",
            Self::Fails => "✗",
            Self::NotApplicable => "–",
        }
    }
}

fn page(cases: &[Case], rows: &[Vec<Outcome>], peers: &[Peer]) -> String {
    let names = ["Hardtack"].into_iter().chain(peers.iter().map(|peer| peer.name));
    let names: Vec<_> = names.collect();
    let versions: Vec<_> =
        peers.iter().map(|peer| format!("{} {}", peer.name, peer.version)).collect();
    let mut page = format!(
        "# How other servers fare\n\n\
         `just conformance` writes this page: the cases of `tests/conformance/` that a standard decides, \
         or that a CDN needs of any origin,\nsent as bytes to servers that have the same files. Cases \
         that pin a choice of Hardtack's, or what a standard \
         merely allows, are left out; a dash: the server has no such thing, as entity tags. The others are\n{}, set up as their manuals say \
         for static\nfiles that were compressed beforehand. A case is what this project's authors \
         thought to ask, so Hardtack meets them\nall by construction; what is worth reading is where \
         the others differ, and why.\n\n",
        versions.join(", "),
    );
    let header = |first: &str| format!("| {first} | {} |\n", names.join(" | "));
    let rule = format!("|---|---|{}\n", "---|".repeat(names.len()));
    let passed = (0..names.len())
        .map(|server| rows.iter().filter(|row| row[server] == Outcome::Passes).count().to_string());
    let passed: Vec<_> = passed.collect();
    write!(
        page,
        "{}{}| of {} | {} |\n\n",
        header("passed"),
        &rule[4..],
        cases.len(),
        passed.join(" | ")
    )
    .expect("a string takes it");
    page += &header("case | section");
    page += &rule;
    for (case, row) in cases.iter().zip(rows) {
        let marks: Vec<_> = row.iter().map(|outcome| outcome.mark()).collect();
        let name = case.name.replace('|', "\\|");
        writeln!(page, "| {name} | {} | {} |", case.section, marks.join(" | ")).expect("as above");
    }
    page
}

fn nginx() -> Peer {
    // Brotli is a module that Debian's nginx does not bring.
    let configuration = |root: &Path, address: SocketAddr| {
        format!(
            "daemon off; pid {0}/pid; error_log {0}/error.log; worker_processes 1;\n\
             events {{}}\n\
             http {{ include /etc/nginx/mime.types; access_log off; gzip_static on; gzip_vary on;\n\
             client_body_temp_path {0}/1; proxy_temp_path {0}/2; fastcgi_temp_path {0}/3;\n\
             uwsgi_temp_path {0}/4; scgi_temp_path {0}/5; absolute_redirect off;\n\
             server {{ listen {address}; root {0}/site; index index.html; error_page 404 /404.html;\n\
             add_header Cache-Control \"public, max-age=60\"; }} }}\n",
            root.display()
        )
    };
    let version = version(Command::new("nginx").arg("-v"));
    peer("nginx", version, |folder, address| {
        let file = folder.join("nginx.conf");
        fs::write(&file, configuration(folder, address)).expect("written");
        let mut command = Command::new("nginx");
        command.arg("-c").arg(file).arg("-p").arg(folder).arg("-e").arg(folder.join("error.log"));
        command
    })
}

fn caddy() -> Peer {
    let configuration = |root: &Path, address: SocketAddr| {
        format!(
            "{{\n admin off\n auto_https off\n}}\n\
             :{} {{\n bind 127.0.0.1\n root * {}/site\n header Cache-Control \"public, max-age=60\"\n\
             file_server {{\n precompressed br gzip\n }}\n}}\n",
            address.port(),
            root.display()
        )
    };
    let version = version(Command::new("caddy").arg("version"));
    peer("Caddy", version, |folder, address| {
        let file = folder.join("Caddyfile");
        fs::write(&file, configuration(folder, address)).expect("written");
        let mut command = Command::new("caddy");
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(file);
        command.env("HOME", folder).env("XDG_DATA_HOME", folder).env("XDG_CONFIG_HOME", folder);
        command
    })
}

const WHITE_NOISE: &str = "
import sys, wsgiref.util, waitress, whitenoise
def nothing(environ, start_response):
    start_response('404 Not Found', [('Content-Type', 'text/plain'), ('Content-Length', '0')])
    return [b'']
root, port = sys.argv[1], sys.argv[2]
app = whitenoise.WhiteNoise(nothing, root=root, index_file=True, max_age=60)
waitress.serve(app, host='127.0.0.1', port=int(port), threads=4, _quiet=True)
";

fn white_noise() -> Peer {
    let python = corpora().join("venv/bin/python");
    let imported = "import importlib.metadata as m; print(m.version('whitenoise'), 'on waitress', m.version('waitress'))";
    let version = version(Command::new(&python).args(["-c", imported]));
    peer("WhiteNoise", version, |folder, address| {
        let mut command = Command::new(&python);
        command.args(["-c", WHITE_NOISE]).arg(folder.join("site")).arg(address.port().to_string());
        command
    })
}

fn static_web_server() -> Peer {
    let executable = corpora().join("static-web-server/bin/static-web-server");
    let version = version(Command::new(&executable).arg("--version"));
    peer("static-web-server", version, |folder, address| {
        let mut command = Command::new(&executable);
        command.args(["--host", "127.0.0.1", "--port", &address.port().to_string()]);
        command.arg("--root").arg(folder.join("site")).args(["--compression-static", "true"]);
        command.arg("--page404").arg(folder.join("site/404.html"));
        command
    })
}

fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora")
}

/// The part of a program's words about itself that has digits.
fn version(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).replace("nginx version: nginx/", "");
    let line = text.lines().next().unwrap_or_default();
    let words = line.split_whitespace().filter(|word| *word != "Version:");
    words.collect::<Vec<_>>().join(" ").trim_start_matches('v').to_owned()
}

/// Starts a server on a folder of its own with the site in it, and waits until it listens.
fn peer(
    name: &'static str,
    version: String,
    command: impl FnOnce(&Path, SocketAddr) -> Command,
) -> Peer {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let files = files();
    write_site(&folder.path().join("site"), &files);
    let address = free_address();
    let mut command = command(folder.path(), address);
    let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let process = process.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let deadline = Instant::now() + PATIENCE;
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < deadline, "{name} does not listen");
        thread::sleep(Duration::from_millis(50));
    }
    let site = Site { address, files, hashed: None };
    Peer { name, version, site, process, _folder: folder }
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("some port is free");
    listener.local_addr().expect("it is bound")
}

/// The files, and what a server without a bake wants beside them. They were last modified where
/// the cases expect it: between 1994 and now.
fn write_site(site: &Path, files: &super::Files) {
    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_323_045);
    for (name, bytes) in files {
        let file = site.join(name);
        fs::create_dir_all(file.parent().expect("below the site")).expect("made");
        fs::write(&file, bytes).expect("written");
        if name.ends_with(".css") {
            let beside = |extension: &str| PathBuf::from(format!("{}.{extension}", file.display()));
            run(Command::new("gzip").arg("-nk9").arg(&file));
            run(Command::new("brotli").arg("-kf").arg(&file));
            [beside("gz"), beside("br")].iter().for_each(|file| set_modified(file, modified));
        }
        set_modified(&file, modified);
    }
}

fn set_modified(file: &Path, time: SystemTime) {
    let opened = fs::File::options().write(true).open(file).expect("just written");
    opened.set_modified(time).expect("it is ours");
}

fn run(command: &mut Command) {
    assert!(command.status().expect("it is installed").success(), "{command:?}");
}
