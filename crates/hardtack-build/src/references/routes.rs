//! Resolves a URL: to an asset, to another answer of the bundle, out of the bundle, or to nothing.

use std::collections::{HashMap, HashSet};

use super::url;
use crate::{
    Role, Settings,
    hosting::Rules,
    logical_path::file_name,
    scan::Asset,
    url_paths::{INDEX_PAGE, is_not_found_page},
};

/// The target of a URL.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Resolved {
    /// Outside of the bundle, or a path that never changes: the URL stays as it is.
    Elsewhere,
    /// Unknown: a template makes the URL later.
    Template,
    /// The asset of this index.
    Asset(usize),
    /// A folder of the site without a page, of this logical path.
    Folder(String),
    /// A logical path without an asset.
    Nothing(String),
}

/// The answers of the bundle that are known before the fingerprints.
pub(super) struct Routes<'a> {
    pub(super) at: &'a str,
    pub(super) assets: &'a [Asset],
    settings: &'a Settings,
    rules: &'a Rules,
    by_path: HashMap<&'a str, usize>,
    /// The logical paths of the folders, without a slash at the end.
    folders: HashSet<&'a str>,
}

impl<'a> Routes<'a> {
    pub(super) fn new(assets: &'a [Asset], settings: &'a Settings, rules: &'a Rules) -> Self {
        let paths = || assets.iter().map(|asset| asset.logical_path.as_str());
        let folders = |path: &'a str| {
            let slashes = path.match_indices('/').map(|(slash, _)| slash);
            slashes.filter(|slash| *slash > 0).map(|slash| &path[..slash])
        };
        Self {
            at: settings.at.as_str(),
            assets,
            settings,
            rules,
            by_path: paths().zip(0..).collect(),
            folders: paths().flat_map(folders).collect(),
        }
    }

    /// Resolves a URL from a base, which is none if it belongs to another site.
    ///
    /// A URL that could not be decoded is left alone, since its text is unknown.
    pub(super) fn resolve(&self, base: Option<&str>, url: &str) -> Resolved {
        let unreadable = url.contains(char::REPLACEMENT_CHARACTER);
        let url_path = base.filter(|_| !unreadable).and_then(|base| url::resolve(base, url));
        let url_path = url_path.filter(|url_path| !self.settings.external.matches(url_path));
        let url_path = url_path.filter(|it| self.settings.folder_at(it).is_some());
        let Some(url_path) = url_path else { return self.unservable(base, url) };
        let path = self.settings.logical_path(&url_path);
        match self.asset(path).or_else(|| self.page(&url_path)) {
            Some(target) => Resolved::Asset(target),
            None if self.is_answered(&url_path) => Resolved::Elsewhere,
            None if !self.settings.is_own(&url_path) => Resolved::Elsewhere,
            None if is_template(url::split(url).0) || is_template(path) => Resolved::Template,
            None if self.folders.contains(path.trim_end_matches('/')) => {
                Resolved::Folder(path.to_owned())
            }
            None => Resolved::Nothing(path.to_owned()),
        }
    }

    /// A URL that leads to no path of a file: out of the bundle, or to a name with a slash in it.
    fn unservable(&self, base: Option<&str>, url: &str) -> Resolved {
        let url_path = base.and_then(|base| url::resolve_unservable(base, url));
        match url_path.filter(|it| self.settings.is_own(it) && !is_template(it)) {
            Some(url_path) if !self.settings.external.matches(&url_path) => {
                Resolved::Nothing(self.settings.logical_path(&url_path).to_owned())
            }
            _ => Resolved::Elsewhere,
        }
    }

    /// The asset of a logical path.
    pub(super) fn asset(&self, path: &str) -> Option<usize> {
        self.by_path.get(path).copied()
    }

    /// The page at a URL path other than its file's: at its folder, with or without the slash, or at
    /// the path without its extension.
    fn page(&self, url_path: &str) -> Option<usize> {
        let folder = url_path.strip_suffix('/').unwrap_or(url_path);
        let index = format!("{folder}/{INDEX_PAGE}");
        let clean = [".html", ".htm"].map(|extension| format!("{url_path}{extension}"));
        let clean = clean.iter().filter(|_| self.settings.clean_urls);
        let paths = std::iter::once(&index).chain(clean);
        let mut pages = paths.filter_map(|it| self.asset(self.settings.logical_path(it)));
        pages.find(|page| self.has_route_of_a_page(*page))
    }

    fn has_route_of_a_page(&self, index: usize) -> bool {
        let asset = &self.assets[index];
        asset.role == Role::EntryPoint && !is_not_found_page(&asset.logical_path)
    }

    /// Whether a rule answers a URL path, or the manifest, which becomes an asset later.
    fn is_answered(&self, url_path: &str) -> bool {
        let manifest = self.settings.publish_manifest.as_deref();
        manifest.is_some_and(|path| self.settings.url_path(self.settings.named(path)) == url_path)
            || self.rules.answers(url_path)
    }

    /// Whether the page of a single-page app answers a navigation to that path.
    pub(super) fn answers_navigation(&self, path: &str) -> bool {
        let name = file_name(path);
        self.rules.fallback.is_some() && !name.contains('.')
    }

    /// Whether a bundler would resolve that path to a module, though a browser would not.
    pub(super) fn has_source(&self, path: &str) -> bool {
        const EXTENSIONS: [&str; 11] =
            ["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "vue", "svelte", "json"];
        let stems = [path.to_owned(), format!("{}/index", path.trim_end_matches('/'))];
        let has = |stem: &String, extension| self.asset(&format!("{stem}.{extension}")).is_some();
        stems.iter().any(|stem| EXTENSIONS.iter().any(|extension| has(stem, extension)))
    }

    pub(super) fn has_folder(&self, path: &str) -> bool {
        self.folders.contains(path)
    }

    /// All logical paths, in no particular order.
    pub(super) fn paths(&self) -> impl Iterator<Item = &'a str> {
        self.by_path.keys().copied()
    }
}

/// Whether a URL's path has a mark of a template engine: Jinja, Handlebars, Vue (`{{`, `{%`), EJS, ERB
/// (`<%`), PHP (`<?`), Thymeleaf (`[[`), of a string that JavaScript makes (`${`), or a name between
/// `%` that a build replaces.
fn is_template(url: &str) -> bool {
    let is_name =
        |part: &str| part.len() > 2 && part.bytes().all(|it| it.is_ascii_uppercase() || it == b'_');
    ["{{", "{%", "<%", "<?", "[[", "${"].iter().any(|mark| url.contains(mark))
        || url.split('%').skip(1).any(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATHS: [&str; 11] = [
        "/index.html",
        "/sw.js",
        "404.html",
        "a.js",
        "about.html",
        "docs/index.html",
        "icons/a.svg",
        "index.html",
        "lib/index.ts",
        "tpl/{{ x }}.png",
        "v2.js",
    ];

    fn assets() -> Vec<Asset> {
        let asset = |path: &str| Asset {
            logical_path: path.to_owned(),
            media_type: String::new(),
            role: if path.ends_with(".html") { Role::EntryPoint } else { Role::Hashed },
            why: String::new(),
            bytes: Vec::new(),
            packed: None,
        };
        PATHS.map(asset).into()
    }

    /// Where a URL in `/s/x/p.html` leads: an asset's path, or the name of another outcome.
    fn resolve(toml: &str, url: &str) -> String {
        let settings: Settings = toml::from_str(&format!("at = '/s/'\n{toml}")).unwrap();
        let (assets, rules) = (assets(), Rules::default());
        match Routes::new(&assets, &settings, &rules).resolve(Some("/s/x/p.html"), url) {
            Resolved::Asset(index) => assets[index].logical_path.clone(),
            Resolved::Elsewhere => "elsewhere".to_owned(),
            Resolved::Template => "a template".to_owned(),
            Resolved::Folder(path) => format!("the folder {path}"),
            Resolved::Nothing(path) => format!("no {path}"),
        }
    }

    #[track_caller]
    fn leads(toml: &str, url: &str, expected: &str) {
        assert_eq!(resolve(toml, url), expected, "{url} with {toml}");
    }

    #[test]
    fn files_and_what_is_not_below_the_prefix() {
        leads("", "../a.js", "a.js");
        leads("", "a.js", "no x/a.js");
        leads("", "/a.js", "elsewhere");
        leads("", "https://a.example/a.js", "elsewhere");
        leads("", "../b\u{fffd}.js", "elsewhere");
        leads("", "a%2Fb.png", "no x/a%2Fb.png");
        leads("", "/s/a%5cb.png?x", "no a%5cb.png");
        leads("external = ['/s/a%2Fb']", "/s/a%2Fb", "elsewhere");
        leads("", "/other/a%2Fb", "elsewhere");
        leads("", "//cdn.example/a%2Fb", "elsewhere");
        leads("", "?a%2Fb", "elsewhere");
    }

    #[test]
    fn pages_have_other_paths_than_their_files() {
        leads("", "/s/", "index.html");
        leads("", "/s/docs/", "docs/index.html");
        leads("", "/s/docs", "docs/index.html");
        leads("", "/s/about", "no about");
        leads("clean_urls = true", "/s/about", "about.html");
        leads("clean_urls = true", "/s/about.html", "about.html");
        leads("clean_urls = true", "/s/about/", "no about/");
        leads("clean_urls = true", "/s/404", "no 404");
        leads("clean_urls = true", "/s/a", "no a");
    }

    #[test]
    fn the_manifest_is_an_asset_later() {
        leads("publish_manifest = 'm.json'", "../m.json", "elsewhere");
    }

    #[test]
    fn somebody_else_answers() {
        leads("external = ['/s/api/']", "/s/api/me", "elsewhere");
        leads("external = ['/s/api/']", "../x/../api/me", "elsewhere");
        leads("external = ['/s/api/']", "api/me", "no x/api/me");
        leads("external = ['/s/a.js']", "../a.js", "elsewhere");
    }

    #[test]
    fn folders() {
        leads("", "../icons", "the folder icons");
        leads("", "../icons/", "the folder icons/");
        leads("", "../icon", "no icon");
    }

    #[test]
    fn folders_of_other_prefixes() {
        let two = "[[folders]]\nat = '/'\npath = 'root'\n[[folders]]\nat = '/docs/'\npath = 'd'";
        leads(two, "/sw.js", "/sw.js");
        leads(two, "../../sw.js", "/sw.js");
        leads(two, "/", "/index.html");
        leads(two, "/s", "index.html");
        leads(two, "/users/", "elsewhere");
        leads(two, "/gone.js", "elsewhere");
        leads(two, "/s/gone.js", "no gone.js");
        leads(two, "/docs/gone.js", "no /docs/gone.js");
        leads("", "/sw.js", "elsewhere");
    }

    #[test]
    fn urls_of_templates() {
        for url in ["{{ url('a.css') }}?v=1", "${base}/a.css", "<%= a %>", "{% static 'a.css' %}"] {
            leads("", url, "a template");
        }
        leads("", "../tpl/{{ x }}.png", "tpl/{{ x }}.png");
        leads("", "{{ base }}/../a.css", "a template");
        leads("", "{a}.png", "no x/{a}.png");
        leads("", "gone.js?v={{ version }}", "no x/gone.js");
        leads("", "https://{{ host }}/a.css", "elsewhere");
    }

    #[test]
    fn a_base_may_be_a_templates() {
        let (assets, rules, settings) = (assets(), Rules::default(), Settings::default());
        let routes = Routes::new(&assets, &settings, &rules);
        let resolved = routes.resolve(Some("/{{ site.base }}/"), "a.css");
        assert_eq!(resolved, Resolved::Template);
    }

    #[test]
    fn sources_of_bundlers() {
        let (assets, rules, settings) = (assets(), Rules::default(), Settings::default());
        let routes = Routes::new(&assets, &settings, &rules);
        for (path, expected) in [("a", true), ("lib", true), ("b", false), ("icons/a", false)] {
            assert_eq!(routes.has_source(path), expected, "{path}");
        }
    }
}
