//! The command line: what it checks, what it prints for shells and people, and the variables that
//! stand for options.

mod common;

use std::{
    fs,
    io::{Read, Write},
    process::{Command, Stdio},
};

use common::{hardtack, run, stderr, stdout, tls::Installed};

fn check_config(options: &[&str]) -> Command {
    let mut command = hardtack();
    command.arg("check-config").args(options);
    command
}

#[test]
fn a_good_configuration() {
    let certificate = Installed::new();
    let mut command = check_config(&["--listen=https://127.0.0.1:443,unix:/run/a.sock"]);
    command.args(["--admin-listen=127.0.0.1:9000", "--upstream=http://127.0.0.1:8001"]);
    let said = stdout(command.args(certificate.options()));
    for line in [
        "hardtack: the server starts with this configuration; there is a warning",
        "  listening  https://127.0.0.1:443",
        "  listening  http://unix:/run/a.sock",
        "  admin      http://127.0.0.1:9000",
        "  upstream   http://127.0.0.1:8001",
    ] {
        assert!(said.lines().any(|one| one == line), "{line} in {said}");
    }
    assert!(said.contains("  carrying   11 assets, "), "{said}");
}

/// It opens no socket, so it can be run beside the server whose configuration it checks.
#[test]
fn a_check_takes_no_port() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let said = stdout(&mut check_config(&["--listen", &taken.local_addr().unwrap().to_string()]));
    assert!(said.starts_with("hardtack: all is well with this configuration\n"), "{said}");
}

#[test]
fn an_option_without_effect_is_a_warning() {
    let warns = |options: &[&str], expected: &[&str]| {
        let said = stderr(&mut check_config(options), 0);
        let found = said.lines().filter(|line| line.starts_with("warning: "));
        assert_eq!(found.count(), expected.len(), "{said}");
        for text in expected {
            assert!(said.contains(text), "{text} in {said}");
        }
    };
    let (maintenance, upstream) = ("--maintenance-file=on", "--upstream=http://127.0.0.1:8001");
    warns(&[maintenance, upstream], &[]);
    warns(&[maintenance], &["--maintenance-file has no effect without --upstream"]);
    warns(&["--maintenance-file=/nowhere/on", upstream], &["there is no folder /nowhere"]);
    let health = "--upstream-health=/up";
    warns(&[health, upstream, "--admin-listen=127.0.0.1:0"], &[]);
    warns(&[health, upstream], &["has no effect without --admin-listen"]);
    warns(&[health], &["without --upstream,", "without --admin-listen"]);
}

#[track_caller]
fn is_wrong(command: &mut Command, problem: &str) {
    let said = stderr(command, 1);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("hardtack: ") && said.contains(problem), "{said}");
}

#[test]
fn a_bad_one() {
    let [one, other] = [Installed::new(), Installed::new()];
    let ([chain, key], [_, other_key]) = (one.options(), other.options());
    let wrong = |options: &[&str], problem: &str| is_wrong(&mut check_config(options), problem);
    wrong(&["--listen=https://127.0.0.1:443"], "TLS needs --tls-certificate and --tls-key");
    wrong(&[&chain, &other_key], "the certificate and the key do not go together");
    wrong(&["--tls-certificate=/nowhere.pem", &key], "/nowhere.pem");
    let key_only = key.replace("--tls-key", "--tls-certificate");
    wrong(&[&key_only, &key], "no -----BEGIN CERTIFICATE-----");
    let chain_only = chain.replace("--tls-certificate", "--tls-key");
    wrong(&[&chain, &chain_only], "there is no private key in it");
    wrong(&["--user=nobody-of-that-name"], "there is no user nobody-of-that-name");
    wrong(&["--upstream=http://nowhere.invalid:80"], "cannot find the upstream");
    is_wrong(check_config(&[]).env("HARDTACK_CDN_SECRET", "short"), "at least 16 characters");
}

#[test]
fn all_problems_are_told_at_once() {
    let mut command = check_config(&["--listen=https://127.0.0.1:443", "--user=nobody-at-all"]);
    let said = stderr(command.env("HARDTACK_CDN_SECRET", "short"), 1);
    assert_eq!(said.lines().count(), 3, "{said}");
    for problem in ["--tls-certificate", "HARDTACK_CDN_SECRET", "nobody-at-all"] {
        let lines = said.lines().filter(|line| line.contains(problem));
        assert!(lines.count() == 1, "{problem} in {said}");
    }
}

/// An option of `serve`, as its help shows it.
struct Shown {
    option: String,
    variable: Option<String>,
    /// Whether something follows it.
    has_value: bool,
}

fn options_of_serve() -> Vec<Shown> {
    let help = stdout(hardtack().args(["serve", "--help"]));
    let mut options: Vec<Shown> = Vec::new();
    let (help, _examples) = help.split_once("\nSignals").expect("what follows the options");
    for line in help.lines().map(str::trim) {
        if let Some(at) = line.find("--").filter(|at| *at == 0 || line.starts_with('-')) {
            let option = line[at + 2..].split([' ', '[']).next().unwrap().to_owned();
            let has_value = line.contains(['<', '[']);
            options.push(Shown { option, variable: None, has_value });
        }
        if let Some((_, rest)) = line.split_once("[env: ") {
            let name = rest.split(['=', ']']).next().unwrap().to_owned();
            options.last_mut().expect("an option before its variable").variable = Some(name);
        }
    }
    options
}

#[test]
fn every_option_has_a_variable() {
    let options = options_of_serve();
    assert!(options.len() > 35, "{}", options.len());
    for Shown { option, variable, .. } in options.iter().filter(|it| it.option != "help") {
        let expected = format!("HARDTACK_{}", option.to_uppercase().replace('-', "_"));
        assert_eq!(variable.as_ref(), Some(&expected), "--{option}");
    }
}

#[test]
fn an_empty_variable_is_as_good_as_none() {
    let variables = options_of_serve().into_iter().filter_map(|shown| shown.variable);
    let mut command = check_config(&[]);
    command.env_remove("HARDTACK_LOG_FORMAT");
    let plain = stdout(&mut command);
    assert_eq!(stdout(command.envs(variables.map(|name| (name, "")))), plain);
}

/// The options that take any name, some of which are looked up later.
const ANY_TEXT: &[&str] = &[
    "forwarded-fields",
    "maintenance-file",
    "tls-certificate",
    "tls-key",
    "unix-socket-group",
    "unix-socket-owner",
    "upstream-default-host",
    "user",
];

#[test]
fn a_wrong_variable_is_told_by_its_option() {
    for Shown { option, variable, has_value } in options_of_serve() {
        let Some(variable) = variable.filter(|_| !ANY_TEXT.contains(&&*option)) else { continue };
        let said = stderr(check_config(&[]).env(&variable, "nonsense"), 2);
        assert!(said.contains(&format!("--{option}")) && said.contains("nonsense"), "{said}");
        if has_value {
            let said = stderr(&mut check_config(&[&format!("--{option}=nonsense")]), 2);
            assert!(said.contains(&format!("--{option}")), "{said}");
        }
    }
}

#[test]
fn an_option_wins_over_its_variable() {
    let mut command = check_config(&["--listen=127.0.0.1:1"]);
    let said = stdout(command.env("HARDTACK_LISTEN", "127.0.0.1:2"));
    assert!(said.contains("127.0.0.1:1") && !said.contains("127.0.0.1:2"), "{said}");
}

#[test]
fn a_switch_may_be_a_variable() {
    for (value, is_on) in [("1", true), ("true", true), ("yes", true), ("0", false), ("no", false)]
    {
        let server = common::Server::of(hardtack().env("HARDTACK_H2C", value));
        let mut client = server.connect();
        client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
        let mut first = [0; 9];
        // The server's preface is a frame of settings, without an acknowledgement.
        let is_answered = client.stream.read_exact(&mut first).is_ok();
        assert_eq!(is_answered && first[3..5] == [4, 0], is_on, "{value}: {first:?}");
    }
}

#[test]
fn the_help_has_headings() {
    let help = stdout(hardtack().args(["serve", "--help"]));
    let headings = ["Listening", "TLS", "Limits", "Ending", "Process", "Logs"];
    for heading in headings.iter().chain(&["In front of an application"]) {
        assert!(help.lines().any(|line| line == format!("{heading}:")), "{heading}");
    }
    for command in ["check-config", "completions", "man"] {
        assert!(stdout(hardtack().arg("--help")).contains(&format!("\n  {command} ")), "{command}");
    }
    assert!(!stdout(hardtack().arg("--help")).contains("worker"), "it is not for people");
}

#[test]
fn completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = stdout(hardtack().args(["completions", shell]));
        for word in ["check-config", "max-connections", "upstream"] {
            assert!(script.contains(word), "{word} for {shell}");
        }
        assert!(!script.contains("worker"), "it is not for people, in {shell}");
    }
    assert!(stderr(hardtack().args(["completions", "csh"]), 2).contains("zsh"));
}

#[test]
fn bash_reads_its_completions() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hardtack.bash");
    fs::write(&file, stdout(hardtack().args(["completions", "bash"]))).unwrap();
    stdout(Command::new("bash").arg("-n").arg(&file));
    let complete = "source \"$0\" && COMP_WORDS=(hardtack serve --max-conn) && COMP_CWORD=2 && \
                    _hardtack hardtack --max-conn serve && printf '%s\\n' \"${COMPREPLY[@]}\"";
    let replies = stdout(Command::new("bash").args(["-c", complete]).arg(&file));
    assert!(replies.lines().any(|reply| reply == "--max-connections"), "{replies}");
}

#[test]
fn the_manual() {
    let page = stdout(hardtack().arg("man"));
    for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "SUBCOMMANDS"] {
        assert!(page.lines().any(|line| line == format!(".SH {section}")), "{section} in {page}");
    }
    let page = stdout(hardtack().args(["man", "serve"]));
    assert!(page.contains("HARDTACK_LISTEN"), "the variables, too");
    for Shown { option, .. } in options_of_serve() {
        assert!(page.contains(&option.replace('-', "\\-")), "{option}");
    }
    let page = stdout(hardtack().args(["man", "deploy", "cloudfront"]));
    assert!(
        page.contains("hardtack\\-deploy\\-cloudfront") && page.contains("whole\\-site"),
        "{page}"
    );
    let said = stderr(hardtack().args(["man", "list", "all"]), 1);
    assert!(said.contains("`list` has no commands of its own"), "{said}");
    let said = stderr(hardtack().args(["man", "sreve"]), 1);
    assert!(said.contains("there is no command sreve") && said.contains("check-config"), "{said}");
}

#[test]
#[ignore = "needs man"]
fn man_shows_the_manual() {
    for arguments in [&["man"][..], &["man", "serve"], &["man", "check-config"]] {
        let mut man = Command::new("man");
        man.args(["--warnings", "-l", "-"]).env("MANWIDTH", "80");
        let piped = man.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = piped.spawn().unwrap();
        let page = stdout(hardtack().args(arguments));
        process.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
        let output = process.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert!(String::from_utf8_lossy(&output.stdout).contains("SYNOPSIS"));
    }
}

#[test]
fn a_worker_is_not_started_by_hand() {
    let output = run(hardtack().arg("worker").stdin(Stdio::null()));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{said}");
    assert!(said.starts_with("hardtack: a worker is started by `hardtack serve`"), "{said}");
}

#[test]
fn a_variable_that_nothing_reads_is_a_warning() {
    let mut command = hardtack();
    command.arg("check-config").env("HARDTACK_LISTN", "127.0.0.1:80");
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    let expected = "the variable HARDTACK_LISTN is not known, and has no effect; did you mean HARDTACK_LISTEN?";
    assert!(said.contains(expected), "{said}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("there is a warning"));
}
