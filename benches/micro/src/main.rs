//! Counts the instructions and allocations of the steps of an answer, and compares them with
//! `baseline.tsv`.
//!
//! ```text
//! just micro            compares; needs valgrind
//! just micro --write    writes the baseline anew
//! just micro --time     nanoseconds instead
//! ```
//!
//! The program runs itself under callgrind, a tool of valgrind. One call of each case is counted, after two
//! that fill buffers. Such a count is the same each time, also on a busy machine.

mod allocations;
mod baseline;
mod callgrind;
mod cases;
mod compiler;
mod http2;
mod site;
mod timing;

// Files of the server. Its crate needs a TLS library, which takes minutes to compile.
#[path = "../../../crates/hardtack-serve/src/date.rs"]
mod date;
#[path = "../../../crates/hardtack-serve/src/http1/short/head.rs"]
#[allow(dead_code)]
mod head;
#[path = "../../../crates/hardtack-serve/src/http2"]
mod of_http2 {
    #[allow(dead_code)]
    pub(crate) mod hpack;
}

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};

use self::{baseline::Baseline, compiler::Compiler};

const BASELINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/baseline.tsv");

fn main() -> Result<ExitCode> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => compare(),
        ["--write"] => write(),
        ["--time"] => timing::print(&mut cases::all(&scratch()?)?),
        [callgrind::COUNTED, folder] => callgrind::be_counted(Path::new(folder)),
        _ => bail!("the arguments are: [--write | --time]"),
    }
}

fn compare() -> Result<ExitCode> {
    let text = fs::read_to_string(BASELINE).context(BASELINE)?;
    let baseline: Baseline = text.parse().context(BASELINE)?;
    let counted = count()?;
    print!("{counted}");
    let faults = baseline.faults(&counted);
    for fault in &faults {
        eprintln!("micro: {fault}");
    }
    if faults.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "micro: if the new counts are as they should be, `just micro --write` renews {BASELINE}"
    );
    Ok(ExitCode::FAILURE)
}

fn write() -> Result<ExitCode> {
    let counted = count()?;
    print!("{counted}");
    if let Some(fault) = counted.cases.iter().find_map(|case| case.forbidden_allocations()) {
        bail!("{fault}");
    }
    fs::write(BASELINE, counted.to_string()).context(BASELINE)?;
    Ok(ExitCode::SUCCESS)
}

fn count() -> Result<Baseline> {
    Ok(Baseline { compiler: Compiler::installed()?, cases: callgrind::count(&scratch()?)? })
}

/// A folder beside the program, with the sites and nothing else.
fn scratch() -> Result<PathBuf> {
    let folder = env::current_exe()?.with_file_name("micro-scratch");
    if folder.exists() {
        fs::remove_dir_all(&folder).context("cannot remove an old folder")?;
    }
    fs::create_dir(&folder).context("cannot make a folder")?;
    site::write_all(&folder)?;
    Ok(folder)
}
