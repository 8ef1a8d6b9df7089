//! `hardtack check` and `warm`: of a right stack, and of stacks with one fault each.

mod common;

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::Command,
    sync::{Arc, Mutex, PoisonError, Weak},
    thread,
};

use common::{
    Server,
    cdn::{Cdn, Fault, SECRET},
    executable, folder, hardtack, pack,
    releases::{Releases, sheet},
    run, stderr, stdout,
    tls::Certificate,
    varnish::Varnish,
};
use rcgen::{BasicConstraints, IsCa};
use serde_json::Value;

/// The second of two releases of a site, behind a guard and before an application.
struct Stack {
    releases: Arc<Releases>,
    origin: Server,
}

impl Stack {
    fn new() -> Self {
        Self::with(&[("HARDTACK_CDN_SECRET", SECRET), ("HARDTACK_CDN_ONLY", "1")])
    }

    fn with(environment: &[(&str, &str)]) -> Self {
        let releases = releases();
        let mut command = executable(&releases.file("new"));
        command.envs(environment.iter().copied());
        command.arg("--upstream").arg(format!("http://{}", application()));
        let origin = Server::of(&mut command);
        Self { releases, origin }
    }

    /// The command with the new release.
    fn command(&self, name: &str, url: &str) -> Command {
        let mut command = executable(&self.releases.file("new"));
        command.args([name, url, "--json"]);
        command
    }
}

/// The two releases, which all tests that run now share: an executable is large.
fn releases() -> Arc<Releases> {
    static SHARED: Mutex<Weak<Releases>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let releases = Arc::new(Releases::new());
        pack_release(&releases, "old", 1, &[]);
        pack_release(&releases, "new", 2, &["old"]);
        *shared = Arc::downgrade(&releases);
        releases
    })
}

fn pack_release(releases: &Releases, name: &str, version: usize, previous: &[&str]) {
    let page = |up: &str| {
        format!("<!doctype html><link rel=stylesheet href={up}a.css><img src={up}b.svg>")
    };
    let site = folder(&[
        ("a.css", sheet(version).as_bytes()),
        ("b.svg", b"<svg xmlns=\"http://www.w3.org/2000/svg\"><title>b</title></svg>"),
        ("c.png", b"\x89PNG of more than a few bytes"),
        ("docs/index.html", page("../").as_bytes()),
        ("index.html", format!("{}<p>{version}", page("")).as_bytes()),
    ]);
    stdout(releases.command(site.path(), name, previous).args(["--at", "/static/"]));
}

/// An application that has something at every path.
fn application() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            if !matches!(stream.read(&mut [0; 4096]), Ok(1..)) {
                continue;
            }
            let head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
            stream.write_all(head.as_bytes()).unwrap();
        }
    });
    address
}

/// The result as JSON, and the exit status.
fn result(command: &mut Command) -> (Value, i32) {
    let output = run(command);
    let json = serde_json::from_slice(&output.stdout);
    let json = json.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (json, output.status.code().unwrap())
}

/// The judgments with a verdict, each with its first fault.
fn with_verdict(checked: &Value, verdict: &str) -> Vec<(String, String)> {
    let sites = checked["sites"].as_array().unwrap().iter();
    let judgments = sites.flat_map(|site| site["judgments"].as_array().unwrap());
    let chosen = judgments.filter(|judgment| judgment["verdict"] == verdict);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    chosen.map(|it| (text(&it["name"]), text(&it["faults"][0]["fault"]))).collect()
}

fn names(judgments: &[(String, String)]) -> Vec<&str> {
    judgments.iter().map(|(name, _)| name.as_str()).collect()
}

/// Whether a check names one fault and nothing else: its judgment, and words of it.
fn names_alone(command: &mut Command, judgment: &str, fault: &str) -> Result<(), String> {
    let (checked, status) = result(command);
    let broken = with_verdict(&checked, "broken");
    let is_it = matches!(&broken[..], [(name, said)] if name == judgment && said.contains(fault));
    if is_it && status == 1 { Ok(()) } else { Err(format!("{judgment}: {broken:?} ({status})")) }
}

#[test]
fn a_right_stack_is_good() {
    let stack = Stack::new();
    let certificate = Certificate::new();
    let cdn = Cdn::with_tls(stack.origin.address, &certificate, &["h2", "http/1.1"]);
    let files = folder(&[("ca.pem", certificate.chain.as_bytes()), ("secret", SECRET.as_bytes())]);
    let url = format!("https://localhost:{}", cdn.address.port());
    let mut command = stack.command("check", &url);
    command.arg("--ca").arg(files.path().join("ca.pem"));
    command.arg("--origin").arg(format!("http://{}", stack.origin.address));
    command.arg("--origin-secret-file").arg(files.path().join("secret"));
    command.arg("--resolve").arg("localhost:127.0.0.1").arg("--all");
    let (checked, status) = result(&mut command);
    assert_eq!((with_verdict(&checked, "broken"), status), (vec![], 0), "{checked:#}");
    assert_eq!(checked["is_good"], true);
    assert_eq!(checked["assets"], checked["assets_checked"]);
    let not = with_verdict(&checked, "not_applicable");
    assert_eq!(names(&not), ["tls", "protocol"], "of the origin, which speaks no TLS");
    assert_eq!(with_verdict(&checked, "kept").len(), 24 + 20);
}

const BROKEN: [(Fault, &str, &str); 36] = [
    (Fault::AddsDisposition, "fields", "content-disposition: attachment, which is not the"),
    (Fault::AddsMediaType, "fields", "2 lines content-type: text/"),
    (Fault::AddsRobotsTag, "fields", "x-robots-tag: noindex"),
    (Fault::AddsVaryAll, "vary", "*, so no cache may answer"),
    (Fault::AnswersNotFoundWith200, "errors", "200 in place of 404"),
    (Fault::CachesNotFound, "errors", "the second 404 is from a cache"),
    (Fault::ChangesContent, "content", "that are not the asset's"),
    (Fault::DropsContentEncoding, "content-encoding", "no content-encoding"),
    (Fault::DropsContentTypeOptions, "fields", "no x-content-type-options"),
    (Fault::DropsCors, "cors", "no access-control-allow-origin"),
    (Fault::DropsEntityTags, "etag", "no etag"),
    (Fault::DropsVary, "vary", "no vary"),
    (Fault::FollowsRedirects, "redirects", "200, no location"),
    (Fault::GivesDeltasToAll, "dictionaries", "which it cannot decode"),
    (Fault::HasNoLengthOfHead, "head", "content-length: 0, and GET has"),
    (Fault::HasNoAge, "age", "a hit without age"),
    (Fault::IgnoresConditions, "conditional", "200 in place of 304"),
    (Fault::IgnoresDictionaries, "dictionaries", "no use-as-dictionary"),
    (Fault::IgnoresRanges, "range", "200 in place of 206"),
    (Fault::IgnoresVary, "vary", "the content is"),
    (Fault::NeverCaches, "cached", "no hit among 3"),
    (Fault::Recompresses, "recompression", "that the bake did not make"),
    (Fault::RefusesHead, "head", "405 in place of 200"),
    (Fault::RefusesPictures, "status", "403 in place of 200"),
    (Fault::RewritesCacheControl, "cache-control", "max-age=14400, not"),
    (Fault::SaysNotModifiedAlways, "conditional", "304 for If-None-Match"),
    (Fault::SetsCookies, "cookies", "the cookie to"),
    (Fault::ServesWholeSite, "only-static", "200: somebody else"),
    (Fault::SpeaksHttp10, "protocol", "HTTP/1.0"),
    (Fault::StripsAcceptEncoding, "codings", "is not compressed"),
    (Fault::TakesOtherRanges, "range", "another part"),
    (Fault::Truncates, "complete", "cut off after"),
    (Fault::WeakensEntityTags, "etag", "is weak"),
    // Which request is the first hit of an entry depends on the order of the others.
    (Fault::WeakensEntityTagsOfHits, "etag", "etag: W/"),
    (Fault::None, "", ""),
    (Fault::SpellsMediaTypes, "", ""),
];

#[test]
fn each_fault_is_named_and_nothing_else() {
    let stack = Stack::new();
    let judge = |(fault, judgment, said): &(Fault, &str, &str)| {
        let cdn = Cdn::before(stack.origin.address, *fault);
        let mut command = stack.command("check", &cdn.url());
        if judgment.is_empty() {
            let (checked, status) = result(&mut command);
            let broken = with_verdict(&checked, "broken");
            return if status == 0 { Ok(()) } else { Err(format!("{broken:?}")) };
        }
        names_alone(&mut command, judgment, said).map_err(|error| format!("{fault:?}: {error}"))
    };
    let results = BROKEN.chunks(6).flat_map(|faults| {
        thread::scope(|scope| {
            let threads: Vec<_> =
                faults.iter().map(|one| scope.spawn(move || judge(one))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        })
    });
    let wrong: Vec<_> = results.filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_cache_that_keeps_the_old_release() {
    let stack = Stack::new();
    let old = Server::of(&mut executable(&stack.releases.file("old")));
    let cdn = Cdn::before(stack.origin.address, Fault::KeepsOldRelease(old.address));
    let said = names_alone(
        &mut stack.command("check", &cdn.url()),
        "release",
        "content of another release",
    );
    said.unwrap();
}

/// A proxy before a server, which asks by GET for each HEAD: content comes behind the header.
fn with_content_of_head(server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming() {
            let (mut client, mut server) = (client.unwrap(), TcpStream::connect(server).unwrap());
            let mut back = (server.try_clone().unwrap(), client.try_clone().unwrap());
            thread::spawn(move || {
                std::io::copy(&mut back.0, &mut back.1).ok();
                back.1.shutdown(Shutdown::Both).ok();
            });
            thread::spawn(move || {
                let mut bytes = [0; 4096];
                while let Ok(length @ 1..) = client.read(&mut bytes) {
                    let sent = &bytes[..length];
                    let got = sent.strip_prefix(b"HEAD ").map(|rest| [b"GET ", rest].concat());
                    server.write_all(got.as_deref().unwrap_or(sent)).ok();
                }
                server.shutdown(Shutdown::Write).ok();
            });
        }
    });
    address
}

#[test]
fn content_behind_the_header_of_head() {
    let stack = Stack::new();
    let cdn = Cdn::before(stack.origin.address, Fault::None);
    let url = format!("http://{}", with_content_of_head(cdn.address));
    names_alone(&mut stack.command("check", &url), "head", "content behind the header").unwrap();
    let certificate = Certificate::new();
    let fault = Fault::HasContentOfHead;
    let cdn = Cdn::before_with_tls(stack.origin.address, fault, &certificate, &["h2"]);
    let ca = folder(&[("ca.pem", certificate.chain.as_bytes())]);
    let mut command = stack.command("check", &format!("https://localhost:{}", cdn.address.port()));
    command.arg("--resolve").arg(format!("localhost:{}", cdn.address));
    command.arg("--ca").arg(ca.path().join("ca.pem"));
    names_alone(&mut command, "head", "content behind the header").unwrap();
}

/// A certificate with that name, in those years.
fn certificate(name: &str, years: [i32; 2]) -> Certificate {
    certificate_of(name, years, IsCa::NoCa)
}

fn certificate_of(name: &str, years: [i32; 2], is_ca: IsCa) -> Certificate {
    let mut parameters = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
    let [first, last] = years.map(|year| rcgen::date_time_ymd(year, 1, 1));
    (parameters.not_before, parameters.not_after) = (first, last);
    parameters.is_ca = is_ca;
    let key = rcgen::KeyPair::generate().unwrap();
    let made = parameters.self_signed(&key).unwrap();
    Certificate { chain: made.pem(), key: key.serialize_pem(), der: made.der().clone() }
}

#[test]
fn faults_of_tls() {
    let stack = Stack::new();
    let both = &["h2", "http/1.1"];
    let good = certificate("localhost", [2020, 2090]);
    let expired = certificate("localhost", [2020, 2021]);
    let early = certificate("localhost", [2089, 2090]);
    let other = certificate("other.example", [2020, 2090]);
    let judge = |shown: &Certificate, trusted: &Certificate, protocols: &[&str]| {
        let cdn = Cdn::with_tls(stack.origin.address, shown, protocols);
        let ca = folder(&[("ca.pem", trusted.chain.as_bytes())]);
        let url = format!("https://localhost:{}", cdn.address.port());
        let mut command = stack.command("check", &url);
        command.arg("--resolve").arg(format!("localhost:{}", cdn.address));
        let (checked, _) = result(command.arg("--ca").arg(ca.path().join("ca.pem")));
        with_verdict(&checked, "broken")
    };
    let is = |broken: Vec<(String, String)>, judgment: &str, fault: &str| {
        let found =
            matches!(&broken[..], [(name, said)] if name == judgment && said.contains(fault));
        assert!(found, "{judgment}: {broken:?}");
    };
    assert_eq!(judge(&good, &good, both), []);
    is(judge(&expired, &expired, both), "tls", "it was valid until");
    is(judge(&other, &other, both), "tls", "it is of other.example");
    is(judge(&early, &early, both), "tls", "it is not valid before");
    is(judge(&good, &other, both), "tls", "it is signed by itself");
    let authority = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = certificate_of("localhost", [2020, 2090], authority);
    is(judge(&authority, &authority, both), "tls", "that of an authority (CA:TRUE)");
    is(judge(&good, &good, &["http/1.1"]), "protocol", "HTTP/1.1 alone");
}

#[test]
fn an_origin_that_answers_around_the_cdn() {
    let stack = Stack::with(&[("HARDTACK_CDN_SECRET", SECRET)]);
    let cdn = Cdn::before(stack.origin.address, Fault::None);
    let origin = format!("http://{}", stack.origin.address);
    let check = |secret: &str| {
        let mut command = stack.command("check", &cdn.url());
        command.args(["--origin", &origin]).env("HARDTACK_CDN_SECRET", secret);
        command
    };
    names_alone(&mut check(SECRET), "origin-closed", "200 without a secret").unwrap();
    names_alone(&mut check(""), "origin-closed", "200 without a secret").unwrap();
    let (checked, status) = result(check("").args(["--skip", "origin-closed"]));
    assert_eq!((names(&with_verdict(&checked, "skipped")), status), (vec!["origin-closed"], 0));
}

/// The address decides, and not the name, whether the secret leaves the machine.
#[test]
fn an_origin_by_a_name_that_is_this_machines() {
    let stack = Stack::with(&[("HARDTACK_CDN_SECRET", SECRET)]);
    let cdn = Cdn::before(stack.origin.address, Fault::None);
    let origin = format!("http://origin.example:{}", stack.origin.address.port());
    let mut command = stack.command("check", &cdn.url());
    command.args(["--origin", &origin, "--resolve", "origin.example:127.0.0.1"]);
    command.args(["--skip", "origin-closed"]).env("HARDTACK_CDN_SECRET", SECRET);
    assert_eq!(result(&mut command).1, 0);
}

/// It looks whether there is a secret, and not at its value.
#[test]
fn an_origin_that_admits_any_secret() {
    let stack = Stack::new();
    let cdn = Cdn::before(stack.origin.address, Fault::None);
    let origin = Cdn::before(stack.origin.address, Fault::AdmitsAnySecret);
    let mut command = stack.command("check", &cdn.url());
    command.args(["--origin", &origin.url()]).env("HARDTACK_CDN_SECRET", SECRET);
    names_alone(&mut command, "origin-closed", "200 with a wrong secret").unwrap();
}

#[test]
fn an_echo_of_the_secret_is_not_printed() {
    let stack = Stack::new();
    let cdn = Cdn::before(stack.origin.address, Fault::None);
    let origin = Cdn::before(stack.origin.address, Fault::EchoesSecret);
    let check = |form: &[&str]| {
        let mut command = executable(&stack.releases.file("new"));
        command.args(["check", &cdn.url(), "--origin", &origin.url()]).args(form);
        let command = command.args(["--skip", "origin-closed"]);
        let output = run(command.env("HARDTACK_CDN_SECRET", SECRET));
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(said.contains("/login?of=(the secret of the CDN)"), "{said}");
        assert!(!said.contains("stand-in"), "{said}");
    };
    check(&[]);
    check(&["--json"]);
}

/// A security group closes it; nothing else can be said of such an origin.
#[test]
fn an_origin_that_accepts_no_connection() {
    let stack = Stack::new();
    let cdn = Cdn::before(stack.origin.address, Fault::None);
    let nobody = format!("http://{}", common::varnish::free_address());
    let check = |origin: &str| {
        let mut command = stack.command("check", &cdn.url());
        command.args(["--origin", origin]);
        command
    };
    let (checked, status) = result(&mut check(&nobody));
    assert_eq!((with_verdict(&checked, "broken"), status), (vec![], 0));
    let judgments = checked["sites"][1]["judgments"].as_array().unwrap();
    let kept = judgments.iter().filter(|judgment| judgment["verdict"] == "kept");
    assert_eq!(kept.map(|judgment| &judgment["name"]).collect::<Vec<_>>(), ["origin-closed"]);
    // Somebody answers there, and it is not an origin.
    let ca = folder(&[("ca.pem", Certificate::new().chain.as_bytes())]);
    let mut command = check(&format!("https://{}", stack.origin.address));
    let said = stderr(command.arg("--ca").arg(ca.path().join("ca.pem")), 1);
    assert!(said.contains("cannot reach https://"), "{said}");
    let said = stderr(&mut check("http://nowhere.invalid"), 1);
    assert!(said.contains("cannot look up nowhere.invalid"), "{said}");
}

/// The origin is no cache, and answers for the application too.
#[test]
fn an_origin_alone() {
    let stack = Stack::with(&[]);
    let (checked, status) = result(
        stack.command("check", &format!("http://{}", stack.origin.address)).args(["--sample", "2"]),
    );
    assert_eq!((with_verdict(&checked, "broken"), status), (vec![], 0));
    assert_eq!(checked["assets_checked"], 2);
    let not = with_verdict(&checked, "not_applicable");
    for name in ["tls", "cached", "age", "only-static"] {
        assert!(names(&not).contains(&name), "{not:?}");
    }
}

#[test]
fn a_table_for_people() {
    let stack = Stack::new();
    let cdn = Cdn::before(stack.origin.address, Fault::WeakensEntityTags);
    let mut command = executable(&stack.releases.file("new"));
    let output = run(command.args(["check", &cdn.url(), "--skip", "dictionaries"]));
    let said = String::from_utf8(output.stdout).unwrap();
    for line in [
        "  ✓ vary              each client gets",
        "  ✗ etag              not true: each coding keeps its own strong entity tag",
        "is weak",
        "      and ",
        "      mend: let the CDN pass ETag through",
        "  – dictionaries      skipped",
        "  – tls               not applicable: http:// has no certificate",
        "release ",
        " of 6 assets, ",
    ] {
        assert!(said.contains(line), "{line} in {said}");
    }
    assert!(!said.contains('\x1b'), "{said}");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "hardtack: the check failed\n");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn nothing_to_check() {
    let site = pack(folder(&[("a.css", b"a{}")]).path(), &[]);
    let check = |options: &[&str]| stderr(site.command().arg("check").args(options), 1);
    let free = common::varnish::free_address();
    let nobody = format!("http://{free}");
    assert!(check(&[&nobody]).starts_with(&format!("hardtack: cannot reach {nobody}: {free}: ")));
    assert!(check(&["http://nowhere.invalid"]).contains("cannot look up nowhere.invalid"));
    assert!(check(&[&nobody, "--skip", "tsl"]).contains("--skip tsl: there are tls, "));
    assert!(check(&[&nobody, "--outside", "/a.css"]).contains("the release itself answers there"));
    assert!(check(&["https://localhost", "--ca", "/nowhere.pem"]).contains("/nowhere.pem"));
    let message = stderr(site.command().args(["check", "cdn.example"]), 2);
    assert!(message.contains("this is no site, as https://cdn.example"), "{message}");
    let message = stderr(site.command().args(["check", &nobody, "--binary", "/dev/null"]), 1);
    assert!(message.contains("/dev/null"), "{message}");
}

/// The secret is for the origin alone, and goes to nobody whose certificate is not trusted.
#[test]
fn the_secret_is_kept() {
    let stack = Stack::new();
    let (shown, trusted) = (Certificate::new(), Certificate::new());
    let cdn = Cdn::with_tls(stack.origin.address, &shown, &["h2"]);
    let ca = folder(&[("ca.pem", trusted.chain.as_bytes())]);
    let origin = format!("https://localhost:{}", cdn.address.port());
    let good = Cdn::before(stack.origin.address, Fault::None);
    let mut command = stack.command("check", &good.url());
    command.args(["--origin", &origin, "--ca"]).arg(ca.path().join("ca.pem"));
    let said = stderr(command.env("HARDTACK_CDN_SECRET", SECRET), 1);
    assert!(said.contains("the secret of the CDN is not sent there"), "{said}");
    assert!(said.contains("it is signed by itself"), "{said}");
    assert!(!said.contains(SECRET));
    let said = stderr(command.env("HARDTACK_CDN_SECRET", "short"), 1);
    assert!(said.contains("at least 16 characters") && !said.contains("short"), "{said}");
    assert!(
        !stdout(hardtack().args(["check", "--help"]).env("HARDTACK_CDN_SECRET", SECRET))
            .contains(SECRET)
    );
}

fn counts(warmed: &Value) -> [u64; 4] {
    let count = |name: &str| warmed[name].as_u64().unwrap();
    [
        count("requests"),
        count("hits"),
        count("misses"),
        warmed["failures"].as_array().unwrap().len() as u64,
    ]
}

#[test]
fn a_cache_is_warmed() {
    let stack = Stack::new();
    let cdn = Cdn::before(stack.origin.address, Fault::None);
    let warm = |options: &[&str]| result(stack.command("warm", &cdn.url()).args(options));
    let (warmed, status) = warm(&[]);
    assert_eq!((counts(&warmed), status), ([18, 0, 18, 0], 0), "six assets, three codings");
    assert_eq!(counts(&warm(&[]).0), [18, 18, 0, 0]);
    assert_eq!(counts(&warm(&["--zstd", "--concurrency", "2"]).0), [24, 18, 6, 0]);
    let (checked, _) = result(&mut stack.command("check", &cdn.url()));
    assert_eq!(with_verdict(&checked, "broken"), []);
}

#[test]
fn what_fails_is_tried_again() {
    let stack = Stack::new();
    let cdn = Cdn::before(stack.origin.address, Fault::FailsAtFirst);
    let (warmed, status) = result(&mut stack.command("warm", &cdn.url()));
    assert_eq!((counts(&warmed), status), ([18, 0, 18, 0], 0));
}

#[test]
fn failures_are_told() {
    let stack = Stack::new();
    let cdn = Cdn::before(stack.origin.address, Fault::RefusesPictures);
    let (warmed, status) = result(&mut stack.command("warm", &cdn.url()));
    assert_eq!((counts(&warmed), status), ([18, 0, 15, 3], 1));
    let failure = &warmed["failures"][0];
    assert_eq!(failure["reason"], "status 403");
    assert!(failure["path"].as_str().unwrap().ends_with(".svg"), "{failure}");
    let mut command = executable(&stack.releases.file("new"));
    let output = run(command.args(["warm", &cdn.url()]));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("  failed: status 403, 3 × as /static/b."), "{said}");
}

/// One address of a host is gone, and another one is there.
#[test]
fn any_address_of_a_host_will_do() {
    let stack = Stack::new();
    let cdn = Cdn::before(stack.origin.address, Fault::None);
    let mut command = stack.command("warm", "http://cdn.example");
    for address in [common::varnish::free_address(), cdn.address] {
        command.arg("--resolve").arg(format!("cdn.example:{address}"));
    }
    let (warmed, status) = result(&mut command);
    assert_eq!((counts(&warmed), status), ([18, 0, 18, 0], 0));
}

/// A server that accepts connections and answers none.
#[test]
fn a_silent_server_has_a_deadline() {
    let stack = Stack::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let mut command = stack.command("warm", &url);
    let (warmed, status) = result(command.args(["--timeout", "1", "--concurrency", "2"]));
    assert_eq!((counts(&warmed), status), ([18, 0, 0, 18], 1));
    let failures = warmed["failures"].as_array().unwrap();
    assert_eq!(failures[0]["reason"], "no whole response within 1 s");
    assert_eq!(failures[17]["reason"], "not requested: there was no response for 2 s");
}

#[test]
fn a_long_retry_after_is_told() {
    let stack = Stack::new();
    let cdn = Cdn::before(stack.origin.address, Fault::SaysComeBackInAnHour);
    let (warmed, status) = result(&mut stack.command("warm", &cdn.url()));
    assert_eq!((counts(&warmed), status), ([18, 0, 0, 18], 1));
    let reason = "status 503, with a Retry-After of 3600 s, which is longer than 60 s";
    assert_eq!(warmed["failures"][0]["reason"], reason);
}

#[test]
#[ignore = "needs varnish"]
fn varnish_is_a_good_cdn() {
    let files: [(&str, &[u8]); 2] =
        [("a.css", &sheet(1).into_bytes()), ("b.png", b"\x89PNG of more than a few bytes")];
    let site = pack(folder(&files).path(), &[]);
    let server = Server::of(&mut site.command());
    let varnish = Varnish::before(server.address);
    let url = format!("http://{}", varnish.address);
    let ask =
        |name: &str| result(executable(Path::new(&site.executable)).args([name, &url, "--json"]));
    let (warmed, status) = ask("warm");
    assert_eq!((counts(&warmed), status), ([6, 2, 4, 0], 0), "b.png is one object");
    assert_eq!(counts(&ask("warm").0), [6, 6, 0, 0]);
    let (checked, status) = ask("check");
    assert_eq!((with_verdict(&checked, "broken"), status), (vec![], 0), "{checked:#}");
    assert!(names(&with_verdict(&checked, "kept")).contains(&"cached"));
}
