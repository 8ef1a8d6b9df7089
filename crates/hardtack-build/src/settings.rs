//! The settings of a bake, and `hardtack.toml`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use hardtack_bundle::{CachePolicy, Coding, StaticHost};
use serde::{Deserialize, Deserializer, de::Error as _};
use toml::de::DeTable;

use crate::{
    Error, External, Folder, HeaderRule, Missing, MissingTarget, Origins, Patterns, Place, Prefix,
    Problem, ProblemKind, Rename, Timestamp, door::read, header_rules::is_media_type,
};

/// The settings of a bake.
///
/// Each field is a key of `hardtack.toml`; [`Settings::KEYS`] explains them all.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Settings {
    /// The asset folder.
    pub assets: PathBuf,
    /// The URL prefix.
    pub at: Prefix,
    /// The other folders of the site.
    pub folders: Vec<Folder>,
    /// Globs; if there are any, only files that match are assets.
    pub include: Patterns,
    /// Files to leave out, beyond the default ones.
    pub exclude: Patterns,
    /// Files that look like secrets, but may be published.
    pub allow_secrets: Patterns,
    /// Follow symbolic links that lead out of the asset folder.
    pub follow_symlinks: bool,
    /// Assets that keep their path, beyond the default ones.
    pub entry_points: Patterns,
    /// Assets whose names have a hash of their content already.
    pub prehashed: Patterns,
    /// The assets that are renamed, among the others.
    pub rename: Rename,
    /// Assets whose references are left alone.
    pub exclude_references: Patterns,
    /// Whether a reference to a file that does not exist is an error.
    pub missing: Missing,
    /// URL paths that the bundle does not answer.
    pub external: External,
    /// Serve hashed assets at their hashed path only.
    pub keep_only_hashed: bool,
    /// Seconds that a cache may keep what is served at a plain path; at most a year.
    #[serde(deserialize_with = "seconds")]
    pub max_age: u32,
    /// Seconds beyond `max_age` in which a cache may answer with a stale response while it fetches
    /// a fresh one.
    #[serde(deserialize_with = "seconds")]
    pub stale_while_revalidate: u32,
    /// Seconds beyond `max_age` in which a cache may answer with a stale response if the server
    /// fails.
    #[serde(deserialize_with = "seconds")]
    pub stale_if_error: u32,
    /// The content codings beside identity.
    #[serde(deserialize_with = "codings")]
    pub codings: Vec<Coding>,
    /// The content codings of some assets, instead of the default.
    #[serde(deserialize_with = "codings_for")]
    pub codings_for: Vec<(Patterns, Vec<Coding>)>,
    /// Media types of files for which the built-in table is wrong or has none.
    #[serde(deserialize_with = "media_types")]
    pub media_types: Vec<(Patterns, String)>,
    /// Add the integrity of style sheets and scripts in HTML.
    pub integrity: bool,
    /// Scheme and host of the CDN, which references in HTML then point to.
    #[serde(deserialize_with = "static_host")]
    pub static_host: Option<StaticHost>,
    /// The origins that may use the assets.
    pub cors: Origins,
    /// Value of `Cross-Origin-Resource-Policy`.
    pub cross_origin_resource_policy: Option<ResourcePolicy>,
    /// The last modification of all assets.
    pub last_modified: Option<Timestamp>,
    /// Changes of header fields, in the order in which they apply.
    pub headers: Vec<HeaderRule>,
    /// The page of a single-page app, which answers navigations without an asset.
    #[serde(deserialize_with = "some_logical_path")]
    pub spa: Option<String>,
    /// Serve pages without their extension: `about.html` at `/about`.
    pub clean_urls: bool,
    /// The answer at the file name of a page with a different address.
    pub canonical: Canonical,
    /// The logical path at which the site publishes its manifest.
    #[serde(deserialize_with = "some_logical_path")]
    pub publish_manifest: Option<String>,
    /// Programs or bundle files of earlier releases, the latest first.
    pub previous: Vec<PathBuf>,
    /// The number of earlier releases whose hashed files are served.
    pub keep_releases: u32,
    /// The most bytes that hashed files of earlier releases may take.
    pub keep_bytes: usize,
    /// Compress assets with earlier versions of them as dictionaries.
    pub dictionaries: bool,
    /// Compress pages with one dictionary of what they have in common.
    pub page_dictionary: bool,
}

/// The answer at the file name of a page with a different address: at `/index.html`, and with clean
/// URLs at `/about.html`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Canonical {
    /// The page, with its address in `Content-Location` and in a canonical link.
    Link,
    /// A redirect to its address.
    Redirect,
}

/// A value of `Cross-Origin-Resource-Policy` (WHATWG Fetch §3.7).
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum ResourcePolicy {
    /// Pages of the same origin may use the assets.
    SameOrigin,
    /// Pages of the same site may use the assets.
    SameSite,
    /// All pages may use the assets.
    CrossOrigin,
}

impl ResourcePolicy {
    /// The value of the field.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::SameOrigin => "same-origin",
            Self::SameSite => "same-site",
            Self::CrossOrigin => "cross-origin",
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            assets: PathBuf::from("assets"),
            at: Prefix::default(),
            folders: Vec::new(),
            include: Patterns::default(),
            exclude: Patterns::default(),
            allow_secrets: Patterns::default(),
            follow_symlinks: false,
            entry_points: Patterns::default(),
            prehashed: Patterns::default(),
            rename: Rename::Safe,
            exclude_references: Patterns::default(),
            missing: MissingTarget::Error.into(),
            external: External::default(),
            keep_only_hashed: false,
            max_age: 60,
            stale_while_revalidate: 0,
            stale_if_error: 0,
            codings: vec![Coding::Gzip, Coding::Br, Coding::Zstd],
            codings_for: Vec::new(),
            media_types: Vec::new(),
            integrity: false,
            static_host: None,
            cors: Origins::Any,
            cross_origin_resource_policy: None,
            last_modified: None,
            headers: Vec::new(),
            spa: None,
            clean_urls: false,
            canonical: Canonical::Link,
            publish_manifest: None,
            previous: Vec::new(),
            keep_releases: 3,
            keep_bytes: 100_000_000,
            dictionaries: true,
            page_dictionary: false,
        }
    }
}

/// A key of `hardtack.toml`, explained.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The key.
    pub name: &'static str,
    /// Its default, as TOML.
    pub default: &'static str,
    /// Its meaning, in Markdown.
    pub meaning: &'static str,
}

impl Settings {
    /// Every key of `hardtack.toml`.
    pub const KEYS: &[Key] = &[
        key("assets", "\"assets\"", "The asset folder, relative to `hardtack.toml`."),
        key("at", "\"/\"", "The URL prefix that all paths begin with, such as `/static/`."),
        key(
            "folders",
            "[]",
            "Other folders of the site, each with its URL prefix, such as one for the files at the \
             site's root.",
        ),
        key("include", "[]", "Globs; if there are any, only files that match are assets."),
        key(
            "exclude",
            "[]",
            "Globs of files to leave out, beyond dotfiles, VCS folders and editor backups; \
             one that begins with `!` brings one of those back.",
        ),
        key("allow_secrets", "[]", "Globs of files that look like secrets, but may be published."),
        key(
            "follow_symlinks",
            "false",
            "Follow symbolic links that lead out of the asset folder, as those of Bazel and Nix do.",
        ),
        key(
            "entry_points",
            "[]",
            "Globs of assets that keep their path, beyond HTML pages, `robots.txt`, `favicon.ico`, \
             service workers and `.well-known/`; one that begins with `!` takes one of those back.",
        ),
        key(
            "prehashed",
            "[]",
            "Globs of assets whose names have a hash of their content already, as bundlers make \
             them: served under their own names for good, and not touched.",
        ),
        key(
            "rename",
            "true",
            "Which of the other assets get a hash in their names: those for which it is safe (`true`), \
             none (`false`), or also those that match a list of globs; one that begins with `!` has \
             files keep their names.",
        ),
        key("exclude_references", "[]", "Globs of assets whose references are left alone."),
        key(
            "missing",
            "\"error\"",
            "What becomes of a reference to a file that does not exist: `\"error\"` or `\"warn\"`, \
             or a table from globs to these.",
        ),
        key(
            "external",
            "[]",
            "URL paths that somebody else answers, such as `/api/`: references there are left alone.",
        ),
        key("keep_only_hashed", "false", "Serve hashed assets at no other than their hashed path."),
        key("max_age", "60", "Seconds that a cache may keep what is served at a plain path."),
        key(
            "stale_while_revalidate",
            "0",
            "Seconds beyond `max_age` in which a cache may answer with what it has while it asks \
             again.",
        ),
        key(
            "stale_if_error",
            "0",
            "Seconds beyond `max_age` in which a cache may answer with what it has if the server \
             fails.",
        ),
        key("codings", "[\"gzip\", \"br\", \"zstd\"]", "The content codings beside identity."),
        key(
            "codings_for",
            "{}",
            "A table from globs to content codings, for assets that are to have others, or none.",
        ),
        key("media_types", "{}", "A table from globs to media types."),
        key(
            "integrity",
            "false",
            "Say the integrity of style sheets and scripts in HTML, with `integrity` and `crossorigin`.",
        ),
        key(
            "static_host",
            "none",
            "Scheme and host of the CDN, such as `https://cdn.example`; references in HTML to \
             hashed paths point there.",
        ),
        key(
            "cors",
            "true",
            "Send `Access-Control-Allow-Origin: *` (`true`), nothing (`false`), or the request's \
             origin if it is in this list.",
        ),
        key(
            "cross_origin_resource_policy",
            "none",
            "Which pages may embed the assets: `same-origin`, `same-site` or `cross-origin`.",
        ),
        key(
            "last_modified",
            "none",
            "A time that is sent as `Last-Modified` of all assets, such as 2026-11-24T00:00:00Z.",
        ),
        key("headers", "[]", "Rules that set, append or remove header fields of responses."),
        key(
            "spa",
            "none",
            "The page of a single-page app, such as `index.html`: it answers navigations.",
        ),
        key(
            "clean_urls",
            "false",
            "Serve pages without their extension: `about.html` at `/about`.",
        ),
        key(
            "canonical",
            "\"link\"",
            "The answer at `/index.html` and, with `clean_urls`, at `/about.html`: the page with \
             a link to its address (`\"link\"`), or a redirect there (`\"redirect\"`).",
        ),
        key("publish_manifest", "none", "The path at which the site offers its own manifest."),
        key(
            "previous",
            "[]",
            "Programs or bundle files of earlier releases, the latest first, relative to \
             `hardtack.toml`: their hashed files are served too.",
        ),
        key(
            "keep_releases",
            "3",
            "How many releases back a hashed file may be that is still served.",
        ),
        key(
            "keep_bytes",
            "100000000",
            "The most bytes that hashed files of earlier releases may take, in all their codings.",
        ),
        key(
            "dictionaries",
            "true",
            "Send browsers that have an earlier version of a file the difference only (RFC 9842).",
        ),
        key(
            "page_dictionary",
            "false",
            "Send browsers a dictionary of what the pages have in common, and then of each page the \
             rest only (RFC 9842).",
        ),
    ];

    /// Reads a `hardtack.toml`. Its `assets`, its `previous` and the paths of its `folders` are relative
    /// to the folder of the file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is not TOML, has an unknown key or an impossible value.
    pub fn read(file: &Path) -> Result<Self, Error> {
        let bytes = read(file).map_err(|kind| of_configuration(kind).of(file))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let place = Place::at(error.as_bytes(), error.utf8_error().valid_up_to());
            let kind = ProblemKind::Setting("this is not UTF-8, as TOML has to be".to_owned());
            Problem { file: file.to_owned(), place: Some(place), kind }
        })?;
        let mut settings = Self::parse(&text, file)?;
        let folder = file.parent().unwrap_or(Path::new(""));
        settings.assets = folder.join(settings.assets);
        settings.previous.iter_mut().for_each(|file| *file = folder.join(&*file));
        for other in &mut settings.folders {
            other.path = folder.join(&other.path);
        }
        Ok(settings)
    }

    fn parse(text: &str, file: &Path) -> Result<Self, Error> {
        let toml_problem = |error: toml::de::Error| {
            let place = error.span().map(|span| Place::at(text.as_bytes(), span.start));
            let kind = ProblemKind::Setting(error.message().to_owned());
            Problem { file: file.to_owned(), place, kind }
        };
        let table = DeTable::parse(text).map_err(toml_problem)?;
        let unknown = table.get_ref().keys().filter(|key| !is_key(key.get_ref()));
        Error::unless_none(
            unknown
                .map(|key| Problem {
                    file: file.to_owned(),
                    place: Some(Place::at(text.as_bytes(), key.span().start)),
                    kind: ProblemKind::Setting(unknown_key(key.get_ref())),
                })
                .collect(),
        )?;
        let mut settings: Self = toml::from_str(text).map_err(toml_problem)?;
        settings.headers.iter_mut().for_each(|rule| rule.locate(file, text));
        Ok(settings)
    }
}

/// The fault of a file that is read as `hardtack.toml`.
fn of_configuration(kind: ProblemKind) -> ProblemKind {
    match kind {
        ProblemKind::NotAFile => {
            let message = "this is no regular file, so no settings are read from it: name another";
            ProblemKind::Setting(message.to_owned())
        }
        other => other,
    }
}

const fn key(name: &'static str, default: &'static str, meaning: &'static str) -> Key {
    Key { name, default, meaning }
}

fn is_key(name: &str) -> bool {
    Settings::KEYS.iter().any(|key| key.name == name)
}

fn unknown_key(name: &str) -> String {
    let nearest = Settings::KEYS
        .iter()
        .max_by(|a, b| strsim::jaro(a.name, name).total_cmp(&strsim::jaro(b.name, name)))
        .map_or("", |key| key.name);
    format!("there is no setting `{name}`; the nearest is `{nearest}`")
}

fn seconds<'de, D: Deserializer<'de>>(value: D) -> Result<u32, D::Error> {
    let seconds = u32::try_from(i64::deserialize(value)?).ok();
    let at_most_a_year = seconds.filter(|seconds| *seconds <= CachePolicy::YEAR);
    let message = "this is at least 0, and at most a year: 31536000 seconds";
    at_most_a_year.ok_or(D::Error::custom(message))
}

fn some_logical_path<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    logical_path(&String::deserialize(value)?).map(Some).map_err(D::Error::custom)
}

/// Parses the logical path of an asset: its path below the asset folder, with `/` between the
/// parts, or its URL path.
///
/// # Errors
///
/// If no asset can have that path.
pub fn logical_path(text: &str) -> Result<String, String> {
    let is_name = |segment: &str| {
        !matches!(segment, "" | "." | "..")
            && !segment.contains(|c: char| c.is_control() || c == '\\')
    };
    if text.strip_prefix('/').unwrap_or(text).split('/').all(is_name) {
        Ok(text.to_owned())
    } else {
        Err(format!("{text:?} is no logical path, such as \"data/manifest.json\""))
    }
}

fn static_host<'de, D: Deserializer<'de>>(value: D) -> Result<Option<StaticHost>, D::Error> {
    String::deserialize(value)?.parse().map(Some).map_err(D::Error::custom)
}

fn codings<'de, D: Deserializer<'de>>(value: D) -> Result<Vec<Coding>, D::Error> {
    codings_of(&Vec::<String>::deserialize(value)?).map_err(D::Error::custom)
}

fn codings_for<'de, D: Deserializer<'de>>(
    value: D,
) -> Result<Vec<(Patterns, Vec<Coding>)>, D::Error> {
    let rules = BTreeMap::<String, Vec<String>>::deserialize(value)?;
    let rule =
        |(glob, names): (String, Vec<String>)| Ok((Patterns::new(&[glob])?, codings_of(&names)?));
    rules.into_iter().map(rule).collect::<Result<_, String>>().map_err(D::Error::custom)
}

fn codings_of(names: &[String]) -> Result<Vec<Coding>, String> {
    let coded = || Coding::PLAIN.into_iter().filter(|coding| *coding != Coding::Identity);
    match names.iter().find(|name| !coded().any(|coding| coding.name() == *name)) {
        Some(name) => {
            let known: Vec<_> = coded().map(Coding::name).collect();
            let known = known.join(", ");
            Err(format!("there is no coding {name:?}; there are {known}"))
        }
        None => Ok(coded().filter(|coding| names.iter().any(|n| n == coding.name())).collect()),
    }
}

fn media_types<'de, D: Deserializer<'de>>(value: D) -> Result<Vec<(Patterns, String)>, D::Error> {
    let rules = BTreeMap::<String, String>::deserialize(value)?;
    let rule = |(glob, media_type): (String, String)| {
        if !is_media_type(&media_type) {
            return Err(D::Error::custom(format!("{media_type:?} is no media type")));
        }
        let patterns = Patterns::new(&[glob]).map_err(D::Error::custom)?;
        Ok((patterns, media_type))
    };
    rules.into_iter().map(rule).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Settings, String> {
        Settings::parse(text, Path::new("hardtack.toml")).map_err(|error| error.to_string())
    }

    #[track_caller]
    fn fails(text: &str, expected: &str) {
        assert_eq!(parse(text).unwrap_err(), expected, "{text}");
    }

    #[test]
    fn every_key_is_a_field_with_that_default() {
        for key in Settings::KEYS.iter().filter(|key| key.default != "none") {
            let given = parse(&format!("{} = {}", key.name, key.default)).unwrap();
            let debug = |settings: &Settings| format!("{settings:?}");
            assert_eq!(debug(&given), debug(&Settings::default()), "{}", key.name);
            // Serde ignores a key that is no field; a value of a wrong type tells them apart.
            assert!(parse(&format!("{} = 1979-05-27", key.name)).is_err(), "{}", key.name);
        }
    }

    #[test]
    fn an_unknown_key_names_the_nearest() {
        fails(
            "at = \"/\"\nentry_point = []",
            "hardtack.toml:2:1: there is no setting `entry_point`; the nearest is `entry_points`",
        );
    }

    #[test]
    fn a_wrong_value_says_where() {
        fails(
            "codings = [\"brotli\"]",
            "hardtack.toml:1:11: there is no coding \"brotli\"; there are gzip, br, zstd",
        );
        for seconds in ["31536001", "-1", "99999999999"] {
            fails(
                &format!("max_age = {seconds}"),
                "hardtack.toml:1:11: this is at least 0, and at most a year: \
                 31536000 seconds",
            );
        }
        for path in ["", "/", "//a", "a/", "a/../b", "a//b"] {
            let error = parse(&format!("publish_manifest = '{path}'")).unwrap_err();
            assert!(error.contains("is no logical path"), "{error}");
        }
        fails("media_types = { \"*.x\" = \"x\" }", "hardtack.toml:1:15: \"x\" is no media type");
        assert!(parse("at = \"/a b/\"").unwrap_err().contains("is no URL prefix"));
        fails(
            "missing = \"ignore\"",
            "hardtack.toml:1:11: `missing` is \"error\", \"warn\", or a table from globs to these",
        );
        assert!(parse("external = [\"api\"]").unwrap_err().contains("is no URL path"));
        assert!(parse("exclude = [\"a[\"]").unwrap_err().starts_with("hardtack.toml:1:11: "));
        assert!(parse("assets = ").unwrap_err().starts_with("hardtack.toml:1:10: "));
    }

    #[cfg(unix)]
    #[test]
    fn settings_are_a_regular_file_in_utf8() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hardtack.toml");
        let _socket = std::os::unix::net::UnixListener::bind(&file).unwrap();
        let error = Settings::read(&file).unwrap_err().to_string();
        assert!(
            error.ends_with(
                "this is no regular file, so no settings are read from it: name another"
            )
        );
        let file = folder.path().join("other.toml");
        std::fs::write(&file, b"at = '/'\n# \xff").unwrap();
        let error = Settings::read(&file).unwrap_err().to_string();
        assert!(error.ends_with("other.toml:2:3: this is not UTF-8, as TOML has to be"), "{error}");
    }

    #[test]
    fn a_folder_has_a_path_and_a_prefix() {
        let settings = parse("[[folders]]\nat = 'docs'\npath = 'd'").unwrap();
        assert_eq!(settings.folders[0].at.as_str(), "/docs/");
        let folder = |text: &str, expected: &str| {
            fails(&format!("[[folders]]\n{text}"), &format!("hardtack.toml:{expected}"));
        };
        folder("at = '/'", "1:1: missing field `path`");
        folder(
            "at = '/'\npath = 'r'\nprefix = ''",
            "4:1: unknown field `prefix`, expected `at` or `path`",
        );
        folder(
            "path = 'r'\nat = '/a b/'",
            "3:6: \"/a b/\" is no URL prefix: it is a path such as \"/static/\", of letters, digits, \"-\", \".\", \"_\" and \"~\"",
        );
    }

    #[test]
    fn codings_are_put_in_order() {
        let settings = parse("codings = [\"zstd\", \"gzip\"]").unwrap();
        assert_eq!(settings.codings, [Coding::Gzip, Coding::Zstd]);
        let settings = parse("[codings_for]\n'*.fgb' = []\n'*.js' = ['br', 'gzip']").unwrap();
        let codings: Vec<_> = settings.codings_for.into_iter().map(|(_, it)| it).collect();
        assert_eq!(codings, [vec![], vec![Coding::Gzip, Coding::Br]]);
        let error = parse("codings_for = { '*.js' = ['brotli'] }").unwrap_err();
        assert!(error.contains("there is no coding \"brotli\""), "{error}");
    }
}
