//! The same cases, tried against other servers, as a table.
//!
//! Only those that a standard decides, or that a CDN needs of any origin; nothing that is a choice
//! of ours. Each server has the same files, with `.gz` and `.br` beside them where it wants that.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{all, files, start};
use crate::{
    case::Case,
    client::Site,
    harness::{
        Peer, case_name,
        peer::{set_modified, version},
        table, write_page,
    },
};

#[test]
#[ignore = "needs nginx, caddy, corpora/venv and corpora/static-web-server; writes docs/http-conformance.md"]
fn how_other_servers_fare() {
    let (_running, ours) = start(&[]);
    let peers = [nginx(), caddy(), white_noise(), static_web_server()];
    let cases: Vec<_> = all().into_iter().filter(|case| !case.ours).collect();
    let sites: Vec<_> = [ours].into_iter().chain(peers.iter().map(site)).collect();
    let rows: Vec<Vec<Outcome>> = cases
        .iter()
        .map(|case| sites.iter().map(|site| Outcome::of(site, case)).collect())
        .collect();
    let failed = rows.iter().filter(|row| row[0] == Outcome::Fails).count();
    assert_eq!(failed, 0, "ours are all met");
    write_page("http-conformance.md", &page(&cases, &rows, &peers));
}

/// A peer has no hashed paths.
fn site(peer: &Peer) -> Site {
    Site { address: peer.address, files: files(), hashed: None }
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
    let intro = format!(
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
    let passed = |server: usize| {
        rows.iter().filter(|row| row[server] == Outcome::Passes).count().to_string()
    };
    let totals = [format!("of {}", cases.len())].into_iter().chain((0..names.len()).map(passed));
    let totals = table(&[&["passed"], &names[..]].concat(), [totals.collect()]);
    let rows = cases.iter().zip(rows).map(|(case, row)| {
        let marks = row.iter().map(|outcome| outcome.mark().to_owned());
        [case_name(&case.name), case.section.to_owned()].into_iter().chain(marks).collect()
    });
    let table = table(&[&["case", "section"], &names[..]].concat(), rows);
    format!("{intro}{totals}\n{table}")
}

fn nginx() -> Peer {
    // Brotli is a module that Debian's nginx does not bring.
    Peer::nginx(&files(), |site, address| {
        compress(site);
        format!(
            "listen {address}; root {}; index index.html; error_page 404 /404.html;\n\
             gzip_static on; gzip_vary on; absolute_redirect off;\n\
             add_header Cache-Control \"public, max-age=60\";",
            site.display()
        )
    })
}

fn caddy() -> Peer {
    let configuration = |site: &Path, port: u16| {
        format!(
            "{{\n admin off\n auto_https off\n}}\n\
             :{port} {{\n bind 127.0.0.1\n root * {}\n header Cache-Control \"public, max-age=60\"\n\
             file_server {{\n precompressed br gzip\n }}\n}}\n",
            site.display()
        )
    };
    let version = version(Command::new("caddy").arg("version"));
    Peer::start("Caddy", version, &files(), |folder, site, address| {
        compress(site);
        let file = folder.join("Caddyfile");
        fs::write(&file, configuration(site, address.port())).expect("written");
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
    Peer::start("WhiteNoise", version, &files(), |_, site, address| {
        compress(site);
        let mut command = Command::new(&python);
        command.args(["-c", WHITE_NOISE]).arg(site).arg(address.port().to_string());
        command
    })
}

fn static_web_server() -> Peer {
    let executable = corpora().join("static-web-server/bin/static-web-server");
    let version = version(Command::new(&executable).arg("--version"));
    Peer::start("static-web-server", version, &files(), |_, site, address| {
        compress(site);
        let mut command = Command::new(&executable);
        command.args(["--host", "127.0.0.1", "--port", &address.port().to_string()]);
        command.arg("--root").arg(site).args(["--compression-static", "true"]);
        command.arg("--page404").arg(site.join("404.html"));
        command
    })
}

fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora")
}

/// Puts what a server without a bake wants beside the files.
fn compress(site: &Path) {
    let css = site.join("a.css");
    run(Command::new("gzip").arg("-nk9").arg(&css));
    run(Command::new("brotli").arg("-kf").arg(&css));
    ["a.css.gz", "a.css.br"].iter().for_each(|name| set_modified(&site.join(name)));
}

fn run(command: &mut Command) {
    assert!(command.status().expect("it is installed").success(), "{command:?}");
}
