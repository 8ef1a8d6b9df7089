//! How long requests took: a histogram of fixed buckets.

use std::time::Duration;

use crate::metrics::counters::{Counter, Counters};

/// The buckets' upper bounds in nanoseconds, inclusive as Prometheus' `le` is. One
/// more bucket has the longer durations.
const BOUNDS: [u64; 16] = [
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
];

/// Durations, counted by size, and their sum.
#[derive(Debug, Default)]
pub(crate) struct Durations {
    buckets: Counters<{ BOUNDS.len() + 1 }>,
    nanoseconds: Counter,
}

impl Durations {
    pub(crate) fn observe(&self, duration: Duration) {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        // Comparing with all of them leaves no branch to guess.
        let bucket = BOUNDS.iter().filter(|bound| **bound < nanoseconds).count();
        self.buckets.add(bucket, 1);
        self.nanoseconds.add(nanoseconds);
    }

    /// Adds what another one has counted.
    pub(crate) fn add_all(&self, other: &Self) {
        self.buckets.add_all(&other.buckets);
        self.nanoseconds.add(other.nanoseconds.read());
    }

    pub(crate) fn count(&self) -> u64 {
        self.buckets.read().iter().sum()
    }

    pub(crate) fn sum_seconds(&self) -> f64 {
        seconds(self.nanoseconds.read())
    }

    /// Upper bounds in seconds, the last one infinite, and how many are in each bucket alone.
    pub(crate) fn buckets(&self) -> Vec<(f64, u64)> {
        let bounds = BOUNDS.map(seconds).into_iter().chain([f64::INFINITY]);
        bounds.zip(self.buckets.read()).collect()
    }

    /// An estimate of the seconds that a share of all requests, from 0 to 1, did not exceed. `None`
    /// if there was no request.
    ///
    /// Those of a bucket are taken to be spread evenly over it, as by Prometheus'
    /// `histogram_quantile`; as there, it is never more than the last finite bound.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        let rank = share * self.count() as f64;
        let (mut below, mut lower) = (0.0, 0.0);
        for (upper, count) in self.buckets() {
            let reached = below + count as f64;
            if count > 0 && reached >= rank {
                let width = if upper.is_finite() { upper - lower } else { 0.0 };
                return Some(lower + width * (rank - below) / count as f64);
            }
            (below, lower) = (reached, upper);
        }
        None
    }
}

fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_in_its_bucket() {
        assert!(BOUNDS.is_sorted());
        for (nanoseconds, bound) in [
            (0, 0.0001),
            (100_000, 0.0001),
            (100_001, 0.000_25),
            (1_000_000_000, 1.0),
            (1_000_000_001, 2.5),
            (10_000_000_000, 10.0),
            (10_000_000_001, f64::INFINITY),
        ] {
            let durations = Durations::default();
            durations.observe(Duration::from_nanos(nanoseconds));
            let filled: Vec<_> =
                durations.buckets().into_iter().filter(|(_, count)| *count > 0).collect();
            assert_eq!(filled, [(bound, 1)], "{nanoseconds}");
        }
    }

    #[test]
    fn sums() {
        let (one, other) = (Durations::default(), Durations::default());
        one.observe(Duration::from_millis(1500));
        other.observe(Duration::from_micros(250));
        one.add_all(&other);
        assert_eq!((one.count(), one.sum_seconds()), (2, 1.500_25));
    }

    #[track_caller]
    fn quantile(milliseconds: &[u64], share: f64, expected: Option<f64>) {
        let durations = Durations::default();
        for duration in milliseconds {
            durations.observe(Duration::from_millis(*duration));
        }
        assert_eq!(durations.quantile(share), expected);
    }

    #[test]
    fn quantiles() {
        quantile(&[], 0.5, None);
        // Four in the bucket from 0.5 to 1 s: half of them is half way.
        quantile(&[600, 700, 800, 900], 0.5, Some(0.75));
        quantile(&[600, 700, 800, 900], 1.0, Some(1.0));
        quantile(&[0, 0, 0, 700], 0.75, Some(0.0001));
        quantile(&[700, 700, 700, 60_000], 0.99, Some(10.0));
        quantile(&[60_000], 0.5, Some(10.0));
    }
}
