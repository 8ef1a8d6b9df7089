//! The version of HTTP.

use http::Version;

use crate::commands::check::{
    ask::Ask,
    judgment::{Judgment, OTHER_FAULT, Of, Seen, Side, Verdict},
    subject::{BROWSER, Kind, Subject},
};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "protocol",
    rule: "HTTP/2 is offered over TLS, and HTTP/1.1 at least",
    remedy: "turn HTTP/2 on at the CDN (CloudFront: HttpVersion: http2and3)",
    of: Of::Both,
    ask,
    judge,
};

pub(super) fn ask(subject: &Subject) -> Vec<Ask> {
    match subject.kind {
        Kind::Connection => vec![Ask::accepting(BROWSER)],
        _ => Vec::new(),
    }
}

/// A CDN speaks HTTP/1.1 to many origins.
fn judge(seen: &Seen<'_>) -> Verdict {
    let Some(answer) = seen.answers.to(&Ask::accepting(BROWSER)) else {
        return Verdict::NotApplicable(OTHER_FAULT);
    };
    if answer.version < Version::HTTP_11 {
        return Verdict::Broken(format!("{:?}", answer.version));
    }
    match seen.handshake {
        None => Verdict::NotApplicable("HTTP/1.1, and browsers speak HTTP/2 over TLS alone"),
        Some(shown) if shown.is_http2 || seen.side == Side::Origin => Verdict::Kept,
        Some(_) => Verdict::Broken("HTTP/1.1 alone".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::check::testing::{handshake, judges};

    #[test]
    fn versions() {
        let connection = || judges(&JUDGMENT).of(Kind::Connection);
        connection().with(handshake()).kept(|_, _| {});
        let mut without = handshake();
        without.is_http2 = false;
        connection().with(without).broken(|_, _| {}, "HTTP/1.1 alone");
        connection().refrains(|_, _| {});
        connection().broken(|_, it| it.version = Version::HTTP_10, "HTTP/1.0");
    }
}
