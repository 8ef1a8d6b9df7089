//! Names in data and templates that scripts fetch: tables, settings, lists, templates of markup, and
//! every other text, whatever its format is called.
//!
//! Running text has none: it is for readers. Nor have sources of programs, which no page loads.

use std::ops::Range;

use super::{
    Found, data,
    literal::{Literal, LiteralKind},
};
use crate::logical_path::file_name;

/// The literals in a file of a format without a module of its own. None if it has none.
pub(super) fn find(bytes: &[u8], logical_path: &str) -> Option<Found> {
    let extension = file_name(logical_path).rsplit_once('.').map_or("", |(_, extension)| extension);
    let extension = extension.to_ascii_lowercase();
    let is_of = |extensions: &[&str]| extensions.contains(&extension.as_str());
    if is_of(TEMPLATES) || is_of(OBJECTS) {
        return Some(data(bytes));
    }
    let text = str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))?;
    if !is_of(FOR_READERS) && is_structured(text) {
        return Some(data(bytes));
    }
    let fields = match () {
        () if is_of(TABLES) => fields(text, |_, next| ",;|\t\"".contains(next)),
        () if is_of(SETTINGS) => settings(text),
        () if extension.is_empty() || is_of(LISTS) => {
            if is_list(text) {
                words(text)
            } else {
                Vec::new()
            }
        }
        () if is_of(FOR_READERS) || is_of(SOURCES) => return None,
        () => records(text),
    };
    let literals = fields.into_iter().filter(|span| span.len() > 2);
    let literals = literals.map(|span| Literal { span, kind: LiteralKind::String }).collect();
    Some(Found { literals, ..Found::default() })
}

/// Whether a text is markup or a relative of JSON, by its first characters. A section of settings
/// begins with a bracket and a word.
fn is_structured(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let in_brackets = || text.strip_prefix('[').map(str::trim_start);
    let begins_element = |rest: &str| rest.starts_with(|it: char| it.is_ascii_alphabetic());
    text.strip_prefix('<').is_some_and(|rest| begins_element(rest) || rest.starts_with('!'))
        || text.starts_with("<?xml")
        || text.strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with(['"', '}']))
        || in_brackets().is_some_and(|rest| rest.starts_with(['{', '[', '"']))
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

/// Running text, unless every line says otherwise.
const LISTS: &[&str] = &["licence", "license", "list", "lst", "txt"];

/// Running text with marks.
const FOR_READERS: &[&str] =
    &["adoc", "asciidoc", "markdown", "md", "mdx", "org", "rdoc", "rst", "tex", "textile"];

/// Programs that a browser cannot run, and style sheets that it cannot read.
const SOURCES: &[&str] = &[
    "awk", "bat", "c", "cc", "clj", "coffee", "cpp", "cr", "cs", "cts", "cxx", "d", "dart", "diff",
    "elm", "erl", "ex", "exs", "flow", "frag", "fs", "glsl", "go", "gradle", "groovy", "h", "hpp",
    "hs", "java", "jl", "jsx", "kt", "less", "lua", "m", "make", "ml", "mm", "mts", "nim", "patch",
    "php", "pl", "pm", "po", "pot", "ps1", "purs", "py", "pyi", "r", "rb", "rs", "sass", "scala",
    "scss", "sh", "sql", "styl", "swift", "ts", "tsx", "vert", "wgsl", "zig",
];

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

fn words(text: &str) -> Vec<Range<usize>> {
    let start = |word: &str| word.as_ptr().addr() - text.as_ptr().addr();
    text.split_ascii_whitespace().map(|word| start(word)..start(word) + word.len()).collect()
}

/// The fields of the lines that are no sentences and no comments, in a format without a name here:
/// `map_Kd wood.png`, `FILE "a.wav" WAVE`, `File1=a.mp3`.
fn records(text: &str) -> Vec<Range<usize>> {
    const FEW: usize = 4;
    let is_word = |word: &&str| {
        let word = word.trim_end_matches(['.', ',', '!', '?']);
        word.len() > 1 && word.chars().all(char::is_alphabetic)
    };
    let is_record = |line: &str| {
        let is_comment = ["# ", "//", "; ", "-- "].iter().any(|it| line.starts_with(it));
        !is_comment && line.split_ascii_whitespace().filter(is_word).nth(FEW).is_none()
    };
    let mut all = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if is_record(line.trim_start()) {
            let fields = fields(line, |_, next| "\"'=,;|\t()<>".contains(next)).into_iter();
            all.extend(fields.map(|field| start + field.start..start + field.end));
        }
        start += line.len();
    }
    all
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
    fn records_of_formats_without_a_name_here() {
        finds(
            "a.vtt",
            "WEBVTT\n\n00:01 --> 00:02\na.jpg#xywh=0,0\n",
            &["WEBVTT", "00:01 --", "00:02", "a.jpg#xywh"],
        );
        finds("a.mtl", "newmtl wood\nmap_Kd wood.png\n", &["newmtl wood", "map_Kd wood.png"]);
        finds("a.cue", "FILE \"My Song.wav\" WAVE", &["FILE", "My Song.wav", "WAVE"]);
        finds("a.pls", "[playlist]\nFile1=a.mp3", &["[playlist]", "File1", "a.mp3"]);
        finds("a.obj", "# made by a.png\nmtllib a.mtl\nv 1 2", &["mtllib a.mtl", "v 1 2"]);
        finds("a.srt", "Look at the fine new file a.png now.\n", &[]);
        finds("MANIFEST", "img/a.png\n", &["img/a.png"]);
        finds("LICENSE", "This is a.png and more.\n", &[]);
        finds("a.scss", "@import \"a.css\";", &[]);
        finds("a.d.ts", "import './a.css';", &[]);
    }

    #[test]
    fn structure_says_more_than_the_extension() {
        let whole = |path: &str, text: &str| finds(path, text, &[text]);
        whole("a.hbs", "<img src=\"{{b}}/a.png\">");
        whole("a.tsx", "<?xml version=\"1.0\"?>\n<tileset><image source=\"a.png\"/></tileset>");
        whole("a.tmx", "<map><image source=\"a.png\"/></map>");
        whole("a.czml", "[{\"image\": \"a.png\"}]");
        whole("a.unheard-of", "{ \"image\": \"a.png\" }");
        whole("tiles", "[\n\"a.png\"]");
        finds("a.md", "<img src=a.png>", &[]);
        finds("a.php", "<?php include 'a.css'; ?>", &[]);
    }
}
