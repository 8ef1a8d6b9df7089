//! Names in data and templates that scripts fetch: tables, settings, lists, templates of markup.
//!
//! Running text has none: it is for readers.

use std::ops::Range;

use super::{
    Found, data,
    literal::{Literal, LiteralKind},
};

/// The literals in a file of such a format, by its extension. None if it is none.
pub(super) fn find(bytes: &[u8], logical_path: &str) -> Option<Found> {
    let extension = logical_path.rsplit_once('.')?.1.to_ascii_lowercase();
    let is_of = |extensions: &[&str]| extensions.contains(&extension.as_str());
    if is_of(TEMPLATES) || is_of(OBJECTS) {
        return Some(data(bytes));
    }
    let text = str::from_utf8(bytes).ok()?;
    let fields = match () {
        () if is_of(TABLES) => fields(text, |_, next| ",;|\t\"".contains(next)),
        () if is_of(SETTINGS) => settings(text),
        () if is_of(LINES) => lines(text, |words| words.len() == 1),
        () if is_of(MATERIALS) => lines(text, |words| words.len() > 1),
        () if is_of(LISTS) && is_list(text) => lines(text, |_| true),
        () => return None,
    };
    let literals = fields.into_iter().filter(|span| span.len() > 2);
    let literals = literals.map(|span| Literal { span, kind: LiteralKind::String }).collect();
    Some(Found { literals, ..Found::default() })
}

/// Markup with gaps.
const TEMPLATES: &[&str] = &[
    "ejs",
    "eta",
    "handlebars",
    "hbs",
    "j2",
    "jinja",
    "jinja2",
    "liquid",
    "mst",
    "mustache",
    "njk",
    "svelte",
    "tmpl",
    "tpl",
    "twig",
    "vue",
];

/// Relatives of JSON, whose strings have quotes.
const OBJECTS: &[&str] = &["fnt", "json5", "jsonc", "jsonl", "ndjson"];

/// A record a line.
const TABLES: &[&str] = &["csv", "psv", "tsv"];

const SETTINGS: &[&str] = &["cfg", "conf", "ini", "properties", "toml", "yaml", "yml"];

/// Formats in which a name stands on a line of its own.
const LINES: &[&str] = &["atlas", "vtt"];

/// Formats in which a name stands behind a word.
const MATERIALS: &[&str] = &["mtl"];

/// Running text, unless every line says otherwise.
const LISTS: &[&str] = &["list", "lst", "txt"];

/// The parts of each line between delimiters, each of which is known with the character before it.
fn fields(text: &str, is_delimiter: impl Fn(char, char) -> bool) -> Vec<Range<usize>> {
    let (mut fields, mut start, mut last) = (Vec::new(), 0, '\n');
    for (at, next) in text.char_indices() {
        if matches!(next, '\n' | '\r') || is_delimiter(last, next) {
            fields.push(start..at);
            start = at + next.len_utf8();
        }
        last = next;
    }
    fields.push(start..text.len());
    fields
}

/// The keys and the values in YAML, TOML and the like, without comments.
fn settings(text: &str) -> Vec<Range<usize>> {
    let is_delimiter = |last: char, next: char| {
        "\"'[]{},=".contains(next) || (next == ' ' && ":-".contains(last)) || next == '\t'
    };
    let mut all = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let comment = line.char_indices().find(|(at, next)| {
            *next == '#' && line[..*at].chars().next_back().is_none_or(char::is_whitespace)
        });
        let value = comment.map_or(line, |(at, _)| &line[..at]);
        let fields = fields(value, is_delimiter).into_iter();
        all.extend(fields.map(|field| start + field.start..start + field.end));
        start += line.len();
    }
    all
}

/// The words of the lines that are of some number of words.
fn lines(text: &str, is_of: impl Fn(&[&str]) -> bool) -> Vec<Range<usize>> {
    let lines = text.lines().map(|line| line.split_ascii_whitespace().collect::<Vec<_>>());
    let words = lines.filter(|words| is_of(words)).flatten();
    let start = |word: &str| word.as_ptr().addr() - text.as_ptr().addr();
    words.map(|word| start(word)..start(word) + word.len()).collect()
}

/// Whether each line is a name or a record, and not a part of a sentence: of few words, and one of
/// them has a dot or a slash inside.
fn is_list(text: &str) -> bool {
    const FEW: usize = 3;
    let is_name = |word: &str| {
        word.trim_end_matches(['.', ',', ':', ';']).trim_start_matches('.').contains(['.', '/'])
    };
    let is_entry = |line: &str| {
        let words = line.split_ascii_whitespace();
        words.clone().count() <= FEW && words.clone().any(is_name)
    };
    let lines = text.lines().map(str::trim);
    let mut lines =
        lines.filter(|line| !line.is_empty() && !line.starts_with(['#', ';'])).peekable();
    lines.peek().is_some() && lines.all(is_entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn finds(path: &str, text: &str, expected: &[&str]) {
        let found = find(text.as_bytes(), path).map(|found| found.literals).unwrap_or_default();
        let found = found.into_iter().map(|literal| text[literal.span].trim());
        assert_eq!(found.collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn cells_of_tables() {
        finds(
            "a.csv",
            "name,image\nLogo,\"img/a.png\"\r\n",
            &["name", "image", "Logo", "img/a.png"],
        );
        finds("a.tsv", "Logo\timg/a.png", &["Logo", "img/a.png"]);
    }

    #[test]
    fn values_of_settings() {
        finds("a.yml", "# x.png\nimage: a.png # b.png\n- c.png\n", &["image:", "a.png", "c.png"]);
        finds("a.yaml", "a: [b.png, \"c.png\"]", &["b.png", "c.png"]);
        finds("a.toml", "image = \"a.png\" # b.png\n", &["image", "a.png"]);
        finds("a.ini", "[icons]\nmain=a.png", &["icons", "main", "a.png"]);
    }

    #[test]
    fn lists_are_no_running_text() {
        finds("a.txt", "img/a.png\n\n# more\nb.css\n", &["img/a.png", "more", "b.css"]);
        finds("a.txt", "a.png 1200\nb.png 30", &["a.png", "1200", "b.png"]);
        finds("a.txt", "Include a.css and b.js in your page.\n", &[]);
        finds("a.txt", "a.css\nThis is the style sheet.\n", &[]);
        finds("a.txt", "User-agent: *\nDisallow: /x/\n", &[]);
        finds("a.md", "a.css\n", &[]);
        finds("a.txt", "", &[]);
    }

    #[test]
    fn lines_of_other_formats() {
        finds(
            "a.vtt",
            "WEBVTT\n\n00:01 --> 00:02\na.jpg#xywh=0,0\n",
            &["WEBVTT", "a.jpg#xywh=0,0"],
        );
        finds("a.mtl", "newmtl wood\nmap_Kd wood.png\n", &["newmtl", "wood", "map_Kd", "wood.png"]);
        finds("a.hbs", "<img src=\"{{b}}/a.png\">", &["<img src=\"{{b}}/a.png\">"]);
    }
}
