//! The way around the CDN.

use crate::commands::check::{
    ask::Ask,
    judgment::{Judgment, NO_ANSWER, Of, Seen, Verdict},
    secret::Sent,
    subject::{BROWSER, Kind, Subject},
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "origin-closed",
    rule: "the origin answers nobody who goes around the CDN",
    remedy: "give the origin a secret that the CDN sends (HARDTACK_CDN_SECRET with \
             HARDTACK_CDN_ONLY=1), and let it compare the value, or admit the CDN's addresses alone; `--skip origin-closed` if visitors \
             are to reach it, or if this machine is inside of the origin's network",
    of: Of::Origin,
    ask,
    judge,
};

/// The requests that go around the CDN, in the words of a fault.
const AROUND: [(Sent, &str); 2] =
    [(Sent::Nothing, "without a secret"), (Sent::Wrong, "with a wrong secret")];

fn ask(subject: &Subject) -> Vec<Ask> {
    match subject.kind {
        Kind::Connection | Kind::Asset(_) => {
            AROUND.map(|(sent, _)| Ask::accepting(BROWSER).sending(sent)).to_vec()
        }
        _ => Vec::new(),
    }
}

fn judge(seen: &Seen<'_>) -> Verdict {
    let mut verdict = Verdict::NotApplicable(NO_ANSWER);
    for (sent, words) in AROUND {
        match seen.answers.to(&Ask::accepting(BROWSER).sending(sent)) {
            Some(answer) if !answer.status.is_client_error() => {
                return Verdict::Broken(format!("{} {words}", answer.status.as_u16()));
            }
            Some(_) => verdict = Verdict::Kept,
            None => {}
        }
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{client::Answer, commands::check::testing::judges};

    #[test]
    fn around_the_cdn() {
        let connection = || judges(&JUDGMENT).of(Kind::Connection);
        let refused = |it: &mut Answer| it.status = 403.try_into().unwrap();
        connection().broken(|_, _| {}, "200 without a secret");
        connection().kept(|_, it| refused(it));
        let only = |sent: Sent| {
            move |ask: &Ask, it: &mut Answer| {
                if ask.sent == sent {
                    refused(it);
                }
            }
        };
        connection().broken(only(Sent::Nothing), "200 with a wrong secret");
        connection().broken(only(Sent::Wrong), "200 without a secret");
    }
}
