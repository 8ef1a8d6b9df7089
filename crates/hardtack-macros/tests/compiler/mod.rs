//! rustc, as it compiles an app that uses the macro.
#![allow(dead_code, unreachable_pub, reason = "the tests and the bench each use their part")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use hardtack_bundle::{Bundle, Coding, Fingerprint, NewAsset, Role, Writer};
use tempfile::NamedTempFile;

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
pub fn compile(item: &str, variables: &[(&str, &Path)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut rustc = rustc(item, variables, folder.path());
    let output = rustc.arg("--emit=metadata").output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.success(), message.is_empty(), "{message}");
    message
}

/// The call of rustc for an app of this item; its source and its output are in the folder.
pub fn rustc(item: &str, variables: &[(&str, &Path)], folder: &Path) -> Command {
    let source = folder.join("app.rs");
    fs::write(&source, [HARDTACK, item].concat()).unwrap();
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or("rustc".into()));
    rustc
        .args(["--edition=2024", "--crate-type=lib", "--cap-lints=allow"])
        .arg("--extern")
        .arg(format!("hardtack_macros={}", library().display()))
        .arg("--out-dir")
        .args([folder, &source])
        .env_remove("HARDTACK_NAMES")
        .env_remove("HARDTACK_BUNDLE_DIGEST")
        .envs(variables.iter().copied());
    rustc
}

/// The newest compiled macro, beside this program.
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

/// The table of names of a site with these assets, which are style sheets.
pub fn names(logical_paths: impl IntoIterator<Item = String>) -> NamedTempFile {
    let mut writer = Writer::new("/static/");
    for logical_path in logical_paths {
        let stem = logical_path.strip_suffix(".css").unwrap();
        writer.asset(NewAsset {
            logical_path: &logical_path,
            url: &format!("/static/{stem}.0123456789ab.css"),
            plain_url: Some(&format!("/static/{logical_path}")),
            media_type: "text/css",
            role: Role::Hashed,
            why: "",
            fingerprint: Fingerprint::of(b""),
            digest: None,
            representations: &[(Coding::Identity, b"")],
        });
    }
    let bundle = writer.finish().unwrap();
    let names = Bundle::open(&bundle).unwrap().names("assets", &[]).unwrap();
    let file = NamedTempFile::new().unwrap();
    fs::write(&file, names).unwrap();
    file
}

/// The variables that the build script sets for an app with this table.
pub fn with_names(names: &NamedTempFile) -> [(&'static str, &Path); 2] {
    [("HARDTACK_NAMES", names.path()), ("HARDTACK_BUNDLE_DIGEST", Path::new("0"))]
}
