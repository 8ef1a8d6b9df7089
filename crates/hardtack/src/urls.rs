//! The options that are decided once in a process: the host of its URLs, and its mode.

use std::{env, ffi::OsString, path::PathBuf, sync::OnceLock};

use hardtack_bundle::StaticHost;

use crate::OpenError;

/// The source of assets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The bundle, in memory.
    #[default]
    Baked,
    /// These folders, for development: the asset folder, and behind it the site's other folders in
    /// the order of `hardtack.toml`. Files are read anew for every request, served at their plain
    /// paths, and kept by no cache. A folder that is not named is as it was baked. It needs the
    /// feature `live`.
    ///
    /// Names are still checked when the app is compiled; a new file can be linked to by
    /// [`Assets::url`](crate::Assets::url) at once.
    Live(Vec<PathBuf>),
}

/// The options with which an app [opens](crate::Embedded::open_with) its assets.
///
/// ```
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
/// # use demo::demo;
/// use hardtack::{Mode, Options};
///
/// // The environment decides, but in tests nothing reloads by itself.
/// let options = Options { live_reload: false, ..Options::from_environment()? };
/// assert_eq!(options.mode, Mode::Baked);
/// let assets = demo().open_with(options)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The source of the assets.
    pub mode: Mode,
    /// The host of their URLs: the CDN's. Without it, the host is that of the bake, or none.
    pub static_host: Option<StaticHost>,
    /// Whether pages reload by themselves in live mode: pages that are assets, and pages that
    /// include [`Assets::reload_script`](crate::Assets::reload_script).
    pub live_reload: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { mode: Mode::Baked, static_host: None, live_reload: true }
    }
}

impl Options {
    /// The options of the environment: `HARDTACK_LIVE` are the folders of [live mode](Mode::Live),
    /// separated as in `PATH`, and `HARDTACK_STATIC_HOST` is scheme and host of the CDN, such as
    /// `https://cdn.example`. With `HARDTACK_LIVE_RELOAD=0`, pages do not reload by themselves. An
    /// empty variable counts as not set.
    ///
    /// # Errors
    ///
    /// If a variable has an impossible value.
    pub fn from_environment() -> Result<Self, OpenError> {
        Self::parse(|name| env::var_os(name))
    }

    fn parse(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, OpenError> {
        let variable = |name| variable(name).filter(|value| !value.is_empty());
        let text = |name| variable(name).map(|value| value.to_string_lossy().into_owned());
        let live = variable("HARDTACK_LIVE").map(|folders| {
            let folders = env::split_paths(&folders);
            folders.filter(|folder| !folder.as_os_str().is_empty()).collect()
        });
        let static_host = text("HARDTACK_STATIC_HOST").map(|host| host.parse()).transpose()?;
        let live_reload = match text("HARDTACK_LIVE_RELOAD").as_deref() {
            None | Some("1") => true,
            Some("0") => false,
            Some(other) => return Err(OpenError::LiveReload(other.to_owned())),
        };
        Ok(Self { mode: live.map_or(Mode::Baked, Mode::Live), static_host, live_reload })
    }
}

/// The parts of [`Options`] that URLs depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Urls {
    pub(crate) static_host: Option<StaticHost>,
    pub(crate) is_live: bool,
}

static URLS: OnceLock<Urls> = OnceLock::new();

/// The decision of this process. If an asset is displayed before any were opened, the environment
/// decides.
pub(crate) fn urls() -> &'static Urls {
    URLS.get_or_init(|| Urls::of(Options::from_environment().unwrap_or_default()))
}

/// Decides for this process. Fails if another decision was made before.
pub(crate) fn decide(options: Options) -> Result<(), OpenError> {
    let urls = Urls::of(options);
    if *URLS.get_or_init(|| urls.clone()) == urls { Ok(()) } else { Err(OpenError::Decided) }
}

impl Urls {
    fn of(options: Options) -> Self {
        let is_live = matches!(options.mode, Mode::Live(_));
        Self { static_host: options.static_host, is_live }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn says(variables: &[(&str, &str)], expected: &str) {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        let parsed = Options::parse(|name| find(name).map(|(_, value)| OsString::from(value)));
        let said = match parsed {
            Ok(Options { mode, static_host, live_reload }) => {
                let host = static_host.map_or("none".to_owned(), |host| host.to_string());
                format!("{mode:?} {host} {live_reload}")
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(said, expected, "{variables:?}");
    }

    #[test]
    fn the_environment() {
        says(&[], "Baked none true");
        says(&[("HARDTACK_LIVE", ""), ("HARDTACK_STATIC_HOST", "")], "Baked none true");
        says(&[("HARDTACK_LIVE", "a/b")], "Live([\"a/b\"]) none true");
        says(&[("HARDTACK_LIVE", "a:b/c:")], "Live([\"a\", \"b/c\"]) none true");
        says(&[("HARDTACK_LIVE", "a"), ("HARDTACK_LIVE_RELOAD", "0")], "Live([\"a\"]) none false");
        says(&[("HARDTACK_STATIC_HOST", "https://c.example/")], "Baked https://c.example true");
    }

    #[test]
    fn impossible_values() {
        let host =
            "HARDTACK_STATIC_HOST: \"c.example\" is no host, such as \"https://cdn.example\"";
        says(&[("HARDTACK_STATIC_HOST", "c.example")], host);
        let reload = "HARDTACK_LIVE_RELOAD is 0 or 1, and not \"yes\"";
        says(&[("HARDTACK_LIVE_RELOAD", "yes")], reload);
    }
}
