//! The way around the CDN.

use crate::commands::check::{
    ask::Ask,
    judgment::{Judgment, Of, Seen, Verdict},
    subject::{BROWSER, Kind, Subject},
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "origin-closed",
    rule: "the origin answers nobody who goes around the CDN",
    remedy: "give the origin a secret that the CDN sends (HARDTACK_CDN_SECRET with \
             HARDTACK_CDN_ONLY=1), or admit the CDN's addresses alone; `--skip origin-closed` if visitors \
             are to reach it, or if this machine is inside of the origin's network",
    of: Of::Origin,
    ask,
    judge,
};

fn ask(subject: &Subject) -> Vec<Ask> {
    match subject.kind {
        Kind::Connection | Kind::Asset(_) => vec![Ask::accepting(BROWSER).without_secret()],
        _ => Vec::new(),
    }
}

fn judge(seen: &Seen<'_>) -> Verdict {
    let answer = seen.answers.to(&Ask::accepting(BROWSER).without_secret());
    answer.map_or(Verdict::NotApplicable("there was no answer"), |answer| {
        let status = answer.status;
        Verdict::kept_if(status.is_client_error(), || {
            format!("{} without a secret", status.as_u16())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::check::testing::judges;

    #[test]
    fn around_the_cdn() {
        let connection = || judges(&JUDGMENT).of(Kind::Connection);
        connection().broken(|_, _| {}, "200 without a secret");
        connection().kept(|_, it| it.status = 403.try_into().unwrap());
    }
}
