//! The counters of the process, and the listener that shows them.
//!
//! [`tally`] counts, in [`counters`] and [`durations`], by [`labels`]; [`reading`] is all of it at
//! one moment; [`prometheus`] and [`status`] put it into words, and [`admin`] serves these.

pub(crate) mod admin;
mod counters;
mod durations;
pub(crate) mod labels;
mod prometheus;
pub(crate) mod reading;
mod status;
pub(crate) mod tally;
