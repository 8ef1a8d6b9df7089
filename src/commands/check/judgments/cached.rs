//! The second fetch.

use crate::{
    client::CacheStatus,
    commands::check::{
        ask::{Ask, Turn},
        judgment::{Judgment, OTHER_FAULT, Of, Seen, Verdict},
        subject::{BROWSER, Kind, Subject},
    },
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "cached",
    rule: "the second fetch is answered by the cache",
    remedy: "let the CDN take the lifetime from Cache-Control, and let no cookie and no other field \
             than Accept-Encoding be a part of the cache key",
    of: Of::Cdn,
    ask,
    judge,
};

/// The request of browsers, and again: a CDN has several caches.
pub(super) fn ask(subject: &Subject) -> Vec<Ask> {
    match subject.kind {
        Kind::Asset(_) if subject.may_be_kept() => {
            let first = Ask::accepting(BROWSER);
            let again = (1..=3).map(|number| first.clone().again(Turn::Again(number)));
            again.collect()
        }
        _ => Vec::new(),
    }
}

fn judge(seen: &Seen<'_>) -> Verdict {
    let asks = ask(seen.subject);
    let answers: Vec<_> = asks.iter().filter_map(|ask| seen.answers.ok(ask)).collect();
    if answers.is_empty() {
        return Verdict::NotApplicable(if asks.is_empty() { NOT_KEPT } else { OTHER_FAULT });
    }
    if seen.may_be_the_origin() {
        return Verdict::NotApplicable(NO_CACHE);
    }
    let is_hit = answers.iter().any(|it| CacheStatus::of(&it.headers) == CacheStatus::Hit);
    Verdict::kept_if(is_hit, || format!("no hit among {} more fetches", answers.len()))
}

const NOT_KEPT: &str = "no cache may keep it";
pub(super) const NO_CACHE: &str = "no response is from a cache: is this the origin?";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{client::Answer, commands::check::testing::judges};

    #[test]
    fn hits() {
        let says = |first: &'static str, last: &'static str| {
            move |ask: &Ask, it: &mut Answer| {
                let value = if ask.turn == Turn::Again(3) { last } else { first };
                it.headers.insert("x-cache", value.parse().unwrap());
            }
        };
        judges(&JUDGMENT).kept(says("hit", "hit"));
        judges(&JUDGMENT).kept(says("miss", "hit"));
        judges(&JUDGMENT).broken(says("miss", "miss"), "no hit among 3 more fetches");
        judges(&JUDGMENT).refrains(|_, _| {});
        judges(&JUDGMENT).of(Kind::Missing).not_applicable();
    }
}
