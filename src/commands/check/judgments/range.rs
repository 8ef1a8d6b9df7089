//! Ranges (RFC 9110 §14).

use http::{
    StatusCode,
    header::{CONTENT_RANGE, RANGE},
};

use crate::commands::check::{
    ask::Ask,
    judgment::{Judgment, OTHER_FAULT, Of, Seen, Verdict, field},
    subject::{IDENTITY, Subject},
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "range",
    rule: "a part of the content can be fetched",
    remedy: "let the CDN answer Range from its cache, or pass it to the origin; media players and \
             interrupted downloads need it",
    of: Of::Both,
    ask,
    judge,
};

const FIRST: usize = 4;
const LAST: usize = 13;

/// Of assets that are longer than the range.
fn ask(subject: &Subject) -> Vec<Ask> {
    let identity = subject.representations().into_iter().next();
    match identity.filter(|identity| identity.body.len() > LAST + 1) {
        Some(_) => {
            let plain = Ask::accepting(IDENTITY);
            let part = plain.clone().with(RANGE.as_str(), format!("bytes={FIRST}-{LAST}"));
            vec![plain, part]
        }
        None => Vec::new(),
    }
}

fn judge(seen: &Seen<'_>) -> Verdict {
    let asks = ask(seen.subject);
    let [plain, part] = asks.as_slice() else { return Verdict::NotApplicable(SHORT) };
    if !seen.content(plain).is_some_and(|content| content.is_identity()) {
        return Verdict::NotApplicable(OTHER_FAULT);
    }
    let Some(answer) = seen.answers.to(part) else {
        return Verdict::Broken("no response to a range".to_owned());
    };
    if answer.status != StatusCode::PARTIAL_CONTENT {
        return Verdict::Broken(format!("{} in place of 206", answer.status.as_u16()));
    }
    let body = seen.subject.representations().first().map(|identity| identity.body);
    let body = body.unwrap_or_default();
    let expected = format!("bytes {FIRST}-{LAST}/{}", body.len());
    let is_said = answer.headers.get(CONTENT_RANGE).is_some_and(|range| *range == *expected);
    Verdict::kept_if(is_said && *answer.body == body[FIRST..=LAST], || {
        let said = field(answer, &CONTENT_RANGE);
        format!("another part of the content, {said}, not {expected}")
    })
}

const SHORT: &str = "the content is too short";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{client::Answer, commands::check::testing::judges};

    #[test]
    fn ranges() {
        let of_parts = |change: fn(&mut Answer)| {
            move |ask: &Ask, it: &mut Answer| {
                if ask.fields.iter().any(|(name, _)| *name == RANGE) {
                    change(it);
                }
            }
        };
        judges(&JUDGMENT).kept(|_, _| {});
        judges(&JUDGMENT).broken(of_parts(|it| it.status = StatusCode::OK), "200 in place of 206");
        judges(&JUDGMENT).broken(of_parts(|it| it.body.to_mut().reverse()), "another part");
        judges(&JUDGMENT)
            .broken(of_parts(|it| drop(it.headers.remove(CONTENT_RANGE))), "no content-range");
        judges(&JUDGMENT).refrains(|_, it| it.body.to_mut().truncate(2));
    }
}
