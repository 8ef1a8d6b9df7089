//! What lets the process be watched: counters of the threads, and the listener that shows them.
//!
//! [`tally`] counts, in [`counters`] and [`durations`], by [`labels`]; [`reading`] is all of it at
//! one moment; [`metrics`] and [`status`] put it into words, and [`admin`] serves these.

pub(crate) mod admin;
mod counters;
mod durations;
pub(crate) mod labels;
mod metrics;
pub(crate) mod reading;
mod status;
pub(crate) mod tally;
