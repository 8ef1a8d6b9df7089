//! Content that is cut off.

use crate::commands::check::{
    content::Content,
    judgment::{Judgment, Of, Seen, Verdict},
    subject::Subject,
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "complete",
    rule: "content comes whole",
    remedy: "look for a limit on the size of responses, or a time limit, between here and the origin",
    of: Of::Both,
    ask: Subject::in_codings,
    judge,
};

fn judge(seen: &Seen<'_>) -> Verdict {
    seen.judge_contents(|_, answer, content| {
        let is_whole = !matches!(content, Content::Cut);
        Some(Verdict::kept_if(is_whole, || format!("cut off after {} bytes", answer.body.len())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::check::testing::judges;

    #[test]
    fn lengths() {
        judges(&JUDGMENT).kept(|_, _| {});
        judges(&JUDGMENT).kept(|_, it| it.body.to_mut().push(0));
        judges(&JUDGMENT).broken(|_, it| it.body.to_mut().truncate(9), "cut off after 9 bytes");
        judges(&JUDGMENT).broken(|_, it| it.is_cut = true, "cut off after");
    }
}
