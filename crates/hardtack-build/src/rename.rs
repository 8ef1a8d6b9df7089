//! The setting `rename`: the assets that are renamed.

use serde::{Deserialize, Deserializer, de::Error};

use crate::{Patterns, pattern::Verdict};

/// The assets that get a hashed path, among those that are neither prehashed nor entry points.
#[derive(Clone, Debug)]
pub enum Rename {
    /// Assets whose every mention can be rewritten.
    Safe,
    /// None.
    Never,
    /// Assets that match, even if they are mentioned, and none that a `!` glob matches; of the
    /// others, those whose every mention can be rewritten.
    Listed(Patterns),
}

/// The setting's verdict on one asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renaming {
    /// It is renamed if that is safe.
    IfSafe,
    /// It is renamed, even if it is mentioned.
    Always,
    /// It keeps its name.
    Never,
}

impl Rename {
    pub(crate) fn of(&self, logical_path: &str) -> Renaming {
        match self {
            Self::Safe => Renaming::IfSafe,
            Self::Never => Renaming::Never,
            Self::Listed(patterns) => match patterns.verdict(logical_path, false) {
                Verdict::Silent => Renaming::IfSafe,
                Verdict::Matches => Renaming::Always,
                Verdict::TakenBack => Renaming::Never,
            },
        }
    }
}

impl<'de> Deserialize<'de> for Rename {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "`rename` is true, false, or a list of globs")]
        enum Setting {
            Switch(bool),
            List(Vec<String>),
        }
        match Setting::deserialize(deserializer)? {
            Setting::Switch(true) => Ok(Self::Safe),
            Setting::Switch(false) => Ok(Self::Never),
            Setting::List(globs) => {
                Patterns::new(&globs).map(Self::Listed).map_err(D::Error::custom)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Renaming::*;

    #[track_caller]
    fn says(toml: &str, path: &str, expected: Renaming) {
        #[derive(Deserialize)]
        struct Settings {
            rename: Rename,
        }
        let settings: Settings = toml::from_str(toml).unwrap();
        assert_eq!(settings.rename.of(path), expected, "{toml} of {path}");
    }

    #[test]
    fn the_user_decides() {
        says("rename = true", "a.css", IfSafe);
        says("rename = false", "a.css", Never);
        says("rename = []", "a.css", IfSafe);
        says("rename = ['*.css']", "a.css", Always);
        says("rename = ['*.css']", "a.js", IfSafe);
        says("rename = ['*.css', '!/x.css']", "x.css", Never);
        says("rename = ['*.css', '!/x.css']", "a/x.css", Always);
        says("rename = ['!*.js']", "a.js", Never);
    }
}
