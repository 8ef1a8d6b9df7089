//! `Cache-Control` (RFC 9111 §5.2).

use http::header::CACHE_CONTROL;

use crate::{
    client::Answer,
    commands::check::{
        ask::Ask,
        judgment::{Judgment, OTHER_FAULT, Of, Seen, Verdict, field},
        subject::{BROWSER, Kind, Subject, directives},
    },
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "cache-control",
    rule: "Cache-Control is the release's: hashed paths are immutable, errors no-store",
    remedy: "let the CDN take the origin's Cache-Control, and no lifetime for browsers of its own",
    of: Of::Both,
    ask,
    judge,
};

fn ask(subject: &Subject) -> Vec<Ask> {
    match subject.kind {
        Kind::Missing => vec![Ask::accepting(BROWSER)],
        _ => subject.in_codings(),
    }
}

fn judge(seen: &Seen<'_>) -> Verdict {
    if let Kind::Missing = seen.subject.kind {
        let ask = Ask::accepting(BROWSER);
        let answer = seen
            .answers
            .to(&ask)
            .filter(|answer| answer.status == seen.subject.expected(&ask).status);
        return answer.map_or(Verdict::NotApplicable(OTHER_FAULT), |it| compare(seen, &ask, it));
    }
    seen.judge_contents(|ask, answer, content| {
        content.coding()?;
        Some(compare(seen, ask, answer))
    })
}

fn compare(seen: &Seen<'_>, ask: &Ask, answer: &Answer) -> Verdict {
    let expected = directives(&seen.subject.expected(ask).headers);
    Verdict::kept_if(directives(&answer.headers) == expected, || {
        let expected: Vec<_> = expected.into_iter().collect();
        format!("{}, not {}", field(answer, &CACHE_CONTROL), expected.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::check::testing::judges;

    #[test]
    fn lifetimes() {
        let set = |value: &'static str| {
            move |_: &Ask, it: &mut Answer| {
                it.headers.insert(CACHE_CONTROL, value.parse().unwrap());
            }
        };
        judges(&JUDGMENT).kept(|_, _| {});
        judges(&JUDGMENT).kept(set("Max-Age=60,public"));
        judges(&JUDGMENT).broken(set("max-age=14400"), "max-age=14400, not max-age=60, public");
        judges(&JUDGMENT).broken(|_, it| it.headers.clear(), "no cache-control");
        judges(&JUDGMENT).of(Kind::Missing).kept(|_, _| {});
        judges(&JUDGMENT).of(Kind::Missing).broken(set("max-age=60"), "not no-store");
    }
}
