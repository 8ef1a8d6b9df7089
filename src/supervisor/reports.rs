//! The reports of workers, as they are believed. A worker that an intruder has taken over may send
//! anything, so its words are escaped before they stand in a log, on a terminal or in a notice to the
//! service manager, where a line break would begin another variable.

use std::fmt::Write;

use hardtack_serve::channel::Report;

/// Most characters of a word: a release id, the sandbox. The rest is left out.
const WORD: usize = 300;
/// Most characters of a failure's message.
const MESSAGE: usize = 2000;

/// The report with its texts escaped and shortened.
pub(crate) fn sanitized(report: Report) -> Report {
    match report {
        Report::Ready { sandbox, release } => {
            Report::Ready { sandbox: escaped(&sandbox, WORD), release: escaped(&release, WORD) }
        }
        Report::Failed(message) => Report::Failed(escaped(&message, MESSAGE)),
        Report::Alive | Report::Closed | Report::UpstreamFailed => report,
    }
}

/// At most so many characters of a text, on one line and without control characters.
fn escaped(text: &str, most: usize) -> String {
    let mut escaped = String::new();
    for character in text.chars().take(most) {
        if is_safe(character) {
            escaped.push(character);
        } else {
            write!(escaped, "{}", character.escape_unicode()).expect("a string grows");
        }
    }
    escaped
}

/// Whether a character is shown as itself, and moves nothing: the marks that turn the direction of a
/// text are no control characters (Unicode Standard Annex #9).
fn is_safe(character: char) -> bool {
    let breaks_line = matches!(character, '\u{2028}' | '\u{2029}');
    let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !(character.is_control() || breaks_line || turns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn becomes(text: &str, expected: &str) {
        let ready = Report::Ready { sandbox: text.to_owned(), release: text.to_owned() };
        let Report::Ready { sandbox, release } = sanitized(ready) else { panic!() };
        let Report::Failed(message) = sanitized(Report::Failed(text.to_owned())) else { panic!() };
        assert_eq!([&sandbox[..], &release, &message], [expected; 3], "{text:?}");
    }

    #[test]
    fn texts_are_on_one_line_and_move_nothing() {
        becomes("Landlock (no files), seccomp", "Landlock (no files), seccomp");
        becomes("a1b2c3d4e5f6", "a1b2c3d4e5f6");
        becomes("größer", "größer");
        becomes("x\nMAINPID=1", "x\\u{a}MAINPID=1");
        becomes("x\r\0", "x\\u{d}\\u{0}");
        becomes("\x1b[2J", "\\u{1b}[2J");
        becomes("\u{9b}2J\u{7f}", "\\u{9b}2J\\u{7f}");
        becomes("a\u{202e}b\u{2028}", "a\\u{202e}b\\u{2028}");
    }

    #[test]
    fn texts_are_short() {
        let long = "x".repeat(100_000);
        let Report::Failed(message) = sanitized(Report::Failed(long.clone())) else { panic!() };
        assert_eq!(message.len(), MESSAGE);
        let ready = Report::Ready { sandbox: long.clone(), release: long };
        let Report::Ready { sandbox, release } = sanitized(ready) else { panic!() };
        assert_eq!((sandbox.len(), release.len()), (WORD, WORD));
    }
}
