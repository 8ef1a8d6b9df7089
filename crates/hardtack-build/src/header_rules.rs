//! Rules that change header fields of responses: `[[headers]]` in `hardtack.toml`, and the file
//! `_headers`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use hardtack_bundle::{Coding, FieldEdit};
use http::{HeaderName, HeaderValue};
use serde::{Deserialize, Deserializer, de::Error};
use toml::Spanned;

use crate::{Patterns, Place, Problem, ProblemKind, url_pattern::UrlPattern};

/// Changes of header fields, and the assets whose responses they apply to.
#[derive(Clone, Debug)]
pub struct HeaderRule {
    pub(crate) matches: Match,
    pub(crate) edits: Vec<HeaderEdit>,
    /// The file that the rule stands in.
    pub(crate) file: PathBuf,
    /// The places of the fields in that file, by their names in lower case.
    pub(crate) places: BTreeMap<String, Place>,
}

/// The assets that a rule is for.
#[derive(Clone, Debug)]
pub(crate) enum Match {
    /// Assets whose logical path matches.
    Globs(Patterns),
    /// Assets whose plain path, as a URL, matches.
    Url(UrlPattern),
}

/// A [`FieldEdit`] that owns its texts. The name is in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HeaderEdit {
    Set(String, String),
    Append(String, String),
    Remove(String),
}

impl HeaderRule {
    /// Puts the places right of a rule that was parsed without its file: there, each counts the
    /// text as one line of bytes.
    pub(crate) fn locate(&mut self, file: &Path, text: &str) {
        self.file = file.to_owned();
        for place in self.places.values_mut() {
            *place = Place::at(text.as_bytes(), (place.column - 1).min(text.len()));
        }
    }

    /// The names and values of the fields that the rule gives.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.edits.iter().filter_map(|edit| Some((edit.name(), edit.value()?)))
    }

    /// A problem with one of the fields, at its place.
    pub(crate) fn problem(&self, field: &str, kind: ProblemKind) -> Problem {
        Problem { file: self.file.clone(), place: self.places.get(field).copied(), kind }
    }

    /// Whether this rule is for an asset of that logical path and that plain path.
    pub(crate) fn is_for(&self, logical_path: &str, plain: &str) -> bool {
        match &self.matches {
            Match::Globs(globs) => globs.matches(logical_path),
            Match::Url(pattern) => pattern.matches(plain),
        }
    }
}

impl HeaderEdit {
    /// # Errors
    ///
    /// If the field does not exist, cannot have the value, or may not be changed by a rule.
    pub(crate) fn set(name: &str, value: &str) -> Result<Self, String> {
        if let Some(name) = of_content(name) {
            return Ok(Self::Set(name.to_owned(), content_value(name, value)?));
        }
        let name = editable(name)?;
        match name.as_str() {
            "vary" => Err("`Vary` is appended to, not set: caches need what it says".to_owned()),
            _ => Ok(Self::Set(name, field_value(value)?)),
        }
    }

    pub(crate) fn append(name: &str, value: &str) -> Result<Self, String> {
        match of_content(name) {
            // A file has one value of each of these fields, so it is set, never appended.
            Some(_) => Self::set(name, value),
            None => Ok(Self::Append(editable(name)?, field_value(value)?)),
        }
    }

    pub(crate) fn remove(name: &str) -> Result<Self, String> {
        let name = editable(name)?;
        match name.as_str() {
            "vary" => Err("`Vary` is not removed: caches need what it says".to_owned()),
            _ => Ok(Self::Remove(name)),
        }
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Set(name, _) | Self::Append(name, _) | Self::Remove(name) => name,
        }
    }

    /// The value of the field; none if the edit removes it.
    pub(crate) fn value(&self) -> Option<&str> {
        match self {
            Self::Set(_, value) | Self::Append(_, value) => Some(value),
            Self::Remove(_) => None,
        }
    }

    pub(crate) fn value_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Set(_, value) | Self::Append(_, value) => Some(value),
            Self::Remove(_) => None,
        }
    }

    /// Whether it describes the bytes of the asset, and not a response.
    pub(crate) fn is_of_content(&self) -> bool {
        of_content(self.name()).is_some()
    }

    pub(crate) fn as_field_edit(&self) -> FieldEdit<'_> {
        match self {
            Self::Set(name, value) => FieldEdit::Set(name, value),
            Self::Append(name, value) => FieldEdit::Append(name, value),
            Self::Remove(name) => FieldEdit::Remove(name),
        }
    }
}

/// The field's name in lower case, if the field describes the bytes of a file.
fn of_content(name: &str) -> Option<&'static str> {
    let fields = ["content-encoding", "content-type"];
    fields.into_iter().find(|field| name.trim().eq_ignore_ascii_case(field))
}

/// # Errors
///
/// If the value of that field is no coding, or no media type.
fn content_value(name: &str, value: &str) -> Result<String, String> {
    let value = value.trim();
    let coding = Coding::PLAIN.iter().find(|coding| value.eq_ignore_ascii_case(coding.name()));
    match (name, coding) {
        ("content-type", _) if is_media_type(value) => Ok(value.to_owned()),
        ("content-type", _) => Err(format!("{value:?} is no media type")),
        (_, Some(coding)) => Ok(coding.name().to_owned()),
        (_, None) => Err(format!("{value:?} is no content coding: gzip, br, zstd or identity")),
    }
}

/// Fields that are computed from the asset or the request: any other value would be wrong.
const OURS: &[&str] = &[
    "accept-ranges",
    "allow",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "date",
    "etag",
    "keep-alive",
    "last-modified",
    "location",
    "repr-digest",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The name in lower case, if a rule may change that field.
fn editable(name: &str) -> Result<String, String> {
    let known = HeaderName::from_bytes(name.as_bytes());
    let known = known.map_err(|_| format!("{name:?} is no name of a header field"))?;
    match known.as_str() {
        "content-type" => Err("every asset has a `Content-Type`: set another".to_owned()),
        ours if OURS.contains(&ours) => {
            Err(format!("`{name}` follows from the asset and the request, and is not a rule's"))
        }
        other => Ok(other.to_owned()),
    }
}

fn field_value(value: &str) -> Result<String, String> {
    let trimmed = value.trim();
    match HeaderValue::from_str(trimmed) {
        Ok(_) if trimmed.is_ascii() && !trimmed.is_empty() => Ok(trimmed.to_owned()),
        _ => Err(format!("{value:?} cannot be the value of a header field")),
    }
}

impl<'de> Deserialize<'de> for HeaderRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Rule {
            #[serde(rename = "for")]
            globs: Globs,
            #[serde(default)]
            set: BTreeMap<String, Spanned<String>>,
            #[serde(default)]
            append: BTreeMap<String, Spanned<String>>,
            #[serde(default)]
            remove: Vec<String>,
        }
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "`for` is a glob or a list of globs")]
        enum Globs {
            One(String),
            Several(Vec<String>),
        }
        let Rule { globs, set, append, remove } = Rule::deserialize(deserializer)?;
        let globs = match globs {
            Globs::One(glob) => vec![glob],
            Globs::Several(globs) => globs,
        };
        let edits = remove.iter().map(|name| HeaderEdit::remove(name));
        let set_edits = set.iter().map(|(name, value)| HeaderEdit::set(name, value.get_ref()));
        let appended = append.iter();
        let appended = appended.map(|(name, value)| HeaderEdit::append(name, value.get_ref()));
        let edits = edits.chain(set_edits).chain(appended);
        let edits: Vec<_> = edits.collect::<Result<_, _>>().map_err(D::Error::custom)?;
        if edits.is_empty() {
            return Err(D::Error::custom(
                "the rule changes nothing: it has no set, append or remove",
            ));
        }
        let matches = Match::Globs(Patterns::new(&globs).map_err(D::Error::custom)?);
        let place = |(name, value): (&String, &Spanned<String>)| {
            (name.to_ascii_lowercase(), Place { line: 1, column: value.span().start + 1 })
        };
        let places = set.iter().chain(&append).map(place).collect();
        Ok(Self { matches, edits, file: PathBuf::new(), places })
    }
}

/// Whether a text is `type/subtype`, perhaps with parameters, of characters that a header field can
/// contain.
pub(crate) fn is_media_type(text: &str) -> bool {
    let essence = text.split(';').next().unwrap_or_default().trim_end();
    let is_token = |token: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
        !token.is_empty() && token.bytes().all(allowed)
    };
    essence.split_once('/').is_some_and(|(main, sub)| is_token(main) && is_token(sub))
        && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(rule: &str) -> Result<HeaderRule, String> {
        toml::from_str(rule).map_err(|error: toml::de::Error| error.message().to_owned())
    }

    #[test]
    fn a_rule_removes_then_sets_then_appends() {
        let rule = parse(
            "for = '*.html'\nset = { X-B = ' b ' }\nappend = { Link = '<a>' }\nremove = ['X-C']",
        );
        let rule = rule.unwrap();
        let own = str::to_owned;
        let expected = [
            HeaderEdit::Remove(own("x-c")),
            HeaderEdit::Set(own("x-b"), own("b")),
            HeaderEdit::Append(own("link"), own("<a>")),
        ];
        assert_eq!(rule.edits, expected);
        assert!(rule.is_for("a/b.html", "/x") && !rule.is_for("a.css", "/a.html"));
    }

    #[test]
    fn a_field_has_a_place() {
        let text = "for = '*'\nset = { X-A = 'b',\n Link = '</a>' }";
        let mut rule = parse(text).unwrap();
        rule.locate(Path::new("hardtack.toml"), text);
        let problem = rule.problem("link", ProblemKind::Remark("x".to_owned()));
        assert_eq!(problem.to_string(), "hardtack.toml:3:9: x");
    }

    /// In `_headers`, fields are appended.
    #[test]
    fn what_the_content_is_is_set_whichever_way_it_is_said() {
        for edit in [HeaderEdit::set, HeaderEdit::append] {
            let own = |name: &str, value: &str| HeaderEdit::Set(name.to_owned(), value.to_owned());
            assert_eq!(edit("Content-Encoding", " BR ").unwrap(), own("content-encoding", "br"));
            let json = edit("content-type", "application/json").unwrap();
            assert_eq!(json, own("content-type", "application/json"));
            assert!(json.is_of_content());
        }
        assert!(!HeaderEdit::set("X-A", "b").unwrap().is_of_content());
    }

    #[test]
    fn what_cannot_be() {
        let fails = |rule: &str, expected: &str| {
            let error = parse(rule).unwrap_err();
            assert!(error.contains(expected), "{rule}: {error}");
        };
        fails("for = '*'", "changes nothing");
        fails("for = 'a['\nremove = ['x']", "a[");
        fails("for = 1\nremove = ['x']", "a glob or a list of globs");
        fails("for = '*'\nsett = { x = 'y' }", "unknown field `sett`");
        fails("for = '*'\nset = { 'a b' = 'y' }", "no name of a header field");
        fails("for = '*'\nset = { x = \"a\\nb\" }", "cannot be the value");
        fails("for = '*'\nset = { x = 'é' }", "cannot be the value");
        fails("for = '*'\nset = { x = '' }", "cannot be the value");
        fails("for = '*'\nset = { ETag = 'x' }", "`ETag` follows from the asset");
        fails("for = '*'\nremove = ['Content-Length']", "follows from the asset");
        fails("for = '*'\nset = { content-type = 'x' }", "is no media type");
        fails("for = '*'\nremove = ['Content-Type']", "set another");
        fails("for = '*'\nset = { Content-Encoding = 'deflate' }", "is no content coding");
        fails("for = '*'\nremove = ['Content-Encoding']", "follows from the asset");
        fails("for = '*'\nset = { Vary = 'x' }", "appended to");
        fails("for = '*'\nremove = ['vary']", "not removed");
        assert!(parse("for = ['*']\nappend = { Vary = 'X' }").is_ok());
    }
}
