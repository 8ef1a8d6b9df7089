//! Settings from the environment, which override those of `hardtack.toml`.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use hardtack_bundle::InvalidStaticHost;

use crate::{Error, Prefix, ProblemKind, Settings, Timestamp};

/// Another `hardtack.toml`.
pub(crate) const CONFIG: &str = "HARDTACK_CONFIG";
/// The asset folder.
pub(crate) const ASSETS: &str = "HARDTACK_ASSETS";
/// The URL prefix.
pub(crate) const AT: &str = "HARDTACK_AT";
/// Scheme and host of the CDN.
pub(crate) const STATIC_HOST: &str = "HARDTACK_STATIC_HOST";
/// The last modification of all assets.
pub(crate) const LAST_MODIFIED: &str = "HARDTACK_LAST_MODIFIED";
/// Programs or bundle files of earlier releases, separated as in `PATH`.
pub(crate) const PREVIOUS: &str = "HARDTACK_PREVIOUS";
/// The cache folder for compressed bytes.
pub(crate) const CACHE: &str = "HARDTACK_CACHE";

impl Settings {
    /// The settings of `hardtack.toml` in a folder, overridden by the environment.
    ///
    /// `HARDTACK_CONFIG` names another file, `HARDTACK_ASSETS` the asset folder, `HARDTACK_AT` the
    /// URL prefix, `HARDTACK_STATIC_HOST` the CDN's scheme and host, `HARDTACK_LAST_MODIFIED` a
    /// time in seconds since 1970, and `HARDTACK_PREVIOUS` files of earlier releases, separated as in
    /// `PATH`. Relative paths begin in the folder. An empty variable counts as
    /// not set. Without `HARDTACK_CONFIG`, the file need not exist.
    ///
    /// # Errors
    ///
    /// Those of [`Settings::read`], and impossible values of the variables.
    pub fn from_environment(folder: &Path) -> Result<Self, Error> {
        Self::with_environment(config_file(folder).as_deref(), folder)
    }

    /// The settings of this configuration file, or the defaults without one, overridden by the
    /// environment.
    ///
    /// # Errors
    ///
    /// Those of [`Settings::from_environment`].
    pub fn with_environment(config: Option<&Path>, folder: &Path) -> Result<Self, Error> {
        let mut settings = match config {
            Some(file) => Self::read(file)?,
            None => Self { assets: folder.join("assets"), ..Self::default() },
        };
        if let Some(assets) = variable(ASSETS) {
            settings.assets = folder.join(assets);
        }
        if let Some(at) = variable(AT) {
            let at = at.to_string_lossy().into_owned();
            let invalid = |message| ProblemKind::Setting(message).of(AT);
            settings.at = Prefix::try_from(at).map_err(invalid)?;
        }
        if let Some(host) = variable(STATIC_HOST) {
            let invalid =
                |error: InvalidStaticHost| ProblemKind::Setting(error.to_string()).of(STATIC_HOST);
            settings.static_host = Some(host.to_string_lossy().parse().map_err(invalid)?);
        }
        if let Some(seconds) = variable(LAST_MODIFIED) {
            let invalid = |message| ProblemKind::Setting(message).of(LAST_MODIFIED);
            let timestamp = Timestamp::parse(&seconds.to_string_lossy()).map_err(invalid)?;
            settings.last_modified = Some(timestamp);
        }
        if let Some(files) = variable(PREVIOUS) {
            let files = env::split_paths(&files).filter(|file| !file.as_os_str().is_empty());
            settings.previous = files.map(|file| folder.join(file)).collect();
        }
        Ok(settings)
    }
}

/// The configuration file to read, if there is one.
pub(crate) fn config_file(folder: &Path) -> Option<PathBuf> {
    let default = || Some(folder.join("hardtack.toml")).filter(|file| file.exists());
    variable(CONFIG).map(|file| folder.join(file)).or_else(default)
}

pub(crate) fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}
