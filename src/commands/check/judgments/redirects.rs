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
    let mut lines = answer.headers.get_all(LOCATION).iter();
    let found = lines.next().and_then(|it| it.to_str().ok()).unwrap_or("");
    let is_one = lines.next().is_none() && is_same(found, location, seen.host);
    let is_kept = answer.status == expected.status && is_one;
    Verdict::kept_if(is_kept, || {
        let (status, said) = (answer.status.as_u16(), field(answer, &LOCATION));
        format!("{status}, {said}, not {} to {location}", expected.status.as_u16())
    })
}

/// Whether two locations are one. A CDN may put its scheme and its own host before the path.
fn is_same(found: &str, expected: &str, host: &str) -> bool {
    let whole = found.split_once("://").and_then(|(_, rest)| Some(rest.split_at(rest.find('/')?)));
    let is_own = |authority: &str| {
        let (name, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
        let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
        (if is_port { name } else { authority }).trim_matches(['[', ']']).eq_ignore_ascii_case(host)
    };
    let is_whole = whole.is_some_and(|(authority, path)| is_own(authority) && path == expected);
    found == expected || expected.starts_with('/') && is_whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{client::Answer, commands::check::testing::judges};
    use http::HeaderValue;

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
        redirects().broken(to("http://internal:8080/app.css"), "301, location: http://internal");
        redirects().broken(
            |_, it| {
                it.headers.append(LOCATION, HeaderValue::from_static("/evil"));
            },
            "301, location: /app.css",
        );
        redirects().broken(to("/other"), "301, location: /other, not 301 to /app.css");
        redirects().broken(|_, it| it.status = 200.try_into().unwrap(), "200, location: /app.css");
        judges(&JUDGMENT).not_applicable();
    }
}
