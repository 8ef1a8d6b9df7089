//! The files `_headers` and `_redirects` at the top of the asset folder, as they are known from
//! Netlify and Cloudflare Pages. They are rules, and no assets.
//!
//! What needs to be decided anew for each request, such as a redirect with a splat or by country,
//! is an error: nothing here is looked at but a path.

use std::{
    collections::{BTreeSet, HashMap},
    fs, io,
    path::Path,
};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::{
    Error, Place, Problem, ProblemKind, Settings,
    header_rules::{HeaderEdit, HeaderRule, Match},
    url_pattern::UrlPattern,
};

/// All rules about responses, wherever they were written.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    /// In the order in which they apply.
    pub(crate) headers: Vec<HeaderRule>,
    pub(crate) redirects: Vec<Redirect>,
    pub(crate) rewrites: Vec<Rewrite>,
    pub(crate) fallback: Option<Fallback>,
}

impl Rules {
    /// The values of header fields.
    pub(crate) fn header_values(&self) -> impl Iterator<Item = &str> {
        let edits = self.headers.iter().flat_map(|rule| &rule.edits);
        edits.filter_map(|edit| edit.value())
    }

    /// Puts digests in the values of header fields right: each is replaced by all that stand for
    /// it now, as a policy lists them.
    pub(crate) fn replace_digests(&mut self, digests: &HashMap<String, BTreeSet<String>>) {
        let edits = self.headers.iter_mut().flat_map(|rule| &mut rule.edits);
        for value in edits.filter_map(HeaderEdit::value_mut) {
            for (old, new) in digests {
                *value = with_digests(value, old, new);
            }
        }
    }

    /// Whether a page is also the answer at other paths than its own, so that links in it cannot
    /// be relative.
    pub(crate) fn has_other_addresses(&self, logical_path: &str) -> bool {
        let fallback = self.fallback.iter().map(|fallback| &fallback.page);
        let mut pages = self.rewrites.iter().map(|rewrite| &rewrite.page).chain(fallback);
        pages.any(|page| page == logical_path)
    }
}

/// A redirect of one path. `from` is percent-decoded, `location` is percent-encoded.
#[derive(Debug)]
pub(crate) struct Redirect {
    pub(crate) from: String,
    pub(crate) location: String,
    pub(crate) status: u16,
    pub(crate) place: Place,
}

/// A path, percent-decoded, that is answered with an asset.
#[derive(Debug)]
pub(crate) struct Rewrite {
    pub(crate) from: String,
    /// The asset's logical path.
    pub(crate) page: String,
    pub(crate) place: Place,
}

/// The page of a single-page app.
#[derive(Debug)]
pub(crate) struct Fallback {
    /// Its logical path.
    pub(crate) page: String,
    /// In `_redirects`; or the setting `spa` says it.
    pub(crate) place: Option<Place>,
}

/// The page that is the body of every 404.
pub(crate) const NOT_FOUND_PAGE: &str = "404.html";

/// The page that stands for its folder.
pub(crate) const INDEX_PAGE: &str = "index.html";

pub(crate) const REDIRECTS: &str = "_redirects";
pub(crate) const HEADERS: &str = "_headers";

/// Gathers the rules of the settings, and of the files if they are there.
pub(crate) fn rules(settings: &Settings) -> Result<Rules, Error> {
    let mut rules = Rules {
        headers: settings.headers.clone(),
        fallback: settings.spa.clone().map(|page| Fallback { page, place: None }),
        ..Rules::default()
    };
    let mut problems = Vec::new();
    read(settings, HEADERS, &mut problems, |lines| headers(lines, &mut rules))?;
    read(settings, REDIRECTS, &mut problems, |lines| redirects(lines, settings, &mut rules))?;
    Error::unless_none(problems)?;
    Ok(rules)
}

/// A value in which a digest is replaced: a source of a policy, such as `'sha256-…'`, by as many as
/// there are.
fn with_digests(value: &str, old: &str, new: &BTreeSet<String>) -> String {
    let Some(at) = value.find(old) else { return value.to_owned() };
    let start = value[..at].rfind([' ', ';', ',']).map_or(0, |before| before + 1);
    let end = value[at..].find([' ', ';', ',']).map_or(value.len(), |behind| at + behind);
    let source = &value[start..end];
    let sources: Vec<_> = new.iter().map(|digest| source.replace(old, digest)).collect();
    format!("{}{}{}", &value[..start], sources.join(" "), with_digests(&value[end..], old, new))
}

/// What is wrong with a line, and which one it is, counted from 1.
type Faults = Vec<(usize, String)>;

fn read(
    settings: &Settings,
    name: &str,
    problems: &mut Vec<Problem>,
    parse: impl FnOnce(&str) -> Faults,
) -> Result<(), Problem> {
    let file = settings.assets.join(name);
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(ProblemKind::Io(error).of(file)),
    };
    let problem = |(line, message)| problem(&file, place(line), message);
    problems.extend(parse(&text).into_iter().map(problem));
    Ok(())
}

pub(crate) fn problem(file: &Path, place: Place, message: String) -> Problem {
    Problem { file: file.to_owned(), place: Some(place), kind: ProblemKind::Syntax(message) }
}

fn place(line: usize) -> Place {
    Place { line, column: 1 }
}

/// The lines that say something, with their numbers. A comment begins with `#`.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = (1..).zip(text.lines());
    numbered.filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
}

/// A line that is not indented is a URL pattern; those below it are its header fields.
fn headers(text: &str, rules: &mut Rules) -> Faults {
    let mut faults = Faults::new();
    let mut open: Option<HeaderRule> = None;
    for (number, line) in lines(text) {
        let is_pattern = !line.starts_with([' ', '\t']);
        match (is_pattern, &mut open) {
            (true, _) if line.starts_with('/') => {
                let matches = Match::Url(UrlPattern::new(line.trim_end()));
                rules.headers.extend(open.replace(HeaderRule { matches, edits: Vec::new() }));
            }
            (true, _) => faults.push((
                number,
                format!("{line:?} is no path: it begins with a slash; a host cannot be said here"),
            )),
            (false, None) => {
                faults.push((number, "a header field stands below the path that it is for".into()));
            }
            (false, Some(rule)) => match edit(line.trim()) {
                Ok(edit) => rule.edits.push(edit),
                Err(message) => faults.push((number, message)),
            },
        }
    }
    rules.headers.extend(open);
    faults
}

/// `Name: value`, which is added to what a rule before says of that name; or `! Name`.
fn edit(line: &str) -> Result<HeaderEdit, String> {
    if let Some(name) = line.strip_prefix('!') {
        return HeaderEdit::remove(name.trim());
    }
    let (name, value) = line
        .split_once(':')
        .ok_or_else(|| format!("{line:?} is no header field, such as `X-Frame-Options: DENY`"))?;
    match name.trim() {
        // These are one value, or are said by Hardtack already.
        name if REPLACED.iter().any(|other| name.eq_ignore_ascii_case(other)) => {
            HeaderEdit::set(name, value)
        }
        name => HeaderEdit::append(name, value),
    }
}

/// Fields of which Hardtack sends one, or of which two would contradict each other.
const REPLACED: &[&str] = &[
    "access-control-allow-origin",
    "cache-control",
    "cross-origin-embedder-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "referrer-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
];

/// A line is a path, where it leads, and perhaps a status.
fn redirects(text: &str, settings: &Settings, rules: &mut Rules) -> Faults {
    let mut faults = Faults::new();
    for (number, line) in lines(text) {
        let words: Vec<_> = line.split_whitespace().take_while(|it| !it.starts_with('#')).collect();
        if let Err(message) = redirect(&words, place(number), settings, rules) {
            faults.push((number, message));
        }
    }
    faults
}

fn redirect(
    words: &[&str],
    place: Place,
    settings: &Settings,
    rules: &mut Rules,
) -> Result<(), String> {
    let (from, to, status) = match *words {
        [from, to] => (from, to, "301"),
        [from, to, status] => (from, to, status),
        _ => {
            return Err("a line is a path, where it leads, and perhaps a status; conditions and \
                        query parameters are not supported"
                .to_owned());
        }
    };
    let status = number(status)?;
    let pattern = UrlPattern::new(from);
    match (pattern.exact(), status) {
        (None, 200) if pattern.is_everything() => fall_back(page(to, settings)?, place, rules),
        // What a 404 is answered with is no matter of redirects.
        (None, 404) if pattern.is_everything() && to == "/404.html" => Ok(()),
        (None, _) => Err(format!(
            "{from:?} is a pattern, and only single paths are redirected; of patterns there is \
             but `/* /index.html 200`, for a single-page app: write a line for each path, or let \
             the CDN redirect",
        )),
        (Some(from), _) => {
            let from = below(decode(from)?, settings)?;
            if status == 200 {
                rules.rewrites.push(Rewrite { from, page: page(to, settings)?, place });
            } else {
                let location = location(to)?;
                rules.redirects.push(Redirect { from, location, status, place });
            }
            Ok(())
        }
    }
}

/// `!` after the status would let the line win over a file; here there may be but one of them.
fn number(status: &str) -> Result<u16, String> {
    match status {
        "200" | "301" | "302" | "303" | "307" | "308" | "404" => {
            Ok(status.parse().expect("these are numbers"))
        }
        _ if status.ends_with('!') => Err(format!(
            "{status:?} is not supported: a path is either a file's or redirected; remove the `!`",
        )),
        _ => Err(format!("{status:?} is no status of a redirect: 301, 302, 303, 307, 308, or 200")),
    }
}

fn fall_back(page: String, place: Place, rules: &mut Rules) -> Result<(), String> {
    match &rules.fallback {
        None => {
            rules.fallback = Some(Fallback { page, place: Some(place) });
            Ok(())
        }
        Some(Fallback { place: None, .. }) => {
            Err("hardtack.toml says `spa` already: remove that, or this line".to_owned())
        }
        Some(_) => Err("there is such a line already".to_owned()),
    }
}

/// The logical path of the asset that a path means; a folder means its index.
fn page(path: &str, settings: &Settings) -> Result<String, String> {
    let mut path = below(decode(path)?, settings)?.split_off(settings.at.as_str().len());
    if path.is_empty() || path.ends_with('/') {
        path.push_str(INDEX_PAGE);
    }
    Ok(path)
}

fn decode(path: &str) -> Result<String, String> {
    let decoded = percent_decode_str(path).decode_utf8().ok().filter(|it| it.starts_with('/'));
    let decoded = decoded.filter(|decoded| !decoded.chars().any(char::is_control));
    decoded.map(String::from).ok_or_else(|| format!("{path:?} is no path that begins with a slash"))
}

fn below(path: String, settings: &Settings) -> Result<String, String> {
    let at = settings.at.as_str();
    match path.starts_with(at) {
        true => Ok(path),
        false => Err(format!("{path:?} is not below {at:?}, the URL prefix that `at` says")),
    }
}

/// Value of `Location`: a path, or a whole URL.
fn location(to: &str) -> Result<String, String> {
    const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\');
    let is_whole = ["https://", "http://"].iter().any(|scheme| to.starts_with(scheme));
    let is_path = to.starts_with('/') && !to.starts_with("//");
    if !is_whole && !is_path {
        return Err(format!("{to:?} is neither a path nor a URL of http or https"));
    }
    match to.split(['/', '=']).any(|part| part.starts_with(':')) {
        true => Err(format!("{to:?} has a placeholder, and only single paths are redirected")),
        false => Ok(utf8_percent_encode(to, ESCAPED).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Prefix;

    fn parse_headers(text: &str) -> (Rules, Faults) {
        let mut rules = Rules::default();
        let faults = headers(text, &mut rules);
        (rules, faults)
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
    fn headers_stand_below_their_path() {
        let text = "# comment\n/*\n  X-Frame-Options: DENY\n\t! X-A\n\n/a/*\n  Link: <b>; rel=preload\n  # x\n";
        let (rules, faults) = parse_headers(text);
        assert!(faults.is_empty(), "{faults:?}");
        let own = str::to_owned;
        let edits: Vec<_> = rules.headers.iter().map(|rule| rule.edits.clone()).collect();
        let expected = [
            vec![
                HeaderEdit::Set(own("x-frame-options"), own("DENY")),
                HeaderEdit::Remove(own("x-a")),
            ],
            vec![HeaderEdit::Append(own("link"), own("<b>; rel=preload"))],
        ];
        assert_eq!(edits, expected);
        assert!(rules.headers[1].is_for("a/b.html", "/a/b.html"));
        assert!(!rules.headers[1].is_for("a/b.html", "/b.html"));
    }

    #[test]
    fn faults_of_headers_say_the_line() {
        let fails = |text: &str, line: usize, expected: &str| {
            let (_, faults) = parse_headers(text);
            let [(number, message)] = &faults[..] else { panic!("{text}: {faults:?}") };
            assert_eq!(*number, line);
            assert!(message.contains(expected), "{message}");
        };
        fails("  X-A: b", 1, "below the path");
        fails("https://a.example/*\n", 1, "begins with a slash");
        fails("/a\n  X-A", 2, "is no header field");
        fails("/a\n\n  ETag: b", 3, "follows from the asset");
        fails("/a\n  X A: b", 2, "no name of a header field");
    }

    fn parse_redirects(text: &str, at: &str) -> (Rules, Faults) {
        let at = Prefix::try_from(at.to_owned()).unwrap();
        let mut rules = Rules::default();
        let faults = redirects(text, &Settings { at, ..Settings::default() }, &mut rules);
        (rules, faults)
    }

    #[test]
    fn redirects_of_single_paths() {
        let found = |line: &str| {
            let (rules, faults) = parse_redirects(line, "/");
            assert!(faults.is_empty(), "{faults:?}");
            let Redirect { from, location, status, .. } = &rules.redirects[0];
            (from.clone(), location.clone(), *status)
        };
        let is = |line: &str, from: &str, location: &str, status: u16| {
            assert_eq!(found(line), (from.to_owned(), location.to_owned(), status), "{line}");
        };
        is("/a /b", "/a", "/b", 301);
        is("/a\t/b?x=1#y  302 # why", "/a", "/b?x=1#y", 302);
        is("/a%20b/é https://a.example/é 308", "/a b/é", "https://a.example/%C3%A9", 308);
        is("/a http://a.example:80/", "/a", "http://a.example:80/", 301);
    }

    #[test]
    fn a_single_page_app_and_rewrites() {
        let (rules, faults) = parse_redirects("/* /s/ 200\n/* /404.html 404\n", "/s/");
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(rules.fallback.as_ref().unwrap().page, "index.html");
        assert!(rules.has_other_addresses("index.html"));
        let (rules, _) = parse_redirects("/a /b%20c.html 200", "/");
        let Rewrite { from, page, .. } = &rules.rewrites[0];
        assert_eq!((&**from, &**page), ("/a", "b c.html"));
        assert!(rules.has_other_addresses("b c.html") && !rules.has_other_addresses("b.html"));
    }

    #[test]
    fn what_redirects_cannot_be() {
        let fails = |line: &str, expected: &str| {
            let (_, faults) = parse_redirects(line, "/s/");
            let [(1, message)] = &faults[..] else { panic!("{line}: {faults:?}") };
            assert!(message.contains(expected), "{message}");
        };
        fails("/s/a", "a line is a path");
        fails("/s/a id=:id /b 301", "query parameters are not supported");
        fails("/s/a /b 301 Country=us", "conditions");
        fails("/s/blog/* /news/:splat 301", "only single paths");
        fails("/s/a/:b /b", "only single paths");
        fails("/s/a /b/:c", "placeholder");
        fails("/s/a /b 301!", "remove the `!`");
        fails("/s/a /b 418", "no status of a redirect");
        fails("/a /b", "not below \"/s/\"");
        fails("a /b", "begins with a slash");
        fails("/s/a //b", "neither a path nor a URL");
        fails("/s/a ftp://b", "neither a path nor a URL");
    }
}
