//! The other header fields of a release.

use http::HeaderMap;

use crate::commands::check::{
    judgment::{Judgment, Of, Seen, Verdict, field},
    subject::Subject,
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "fields",
    rule: "media types and the header fields of the settings survive",
    remedy: "let the CDN pass these fields through, and not replace them by a policy of its own",
    of: Of::Both,
    ask: Subject::in_codings,
    judge,
};

/// Fields of other judgments, and those of a connection.
const OTHERS: [&str; 11] = [
    "accept-ranges",
    "access-control-allow-origin",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "date",
    "etag",
    "server",
    "use-as-dictionary",
    "vary",
];

fn judge(seen: &Seen<'_>) -> Verdict {
    seen.judge_contents(|ask, answer, content| {
        content.coding()?;
        let expected = seen.subject.expected(ask).headers;
        let mut judged = expected.keys().filter(|name| !OTHERS.contains(&name.as_str()));
        let lost = judged.find(|name| !has_all(&answer.headers, &expected, name.as_str()));
        Some(lost.map_or(Verdict::Kept, |name| {
            let expected = expected[name].to_str().unwrap_or_default();
            Verdict::Broken(format!("{}, not {expected}", field(answer, name)))
        }))
    })
}

/// Whether a response has all expected fields of a name. It may have more of them.
fn has_all(found: &HeaderMap, expected: &HeaderMap, name: &str) -> bool {
    let is_there = |value| found.get_all(name).iter().any(|other| other == value);
    expected.get_all(name).iter().all(is_there)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::check::testing::judges;

    #[test]
    fn fields() {
        judges(&JUDGMENT).kept(|_, _| {});
        judges(&JUDGMENT).kept(|_, it| {
            it.headers.insert("server", "cdn".parse().unwrap());
            it.headers.insert("strict-transport-security", "max-age=1".parse().unwrap());
            it.headers.remove("etag");
        });
        judges(&JUDGMENT).broken(
            |_, it| drop(it.headers.insert("content-type", "text/html".parse().unwrap())),
            "content-type: text/html, not text/css",
        );
        judges(&JUDGMENT).broken(
            |_, it| drop(it.headers.remove("x-content-type-options")),
            "no x-content-type-options, not nosniff",
        );
    }
}
