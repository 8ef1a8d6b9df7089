//! Byte ranges (RFC 9110 §14).

use std::ops::Range;

use http::header::RANGE;
use smallvec::SmallVec;

use crate::request_fields::RequestFields;

/// Most ranges in one request. No browser or download manager sends more (§17.15).
const MOST_RANGES: usize = 16;

/// Parts of a representation. One part needs no memory of its own.
pub(crate) type Parts = SmallVec<[Range<usize>; 1]>;

/// The part of a representation that a request's `Range` selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Requested {
    /// The whole representation: there is no `Range`, or it is ignored.
    Whole,
    /// 206: this part, which is not empty.
    Part(Range<usize>),
    /// 206 in several parts: at least two, none of them empty, no two of them adjacent.
    Parts(Parts),
    /// 416: no part of the representation.
    Unsatisfiable,
}

/// Reads `Range` against a representation of this length in bytes.
///
/// A unit other than bytes, a malformed value, several lines and more than 16 ranges are ignored
/// (§14.2).
pub(crate) fn requested(fields: RequestFields<'_>, length: usize) -> Requested {
    let line = fields.only(RANGE);
    line.and_then(|line| parse(line, length)).unwrap_or(Requested::Whole)
}

fn parse(value: &[u8], length: usize) -> Option<Requested> {
    let (unit, set) = split_once(value, b'=')?;
    if !unit.eq_ignore_ascii_case(b"bytes") {
        return None;
    }
    let specs = set.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let specs = specs.filter(|spec| !spec.is_empty());
    if !(1..=MOST_RANGES).contains(&specs.clone().take(MOST_RANGES + 1).count()) {
        return None;
    }
    let mut parts = Parts::new();
    for spec in specs {
        match range(spec, length)? {
            Requested::Part(part) => coalesce(&mut parts, part),
            Requested::Whole => return None,
            Requested::Unsatisfiable | Requested::Parts(_) => {}
        }
    }
    Some(match parts.len() {
        0 => Requested::Unsatisfiable,
        1 => Requested::Part(parts.remove(0)),
        _ => Requested::Parts(parts),
    })
}

/// One range of a set.
fn range(spec: &[u8], length: usize) -> Option<Requested> {
    let (first, last) = split_once(spec, b'-')?;
    match (first, last) {
        (b"", suffix) => suffix_range(position(suffix)?, length),
        (first, b"") => int_range(position(first)?, usize::MAX, length),
        (first, last) => int_range(position(first)?, position(last)?, length),
    }
}

/// Adds a part, and merges it with those that it overlaps or adjoins (§15.3.7.2). The merged part
/// stands where the first of them stood.
fn coalesce(parts: &mut Parts, mut part: Range<usize>) {
    let touches = |other: &Range<usize>, part: &Range<usize>| {
        other.start <= part.end && part.start <= other.end
    };
    let place = parts.iter().position(|other| touches(other, &part)).unwrap_or(parts.len());
    parts.retain(|other| {
        let is_apart = !touches(other, &part);
        if !is_apart {
            part = part.start.min(other.start)..part.end.max(other.end);
        }
        is_apart
    });
    parts.insert(place, part);
}

/// `first-last`: both inclusive; `last` may lie beyond the end (§14.1.2).
fn int_range(first: usize, last: usize, length: usize) -> Option<Requested> {
    match first {
        _ if last < first => None,
        _ if first >= length => Some(Requested::Unsatisfiable),
        _ => Some(Requested::Part(first..last.saturating_add(1).min(length))),
    }
}

/// `-suffix`: that many bytes from the end, or all if there are fewer (§14.1.2).
fn suffix_range(suffix: usize, length: usize) -> Option<Requested> {
    match (suffix, length) {
        (0, _) => Some(Requested::Unsatisfiable),
        // Satisfiable, but `Content-Range` cannot say "no bytes".
        (_, 0) => Some(Requested::Whole),
        _ => Some(Requested::Part(length.saturating_sub(suffix)..length)),
    }
}

/// A number of bytes. A number too large for the type is beyond any end, and saturates.
fn position(digits: &[u8]) -> Option<usize> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_usize, |position, byte| {
        let digit = char::from(*byte).to_digit(10)?;
        Some(position.saturating_mul(10).saturating_add(digit as usize))
    })
}

fn split_once(value: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = value.iter().position(|byte| *byte == separator)?;
    Some((&value[..at], &value[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::Requested::*;
    use super::*;
    use http::{HeaderMap, HeaderValue};
    use smallvec::smallvec;

    #[track_caller]
    fn requests(value: &str, length: usize, expected: Requested) {
        let headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_str(value).unwrap())]);
        assert_eq!(requested((&headers).into(), length), expected, "{value} of {length}");
    }

    #[test]
    fn int_ranges() {
        requests("bytes=0-0", 10, Part(0..1));
        requests("bytes=0-9", 10, Part(0..10));
        requests("bytes=9-9", 10, Part(9..10));
        requests("bytes=2-", 10, Part(2..10));
        requests("bytes=2-100", 10, Part(2..10));
        requests("bytes=0-99999999999999999999999", 10, Part(0..10));
        requests("BYTES=1-2", 10, Part(1..3));
        requests("bytes= 1-2 ", 10, Part(1..3));
        requests("bytes=0-0", 1, Part(0..1));
    }

    #[test]
    fn suffix_ranges() {
        requests("bytes=-1", 10, Part(9..10));
        requests("bytes=-10", 10, Part(0..10));
        requests("bytes=-100000", 10, Part(0..10));
        requests("bytes=-1", 1, Part(0..1));
        requests("bytes=-5", 0, Whole);
    }

    #[test]
    fn unsatisfiable_ranges() {
        requests("bytes=10-", 10, Unsatisfiable);
        requests("bytes=10-11", 10, Unsatisfiable);
        requests("bytes=-0", 10, Unsatisfiable);
        requests("bytes=0-", 0, Unsatisfiable);
        requests("bytes=99999999999999999999999-", 10, Unsatisfiable);
    }

    #[test]
    fn what_is_ignored() {
        for value in [
            "lines=0-1",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=2-1",
            "bytes=0x1-2",
            "bytes=1",
            "bytes=+1-2",
            "bytes=0-1,x",
            "bytes=0-1,3-2",
            "bytes=,",
            "bytes 0-1",
            "bytes=1 -2",
            "bytes=--1",
        ] {
            requests(value, 10, Whole);
        }
    }

    #[test]
    fn several_ranges() {
        requests("bytes=0-1,3-4", 10, Parts(smallvec![0..2, 3..5]));
        requests("bytes=5-6, 0-0 ,-1", 10, Parts(smallvec![5..7, 0..1, 9..10]));
        requests("bytes=,0-1,,3-4,", 10, Parts(smallvec![0..2, 3..5]));
        requests("bytes=0-1,20-30", 10, Part(0..2));
        requests("bytes=20-,-0", 10, Unsatisfiable);
        requests("bytes=0-1,-5", 0, Whole);
    }

    #[test]
    fn ranges_that_touch_are_one() {
        requests("bytes=0-1,2-3", 10, Part(0..4));
        requests("bytes=0-5,3-9", 10, Part(0..10));
        requests("bytes=3-4,0-1,2-2", 10, Part(0..5));
        requests("bytes=8-9,0-1,1-2", 10, Parts(smallvec![8..10, 0..3]));
        requests("bytes=0-,-1", 10, Part(0..10));
    }

    #[test]
    fn too_many_ranges_are_ignored() {
        let set = |count: usize| {
            let ranges: Vec<_> = (0..count).map(|at| format!("{0}-{0}", at * 2)).collect();
            format!("bytes={}", ranges.join(","))
        };
        let parts = (0..16).map(|at| at * 2..at * 2 + 1).collect();
        requests(&set(16), 100, Parts(parts));
        requests(&set(17), 100, Whole);
    }

    #[test]
    fn several_lines_are_ignored() {
        let mut headers = HeaderMap::new();
        headers.append(RANGE, HeaderValue::from_static("bytes=0-1"));
        headers.append(RANGE, HeaderValue::from_static("bytes=0-1"));
        assert_eq!(requested((&headers).into(), 10), Whole);
    }
}
