//! A judgment: its rule, its requests, its verdict.

use http::HeaderName;

use super::{
    ask::{Answers, Ask, Turn},
    content::Content,
    subject::Subject,
};
use crate::client::{Answer, Handshake, is_from_a_cache};

/// A rule that a CDN or an origin keeps. Each is a file in `judgments`.
pub(super) struct Judgment {
    /// A word, for `--skip` and for programs.
    pub(super) name: &'static str,
    /// The rule, as a sentence that is true where it is kept.
    pub(super) rule: &'static str,
    /// How to mend it.
    pub(super) remedy: &'static str,
    pub(super) of: Of,
    /// The requests that are needed to judge a subject; none if it is not judged.
    pub(super) ask: fn(&Subject) -> Vec<Ask>,
    /// Judges a subject by the answers.
    pub(super) judge: fn(&Seen<'_>) -> Verdict,
}

/// The servers that a judgment is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Both,
    /// A cache.
    Cdn,
    /// The server behind it.
    Origin,
}

/// The part of a server in the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The URL of the command: a CDN, or the origin itself.
    Front,
    /// The URL of the command, whose origin is another one.
    Cdn,
    /// The URL of `--origin`.
    Origin,
}

/// The answers about a subject, and the circumstances.
pub(super) struct Seen<'a> {
    pub(super) subject: &'a Subject,
    pub(super) answers: &'a Answers,
    /// The contents that came with 200.
    contents: Vec<(&'a Ask, &'a Answer, Content)>,
    pub(super) side: Side,
    /// The host of the URL.
    pub(super) host: &'a str,
    /// Of a site that speaks TLS.
    pub(super) handshake: Option<&'a Handshake>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Kept,
    /// The fault.
    Broken(String),
    /// The reason.
    NotApplicable(&'static str),
}

impl Judgment {
    pub(super) fn is_for(&self, side: Side) -> bool {
        match self.of {
            Of::Both => true,
            Of::Cdn => side != Side::Origin,
            Of::Origin => side == Side::Origin,
        }
    }
}

impl<'a> Seen<'a> {
    pub(super) fn new(
        subject: &'a Subject,
        answers: &'a Answers,
        side: Side,
        host: &'a str,
        handshake: Option<&'a Handshake>,
    ) -> Self {
        let asked = answers.0.iter().map(|(ask, _)| ask);
        let came = asked.filter_map(|ask| {
            let answer = answers.ok(ask)?;
            Some((ask, answer, Content::of(subject, answer)))
        });
        Self { subject, answers, contents: came.collect(), side, host, handshake }
    }

    /// The content that came for a request, if it came with 200.
    pub(super) fn content(&self, ask: &Ask) -> Option<&Content> {
        self.contents.iter().find(|(asked, ..)| *asked == ask).map(|(.., content)| content)
    }

    /// Whether the URL of the command may be an origin: nothing speaks for a cache.
    pub(super) fn may_be_the_origin(&self) -> bool {
        let mut answers = self.answers.0.iter().filter_map(|(_, outcome)| outcome.as_ref().ok());
        self.side == Side::Front && !answers.any(|answer| is_from_a_cache(&answer.headers))
    }

    /// Judges the content in each coding; the first fault counts. Content that has no verdict is that of another
    /// judgment.
    pub(super) fn judge_contents(
        &self,
        judge: impl Fn(&Ask, &Answer, &Content) -> Option<Verdict>,
    ) -> Verdict {
        let mut verdict = Verdict::NotApplicable(OTHER_FAULT);
        for coded in self.subject.in_codings() {
            let came = self.contents.iter().find(|(ask, ..)| **ask == coded);
            let Some((ask, answer, content)) = came else { continue };
            match judge(ask, answer, content) {
                Some(Verdict::Broken(fault)) => {
                    return Verdict::Broken(format!("{}: {fault}", accepting(ask)));
                }
                Some(other) if verdict != Verdict::Kept => verdict = other,
                _ => {}
            }
        }
        verdict
    }
}

impl Verdict {
    pub(super) fn kept_if(is_kept: bool, fault: impl FnOnce() -> String) -> Self {
        if is_kept { Self::Kept } else { Self::Broken(fault()) }
    }
}

/// The reason not to judge a response with another fault.
pub(super) const OTHER_FAULT: &str = "another judgment has the fault";

/// The reason not to judge a response that has not come.
pub(super) const NO_ANSWER: &str = "there was no answer";

/// A request in the words of a fault.
pub(super) fn accepting(ask: &Ask) -> String {
    let again = if ask.turn == Turn::First { "" } else { ", again" };
    format!("Accept-Encoding {}{again}", ask.accepted())
}

/// The value of a field, in the words of a fault.
pub(super) fn field(answer: &Answer, name: &HeaderName) -> String {
    let values = answer.headers.get_all(name).iter();
    let values: Vec<_> = values.map(|it| String::from_utf8_lossy(it.as_bytes())).collect();
    if values.is_empty() { format!("no {name}") } else { format!("{name}: {}", values.join(", ")) }
}
