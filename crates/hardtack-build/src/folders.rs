//! The folders of a site: which one a URL path belongs to, and the names of its assets.

use std::path::{Path, PathBuf};

use hardtack_bundle::{logical_path_of, url_path_of};

use crate::{Problem, ProblemKind, Settings};

impl Settings {
    /// The folders of the site with their URL prefixes, the asset folder first.
    pub(crate) fn all_folders(&self) -> impl Iterator<Item = (&str, &Path)> {
        let others = self.folders.iter().map(|folder| (folder.at.as_str(), &*folder.path));
        std::iter::once((self.at.as_str(), &*self.assets)).chain(others)
    }

    /// The folder that a URL path belongs to: that of the longest prefix. The path is
    /// percent-decoded.
    pub(crate) fn folder_at(&self, url_path: &str) -> Option<(&str, &Path)> {
        let folders = self.all_folders().filter(|(prefix, _)| url_path.starts_with(prefix));
        folders.max_by_key(|(prefix, _)| prefix.len())
    }

    /// The URL path of an asset under its own name, percent-decoded.
    pub(crate) fn url_path(&self, logical_path: &str) -> String {
        url_path_of(self.at.as_str(), logical_path)
    }

    /// The logical path of an asset with that URL path.
    pub(crate) fn logical_path<'p>(&self, url_path: &'p str) -> &'p str {
        logical_path_of(self.at.as_str(), url_path)
    }

    /// The logical path that a setting names, which may also name it by its URL path.
    pub(crate) fn named<'p>(&self, name: &'p str) -> &'p str {
        if name.starts_with('/') { self.logical_path(name) } else { name }
    }

    /// The file of a logical path.
    pub(crate) fn file(&self, logical_path: &str) -> PathBuf {
        let url_path = self.url_path(logical_path);
        match self.folder_at(&url_path) {
            Some((prefix, folder)) => folder.join(&url_path[prefix.len()..]),
            None => self.assets.join(logical_path.trim_start_matches('/')),
        }
    }

    /// Whether an asset belongs to the folder at the site's root, beside other folders.
    pub(crate) fn is_at_root(&self, logical_path: &str) -> bool {
        let folder = self.folder_at(&self.url_path(logical_path));
        !self.folders.is_empty() && folder.is_some_and(|(prefix, _)| prefix == "/")
    }

    /// Whether the site alone answers a URL path: all below its prefixes, except below a further
    /// folder's `/`, which an application shares.
    pub(crate) fn is_own(&self, url_path: &str) -> bool {
        self.all_folders().enumerate().any(|(number, (prefix, _))| {
            url_path.starts_with(prefix) && (number == 0 || prefix != "/")
        })
    }

    /// The first folder that has the prefix of another.
    pub(crate) fn check_folders(&self) -> Result<(), Problem> {
        let all: Vec<_> = self.all_folders().collect();
        let same = |(number, (prefix, folder)): (usize, &(&str, &Path))| {
            let (_, other) = all[..number].iter().find(|(other, _)| other == prefix)?;
            let other = other.display();
            let message = format!(
                "this folder and {other} have one URL prefix, {prefix:?}: give each its own `at`, \
                 or put the files of both into one folder"
            );
            Some(ProblemKind::Setting(message).of(folder))
        };
        all.iter().enumerate().find_map(same).map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(at: &str) -> Settings {
        let folders = "[[folders]]\nat = '/'\npath = 'root'\n[[folders]]\nat = 'docs'\npath = 'd'";
        toml::from_str(&format!("assets = 's'\nat = '{at}'\n{folders}")).unwrap()
    }

    #[test]
    fn a_path_belongs_to_the_folder_of_the_longest_prefix() {
        let settings = settings("/static/");
        for (logical_path, url_path, file) in [
            ("css/a.css", "/static/css/a.css", "s/css/a.css"),
            ("/robots.txt", "/robots.txt", "root/robots.txt"),
            ("/static", "/static", "root/static"),
            ("/docs/a", "/docs/a", "d/a"),
        ] {
            assert_eq!(settings.url_path(logical_path), url_path);
            assert_eq!(settings.logical_path(url_path), logical_path);
            assert_eq!(settings.file(logical_path), Path::new(file));
        }
    }

    #[test]
    fn a_setting_names_an_asset_by_either_path() {
        let settings = settings("/static/");
        for (name, expected) in [("a.css", "a.css"), ("/static/a.css", "a.css"), ("/a", "/a")] {
            assert_eq!(settings.named(name), expected);
        }
        assert_eq!(Settings::default().named("/a"), "a");
    }

    #[test]
    fn an_application_shares_the_root() {
        let alone = settings("/static/");
        let owns = |url_path: &str, expected| {
            assert_eq!(alone.is_own(url_path), expected, "{url_path}");
        };
        owns("/static/gone.css", true);
        owns("/docs/gone", true);
        owns("/robots.txt", false);
        owns("/users/", false);
        assert!(Settings::default().is_own("/users/"));
        assert!(alone.is_at_root("/robots.txt") && !alone.is_at_root("robots.txt"));
        assert!(!Settings::default().is_at_root("robots.txt"));
    }

    #[test]
    fn one_prefix_for_two_folders_is_an_error() {
        assert!(settings("/static/").check_folders().is_ok());
        let error = settings("docs").check_folders().unwrap_err().to_string();
        assert!(
            error.starts_with("d: this folder and s have one URL prefix, \"/docs/\""),
            "{error}"
        );
    }
}
