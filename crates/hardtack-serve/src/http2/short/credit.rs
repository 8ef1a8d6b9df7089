//! The client's window for the connection (RFC 9113 §6.9), which two writers share: hyper and the short way.
//!
//! hyper knows of its part alone, and is lent more as it sends. So both together never send more than the
//! client allows.

use super::super::frames;

/// The window that each connection begins with. hyper counts on it.
const FIRST: i64 = frames::FIRST_WINDOW as i64;
const LARGEST: i64 = frames::LARGEST_WINDOW as i64;

/// Bytes of content that may be sent.
#[derive(Debug)]
pub(super) struct Credit {
    /// By hyper, as it knows.
    of_hyper: i64,
    /// By the short way.
    own: i64,
}

/// The window would be larger than may be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Overflow;

impl Credit {
    pub(super) fn new() -> Self {
        Self { of_hyper: FIRST, own: 0 }
    }

    /// The client allows more. Returns what hyper is lent of that.
    pub(super) fn widen(&mut self, increment: u32) -> Result<u32, Overflow> {
        self.own += i64::from(increment);
        if self.of_hyper + self.own > LARGEST {
            return Err(Overflow);
        }
        Ok(self.lend())
    }

    /// hyper has sent content. Returns what it is lent, once it has used half of its part.
    pub(super) fn spend_of_hyper(&mut self, bytes: u64) -> u32 {
        self.of_hyper -= i64::try_from(bytes).unwrap_or(LARGEST);
        if self.of_hyper < self.part_of_hyper() / 2 { self.lend() } else { 0 }
    }

    /// Takes the bytes of a response of the short way, if there is room for all of them.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        let is_enough = bytes <= self.own;
        if is_enough {
            self.own -= bytes;
        }
        is_enough
    }

    /// Half of a large window, and all of a small one.
    fn part_of_hyper(&self) -> i64 {
        FIRST.max((self.of_hyper + self.own) / 2)
    }

    fn lend(&mut self) -> u32 {
        let lent = (self.part_of_hyper() - self.of_hyper).clamp(0, self.own.max(0));
        self.of_hyper += lent;
        self.own -= lent;
        u32::try_from(lent).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    enum Step {
        /// The client allows so much more, of which hyper is lent so much.
        Widen(u32, u32),
        /// hyper sends, and is lent.
        Hyper(u64, u32),
        /// The short way wants to send, and may or may not.
        Short(usize, bool),
    }
    use Step::{Hyper, Short, Widen};

    #[track_caller]
    fn goes(steps: &[Step]) {
        let (mut credit, mut window) = (Credit::new(), FIRST);
        for step in steps {
            match *step {
                Widen(increment, lent) => {
                    window += i64::from(increment);
                    assert_eq!(credit.widen(increment), Ok(lent));
                }
                Hyper(bytes, lent) => {
                    window -= i64::try_from(bytes).unwrap();
                    assert_eq!(credit.spend_of_hyper(bytes), lent);
                }
                Short(bytes, may) => {
                    window -= if may { i64::try_from(bytes).unwrap() } else { 0 };
                    assert_eq!(credit.take(bytes), may);
                }
            }
            assert_eq!(credit.of_hyper + credit.own, window);
            assert!(credit.of_hyper >= 0 && credit.own >= 0);
        }
    }

    #[test]
    fn parts() {
        goes(&[Short(0, true), Short(1, false)]);
        // A small window is hyper's alone.
        goes(&[Hyper(20_000, 0), Widen(10_000, 10_000), Short(1, false)]);
        goes(&[Hyper(65_535, 0), Widen(65_535, 65_535), Short(1, false)]);
        // Half of a large one.
        goes(&[Widen(934_465, 434_465), Short(500_000, true), Short(1, false)]);
        goes(&[Widen(934_465, 434_465), Hyper(350_000, 175_000), Short(325_000, true)]);
        // The short way has sent, and what the client allows then is hyper's until it has its part.
        goes(&[Widen(65_535, 0), Short(65_535, true), Hyper(65_535, 0), Widen(100_000, 65_535)]);
        goes(&[Widen(0x7fff_0000, 0x3fff_0000)]);
    }

    #[test]
    fn a_window_has_a_limit() {
        assert_eq!(Credit::new().widen(0x7fff_0001), Err(Overflow));
    }
}
