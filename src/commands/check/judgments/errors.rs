//! Errors in the cache.

use http::{StatusCode, header::DATE};

use crate::{
    client::{Answer, CacheStatus},
    commands::check::{
        ask::{Ask, Turn},
        judgment::{Judgment, OTHER_FAULT, Of, Seen, Verdict},
        subject::{BROWSER, Kind, Subject},
    },
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "errors",
    rule: "no cache keeps a 404 for a file of the next release",
    remedy: "set the CDN's time for errors to 0 (CloudFront: ErrorCachingMinTTL of 403, 404, 414 and \
             5xx), and let it answer a missing file with the origin's 404",
    of: Of::Both,
    ask,
    judge,
};

fn ask(subject: &Subject) -> Vec<Ask> {
    match subject.kind {
        Kind::Missing => {
            let first = Ask::accepting(BROWSER);
            vec![first.clone(), first.again(Turn::Later)]
        }
        _ => Vec::new(),
    }
}

fn judge(seen: &Seen<'_>) -> Verdict {
    let asks = ask(seen.subject);
    let answers: Vec<_> = asks.iter().filter_map(|ask| seen.answers.to(ask)).collect();
    let [first, later] = answers.as_slice() else { return Verdict::NotApplicable(OTHER_FAULT) };
    if seen.subject.expected(&asks[0]).status != StatusCode::NOT_FOUND {
        return Verdict::NotApplicable("the release answers every path");
    }
    let other = [first, later].into_iter().find(|it| it.status != StatusCode::NOT_FOUND);
    if let Some(other) = other {
        return Verdict::Broken(format!("{} in place of 404", other.status.as_u16()));
    }
    Verdict::kept_if(!is_kept(first, later), || "the second 404 is from a cache".to_owned())
}

/// Whether the later response is a copy of the first, or of an earlier one. They are more than a
/// second apart, so a new one has another date.
fn is_kept(first: &Answer, later: &Answer) -> bool {
    let date = first.headers.get(DATE);
    let is_copy = date.is_some() && date == later.headers.get(DATE);
    is_copy || CacheStatus::of(&later.headers) == CacheStatus::Hit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::check::testing::judges;

    #[test]
    fn errors() {
        let missing = || judges(&JUDGMENT).of(Kind::Missing);
        let dated = |later: &'static str| {
            move |ask: &Ask, it: &mut Answer| {
                let date = if ask.turn == Turn::Later { later } else { "a" };
                it.headers.insert(DATE, date.parse().unwrap());
            }
        };
        missing().kept(|_, _| {});
        missing().kept(dated("b"));
        missing().broken(dated("a"), "the second 404 is from a cache");
        missing().broken(
            |_, it| drop(it.headers.insert("x-cache", "hit".parse().unwrap())),
            "the second 404 is from a cache",
        );
        missing().broken(|_, it| it.status = StatusCode::OK, "200 in place of 404");
        judges(&JUDGMENT).not_applicable();
    }
}
