//! What the documentation says is what the code does.
//!
//!     HARDTACK_WRITE_DOCS=1 cargo test --test docs    writes what is generated

use std::{env, fs, path::Path};

use hardtack_build::Settings;

const BEGIN: &str = "<!-- Generated from Settings::KEYS by tests/docs.rs: begin -->\n";
const END: &str = "<!-- end -->\n";

/// The table of all keys, and below it whatever people have to say of each.
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
