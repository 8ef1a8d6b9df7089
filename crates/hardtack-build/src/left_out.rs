//! Files that are left out of a bake, with the remedy.

use std::fmt;

use serde::Serialize;

/// A file or folder in the asset folder that is no asset. Displays as the reason and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LeftOut {
    /// Its logical path. A folder stands for everything below it.
    pub logical_path: String,
    /// The rule that left it out, such as "the default glob `.*`".
    pub rule: String,
    /// The remedy: the setting that brings it back.
    pub remedy: String,
    /// Whether `exclude` or `include` left it out.
    #[serde(skip)]
    pub(crate) is_by_setting: bool,
}

impl LeftOut {
    /// Left out by one of this crate's default globs.
    pub(crate) fn by_default(logical_path: &str, glob: &str) -> Self {
        let remedy = format!("bring it back with `exclude = [\"!{}\"]`", glob_of(logical_path));
        let rule = format!("the default glob `{glob}`");
        Self { logical_path: logical_path.to_owned(), rule, remedy, is_by_setting: false }
    }

    /// Left out by its content, such as a copy that Django hashed.
    pub(crate) fn by_content(logical_path: &str, rule: &str) -> Self {
        let remedy = format!("bring it back with `exclude = [\"!{}\"]`", glob_of(logical_path));
        let (logical_path, rule) = (logical_path.to_owned(), rule.to_owned());
        Self { logical_path, rule, remedy, is_by_setting: false }
    }

    /// Left out by a glob of the setting `exclude`.
    pub(crate) fn by_exclude(logical_path: &str, glob: &str) -> Self {
        let remedy = format!("bring it back with \"!{}\" behind that glob", glob_of(logical_path));
        let rule = format!("the glob `{glob}` of `exclude`");
        Self { logical_path: logical_path.to_owned(), rule, remedy, is_by_setting: true }
    }

    /// Left out by the setting `include`, which does not match it.
    pub(crate) fn by_include(logical_path: &str, taken_back_by: Option<&str>) -> Self {
        let (rule, remedy) = match taken_back_by {
            None => {
                let remedy = format!("add \"{}\" to `include`", glob_of(logical_path));
                ("`include`, which names other files".to_owned(), remedy)
            }
            Some(glob) => {
                let remedy = format!("add \"{}\" behind that glob", glob_of(logical_path));
                (format!("the glob `{glob}` of `include`"), remedy)
            }
        };
        Self { logical_path: logical_path.to_owned(), rule, remedy, is_by_setting: true }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "left out by {}: {}", self.rule, self.remedy)
    }
}

/// A glob for that path, which can stand in a string of TOML: `?` is any character.
fn glob_of(logical_path: &str) -> String {
    let is_special = |character: char| character.is_control() || " *?[]{}\\\"".contains(character);
    format!("/{}", logical_path.trim_start_matches('/').replace(is_special, "?"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Patterns;

    #[test]
    fn a_remedy_can_be_pasted() {
        for path in [".a", "/.a", "a b/c", "#a#", "!a", "a*?", "a[b].c", "a\\b", "a\"b", " ", "a\n"]
        {
            let patterns = Patterns::new(&[glob_of(path)]).unwrap();
            assert!(patterns.matches(path), "{path:?} by {:?}", patterns.globs());
        }
    }

    #[test]
    fn a_reason_and_a_remedy() {
        for (left_out, expected) in [
            (
                LeftOut::by_default("a/.b", ".*"),
                "left out by the default glob `.*`: bring it back with `exclude = [\"!/a/.b\"]`",
            ),
            (
                LeftOut::by_exclude("a.psd", "*.psd"),
                "left out by the glob `*.psd` of `exclude`: bring it back with \"!/a.psd\" behind \
                 that glob",
            ),
            (
                LeftOut::by_include("a.js", None),
                "left out by `include`, which names other files: add \"/a.js\" to `include`",
            ),
            (
                LeftOut::by_include("b.css", Some("!b.css")),
                "left out by the glob `!b.css` of `include`: add \"/b.css\" behind that glob",
            ),
        ] {
            assert_eq!(left_out.to_string(), expected);
        }
    }
}
