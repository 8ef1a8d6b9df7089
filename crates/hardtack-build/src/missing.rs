//! The setting `missing`: whether a reference to a file that does not exist is an error.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de::Error};

use crate::Patterns;

/// The outcome for a reference to a file that does not exist.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum MissingTarget {
    /// The bake fails.
    Error,
    /// The reference stays as it is, with a warning.
    Warn,
}

/// The outcome for references to files that do not exist, by the file that contains the reference.
#[derive(Clone, Debug)]
pub enum Missing {
    /// One outcome for all files.
    Everywhere(MissingTarget),
    /// Outcomes by globs. In files that no glob matches, or where globs disagree, it is an error.
    ByGlob(Vec<(Patterns, MissingTarget)>),
}

impl Missing {
    /// The outcome for references in the file of that logical path.
    pub(crate) fn of(&self, logical_path: &str) -> MissingTarget {
        match self {
            Self::Everywhere(target) => *target,
            Self::ByGlob(rules) => {
                let matching = rules.iter().filter(|(globs, _)| globs.matches(logical_path));
                let mut targets = matching.map(|(_, target)| *target).peekable();
                if targets.peek().is_some() && targets.all(|it| it == MissingTarget::Warn) {
                    MissingTarget::Warn
                } else {
                    MissingTarget::Error
                }
            }
        }
    }
}

impl From<MissingTarget> for Missing {
    fn from(target: MissingTarget) -> Self {
        Self::Everywhere(target)
    }
}

impl<'de> Deserialize<'de> for Missing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(
            untagged,
            expecting = "`missing` is \"error\", \"warn\", or a table from globs to these"
        )]
        enum Setting {
            Everywhere(MissingTarget),
            ByGlob(BTreeMap<String, MissingTarget>),
        }
        let rule = |(glob, target)| Ok((Patterns::new(&[glob])?, target));
        match Setting::deserialize(deserializer)? {
            Setting::Everywhere(target) => Ok(Self::Everywhere(target)),
            Setting::ByGlob(rules) => {
                let rules: Result<_, String> = rules.into_iter().map(rule).collect();
                rules.map(Self::ByGlob).map_err(D::Error::custom)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MissingTarget::*, *};

    #[track_caller]
    fn is(toml: &str, path: &str, expected: MissingTarget) {
        #[derive(Deserialize)]
        struct Table {
            missing: Missing,
        }
        let table: Table = toml::from_str(&format!("missing = {toml}")).unwrap();
        assert_eq!(table.missing.of(path), expected, "{toml} of {path}");
    }

    #[test]
    fn everywhere_or_by_glob() {
        is("'warn'", "a.js", Warn);
        is("'error'", "a.js", Error);
        is("{}", "a.js", Error);
        is("{ '/cms/' = 'warn' }", "cms/js/a.js", Warn);
        is("{ '/cms/' = 'warn' }", "a.js", Error);
        is("{ '*' = 'warn', '/own/' = 'error' }", "own/a.js", Error);
        is("{ '*' = 'warn', '/own/' = 'error' }", "a.js", Warn);
    }
}
