//! `Accept-Encoding` (RFC 9110 §12.5.3).

use hardtack_bundle::Coding;
use http::header::ACCEPT_ENCODING;

use crate::{
    request_fields::RequestFields,
    weight::{Quality, members},
};

const LOWEST_ACCEPTABLE: Quality = 1;
const UNACCEPTABLE: Quality = 0;

/// The content codings that a client accepts.
///
/// A malformed member is ignored. A coding that is named twice has the lower of its qualities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AcceptEncoding {
    named: [Option<Quality>; Coding::ALL.len()],
    any: Option<Quality>,
}

impl AcceptEncoding {
    /// Reads all lines of the field.
    pub(crate) fn of(fields: RequestFields<'_>) -> Self {
        let mut accepted = Self::default();
        for line in fields.lines(ACCEPT_ENCODING) {
            members(line).for_each(|(name, quality)| accepted.note(name, quality));
        }
        accepted
    }

    /// The quality of this coding; 0 if the client does not accept it.
    ///
    /// Identity is acceptable unless it is excluded by name, or by `*;q=0`. The standard gives it
    /// no quality where it is not named. Here it then has the lowest, so that every coding that the
    /// client names is preferred. A client without the field accepts everything; but it may be a
    /// cache that knows no coding, so it gets identity. A coding with a dictionary has to be named: a
    /// client that says `*` need not know of dictionaries.
    pub(crate) fn quality(&self, coding: Coding) -> Quality {
        let unnamed = match coding {
            Coding::Identity => LOWEST_ACCEPTABLE,
            _ => UNACCEPTABLE,
        };
        let any = self.any.filter(|_| !coding.has_dictionary());
        self.named[coding as usize].or(any).unwrap_or(unnamed)
    }

    fn note(&mut self, name: &[u8], quality: Quality) {
        let noted = match named_coding(name) {
            Some(coding) => &mut self.named[coding as usize],
            None if name == b"*" => &mut self.any,
            None => return,
        };
        *noted = Some(noted.map_or(quality, |before| before.min(quality)));
    }
}

fn named_coding(name: &[u8]) -> Option<Coding> {
    if name.eq_ignore_ascii_case(b"x-gzip") {
        // RFC 9110 §8.4.1.3.
        return Some(Coding::Gzip);
    }
    Coding::ALL.into_iter().find(|coding| name.eq_ignore_ascii_case(coding.name().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue};

    /// The qualities of identity, gzip, br and zstd.
    #[track_caller]
    fn qualities(lines: &[&str], expected: [Quality; 4]) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT_ENCODING, HeaderValue::from_str(line).unwrap());
        }
        let accepted = AcceptEncoding::of((&headers).into());
        assert_eq!(Coding::PLAIN.map(|coding| accepted.quality(coding)), expected, "{lines:?}");
    }

    #[test]
    fn absent_and_empty_mean_identity() {
        qualities(&[], [1, 0, 0, 0]);
        qualities(&[""], [1, 0, 0, 0]);
        qualities(&[" , ,"], [1, 0, 0, 0]);
    }

    #[test]
    fn named_codings() {
        qualities(&["gzip"], [1, 1000, 0, 0]);
        qualities(&["gzip, deflate, br, zstd"], [1, 1000, 1000, 1000]);
        qualities(&["br,gzip"], [1, 1000, 1000, 0]);
        qualities(&["GZip,BR"], [1, 1000, 1000, 0]);
        qualities(&["x-gzip"], [1, 1000, 0, 0]);
        qualities(&["gzip", "br;q=0.5"], [1, 1000, 500, 0]);
        qualities(&["compress"], [1, 0, 0, 0]);
        qualities(&["gzipped"], [1, 0, 0, 0]);
    }

    #[test]
    fn weights() {
        qualities(&["gzip;q=0"], [1, 0, 0, 0]);
        qualities(&["gzip;q=0.000"], [1, 0, 0, 0]);
        qualities(&["gzip;q=0."], [1, 0, 0, 0]);
        qualities(&["gzip;q=0.001"], [1, 1, 0, 0]);
        qualities(&["gzip;q=1.000"], [1, 1000, 0, 0]);
        qualities(&["gzip ; Q=0.25 , br;q=0.8"], [1, 250, 800, 0]);
        qualities(&["identity;q=0.5, gzip;q=0.4"], [500, 400, 0, 0]);
    }

    #[test]
    fn any_covers_what_is_not_named() {
        qualities(&["*"], [1000, 1000, 1000, 1000]);
        qualities(&["gzip, *;q=0.1"], [100, 1000, 100, 100]);
        qualities(&["gzip;q=0, *"], [1000, 0, 1000, 1000]);
        qualities(&["*;q=0"], [0, 0, 0, 0]);
        qualities(&["br, *;q=0"], [0, 0, 1000, 0]);
        qualities(&["identity, *;q=0"], [1000, 0, 0, 0]);
    }

    #[test]
    fn a_coding_with_a_dictionary_has_to_be_named() {
        let qualities = |line: &'static str| {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(line))]);
            let accepted = AcceptEncoding::of((&headers).into());
            [Coding::Dcb, Coding::Dcz].map(|coding| accepted.quality(coding))
        };
        assert_eq!(qualities("*"), [0, 0]);
        assert_eq!(qualities("br, zstd"), [0, 0]);
        assert_eq!(qualities("gzip, br, zstd, dcb, dcz"), [1000, 1000]);
        assert_eq!(qualities("DCB;q=0.5, dcz;q=0, *"), [500, 0]);
    }

    #[test]
    fn identity_can_be_excluded() {
        qualities(&["identity;q=0"], [0, 0, 0, 0]);
        qualities(&["identity;q=0, gzip"], [0, 1000, 0, 0]);
    }

    #[test]
    fn malformed_members_are_passed_over() {
        for malformed in [
            "gzip;q=2",
            "gzip;q=1.001",
            "gzip;q=0.1234",
            "gzip;q=-1",
            "gzip;q=",
            "gzip;q",
            "gzip;q=.5",
            "gzip;level=9",
            "gzip;",
            "gzip;q=0.5;q=0.5",
            "gzip;q=1 0",
            "g zip",
        ] {
            qualities(&[malformed], [1, 0, 0, 0]);
            qualities(&[malformed, "br"], [1, 0, 1000, 0]);
        }
    }

    #[test]
    fn the_lower_of_two_qualities_counts() {
        qualities(&["gzip, gzip;q=0"], [1, 0, 0, 0]);
        qualities(&["gzip;q=0.2, x-gzip;q=0.1"], [1, 100, 0, 0]);
    }
}
