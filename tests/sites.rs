//! Real sites, opened in a browser from a plain server and baked: nothing may differ.
//!
//! These few are small and quick, and each stands for a kind: a preload helper, a runtime that makes names, code that
//! derives names from its own, a service worker. `just sites` tries all.

use std::{path::Path, process::Command};

const CORE: [&str; 4] = ["vite-pages", "webpack", "sveltekit", "vite-pwa"];

#[test]
#[ignore = "needs chromium, node, corpora/playwright-core and some of corpora/sites"]
fn a_baked_site_is_the_same_in_a_browser() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sites/compare.mjs");
    let mut node = Command::new("node");
    node.arg(script).args(CORE).env("HARDTACK", env!("CARGO_BIN_EXE_hardtack"));
    let output = node.output().expect("node starts");
    let [said, complaints] =
        [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{said}{complaints}");
    assert_eq!(said.lines().filter(|line| line.starts_with("same")).count(), CORE.len(), "{said}");
}
