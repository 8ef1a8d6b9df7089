//! The first stage: the files that are assets, with the facts known before their references are
//! read.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

use encoding_rs::Encoding;

use crate::{
    Error, LeftOut, Patterns, Problem, ProblemKind, Role, Settings,
    door::read,
    media_type::{is_compressed, media_type_of_file},
    pattern::Verdict,
};

/// One authored file.
#[derive(Clone, Debug)]
pub(crate) struct Asset {
    /// Path below the asset folder, with `/` between its parts; or of an asset in another folder the
    /// URL path with its slash, unless that is below the asset folder's prefix.
    pub(crate) logical_path: String,
    /// Value of `Content-Type`.
    pub(crate) media_type: String,
    pub(crate) role: Role,
    /// Why it has that role, for people. Empty if a rule alone decides.
    pub(crate) why: String,
    /// The bytes as authored.
    pub(crate) bytes: Vec<u8>,
    /// The bytes of the file, if the bake unpacked them.
    pub(crate) packed: Option<Arc<[u8]>>,
}

impl Asset {
    /// The media type without its parameters.
    pub(crate) fn essence(&self) -> &str {
        self.media_type.split(';').next().unwrap_or_default().trim_end()
    }

    /// Whether it is a text: by its media type, by a byte order mark, or because it is UTF-8
    /// without NUL, as lists of checksums are under any name.
    pub(crate) fn is_text(&self) -> bool {
        let (kind, subtype) = self.essence().split_once('/').unwrap_or_default();
        // RFC 6839 §3.1, RFC 7303 §4.2.
        let is_of = |name: &str| subtype.rsplit('+').next() == Some(name);
        kind == "text"
            || is_of("json")
            || is_of("xml")
            || (!is_compressed(&self.media_type) && Encoding::for_bom(&self.bytes).is_some())
            || (!self.bytes.contains(&0) && str::from_utf8(&self.bytes).is_ok())
    }

    pub(crate) fn is_page(&self) -> bool {
        self.essence() == "text/html"
    }

    pub(crate) fn is_script(&self) -> bool {
        self.essence() == "text/javascript"
    }
}

/// The asset folder's files.
#[derive(Debug)]
pub(crate) struct Scanned {
    /// The assets, sorted by logical path.
    pub(crate) assets: Vec<Asset>,
    /// The files and folders that were left out, sorted.
    pub(crate) left_out: Vec<LeftOut>,
}

#[cfg(test)]
impl Asset {
    /// A hashed asset of the default media type.
    pub(crate) fn of(path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        let media_type = crate::media_type::media_type(path, &Settings::default()).unwrap();
        let (logical_path, bytes) = (path.to_owned(), bytes.into());
        Self {
            logical_path,
            media_type,
            role: Role::Hashed,
            why: String::new(),
            bytes,
            packed: None,
        }
    }
}

#[cfg(test)]
impl Scanned {
    /// A site of these files, which are sorted by path. Pages are entry points, and a name with
    /// `DOIkT6lI` is prehashed.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let role = |path: &str| match path {
            path if path.ends_with(".html") => Role::EntryPoint,
            path if path.contains("DOIkT6lI") => Role::Prehashed,
            _ => Role::Hashed,
        };
        let asset =
            |(path, text): &(&str, &str)| Asset { role: role(path), ..Asset::of(path, *text) };
        Self { assets: files.iter().map(asset).collect(), left_out: Vec::new() }
    }
}

/// Files that are no assets, but rules about them; `hosting` reads them.
const RULES: [&str; 2] = [HEADERS, REDIRECTS];

pub(crate) const REDIRECTS: &str = "_redirects";
pub(crate) const HEADERS: &str = "_headers";

/// Assets that keep their path.
static ENTRY_POINTS: LazyLock<Patterns> = LazyLock::new(|| {
    Patterns::built_in(&[
        "*.html",
        "*.htm",
        "/robots.txt",
        "/favicon.ico",
        "/.well-known/",
        "/sw.js",
        "/service-worker.js",
        "/serviceworker.js",
        // Scripts of other hosts register these by name.
        "coi-serviceworker.js",
        "coi-serviceworker.min.js",
        "firebase-messaging-sw.js",
        "flutter_service_worker.js",
        "ngsw-worker.js",
        "OneSignalSDKUpdaterWorker.js",
        "OneSignalSDKWorker.js",
        "safety-worker.js",
    ])
});

/// Files that are not meant to be published.
static LEFT_OUT: LazyLock<Patterns> = LazyLock::new(|| {
    Patterns::built_in(&[
        ".*",
        "!.well-known",
        "CVS/",
        "*~",
        "\\#*\\#",
        "*.bak",
        "*.orig",
        "*.swo",
        "*.swp",
        "Thumbs.db",
        "desktop.ini",
    ])
});

/// Files that must not be published by mistake.
static SECRETS: LazyLock<Patterns> = LazyLock::new(|| {
    Patterns::built_in(&[
        ".env",
        ".env.*",
        "*.env",
        "*.jks",
        "*.key",
        "*.keystore",
        "*.p12",
        "*.pem",
        "*.pfx",
        ".htpasswd",
        ".netrc",
        ".npmrc",
        ".pypirc",
        "id_dsa",
        "id_ecdsa",
        "id_ed25519",
        "id_rsa",
    ])
});

/// Scans the folders of the site. Returns a remark on links to files that are left out.
///
/// Each file below them is an asset, or left out by a rule and listed as such, or an error.
pub(crate) fn scan(settings: &Settings) -> Result<(Scanned, Option<Problem>), Error> {
    settings.check_folders()?;
    let root_of = |(prefix, folder): (&'_ str, &Path)| {
        let root = folder.canonicalize().ok().filter(|root| root.is_dir());
        let root = root.ok_or_else(|| ProblemKind::NoFolder.of(folder))?;
        Ok(Root { prefix: prefix.to_owned(), root })
    };
    let roots = settings.all_folders().map(root_of).collect::<Result<Vec<_>, Problem>>()?;
    check_that_roots_differ(&roots, settings)?;
    let mut found = Found::default();
    for (number, (prefix, folder)) in settings.all_folders().enumerate() {
        let root = roots[number].root.clone();
        let (open, walked) = (Vec::new(), HashMap::new());
        let mut walk = Walk { settings, roots: &roots, number, open, walked, found };
        walk.folder(folder, root, prefix);
        found = walk.found;
    }
    let Found { mut assets, mut left_out, mut problems, mut links } = found;
    problems.sort_by(|a, b| a.file.cmp(&b.file));
    Error::unless_none(problems)?;
    assets.sort_unstable_by(|a, b| a.logical_path.cmp(&b.logical_path));
    left_out.sort_unstable_by(|a, b| a.logical_path.cmp(&b.logical_path));
    links.sort_unstable();
    let remark = remark(&links).map(|(link, kind)| kind.of(settings.file(link)));
    Ok((Scanned { assets, left_out }, remark))
}

fn check_that_roots_differ(roots: &[Root], settings: &Settings) -> Result<(), Problem> {
    let folders: Vec<_> = settings.all_folders().map(|(_, folder)| folder).collect();
    let same = |number: usize| {
        let other = roots[..number].iter().position(|other| other.root == roots[number].root)?;
        let other = folders[other].display();
        let message = format!("this folder and {other} are one: name it once, with one `at`");
        Some(ProblemKind::Setting(message).of(folders[number]))
    };
    (0..roots.len()).find_map(same).map_or(Ok(()), Err)
}

/// A folder of the site.
struct Root {
    /// The URL prefix of its files.
    prefix: String,
    /// Its canonical path.
    root: PathBuf,
}

/// A walk over a folder of the site.
struct Walk<'a> {
    settings: &'a Settings,
    /// All folders of the site.
    roots: &'a [Root],
    /// The number of this folder among them.
    number: usize,
    /// The folder that is being read and those that it lies in, canonical.
    open: Vec<PathBuf>,
    /// How many times each folder was walked, by its canonical path: links lead to it again.
    walked: HashMap<PathBuf, usize>,
    found: Found,
}

#[derive(Default)]
struct Found {
    assets: Vec<Asset>,
    left_out: Vec<LeftOut>,
    problems: Vec<Problem>,
    /// The links to what is left out under its own name: the link, its target, and the rule.
    links: Vec<(String, String, String)>,
}

/// The most paths that may lead to one folder, so that a tree of links cannot be without end.
const MOST_PATHS: usize = 1000;

impl Walk<'_> {
    fn own(&self) -> &Root {
        &self.roots[self.number]
    }

    /// Walks a folder, which has that canonical path, and whose entries' URL paths begin with
    /// `prefix`.
    fn folder(&mut self, folder: &Path, canonical: PathBuf, prefix: &str) {
        let walked = self.walked.entry(canonical.clone()).or_default();
        *walked += 1;
        if *walked > MOST_PATHS {
            if *walked == MOST_PATHS + 1 {
                self.found.problems.push(ProblemKind::TooManyLinks.of(folder));
            }
            return;
        }
        self.open.push(canonical);
        match fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
            Ok(entries) => entries.iter().for_each(|entry| self.entry(&entry.path(), prefix)),
            Err(error) => self.found.problems.push(ProblemKind::Io(error).of(folder)),
        }
        self.open.pop();
    }

    fn entry(&mut self, file: &Path, prefix: &str) {
        if let Err(kind) = self.judge(file, prefix) {
            self.found.problems.push(kind.of(file));
        }
    }

    /// Adds one file or folder, or its problem.
    fn judge(&mut self, file: &Path, prefix: &str) -> Result<(), ProblemKind> {
        let name = file.file_name().and_then(|name| name.to_str());
        let name = name.ok_or(ProblemKind::NameNotUtf8)?;
        let url_path = format!("{prefix}{name}");
        let logical_path = self.settings.logical_path(&url_path).to_owned();
        let is_folder = file.is_dir();
        let is_of_rules = prefix == self.own().prefix && RULES.contains(&name) && !is_folder;
        if is_of_rules && !is_excluded(self.settings, &logical_path) {
            return Ok(());
        }
        if let Some(left_out) = left_out(self.settings, &logical_path, is_folder)? {
            self.found.left_out.push(left_out);
            return Ok(());
        }
        servable(&logical_path)?;
        let linked = self.follow_link(file, &logical_path, is_folder)?;
        if is_folder {
            let beside = || self.open.last().unwrap_or(&self.own().root).join(name);
            let canonical = linked.unwrap_or_else(beside);
            let prefix = format!("{url_path}/");
            if !self.is_other_folder(&canonical, &prefix)? {
                self.folder(file, canonical, &prefix);
            }
        } else if let Some(left_out) = not_included(self.settings, &logical_path) {
            self.found.left_out.push(left_out);
        } else {
            self.found.assets.push(asset(self.settings, file, logical_path)?);
        }
        Ok(())
    }

    /// Whether a folder with these paths is another folder of the site, which has its own walk. No
    /// file has two URLs, and no URL has two files.
    fn is_other_folder(&self, canonical: &Path, prefix: &str) -> Result<bool, ProblemKind> {
        let others = self.roots.iter().enumerate().filter(|(number, _)| *number != self.number);
        let mut others = others.map(|(_, other)| other);
        let other = others.find(|other| other.root == canonical || other.prefix == prefix);
        let message = match other {
            None => return Ok(false),
            Some(other) if other.root == canonical && other.prefix == prefix => return Ok(true),
            Some(other) if other.root == canonical => format!(
                "this folder has the URL prefix {:?} by hardtack.toml, and would be published at \
                 {prefix:?} as well: move it, or add it to `exclude`",
                other.prefix
            ),
            Some(_) => format!(
                "{prefix:?} is the URL prefix of another folder of the site: move the files there, \
                 or add this to `exclude`"
            ),
        };
        Err(ProblemKind::Setting(message))
    }

    /// The target of a symbolic link, canonical; none if the file is no link.
    ///
    /// A link may lead to a place in its folder of the site, and out of it if the settings allow that,
    /// but not to a folder around itself: that would have no end.
    fn follow_link(
        &mut self,
        file: &Path,
        logical_path: &str,
        is_folder: bool,
    ) -> Result<Option<PathBuf>, ProblemKind> {
        if !file.is_symlink() {
            return Ok(None);
        }
        let target = file.canonicalize().map_err(|_| ProblemKind::LinkLeadsNowhere)?;
        if self.open.iter().any(|folder| folder.starts_with(&target)) {
            return Err(ProblemKind::LinkLeadsBack);
        }
        let inside = target.strip_prefix(&self.own().root).ok().map(|path| path.to_string_lossy());
        let name = target.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let name = inside.as_ref().unwrap_or(&name);
        let is_allowed = |path| self.settings.allow_secrets.matches(path);
        if inside.is_none() && !self.settings.follow_symlinks {
            return Err(ProblemKind::LinkLeadsOut);
        }
        if !is_folder && SECRETS.matches(name) && !is_allowed(logical_path) && !is_allowed(name) {
            return Err(ProblemKind::LooksLikeSecret);
        }
        if let Some(path) = inside {
            let rule = rule_against(self.settings, &path, is_folder);
            let link = rule.map(|rule| (logical_path.to_owned(), path.clone().into_owned(), rule));
            self.found.links.extend(link);
        }
        Ok(Some(target))
    }
}

/// The rule that leaves out a file or a folder, or a folder that it lies in.
fn rule_against(settings: &Settings, path: &str, is_folder: bool) -> Option<String> {
    let folders = path.match_indices('/').map(|(slash, _)| (&path[..slash], true));
    let mut all = folders.chain([(path, is_folder)]);
    let by_name = all.find_map(|(path, is_folder)| left_out(settings, path, is_folder).ok()?);
    let left_out = by_name.or_else(|| not_included(settings, path).filter(|_| !is_folder));
    left_out.map(|left_out| left_out.rule)
}

/// One remark on all links to what is left out, with the first link.
fn remark(links: &[(String, String, String)]) -> Option<(&str, ProblemKind)> {
    let (link, target, rule) = links.first()?;
    let more = match links.len() - 1 {
        0 => String::new(),
        1 => ", and so is one more link".to_owned(),
        more => format!(", and so are {more} more links"),
    };
    let message = format!(
        "this symbolic link leads to {target:?}, which is left out by {rule}, and is published \
         under the link's name all the same{more}: add the link to `exclude` if nobody should \
         read it"
    );
    Some((link, ProblemKind::Remark(message)))
}

/// The settings decide first, then the check for secrets, then the defaults.
fn left_out(
    settings: &Settings,
    path: &str,
    is_folder: bool,
) -> Result<Option<LeftOut>, ProblemKind> {
    let (verdict, glob) = settings.exclude.decide(path, is_folder);
    if verdict == Verdict::Matches {
        return Ok(Some(LeftOut::by_exclude(path, glob)));
    }
    if !is_folder && SECRETS.matches(path) {
        let is_allowed = settings.allow_secrets.matches(path);
        return if is_allowed { Ok(None) } else { Err(ProblemKind::LooksLikeSecret) };
    }
    let (default, glob) = LEFT_OUT.decide(path, is_folder);
    let is_left_out = verdict == Verdict::Silent && default == Verdict::Matches;
    Ok(is_left_out.then(|| LeftOut::by_default(path, glob)))
}

fn not_included(settings: &Settings, path: &str) -> Option<LeftOut> {
    match settings.include.decide(path, false) {
        _ if settings.include.globs().is_empty() => None,
        (Verdict::Matches, _) => None,
        (Verdict::TakenBack, glob) => Some(LeftOut::by_include(path, Some(glob))),
        (Verdict::Silent, _) => Some(LeftOut::by_include(path, None)),
    }
}

/// A name may contain no control character, and no backslash, which some programs take for a slash.
fn servable(logical_path: &str) -> Result<(), ProblemKind> {
    let unservable = |character: &char| character.is_control() || *character == '\\';
    logical_path.chars().find(unservable).map_or(Ok(()), |it| Err(ProblemKind::NameUnservable(it)))
}

/// Whether the settings leave a file of rules out, so that it has no rules.
pub(crate) fn is_excluded(settings: &Settings, name: &str) -> bool {
    settings.exclude.verdict(name, false) == Verdict::Matches
}

fn asset(settings: &Settings, file: &Path, logical_path: String) -> Result<Asset, ProblemKind> {
    let role = role(settings, &logical_path);
    let why = if role == Role::Prehashed { "`prehashed` says so" } else { "" }.to_owned();
    let bytes = read(file)?;
    let media_type = media_type_of_file(&logical_path, &bytes, settings)?;
    Ok(Asset { logical_path, media_type, role, why, bytes, packed: None })
}

/// The role by the path alone. `rename` applies after all prehashed assets are known.
fn role(settings: &Settings, logical_path: &str) -> Role {
    match settings.entry_points.verdict(logical_path, false) {
        Verdict::Matches => Role::EntryPoint,
        _ if settings.prehashed.matches(logical_path) => Role::Prehashed,
        Verdict::Silent if is_entry_point(settings, logical_path) => Role::EntryPoint,
        _ => Role::Hashed,
    }
}

/// Whether clients know a file by its path. In a single folder, the top stands for the site's root,
/// since the site may be made for a host of its own.
fn is_entry_point(settings: &Settings, logical_path: &str) -> bool {
    if settings.folders.is_empty() {
        ENTRY_POINTS.matches(logical_path)
    } else {
        ENTRY_POINTS.matches(&settings.url_path(logical_path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    /// A folder with these files, each of which contains its own path.
    fn folder(files: &[&str]) -> TempDir {
        let folder = TempDir::new().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        folder
    }

    fn scan_with(folder: &TempDir, toml: &str) -> Result<Scanned, Error> {
        let file = folder.path().with_extension("toml");
        fs::write(&file, toml).unwrap();
        let settings = Settings { assets: folder.path().to_owned(), ..Settings::read(&file)? };
        fs::remove_file(file).unwrap();
        Ok(scan(&settings)?.0)
    }

    #[track_caller]
    fn finds(files: &[&str], toml: &str, assets: &[&str], left_out: &[&str]) {
        let scanned = scan_with(&folder(files), toml).unwrap();
        let found: Vec<_> = scanned.assets.iter().map(|asset| &asset.logical_path).collect();
        assert_eq!(found, assets);
        let found: Vec<_> = scanned.left_out.iter().map(|one| &one.logical_path).collect();
        assert_eq!(found, left_out);
    }

    #[track_caller]
    fn fails(folder: &TempDir, toml: &str, file: &str, expected: &str) {
        let error = scan_with(folder, toml).unwrap_err();
        assert_eq!(error.problems.len(), 1, "{error}");
        assert!(error.problems[0].file.ends_with(file), "{error}");
        assert!(error.problems[0].kind.to_string().contains(expected), "{error}");
    }

    #[test]
    fn every_file_is_an_asset() {
        finds(
            &["b.css", "a/b/LICENSE", "a.b/c", "ä ö.txt"],
            "",
            &["a.b/c", "a/b/LICENSE", "b.css", "ä ö.txt"],
            &[],
        );
    }

    #[test]
    fn a_text_is_one_by_type_by_mark_or_by_its_bytes() {
        let is = |path: &str, bytes: &[u8], expected: bool| {
            assert_eq!(Asset::of(path, bytes).is_text(), expected, "{path} {bytes:?}");
        };
        is("a.txt", b"\xff\0", true);
        is("a.json", b"\xff", true);
        is("a.webmanifest", b"\xff", true);
        is("a.svg", b"\xff", true);
        is("SHA256SUMS", b"0a  b.js", true);
        is("sums", b"\xff\xfe0\0", true);
        is("a.png", b"\xff\xfe0\0", false);
        is("a.bin", b"a\0", false);
        is("a.docx", b"PK\x03\x04\0", false);
    }

    #[test]
    fn an_empty_file_is_an_asset() {
        let folder = folder(&["a"]);
        fs::write(folder.path().join("a"), "").unwrap();
        assert_eq!(scan_with(&folder, "").unwrap().assets[0].bytes, b"");
    }

    #[test]
    fn what_nobody_means_to_publish_is_left_out() {
        finds(
            &["a", ".git/config", ".DS_Store", "a~", "#a#", ".a.swp", "x/Thumbs.db", "CVS/Root"],
            "",
            &["a"],
            &["#a#", ".DS_Store", ".a.swp", ".git", "CVS", "a~", "x/Thumbs.db"],
        );
        finds(&[".well-known/security.txt"], "", &[".well-known/security.txt"], &[]);
        finds(&[".well-known/.hidden"], "", &[], &[".well-known/.hidden"]);
    }

    #[test]
    fn rules_at_the_top_are_no_assets_and_not_left_out() {
        finds(&["_headers", "_redirects", "a", "b/_headers"], "", &["a", "b/_headers"], &[]);
    }

    #[test]
    fn the_settings_leave_out_and_bring_back() {
        finds(&["a.psd", "a.png"], "exclude = ['*.psd']", &["a.png"], &["a.psd"]);
        finds(&["src/a", "b"], "exclude = ['/src/']", &["b"], &["src"]);
        finds(&[".nojekyll"], "exclude = ['!.nojekyll']", &[".nojekyll"], &[]);
        finds(&["a.css", "a.js"], "include = ['*.css']", &["a.css"], &["a.js"]);
        finds(&["a.css", "b.css"], "include = ['*.css', '!b.css']", &["a.css"], &["b.css"]);
    }

    #[test]
    fn what_is_left_out_has_a_rule() {
        let rule = |toml: &str, path: &str| {
            scan_with(&folder(&[path]), toml).unwrap().left_out[0].rule.clone()
        };
        for (toml, path, expected) in [
            ("", ".a", "the default glob `.*`"),
            ("", "CVS/Root", "the default glob `CVS/`"),
            ("exclude = ['b', '/x/', '*.psd']", "x/a.psd", "the glob `/x/` of `exclude`"),
            ("include = ['*.css']", "a.js", "`include`, which names other files"),
            ("include = ['*', '!*.js']", "a.js", "the glob `!*.js` of `include`"),
        ] {
            assert_eq!(rule(toml, path), expected);
        }
    }

    #[test]
    fn secrets_are_errors_unless_the_settings_know_them() {
        for secret in [".env", ".env.local", "tls/site.pem", "site.key", "id_rsa", ".htpasswd"] {
            fails(&folder(&[secret]), "", secret, "looks like a secret");
        }
        finds(&["a.pem"], "allow_secrets = ['a.pem']", &["a.pem"], &[]);
        finds(&[".env.x"], "allow_secrets = ['.env.x']", &[".env.x"], &[]);
        finds(&[".env"], "exclude = ['.env']", &[], &[".env"]);
        finds(&[".git/id_rsa"], "", &[], &[".git"]);
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let error = scan_with(&folder(&["a.pem", "b.key", "c"]), "").unwrap_err();
        assert_eq!(error.problems.len(), 2);
    }

    #[test]
    fn entry_points() {
        let role =
            |toml: &str, path: &str| scan_with(&folder(&[path]), toml).unwrap().assets[0].role;
        let entry = |toml: &str, path: &str| role(toml, path) == Role::EntryPoint;
        for path in ["a/b.html", "robots.txt", "favicon.ico", ".well-known/a/b", "sw.js"] {
            assert!(entry("", path), "{path}");
        }
        for path in ["a.css", "docs/robots.txt", "img/favicon.ico", "js/sw.js"] {
            assert!(!entry("", path), "{path}");
        }
        assert!(entry("entry_points = ['/js/sw.js']", "js/sw.js"));
        assert!(!entry("entry_points = ['!print.html']", "print.html"));
        assert_eq!(role("prehashed = ['/assets/']", "assets/a-B1c2D3e4.js"), Role::Prehashed);
        assert_eq!(role("prehashed = ['/assets/']", "a.js"), Role::Hashed);
        assert!(entry("prehashed = ['*']\nentry_points = ['a.js']", "a.js"));
    }

    #[test]
    fn a_folder_that_is_not_there() {
        let settings = Settings { assets: "does/not/exist".into(), ..Settings::default() };
        let error = scan(&settings).unwrap_err().to_string();
        assert!(error.starts_with("does/not/exist: this is not a folder"), "{error}");
    }

    /// The assets of the folders `static` at `/static/` and `root` at `/` in a folder of these files,
    /// each with its role, or the errors.
    fn two_folders(files: &[&str], toml: &str) -> String {
        let place = folder(files);
        let file = place.path().join("hardtack.toml");
        let folders = "[[folders]]\nat = '/'\npath = 'root'";
        fs::write(&file, format!("assets = 'static'\nat = '/static/'\n{toml}\n{folders}")).unwrap();
        let said = |asset: &Asset| format!("{} {}", asset.logical_path, asset.role.name());
        match scan(&Settings::read(&file).unwrap()) {
            Ok((scanned, _)) => scanned.assets.iter().map(said).collect::<Vec<_>>().join(", "),
            Err(error) => error.to_string().replace(place.path().to_str().unwrap(), ""),
        }
    }

    #[test]
    fn each_folder_has_its_urls() {
        let are = |files: &[&str], toml: &str, expected: &str| {
            assert_eq!(two_folders(files, toml), expected, "{files:?} {toml}");
        };
        are(
            &["root/robots.txt", "root/ads.txt", "static/robots.txt", "static/favicon.ico"],
            "",
            "/ads.txt hashed, /robots.txt entry point, favicon.ico hashed, robots.txt hashed",
        );
        are(
            &["root/.well-known/a", "root/x/sw.js", "root/sw.js", "static/sw.js", "static/a.html"],
            "",
            "/.well-known/a entry point, /sw.js entry point, /x/sw.js hashed, \
             a.html entry point, sw.js hashed",
        );
        let both = ["root/a", "root/_headers", "root/b/_headers", "static/a", "static/_redirects"];
        are(&both, "", "/a hashed, /b/_headers hashed, a hashed");
        are(&both, "exclude = ['/a']", "/b/_headers hashed");
        are(&both, "entry_points = ['/a']\nexclude = ['b/']", "/a entry point, a entry point");
        are(&["root/static", "static/a"], "", "/static hashed, a hashed");
    }

    #[test]
    fn a_url_has_one_file() {
        let starts = |files: &[&str], toml: &str, expected: &str| {
            let said = two_folders(files, toml);
            assert!(said.starts_with(expected), "{said}");
        };
        starts(
            &["root/static/a", "static/b"],
            "",
            "/root/static: \"/static/\" is the URL prefix of another folder of the site",
        );
        starts(&["root/static/a", "static/b"], "exclude = ['/static/']", "b hashed");
        starts(
            &["static/a", "root/b"],
            "[[folders]]\nat = '/c/'\npath = 'static'",
            "/static: this folder and /static are one",
        );
        starts(&["static/b"], "", "/root: this is not a folder");
    }

    /// `public/static` at `/static/`, and `public` at another prefix.
    #[test]
    fn a_folder_in_another_is_published_once() {
        let place = folder(&["public/static/a", "public/b"]);
        let file = place.path().join("hardtack.toml");
        let scan_at = |prefix: &str| {
            let folders = format!("[[folders]]\nat = '{prefix}'\npath = 'public'");
            let own = "assets = 'public/static'\nat = '/static/'";
            fs::write(&file, format!("{own}\n{folders}")).unwrap();
            scan(&Settings::read(&file).unwrap())
        };
        let (scanned, _) = scan_at("/").unwrap();
        let found: Vec<_> = scanned.assets.iter().map(|asset| &asset.logical_path).collect();
        assert_eq!(found, ["/b", "a"]);
        let error = scan_at("/x/").unwrap_err().to_string();
        assert!(
            error.contains("public/static: this folder has the URL prefix \"/static/\""),
            "{error}"
        );
    }

    #[cfg(unix)]
    mod links {
        use super::*;
        use std::os::unix::{ffi::OsStrExt, fs::symlink};

        #[test]
        fn are_followed_inside_the_folder() {
            let folder = folder(&["a/b.css"]);
            symlink("a/b.css", folder.path().join("c.css")).unwrap();
            symlink("a", folder.path().join("d")).unwrap();
            let assets = scan_with(&folder, "").unwrap().assets;
            let found: Vec<_> = assets.iter().map(|asset| &asset.logical_path).collect();
            assert_eq!(found, ["a/b.css", "c.css", "d/b.css"]);
        }

        #[test]
        fn that_lead_out_are_errors() {
            for (target, expected) in [
                ("/etc/hostname", "set `follow_symlinks = true`"),
                ("..", "around itself"),
                ("nowhere", "leads nowhere"),
                (".", "around itself"),
            ] {
                let folder = folder(&["a"]);
                symlink(target, folder.path().join("link")).unwrap();
                fails(&folder, "", "link", expected);
                assert!(scan_with(&folder, "exclude = ['link']").is_ok());
            }
        }

        /// As Bazel and Nix make them.
        #[test]
        fn that_lead_out_are_followed_if_the_settings_say_so() {
            let store = folder(&["app.css", "js/a.js", "js/.hidden"]);
            let site = folder(&["index.html"]);
            symlink(store.path().join("app.css"), site.path().join("app.css")).unwrap();
            symlink(store.path().join("js"), site.path().join("js")).unwrap();
            let scanned = scan_with(&site, "follow_symlinks = true").unwrap();
            let found: Vec<_> = scanned.assets.iter().map(|asset| &asset.logical_path).collect();
            assert_eq!(found, ["app.css", "index.html", "js/a.js"]);
            assert_eq!(scanned.left_out[0].logical_path, "js/.hidden");
            assert_eq!(scan_with(&site, "").unwrap_err().problems.len(), 2);
        }

        /// The files keep their own names out, and a link must not bring them in silently.
        #[test]
        fn that_lead_to_what_is_left_out_are_said() {
            let folder = folder(&[".src/a.css", "private/b/c.css", "private/id_rsa"]);
            symlink(".src/a.css", folder.path().join("a.css")).unwrap();
            symlink("private/b", folder.path().join("b")).unwrap();
            let exclude = Patterns::new(&["/private/"]).unwrap();
            let assets = folder.path().to_owned();
            let settings = Settings { assets, exclude, ..Settings::default() };
            let (scanned, remark) = scan(&settings).unwrap();
            let found: Vec<_> = scanned.assets.iter().map(|asset| &asset.logical_path).collect();
            assert_eq!(found, ["a.css", "b/c.css"]);
            let remark = remark.unwrap().to_string();
            let says = "a.css: this symbolic link leads to \".src/a.css\", which is left out by \
                        the default glob `.*`, and is published under the link's name all the \
                        same, and so is one more link: ";
            assert!(remark.contains(says), "{remark}");
            symlink("private/id_rsa", folder.path().join("key.txt")).unwrap();
            let error = scan(&settings).unwrap_err().to_string();
            assert!(error.contains("key.txt: this looks like a secret"), "{error}");
            let allow_secrets = Patterns::new(&["/key.txt"]).unwrap();
            assert!(scan(&Settings { allow_secrets, ..settings }).is_ok());
        }

        /// Each of these folders has two links to the one before.
        #[test]
        fn in_a_tree_have_an_end() {
            let folder = folder(&["t0/a"]);
            for level in 1..40 {
                let own = folder.path().join(format!("t{level}"));
                fs::create_dir(&own).unwrap();
                for link in ["x", "y"] {
                    symlink(format!("../t{}", level - 1), own.join(link)).unwrap();
                }
            }
            let error = scan_with(&folder, "").unwrap_err();
            assert!(error.problems.len() < 40, "{error}");
            assert!(error.to_string().contains("more than 1000 paths lead to this folder"));
        }

        #[test]
        fn that_lead_to_a_secret_are_errors() {
            let store = folder(&["id_rsa"]);
            let site = folder(&[]);
            symlink(store.path().join("id_rsa"), site.path().join("a.txt")).unwrap();
            fails(&site, "follow_symlinks = true", "a.txt", "looks like a secret");
            let allowed = "follow_symlinks = true\nallow_secrets = ['/a.txt']";
            assert!(scan_with(&site, allowed).is_ok());
        }

        #[test]
        fn in_a_circle_outside_are_errors_too() {
            let store = folder(&["a/x"]);
            let site = folder(&["index.html"]);
            symlink("..", store.path().join("a/up")).unwrap();
            symlink(store.path(), site.path().join("store")).unwrap();
            fails(&site, "follow_symlinks = true", "store/a/up", "around itself");
            for target in ["..", "/", "nowhere"] {
                let site = folder(&["a"]);
                symlink(target, site.path().join("link")).unwrap();
                assert!(scan_with(&site, "follow_symlinks = true").is_err(), "{target}");
            }
        }

        #[test]
        fn in_a_circle_are_errors() {
            let folder = folder(&["a/x", "b/y"]);
            symlink("../b", folder.path().join("a/to_b")).unwrap();
            symlink("../a", folder.path().join("b/to_a")).unwrap();
            let error = scan_with(&folder, "").unwrap_err();
            assert_eq!(error.problems.len(), 2, "{error}");
        }

        #[test]
        fn names_that_no_url_can_have_are_errors() {
            let folder = folder(&[]);
            let invalid = folder.path().join(std::ffi::OsStr::from_bytes(b"a\xff"));
            fs::write(&invalid, "").unwrap();
            let error = scan_with(&folder, "").unwrap_err().to_string();
            assert!(error.ends_with("the name is not UTF-8: rename it"), "{error}");
            fails(&self::folder(&["a\\b"]), "", "a\\b", "which no URL here can have");
            fails(&self::folder(&["a\nb"]), "", "a\nb", "which no URL here can have");
        }

        #[test]
        fn what_is_no_file_is_an_error() {
            let folder = folder(&[]);
            let _socket =
                std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
            fails(&folder, "", "socket", "neither a file nor a folder");
        }
    }
}
