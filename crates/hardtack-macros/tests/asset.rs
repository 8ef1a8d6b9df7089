//! The macro as rustc expands it: the programs that compile, and the messages of those that do not.

mod compiler;

use std::path::Path;

use compiler::{compile, names, with_names};

/// Compiles an item of an app with one asset, `css/app.css`.
fn in_an_app(item: &str) -> String {
    let names = names(["css/app.css"].map(str::to_owned));
    compile(item, &with_names(&names))
}

#[track_caller]
fn compiles(item: &str) {
    assert_eq!(in_an_app(item), "");
}

#[track_caller]
fn fails(item: &str, expected: &str) {
    let message = in_an_app(item);
    assert!(message.contains(expected), "{message}");
    assert_eq!(message.matches("\nerror").count(), 1, "one error, and the summary: {message}");
}

#[test]
fn a_name_is_a_constant() {
    compiles(r#"pub const APP: hardtack::Asset = asset!("css/app.css");"#);
    compiles(r##"pub const APP: hardtack::Asset = asset!(r#"css/app.css"#);"##);
    compiles(r#"pub const APP: hardtack::Asset = by_fragment!("css/app.css");"#);
    compiles(r#"pub fn app() -> &'static hardtack::Asset { &asset!("css/app.css") }"#);
    compiles(
        r#"const _: () = {
            let it = asset!("css/app.css");
            assert!(is(it.0, "css/app.css") && is(it.1, "/static/css/app.0123456789ab.css"));
            assert!(is(it.2, "/static/css/app.css") && is(it.3, ""));
        };"#,
    );
}

#[test]
fn these_tests_can_fail() {
    fails(
        r#"const _: () = assert!(is(asset!("css/app.css").0, "css/app.cst"));"#,
        "assertion failed",
    );
}

#[test]
fn a_wrong_name_is_an_error_with_the_nearest() {
    let near = r#"there is no asset "css/ap.css" in the folder "assets". Near it: "css/app.css""#;
    fails(r#"pub const APP: hardtack::Asset = asset!("css/ap.css");"#, near);
    fails(r#"pub fn app() -> hardtack::Asset { by_fragment!("css/ap.css") }"#, near);
}

#[test]
fn another_token_than_a_string_is_an_error() {
    for other in ["", "APP", "1", "b\"css/app.css\"", "\"css/app.css\",", "concat!(\"a\", \"b\")"] {
        let item = format!("pub const APP: hardtack::Asset = asset!({other});");
        fails(&item, "asset! takes the path of an asset as a string literal");
    }
}

#[test]
fn without_a_table_the_remedy_is_named() {
    let item = r#"pub const APP: hardtack::Asset = asset!("css/app.css");"#;
    let message = compile(item, &[]);
    assert!(message.contains("build.rs of this package has to call"), "{message}");
    let message = compile(item, &[("HARDTACK_NAMES", Path::new("/nowhere"))]);
    assert!(message.contains("cannot read /nowhere"), "{message}");
    let message = compile(item, &[("HARDTACK_NAMES", Path::new("Cargo.toml"))]);
    assert!(message.contains("of the same version"), "{message}");
}
