//! The figures and the assets of the bundle, for the admin listener's page and for programs.

use std::collections::BTreeMap;

use hardtack_bundle::{Bundle, Error, Totals, manifest::Manifest};
use serde::{Serialize, Serializer};

use crate::metrics::{
    durations::Durations,
    reading::Instruments,
    tally::{Series, Tally},
};

/// Serialized, it is `/status.json`.
#[derive(Debug, Serialize)]
pub(crate) struct Status {
    pub(crate) version: &'static str,
    pub(crate) is_draining: bool,
    /// Workers of earlier upgrades that finish.
    pub(crate) old_workers: u32,
    pub(crate) uptime_seconds: u64,
    pub(crate) sandbox: String,
    pub(crate) connections: Connections,
    pub(crate) requests: Requests,
    /// From a request's header to the end of its response.
    pub(crate) duration_seconds: Quantiles,
    pub(crate) timeouts: Counts,
    pub(crate) tls_handshakes: Counts,
    pub(crate) upstream_requests: Counts,
    pub(crate) log_lines_dropped: Counts,
    pub(crate) bundle: Report,
}

#[derive(Debug, Serialize)]
pub(crate) struct Connections {
    pub(crate) open: u64,
    pub(crate) accepted: u64,
    pub(crate) refused: Counts,
}

#[derive(Debug, Serialize)]
pub(crate) struct Requests {
    pub(crate) total: u64,
    pub(crate) response_bytes: u64,
    /// The share of 304 among 304 and 200, from 0 to 1.
    pub(crate) not_modified_ratio: Option<f64>,
    pub(crate) by_status: Counts,
    pub(crate) by_coding: Counts,
    pub(crate) by_policy: Counts,
    pub(crate) by_protocol: Counts,
}

/// Estimates in seconds; null before the first request.
#[derive(Debug, Serialize)]
pub(crate) struct Quantiles {
    pub(crate) p50: Option<f64>,
    pub(crate) p90: Option<f64>,
    pub(crate) p99: Option<f64>,
}

/// The contents of the bundle.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) totals: Totals,
    #[serde(flatten)]
    pub(crate) manifest: Manifest,
}

impl Status {
    /// Reads the counters and lists the bundle.
    ///
    /// # Errors
    ///
    /// If the bundle is damaged.
    pub(crate) fn of(instruments: &Instruments) -> Result<Self, Error> {
        let reading = instruments.read();
        let tally = &reading.tally;
        Ok(Self {
            version: reading.version,
            is_draining: reading.is_draining,
            old_workers: reading.old_workers,
            uptime_seconds: reading.uptime.as_secs(),
            sandbox: reading.sandbox,
            connections: Connections {
                open: tally.open(),
                accepted: tally.accepted(),
                refused: Counts::from(tally.refusals()),
            },
            requests: Requests::of(tally),
            duration_seconds: Quantiles::of(tally.durations()),
            timeouts: Counts::from(tally.timeouts()),
            tls_handshakes: Counts::from(tally.handshakes()),
            upstream_requests: Counts::from(tally.upstream_requests()),
            log_lines_dropped: Counts::from(reading.dropped_lines),
            bundle: Report::of(&instruments.bundle)?,
        })
    }
}

impl Requests {
    fn of(tally: &Tally) -> Self {
        let series = tally.requests();
        let status = |one: &Series| one.status.map_or("other".to_owned(), |it| it.to_string());
        Self {
            total: series.iter().map(|one| one.count).sum(),
            response_bytes: tally.body_bytes(),
            not_modified_ratio: tally.not_modified_ratio(),
            by_status: Counts::of(&series, status),
            by_coding: Counts::of(&series, |one| one.coding.name().to_owned()),
            by_policy: Counts::of(&series, |one| one.policy.name().to_owned()),
            by_protocol: Counts::from(tally.protocols()),
        }
    }
}

impl Quantiles {
    fn of(durations: &Durations) -> Self {
        let [p50, p90, p99] = [0.5, 0.9, 0.99].map(|share| durations.quantile(share));
        Self { p50, p90, p99 }
    }
}

impl Report {
    fn of(bundle: &Bundle<'_>) -> Result<Self, Error> {
        Ok(Self { totals: bundle.totals(), manifest: Manifest::of(bundle)? })
    }
}

/// Counts by the value of a label.
#[derive(Debug, Default)]
pub(crate) struct Counts(pub(crate) Vec<(String, u64)>);

impl Counts {
    /// Adds up the series that have a label in common.
    fn of(series: &[Series], label: impl Fn(&Series) -> String) -> Self {
        let mut counts = BTreeMap::new();
        for one in series {
            *counts.entry(label(one)).or_default() += one.count;
        }
        Self(counts.into_iter().collect())
    }
}

impl From<Vec<(&'static str, u64)>> for Counts {
    fn from(counts: Vec<(&'static str, u64)>) -> Self {
        Self(counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect())
    }
}

impl Serialize for Counts {
    /// An object.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, count)| (name, count)))
    }
}
