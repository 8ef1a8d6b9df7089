//! The deadline of a server that answers no request.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The time since the last response.
pub(super) struct Silence {
    most: Duration,
    since: Mutex<Instant>,
}

impl Silence {
    /// A silence that begins now, and may last so long.
    pub(super) fn at_most(most: Duration) -> Self {
        Self { most, since: Mutex::new(Instant::now()) }
    }

    /// A response has come.
    pub(super) fn begin_again(&self) {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// # Errors
    ///
    /// If it lasts longer than it may: no more requests are to be sent.
    pub(super) fn check(&self) -> Result<(), String> {
        let since = *self.since.lock().unwrap_or_else(PoisonError::into_inner);
        if since.elapsed() < self.most {
            return Ok(());
        }
        Err(format!("not requested: there was no response for {} s", self.most.as_secs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end() {
        assert_eq!(Silence::at_most(Duration::from_secs(3600)).check(), Ok(()));
        let silence = Silence::at_most(Duration::ZERO);
        silence.begin_again();
        let said = silence.check().unwrap_err();
        assert_eq!(said, "not requested: there was no response for 0 s");
    }
}
