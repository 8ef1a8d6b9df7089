//! `Use-As-Dictionary` (RFC 9842 §2.1): the field that has a browser keep a response as a dictionary.

use hardtack_bundle::{FieldEdit, Route, encode_path};

use crate::Settings;

pub(crate) const USE_AS_DICTIONARY: &str = "use-as-dictionary";

/// The value for a dictionary of all files at percent-encoded URL paths with `*` for any text.
///
/// The URL is a pattern (WHATWG URL Pattern) in a string of a structured field. Of the characters that a
/// percent-encoded path has, `+` has a meaning in a pattern.
pub(crate) fn of_paths(path: &str) -> String {
    format!("match=\"{}\"", path.replace('+', "\\\\+"))
}

/// The value for the dictionary of all pages of the site.
pub(crate) fn of_pages(settings: &Settings) -> String {
    let at = settings.at.as_str();
    let has_all = settings.folders.iter().all(|folder| folder.at.as_str().starts_with(at));
    let prefix = if has_all { at } else { "/" };
    format!("{}{FOR_PAGES}", of_paths(&format!("{}*", encode_path(prefix))))
}

/// The end of the value of no other asset.
const FOR_PAGES: &str = ", match-dest=(\"document\")";

/// Whether a route of some release is that of the dictionary of its pages.
pub fn is_page_dictionary(route: &Route<'_>) -> bool {
    route.fields().flatten().any(|edit| match edit {
        FieldEdit::Set(USE_AS_DICTIONARY, value) => value.ends_with(FOR_PAGES),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Folder, Prefix};

    #[test]
    fn a_path_is_a_pattern_in_a_string() {
        assert_eq!(of_paths("/s/a%20b.*.css"), r#"match="/s/a%20b.*.css""#);
        assert_eq!(of_paths("/a@2x+b.*.svg"), r#"match="/a@2x\\+b.*.svg""#);
    }

    #[test]
    fn the_pages_are_below_the_prefix_of_all_folders() {
        let prefix = |text: &str| Prefix::try_from(text.to_owned()).unwrap();
        let is = |at: &str, folders: &[&str], expected: &str| {
            let folder = |at: &&str| Folder { at: prefix(at), path: "x".into() };
            let folders = folders.iter().map(folder).collect();
            let settings = Settings { at: prefix(at), folders, ..Settings::default() };
            let expected = format!("match=\"{expected}\", match-dest=(\"document\")");
            assert_eq!(of_pages(&settings), expected, "{at}");
        };
        is("/", &[], "/*");
        is("/docs/", &[], "/docs/*");
        is("/docs/", &["/docs/api/"], "/docs/*");
        is("/static/", &["/"], "/*");
    }
}
