//! Content of another release.

use crate::{
    client::age,
    commands::check::{
        content::Content,
        judgment::{Judgment, Of, Seen, Verdict},
        subject::Subject,
    },
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "release",
    rule: "plain paths and pages are those of this release",
    remedy: "purge the plain paths and pages after a deploy, or wait as long as `max-age` says; does \
             every instance of the origin run the new release?",
    of: Of::Both,
    ask: Subject::in_codings,
    judge,
};

fn judge(seen: &Seen<'_>) -> Verdict {
    seen.judge_contents(|_, answer, content| {
        let is_new = !matches!(content, Content::OtherRelease);
        let age = age(&answer.headers).map_or(String::new(), |age| format!(", {age} s old"));
        Some(Verdict::kept_if(is_new, || format!("content of another release{age}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::check::testing::judges;

    #[test]
    fn releases() {
        judges(&JUDGMENT).kept(|_, _| {});
        judges(&JUDGMENT).kept(|_, it| it.body = b"something".into());
        judges(&JUDGMENT).broken(
            |_, it| {
                it.body = b"old".into();
                it.headers.insert("etag", format!("\"{}-br\"", "ab".repeat(32)).parse().unwrap());
                it.headers.insert("age", "12".parse().unwrap());
            },
            "content of another release, 12 s old",
        );
    }
}
