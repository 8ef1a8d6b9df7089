//! The files `_headers` and `_redirects` at the top of each folder of the site, as on Netlify and
//! Cloudflare Pages. They are rules, and no assets.
//!
//! Their paths are URL paths, whichever folder they lie in. Those of the asset folder come first.
//!
//! They may have been written for another host. So a line that cannot be kept here is a warning,
//! and is skipped, as it is there; only what the settings say is an error.

mod headers;
mod line;
mod links;
mod redirects;
mod targets;
mod urls;

use std::{
    collections::{BTreeSet, HashMap},
    ops::Range,
    path::Path,
};

use hardtack_bundle::{PathPattern, encode_path};

use crate::{
    Error, Place, Problem, ProblemKind, Settings,
    django_manifest::Copy,
    door::read_known,
    header_rules::{HeaderEdit, HeaderRule},
    scan::{HEADERS, REDIRECTS, Scanned, is_excluded},
};

use targets::Targets;

/// All rules about responses, from the settings and from the files.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    /// The header rules, in the order in which they apply.
    pub(crate) headers: Vec<HeaderRule>,
    /// The redirects of single paths. A path occurs once, here or in `rewrites`.
    pub(crate) redirects: Vec<Redirect>,
    pub(crate) rewrites: Vec<Rewrite>,
    /// The patterns, in the order in which they are tried at a path without another answer.
    pub(crate) patterns: Vec<PatternRule>,
    pub(crate) fallback: Option<Fallback>,
    /// Paths of assets at which a rule answers instead of them.
    pub(crate) replaced: BTreeSet<String>,
    /// The logical paths of the pages that are served at other paths than their own.
    pages: BTreeSet<String>,
    /// The paths of all redirects and rewrites.
    ruled: BTreeSet<String>,
}

impl Rules {
    #[cfg(test)]
    pub(crate) fn of_headers(headers: Vec<HeaderRule>) -> Self {
        Self { headers, ..Self::default() }
    }

    /// Whether a redirect or a rewrite of a single path answers there.
    pub(crate) fn answers_alone(&self, path: &str) -> bool {
        self.redirects.iter().any(|redirect| redirect.from == path)
            || self.rewrites.iter().any(|rewrite| rewrite.from == path)
    }

    /// The values of header fields.
    pub(crate) fn header_values(&self) -> impl Iterator<Item = &str> {
        let edits = self.headers.iter().flat_map(|rule| &rule.edits);
        edits.filter_map(|edit| edit.value())
    }

    /// Corrects digests in the values of header fields: each old digest is replaced by all its new
    /// ones, as a list in a policy.
    pub(crate) fn replace_digests(&mut self, digests: &HashMap<String, BTreeSet<String>>) {
        let edits = self.headers.iter_mut().flat_map(|rule| &mut rule.edits);
        for value in edits.filter_map(HeaderEdit::value_mut) {
            for (old, new) in digests {
                *value = with_digests(value, old, new);
            }
        }
    }

    /// The header rules for an asset, each with its number.
    pub(crate) fn headers_for<'r>(
        &'r self,
        logical_path: &str,
        paths: [&str; 2],
    ) -> impl DoubleEndedIterator<Item = (usize, &'r HeaderRule)> {
        let rules = self.headers.iter().enumerate();
        rules.filter(move |(_, rule)| paths.iter().any(|path| rule.is_for(logical_path, path)))
    }

    /// The URLs in `Link` header fields that a browser fetches for the page, with their places.
    pub(crate) fn links(&self) -> impl Iterator<Item = (LinkPlace, &str)> {
        let edits = self.headers.iter().enumerate().flat_map(|(rule, HeaderRule { edits, .. })| {
            edits.iter().enumerate().map(move |(number, edit)| ((rule, number), edit))
        });
        let edits = edits.filter(|(_, edit)| edit.name() == "link");
        let values = edits.filter_map(|(place, edit)| Some((place, edit.value()?)));
        values.flat_map(|((rule, edit), value)| {
            let spans = links::targets(value).into_iter();
            spans.map(move |span| (LinkPlace { rule, edit, span: span.clone() }, &value[span]))
        })
    }

    /// Puts other URLs into `Link` header fields.
    pub(crate) fn replace_links(&mut self, links: &[(LinkPlace, String)]) {
        let mut links: Vec<_> = links.iter().collect();
        links.sort_by_key(|(place, _)| (place.rule, place.edit, place.span.start));
        // From the end, so that the places before stay as they are.
        for (LinkPlace { rule, edit, span }, url) in links.into_iter().rev() {
            if let Some(value) = self.headers[*rule].edits[*edit].value_mut() {
                value.replace_range(span.clone(), url);
            }
        }
    }

    /// Whether a page is also the answer at other paths than its own, so that links in it cannot
    /// be relative.
    pub(crate) fn has_other_addresses(&self, logical_path: &str) -> bool {
        let fallback = self.fallback.as_ref();
        self.pages.contains(logical_path)
            || fallback.is_some_and(|fallback| fallback.page == logical_path)
    }

    /// Whether a redirect or a rewrite answers a URL path, which is percent-decoded and begins with
    /// the prefix. The fallback does not count.
    pub(crate) fn answers(&self, path: &str) -> bool {
        let by_pattern = |rule: &PatternRule| {
            !matches!(rule.answer, PatternAnswer::Missing(_)) && rule.matches(path)
        };
        self.ruled.contains(path) || self.patterns.iter().any(by_pattern)
    }

    /// Redirects the paths of copies that were left out to the plain paths of their originals,
    /// unless a rule answers there.
    pub(crate) fn lead_copies_on(
        &mut self,
        copies: &[Copy],
        scanned: &Scanned,
        settings: &Settings,
    ) {
        let targets = Targets::new(scanned, settings);
        for Copy { path, of } in copies {
            let from = settings.url_path(path);
            let Some(plain) = targets.plain(of) else { continue };
            if targets.at(&from).is_none() && self.ruled.insert(from.clone()) {
                self.redirects.push(Redirect { from, location: encode_path(plain), status: 302 });
            }
        }
    }
}

/// The place of a URL in a `Link` header field of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LinkPlace {
    /// The number of the rule.
    pub(crate) rule: usize,
    /// The number of its edit.
    edit: usize,
    /// The span in the value of the field.
    span: Range<usize>,
}

/// A redirect of one path. `from` is percent-decoded, `location` is percent-encoded.
#[derive(Debug)]
pub(crate) struct Redirect {
    pub(crate) from: String,
    pub(crate) location: String,
    pub(crate) status: u16,
}

/// A path, percent-decoded, that is answered with an asset.
#[derive(Debug)]
pub(crate) struct Rewrite {
    pub(crate) from: String,
    /// The asset's logical path.
    pub(crate) page: String,
}

/// A pattern of paths, and their answer.
#[derive(Debug)]
pub(crate) struct PatternRule {
    pattern: String,
    pub(crate) answer: PatternAnswer,
}

/// The answer to the paths of a pattern. Pages are logical paths.
#[derive(Debug)]
pub(crate) enum PatternAnswer {
    Page(String),
    Missing(String),
    /// The location has `:name` where a captured text goes.
    Redirect {
        location: String,
        status: u16,
    },
}

impl PatternRule {
    pub(crate) fn pattern(&self) -> PathPattern<'_> {
        PathPattern::parse(&self.pattern).expect("it was parsed before")
    }

    fn matches(&self, path: &str) -> bool {
        self.pattern().captures(path.as_bytes()).is_some()
    }
}

/// The page of a single-page app.
#[derive(Debug)]
pub(crate) struct Fallback {
    /// Its logical path.
    pub(crate) page: String,
}

/// Gathers the rules of the settings and of the files, if there are any, and the skipped lines of
/// the files.
pub(crate) fn rules(
    scanned: &Scanned,
    settings: &Settings,
) -> Result<(Rules, Vec<Problem>), Error> {
    let mut rules = Rules {
        headers: settings.headers.clone(),
        fallback: settings
            .spa
            .as_ref()
            .map(|page| Fallback { page: settings.named(page).to_owned() }),
        ..Rules::default()
    };
    let mut skipped = Vec::new();
    let targets = Targets::new(scanned, settings);
    for (_, folder) in settings.all_folders() {
        let file = folder.join(HEADERS);
        read(settings, &file, &mut skipped, |text| headers::parse(text, &file, &mut rules))?;
        read(settings, &folder.join(REDIRECTS), &mut skipped, |text| {
            redirects::parse(text, settings, &targets, &mut rules)
        })?;
    }
    Ok((rules, skipped))
}

/// A value with a digest replaced: a source of a policy, such as `'sha256-…'`, by one source for
/// each new digest.
fn with_digests(value: &str, old: &str, new: &BTreeSet<String>) -> String {
    let Some(at) = value.find(old) else { return value.to_owned() };
    let start = value[..at].rfind([' ', ';', ',']).map_or(0, |before| before + 1);
    let end = value[at..].find([' ', ';', ',']).map_or(value.len(), |behind| at + behind);
    let source = &value[start..end];
    let sources: Vec<_> = new.iter().map(|digest| source.replace(old, digest)).collect();
    format!("{}{}{}", &value[..start], sources.join(" "), with_digests(&value[end..], old, new))
}

/// The reasons for skipped lines, with the lines' numbers, counted from 1.
type Skipped = Vec<(usize, String)>;

fn read(
    settings: &Settings,
    file: &Path,
    skipped: &mut Vec<Problem>,
    parse: impl FnOnce(&str) -> Skipped,
) -> Result<(), Problem> {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if is_excluded(settings, name) {
        return Ok(());
    }
    let folder = file.parent().unwrap_or(&settings.assets);
    let Some(bytes) = read_known(folder, name, settings.follow_symlinks)? else { return Ok(()) };
    let text = String::from_utf8_lossy(&bytes);
    let faults = parse(text.trim_start_matches('\u{feff}'));
    skipped.extend(faults.into_iter().map(|fault| remark(file, fault)));
    Ok(())
}

fn remark(file: &Path, (line, message): (usize, String)) -> Problem {
    let kind = ProblemKind::Remark(format!("{message}: this line is skipped"));
    Problem { file: file.to_owned(), place: Some(Place { line, column: 1 }), kind }
}

/// The lines that are not empty or a comment (`#`), trimmed, with their numbers.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = (1..).zip(text.lines().map(str::trim));
    numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bake, scan::scan};
    use std::fs;

    fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn settings(folder: &tempfile::TempDir) -> Settings {
        Settings { assets: folder.path().to_owned(), ..Settings::default() }
    }

    #[test]
    fn digests_in_policies() {
        let is = |value: &str, new: &[&str], expected: &str| {
            let new = new.iter().map(|digest| (*digest).to_owned()).collect();
            assert_eq!(with_digests(value, "OLD=", &new), expected);
        };
        is("script-src 'self' 'sha256-OLD=';", &["N="], "script-src 'self' 'sha256-N=';");
        is("'sha256-OLD='", &["M=", "N="], "'sha256-M=' 'sha256-N='");
        is("a 'sha256-OLD='; b 'sha256-OLD='", &["N="], "a 'sha256-N='; b 'sha256-N='");
        is("default-src 'self'", &["N="], "default-src 'self'");
    }

    #[test]
    fn what_is_written_for_another_host_is_a_warning_a_line() {
        let headers = b"https://x.example/*\n  A: b\n/*\n  C: d\n  nothing\n";
        let redirects = b"\xef\xbb\xbf/a https://x.example/:splat/ 200\n/b /c\n\xff\n";
        let folder = folder(&[("a", b""), (HEADERS, headers), (REDIRECTS, redirects)]);
        let baked = Bake::with(settings(&folder)).run().unwrap();
        let warnings: Vec<_> = baked.warnings.iter().map(ToString::to_string).collect();
        let begins = ["_headers:1:1: ", "_headers:5:1: ", "_redirects:1:1: ", "_redirects:3:1: "];
        assert_eq!(warnings.len(), begins.len(), "{warnings:#?}");
        for (warning, begin) in warnings.iter().zip(begins) {
            assert!(warning.contains(begin) && warning.ends_with(": this line is skipped"));
        }
    }

    #[test]
    fn rules_that_are_excluded_are_none() {
        let folder = folder(&[("a", b""), (HEADERS, b"nothing"), (REDIRECTS, b"/b /c")]);
        let exclude = crate::Patterns::new(&["_headers", "/_redirects"]).unwrap();
        let settings = Settings { exclude, ..settings(&folder) };
        let (scanned, _) = scan(&settings).unwrap();
        let left_out: Vec<_> = scanned.left_out.iter().map(|it| it.logical_path.as_str()).collect();
        assert_eq!(left_out, [HEADERS, REDIRECTS]);
        let (rules, skipped) = rules(&scanned, &settings).unwrap();
        assert!(rules.redirects.is_empty() && skipped.is_empty());
    }
}
