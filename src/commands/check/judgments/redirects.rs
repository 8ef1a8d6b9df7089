//! Redirects.

use http::header::LOCATION;

use crate::commands::check::{
    ask::Ask,
    judgment::{Judgment, OTHER_FAULT, Of, Seen, Verdict, field},
    subject::{BROWSER, Kind, Subject},
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "redirects",
    rule: "redirects are those of the release",
    remedy: "let the CDN send these paths to the origin, not follow redirects itself, and keep \
             Location as it is",
    of: Of::Both,
    ask,
    judge,
};

fn ask(subject: &Subject) -> Vec<Ask> {
    match subject.kind {
        Kind::Redirect => vec![Ask::accepting(BROWSER)],
        _ => Vec::new(),
    }
}

fn judge(seen: &Seen<'_>) -> Verdict {
    let ask = Ask::accepting(BROWSER);
    let expected = seen.subject.expected(&ask);
    let answer = match seen.answers.outcome(&ask) {
        Some(Ok(answer)) => answer,
        Some(Err(error)) => return Verdict::Broken(error.clone()),
        None => return Verdict::NotApplicable(OTHER_FAULT),
    };
    let location = expected.headers.get(LOCATION).and_then(|it| it.to_str().ok()).unwrap_or("");
    let found = answer.headers.get(LOCATION).and_then(|it| it.to_str().ok()).unwrap_or("");
    let is_kept = answer.status == expected.status && is_same(found, location);
    Verdict::kept_if(is_kept, || {
        let (status, said) = (answer.status.as_u16(), field(answer, &LOCATION));
        format!("{status}, {said}, not {} to {location}", expected.status.as_u16())
    })
}

/// Whether two locations are one. A CDN may put its scheme and host before the path.
fn is_same(found: &str, expected: &str) -> bool {
    let behind_host =
        found.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    found == expected || expected.starts_with('/') && behind_host == Some(expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{client::Answer, commands::check::testing::judges};

    #[test]
    fn locations() {
        let to = |location: &'static str| {
            move |_: &Ask, it: &mut Answer| {
                it.headers.insert(LOCATION, location.parse().unwrap());
            }
        };
        let redirects = || judges(&JUDGMENT).of(Kind::Redirect);
        redirects().kept(|_, _| {});
        redirects().kept(to("https://cdn.example/app.css"));
        redirects().broken(to("/other"), "301, location: /other, not 301 to /app.css");
        redirects().broken(|_, it| it.status = 200.try_into().unwrap(), "200, location: /app.css");
        judges(&JUDGMENT).not_applicable();
    }
}
