//! A bake in one line.

use std::{fmt, time::Duration};

use hardtack_bundle::Totals;
use serde::Serialize;

/// What was baked, and how long it took. Displayed as one line.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// The [release id](hardtack_bundle::ReleaseId) in hex.
    pub release_id: String,
    /// Assets and their bytes.
    #[serde(flatten)]
    pub totals: Totals,
    /// Logical paths of the files and folders that were left out, sorted.
    pub left_out: Vec<String>,
    /// How long the bake took.
    pub seconds: f64,
}

impl Summary {
    pub(crate) fn new(
        release_id: String,
        totals: Totals,
        left_out: Vec<String>,
        took: Duration,
    ) -> Self {
        Self { release_id, totals, left_out, seconds: took.as_secs_f64() }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "baked {} in {:.1} s", self.totals, self.seconds)?;
        match &self.left_out[..] {
            [] => Ok(()),
            names @ [_, _, _, _, ..] => write!(f, "; left out {}, …", names[..3].join(", ")),
            names => write!(f, "; left out {}", names.join(", ")),
        }
    }
}
