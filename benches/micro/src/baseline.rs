//! The counts that were committed, and how new ones may differ.

use std::{fmt, str::FromStr};

use anyhow::{Context, Error, Result, ensure};

use crate::compiler::Compiler;

/// Percent by which a count may differ.
const TOLERANCE: f64 = 5.0;
/// The same if another version of rustc has compiled the program. Its optimizer places and inlines code
/// otherwise, which is nobody's fault here; a rule that has become slow shows all the same.
const TOLERANCE_OF_OTHERS: f64 = 15.0;

/// Counts, and the compiler that they depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Baseline {
    pub(crate) compiler: Compiler,
    pub(crate) cases: Vec<Counts>,
}

/// The counts of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) name: String,
    pub(crate) instructions: u64,
    pub(crate) allocations: u64,
}

impl Counts {
    /// The short way has no memory of its own, whatever a baseline says.
    pub(crate) fn forbidden_allocations(&self) -> Option<String> {
        let is_forbidden = self.name.starts_with("short way") && self.allocations > 0;
        is_forbidden.then(|| format!("{}: {} allocations, not 0", self.name, self.allocations))
    }
}

impl Baseline {
    /// The differences of new counts that are too large, one a line.
    pub(crate) fn faults(&self, new: &Self) -> Vec<String> {
        let missing = self.cases.iter().filter(|ours| new.case(&ours.name).is_none());
        let missing = missing.map(|ours| format!("{}: in the baseline only", ours.name));
        let forbidden = new.cases.iter().filter_map(Counts::forbidden_allocations);
        let different = new.cases.iter().flat_map(|theirs| match self.case(&theirs.name) {
            Some(ours) => self.differences(ours, theirs, &new.compiler),
            None => vec![format!("{}: not in the baseline", theirs.name)],
        });
        missing.chain(forbidden).chain(different).collect()
    }

    fn case(&self, name: &str) -> Option<&Counts> {
        self.cases.iter().find(|case| case.name == name)
    }

    fn differences(&self, ours: &Counts, theirs: &Counts, compiler: &Compiler) -> Vec<String> {
        let mut differences = Vec::new();
        let (name, old, new) = (&ours.name, ours.instructions, theirs.instructions);
        let limits = Limits::between(&self.compiler, compiler);
        if limits.is_some_and(|limits| !limits.hold(old, new)) {
            let percent = percent(old, new);
            differences.push(format!(
                "{name}: {new} instructions, and {old} in the baseline ({percent:+.1} %)"
            ));
        }
        let (old, new) = (ours.allocations, theirs.allocations);
        if old != new && theirs.forbidden_allocations().is_none() {
            differences.push(format!("{name}: {new} allocations, and {old} in the baseline"));
        }
        differences
    }
}

/// By how many percent a count is higher.
fn percent(ours: u64, theirs: u64) -> f64 {
    (theirs as f64 - ours as f64) * 100.0 / ours as f64
}

/// Percent by which a number of instructions may be higher and lower. A number that is much lower makes
/// the baseline useless: the next loss would not be seen.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Limits {
    above: f64,
    below: f64,
}

impl Limits {
    /// None if the instructions of the two are not comparable.
    fn between(ours: &Compiler, theirs: &Compiler) -> Option<Self> {
        if ours.target != theirs.target {
            return None;
        }
        let is_same = ours.release == theirs.release;
        Some(if is_same {
            Self { above: TOLERANCE, below: TOLERANCE }
        } else {
            Self { above: TOLERANCE_OF_OTHERS, below: f64::INFINITY }
        })
    }

    fn hold(self, ours: u64, theirs: u64) -> bool {
        (-self.below..=self.above).contains(&percent(ours, theirs))
    }
}

const HEADER: &str = "case\tinstructions\tallocations";

impl fmt::Display for Baseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{HEADER}", self.compiler)?;
        for Counts { name, instructions, allocations } in &self.cases {
            writeln!(f, "{name}\t{instructions}\t{allocations}")?;
        }
        Ok(())
    }
}

impl FromStr for Baseline {
    type Err = Error;

    /// Reads what is displayed.
    fn from_str(text: &str) -> Result<Self> {
        let mut lines = text.lines();
        let compiler = lines.next().and_then(|line| line.strip_prefix("rustc ")?.split_once(", "));
        let (release, target) = compiler.context("line 1 is not `rustc VERSION, TARGET`")?;
        ensure!(lines.next() == Some(HEADER), "line 2 is not `{}`", HEADER.escape_default());
        let counts = |(index, line)| counts(line).with_context(|| format!("line {}", index + 3));
        Ok(Self {
            compiler: Compiler { release: release.to_owned(), target: target.to_owned() },
            cases: lines.enumerate().map(counts).collect::<Result<_>>()?,
        })
    }
}

fn counts(line: &str) -> Result<Counts> {
    let columns: Vec<_> = line.split('\t').collect();
    let [name, instructions, allocations] = columns[..] else {
        anyhow::bail!("there are {} columns, not 3", columns.len())
    };
    Ok(Counts {
        name: name.to_owned(),
        instructions: instructions.parse().context("instructions")?,
        allocations: allocations.parse().context("allocations")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "1.95.0, x86_64-unknown-linux-gnu";

    fn baseline(compiler: &str, cases: &[(&str, u64, u64)]) -> Baseline {
        let cases = cases.iter().map(|(name, i, a)| format!("{name}\t{i}\t{a}\n"));
        let text = format!("rustc {compiler}\n{HEADER}\n{}", cases.collect::<String>());
        let baseline: Baseline = text.parse().unwrap();
        assert_eq!(baseline.to_string(), text);
        baseline
    }

    #[track_caller]
    fn finds(compiler: &str, new: &[(&str, u64, u64)], expected: &[&str]) {
        let ours = baseline(OURS, &[("range", 1000, 2), ("short way", 5000, 0)]);
        assert_eq!(ours.faults(&baseline(compiler, new)), expected, "{compiler} {new:?}");
    }

    #[test]
    fn counts_that_differ_too_much() {
        let short = ("short way", 5000, 0);
        finds(OURS, &[("range", 1050, 2), short], &[]);
        finds(OURS, &[("range", 950, 2), short], &[]);
        let more = "range: 1051 instructions, and 1000 in the baseline (+5.1 %)";
        finds(OURS, &[("range", 1051, 2), short], &[more]);
        let fewer = "range: 949 instructions, and 1000 in the baseline (-5.1 %)";
        finds(OURS, &[("range", 949, 2), short], &[fewer]);
        let allocations = "range: 3 allocations, and 2 in the baseline";
        finds(OURS, &[("range", 1000, 3), short], &[allocations]);
    }

    #[test]
    fn cases_on_one_side() {
        finds(OURS, &[("range", 1000, 2)], &["short way: in the baseline only"]);
        let new = [("range", 1000, 2), ("short way", 5000, 0), ("new", 1, 0)];
        finds(OURS, &new, &["new: not in the baseline"]);
    }

    #[test]
    fn another_compiler() {
        let counts = |instructions, allocations| {
            [("range", instructions, allocations), ("short way", 5000, 0)]
        };
        let newer = "1.96.0, x86_64-unknown-linux-gnu";
        finds(newer, &counts(1150, 2), &[]);
        finds(newer, &counts(500, 2), &[]);
        let more = "range: 1151 instructions, and 1000 in the baseline (+15.1 %)";
        finds(newer, &counts(1151, 2), &[more]);
        let other = "1.95.0, aarch64-unknown-linux-gnu";
        finds(other, &counts(9999, 2), &[]);
        let fewer = "range: 1 allocations, and 2 in the baseline";
        finds(other, &counts(9999, 1), &[fewer]);
    }

    #[test]
    fn the_short_way_never_allocates() {
        let allocating = baseline(OURS, &[("short way", 5000, 1)]);
        for ours in [&allocating, &baseline(OURS, &[("short way", 5000, 0)])] {
            assert_eq!(ours.faults(&allocating), ["short way: 1 allocations, not 0"]);
        }
    }

    #[test]
    fn what_is_no_baseline() {
        for (text, expected) in [
            ("", "line 1 is not `rustc VERSION, TARGET`"),
            ("rustc 1, a\nb\n", "line 2 is not `case\\tinstructions\\tallocations`"),
            ("rustc 1, a\ncase\tinstructions\tallocations\na\t1\n", "line 3"),
            ("rustc 1, a\ncase\tinstructions\tallocations\na\t1\tx\n", "line 3"),
        ] {
            assert_eq!(text.parse::<Baseline>().unwrap_err().to_string(), expected);
        }
    }
}
