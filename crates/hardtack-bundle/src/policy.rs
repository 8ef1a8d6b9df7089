//! How long a cache may keep a response.

use std::fmt;

/// The cache policy of a URL, displayed as the value of `Cache-Control` (RFC 9111 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CachePolicy {
    /// A hashed path: what it answers never changes (RFC 8246).
    Immutable,
    /// A plain path: may be reused for a while, then it is revalidated.
    Revalidate {
        /// Seconds. At most a year, [`CachePolicy::YEAR`].
        max_age: u32,
        /// Seconds beyond that for which a stale answer may be given while a fresh one is fetched
        /// (RFC 5861 §3). Zero is none.
        stale_while_revalidate: u32,
        /// Seconds beyond that for which a stale answer may be given if the origin fails
        /// (RFC 5861 §4). Zero is none.
        stale_if_error: u32,
    },
}

impl CachePolicy {
    /// A year in seconds, the longest that a cache is asked to keep anything.
    pub const YEAR: u32 = 31_536_000;

    /// May be reused for so many seconds, and not beyond.
    pub const fn revalidate(max_age: u32) -> Self {
        Self::Revalidate { max_age, stale_while_revalidate: 0, stale_if_error: 0 }
    }
}

impl fmt::Display for CachePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Immutable => write!(f, "public, max-age={}, immutable", Self::YEAR),
            Self::Revalidate { max_age, stale_while_revalidate, stale_if_error } => {
                write!(f, "public, max-age={max_age}")?;
                let beyond = [
                    ("stale-while-revalidate", stale_while_revalidate),
                    ("stale-if-error", stale_if_error),
                ];
                let mut beyond = beyond.iter().filter(|(_, seconds)| **seconds > 0);
                beyond.try_for_each(|(name, seconds)| write!(f, ", {name}={seconds}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cache_control() {
        let immutable = CachePolicy::Immutable.to_string();
        assert_eq!(immutable, "public, max-age=31536000, immutable");
        assert_eq!(CachePolicy::revalidate(60).to_string(), "public, max-age=60");
        let stale = CachePolicy::Revalidate {
            max_age: 60,
            stale_while_revalidate: 30,
            stale_if_error: 86400,
        };
        let expected = "public, max-age=60, stale-while-revalidate=30, stale-if-error=86400";
        assert_eq!(stale.to_string(), expected);
    }
}
