//! The header fields of a request, as the rules read them.

use http::{HeaderMap, HeaderName};

/// The header fields of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RequestFields<'a> {
    /// As an HTTP library has them.
    Map(&'a HeaderMap),
    /// As they stand in a message of HTTP/1.1: names in any case, and values without the white space
    /// around them.
    Lines(Lines<'a>),
}

/// Lines, and the lengths of their names: few requests have a name that is as long as the one that a
/// rule looks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lines<'a> {
    lines: &'a [(&'a str, &'a [u8])],
    /// A bit for each length, modulo 64.
    lengths: u64,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(lines: &'a [(&'a str, &'a [u8])]) -> Self {
        let lengths = lines.iter().fold(0, |lengths, (name, _)| lengths | bit(name));
        Self { lines, lengths }
    }

    /// The lines among which those of that name are.
    fn perhaps(self, name: &str) -> &'a [(&'a str, &'a [u8])] {
        if self.lengths & bit(name) == 0 { &[] } else { self.lines }
    }
}

fn bit(name: &str) -> u64 {
    1 << (name.len() % 64)
}

impl<'a> RequestFields<'a> {
    /// The values of a field, one for each of its lines.
    pub(crate) fn lines(self, name: HeaderName) -> impl DoubleEndedIterator<Item = &'a [u8]> {
        let (map, lines) = match self {
            Self::Map(map) => (Some(map.get_all(&name)), &[][..]),
            Self::Lines(lines) => (None, lines.perhaps(name.as_str())),
        };
        let of_map = map.into_iter().flatten().map(|value| value.as_bytes());
        let is_named = move |line: &&(&str, _)| line.0.eq_ignore_ascii_case(name.as_str());
        of_map.chain(lines.iter().filter(is_named).map(|(_, value)| *value))
    }

    /// The value of a field that has one line.
    pub(crate) fn only(self, name: HeaderName) -> Option<&'a [u8]> {
        let mut lines = self.lines(name);
        lines.next().filter(|_| lines.next().is_none())
    }

    pub(crate) fn has(self, name: HeaderName) -> bool {
        self.lines(name).next().is_some()
    }
}

impl<'a> From<&'a HeaderMap> for RequestFields<'a> {
    fn from(map: &'a HeaderMap) -> Self {
        Self::Map(map)
    }
}

#[cfg(test)]
mod tests {
    use http::header::{ACCEPT, ETAG, RANGE};

    use super::*;

    #[test]
    fn both_kinds_are_read_alike() {
        let lines = [("Range", &b"a"[..]), ("accept", b"b"), ("RANGE", b"c")];
        let mut map = HeaderMap::new();
        for (name, value) in lines {
            map.append(name.parse::<HeaderName>().unwrap(), value.try_into().unwrap());
        }
        for fields in [RequestFields::Map(&map), RequestFields::Lines(Lines::new(&lines))] {
            assert_eq!(fields.lines(RANGE).collect::<Vec<_>>(), [b"a", b"c"]);
            assert_eq!(fields.lines(RANGE).next_back(), Some(&b"c"[..]));
            assert_eq!((fields.only(RANGE), fields.only(ACCEPT)), (None, Some(&b"b"[..])));
            assert!(fields.has(RANGE) && fields.has(ACCEPT) && !fields.has(ETAG));
        }
    }
}
