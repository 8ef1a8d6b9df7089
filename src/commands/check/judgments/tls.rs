//! The certificate.

use super::protocol;
use crate::commands::check::judgment::{Judgment, Of, Seen, Verdict};

pub(super) const JUDGMENT: Judgment = Judgment {
    name: "tls",
    rule: "browsers trust the certificate: its chain, its names, its dates",
    remedy: "install a certificate of this host with all intermediate certificates, and renew it in \
             time; for a private authority, name its certificate with --ca",
    of: Of::Both,
    ask: protocol::ask,
    judge,
};

fn judge(seen: &Seen<'_>) -> Verdict {
    let Some(shown) = seen.handshake else {
        return Verdict::NotApplicable("http:// has no certificate");
    };
    shown.fault.clone().map_or(Verdict::Kept, Verdict::Broken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::check::{
        subject::Kind,
        testing::{handshake, judges},
    };

    #[test]
    fn certificates() {
        let connection = || judges(&JUDGMENT).of(Kind::Connection);
        connection().with(handshake()).kept(|_, _| {});
        connection().refrains(|_, _| {});
        let mut shown = handshake();
        shown.fault = Some("it was valid until yesterday".to_owned());
        connection().with(shown).broken(|_, _| {}, "it was valid until yesterday");
    }
}
