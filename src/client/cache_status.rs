//! Whether a response came from a cache, in the words of several caches.

use http::{HeaderMap, header::AGE};

/// A cache's word on a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum CacheStatus {
    Hit,
    Miss,
    /// No field says so.
    Unknown,
}

/// Fields with a word such as `Hit from cloudfront`, `MISS, HIT`, `TCP_MEM_HIT` or `REVALIDATED`.
const FIELDS: [&str; 6] = [
    "x-cache",
    "cf-cache-status",
    "x-cache-status",
    "x-proxy-cache",
    "x-vercel-cache",
    "cdn-cache",
];
/// The standard's field (RFC 9211): `cdn; hit`, or `cdn; fwd=miss`.
const CACHE_STATUS: &str = "cache-status";
/// Words of a response that a cache gave without fetching its content again.
const HITS: [&str; 4] = ["hit", "stale", "revalidated", "updating"];
const MISSES: [&str; 7] = ["miss", "expired", "bypass", "dynamic", "pass", "error", "refresh"];
/// Varnish's: the number of this request, and behind it that of the one that filled the cache.
const X_VARNISH: &str = "x-varnish";

impl CacheStatus {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let said = FIELDS.map(|field| Self::in_words(&all(headers, field)));
        let by_number = Self::by_number(&all(headers, X_VARNISH));
        let is_old = age(headers).is_some_and(|age| age > 0);
        let by_age = if is_old { Self::Hit } else { Self::Unknown };
        let by_parameter = Self::in_parameters(&all(headers, CACHE_STATUS));
        let all = [said.as_slice(), &[by_parameter, by_number, by_age]].concat();
        let has = |status| all.contains(&status);
        match (has(Self::Hit), has(Self::Miss)) {
            (true, _) => Self::Hit,
            (_, true) => Self::Miss,
            _ => Self::Unknown,
        }
    }

    fn in_words(value: &str) -> Self {
        let value = value.to_ascii_lowercase();
        let mut words = value.split(|byte: char| !byte.is_ascii_alphanumeric());
        // `RefreshHit` is one word.
        if words.clone().any(|word| HITS.iter().any(|hit| word.ends_with(hit))) {
            Self::Hit
        } else if words.any(|word| MISSES.contains(&word)) {
            Self::Miss
        } else {
            Self::Unknown
        }
    }

    /// The parameters of the standard's field (RFC 9211 §2.1, §2.2). Texts in quotes have no part in it.
    fn in_parameters(value: &str) -> Self {
        let without_quoted: String = value.split('"').step_by(2).collect();
        let mut parameters = without_quoted.split([',', ';']).map(str::trim);
        if parameters.clone().any(|it| it == "hit" || it == "hit=?1") {
            Self::Hit
        } else if parameters.any(|it| it.starts_with("fwd=")) {
            Self::Miss
        } else {
            Self::Unknown
        }
    }

    fn by_number(value: &str) -> Self {
        match value.split_whitespace().count() {
            0 => Self::Unknown,
            1 => Self::Miss,
            _ => Self::Hit,
        }
    }
}

/// The value of `Age` in seconds (RFC 9111 §5.1).
pub(crate) fn age(headers: &HeaderMap) -> Option<u64> {
    headers.get(AGE)?.to_str().ok()?.trim().parse().ok()
}

/// Whether a cache is on the way of a response, which it may have passed on only. `Via` is no sign of
/// one: a server in front of an application sets it too.
pub(crate) fn is_from_a_cache(headers: &HeaderMap) -> bool {
    let others = [CACHE_STATUS, X_VARNISH, AGE.as_str()];
    FIELDS.iter().chain(&others).any(|field| headers.contains_key(*field))
}

/// All values of a field, as one list.
fn all(headers: &HeaderMap, field: &str) -> String {
    let values = headers.get_all(field).iter().map(|value| value.to_str().unwrap_or_default());
    values.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{CacheStatus::*, *};

    #[track_caller]
    fn says(fields: &[(&'static str, &'static str)], expected: CacheStatus) {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, value.parse().unwrap());
        }
        assert_eq!(CacheStatus::of(&headers), expected, "{fields:?}");
    }

    #[test]
    fn words_of_caches() {
        says(&[("x-cache", "Hit from cloudfront")], Hit);
        says(&[("x-cache", "RefreshHit from cloudfront")], Hit);
        says(&[("x-cache", "Miss from cloudfront")], Miss);
        says(&[("x-cache", "Error from cloudfront")], Miss);
        says(&[("x-cache", "MISS, HIT")], Hit);
        says(&[("x-cache", "MISS, MISS")], Miss);
        says(&[("x-cache", "TCP_MEM_HIT from a23")], Hit);
        says(&[("x-cache", "TCP_MISS")], Miss);
        says(&[("x-cache", "architecture")], Unknown);
        says(&[("cache-status", "edge; fwd=uri-miss; key=\"/img/architecture.png; hit\"")], Miss);
        says(&[("cf-cache-status", "HIT")], Hit);
        says(&[("cf-cache-status", "REVALIDATED")], Hit);
        says(&[("cf-cache-status", "DYNAMIC"), ("age", "0")], Miss);
        says(&[("cf-cache-status", "EXPIRED")], Miss);
        says(&[("cdn-cache", "HIT")], Hit);
        says(&[("cache-status", "edge; fwd=uri-miss")], Miss);
        says(&[("cache-status", "edge; fwd=stale; fwd-status=304")], Miss);
        says(&[("cache-status", "origin; fwd=miss"), ("cache-status", "edge; hit")], Hit);
        says(&[("x-varnish", "32770 3")], Hit);
        says(&[("x-varnish", "32770"), ("age", "0")], Miss);
        says(&[("age", "12")], Hit);
        says(&[("age", "0")], Unknown);
        says(&[("age", "soon")], Unknown);
        says(&[("x-cache", "config")], Unknown);
        says(&[("via", "1.1 cdn")], Unknown);
        says(&[], Unknown);
    }

    #[test]
    fn a_cache_shows_itself() {
        for (field, expected) in
            [("age", true), ("via", false), ("x-cache", true), ("server", false)]
        {
            let headers = HeaderMap::from_iter([(field.parse().unwrap(), "x".parse().unwrap())]);
            assert_eq!(is_from_a_cache(&headers), expected, "{field}");
        }
    }
}
