//! Use by other origins (WHATWG Fetch §3.2).

use hardtack_bundle::Origins;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ORIGIN};

use crate::commands::check::{
    ask::Ask,
    judgment::{Judgment, OTHER_FAULT, Of, Seen, Verdict, field},
    subject::{BROWSER, Kind, Subject},
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "cors",
    rule: "pages of other origins may use fonts, modules and the like",
    remedy: "let the CDN pass Access-Control-Allow-Origin through; for a list of origins (`cors`), \
             make Origin a part of the cache key",
    of: Of::Both,
    ask,
    judge,
};

/// A request of a page at another origin, behind one without an origin that fills the cache.
fn ask(subject: &Subject) -> Vec<Ask> {
    match (&subject.kind, origin(subject)) {
        (Kind::Asset(_), Some(origin)) => {
            let without = Ask::accepting(BROWSER);
            let with = without.clone().with(ORIGIN.as_str(), origin);
            vec![without, with]
        }
        _ => Vec::new(),
    }
}

/// An origin that may use the assets; none if there is none.
fn origin(subject: &Subject) -> Option<&'static str> {
    match subject.bundle.origins() {
        Origins::None => None,
        Origins::Any => Some("https://check.example"),
        Origins::Listed(listed) => listed.split(' ').next(),
    }
}

fn judge(seen: &Seen<'_>) -> Verdict {
    let asks = ask(seen.subject);
    let Some(with) = asks.last() else { return Verdict::NotApplicable("`cors` is off") };
    let Some(answer) = seen.answers.ok(with) else { return Verdict::NotApplicable(OTHER_FAULT) };
    let expected = seen.subject.expected(with).headers;
    let name = &ACCESS_CONTROL_ALLOW_ORIGIN;
    // Browsers refuse two lines, also of one value.
    let is_kept = expected.get_all(name).iter().eq(answer.headers.get_all(name));
    Verdict::kept_if(is_kept, || {
        format!("{}, for Origin: {}", field(answer, name), origin(seen.subject).unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::check::testing::judges;
    use http::HeaderValue;

    #[test]
    fn origins() {
        judges(&JUDGMENT).kept(|_, _| {});
        judges(&JUDGMENT).broken(
            |_, it| drop(it.headers.remove(ACCESS_CONTROL_ALLOW_ORIGIN)),
            "no access-control-allow-origin, for Origin: https://check.example",
        );
        judges(&JUDGMENT).broken(
            |_, it| {
                it.headers.append(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            },
            "for Origin: https://check.example",
        );
        judges(&JUDGMENT).of(Kind::Missing).not_applicable();
    }
}
