//! `ETag` (RFC 9110 §8.8.3).

use http::header::ETAG;

use crate::commands::check::{
    content::Content,
    judgment::{Judgment, Of, Seen, Verdict, field},
    subject::Subject,
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "etag",
    rule: "each coding keeps its own strong entity tag",
    remedy: "let the CDN pass ETag through; it weakens the tag if it may compress by itself \
             (CloudFront: Compress: false)",
    of: Of::Both,
    ask: Subject::in_codings,
    judge,
};

fn judge(seen: &Seen<'_>) -> Verdict {
    seen.judge_contents(|_, answer, content| {
        // Another encoder's bytes have another tag with good reason.
        let Content::Exact(representation) = content else { return None };
        let expected = representation.entity_tag;
        let found = answer.headers.get(ETAG);
        let is_weak = found.is_some_and(|it| it.as_bytes() == format!("W/{expected}").as_bytes());
        let is_kept = found.is_some_and(|it| it == expected);
        Some(Verdict::kept_if(is_kept, || {
            let found = field(answer, &ETAG);
            if is_weak { format!("{found} is weak") } else { format!("{found}, not {expected}") }
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::check::testing::judges;

    #[test]
    fn entity_tags() {
        judges(&JUDGMENT).kept(|_, _| {});
        judges(&JUDGMENT).broken(|_, it| drop(it.headers.remove(ETAG)), "no etag, not \"");
        judges(&JUDGMENT).broken(
            |_, it| {
                let weak = format!("W/{}", it.headers[ETAG].to_str().unwrap());
                it.headers.insert(ETAG, weak.parse().unwrap());
            },
            "is weak",
        );
        judges(&JUDGMENT).broken(
            |_, it| drop(it.headers.insert(ETAG, "\"1\"".parse().unwrap())),
            "etag: \"1\", not \"",
        );
    }
}
