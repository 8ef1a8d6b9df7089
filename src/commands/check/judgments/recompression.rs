//! Content that was compressed by somebody else.

use crate::commands::check::{
    content::Content,
    judgment::{Judgment, Of, Seen, Verdict},
    subject::Subject,
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "recompression",
    rule: "content keeps the compression of the bake",
    remedy: "turn the CDN's own compression off (CloudFront: Compress: false), and let it pass \
             Accept-Encoding to the origin",
    of: Of::Both,
    ask: Subject::in_codings,
    judge,
};

fn judge(seen: &Seen<'_>) -> Verdict {
    seen.judge_contents(|_, answer, content| match content {
        Content::Recoded(coding) => {
            let length = answer.body.len();
            Some(Verdict::Broken(format!("{length} bytes of {coding} that the bake did not make")))
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
    fn compression() {
        judges(&JUDGMENT).kept(|_, _| {});
        judges(&JUDGMENT).broken(
            |ask, it| {
                if ask.accepted() == "gzip" {
                    it.body = testing::recoded().into();
                }
            },
            "bytes of gzip that the bake did not make",
        );
    }
}
