//! The macro as rustc expands it: what compiles, and which message appears instead.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use hardtack_bundle::{Bundle, Coding, Fingerprint, NewAsset, Role, Writer};

/// Stands for the crate `hardtack`.
const HARDTACK: &str = "
    pub mod hardtack {
        pub struct Asset(pub &'static str, pub &'static str, pub &'static str, pub &'static str);
        impl Asset {
            pub const fn baked(
                logical_path: &'static str,
                path: &'static str,
                plain_path: &'static str,
                static_host: &'static str,
                _integrity: &[u8; 48],
            ) -> Self {
                Self(logical_path, path, plain_path, static_host)
            }
        }
    }
    macro_rules! asset { ($($it:tt)*) => { hardtack_macros::asset! { hardtack $($it)* } } }
    macro_rules! by_fragment { ($it:expr) => { asset!($it) } }
    const fn is(one: &str, other: &str) -> bool {
        let (one, other) = (one.as_bytes(), other.as_bytes());
        let mut index = 0;
        while index < one.len() && index < other.len() && one[index] == other[index] {
            index += 1;
        }
        index == one.len() && index == other.len()
    }
";

/// The messages of rustc about this item; nothing if it compiles.
fn compile(item: &str, variables: &[(&str, &Path)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("app.rs");
    fs::write(&source, [HARDTACK, item].concat()).unwrap();
    let output = Command::new(env::var_os("RUSTC").unwrap_or("rustc".into()))
        .args(["--edition=2024", "--crate-type=lib", "--emit=metadata", "--cap-lints=allow"])
        .arg("--extern")
        .arg(format!("hardtack_macros={}", library().display()))
        .arg("--out-dir")
        .args([folder.path(), &source])
        .env_remove("HARDTACK_NAMES")
        .env_remove("HARDTACK_BUNDLE_DIGEST")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.success(), message.is_empty(), "{message}");
    message
}

/// The newest compiled macro, beside this test.
fn library() -> PathBuf {
    let this = env::current_exe().unwrap();
    let prefix = format!("{}hardtack_macros-", env::consts::DLL_PREFIX);
    let entries = fs::read_dir(this.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    let is_library = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with(&prefix) && name.ends_with(env::consts::DLL_SUFFIX)
    };
    let modified = |path: &PathBuf| path.metadata().unwrap().modified().unwrap();
    entries.filter(is_library).max_by_key(modified).expect("Cargo compiled the macro")
}

/// Compiles an item of an app with one asset, `css/app.css`.
fn in_an_app(item: &str) -> String {
    let mut writer = Writer::new("/static/");
    writer.asset(NewAsset {
        logical_path: "css/app.css",
        url: "/static/css/app.0123456789ab.css",
        plain_url: Some("/static/css/app.css"),
        media_type: "text/css",
        role: Role::Hashed,
        why: "",
        fingerprint: Fingerprint::of(b""),
        digest: None,
        representations: &[(Coding::Identity, b"")],
    });
    let bundle = writer.finish().unwrap();
    let names = Bundle::open(&bundle).unwrap().names("assets", &[]).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(&file, names).unwrap();
    compile(item, &[("HARDTACK_NAMES", file.path()), ("HARDTACK_BUNDLE_DIGEST", Path::new("0"))])
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
