//! Variables of the environment that begin like ours, and are none: most likely a misspelled option.

use std::{collections::BTreeSet, env, ffi::OsString};

const PREFIX: &str = "HARDTACK_";

/// Variables that are no option of a command.
const OTHERS: &[&str] = &[
    // The guard against clients that go around the CDN.
    "HARDTACK_CDN_HEADER",
    "HARDTACK_CDN_ONLY",
    "HARDTACK_CDN_SECRET",
    // Settings of a bake, and of an app.
    "HARDTACK_ASSETS",
    "HARDTACK_AT",
    "HARDTACK_CACHE",
    "HARDTACK_CONFIG",
    "HARDTACK_LAST_MODIFIED",
    "HARDTACK_LIVE",
    "HARDTACK_PREVIOUS",
    "HARDTACK_STATIC_HOST",
    "HARDTACK_LIVE_RELOAD",
    // From a build script to the compiler; Cargo passes them to what it runs.
    "HARDTACK_BUNDLE",
    "HARDTACK_BUNDLE_DIGEST",
    "HARDTACK_MANIFEST",
    "HARDTACK_NAMES",
    // Between our own processes.
    "HARDTACK_HANDOVER",
    "HARDTACK_UPGRADE",
];

/// Warnings of the variables that nothing reads, with the nearest name.
pub(crate) fn unknown(program: &clap::Command) -> Vec<String> {
    let names = env::vars_os().filter_map(|(name, _)| OsString::into_string(name).ok());
    let known = known(program);
    let mut unknown: Vec<_> = names.filter_map(|name| warning(&name, &known)).collect();
    unknown.sort();
    unknown
}

/// The variables of all commands, and the others.
fn known(program: &clap::Command) -> BTreeSet<String> {
    let commands = [program].into_iter().chain(program.get_subcommands());
    let variables = commands.flat_map(clap::Command::get_arguments).filter_map(clap::Arg::get_env);
    let variables = variables.filter_map(|variable| variable.to_str().map(str::to_owned));
    variables.chain(OTHERS.iter().map(|name| (*name).to_owned())).collect()
}

fn warning(name: &str, known: &BTreeSet<String>) -> Option<String> {
    if !name.starts_with(PREFIX) || known.contains(name) {
        return None;
    }
    let distance = |other: &&String| edits(name.as_bytes(), other.as_bytes());
    let nearest = known.iter().min_by_key(distance)?;
    let said = format!("the variable {name} is not known, and has no effect");
    // Half a name in common, beyond the prefix, is a coincidence.
    let is_near = distance(&nearest) <= (name.len() - PREFIX.len()) / 2;
    Some(if is_near { format!("{said}; did you mean {nearest}?") } else { said })
}

/// The fewest insertions, deletions and exchanges of a byte that make one text of the other.
fn edits(one: &[u8], other: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, byte) in (1..).zip(one) {
        let mut diagonal = std::mem::replace(&mut row[0], above);
        for (column, with) in (1..).zip(other) {
            let exchanged = diagonal + usize::from(byte != with);
            diagonal = row[column];
            row[column] = exchanged.min(row[column] + 1).min(row[column - 1] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn warns(name: &str, expected: Option<&str>) {
        let warning = warning(name, &known(&crate::cli::definition()));
        let said = expected
            .map(|hint| format!("the variable {name} is not known, and has no effect{hint}"));
        assert_eq!(warning, said);
    }

    #[test]
    fn variables() {
        warns("HARDTACK_LISTEN", None);
        warns("HARDTACK_UPGRADE_DRAIN_TIMEOUT", None);
        warns("HARDTACK_CDN_SECRET", None);
        warns("HARDTACK_CACHE", None);
        warns("PATH", None);
        warns("hardtack_listen", None);
        warns("HARDTACK_LISTN", Some("; did you mean HARDTACK_LISTEN?"));
        warns("HARDTACK_IDLETIMEOUT", Some("; did you mean HARDTACK_IDLE_TIMEOUT?"));
        warns("HARDTACK_CDN_SECRETS", Some("; did you mean HARDTACK_CDN_SECRET?"));
        warns("HARDTACK_ZZZZZZZZZZ", Some(""));
        warns("HARDTACK_", Some(""));
    }

    #[test]
    fn distances() {
        for (one, other, expected) in [
            ("", "", 0),
            ("abc", "abc", 0),
            ("abc", "", 3),
            ("abc", "abd", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(edits(one.as_bytes(), other.as_bytes()), expected);
            assert_eq!(edits(other.as_bytes(), one.as_bytes()), expected);
        }
    }
}
