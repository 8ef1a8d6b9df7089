//! Clients that accept a coding and get none.

use http::header::CONTENT_ENCODING;

use crate::commands::check::{
    judgment::{Judgment, Of, Seen, Verdict},
    subject::Subject,
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "codings",
    rule: "compressed content reaches the clients that accept it",
    remedy: "let Accept-Encoding reach the origin, and be a part of the cache key (CloudFront: \
             EnableAcceptEncodingBrotli and EnableAcceptEncodingGzip of the cache policy)",
    of: Of::Both,
    ask: Subject::in_codings,
    judge,
};

/// A cache may know no zstd: a client that accepts nothing else is rare.
fn judge(seen: &Seen<'_>) -> Verdict {
    seen.judge_contents(|ask, _, content| {
        let expected = seen.subject.expected(ask).headers;
        let is_common = ask.accepted() != "zstd";
        if !is_common || !expected.contains_key(CONTENT_ENCODING) {
            return None;
        }
        content.coding()?;
        Some(Verdict::kept_if(!content.is_identity(), || {
            "the content is not compressed".to_owned()
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::check::testing::{self, judges};

    #[test]
    fn codings() {
        let plain = |it: &mut crate::client::Answer| {
            it.headers.remove(CONTENT_ENCODING);
            it.body = testing::STYLE.into();
        };
        judges(&JUDGMENT).kept(|_, _| {});
        judges(&JUDGMENT).broken(|_, it| plain(it), "is not compressed");
        judges(&JUDGMENT).kept(|ask, it| {
            if ask.accepted() == "zstd" {
                plain(it);
            }
        });
    }
}
