//! The errors of a bake, with the file, the place, the fault and the remedy.

use std::{fmt, io, path::PathBuf};

use unicode_normalization::{is_nfc, is_nfd};

use crate::logical_path::has_escaped_slash;

/// The error of a failed bake: all problems of a stage at once.
#[derive(Debug)]
pub struct Error {
    /// At least one, in the order of the files.
    pub problems: Vec<Problem>,
}

/// One problem in a file.
#[derive(Debug)]
pub struct Problem {
    /// The file with the problem.
    pub file: PathBuf,
    /// The place in the file, if the problem has one.
    pub place: Option<Place>,
    /// The kind of problem.
    pub kind: ProblemKind,
}

/// A place in a text file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
}

/// The kind of a problem in a file.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProblemKind {
    /// It could not be read or written.
    Io(io::Error),
    /// It could not be written into the cache.
    Cache(io::Error),
    /// The asset folder is not there, or is not a folder.
    NoFolder,
    /// Its name is not UTF-8.
    NameNotUtf8,
    /// Its name contains a character that no URL path of a bundle can have.
    NameUnservable(char),
    /// It is a symbolic link that leads out of the asset folder.
    LinkLeadsOut,
    /// It is a symbolic link to a folder that it lies in.
    LinkLeadsBack,
    /// It is a symbolic link to nothing.
    LinkLeadsNowhere,
    /// It is a folder to which a tree of symbolic links leads by too many paths.
    TooManyLinks,
    /// It is neither a file nor a folder.
    NotAFile,
    /// It looks like a secret.
    LooksLikeSecret,
    /// Another asset has the same URL path.
    SameUrl {
        /// The URL path.
        path: String,
    },
    /// It could not be parsed.
    Syntax(String),
    /// It refers to files that are not among the assets.
    Missing(Vec<MissingReference>),
    /// It refers to files that are not among the assets, by code that runs later and may handle the
    /// failure.
    MissingAtRunTime(Vec<MissingReference>),
    /// A remark for people.
    Remark(String),
    /// A setting that does not exist, or has an impossible value.
    Setting(String),
    /// Two rules give it different media types.
    AmbiguousMediaType(String, String),
    /// It is no earlier release, or differs from one where it must not.
    Previous(String),
    /// It is a bundle of so many bytes, which is too large to be compiled into a program.
    TooLargeToCompile(usize),
    /// The bundle cannot contain the baked assets.
    Bundle(hardtack_bundle::Error),
}

/// A reference to a file that is not among the assets.
#[derive(Clone, Debug)]
pub struct MissingReference {
    /// The place of the reference.
    pub place: Place,
    /// The URL as written, without escapes.
    pub text: String,
    /// The logical path that it leads to.
    pub resolved: String,
    /// Logical paths that may have been meant.
    pub near: Vec<String>,
    /// The logical path that looks equal, but is composed of other Unicode characters.
    pub other_form: Option<String>,
}

impl ProblemKind {
    /// The kind in a word, for programs and for counting.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Io(_) => "io",
            Self::Cache(_) => "cache",
            Self::NoFolder => "no_folder",
            Self::NameNotUtf8 | Self::NameUnservable(_) => "name",
            Self::LinkLeadsOut
            | Self::LinkLeadsBack
            | Self::LinkLeadsNowhere
            | Self::TooManyLinks => "symlink",
            Self::NotAFile => "not_a_file",
            Self::LooksLikeSecret => "secret",
            Self::SameUrl { .. } => "same_url",
            Self::Syntax(_) => "syntax",
            Self::Missing(_) => "missing",
            Self::MissingAtRunTime(_) => "missing_at_run_time",
            Self::Remark(_) => "remark",
            Self::Setting(_) => "setting",
            Self::AmbiguousMediaType(..) => "media_type",
            Self::Previous(_) => "previous",
            Self::TooLargeToCompile(_) => "too_large",
            Self::Bundle(_) => "bundle",
        }
    }

    /// Makes a problem of this kind in a file.
    pub(crate) fn of(self, file: impl Into<PathBuf>) -> Problem {
        Problem { file: file.into(), place: None, kind: self }
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

impl Error {
    /// `Ok` if there are no problems.
    pub(crate) fn unless_none(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self { problems }) }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.location(), self.kind)
    }
}

impl Problem {
    /// Each place with its message. The missing references of one file are one problem with several
    /// places.
    pub fn parts(&self) -> Vec<(Option<Place>, String)> {
        let (references, kind): (_, fn(_) -> _) = match &self.kind {
            ProblemKind::Missing(references) => (references, ProblemKind::Missing),
            ProblemKind::MissingAtRunTime(references) => {
                (references, ProblemKind::MissingAtRunTime)
            }
            other => return vec![(self.place, other.to_string())],
        };
        let part = |one: &MissingReference| (Some(one.place), kind(vec![one.clone()]).to_string());
        references.iter().map(part).collect()
    }

    /// The file, and the place if there is one, in the form that editors accept: `a.css:1:2`.
    pub(crate) fn location(&self) -> String {
        // A line break in a name must not make two lines of one message.
        let escape = |character: char| {
            if character.is_control() {
                character.escape_default().to_string()
            } else {
                character.to_string()
            }
        };
        let file: String = self.file.to_string_lossy().chars().map(escape).collect();
        match self.place {
            Some(Place { line, column }) => format!("{file}:{line}:{column}"),
            None => file,
        }
    }
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "{error}"),
            Self::Cache(error) => {
                write!(
                    f,
                    "what was compressed cannot be remembered here: {error}; let this user "
                )?;
                f.write_str("write here, or name another folder as HARDTACK_CACHE")
            }
            Self::NoFolder => f.write_str(
                "this is not a folder: name that of the site's files, as `assets` in \
                 hardtack.toml, as HARDTACK_ASSETS, or as the argument of `hardtack pack`",
            ),
            Self::NameNotUtf8 => f.write_str("the name is not UTF-8: rename it"),
            Self::NameUnservable(character) => {
                write!(f, "the name holds {character:?}, which no URL here can have: rename it")
            }
            Self::LinkLeadsOut => f.write_str(
                "this symbolic link leads out of the asset folder: set `follow_symlinks = true` \
                 if what it leads to may be published, or add the link to `exclude`",
            ),
            Self::LinkLeadsBack => f.write_str(
                "this symbolic link leads to a folder around itself, and that has no end: remove \
                 it, or add it to `exclude`",
            ),
            Self::LinkLeadsNowhere => {
                f.write_str("this symbolic link leads nowhere: remove it, or add it to `exclude`")
            }
            Self::TooManyLinks => f.write_str(
                "more than 1000 paths lead to this folder, by symbolic links to folders with such \
                 links: remove some of the links, or add them to `exclude`",
            ),
            Self::NotAFile => f.write_str(
                "this is neither a file nor a folder: remove it, or add it to `exclude`",
            ),
            Self::LooksLikeSecret => f.write_str(
                "this looks like a secret, and would be published: remove it, add it to \
                 `exclude`, or, if everybody may read it, to `allow_secrets`",
            ),
            Self::SameUrl { path } => write!(
                f,
                "another asset is served at {path:?} too: rename one of them, or exclude it",
            ),
            Self::Syntax(message) => write!(f, "{message}"),
            Self::Missing(references) => missing(f, references, ""),
            Self::MissingAtRunTime(references) => {
                missing(f, references, "; the script finds out if it asks for it")
            }
            Self::Remark(message) | Self::Setting(message) => f.write_str(message),
            Self::AmbiguousMediaType(one, other) => write!(
                f,
                "two rules of `media_types` match it, for {one:?} and {other:?}: \
                 make them agree, or match apart",
            ),
            Self::Previous(message) => f.write_str(message),
            Self::TooLargeToCompile(bytes) => write!(
                f,
                "the site takes {:.1} GB, and code and data of a program have room for 2 GB: append \
                 it to a program with `hardtack pack`, or leave large files out with `exclude`",
                *bytes as f64 / 1e9
            ),
            Self::Bundle(error) => write!(f, "{error}"),
        }
    }
}

/// A single message on the line of its file, or each message on a line of its own.
fn missing(f: &mut fmt::Formatter<'_>, references: &[MissingReference], when: &str) -> fmt::Result {
    if let [only] = references {
        let MissingReference { text, resolved, .. } = only;
        write!(f, "{text:?} refers to {resolved:?}, which does not exist{when}")?;
        return suggestion(f, only);
    }
    write!(f, "{} references lead to files that do not exist{when}:", references.len())?;
    for reference in references {
        let MissingReference { place, text, resolved, .. } = reference;
        write!(f, "\n    {}:{}: {text:?} refers to {resolved:?}", place.line, place.column)?;
        suggestion(f, reference)?;
    }
    Ok(())
}

fn suggestion(f: &mut fmt::Formatter<'_>, reference: &MissingReference) -> fmt::Result {
    let MissingReference { text, resolved, near, other_form, .. } = reference;
    if has_escaped_slash(text.split(['?', '#']).next().unwrap_or_default()) {
        write!(
            f,
            ": an escaped slash is a part of a name, and no file has such a name, so write /"
        )?;
    }
    match other_form {
        None if near.is_empty() => Ok(()),
        None => write!(f, ". Near it: {}", near.join(", ")),
        Some(path) => write!(
            f,
            ". The name of the file is spelt \"{}\", {}, and this is \"{}\", {}, which look the \
             same and are two URLs: {}",
            path.escape_default(),
            form(path),
            resolved.escape_default(),
            form(resolved),
            if is_nfc(path) { "write this as the file" } else { "rename the file" },
        ),
    }
}

/// The Unicode normalization form of a text (UAX #15).
fn form(text: &str) -> &'static str {
    match text {
        _ if is_nfc(text) => "composed (NFC)",
        _ if is_nfd(text) => "decomposed (NFD)",
        _ => "in parts composed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_file_place_and_remedy() {
        let place = Place { line: 3, column: 7 };
        let kind = ProblemKind::Missing(vec![MissingReference {
            place,
            text: "../a.png".into(),
            resolved: "a.png".into(),
            near: vec!["img/a.png".into()],
            other_form: None,
        }]);
        let place = Some(place);
        let problem = Problem { file: "assets/css/app.css".into(), place, kind };
        assert_eq!(
            problem.to_string(),
            "assets/css/app.css:3:7: \"../a.png\" refers to \"a.png\", which does not exist. \
             Near it: img/a.png"
        );
    }
}
