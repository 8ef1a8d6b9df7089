//! The styles of words on a terminal.

use anstyle::{AnsiColor, Style};

/// The style of the word before an error.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// The style of the word before a warning.
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// The style of the parts that a reader looks for first.
pub(crate) const EMPHASIS: Style = Style::new().bold();
