//! Tables of judgments: a release, its own answers, and changes of these.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use hardtack_bundle::{
    Action, Bundle, CachePolicy, Coding, FieldEdit, Fingerprint, NewAsset, Role, Writer,
};
use http::Version;
use http_body_util::BodyExt;

use super::{
    ask::{Answers, Ask},
    judgment::{Judgment, Seen, Side, Verdict},
    subject::{Kind, Subject},
};
use crate::client::{Answer, Handshake};

pub(super) const STYLE: &[u8] = b"body { color: peru } /* a style sheet of some length */";
const NEW: &[u8] = b"body { color: teal } /* a style sheet of some length */";

/// The style sheet as another encoder compresses it.
pub(super) fn recoded() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(STYLE).unwrap();
    encoder.finish().unwrap()
}

/// A release with a style sheet at `/app.css`, one with a delta at `/new.css`, and a redirect.
fn bundle() -> Bundle<'static> {
    let mut writer = Writer::new("/");
    writer.origins("*");
    let coded = [
        (Coding::Gzip, &b"a style sheet in gzip, or so"[..]),
        (Coding::Br, b"style in br, or so"),
        (Coding::Zstd, b"this is style in zstd"),
    ];
    let new = |path, role, identity, url| NewAsset {
        logical_path: path,
        url,
        plain_url: None,
        media_type: "text/css; charset=utf-8",
        role,
        why: "",
        fingerprint: Fingerprint::of(identity),
        digest: None,
        representations: &[],
    };
    let all = |identity| [&[(Coding::Identity, identity)][..], &coded].concat();
    let (style, changed) = (all(STYLE), all(NEW));
    let app = new("app.css", Role::Pinned, STYLE, "/app.css");
    let app = writer.asset(NewAsset { representations: &style, ..app });
    let changed_asset = new("new.css", Role::Pinned, NEW, "/new.css");
    let changed = writer.asset(NewAsset { representations: &changed, ..changed_asset });
    let old = new("old.css", Role::Prehashed, STYLE, "/old.0123456789ab.css");
    let old = writer.carried(NewAsset { representations: &style, ..old }, 1);
    writer.delta(changed, Coding::Dcb, old, b"delta");
    writer.serve("/app.css", app, CachePolicy::revalidate(60));
    writer.serve("/new.css", changed, CachePolicy::revalidate(60));
    writer.serve("/old.0123456789ab.css", old, CachePolicy::Immutable);
    writer.fields("/new.css", &[FieldEdit::Set("use-as-dictionary", "match=\"/*.css\"")]);
    writer.redirect("/style", "/app.css", 301, CachePolicy::revalidate(60));
    Bundle::open(Vec::leak(writer.finish().unwrap())).unwrap()
}

pub(super) fn asset(path: &str) -> Subject {
    let bundle = bundle();
    let Action::Serve(asset) = bundle.route(path.as_bytes()).unwrap().unwrap().action else {
        panic!("{path} is no asset");
    };
    Subject { bundle, path: path.to_owned(), kind: Kind::Asset(asset) }
}

fn subject(kind: Kind) -> Subject {
    let path = match kind {
        Kind::Redirect => "/style",
        Kind::Connection => "/app.css",
        _ => "/none.0123456789ab.css",
    };
    Subject { bundle: bundle(), path: path.to_owned(), kind }
}

/// The answer of the release itself.
pub(super) fn answer(subject: &Subject, ask: &Ask) -> Answer {
    let (head, body) = subject.response(ask).unwrap().into_parts();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let body = runtime.block_on(body.collect()).unwrap().to_bytes().to_vec().into();
    let version = Version::HTTP_11;
    Answer { version, status: head.status, headers: head.headers, body, is_cut: false }
}

pub(super) fn handshake() -> Handshake {
    Handshake { fault: None, is_http2: true }
}

/// A judgment of `/app.css`, unless another subject is named.
pub(super) fn judges(judgment: &Judgment) -> Judged<'_> {
    Judged { judgment, subject: asset("/app.css"), handshake: None }
}

pub(super) struct Judged<'a> {
    judgment: &'a Judgment,
    subject: Subject,
    handshake: Option<Handshake>,
}

impl Judged<'_> {
    pub(super) fn of(self, kind: Kind) -> Self {
        Self { subject: subject(kind), ..self }
    }

    pub(super) fn at(self, path: &str) -> Self {
        Self { subject: asset(path), ..self }
    }

    pub(super) fn with(self, handshake: Handshake) -> Self {
        Self { handshake: Some(handshake), ..self }
    }

    #[track_caller]
    pub(super) fn kept(self, change: impl Fn(&Ask, &mut Answer)) {
        assert_eq!(self.verdict(change), Verdict::Kept);
    }

    #[track_caller]
    pub(super) fn broken(self, change: impl Fn(&Ask, &mut Answer), expected: &str) {
        match self.verdict(change) {
            Verdict::Broken(fault) if fault.contains(expected) => {}
            other => panic!("{other:?}, not {expected}"),
        }
    }

    /// Something else is wrong, or there is nothing to be judged.
    #[track_caller]
    pub(super) fn refrains(self, change: impl Fn(&Ask, &mut Answer)) {
        let verdict = self.verdict(change);
        assert!(matches!(verdict, Verdict::NotApplicable(_)), "{verdict:?}");
    }

    /// The judgment is of other subjects.
    #[track_caller]
    pub(super) fn not_applicable(self) {
        let asks = (self.judgment.ask)(&self.subject);
        if !asks.is_empty() {
            self.refrains(|_, _| {});
        }
    }

    fn verdict(self, change: impl Fn(&Ask, &mut Answer)) -> Verdict {
        let asks = (self.judgment.ask)(&self.subject).into_iter();
        let answered = asks.map(|ask| {
            let mut answer = answer(&self.subject, &ask);
            change(&ask, &mut answer);
            (ask, Ok(answer))
        });
        let answers = Answers(answered.collect());
        let (subject, handshake) = (&self.subject, self.handshake.as_ref());
        let seen = Seen::new(subject, &answers, Side::Front, "cdn.example", handshake);
        (self.judgment.judge)(&seen)
    }
}
