//! Preconditions (RFC 9110 §13), in the order of §13.2.2.
//!
//! Dates count only if the bundle has a `Last-Modified`; otherwise §13.1.3 and §13.1.4 demand that
//! they be ignored.

use std::time::{Duration, UNIX_EPOCH};

use http::{
    HeaderName,
    header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE},
};

use crate::{
    entity_tag::{self, EntityTag},
    request_fields::RequestFields,
};

/// The outcome of a request's preconditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Precondition {
    /// The request is answered as if it had none.
    Holds,
    /// 304: the client has this representation.
    NotModified,
    /// 412: the client expects another representation.
    Failed,
}

/// The validators of a representation (§8.8).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Validators<'a> {
    /// The strong entity tag.
    pub(crate) entity_tag: &'a str,
    /// `Last-Modified`, in seconds since 1970.
    pub(crate) last_modified: Option<u64>,
    /// Whether this is the asset's only representation. If there are several, a date fits them all,
    /// and is a weak validator (§8.8.2.2).
    pub(crate) is_only: bool,
}

/// Evaluates the preconditions of a `GET` or `HEAD`.
pub(crate) fn evaluate(fields: RequestFields<'_>, ours: &Validators<'_>) -> Precondition {
    let is_expected = if fields.has(IF_MATCH) {
        if_match_holds(fields, ours.entity_tag)
    } else {
        is_newer(fields, IF_UNMODIFIED_SINCE, ours) != Some(true)
    };
    let is_known = if fields.has(IF_NONE_MATCH) {
        !if_none_match_holds(fields, ours.entity_tag)
    } else {
        is_newer(fields, IF_MODIFIED_SINCE, ours) == Some(false)
    };
    match (is_expected, is_known) {
        (false, _) => Precondition::Failed,
        (true, true) => Precondition::NotModified,
        (true, false) => Precondition::Holds,
    }
}

/// Whether `Range` applies: there is no `If-Range`, or it names this representation (§13.1.5,
/// strong comparison).
pub(crate) fn if_range_holds(fields: RequestFields<'_>, ours: &Validators<'_>) -> bool {
    let mut lines = fields.lines(IF_RANGE);
    match (lines.next(), lines.next()) {
        (None, _) => true,
        (Some(line), None) => match EntityTag::only(line) {
            Some(theirs) => theirs.is_strongly(ours.entity_tag),
            None => {
                ours.is_only
                    && ours.last_modified.is_some()
                    && date(fields, IF_RANGE) == ours.last_modified
            }
        },
        (Some(_), Some(_)) => false,
    }
}

/// Whether one of the conditions names that entity tag: the client then means the representation of
/// that tag.
pub(crate) fn is_named(fields: RequestFields<'_>, tag: &str) -> bool {
    [IF_MATCH, IF_NONE_MATCH, IF_RANGE].into_iter().any(|field| {
        let mut lines = fields.lines(field);
        lines.any(|line| entity_tag::list(line).any(|theirs| theirs.is_weakly(tag)))
    })
}

/// §13.1.3, §13.1.4: whether the representation was modified after the date in that field, if
/// both are known.
fn is_newer(fields: RequestFields<'_>, field: HeaderName, ours: &Validators<'_>) -> Option<bool> {
    let last_modified = ours.last_modified?;
    Some(last_modified > date(fields, field)?)
}

/// The date in a field, in one of the three formats of §5.6.7, in seconds since 1970. None if the
/// field has several lines, or the date is before 1970.
fn date(fields: RequestFields<'_>, field: HeaderName) -> Option<u64> {
    let line = str::from_utf8(fields.only(field)?).ok()?;
    let date = httpdate::parse_http_date(line).ok()?;
    date.duration_since(UNIX_EPOCH).ok().as_ref().map(Duration::as_secs)
}

/// §13.1.1: strong comparison.
fn if_match_holds(fields: RequestFields<'_>, tag: &str) -> bool {
    let mut lines = fields.lines(IF_MATCH);
    lines.any(|line| line == b"*" || entity_tag::list(line).any(|theirs| theirs.is_strongly(tag)))
}

/// §13.1.2: weak comparison.
fn if_none_match_holds(fields: RequestFields<'_>, tag: &str) -> bool {
    let mut lines = fields.lines(IF_NONE_MATCH);
    !lines.any(|line| line == b"*" || entity_tag::list(line).any(|theirs| theirs.is_weakly(tag)))
}

#[cfg(test)]
mod tests {
    use super::Precondition::*;
    use super::*;
    use http::{HeaderMap, HeaderValue};

    #[test]
    fn tags_that_are_named() {
        let ours = r#""a-br""#;
        for (field, value, expected) in [
            (IF_RANGE, ours, true),
            (IF_MATCH, r#""x", "a-br""#, true),
            (IF_NONE_MATCH, r#"W/"a-br""#, true),
            (IF_NONE_MATCH, "*", false),
            (IF_RANGE, r#""a-gzip""#, false),
            (IF_RANGE, "Sun, 06 Nov 1994 08:49:37 GMT", false),
        ] {
            assert_eq!(is_named((&headers(&[(field, value)])).into(), ours), expected, "{value}");
        }
        assert!(!is_named((&HeaderMap::new()).into(), ours));
    }

    fn headers(lines: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[track_caller]
    fn evaluates(lines: &[(HeaderName, &str)], expected: Precondition) {
        assert_eq!(evaluate((&headers(lines)).into(), &UNDATED), expected, "{lines:?}");
    }

    const UNDATED: Validators<'_> =
        Validators { entity_tag: r#""a-br""#, last_modified: None, is_only: true };
    /// 784111777 is the date of the examples in §5.6.7.
    const DATED: Validators<'_> = Validators { last_modified: Some(784_111_777), ..UNDATED };

    #[track_caller]
    fn dated(lines: &[(HeaderName, &str)], expected: Precondition) {
        assert_eq!(evaluate((&headers(lines)).into(), &DATED), expected, "{lines:?}");
    }

    const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const SAME: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

    #[test]
    fn dates() {
        dated(&[(IF_MODIFIED_SINCE, EARLIER)], Holds);
        dated(&[(IF_MODIFIED_SINCE, SAME)], NotModified);
        dated(&[(IF_MODIFIED_SINCE, LATER)], NotModified);
        dated(&[(IF_UNMODIFIED_SINCE, EARLIER)], Failed);
        dated(&[(IF_UNMODIFIED_SINCE, SAME)], Holds);
        dated(&[(IF_UNMODIFIED_SINCE, LATER), (IF_MODIFIED_SINCE, LATER)], NotModified);
        dated(&[(IF_UNMODIFIED_SINCE, EARLIER), (IF_MODIFIED_SINCE, LATER)], Failed);
    }

    #[test]
    fn the_three_formats_of_dates() {
        for same in [SAME, "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            dated(&[(IF_MODIFIED_SINCE, same)], NotModified);
            dated(&[(IF_UNMODIFIED_SINCE, same)], Holds);
        }
    }

    #[test]
    fn what_is_no_date_is_ignored() {
        for text in ["", "0", "yesterday", "Sun, 06 Nov 1994 08:49:37 CET", "784111777"] {
            dated(&[(IF_MODIFIED_SINCE, text)], Holds);
            dated(&[(IF_UNMODIFIED_SINCE, text)], Holds);
        }
        dated(&[(IF_MODIFIED_SINCE, SAME), (IF_MODIFIED_SINCE, SAME)], Holds);
    }

    #[test]
    fn tags_come_before_dates() {
        dated(&[(IF_NONE_MATCH, r#""x""#), (IF_MODIFIED_SINCE, SAME)], Holds);
        dated(&[(IF_MATCH, r#""a-br""#), (IF_UNMODIFIED_SINCE, EARLIER)], Holds);
        dated(&[(IF_MATCH, r#""x""#), (IF_UNMODIFIED_SINCE, SAME)], Failed);
    }

    #[test]
    fn without_a_date_of_ours_dates_are_ignored() {
        evaluates(&[(IF_MODIFIED_SINCE, LATER)], Holds);
        evaluates(&[(IF_UNMODIFIED_SINCE, EARLIER)], Holds);
    }

    #[test]
    fn if_none_match() {
        evaluates(&[], Holds);
        evaluates(&[(IF_NONE_MATCH, r#""a-br""#)], NotModified);
        evaluates(&[(IF_NONE_MATCH, r#"W/"a-br""#)], NotModified);
        evaluates(&[(IF_NONE_MATCH, r#""x", "a-br""#)], NotModified);
        evaluates(&[(IF_NONE_MATCH, r#""x""#), (IF_NONE_MATCH, r#""a-br""#)], NotModified);
        evaluates(&[(IF_NONE_MATCH, "*")], NotModified);
        evaluates(&[(IF_NONE_MATCH, r#""a-gzip""#)], Holds);
        evaluates(&[(IF_NONE_MATCH, "a-br")], Holds);
        evaluates(&[(IF_NONE_MATCH, "")], Holds);
    }

    #[test]
    fn if_match() {
        evaluates(&[(IF_MATCH, r#""a-br""#)], Holds);
        evaluates(&[(IF_MATCH, "*")], Holds);
        evaluates(&[(IF_MATCH, r#"W/"a-br""#)], Failed);
        evaluates(&[(IF_MATCH, r#""a-gzip""#)], Failed);
        evaluates(&[(IF_MATCH, "")], Failed);
    }

    #[test]
    fn if_match_comes_first() {
        evaluates(&[(IF_NONE_MATCH, r#""a-br""#), (IF_MATCH, r#""b""#)], Failed);
        evaluates(&[(IF_NONE_MATCH, r#""a-br""#), (IF_MATCH, r#""a-br""#)], NotModified);
    }

    #[test]
    fn if_range() {
        let holds = |value: &str| if_range_holds((&headers(&[(IF_RANGE, value)])).into(), &UNDATED);
        assert!(if_range_holds((&HeaderMap::new()).into(), &UNDATED));
        assert!(holds(r#""a-br""#));
        assert!(!holds(r#"W/"a-br""#));
        assert!(!holds(r#""a-gzip""#));
        assert!(!holds(SAME));
        assert!(!holds(r#""a-br", "a-br""#));
    }

    #[test]
    fn if_range_by_date() {
        let holds = |value: &str, ours: Validators<'_>| {
            if_range_holds((&headers(&[(IF_RANGE, value)])).into(), &ours)
        };
        assert!(holds(SAME, DATED));
        assert!(holds(r#""a-br""#, DATED));
        assert!(!holds(EARLIER, DATED));
        assert!(!holds(LATER, DATED));
        assert!(!holds("yesterday", DATED));
        assert!(!holds(SAME, Validators { is_only: false, ..DATED }));
        assert!(!holds("yesterday", UNDATED));
    }
}
