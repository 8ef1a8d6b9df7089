//! Whether the application is being maintained: a file is there. It outlasts upgrades and restarts, and
//! a script of a deployment can make and remove it.

use std::path::PathBuf;

use tracing::warn;

/// The file that says so.
#[derive(Debug)]
pub(super) struct Maintenance {
    path: Option<PathBuf>,
    is_on: bool,
}

impl Maintenance {
    pub(super) fn of(path: Option<PathBuf>) -> Self {
        let mut maintenance = Self { path, is_on: false };
        maintenance.has_changed();
        maintenance
    }

    /// Whether it has begun.
    pub(super) fn is_on(&self) -> bool {
        self.is_on
    }

    /// Looks at the file, and says whether maintenance has begun or ended since.
    pub(super) fn has_changed(&mut self) -> bool {
        let Some(path) = &self.path else { return false };
        let before = std::mem::replace(&mut self.is_on, path.exists());
        match (before, self.is_on) {
            (false, true) => warn!(
                "{} is there: requests for the application get 503 until it is removed",
                path.display()
            ),
            (true, false) => {
                warn!("{} is gone: the application gets requests again", path.display())
            }
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_begins_and_ends_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("maintenance");
        let mut maintenance = Maintenance::of(Some(path.clone()));
        let mut look = || (maintenance.has_changed(), maintenance.is_on());
        assert_eq!(look(), (false, false));
        std::fs::write(&path, "").unwrap();
        assert_eq!([look(), look()], [(true, true), (false, true)]);
        assert!(Maintenance::of(Some(path.clone())).is_on(), "it was there at the start");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(look(), (true, false));
        assert!(!Maintenance::of(None).has_changed());
    }
}
