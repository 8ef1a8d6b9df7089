//! The rest of the site.

use http::{StatusCode, header::SET_COOKIE};

use super::cached::NO_CACHE;
use crate::{
    client::Answer,
    commands::check::{
        ask::Ask,
        judgment::{Judgment, NO_ANSWER, Of, Seen, Verdict},
        subject::{BROWSER, Kind, Subject},
    },
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "only-static",
    rule: "the rest of the site cannot be reached through the CDN",
    remedy: "let the CDN answer other paths by itself (CloudFront: a default behaviour with a function \
             that answers 403), and let the origin know the CDN by its secret (HARDTACK_CDN_SECRET); \
             `--skip only-static` if the whole site is to come through the CDN",
    of: Of::Cdn,
    ask,
    judge,
};

fn ask(subject: &Subject) -> Vec<Ask> {
    match subject.kind {
        Kind::Outside => vec![Ask::accepting(BROWSER)],
        _ => Vec::new(),
    }
}

fn judge(seen: &Seen<'_>) -> Verdict {
    if seen.may_be_the_origin() {
        return Verdict::NotApplicable(NO_CACHE);
    }
    let ask = Ask::accepting(BROWSER);
    seen.answers.to(&ask).map_or(Verdict::NotApplicable(NO_ANSWER), |answer| {
        Verdict::kept_if(is_refused(answer), || {
            format!("{}: somebody else than the CDN answers", answer.status.as_u16())
        })
    })
}

/// Whether a response is no answer of an application. Its own 404 may have a cookie.
fn is_refused(answer: &Answer) -> bool {
    let refusals = [
        StatusCode::BAD_REQUEST,
        StatusCode::FORBIDDEN,
        StatusCode::NOT_FOUND,
        StatusCode::GONE,
        StatusCode::MISDIRECTED_REQUEST,
    ];
    refusals.contains(&answer.status) && !answer.headers.contains_key(SET_COOKIE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::check::testing::judges;

    #[track_caller]
    fn is(status: u16, field: &'static str, is_kept: bool) {
        let change = |_: &Ask, it: &mut Answer| {
            it.status = status.try_into().unwrap();
            it.headers.insert(field, "x".parse().unwrap());
            it.headers.insert("x-cache", "miss".parse().unwrap());
        };
        let outside = judges(&JUDGMENT).of(Kind::Outside);
        if is_kept { outside.kept(change) } else { outside.broken(change, "answers") }
    }

    #[test]
    fn other_paths() {
        is(403, "x", true);
        is(404, "x", true);
        is(404, "set-cookie", false);
        is(200, "x", false);
        is(302, "x", false);
        is(401, "x", false);
        is(405, "x", false);
        is(502, "x", false);
        judges(&JUDGMENT).of(Kind::Outside).refrains(|_, _| {});
        judges(&JUDGMENT).not_applicable();
    }
}
