//! Globs in the dialect of `.gitignore`, which everybody knows.

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use serde::Deserialize;

/// Globs over logical paths, as in a `.gitignore`. A slash at the beginning of a logical path does
/// not count.
///
/// `*.html` matches at any depth, `/a.html` only at the top, `docs/` a folder and everything below
/// it. A glob that begins with `!` excludes matches of the globs before it: the last glob that
/// matches decides.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct Patterns {
    globs: Vec<String>,
    matcher: Gitignore,
}

/// The verdict of globs on a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// No glob matches.
    Silent,
    /// The last glob that matches is a plain one.
    Matches,
    /// The last glob that matches begins with `!`.
    TakenBack,
}

impl Patterns {
    /// The patterns of these globs.
    ///
    /// # Errors
    ///
    /// Names the invalid glob, and the reason.
    pub fn new<S: AsRef<str>>(globs: &[S]) -> Result<Self, String> {
        let mut builder = GitignoreBuilder::new("");
        builder.allow_unclosed_class(false);
        for glob in globs.iter().map(AsRef::as_ref) {
            if glob.trim().is_empty() || glob.starts_with('#') {
                return Err(format!("the glob {glob:?} matches nothing: remove it"));
            }
            builder.add_line(None, glob).map_err(|error| error.to_string())?;
        }
        let matcher = builder.build().map_err(|error| error.to_string())?;
        let globs = globs.iter().map(|glob| glob.as_ref().to_owned()).collect();
        Ok(Self { globs, matcher })
    }

    /// The patterns of this crate's own globs, which tests show to be valid.
    pub(crate) fn built_in(globs: &[&str]) -> Self {
        Self::new(globs).expect("the built-in globs are valid")
    }

    /// The globs, as they were written.
    pub fn globs(&self) -> &[String] {
        &self.globs
    }

    /// Whether a file matches.
    pub fn matches(&self, logical_path: &str) -> bool {
        self.verdict(logical_path, false) == Verdict::Matches
    }

    /// Appends globs.
    ///
    /// # Errors
    ///
    /// Names the invalid glob, and the reason.
    pub fn and<S: AsRef<str>>(&self, more: &[S]) -> Result<Self, String> {
        let own = self.globs.iter().map(String::as_str);
        Self::new(&own.chain(more.iter().map(AsRef::as_ref)).collect::<Vec<_>>())
    }

    /// The verdict on a file or a folder, or on the folders above it.
    pub(crate) fn verdict(&self, logical_path: &str, is_folder: bool) -> Verdict {
        self.decide(logical_path, is_folder).0
    }

    /// The verdict with the glob that decides; none if no glob matches.
    pub(crate) fn decide(&self, logical_path: &str, is_folder: bool) -> (Verdict, &str) {
        // The slash of a URL path says nothing: each glob is for every folder of the site.
        let path = logical_path.trim_start_matches('/');
        match self.matcher.matched_path_or_any_parents(path, is_folder) {
            ignore::Match::None => (Verdict::Silent, ""),
            ignore::Match::Ignore(glob) => (Verdict::Matches, glob.original()),
            ignore::Match::Whitelist(glob) => (Verdict::TakenBack, glob.original()),
        }
    }
}

impl Default for Patterns {
    /// No globs.
    fn default() -> Self {
        Self { globs: Vec::new(), matcher: Gitignore::empty() }
    }
}

impl TryFrom<Vec<String>> for Patterns {
    type Error = String;

    fn try_from(globs: Vec<String>) -> Result<Self, String> {
        Self::new(&globs)
    }
}

#[cfg(test)]
mod tests {
    use super::{Verdict::*, *};

    #[track_caller]
    fn verdict(globs: &[&str], path: &str, expected: Verdict) {
        let patterns = Patterns::new(globs).unwrap();
        assert_eq!(patterns.verdict(path, false), expected, "{globs:?} of {path}");
    }

    #[test]
    fn the_dialect_of_gitignore() {
        verdict(&[], "a.html", Silent);
        verdict(&["*.html"], "a.html", Matches);
        verdict(&["*.html"], "docs/a.html", Matches);
        verdict(&["*.html"], "a.htm", Silent);
        verdict(&["/a.html"], "a.html", Matches);
        verdict(&["/a.html"], "docs/a.html", Silent);
        verdict(&["docs/"], "docs/deep/a.html", Matches);
        verdict(&["docs/**"], "docs/deep/a.html", Matches);
        verdict(&["*.html", "!print.html"], "print.html", TakenBack);
        verdict(&["!print.html", "*.html"], "print.html", Matches);
        verdict(&[".well-known/"], ".well-known/security.txt", Matches);
    }

    #[test]
    fn the_last_glob_that_matches_decides() {
        let globs = Patterns::new(&["*.html"]).unwrap().and(&["!print.html"]).unwrap();
        assert_eq!(globs.decide("a.html", false), (Matches, "*.html"));
        assert_eq!(globs.decide("print.html", false), (TakenBack, "!print.html"));
        assert_eq!(globs.decide("a.css", false), (Silent, ""));
        assert!(globs.and(&["a[b"]).is_err());
    }

    #[test]
    fn an_invalid_glob_is_named() {
        assert!(Patterns::new(&["a[b"]).unwrap_err().contains("a[b"));
        assert!(Patterns::new(&["# a comment"]).unwrap_err().contains("# a comment"));
        assert!(Patterns::new(&[""]).is_err());
    }
}
