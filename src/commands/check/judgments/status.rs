//! The status of an asset.

use crate::commands::check::{
    judgment::{Judgment, Of, Seen, Verdict, accepting},
    subject::Subject,
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "status",
    rule: "every path of the release is answered with its status",
    remedy: "is --binary the release that is deployed? For 403, is this the origin? Then \
             name it with --origin, and the secret with --origin-secret-file; if it is the CDN, its \
             secret is not the server's. For 301, is the URL https://? For 404, let the CDN send these paths \
             to the origin, with the host name that it serves",
    of: Of::Both,
    ask: Subject::in_codings,
    judge,
};

fn judge(seen: &Seen<'_>) -> Verdict {
    for ask in seen.subject.in_codings() {
        let expected = seen.subject.expected(&ask).status.as_u16();
        let found = match seen.answers.outcome(&ask) {
            Some(Ok(answer)) if answer.status == expected => continue,
            Some(Ok(answer)) => format!("{} in place of {expected}", answer.status.as_u16()),
            Some(Err(error)) => error.clone(),
            None => continue,
        };
        return Verdict::Broken(format!("{}: {found}", accepting(&ask)));
    }
    Verdict::Kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::check::testing::judges;

    #[test]
    fn statuses() {
        judges(&JUDGMENT).kept(|_, _| {});
        judges(&JUDGMENT)
            .broken(|_, it| it.status = 404.try_into().unwrap(), "404 in place of 200");
        judges(&JUDGMENT).broken(
            |ask, it| {
                if ask.accepted() == "br" {
                    it.status = 502.try_into().unwrap();
                }
            },
            "Accept-Encoding br: 502 in place of 200",
        );
    }
}
