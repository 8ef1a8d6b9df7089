//! The other header fields of a release.

use std::collections::BTreeSet;

use http::{
    HeaderMap, HeaderName,
    header::{
        ACCEPT_RANGES, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONNECTION, CONTENT_DISPOSITION,
        CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_RANGE,
        CONTENT_TYPE, DATE, ETAG, REFRESH, SERVER, VARY,
    },
};

use crate::{
    client::Answer,
    commands::check::{
        judgment::{Judgment, Of, Seen, Verdict, field},
        subject::Subject,
    },
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "fields",
    rule: "media types and the header fields of the settings survive, and none changes the content's meaning",
    remedy: "let the CDN pass these fields through, and neither replace them nor add others by a \
             policy of its own",
    of: Of::Both,
    ask: Subject::in_codings,
    judge,
};

/// Fields of other judgments, and those of a connection.
static OTHERS: [HeaderName; 11] = [
    ACCEPT_RANGES,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    CACHE_CONTROL,
    CONNECTION,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    DATE,
    ETAG,
    SERVER,
    VARY,
    HeaderName::from_static("use-as-dictionary"),
];

/// Fields by which a browser or a search engine does something else with the content. Each is a fault
/// if it is not the release's.
static MEANING: [HeaderName; 8] = [
    CONTENT_DISPOSITION,
    CONTENT_LANGUAGE,
    CONTENT_LOCATION,
    CONTENT_RANGE,
    REFRESH,
    HeaderName::from_static("clear-site-data"),
    HeaderName::from_static("cross-origin-resource-policy"),
    HeaderName::from_static("x-robots-tag"),
];

fn judge(seen: &Seen<'_>) -> Verdict {
    seen.judge_contents(|ask, answer, content| {
        content.coding()?;
        let expected = seen.subject.expected(ask).headers;
        let added = MEANING.iter().filter(|name| !expected.contains_key(*name));
        let own = expected.keys().filter(|name| !OTHERS.contains(name));
        let fault = own.chain(added).find_map(|name| difference(answer, &expected, name));
        Some(fault.map_or(Verdict::Kept, Verdict::Broken))
    })
}

fn difference(answer: &Answer, expected: &HeaderMap, name: &HeaderName) -> Option<String> {
    if members(&answer.headers, name) == members(expected, name) {
        return None;
    }
    let found = field(answer, name);
    let lines = answer.headers.get_all(name).iter().count();
    let found = if lines > 1 { format!("{lines} lines {found}") } else { found };
    let values = expected.get_all(name).iter().filter_map(|value| value.to_str().ok());
    Some(match values.collect::<Vec<_>>().as_slice() {
        [] => format!("{found}, which is not the release's"),
        values => format!("{found}, not {}", values.join(", ")),
    })
}

/// The members of a field, in whatever lines they came (RFC 9110 §5.3), without the differences that
/// mean nothing: spaces, repetitions, and the case of media types.
fn members(headers: &HeaderMap, name: &HeaderName) -> BTreeSet<String> {
    let lines = headers.get_all(name).iter().map(|line| String::from_utf8_lossy(line.as_bytes()));
    let lines: Vec<_> = lines.collect();
    let members = lines.iter().flat_map(|line| split(line, ','));
    members.map(if *name == CONTENT_TYPE { media_type } else { without_spaces }).collect()
}

fn without_spaces(member: &str) -> String {
    split(member, ';').collect::<Vec<_>>().join(";")
}

/// The spelling of a media type with sorted parameters, whose names and charset are in lower case
/// (RFC 9110 §8.3.1).
fn media_type(text: &str) -> String {
    let mut parts = split(text, ';');
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let parameters = parts.filter(|part| !part.is_empty()).map(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (name.to_ascii_lowercase(), value.trim_matches('"'));
        if name == "charset" {
            format!("{name}={}", value.to_ascii_lowercase())
        } else {
            format!("{name}={value}")
        }
    });
    let parameters: BTreeSet<_> = parameters.collect();
    [essence].into_iter().chain(parameters).collect::<Vec<_>>().join(";")
}

/// The parts between separators that are not in quotes, without the spaces around them.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    let parts = text.split(move |character| {
        is_quoted ^= character == '"';
        character == separator && !is_quoted
    });
    parts.map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::check::{ask::Ask, testing::judges};
    use http::HeaderValue;

    fn set(name: &'static str, value: &'static str) -> impl Fn(&Ask, &mut Answer) {
        move |_, it| drop(it.headers.insert(name, HeaderValue::from_static(value)))
    }

    fn append(name: &'static str, value: &'static str) -> impl Fn(&Ask, &mut Answer) {
        move |_, it| {
            it.headers.append(name, HeaderValue::from_static(value));
        }
    }

    #[test]
    fn fields() {
        judges(&JUDGMENT).kept(|_, _| {});
        judges(&JUDGMENT).kept(|_, it| {
            it.headers.insert("server", "cdn".parse().unwrap());
            it.headers.insert("strict-transport-security", "max-age=1".parse().unwrap());
            it.headers.remove("etag");
        });
        judges(&JUDGMENT)
            .broken(set("content-type", "text/html"), "content-type: text/html, not text/css");
        judges(&JUDGMENT).broken(
            |_, it| drop(it.headers.remove("x-content-type-options")),
            "no x-content-type-options, not nosniff",
        );
        judges(&JUDGMENT).kept(append("x-content-type-options", "nosniff"));
        judges(&JUDGMENT).broken(
            append("x-content-type-options", "no"),
            "2 lines x-content-type-options: nosniff, no",
        );
    }

    #[test]
    fn media_types() {
        for same in
            ["text/css;charset=UTF-8", "Text/CSS ; Charset=\"utf-8\"", "text/css; charset=utf-8;"]
        {
            judges(&JUDGMENT).kept(set("content-type", same));
        }
        judges(&JUDGMENT).kept(append("content-type", "text/css;charset=utf-8"));
        for other in ["text/css", "text/css; charset=latin1", "text/css; charset=utf-8; a=b", ""] {
            judges(&JUDGMENT).broken(set("content-type", other), "not text/css; charset=utf-8");
        }
        judges(&JUDGMENT).broken(
            append("content-type", "application/octet-stream"),
            "2 lines content-type: text/css; charset=utf-8, application/octet-stream, not text/css",
        );
    }

    #[test]
    fn added_fields() {
        for name in &MEANING {
            let change = |_: &Ask, it: &mut Answer| {
                drop(it.headers.insert(name, HeaderValue::from_static("a")))
            };
            judges(&JUDGMENT).broken(change, &format!("{name}: a, which is not the release's"));
        }
    }

    #[test]
    fn members_of_lists() {
        let is = |lines: &[&str], expected: &[&str]| {
            let lines = lines.iter().map(|line| (CONTENT_LANGUAGE, line.parse().unwrap()));
            let mut headers = HeaderMap::new();
            for (name, line) in lines {
                headers.append(name, line);
            }
            let found: Vec<_> = members(&headers, &CONTENT_LANGUAGE).into_iter().collect();
            assert_eq!(found, expected);
        };
        is(&["b , a;q", "c"], &["a;q", "b", "c"]);
        is(&["b", "b,a ; q=\"x; y, z\""], &["a;q=\"x; y, z\"", "b"]);
        is(&[], &[]);
    }
}
