//! `_headers`: URL patterns, and below each of them header fields.

use std::{collections::BTreeMap, path::Path};

use crate::{
    Place,
    header_rules::{HeaderEdit, HeaderRule, Match},
    url_pattern::UrlPattern,
};

use super::{Rules, Skipped, lines};

/// The rule that the fields of the next lines belong to.
enum Open {
    Nothing,
    Rule(HeaderRule),
    /// A skipped rule, whose fields are skipped with it.
    Skipped,
}

/// Reads the rules. A line with a path or a URL begins a rule; the lines below it are its header
/// fields.
pub(super) fn parse(text: &str, file: &Path, rules: &mut Rules) -> Skipped {
    let mut skipped = Skipped::new();
    let mut open = Open::Nothing;
    for (number, line) in lines(text) {
        if is_address(line) {
            close(&mut open, rules);
            match begin(line, file) {
                Ok(rule) => open = Open::Rule(rule),
                Err(message) => {
                    open = Open::Skipped;
                    skipped.push((number, message));
                }
            }
            continue;
        }
        match &mut open {
            Open::Skipped => {}
            Open::Nothing => {
                skipped
                    .push((number, "a header field stands below the path that it is for".into()));
            }
            Open::Rule(rule) => {
                skipped.extend(add(line, number, rule).err().map(|it| (number, it)));
            }
        }
    }
    close(&mut open, rules);
    skipped
}

fn is_address(line: &str) -> bool {
    line.starts_with('/') || line.split(char::is_whitespace).next().is_some_and(has_scheme)
}

fn has_scheme(word: &str) -> bool {
    word.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

fn begin(line: &str, file: &Path) -> Result<HeaderRule, String> {
    if line.starts_with('/') {
        let matches = Match::Url(UrlPattern::new(line));
        let (edits, places) = (Vec::new(), BTreeMap::new());
        Ok(HeaderRule { matches, edits, file: file.to_owned(), places })
    } else {
        Err(format!(
            "{line:?} names a host, and a bundle does not know its host: write the path alone",
        ))
    }
}

/// Removals come first, since they are about fields of the rules before this one.
fn close(open: &mut Open, rules: &mut Rules) {
    if let Open::Rule(mut rule) = std::mem::replace(open, Open::Nothing) {
        rule.edits.sort_by_key(|edit| !matches!(edit, HeaderEdit::Remove(_)));
        rules.headers.push(rule);
    }
}

/// Adds `Name: value`, or `! Name`, to a rule.
fn add(line: &str, number: usize, rule: &mut HeaderRule) -> Result<(), String> {
    if let Some(name) = line.strip_prefix('!') {
        rule.edits.push(HeaderEdit::remove(name.trim())?);
        return Ok(());
    }
    let (name, value) = line
        .split_once(':')
        .ok_or_else(|| format!("{line:?} is no header field, such as `X-Frame-Options: DENY`"))?;
    let name = name.trim();
    match &*name.to_ascii_lowercase() {
        "basic-auth" => Err("passwords of visitors are not supported, and no header field".into()),
        _ if is_filled_in(value, rule) => {
            Err(format!("{value:?} has a placeholder, which is not filled in"))
        }
        own => {
            add_value(name, value, rule)?;
            rule.places.entry(own.to_owned()).or_insert(Place { line: number, column: 1 });
            Ok(())
        }
    }
}

fn is_filled_in(value: &str, rule: &HeaderRule) -> bool {
    let Match::Url(pattern) = &rule.matches else { return false };
    pattern.names().any(|name| value.contains(&format!(":{name}")))
}

/// The values of one name in a rule are joined as a list. Across rules, the last value of a
/// singleton field counts, and all values of any other.
fn add_value(name: &str, value: &str, rule: &mut HeaderRule) -> Result<(), String> {
    let edit = if is_single(name) {
        HeaderEdit::set(name, value)?
    } else {
        HeaderEdit::append(name, value)?
    };
    let is_same = |known: &&mut HeaderEdit| known.name() == edit.name();
    let known = rule.edits.iter_mut().filter(is_same).find_map(|known| match known {
        HeaderEdit::Set(_, value) | HeaderEdit::Append(_, value) => Some(value),
        HeaderEdit::Remove(_) => None,
    });
    match (known, &edit) {
        // A cookie has commas of its own (RFC 6265 §3).
        (Some(known), edit) if edit.is_of_content() => {
            known.clear();
            known.push_str(edit.value().unwrap_or_default());
        }
        (Some(known), HeaderEdit::Set(name, value) | HeaderEdit::Append(name, value))
            if name != "set-cookie" =>
        {
            known.push_str(", ");
            known.push_str(value);
        }
        _ => rule.edits.push(edit),
    }
    Ok(())
}

/// Singleton fields: Hardtack sends one already, or two would contradict each other.
const SINGLE: &[&str] = &[
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

fn is_single(name: &str) -> bool {
    SINGLE.iter().any(|other| name.eq_ignore_ascii_case(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Rules, Skipped) {
        let mut rules = Rules::default();
        let skipped = parse(text, Path::new("_headers"), &mut rules);
        (rules, skipped)
    }

    /// The edits of the one rule.
    #[track_caller]
    fn edits(text: &str, expected: &[&str]) {
        let (rules, skipped) = parsed(&format!("/*\n{text}"));
        assert!(skipped.is_empty(), "{skipped:?}");
        let edits = rules.headers[0].edits.iter().map(|edit| match edit {
            HeaderEdit::Set(name, value) => format!("{name}: {value}"),
            HeaderEdit::Append(name, value) => format!("+ {name}: {value}"),
            HeaderEdit::Remove(name) => format!("- {name}"),
        });
        assert_eq!(edits.collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn headers_stand_below_their_path() {
        edits("  X-Frame-Options: DENY\n\t! X-A\n", &["- x-a", "x-frame-options: DENY"]);
        edits("Link: <b>; rel=preload\n  # x\n", &["+ link: <b>; rel=preload"]);
        let (rules, _) = parsed("# x\n/*\n  A: b\n/a/*\n  C: d");
        assert!(rules.headers[1].is_for("a/b.html", "/a/b.html"));
        assert!(!rules.headers[1].is_for("a/b.html", "/b.html"));
    }

    #[test]
    fn values_of_one_name_are_joined() {
        edits("X-A: b\nx-a: c", &["+ x-a: b, c"]);
        edits(
            "Cache-Control: no-store\nCache-Control: max-age=0",
            &["cache-control: no-store, max-age=0"],
        );
        edits("X-A: b\n! X-A", &["- x-a", "+ x-a: b"]);
        edits("Set-Cookie: a=b\nSet-Cookie: c=d", &["+ set-cookie: a=b", "+ set-cookie: c=d"]);
    }

    #[test]
    fn a_media_type_is_the_assets() {
        let (rules, skipped) = parsed("/x\n  Content-Type: application/json\n");
        assert!(skipped.is_empty(), "{skipped:?}");
        assert!(rules.headers[0].edits[0].is_of_content());
        edits("Content-Type: a/b\nContent-Type: c/d", &["content-type: c/d"]);
    }

    #[track_caller]
    fn skips(text: &str, line: usize, expected: &str) {
        let (_, skipped) = parsed(text);
        let [(number, message)] = &skipped[..] else { panic!("{text}: {skipped:?}") };
        assert_eq!(*number, line);
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn what_is_skipped() {
        skips("  X-A: b", 1, "below the path");
        skips("https://a.example/*\n  A: b\n  C: d", 1, "names a host");
        skips("https://:project.pages.dev/*\n  A: b\n/*\n  C: d", 1, "names a host");
        skips("/a\n  X-A", 2, "is no header field");
        skips("/a\n\n  ETag: b", 3, "follows from the asset");
        skips("/a\n  X A: b", 2, "no name of a header field");
        skips("/a\n  Basic-Auth: user:secret", 2, "passwords");
        skips("/a\n  Content-Type: json", 2, "no media type");
        skips("/a/:id\n  X-A: is :id", 2, "placeholder");
        skips("/a/*\n  X-A: is :splat", 2, "placeholder");
    }
}
