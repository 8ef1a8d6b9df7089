//! Cache tags: names in a response, by which a CDN finds the responses to drop from its cache.

use std::{collections::HashMap, fmt, str::FromStr, sync::Arc};

use hardtack_bundle::{Action, Bundle, Error, Route};
use http::{HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::reply::{Reply, ResponseFields, Value};

/// The longest tag in bytes, of all CDNs together: that of Akamai.
const LONGEST: usize = 128;

/// The field that a CDN reads cache tags from, such as `Cache-Tag`.
///
/// Its name says how the tags are separated:
///
/// | name ends with | separator | as in |
/// |---|---|---|
/// | `tag`, `tags` | a comma | `Cache-Tag` (CloudFront, Cloudflare, Google), `Edge-Cache-Tag` (Akamai), `CDN-Tag` (bunny.net) |
/// | `key`, `keys` | a blank | `Surrogate-Key` (Fastly), `xkey` (Varnish) |
///
/// ```
/// use hardtack::CacheTagField;
///
/// assert_eq!("Cache-Tag".parse::<CacheTagField>()?.separator(), ',');
/// assert_eq!("Surrogate-Key".parse::<CacheTagField>()?.separator(), ' ');
/// assert!("ETag".parse::<CacheTagField>().is_err());
/// # Ok::<(), hardtack::InvalidCacheTagField>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheTagField {
    name: HeaderName,
    separator: char,
}

/// The name of no field for cache tags.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no field for cache tags: its name ends with `tag` (the tags have commas between them), \
     as Cache-Tag, or with `key` (blanks), as Surrogate-Key and xkey"
)]
pub struct InvalidCacheTagField(String);

impl CacheTagField {
    /// The name of the field, in lower case.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The character between two tags.
    pub const fn separator(&self) -> char {
        self.separator
    }
}

impl FromStr for CacheTagField {
    type Err = InvalidCacheTagField;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidCacheTagField(text.to_owned());
        let name: HeaderName = text.parse().map_err(|_| invalid())?;
        let singular = name.as_str().strip_suffix('s').unwrap_or(name.as_str());
        let separator = match singular {
            "etag" => return Err(invalid()),
            _ if singular.ends_with("tag") => ',',
            _ if singular.ends_with("key") => ' ',
            _ => return Err(invalid()),
        };
        Ok(Self { name, separator })
    }
}

impl fmt::Display for CacheTagField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The tag for how long caches keep the responses of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyTag {
    /// `immutable`: a hashed path.
    Immutable,
    /// `plain`: any other path, unless its answer is a page; redirects are among them.
    Plain,
    /// `page`: a page at a path that is not hashed.
    Page,
}

impl PolicyTag {
    /// All of them, in the order of their discriminants.
    pub const ALL: [Self; 3] = [Self::Immutable, Self::Plain, Self::Page];

    /// The tag of a route.
    pub fn of(route: &Route<'_>) -> Self {
        match route.action {
            _ if is_immutable(route) => Self::Immutable,
            Action::Serve(asset) | Action::Missing(asset) if is_page(asset.media_type) => {
                Self::Page
            }
            _ => Self::Plain,
        }
    }

    /// The text of the tag.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Immutable => "immutable",
            Self::Plain => "plain",
            Self::Page => "page",
        }
    }
}

fn is_immutable(route: &Route<'_>) -> bool {
    // The policy as it is displayed; a test compares it.
    route.cache_control == "public, max-age=31536000, immutable"
}

fn is_page(media_type: &str) -> bool {
    ["text/html", "application/xhtml+xml"].iter().any(|page| media_type.starts_with(page))
}

/// The cache tags of a bundle's responses: made once, so that a request only looks them up.
///
/// | tag | on |
/// |---|---|
/// | `release-711bf9ecdfb6` | every response: the beginning of the release id |
/// | `immutable`, `plain`, `page` | the response of a path in the bundle: its [policy](PolicyTag) |
/// | `/static/` | such a response: the URL prefix that its path begins with |
/// | `/static/css/` | such a response: the first folder below the prefix, if the path lies in one |
/// | `error` | errors, instead of the three above |
///
/// Tags consist of ASCII letters and digits, `-`, `.`, `_`, `~`, `/` and `%`, and have at most 128
/// characters: all CDNs accept them. A folder with a longer tag has none. Refusals of a request's
/// message, and the answer to `OPTIONS`, have no tags.
///
/// ```
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
/// # use demo::demo;
/// use hardtack::CacheTags;
/// use http::Request;
///
/// let bundle = demo().bundle()?;
/// let tags = CacheTags::new(bundle, "Cache-Tag".parse()?)?;
/// let request = Request::get("/static/css/app.css").header("host", "localhost").body(())?;
/// let field = tags.respond(&request).headers()["cache-tag"].to_str()?.to_owned();
/// assert!(field.starts_with("release-") && field.ends_with(",plain,/static/,/static/css/"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct CacheTags(Arc<Tags>);

#[derive(Debug)]
struct Tags {
    bundle: Bundle<'static>,
    field: CacheTagField,
    /// By folder: the values for each policy, by its discriminant.
    by_folder: HashMap<&'static str, [HeaderValue; 3]>,
    error: HeaderValue,
}

impl CacheTags {
    /// The tags of a bundle, to be sent in that field.
    ///
    /// # Errors
    ///
    /// If the bundle is damaged.
    pub fn new(bundle: Bundle<'static>, field: CacheTagField) -> Result<Self, Error> {
        let release = format!("release-{}", bundle.release_id().short());
        let mut by_folder = HashMap::new();
        for route in bundle.routes().chain(bundle.patterns()) {
            let folder = folder(&bundle, route?.path);
            by_folder.entry(folder).or_insert_with(|| {
                let (prefix, below) = tags_of_folder(&bundle, folder);
                PolicyTag::ALL.map(|policy| {
                    let tags =
                        [Some(&*release), Some(policy.name()), prefix.as_deref(), below.as_deref()];
                    field.value(tags.into_iter().flatten())
                })
            });
        }
        let error = field.value([&*release, "error"].into_iter());
        Ok(Self(Arc::new(Tags { bundle, field, by_folder, error })))
    }

    pub(crate) fn bundle(&self) -> &Bundle<'static> {
        &self.0.bundle
    }

    /// Adds the tags of a route to its response.
    pub(crate) fn tag<'a>(&'a self, route: &Route<'static>, reply: &mut Reply<'a>) {
        let values = self.0.by_folder.get(folder(&self.0.bundle, route.path));
        if let Some(values) = values {
            self.add(&values[PolicyTag::of(route) as usize], &mut reply.fields);
        }
    }

    /// Adds the tags of an error.
    pub(crate) fn tag_error<'a>(&'a self, reply: &mut Reply<'a>) {
        self.add(&self.0.error, &mut reply.fields);
    }

    fn add<'a>(&'a self, value: &'a HeaderValue, fields: &mut ResponseFields<'a>) {
        let CacheTagField { name, separator } = &self.0.field;
        // Those that a rule of the site has set.
        let others = fields.lines(name.as_str()).iter().map(|(_, tags)| tags.to_string());
        let mut all: Vec<_> = others.collect();
        if all.is_empty() {
            return fields.insert(name.as_str(), Value::Kept(value));
        }
        all.extend(value.to_str().map(str::to_owned));
        fields.insert(name.as_str(), Value::Made(all.join(&separator.to_string())));
    }
}

impl CacheTagField {
    fn value<'t>(&self, tags: impl Iterator<Item = &'t str>) -> HeaderValue {
        let tags: Vec<_> = tags.collect();
        let text = tags.join(&self.separator.to_string());
        text.try_into().expect("tags are visible ASCII")
    }
}

/// The folder of a path that gives its responses a tag: the first one below the longest URL prefix
/// that the path begins with, or the prefix itself.
fn folder(bundle: &Bundle<'static>, path: &'static str) -> &'static str {
    let prefix = prefix(bundle, path);
    let below = path.get(prefix.len()..).unwrap_or_default();
    match below.split_once('/') {
        // A placeholder of a pattern stands for many folders.
        Some((first, _)) if !first.contains(['*', ':']) => &path[..prefix.len() + first.len() + 1],
        _ => prefix,
    }
}

/// Also of the prefix without its final slash.
fn prefix(bundle: &Bundle<'static>, path: &str) -> &'static str {
    let begins = |prefix: &&str| path.starts_with(prefix) || prefix.strip_suffix('/') == Some(path);
    bundle.prefixes().filter(begins).max_by_key(|prefix| prefix.len()).unwrap_or_default()
}

/// The tags of a folder: of its URL prefix, and of itself if that is another.
fn tags_of_folder(
    bundle: &Bundle<'static>,
    folder: &'static str,
) -> (Option<String>, Option<String>) {
    let prefix = prefix(bundle, folder);
    (folder_tag(prefix), folder_tag(folder).filter(|_| folder != prefix))
}

fn folder_tag(path: &str) -> Option<String> {
    const KEPT: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
    let tag = utf8_percent_encode(path, KEPT).to_string();
    (1..=LONGEST).contains(&tag.len()).then_some(tag)
}

#[cfg(test)]
mod tests {
    use hardtack_bundle::{
        CachePolicy, Coding, FieldEdit, Fingerprint, NewAction, NewAsset, PathPattern, Role, Writer,
    };
    use http::Request;

    use super::*;

    #[track_caller]
    fn separates(name: &str, expected: Option<char>) {
        let field = name.parse::<CacheTagField>().ok();
        assert_eq!(field.map(|field| field.separator()), expected, "{name}");
    }

    #[test]
    fn the_name_of_the_field_says_the_separator() {
        separates("Cache-Tag", Some(','));
        separates("Edge-Cache-Tag", Some(','));
        separates("X-Cache-Tags", Some(','));
        separates("Surrogate-Key", Some(' '));
        separates("Surrogate-Keys", Some(' '));
        separates("xkey", Some(' '));
        separates("ETag", None);
        separates("Cache-Control", None);
        separates("Cache Tag", None);
        separates("", None);
    }

    #[test]
    fn the_policy_is_the_bakes() {
        let policy = CachePolicy::Immutable.to_string();
        let bytes = Writer::new("/");
        let bundle = with(bytes, &[("/a.0123456789ab.css", "text/css", CachePolicy::Immutable)]);
        let route = bundle.routes().next().unwrap().unwrap();
        assert!(route.cache_control == policy && is_immutable(&route));
    }

    fn with(mut writer: Writer, files: &[(&str, &str, CachePolicy)]) -> Bundle<'static> {
        for (path, media_type, policy) in files {
            let asset = writer.asset(NewAsset {
                logical_path: path,
                url: path,
                plain_url: None,
                media_type,
                role: Role::Hashed,
                why: "",
                fingerprint: Fingerprint::of(path.as_bytes()),
                digest: None,
                representations: &[(Coding::Identity, b"")],
            });
            writer.serve(path, asset, *policy);
        }
        Bundle::open(writer.finish().unwrap().leak()).unwrap()
    }

    const MINUTE: CachePolicy = CachePolicy::revalidate(60);

    fn bundle() -> Bundle<'static> {
        let mut writer = Writer::new("/static/");
        writer.prefix("/");
        writer.redirect("/static", "/static/", 301, MINUTE);
        writer.redirect("/old/page", "/", 301, MINUTE);
        let to = NewAction::Redirect { status: 301, location: "/" };
        for pattern in ["/blog/*", "/:year/x"] {
            writer.pattern(PathPattern::parse(pattern).unwrap(), to, MINUTE, &[]);
        }
        let long = format!("/{}/x", "ü".repeat(30));
        with(
            writer,
            &[
                ("/", "text/html; charset=utf-8", MINUTE),
                ("/a b,c/x.js", "text/javascript", MINUTE),
                ("/robots.txt", "text/plain", MINUTE),
                ("/static/a.0123456789ab.css", "text/css", CachePolicy::Immutable),
                ("/static/a.css", "text/css", MINUTE),
                ("/static/css/deep/a.css", "text/css", MINUTE),
                ("/static/page.html", "application/xhtml+xml", MINUTE),
                (&long, "text/plain", MINUTE),
            ],
        )
    }

    /// Tags without that of the release.
    #[track_caller]
    fn tags(field: &str, path: &str, expected: &str) {
        let request = Request::get(path).header("host", "localhost");
        tags_of(field, request.body(()).unwrap(), expected);
    }

    #[track_caller]
    fn tags_of(field: &str, request: Request<()>, expected: &str) {
        let (bundle, path) = (bundle(), request.uri());
        let tags = CacheTags::new(bundle, field.parse().unwrap()).unwrap();
        let response = tags.respond(&request);
        let value = response.headers()[field].to_str().unwrap();
        let rest = value.strip_prefix(&format!("release-{}", bundle.release_id().short()));
        assert_eq!(rest, Some(expected), "{path}");
    }

    #[test]
    fn tags_of_paths() {
        tags("cache-tag", "/", ",page,/");
        tags("cache-tag", "/robots.txt", ",plain,/");
        tags("cache-tag", "/static/a.0123456789ab.css", ",immutable,/static/");
        tags("cache-tag", "/static/a.css", ",plain,/static/");
        tags("xkey", "/static/css/deep/a.css", " plain /static/ /static/css/");
        tags("cache-tag", "/static/page.html", ",page,/static/");
        tags("cache-tag", "/static", ",plain,/static/");
        tags("cache-tag", "/old/page", ",plain,/,/old/");
        tags("cache-tag", "/a%20b,c/x.js", ",plain,/,/a%20b%2Cc/");
        tags("cache-tag", "/blog/2026/x", ",plain,/,/blog/");
        tags("cache-tag", "/2026/x", ",plain,/");
        tags("cache-tag", &format!("/{}/x", "%C3%BC".repeat(30)), ",plain,/");
        tags("cache-tag", "/absent", ",error");
        tags("surrogate-key", "/static/%00", " error");
    }

    /// An error at the path of an asset is an error alone.
    #[test]
    fn tags_of_an_error_of_an_asset() {
        let request = Request::get("/static/a.css").header("host", "localhost");
        let request = request.header("if-match", "\"other\"").body(()).unwrap();
        tags_of("cache-tag", request, ",error");
    }

    #[test]
    fn tags_of_a_rule_come_first() {
        let mut writer = Writer::new("/");
        writer.redirect("/old", "/", 301, MINUTE);
        writer.fields("/old", &[FieldEdit::Set("cache-tag", "mine")]);
        let bundle = with(writer, &[]);
        let tags = CacheTags::new(bundle, "cache-tag".parse().unwrap()).unwrap();
        let request = Request::get("/old").header("host", "localhost").body(()).unwrap();
        let response = tags.respond(&request);
        let expected = format!("mine,release-{},plain,/", bundle.release_id().short());
        assert_eq!(response.headers()["cache-tag"], expected);
    }

    #[test]
    fn refusals_of_a_message_have_no_tags() {
        let tags = CacheTags::new(bundle(), "cache-tag".parse().unwrap()).unwrap();
        for request in [Request::get("/"), Request::options("/").header("host", "localhost")] {
            let response = tags.respond(&request.body(()).unwrap());
            assert!(!response.headers().contains_key("cache-tag"), "{}", response.status());
        }
    }
}
