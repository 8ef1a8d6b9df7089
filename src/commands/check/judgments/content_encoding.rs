//! `Content-Encoding` (RFC 9110 §8.4).

use http::header::CONTENT_ENCODING;

use crate::commands::check::{
    content::Content,
    judgment::{Judgment, Of, Seen, Verdict, field},
    subject::Subject,
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "content-encoding",
    rule: "a response names the coding of its content",
    remedy: "let the CDN pass Content-Encoding through; browsers cannot read such a response",
    of: Of::Both,
    ask: Subject::in_codings,
    judge,
};

fn judge(seen: &Seen<'_>) -> Verdict {
    seen.judge_contents(|_, answer, content| match content {
        Content::Undeclared(coding) => {
            let said = field(answer, &CONTENT_ENCODING);
            Some(Verdict::Broken(format!("the content is {coding}, and there is {said}")))
        }
        Content::Exact(_) => Some(Verdict::Kept),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::check::testing::{self, judges};

    #[test]
    fn names_of_codings() {
        judges(&JUDGMENT).kept(|_, _| {});
        judges(&JUDGMENT).broken(
            |_, it| drop(it.headers.remove(CONTENT_ENCODING)),
            "the content is br, and there is no content-encoding",
        );
        judges(&JUDGMENT).broken(
            |_, it| it.body = testing::STYLE.into(),
            "the content is identity, and there is content-encoding: br",
        );
    }
}
