//! Preconditions (RFC 9110 §13), in the order of §13.2.2.
//!
//! An asset has no modification date: it would be the time of the build, and say nothing about
//! the asset. `If-Modified-Since` and `If-Unmodified-Since` are therefore ignored, as §13.1.3
//! and §13.1.4 demand, and a date in `If-Range` never matches (§13.1.5).

use http::{
    HeaderMap,
    header::{IF_MATCH, IF_NONE_MATCH, IF_RANGE},
};

use crate::entity_tag::{self, EntityTag};

/// What the preconditions make of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Precondition {
    /// The request is answered as if there were none.
    Holds,
    /// 304: the client has this representation.
    NotModified,
    /// 412: the client expects another representation.
    Failed,
}

/// Evaluates `If-Match` and `If-None-Match` of a `GET` or `HEAD` of the representation with
/// this entity tag.
pub(crate) fn evaluate(headers: &HeaderMap, tag: &str) -> Precondition {
    if !if_match_holds(headers, tag) {
        Precondition::Failed
    } else if !if_none_match_holds(headers, tag) {
        Precondition::NotModified
    } else {
        Precondition::Holds
    }
}

/// Whether `Range` is to be heeded: there is no `If-Range`, or it names this representation
/// (§13.1.5, strong comparison).
pub(crate) fn if_range_holds(headers: &HeaderMap, tag: &str) -> bool {
    let mut lines = headers.get_all(IF_RANGE).iter();
    match (lines.next(), lines.next()) {
        (None, _) => true,
        (Some(line), None) => {
            EntityTag::only(line.as_bytes()).is_some_and(|theirs| theirs.is_strongly(tag))
        }
        (Some(_), Some(_)) => false,
    }
}

/// §13.1.1: strong comparison.
fn if_match_holds(headers: &HeaderMap, tag: &str) -> bool {
    let mut lines = headers.get_all(IF_MATCH).iter().map(|line| line.as_bytes()).peekable();
    lines.peek().is_none()
        || lines.any(|line| {
            line == b"*" || entity_tag::list(line).any(|theirs| theirs.is_strongly(tag))
        })
}

/// §13.1.2: weak comparison.
fn if_none_match_holds(headers: &HeaderMap, tag: &str) -> bool {
    let lines = headers.get_all(IF_NONE_MATCH).iter().map(|line| line.as_bytes());
    !lines
        .into_iter()
        .any(|line| line == b"*" || entity_tag::list(line).any(|theirs| theirs.is_weakly(tag)))
}

#[cfg(test)]
mod tests {
    use super::Precondition::*;
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn headers(lines: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[track_caller]
    fn evaluates(lines: &[(HeaderName, &str)], expected: Precondition) {
        assert_eq!(evaluate(&headers(lines), r#""a-br""#), expected, "{lines:?}");
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
        let holds = |value: &str| if_range_holds(&headers(&[(IF_RANGE, value)]), r#""a-br""#);
        assert!(if_range_holds(&HeaderMap::new(), r#""a-br""#));
        assert!(holds(r#""a-br""#));
        assert!(!holds(r#"W/"a-br""#));
        assert!(!holds(r#""a-gzip""#));
        assert!(!holds("Sat, 29 Oct 1994 19:43:31 GMT"));
        assert!(!holds(r#""a-br", "a-br""#));
    }
}
