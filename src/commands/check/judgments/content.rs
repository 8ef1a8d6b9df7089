//! Content that is not the release's.

use crate::commands::check::{
    content::Content,
    judgment::{Judgment, Of, Seen, Verdict},
    subject::Subject,
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "content",
    rule: "content is the release's, byte by byte",
    remedy: "turn off the features that change content: minifiers, image optimizers, injected scripts, rewritten \
             links; then purge the path. Is --binary the release that is deployed?",
    of: Of::Both,
    ask: Subject::in_codings,
    judge,
};

fn judge(seen: &Seen<'_>) -> Verdict {
    seen.judge_contents(|_, answer, content| {
        let is_ours = !matches!(content, Content::Other);
        let length = answer.body.len();
        Some(Verdict::kept_if(is_ours, || format!("{length} bytes that are not the asset's")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::check::testing::judges;

    #[test]
    fn contents() {
        judges(&JUDGMENT).kept(|_, _| {});
        judges(&JUDGMENT).kept(|_, it| it.body.to_mut().truncate(9));
        judges(&JUDGMENT).broken(|_, it| it.body = b"<p>".into(), "3 bytes that are not");
    }
}
