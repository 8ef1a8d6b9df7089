//! `Vary: Accept-Encoding` (RFC 9110 §12.5.5), said and heeded.

use http::{HeaderMap, header::VARY};

use crate::commands::check::{
    ask::Ask,
    judgment::{Judgment, Of, Seen, Verdict, field},
    list::members,
    subject::Subject,
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "vary",
    rule: "each client gets a coding that it accepts, and Vary says so",
    remedy: "make Accept-Encoding a part of the cache key, and let the CDN pass Vary through; then \
             purge everything",
    of: Of::Both,
    ask: Subject::in_codings,
    judge,
};

fn judge(seen: &Seen<'_>) -> Verdict {
    seen.judge_contents(|ask, answer, content| {
        let coding = content.coding()?;
        if !is_accepted(ask, coding.name()) {
            return Some(Verdict::Broken(format!("the content is {coding}")));
        }
        let expected = seen.subject.expected(ask).headers;
        if says(&answer.headers, "*") && !says(&expected, "*") {
            return Some(Verdict::Broken(format!(
                "{}, so no cache may answer",
                field(answer, &VARY)
            )));
        }
        let is_kept = !varies_by(&expected, "accept-encoding")
            || varies_by(&answer.headers, "accept-encoding");
        Some(Verdict::kept_if(is_kept, || field(answer, &VARY)))
    })
}

fn is_accepted(ask: &Ask, coding: &str) -> bool {
    coding == "identity" || ask.accepted().split(", ").any(|accepted| accepted == coding)
}

/// Whether responses depend on a field of the request, whose name is in lower case.
pub(super) fn varies_by(headers: &HeaderMap, field: &str) -> bool {
    says(headers, field) || says(headers, "*")
}

fn says(headers: &HeaderMap, name: &str) -> bool {
    members(headers, VARY).any(|said| said.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::check::testing::{self, judges};

    #[test]
    fn one_object_for_each_coding() {
        judges(&JUDGMENT).kept(|_, _| {});
        judges(&JUDGMENT).kept(|_, it| {
            it.headers.insert(VARY, "Origin, accept-encoding".parse().unwrap());
        });
        judges(&JUDGMENT).broken(|_, it| drop(it.headers.remove(VARY)), "no vary");
        judges(&JUDGMENT).broken(
            |_, it| {
                it.headers.append(VARY, "*".parse().unwrap());
            },
            "vary: Accept-Encoding, *, so no cache may answer",
        );
        let of_the_first = testing::answer(&testing::asset("/app.css"), &Ask::accepting("br"));
        judges(&JUDGMENT).broken(
            move |_, it| *it = of_the_first.clone(),
            "Accept-Encoding gzip: the content is br",
        );
    }
}
