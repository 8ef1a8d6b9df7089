//! How long a cache may keep a response.

use std::fmt;

/// The cache policy of a URL, displayed as the value of `Cache-Control` (RFC 9111 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CachePolicy {
    /// A hashed path: what it answers never changes (RFC 8246).
    Immutable,
    /// A plain path: may be reused for `max_age` seconds, then it is revalidated.
    Revalidate {
        /// Seconds. At most a year, [`CachePolicy::YEAR`].
        max_age: u32,
    },
}

impl CachePolicy {
    /// A year in seconds, the longest that a cache is asked to keep anything.
    pub const YEAR: u32 = 31_536_000;
}

impl fmt::Display for CachePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Immutable => write!(f, "public, max-age={}, immutable", Self::YEAR),
            Self::Revalidate { max_age } => write!(f, "public, max-age={max_age}"),
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
        let minute = CachePolicy::Revalidate { max_age: 60 }.to_string();
        assert_eq!(minute, "public, max-age=60");
    }
}
