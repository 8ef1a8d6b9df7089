//! The same cases, tried against nginx, as a table.

use std::{
    fmt::Write as _,
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{DEVIATIONS, Deviation, Files, all, complaint, files, start};
use crate::{
    case::Case,
    client::{Site, Verdict},
    common::PATIENCE,
};

#[test]
#[ignore = "needs nginx; writes docs/http2-conformance.md"]
fn how_nginx_fares() {
    let (ours, nginx) = (start(), Nginx::start());
    let cases = all();
    let complaints: Vec<_> = cases.iter().filter_map(|case| complaint(&ours.site, case)).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    let verdicts = |case: &Case| [ours.site.try_case(case), nginx.site.try_case(case)];
    let rows: Vec<_> = cases.into_iter().map(|case| (verdicts(&case), case)).collect();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/http2-conformance.md");
    fs::write(file, page(&rows, &nginx.version)).expect("docs is a folder");
}

type Row = ([Verdict; 2], Case);

fn page(rows: &[Row], version: &str) -> String {
    let (limits, standard): (Vec<_>, Vec<_>) = rows.iter().partition(|(_, case)| case.ours);
    let (totals, standard, limits) = (totals(&standard), table(&standard), table(&limits));
    let deviations = deviations();
    format!(
        "# HTTP/2, beside nginx\n\n\
         `just conformance-h2` writes this page: the cases of `tests/conformance_h2/`, sent as frames \
         over TCP without TLS to\nHardtack (`--h2c`) and to nginx {version} of Debian, which have the \
         same files. The cases are ours: what this project's\nauthors thought to ask, written from \
         the standards that each of them cites (RFC 9113, RFC 7541, RFC 9110).\n\n\
         - ✓ The server reacts in one of the ways that the standard allows. Where an error of the \
         connection is due, to close it\n  without saying why is one of them (9113 §5.4.1).\n\
         - (✓) It reacts in such a way, but the error's code is another than the standard demands. The \
         stream or the connection\n  ends all the same; whoever reads a log might look in the wrong \
         place.\n\
         - ✗ It does something else.\n\
         - – Its settings leave nothing to try.\n\n\
         {totals}\n\
         ## What the standards say\n\n{standard}\n\
         ## Limits against abuse\n\n\
         No standard sets these; they are Hardtack's choice, so they do not count above. nginx has \
         limits of its own.\n\n{limits}\n\
         ## What Hardtack does not meet, and why\n\n{deviations}"
    )
}

fn totals(rows: &[&Row]) -> String {
    let line = |what: &str, marks: &[&str]| {
        let count = |at: usize| {
            rows.iter().filter(|(verdicts, _)| marks.contains(&mark(&verdicts[at]))).count()
        };
        format!("| {what} | {} | {} |\n", count(0), count(1))
    };
    let head = format!("| of {} | Hardtack | nginx |\n|---|---|---|\n", rows.len());
    let lines = [
        line("the reaction is right", &[RIGHT, OTHER_CODE]),
        line("… and the error's code, too", &[RIGHT]),
        line("the reaction is wrong", &[WRONG]),
        line("nothing to try", &[NOTHING]),
    ];
    head + &lines.concat()
}

const RIGHT: &str = "✓";
const OTHER_CODE: &str = "(✓)";
const WRONG: &str = "✗";
const NOTHING: &str = "–";

fn table(rows: &[&Row]) -> String {
    let mut table = "| case | section | Hardtack | nginx |\n|---|---|---|---|\n".to_owned();
    for (verdicts, case) in rows {
        let [hardtack, nginx] = verdicts.each_ref().map(mark);
        let name = case.name.replace('|', "\\|");
        writeln!(table, "| {name} | {} | {hardtack} | {nginx} |", case.section)
            .expect("a string takes it");
    }
    table
}

fn mark(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Passes => RIGHT,
        Verdict::OtherCode(_) => OTHER_CODE,
        Verdict::Fails(_) => WRONG,
        Verdict::NotApplicable => NOTHING,
    }
}

fn deviations() -> String {
    let line = |deviation: &Deviation| {
        format!("- {} Cases: {}.\n", deviation.reason, deviation.cases.join("; "))
    };
    DEVIATIONS.iter().map(line).collect()
}

/// nginx, running. It is killed when this goes.
struct Nginx {
    site: Site,
    version: String,
    process: Child,
    _folder: tempfile::TempDir,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Nginx {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (files, address) = (files(), free_address());
        let configuration = folder.path().join("nginx.conf");
        write_site(folder.path(), &files);
        fs::write(&configuration, self::configuration(folder.path(), address)).expect("written");
        let mut command = Command::new("nginx");
        command.arg("-c").arg(configuration).arg("-p").arg(folder.path());
        command.arg("-e").arg(folder.path().join("error.log"));
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let process = process.unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let site = Site { address, files };
        let nginx = Self { site, version: version(), process, _folder: folder };
        nginx.await_listening();
        nginx
    }

    fn await_listening(&self) {
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(self.site.address).is_err() {
            assert!(Instant::now() < deadline, "nginx does not listen");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// One process, so that it ends when it is killed.
fn configuration(root: &Path, address: SocketAddr) -> String {
    format!(
        "daemon off; master_process off; pid {0}/pid; error_log {0}/error.log;\n\
         events {{}}\n\
         http {{ include /etc/nginx/mime.types; access_log off;\n\
         client_body_temp_path {0}/1; proxy_temp_path {0}/2; fastcgi_temp_path {0}/3;\n\
         uwsgi_temp_path {0}/4; scgi_temp_path {0}/5;\n\
         server {{ listen {address} http2; root {0}/site; error_page 404 /404.html; }} }}\n",
        root.display()
    )
}

/// It says so on standard error: `nginx version: nginx/1.22.1`.
fn version() -> String {
    let output = Command::new("nginx").arg("-v").output().expect("nginx is installed");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    text.trim().rsplit('/').next().unwrap_or_default().to_owned()
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("some port is free");
    listener.local_addr().expect("it is bound")
}

/// Where nginx may read it although it gave its rights up.
fn write_site(root: &Path, files: &Files) {
    let site = root.join("site");
    fs::create_dir(&site).expect("made");
    for (name, bytes) in files {
        fs::write(site.join(name), bytes).expect("written");
    }
}
