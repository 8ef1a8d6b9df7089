//! The time that uses of `asset!` take rustc.
//!
//! ```text
//! cargo bench --profile dev -p hardtack-macros --bench uses [-- --rounds N]
//! ```
//!
//! An app with 200 uses and one with none are compiled in turns, as `cargo build` compiles in
//! development: without optimization, incremental, with debug information. Both have the table of
//! names of a site of 100 assets, and then of one of 10,000. The CPU time is that of rustc, in user
//! and kernel, which Linux accounts in hundredths of a second (proc(5), `cutime` and `cstime`); the
//! time of the uses is the difference.

#[path = "../tests/compiler/mod.rs"]
mod compiler;

use std::{env, fs};

use compiler::{names, rustc, with_names};
use tempfile::NamedTempFile;

const USES: usize = 200;

fn main() {
    let mut arguments = env::args().skip_while(|argument| argument != "--rounds").skip(1);
    let rounds = arguments.next().map_or(3, |rounds| rounds.parse().expect("--rounds N"));
    println!("{:14}{:>12}{:>12}{:>14}", "", "min CPU s", "max CPU s", "min ms a use");
    for count in [100, 10_000] {
        let names = names((0..count).map(path));
        let times: Vec<_> =
            (0..rounds).map(|_| seconds(&names, USES) - seconds(&names, 0)).collect();
        let least = times.iter().copied().fold(f64::INFINITY, f64::min);
        let most = times.iter().copied().fold(0.0, f64::max);
        let each = least * 1000.0 / USES as f64;
        println!("{:14}{least:12.2}{most:12.2}{each:14.2}", format!("{count} assets"));
    }
}

fn path(number: usize) -> String {
    format!("{:03}/asset-{number:05}.css", number / 100)
}

/// The CPU time of rustc for an app with so many uses.
fn seconds(names: &NamedTempFile, uses: usize) -> f64 {
    let each = (0..uses).map(|number| {
        let path = path(number % 100);
        format!("pub const ASSET_{number}: hardtack::Asset = asset!(\"{path}\");\n")
    });
    let folder = tempfile::tempdir().unwrap();
    let mut rustc = rustc(&each.collect::<String>(), &with_names(names), folder.path());
    let incremental = format!("-Cincremental={}", folder.path().join("incremental").display());
    rustc.args(["--emit=metadata,link", "-Cdebuginfo=2", &incremental]);
    let before = of_children();
    assert!(rustc.status().unwrap().success(), "the app compiles");
    of_children() - before
}

/// The CPU time of all processes that this one has waited for.
fn of_children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    // The name of the program may have spaces; the fields that follow it begin with the third.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let hundredths = fields.split_ascii_whitespace().skip(13).take(2);
    hundredths.map(|field| field.parse::<f64>().unwrap()).sum::<f64>() / 100.0
}
