//! The styles of words on a terminal.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

/// The style of the word before an error.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// The style of the word before a warning.
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// The style of the parts that a reader looks for first.
pub(crate) const EMPHASIS: Style = Style::new().bold();

/// Prints a warning on standard error.
pub(crate) fn warn(text: impl Display) {
    anstream::eprintln!("{WARNING}warning:{WARNING:#} {text}");
}

/// A name on one line of a terminal: characters that cannot be seen are escaped.
pub(crate) fn visible(name: &str) -> String {
    let mut text = String::new();
    for character in name.chars() {
        match character {
            '\'' | '"' => text.push(character),
            _ => text.extend(character.escape_debug()),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        for (name, expected) in [
            ("it's \"a\" b.css", "it's \"a\" b.css"),
            ("größe.css", "größe.css"),
            ("a\u{1b}[2J\n\u{200b}", "a\\u{1b}[2J\\n\\u{200b}"),
        ] {
            assert_eq!(visible(name), expected);
        }
    }
}
