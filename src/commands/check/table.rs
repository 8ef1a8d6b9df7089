//! The result of a check, for people and for programs.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::{
    inspection::{Outcome, Outcomes},
    judgment::Side,
};
use crate::{
    client::Site,
    style::{EMPHASIS, visible},
};

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const FAINT: Style = Style::new().dimmed();

/// Faults of a judgment that are shown.
const SHOWN: usize = 3;

/// The result for one site.
pub(super) struct Checked {
    pub(super) site: Site,
    pub(super) side: Side,
    pub(super) outcomes: Outcomes,
}

impl Checked {
    pub(super) fn is_good(&self) -> bool {
        self.outcomes.all.iter().all(|outcome| outcome.broken.is_empty())
    }

    pub(super) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let part = if self.side == Side::Origin { " (origin)" } else { "" };
        writeln!(out, "{EMPHASIS}{}{EMPHASIS:#}{part}", self.site)?;
        let names = self.outcomes.all.iter().map(|outcome| outcome.judgment.name.len());
        let width = names.max().unwrap_or(0);
        self.outcomes.all.iter().try_for_each(|outcome| outcome.print(out, width))
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "url": self.site.to_string(),
            "side": if self.side == Side::Origin { "origin" } else { "cdn" },
            "requests": self.outcomes.requests,
            "judgments": self.outcomes.all.iter().map(Outcome::to_json).collect::<Vec<_>>(),
        })
    }
}

impl Outcome {
    fn print(&self, out: &mut impl Write, width: usize) -> io::Result<()> {
        let (name, rule) = (self.judgment.name, self.judgment.rule);
        match self.verdict() {
            "kept" => writeln!(out, "  {GOOD}✓{GOOD:#} {name:width$}  {rule}"),
            "broken" => self.print_faults(out, width),
            "skipped" => writeln!(out, "  {FAINT}– {name:width$}  skipped{FAINT:#}"),
            _ => {
                writeln!(out, "  {FAINT}– {name:width$}  not applicable: {}{FAINT:#}", self.reason)
            }
        }
    }

    fn print_faults(&self, out: &mut impl Write, width: usize) -> io::Result<()> {
        let (name, rule) = (self.judgment.name, self.judgment.rule);
        writeln!(out, "  {BAD}✗{BAD:#} {EMPHASIS}{name:width$}{EMPHASIS:#}  not true: {rule}")?;
        for (path, fault) in self.broken.iter().take(SHOWN) {
            writeln!(out, "      {path}: {}", visible(fault))?;
        }
        let more = self.broken.len().saturating_sub(SHOWN);
        if more > 0 {
            writeln!(out, "      and {more} more")?;
        }
        writeln!(out, "      {EMPHASIS}mend:{EMPHASIS:#} {}", self.judgment.remedy)
    }

    fn verdict(&self) -> &'static str {
        match self {
            Self { is_skipped: true, .. } => "skipped",
            Self { broken, .. } if !broken.is_empty() => "broken",
            Self { kept, .. } if *kept > 0 => "kept",
            _ => "not_applicable",
        }
    }

    fn to_json(&self) -> Value {
        let verdict = self.verdict();
        let fault = |(path, fault): &(String, String)| json!({ "path": path, "fault": fault });
        let faults: Vec<_> = self.broken.iter().map(fault).collect();
        let mut json = json!({
            "name": self.judgment.name,
            "rule": self.judgment.rule,
            "verdict": verdict,
            "kept": self.kept,
            "faults": faults,
        });
        match verdict {
            "broken" => json["remedy"] = self.judgment.remedy.into(),
            "not_applicable" => json["reason"] = self.reason.into(),
            _ => {}
        }
        json
    }
}
