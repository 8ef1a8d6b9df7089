//! The documentation agrees with the code.
//!
//!     HARDTACK_WRITE_DOCS=1 cargo test --test docs    writes what is generated

use std::{collections::BTreeSet, env, fs, path::Path, process::Command};

use hardtack_build::Settings;

const BEGIN: &str = "<!-- Generated from Settings::KEYS by tests/docs.rs: begin -->\n";
const END: &str = "<!-- end -->\n";

/// The table of all keys; the sections below it are written by people.
#[test]
fn the_configuration_reference_is_that_of_the_code() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    let text = fs::read_to_string(&file).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("where the table begins");
    let (table, after) = rest.split_once(END).expect("where the table ends");
    if env::var_os("HARDTACK_WRITE_DOCS").is_some() {
        fs::write(&file, [before, BEGIN, &keys(), END, after].concat()).unwrap();
    } else {
        assert_eq!(table, keys(), "HARDTACK_WRITE_DOCS=1 cargo test --test docs");
    }
    let headings: Vec<_> = after.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let names: Vec<_> = Settings::KEYS.iter().map(|key| key.name).collect();
    assert_eq!(headings, names, "each key has a section of its own, in this order");
}

/// Every option of `serve` is explained for operators, and none that there is not.
#[test]
fn the_guide_to_production_has_every_option() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hardtack"));
    let help = command.args(["serve", "--help"]).output().unwrap().stdout;
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/production.md");
    let options = |text: &str| -> BTreeSet<String> {
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
        let is_option = |word: &&str| word.starts_with("--") && word.contains(char::is_alphabetic);
        words.filter(is_option).map(str::to_owned).collect()
    };
    let of_serve = options(&String::from_utf8(help).unwrap());
    let explained = options(&fs::read_to_string(guide).unwrap());
    let of_others: BTreeSet<_> =
        ["--at", "--bind", "--folder", "--help", "--profile"].map(str::to_owned).into();
    let missing: Vec<_> = of_serve.difference(&explained).filter(|it| *it != "--help").collect();
    let invented: Vec<_> =
        explained.difference(&of_serve).filter(|it| !of_others.contains(*it)).collect();
    assert!(
        of_serve.len() > 30 && missing.is_empty() && invented.is_empty(),
        "{missing:?} {invented:?}"
    );
}

fn keys() -> String {
    let row = |key: &hardtack_build::Key| {
        let default = match key.default {
            "none" => "none".to_owned(),
            default => format!("`{default}`"),
        };
        format!("| [`{name}`](#{name}) | {default} | {} |\n", key.meaning, name = key.name)
    };
    let rows: String = Settings::KEYS.iter().map(row).collect();
    format!("| key | default | meaning |\n|---|---|---|\n{rows}")
}
