//! `Age` (RFC 9111 §5.1).

use http::header::AGE;

use super::cached::{self, NO_CACHE};
use crate::{
    client::CacheStatus,
    commands::check::judgment::{Judgment, Of, Seen, Verdict},
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "age",
    rule: "a response from the cache has its age",
    remedy: "let the CDN send Age: without it, browsers keep a response for longer than its lifetime",
    of: Of::Cdn,
    ask: cached::ask,
    judge,
};

fn judge(seen: &Seen<'_>) -> Verdict {
    if seen.may_be_the_origin() {
        return Verdict::NotApplicable(NO_CACHE);
    }
    let asks = cached::ask(seen.subject);
    let answers = asks.iter().filter_map(|ask| seen.answers.ok(ask));
    let mut hits = answers.filter(|it| CacheStatus::of(&it.headers) == CacheStatus::Hit).peekable();
    if hits.peek().is_none() {
        return Verdict::NotApplicable("nothing came from the cache");
    }
    Verdict::kept_if(hits.all(|hit| hit.headers.contains_key(AGE)), || {
        "a hit without age".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::check::testing::judges;

    #[test]
    fn ages() {
        judges(&JUDGMENT).kept(|_, it| {
            it.headers.insert("x-cache", "hit".parse().unwrap());
            it.headers.insert(AGE, "0".parse().unwrap());
        });
        judges(&JUDGMENT).broken(
            |_, it| drop(it.headers.insert("x-cache", "hit".parse().unwrap())),
            "a hit without age",
        );
        judges(&JUDGMENT)
            .refrains(|_, it| drop(it.headers.insert("x-cache", "miss".parse().unwrap())));
        judges(&JUDGMENT).refrains(|_, _| {});
    }
}
