//! Compression dictionaries (RFC 9842).

use http::{
    HeaderName,
    header::{CONTENT_ENCODING, VARY},
};

use super::vary::varies_by;
use crate::commands::check::{
    ask::{Ask, Turn},
    content::Content,
    judgment::{Judgment, OTHER_FAULT, Of, Seen, Verdict, field},
    subject::{BROWSER, IDENTITY, Subject},
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "dictionaries",
    rule: "returning visitors get deltas, and nobody else does",
    remedy: "make Accept-Encoding, with dcb and dcz in it, and Available-Dictionary parts of the cache \
             key, and let the CDN pass Use-As-Dictionary and Vary through; or bake with `dictionaries = \
             false`, or `--skip dictionaries`",
    of: Of::Both,
    ask,
    judge,
};

const ACCEPTED: &str = "gzip, deflate, br, zstd, dcb, dcz";
const AVAILABLE_DICTIONARY: &str = "available-dictionary";
const USE_AS_DICTIONARY: HeaderName = HeaderName::from_static("use-as-dictionary");

/// The request of a browser that has a dictionary, then that of one without.
fn ask(subject: &Subject) -> Vec<Ask> {
    let mut asks = subject.in_codings();
    if let Some(dictionary) = dictionary(subject) {
        let without = Ask::accepting(ACCEPTED);
        asks.push(without.clone().with(AVAILABLE_DICTIONARY, dictionary));
        asks.push(without.again(Turn::Again(1)));
    }
    asks
}

/// The value of `Available-Dictionary` for a dictionary of the asset's deltas.
fn dictionary(subject: &Subject) -> Option<String> {
    subject.representations().iter().find_map(|it| it.available_dictionary())
}

fn judge(seen: &Seen<'_>) -> Verdict {
    let browser = Ask::accepting(BROWSER);
    let is_expected_coded = seen.subject.expected(&browser).headers.contains_key(CONTENT_ENCODING);
    let is_exact = seen.content(&browser).is_some_and(|content| {
        matches!(content, Content::Exact(_)) && content.is_identity() != is_expected_coded
    });
    let is_by_coding = seen.content(&Ask::accepting(IDENTITY)).is_some_and(|it| it.is_identity());
    let Some(answer) = seen.answers.ok(&browser).filter(|_| is_exact && is_by_coding) else {
        return Verdict::NotApplicable(OTHER_FAULT);
    };
    let expected = seen.subject.expected(&browser).headers;
    let expected = expected.get(&USE_AS_DICTIONARY);
    if expected.is_some() && expected != answer.headers.get(&USE_AS_DICTIONARY) {
        return Verdict::Broken(field(answer, &USE_AS_DICTIONARY));
    }
    match ask(seen.subject).iter().rev().take(2).collect::<Vec<_>>().as_slice() {
        [without, with] if dictionary(seen.subject).is_some() => judge_delta(seen, with, without),
        _ if expected.is_some() => Verdict::Kept,
        _ => Verdict::NotApplicable("no file has deltas or may be a dictionary"),
    }
}

fn judge_delta(seen: &Seen<'_>, with: &Ask, without: &Ask) -> Verdict {
    let is_delta = |ask| match seen.content(ask) {
        Some(Content::Exact(representation)) => representation.coding.has_dictionary(),
        _ => false,
    };
    let Some(answer) = seen.answers.ok(with).filter(|_| is_delta(with)) else {
        return Verdict::Broken("a browser with the earlier version gets no delta".to_owned());
    };
    // Without any `Vary`, it is that judgment's fault.
    let says_half = varies_by(&answer.headers, "accept-encoding");
    if says_half && !varies_by(&answer.headers, AVAILABLE_DICTIONARY) {
        return Verdict::Broken(field(answer, &VARY));
    }
    Verdict::kept_if(!is_delta(without), || {
        "a browser without the earlier version gets a delta, which it cannot decode".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        client::Answer,
        commands::check::testing::{self, judges},
    };

    #[test]
    fn deltas() {
        let changed = || judges(&JUDGMENT).at("/new.css");
        changed().kept(|_, _| {});
        changed()
            .broken(|_, it| drop(it.headers.remove(USE_AS_DICTIONARY)), "no use-as-dictionary");
        let subject = testing::asset("/new.css");
        let without = Ask::accepting(ACCEPTED);
        let plain = testing::answer(&subject, &without);
        let with = without.with(AVAILABLE_DICTIONARY, dictionary(&subject).unwrap());
        let delta = testing::answer(&subject, &with);
        let put = |in_place: &'static str, answer: &Answer| {
            let answer = answer.clone();
            move |ask: &Ask, it: &mut Answer| {
                let has = ask.fields.iter().any(|(name, _)| *name == AVAILABLE_DICTIONARY);
                if ask.accepted() == ACCEPTED && has == (in_place == "with") {
                    *it = answer.clone();
                }
            }
        };
        changed().broken(put("with", &plain), "gets no delta");
        changed().broken(put("without", &delta), "which it cannot decode");
        changed().broken(
            |_, it| drop(it.headers.insert(VARY, "Accept-Encoding".parse().unwrap())),
            "vary: Accept-Encoding",
        );
        judges(&JUDGMENT).not_applicable();
    }
}
