//! Conditional requests (RFC 9110 §13.1.2).

use http::{
    StatusCode,
    header::{ETAG, IF_NONE_MATCH},
};

use crate::commands::check::{
    ask::Ask,
    judgment::{Judgment, OTHER_FAULT, Of, Seen, Verdict},
    subject::{IDENTITY, Subject},
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "conditional",
    rule: "a client that has the content gets 304, and another one the content",
    remedy: "let the CDN answer If-None-Match, or pass it to the origin",
    of: Of::Both,
    ask,
    judge,
};

const STRANGE: &str = "\"hardtack-check\"";

fn ask(subject: &Subject) -> Vec<Ask> {
    let plain = Ask::accepting(IDENTITY);
    let identity = subject.representations().into_iter().next();
    let asks = identity.map(|identity| {
        let with = |tag: &str| plain.clone().with(IF_NONE_MATCH.as_str(), tag);
        vec![plain.clone(), with(identity.entity_tag), with(STRANGE)]
    });
    asks.unwrap_or_default()
}

fn judge(seen: &Seen<'_>) -> Verdict {
    let asks = ask(seen.subject);
    let [plain, known, strange] = asks.as_slice() else {
        return Verdict::NotApplicable(OTHER_FAULT);
    };
    let has_tag = seen.answers.ok(plain).is_some_and(|answer| answer.headers.contains_key(ETAG));
    let is_identity = seen.content(plain).is_some_and(|content| content.is_identity());
    if !has_tag || !is_identity {
        return Verdict::NotApplicable(OTHER_FAULT);
    }
    let status = |ask| seen.answers.to(ask).map(|answer| answer.status);
    match (status(known), status(strange)) {
        (Some(StatusCode::NOT_MODIFIED), Some(StatusCode::OK)) => Verdict::Kept,
        (Some(StatusCode::NOT_MODIFIED), _) => {
            Verdict::Broken(format!("{} for If-None-Match: {STRANGE}", said(status(strange))))
        }
        (other, _) => Verdict::Broken(format!(
            "{} in place of 304 for If-None-Match with the entity tag of the content",
            said(other)
        )),
    }
}

fn said(status: Option<StatusCode>) -> String {
    status.map_or("no response".to_owned(), |status| status.as_u16().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{client::Answer, commands::check::testing::judges};

    #[test]
    fn conditions() {
        let set = |status: u16, tag: &'static str| {
            move |ask: &Ask, it: &mut Answer| {
                if ask.fields.iter().any(|(_, value)| value.contains(tag)) {
                    it.status = status.try_into().unwrap();
                }
            }
        };
        judges(&JUDGMENT).kept(|_, _| {});
        judges(&JUDGMENT).broken(set(200, "-identity\""), "200 in place of 304");
        judges(&JUDGMENT).broken(set(304, STRANGE), "304 for If-None-Match: \"hardtack-check\"");
        judges(&JUDGMENT).refrains(|_, it| drop(it.headers.remove(ETAG)));
    }
}
