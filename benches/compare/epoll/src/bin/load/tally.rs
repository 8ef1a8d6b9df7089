//! The report.

/// The counts since the warm-up.
#[derive(Default)]
pub struct Tally {
    pub bytes: u64,
    pub latencies: Vec<u32>, // tenths of a microsecond
    errors: u64,
    first_error: String,
    pub reconnected: u64,
}

impl Tally {
    pub fn error(&mut self, error: String) {
        if self.errors == 0 {
            self.first_error = error;
        }
        self.errors += 1;
    }

    pub fn report(&mut self, seconds: f64, cpu: f64, waiting: usize) -> String {
        self.latencies.sort_unstable();
        let last = self.latencies.len().saturating_sub(1);
        let microseconds = |part: f64| {
            let place = (last as f64 * part).round() as usize;
            self.latencies.get(place).map_or(0.0, |tenths| f64::from(*tenths) / 10.0)
        };
        format!(
            "{{\"requests\": {}, \"seconds\": {seconds}, \"cpu_seconds\": {cpu}, \"bytes\": {}, \"errors\": {}, \
             \"first_error\": {:?}, \"reconnected\": {}, \"waiting\": {waiting}, \
             \"p50\": {}, \"p99\": {}, \"p999\": {}, \"most\": {}}}",
            self.latencies.len(),
            self.bytes,
            self.errors,
            self.first_error,
            self.reconnected,
            microseconds(0.5),
            microseconds(0.99),
            microseconds(0.999),
            microseconds(1.0),
        )
    }
}
