//! When requests come that come at a rate.

use std::time::{Duration, Instant};

/// The moments of requests that come independently of each other: a Poisson process.
pub struct Arrivals {
    pub next: Instant,
    mean: f64, // seconds
    state: u64,
}

impl Arrivals {
    pub fn new(rate: f64) -> Self {
        Self { next: Instant::now(), mean: 1.0 / rate, state: 0x9e37_79b9_7f4a_7c15 }
    }

    pub fn advance(&mut self) {
        // xorshift64: the same moments for every server.
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        let uniform = (self.state >> 11) as f64 / (1u64 << 53) as f64;
        self.next += Duration::from_secs_f64(-self.mean * (1.0 - uniform).ln());
    }
}
