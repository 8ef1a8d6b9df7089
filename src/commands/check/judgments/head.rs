//! `HEAD` (RFC 9110 §9.3.2).

use http::{
    HeaderName, StatusCode,
    header::{CONNECTION, CONTENT_LENGTH, DATE, SERVER},
};

use crate::{
    client::Answer,
    commands::check::{
        ask::{Ask, Turn},
        judgment::{Judgment, OTHER_FAULT, Of, Seen, Verdict, field},
        subject::{BROWSER, Kind, Subject},
    },
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "head",
    rule: "HEAD is answered as GET, without content",
    remedy: "let the CDN pass HEAD to the origin, or answer it from its copy of the response to GET",
    of: Of::Both,
    ask,
    judge,
};

fn ask(subject: &Subject) -> Vec<Ask> {
    let browser = Ask::accepting(BROWSER);
    match subject.kind {
        Kind::Connection => vec![browser.head()],
        Kind::Asset(_) => {
            vec![browser.clone(), browser.clone().head(), browser.again(Turn::Again(1))]
        }
        _ => Vec::new(),
    }
}

/// Fields of a moment or a connection, and the length, of which `HEAD` need say nothing.
static OTHERS: [HeaderName; 4] = [CONNECTION, CONTENT_LENGTH, DATE, SERVER];

fn judge(seen: &Seen<'_>) -> Verdict {
    let browser = Ask::accepting(BROWSER);
    let head = match seen.answers.outcome(&browser.clone().head()) {
        Some(Ok(head)) => head,
        Some(Err(error)) => return Verdict::Broken(format!("no response to HEAD: {error}")),
        None => return Verdict::NotApplicable(OTHER_FAULT),
    };
    // By HTTP/2, such content ends the stream with an error.
    if head.is_cut || !head.body.is_empty() {
        return Verdict::Broken(
            "content behind the header, which is taken for the next response".to_owned(),
        );
    }
    // A copy in the cache may have other fields than the first response, which another judgment says.
    let asks = [browser.clone(), browser.clone().again(Turn::Again(1))];
    let is_ours = |ask: &&Ask| seen.content(ask).is_some_and(|it| it.coding().is_some());
    let got = asks.iter().filter(is_ours).filter_map(|ask| seen.answers.ok(ask));
    let expected = seen.subject.expected(&browser).headers;
    let names: Vec<_> = expected.keys().filter(|name| !OTHERS.contains(name)).collect();
    let mut faults = got.map(|got| difference(head, got, &names));
    match faults.next() {
        None => Verdict::NotApplicable(OTHER_FAULT),
        Some(None) => Verdict::Kept,
        Some(Some(fault)) => Verdict::kept_if(faults.any(|other| other.is_none()), || fault),
    }
}

/// The first difference between the two responses.
fn difference(head: &Answer, got: &Answer, names: &[&HeaderName]) -> Option<String> {
    if head.status != StatusCode::OK {
        return Some(format!("{} in place of 200", head.status.as_u16()));
    }
    let length = got.body.len().to_string();
    if head.headers.get(CONTENT_LENGTH).is_some_and(|it| *it != *length) {
        return Some(format!("{}, and GET has {length} bytes", field(head, &CONTENT_LENGTH)));
    }
    let is_same =
        |name: &&&HeaderName| head.headers.get_all(**name).iter().eq(got.headers.get_all(**name));
    let other = names.iter().find(|name| !is_same(name))?;
    Some(format!("{}, and GET has {}", field(head, other), field(got, other)))
}

#[cfg(test)]
mod tests {
    use http::{Method, header::ETAG};

    use super::*;
    use crate::commands::check::testing::judges;

    #[test]
    fn heads() {
        let of = |method: Method, change: fn(&mut Answer)| {
            move |ask: &Ask, it: &mut Answer| {
                if ask.method == method {
                    change(it);
                }
            }
        };
        let of_heads = |change| of(Method::HEAD, change);
        judges(&JUDGMENT).kept(|_, _| {});
        judges(&JUDGMENT).kept(of_heads(|it| drop(it.headers.remove(CONTENT_LENGTH))));
        judges(&JUDGMENT).kept(|_, it| drop(it.headers.remove(ETAG)));
        judges(&JUDGMENT)
            .kept(of_heads(|it| drop(it.headers.insert("via", "1.1 a".parse().unwrap()))));
        judges(&JUDGMENT).broken(
            of_heads(|it| it.status = StatusCode::METHOD_NOT_ALLOWED),
            "405 in place of 200",
        );
        judges(&JUDGMENT).broken(
            of_heads(|it| drop(it.headers.insert(CONTENT_LENGTH, "0".parse().unwrap()))),
            "content-length: 0, and GET has 18 bytes",
        );
        judges(&JUDGMENT)
            .broken(of_heads(|it| drop(it.headers.remove(ETAG))), "no etag, and GET has etag: ");
        judges(&JUDGMENT).broken(of_heads(|it| it.body = b"<".into()), "content behind the header");
        judges(&JUDGMENT).broken(of_heads(|it| it.is_cut = true), "content behind the header");
        judges(&JUDGMENT).refrains(of(Method::GET, |it| it.body = b"<p>".into()));
        let again = |ask: &Ask, it: &mut Answer| {
            if ask.turn == Turn::First {
                it.headers.insert(ETAG, "W/\"1\"".parse().unwrap());
            }
            if ask.method == Method::HEAD {
                it.headers.insert(ETAG, "\"1\"".parse().unwrap());
            }
        };
        judges(&JUDGMENT).broken(again, "etag: \"1\", and GET has etag: W/\"1\"");
        judges(&JUDGMENT).of(Kind::Missing).not_applicable();
    }
}
