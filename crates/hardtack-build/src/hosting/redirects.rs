//! `_redirects`: a path or a pattern of paths, its target, and a status.

use hardtack_bundle::PathPattern;

use crate::{
    Settings,
    url_paths::{NOT_FOUND_PAGE, is_not_found_page},
};

use super::{
    Fallback, PatternAnswer, PatternRule, Redirect, Rewrite, Rules, Skipped,
    line::Line,
    lines,
    targets::Targets,
    urls::{as_pattern, below, decode, is_whole, location, variables},
};

/// The most patterns in a bundle, which tries them one after the other.
const MOST_PATTERNS: usize = 100;

/// Reads the lines. Of the lines for one path, the first counts.
pub(super) fn parse(
    text: &str,
    settings: &Settings,
    targets: &Targets,
    rules: &mut Rules,
) -> Skipped {
    let mut file = File { settings, targets, rules, everything: None, beyond: Vec::new() };
    let mut skipped = Skipped::new();
    let mut parsed = Vec::new();
    for (number, line) in lines(text) {
        match Line::parse(line) {
            Ok(line) => parsed.push((number, line)),
            Err(message) => skipped.push((number, message)),
        }
    }
    // The fallback's lines come first: other lines must not replace its page.
    let (fallbacks, others): (Vec<_>, Vec<_>) =
        parsed.into_iter().partition(|(_, line)| file.is_fallback(line));
    for (number, line) in &fallbacks {
        skipped.extend(file.fall_back(*number, line).err().map(|message| (*number, message)));
    }
    for (number, line) in &others {
        skipped.extend(file.add(*number, line).err().map(|message| (*number, message)));
    }
    if let (Some(first), count) = (file.beyond.first(), file.beyond.len()) {
        let message = format!(
            "no more than {MOST_PATTERNS} patterns are kept, and {count} from here on are not",
        );
        skipped.push((*first, message));
    }
    skipped.sort_by_key(|(number, _)| *number);
    skipped
}

/// The path or the pattern that a line is for, percent-decoded.
enum Source {
    Path(String),
    Pattern(String),
}

/// The rules of the lines read so far.
struct File<'a> {
    settings: &'a Settings,
    targets: &'a Targets,
    rules: &'a mut Rules,
    /// The line that answers every path.
    everything: Option<usize>,
    /// The lines of patterns beyond the limit.
    beyond: Vec<usize>,
}

impl File<'_> {
    fn at(&self) -> &str {
        self.settings.at.as_str()
    }

    fn is_everything(&self, from: &str) -> bool {
        from == "/*" || from.strip_suffix('*') == Some(self.at())
    }

    fn is_fallback(&self, line: &Line<'_>) -> bool {
        let is_one = line.status == 200 && !line.is_forced && self.is_everything(line.from);
        is_one && variables(line.to).is_empty() && !is_whole(line.to)
    }

    fn fall_back(&mut self, number: usize, line: &Line<'_>) -> Result<(), String> {
        match (self.everything, &self.rules.fallback) {
            (Some(before), _) => return Err(format!("line {before} answers every path already")),
            (None, Some(_)) => {
                return Err("`spa` already says it, or another folder's `_redirects`".to_owned());
            }
            (None, None) => {}
        }
        let path = self.target(line.to)?;
        let page = self.targets.named(&path).ok_or_else(|| no_asset(line.to))?;
        if self.targets.plain(page).is_none() {
            return Err(format!("{page:?} has no path that could answer at others"));
        }
        self.rules.fallback = Some(Fallback { page: page.to_owned() });
        self.everything = Some(number);
        Ok(())
    }

    fn add(&mut self, number: usize, line: &Line<'_>) -> Result<(), String> {
        let is_404_anyway = line.status == 404
            && self.is_everything(line.from)
            && line.to.strip_prefix(self.at()).or(line.to.strip_prefix('/'))
                == Some(NOT_FOUND_PAGE);
        if is_404_anyway {
            return Ok(());
        }
        let source = self.source(line.from)?;
        match (line.status, source) {
            (200 | 404, _) if is_whole(line.to) => Err(format!(
                "{:?} is another host, whose answers are not passed on: redirect there, or let \
                 `--upstream` answer",
                line.to
            )),
            (404, _) if line.is_forced => {
                Err("no rule hides a file: leave it out by `exclude`".to_owned())
            }
            (200, Source::Path(path)) => self.rewrite(path, line),
            (404, Source::Path(path)) => {
                let page = self.page(line.to)?.to_owned();
                if path.contains(['*', ':']) {
                    return Err(format!("{:?} has an escaped `*` or `:`", line.from));
                }
                self.unless_taken(&path, line)?;
                self.keep(number, path, PatternAnswer::Missing(page))
            }
            (200 | 404, Source::Pattern(pattern)) => self.rewrite_pattern(number, &pattern, line),
            (_, Source::Path(path)) => self.redirect(path, line),
            (_, Source::Pattern(pattern)) => self.redirect_pattern(number, pattern, line),
        }
    }

    fn source(&self, from: &str) -> Result<Source, String> {
        if is_whole(from) {
            return Err(format!("{from:?} names a host, and a bundle does not know its host"));
        }
        if from.contains(['?', '#']) {
            return Err(format!("{from:?} has a query or a fragment, which are not looked at"));
        }
        let path = below(decode(from)?, self.settings)?;
        if variables(from).is_empty() {
            return Ok(Source::Path(path));
        }
        let is_ambiguous = variables(from).len() != variables(&path).len();
        let message = "an escaped `*` or `:` cannot stand beside one that is none";
        match PathPattern::parse(&path) {
            _ if is_ambiguous => Err(format!("{from:?} is no pattern here: {message}")),
            Err(error) => Err(format!("{from:?} is no pattern here: {error}")),
            Ok(_) => Ok(Source::Pattern(path)),
        }
    }

    fn redirect(&mut self, from: String, line: &Line<'_>) -> Result<(), String> {
        let location = location(line.to, &[])?;
        if self.targets.leads_to(&from, &location) && self.targets.at(&from).is_some() {
            // The bake's own redirect to a page's address, or the page itself.
            return Ok(());
        }
        if decode(&location).is_ok_and(|to| to == from) {
            return Err(format!("{from:?} leads to itself"));
        }
        self.unless_taken(&from, line)?;
        self.push_redirect(from, location, line.status);
        Ok(())
    }

    fn rewrite(&mut self, from: String, line: &Line<'_>) -> Result<(), String> {
        let page = self.page(line.to)?.to_owned();
        if self.targets.at(&from) == Some(&page) {
            return Ok(());
        }
        self.unless_taken(&from, line)?;
        self.push_rewrite(from, page);
        Ok(())
    }

    fn redirect_pattern(
        &mut self,
        number: usize,
        pattern: String,
        line: &Line<'_>,
    ) -> Result<(), String> {
        let names = variables(&pattern);
        let location = location(line.to, &names)?;
        if decode(&location).is_ok_and(|to| as_pattern(&to) == pattern) {
            return Err(format!("{:?} leads to itself", line.from));
        }
        self.not_after_everything(number)?;
        if line.is_forced {
            for (path, captured) in
                self.replaceable(&pattern, |captures| captures.location(&location))
            {
                if !self.targets.leads_to(&path, &captured) {
                    self.push_redirect(path, captured, line.status);
                }
            }
        }
        let answer = PatternAnswer::Redirect { location, status: line.status };
        self.keep(number, pattern, answer)
    }

    /// Resolves a rule with a pattern into one rule for each asset that its target names. The
    /// captures in the target are then known; the rest is a path, or a pattern with fewer
    /// placeholders.
    fn rewrite_pattern(
        &mut self,
        number: usize,
        pattern: &str,
        line: &Line<'_>,
    ) -> Result<(), String> {
        let target = as_pattern(&self.target(line.to)?);
        let target = PathPattern::parse(&target).map_err(|error| {
            format!("{:?} cannot be the name of a file for each match: {error}", line.to)
        })?;
        let source = PathPattern::parse(pattern).expect("it was parsed before");
        if let Some(unknown) = target.names().find(|name| source.names().all(|it| it != *name)) {
            return Err(format!("`:{unknown}` of the target does not stand in {pattern:?}"));
        }
        let mut found = Vec::new();
        for (path, page) in self.targets.all_named() {
            if let Some(captures) = target.captures(path.as_bytes()) {
                found.push((captures.path(source), page.to_owned()));
            }
        }
        if found.is_empty() {
            return Err(no_asset(line.to));
        }
        let is_resolved = source.names().all(|name| target.names().any(|it| it == name));
        for (from, page) in found {
            match (is_resolved, line.status) {
                (true, 200) => self.add_resolved(from, page, line),
                (true, _) => self.keep(number, from, PatternAnswer::Missing(page))?,
                (false, _) => self.keep_page(number, from, page, line)?,
            }
        }
        Ok(())
    }

    /// Adds one of the paths of a pattern, unless another answer takes precedence.
    fn add_resolved(&mut self, from: String, page: String, line: &Line<'_>) {
        let is_taken = match self.targets.at(&from) {
            Some(owner) => owner == page || !line.is_forced || self.is_kept(owner),
            None => false,
        };
        let is_before = |rule: &PatternRule| rule.matches(&from);
        if is_taken || self.rules.ruled.contains(&from) || self.rules.patterns.iter().any(is_before)
        {
            return;
        }
        self.push_rewrite(from, page);
    }

    fn keep_page(
        &mut self,
        number: usize,
        pattern: String,
        page: String,
        line: &Line<'_>,
    ) -> Result<(), String> {
        if PathPattern::parse(&pattern).is_err() {
            // The name of the asset has a `*` or a `:` in it.
            return Ok(());
        }
        self.not_after_everything(number)?;
        if line.is_forced {
            for (path, ()) in self.replaceable(&pattern, |_| ()) {
                if self.targets.at(&path) != Some(&page) {
                    self.push_rewrite(path, page.clone());
                }
            }
        }
        let answer = match line.status {
            404 => PatternAnswer::Missing(page),
            _ => PatternAnswer::Page(page),
        };
        self.keep(number, pattern, answer)
    }

    /// The paths of assets that a forced pattern takes, each with a result made from its captures.
    fn replaceable<T>(
        &self,
        pattern: &str,
        make: impl Fn(&hardtack_bundle::Captures<'_, '_>) -> T,
    ) -> Vec<(String, T)> {
        let pattern = PathPattern::parse(pattern).expect("it was parsed before");
        let free = self
            .targets
            .taken()
            .filter(|(path, owner)| !self.rules.ruled.contains(*path) && !self.is_kept(owner));
        free.filter_map(|(path, _)| {
            let captures = pattern.captures(path.as_bytes())?;
            Some((path.to_owned(), make(&captures)))
        })
        .collect()
    }

    fn not_after_everything(&self, number: usize) -> Result<(), String> {
        match self.everything.filter(|before| *before < number) {
            Some(before) => Err(format!("line {before} answers every path already")),
            None => Ok(()),
        }
    }

    fn keep(
        &mut self,
        number: usize,
        pattern: String,
        answer: PatternAnswer,
    ) -> Result<(), String> {
        self.not_after_everything(number)?;
        if PathPattern::parse(&pattern).is_err() {
            return Err(format!("{pattern:?} is no pattern here"));
        }
        if self.rules.patterns.len() == MOST_PATTERNS {
            self.beyond.push(number);
            return Ok(());
        }
        if let PatternAnswer::Page(page) | PatternAnswer::Missing(page) = &answer {
            self.rules.pages.insert(page.clone());
        }
        if self.is_everything(&pattern) {
            self.everything = Some(number);
        }
        self.rules.patterns.push(PatternRule { pattern, answer });
        Ok(())
    }

    fn push_redirect(&mut self, from: String, location: String, status: u16) {
        self.take(&from);
        self.rules.redirects.push(Redirect { from, location, status });
    }

    fn push_rewrite(&mut self, from: String, page: String) {
        self.take(&from);
        self.rules.pages.insert(page.clone());
        self.rules.rewrites.push(Rewrite { from, page });
    }

    fn take(&mut self, path: &str) {
        self.rules.ruled.insert(path.to_owned());
        if self.targets.at(path).is_some() {
            self.rules.replaced.insert(path.to_owned());
        }
    }

    /// A file takes precedence, unless the line is forced; so does an earlier line.
    fn unless_taken(&self, path: &str, line: &Line<'_>) -> Result<(), String> {
        if self.rules.ruled.contains(path) {
            return Err(format!("a line before is about {path:?} already"));
        }
        match self.targets.at(path) {
            Some(owner) if !line.is_forced => Err(format!(
                "{path:?} is the path of {owner:?}, and a file comes first; with `{}!` the line does",
                line.status
            )),
            Some(owner) if self.is_kept(owner) => {
                Err(format!("{owner:?} is the answer at other paths, and keeps its own"))
            }
            _ => Ok(()),
        }
    }

    /// Whether an asset has to keep its path: it is the body of every 404, or the fallback.
    fn is_kept(&self, logical_path: &str) -> bool {
        let fallback = self.rules.fallback.as_ref();
        is_not_found_page(logical_path) || fallback.is_some_and(|it| it.page == logical_path)
    }

    /// The logical path of the asset that the target of a rewrite names.
    fn page(&self, to: &str) -> Result<&str, String> {
        self.targets.named(&self.target(to)?).ok_or_else(|| no_asset(to))
    }

    /// The target of a rewrite as a path, percent-decoded.
    fn target(&self, to: &str) -> Result<String, String> {
        below(decode(&to[..to.find(['?', '#']).unwrap_or(to.len())])?, self.settings)
    }
}

fn no_asset(to: &str) -> String {
    format!("{to:?} is no asset")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Patterns, Prefix, Role,
        scan::{Asset, Scanned},
    };

    const FILES: &[&str] = &[
        "404.html",
        "a.css",
        "about.html",
        "de/404.html",
        "de/index.html",
        "en/404.html",
        "en/index.html",
        "index.html",
        "news/a.html",
        "news/b c/index.html",
    ];

    fn asset(path: &str) -> Asset {
        let role = if path.ends_with(".html") { Role::EntryPoint } else { Role::Hashed };
        let (logical_path, media_type) = (path.to_owned(), String::new());
        Asset {
            logical_path,
            media_type,
            role,
            why: String::new(),
            bytes: Vec::new(),
            packed: None,
        }
    }

    fn parsed_at(text: &str, at: &str) -> (Rules, Skipped) {
        let at = Prefix::try_from(at.to_owned()).unwrap();
        let settings = Settings { at, exclude: Patterns::default(), ..Settings::default() };
        let assets = FILES.iter().map(|path| asset(path)).collect();
        let scanned = Scanned { assets, left_out: Vec::new() };
        let mut rules = Rules::default();
        let targets = Targets::new(&scanned, &settings);
        let skipped = parse(text, &settings, &targets, &mut rules);
        (rules, skipped)
    }

    /// All rules, one a text.
    fn rules_of(text: &str) -> Vec<String> {
        let (rules, skipped) = parsed_at(text, "/");
        assert!(skipped.is_empty(), "{text}: {skipped:?}");
        let redirects = rules.redirects.iter().map(|it| {
            let sign = if rules.replaced.contains(&it.from) { "!" } else { "" };
            format!("{} {} {}{sign}", it.from, it.location, it.status)
        });
        let rewrites = rules.rewrites.iter().map(|it| {
            let sign = if rules.replaced.contains(&it.from) { "!" } else { "" };
            format!("{} = {}{sign}", it.from, it.page)
        });
        let patterns = rules.patterns.iter().map(|it| match &it.answer {
            PatternAnswer::Page(page) => format!("{} ~ {page}", it.pattern),
            PatternAnswer::Missing(page) => format!("{} ~ 404 {page}", it.pattern),
            PatternAnswer::Redirect { location, status } => {
                format!("{} ~ {location} {status}", it.pattern)
            }
        });
        redirects.chain(rewrites).chain(patterns).collect()
    }

    #[track_caller]
    fn is(text: &str, expected: &[&str]) {
        assert_eq!(rules_of(text), expected, "{text}");
    }

    #[test]
    fn redirects_of_single_paths() {
        is("/a /b", &["/a /b 301"]);
        is("/a\t/b?x=1#y  302 # why", &["/a /b?x=1#y 302"]);
        is("/a%20b/é https://a.example/é 308", &["/a b/é https://a.example/%C3%A9 308"]);
        is("/a http://a.example:80/", &["/a http://a.example:80/ 301"]);
        is("/a https://a.example/wiki/Talk:Foo", &["/a https://a.example/wiki/Talk:Foo 301"]);
        is("/a%2Ab%3Ac /b", &["/a*b:c /b 301"]);
    }

    #[test]
    fn redirects_of_patterns_are_kept() {
        is("/blog/*  /news/:splat  301", &["/blog/* ~ /news/:splat 301"]);
        is("/u/:id https://x.example/:id 302", &["/u/:id ~ https://x.example/:id 302"]);
        is("/:y/:m/:d /blog-:y-:m-:d.html", &["/:y/:m/:d ~ /blog-:y-:m-:d.html 301"]);
        is("/x/* /about", &["/x/* ~ /about 301"]);
        is("/x%20/* /é", &["/x /* ~ /%C3%A9 301"]);
    }

    #[test]
    fn a_forced_line_comes_before_a_file() {
        is("/about.html /x 301!", &["/about.html /x 301!"]);
        is("/old /x 302!", &["/old /x 302"]);
        is("/about.html /a.css 200!", &["/about.html = a.css!"]);
        is(
            "/news/* https://n.example/:splat 301!",
            &[
                "/news/a.html https://n.example/a.html 301!",
                "/news/b c https://n.example/b%20c 301!",
                "/news/b c/ https://n.example/b%20c/ 301!",
                "/news/b c/index.html https://n.example/b%20c/index.html 301!",
                "/news/* ~ https://n.example/:splat 301",
            ],
        );
        is(
            "/n:rest/* /about.html 200!",
            &[
                "/news/a.html = about.html!",
                "/news/b c = about.html!",
                "/news/b c/ = about.html!",
                "/news/b c/index.html = about.html!",
                "/n:rest/* ~ about.html",
            ],
        );
    }

    #[test]
    fn rewrites() {
        is("/x /about.html 200", &["/x = about.html"]);
        is("/x /about 200", &["/x = about.html"]);
        is("/x /de/?q 200", &["/x = de/index.html"]);
        is("/about.html /about 200", &[]);
    }

    #[test]
    fn a_rewrite_is_resolved_as_far_as_the_assets_say() {
        is(
            "/blog/* /news/:splat.html 200",
            &["/blog/a = news/a.html", "/blog/b c/index = news/b c/index.html"],
        );
        is(
            "/n/:x /news/:x 200",
            &["/n/a = news/a.html", "/n/a.html = news/a.html", "/n/b c = news/b c/index.html"],
        );
        is("/:lang/* /:lang/index.html 200", &["/de/* ~ de/index.html", "/en/* ~ en/index.html"]);
        is("/app/* /about.html 200", &["/app/* ~ about.html"]);
    }

    #[test]
    fn pages_of_a_404() {
        is("/* /404.html 404", &[]);
        is("/gone /about.html 404", &["/gone ~ 404 about.html"]);
        is("/:lang/* /:lang/404.html 404", &["/de/* ~ 404 de/404.html", "/en/* ~ 404 en/404.html"]);
        is("/* /about.html 404", &["/* ~ 404 about.html"]);
    }

    #[test]
    fn a_single_page_app() {
        let (rules, skipped) = parsed_at("/* /s/ 200\n/* /404.html 404\n", "/s/");
        assert!(skipped.is_empty(), "{skipped:?}");
        assert_eq!(rules.fallback.as_ref().unwrap().page, "index.html");
        assert!(rules.has_other_addresses("index.html"));
    }

    #[test]
    fn what_the_bake_does_by_itself_needs_no_line() {
        is("/de /de/ 302", &[]);
    }

    #[test]
    fn which_paths_are_answered() {
        let (rules, _) = parsed_at("/a /b\n/c /about 200\n/d/* /e/:splat\n/f/* /404.html 404", "/");
        for (path, expected) in
            [("/a", true), ("/c", true), ("/d/x", true), ("/d", false), ("/f/x", false)]
        {
            assert_eq!(rules.answers(path), expected, "{path}");
        }
        assert!(rules.has_other_addresses("about.html") && rules.has_other_addresses("404.html"));
        assert!(!rules.has_other_addresses("news/a.html"));
    }

    #[track_caller]
    fn skips_at(at: &str, text: &str, expected: &str) {
        let (_, skipped) = parsed_at(text, at);
        let [(number, message)] = &skipped[..] else { panic!("{text}: {skipped:?}") };
        assert_eq!(*number, text.lines().count(), "{text}");
        assert!(message.contains(expected), "{text}: {message}");
    }

    #[track_caller]
    fn skips(text: &str, expected: &str) {
        skips_at("/", text, expected);
    }

    #[test]
    fn what_depends_on_more_than_the_path() {
        skips("/store id=:id /blog/:id 301", "is about the query");
        skips("/a?x=1 /b", "a query");
        skips("/ /us 302 Country=us,ca", "is about the visitor");
        skips("/a /b 302 Language=de", "is about the visitor");
        skips("/admin/* /admin/:splat 200! Role=admin", "is about the visitor");
        skips("/* /preview/:splat 302 Cookie=preview", "is about the visitor");
        skips("https://old.example/* https://new.example/:splat 301!", "names a host");
        skips("/api/* https://api.example/:splat 200", "not passed on");
        skips("/x/* https://:splat.example/", "choose the host");
    }

    #[test]
    fn what_is_no_rule() {
        skips("/a", "a path, where it leads");
        skips("/a /b 301 x", "follows the status");
        skips("/a /b 418", "no status of a redirect");
        skips("a /b", "begins with a slash");
        skips("/a //b", "neither a path nor a URL");
        skips("/a ftp://b", "neither a path nor a URL");
        skips("/a /b/:c", "stands for nothing");
        skips("/a/* /b/:c", "stands for nothing");
        skips("/a/*/b/* /c", "twice");
        skips("/a/:b-:c /d", "more than one");
        skips("/a%2A/* /d", "escaped");
        skips("/a/:b /c/:b/:d 200", "does not stand in");
        skips_at("/s/", "/a /b", "not below \"/s/\"");
        skips_at("/s/", "/s/a /b 200", "not below \"/s/\"");
    }

    #[test]
    fn what_comes_first() {
        skips("/about.html /b", "a file comes first; with `301!`");
        skips("/de /b", "is the path of \"de/index.html\"");
        skips("/a /b\n/a /c", "a line before");
        skips("/404.html /b 301!", "keeps its own");
        skips("/* /index.html 200\n/index.html /b 301!", "keeps its own");
        skips("/* /index.html 200\n/b/* /c", "line 1 answers every path");
        skips("/* /index.html 200\n/* /about.html 200", "line 1 answers every path");
        skips("/x /about.html 404!", "no rule hides a file");
        skips("/x /nowhere 200", "\"/nowhere\" is no asset");
        skips("/* /nowhere 200", "\"/nowhere\" is no asset");
        skips("/x/* /nowhere/:splat 200", "is no asset");
        skips("/x /x", "leads to itself");
        skips("/x/* /x/:splat", "leads to itself");
    }

    #[test]
    fn a_bounded_number_of_patterns_is_kept() {
        let lines: String = (0..103).map(|it| format!("/{it}/* /x\n")).collect();
        let (rules, skipped) = parsed_at(&lines, "/");
        assert_eq!(rules.patterns.len(), MOST_PATTERNS);
        let [(101, message)] = &skipped[..] else { panic!("{skipped:?}") };
        assert!(message.contains("and 3 from here on are not"), "{message}");
    }
}
