//! Counts the instructions of cases with callgrind, and their allocations.
//!
//! Valgrind's manual has the grammar of callgrind's files, under "Callgrind Format Specification".

use std::{
    env, fs,
    path::Path,
    process::{Command, ExitCode},
};

use anyhow::{Context, Result, ensure};

use crate::{
    allocations,
    baseline::Counts,
    cases::{self, Case},
};

/// The argument of the program that runs under valgrind; a folder with sites follows.
pub(crate) const COUNTED: &str = "--counted";

/// The function in which callgrind counts. After each call of it, there is a file of its counts.
const COUNTED_FUNCTION: &str = "micro::callgrind::counted_call";

/// Runs all cases under callgrind.
pub(crate) fn count(folder: &Path) -> Result<Vec<Counts>> {
    let files = folder.join("counts");
    let output = Command::new("valgrind")
        .args(["--quiet", "--tool=callgrind", "--collect-atstart=no"])
        .arg(format!("--toggle-collect={COUNTED_FUNCTION}"))
        .arg(format!("--dump-after={COUNTED_FUNCTION}"))
        .arg(format!("--callgrind-out-file={}", files.display()))
        .arg(env::current_exe()?)
        .args([COUNTED.as_ref(), folder])
        // The addresses on the stack depend on the environment's size.
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .output()
        .context("cannot run valgrind")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "valgrind: {}", errors.trim());
    let lines = String::from_utf8(output.stdout)?;
    let counts = lines.lines().enumerate().map(|(index, line)| {
        let file = files.with_extension((index + 1).to_string());
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        counts(line, instructions(&text)?)
    });
    counts.collect()
}

/// The counts of a case, which the program under valgrind has written a line about.
fn counts(line: &str, instructions: u64) -> Result<Counts> {
    let columns: Vec<_> = line.splitn(3, '\t').collect();
    let [times, allocations, name] = columns[..] else { anyhow::bail!("{line:?}") };
    let (times, allocations): (u64, u64) = (times.parse()?, allocations.parse()?);
    Ok(Counts {
        name: name.to_owned(),
        instructions: instructions.div_ceil(times),
        allocations: allocations.div_ceil(times),
    })
}

/// The number of instructions in a file of callgrind.
fn instructions(file: &str) -> Result<u64> {
    let summary = file.lines().find_map(|line| line.strip_prefix("summary: "));
    let instructions = summary.context("callgrind has written no summary")?.trim().parse()?;
    ensure!(instructions > 0, "callgrind has counted nothing");
    Ok(instructions)
}

/// Makes the calls that are counted, after two that fill buffers.
pub(crate) fn be_counted(folder: &Path) -> Result<ExitCode> {
    for Case { name, times, mut call } in cases::all(folder)? {
        call();
        call();
        counted_call(&mut *call);
        let allocations = allocations::during(call);
        println!("{times}\t{allocations}\t{name}");
    }
    Ok(ExitCode::SUCCESS)
}

#[inline(never)]
fn counted_call(call: &mut dyn FnMut()) {
    call();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_of_a_file() {
        let file =
            "version: 1\nevents: Ir\nsummary: 641\n\nfn=(1) micro::main\n10 20\ntotals: 641\n";
        assert_eq!(instructions(file).unwrap(), 641);
        assert!(instructions("events: Ir\n").is_err());
        assert!(instructions("summary: 0\n").is_err());
    }

    #[test]
    fn counts_are_of_one_time() {
        let of = |line| counts(line, 641).map(|it| (it.name, it.instructions, it.allocations)).ok();
        assert_eq!(of("64\t0\ta: b"), Some(("a: b".to_owned(), 11, 0)));
        assert_eq!(of("1\t2\ta"), Some(("a".to_owned(), 641, 2)));
        assert_eq!(of("1\t2"), None);
    }
}
