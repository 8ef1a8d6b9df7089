//! Cookies at static paths.

use http::header::SET_COOKIE;

use crate::commands::check::{
    judgment::{Judgment, Of, Seen, Verdict},
    subject::Subject,
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "cookies",
    rule: "no asset sets a cookie",
    remedy: "turn off the feature that adds the cookie, such as a load balancer's stickiness: a cache gives it to \
             every visitor, or keeps nothing",
    of: Of::Both,
    ask: Subject::in_codings,
    judge,
};

fn judge(seen: &Seen<'_>) -> Verdict {
    seen.judge_contents(|_, answer, _| {
        let name = answer.headers.get(SET_COOKIE).map(|value| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            value.split('=').next().unwrap_or_default().to_owned()
        });
        Some(name.map_or(Verdict::Kept, |name| Verdict::Broken(format!("the cookie {name}"))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::check::testing::judges;

    #[test]
    fn cookies() {
        judges(&JUDGMENT).kept(|_, _| {});
        judges(&JUDGMENT).broken(
            |_, it| drop(it.headers.insert(SET_COOKIE, "AWSALB=secret; Path=/".parse().unwrap())),
            "the cookie AWSALB",
        );
    }
}
