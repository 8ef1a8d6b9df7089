//! The tool alone: this executable, built without the feature `site`.
#![cfg(not(feature = "site"))]

mod common;

use common::{Server, folder, hardtack, pack, stderr, stdout};

#[test]
fn it_has_nothing_to_serve() {
    for command in [&["serve"][..], &[], &["check-config"], &["list"]] {
        let message = stderr(hardtack().args(command), 1);
        assert!(message.contains("carries no site: `hardtack pack"), "{message}");
    }
}

#[test]
fn its_version_says_so() {
    assert!(stdout(hardtack().arg("--version")).ends_with("(no site)\n"));
    assert!(stdout(hardtack().arg("man")).contains("hardtack"));
}

#[test]
fn it_packs() {
    let packed = pack(folder(&[("index.html", b"<p>packed")]).path(), &[]);
    let server = Server::of(&mut packed.command());
    assert_eq!(server.get("/", &[]).body, b"<p>packed");
}
