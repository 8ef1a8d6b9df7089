//! Counters that one thread adds to, and any may read.
//!
//! So adding is a load and a store, which cost a fraction of an atomic addition. Should two threads
//! add to the same counter, it may miss some. A reader may see one counter a moment before another
//! that was counted earlier.

use std::{
    array,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, amount: u64) {
        self.0.store(self.read().wrapping_add(amount), Relaxed);
    }

    pub(crate) fn read(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// A number that grows and shrinks.
#[derive(Debug, Default)]
pub(crate) struct Gauge(AtomicU64);

impl Gauge {
    pub(crate) fn set(&self, number: u64) {
        self.0.store(number, Relaxed);
    }

    pub(crate) fn read(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Counters by number, most often one for each value of a label.
#[derive(Debug)]
pub(crate) struct Counters<const N: usize>([Counter; N]);

impl<const N: usize> Default for Counters<N> {
    fn default() -> Self {
        Self([const { Counter(AtomicU64::new(0)) }; N])
    }
}

impl<const N: usize> Counters<N> {
    pub(crate) fn add(&self, index: usize, amount: u64) {
        self.0[index].add(amount);
    }

    /// Adds what another one has counted.
    pub(crate) fn add_all(&self, other: &Self) {
        for (counter, other) in self.0.iter().zip(&other.0) {
            counter.add(other.read());
        }
    }

    pub(crate) fn read(&self) -> [u64; N] {
        array::from_fn(|index| self.0[index].read())
    }
}
