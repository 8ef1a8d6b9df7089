//! The common parts of the commands that ask a server.

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::runtime::{self, Runtime};

pub(super) fn runtime() -> Result<Runtime> {
    Ok(runtime::Builder::new_current_thread().enable_all().build()?)
}

/// A line on a terminal, and nothing elsewhere. Its length grows with the planned requests.
pub(super) fn progress(doing: &str) -> ProgressBar {
    let template = format!("{{spinner}} {doing} {{bar:30}} {{pos}}/{{len}} requests, {{elapsed}}");
    let style = ProgressStyle::with_template(&template).expect("the template is valid");
    ProgressBar::new(0).with_style(style)
}
