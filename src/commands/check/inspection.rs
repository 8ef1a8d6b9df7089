//! The requests that the judgments need, and the judgments.

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use hardtack_bundle::Bundle;
use http::Method;
use indicatif::ProgressBar;
use tokio::time::sleep;

use super::{
    ask::{Answers, Ask, Turn},
    judgment::{Judgment, Of, Seen, Side, Verdict},
    judgments,
    secret::Secret,
    subject::{Kind, Subject},
};
use crate::client::{Answer, Client, Handshake, Keep, Site, at_once, is_from_a_cache};

/// Paths that are asked for at once; requests for one path are sent one after the other.
const AT_ONCE: usize = 6;
/// More than the resolution of `Date`.
const LATER: Duration = Duration::from_millis(1100);
/// Bytes beyond the longest representation: a longer body is another one.
const BEYOND: usize = 64 << 10;

/// The check of one site.
pub(super) struct Inspection {
    pub(super) site: Site,
    pub(super) side: Side,
    /// Of the origin; no other server gets it.
    pub(super) secret: Option<Secret>,
    /// The names of the judgments that are not asked for.
    pub(super) skipped: Vec<String>,
    pub(super) client: Client,
    /// Of a site that speaks TLS.
    pub(super) handshake: Option<Handshake>,
    pub(super) progress: ProgressBar,
    pub(super) so_far: SoFar,
}

/// The knowledge of a site that grows with the answers.
#[derive(Default)]
pub(super) struct SoFar {
    /// Whether an answer came from a cache.
    has_cache: AtomicBool,
    /// The requests in a row without an answer.
    unanswered: AtomicUsize,
}

/// After so many requests in a row without an answer, no more are sent.
const MOST_UNANSWERED: usize = 12;

/// The outcome of a judgment over all subjects.
pub(super) struct Outcome {
    pub(super) judgment: &'static Judgment,
    pub(super) is_skipped: bool,
    /// The number of subjects that keep the rule.
    pub(super) kept: usize,
    /// Paths and their faults.
    pub(super) broken: Vec<(String, String)>,
    /// The reason, if no subject keeps or breaks the rule.
    pub(super) reason: &'static str,
}

/// The outcomes, and the number of requests that were sent.
pub(super) struct Outcomes {
    pub(super) all: Vec<Outcome>,
    pub(super) requests: usize,
}

static JUDGMENTS: &[Judgment] = &judgments::ALL;

impl Inspection {
    /// Asks for all subjects, and judges.
    pub(super) async fn run(self, bundle: &Bundle<'static>, subjects: Vec<Subject>) -> Outcomes {
        let most = longest(bundle) + BEYOND;
        let planned: usize = subjects.iter().map(|subject| self.asks(subject).len()).sum();
        self.progress.inc_length(planned as u64);
        let mut outcomes = outcomes(self.side, &self.skipped);
        let inspection = Arc::new(self);
        // The release's paths say whether there is a cache, on which the judgment of others depends.
        let (outside, own): (Vec<_>, Vec<_>) =
            subjects.into_iter().partition(|subject| matches!(subject.kind, Kind::Outside));
        for subjects in [own, outside] {
            let inspection = Arc::clone(&inspection);
            let verdicts = at_once(AT_ONCE, subjects, move |subject| {
                let inspection = Arc::clone(&inspection);
                async move { inspection.judge(subject, most).await }
            });
            for (path, verdicts) in verdicts.await {
                for (name, verdict) in verdicts {
                    let outcome = outcomes.iter_mut().find(|it| it.judgment.name == name);
                    outcome.into_iter().for_each(|it| it.add(&path, verdict.clone()));
                }
            }
        }
        Outcomes { all: outcomes, requests: planned }
    }

    /// Asks for a subject, and judges it.
    async fn judge(&self, subject: Subject, most: usize) -> (String, Vec<(&'static str, Verdict)>) {
        let mut answers = Answers::default();
        for ask in self.asks(&subject) {
            let outcome = self.fetch(&subject, &ask, most).await;
            answers.0.push((ask, outcome));
            self.progress.inc(1);
        }
        let (subject, answers, handshake) = (&subject, &answers, self.handshake.as_ref());
        let mut answered = answers.0.iter().filter_map(|(_, outcome)| outcome.as_ref().ok());
        if answered.any(|answer| is_from_a_cache(&answer.headers)) {
            self.so_far.has_cache.store(true, Relaxed);
        }
        let has_cache = self.so_far.has_cache.load(Relaxed);
        let side = if self.side == Side::Front && has_cache { Side::Cdn } else { self.side };
        let seen = Seen::new(subject, answers, side, &self.site.host, handshake);
        let judged = self.judgments().filter(|judgment| !(judgment.ask)(subject).is_empty());
        let verdicts = judged.map(|judgment| (judgment.name, (judgment.judge)(&seen))).collect();
        (subject.path.clone(), verdicts)
    }

    async fn fetch(&self, subject: &Subject, ask: &Ask, most: usize) -> Result<Answer, String> {
        if ask.turn == Turn::Later {
            sleep(LATER).await;
        }
        let request = ask.request(&self.site.url(&subject.path));
        let mut request = request.map_err(|error| error.to_string())?;
        if let Some(secret) = &self.secret {
            secret.put(ask.sent, request.headers_mut());
        }
        if self.so_far.unanswered.load(Relaxed) >= MOST_UNANSWERED {
            return Err(format!("not asked: {MOST_UNANSWERED} requests before had no answer"));
        }
        let answer = self.client.fetch(request.clone(), Keep::UpTo(most)).await;
        match &answer {
            Ok(_) => self.so_far.unanswered.store(0, Relaxed),
            Err(_) => drop(self.so_far.unanswered.fetch_add(1, Relaxed)),
        }
        let mut answer = answer?;
        if let Some(secret) = &self.secret {
            secret.hide(&mut answer.headers);
        }
        if request.method() == Method::HEAD && matches!(subject.kind, Kind::Connection) {
            answer.body = self.client.behind_head(&request).await.into();
        }
        // Content that is as expected is not kept twice.
        let all = subject.representations();
        if let Some(same) = all.iter().find(|it| *it.body == *answer.body) {
            answer.body = Cow::Borrowed(same.body);
        }
        Ok(answer)
    }

    /// The requests of all judgments for a subject, each once, in the order of their turns.
    fn asks(&self, subject: &Subject) -> Vec<Ask> {
        let mut asks: Vec<Ask> = Vec::new();
        for ask in self.judgments().flat_map(|judgment| (judgment.ask)(subject)) {
            if !asks.contains(&ask) {
                asks.push(ask);
            }
        }
        asks.sort_by_key(|ask| ask.turn);
        asks
    }

    fn judgments(&self) -> impl Iterator<Item = &'static Judgment> {
        let is_judged =
            |judgment: &&Judgment| judgment.is_for(self.side) && !skips(&self.skipped, judgment);
        JUDGMENTS.iter().filter(is_judged)
    }
}

fn skips(skipped: &[String], judgment: &Judgment) -> bool {
    skipped.iter().any(|name| name == judgment.name)
}

/// The outcomes of all judgments of a side, before anything is judged.
fn outcomes(side: Side, skipped: &[String]) -> Vec<Outcome> {
    let judgments = JUDGMENTS.iter().filter(|judgment| judgment.is_for(side));
    let outcome = |judgment| Outcome {
        judgment,
        is_skipped: skips(skipped, judgment),
        kept: 0,
        broken: Vec::new(),
        reason: "there is nothing to judge",
    };
    judgments.map(outcome).collect()
}

impl Outcomes {
    /// Those of an origin that accepts no connection from here: it is closed, and nothing else is
    /// known of it.
    pub(super) fn of_closed_origin(skipped: &[String]) -> Self {
        let mut all = outcomes(Side::Origin, skipped);
        for outcome in &mut all {
            outcome.reason = "the origin accepts no connection from here";
            outcome.kept = usize::from(outcome.judgment.of == Of::Origin);
        }
        Self { all, requests: 0 }
    }
}

impl Outcome {
    fn add(&mut self, path: &str, verdict: Verdict) {
        match verdict {
            Verdict::Kept => self.kept += 1,
            Verdict::Broken(fault) => self.broken.push((path.to_owned(), fault)),
            Verdict::NotApplicable(reason) => self.reason = reason,
        }
    }
}

fn longest(bundle: &Bundle<'static>) -> usize {
    let assets = bundle.assets().chain(bundle.carried()).flatten();
    let lengths =
        assets.flat_map(|asset| asset.representations().flatten().map(|it| it.body.len()));
    lengths.max().unwrap_or(0)
}

/// The names of all judgments.
pub(super) fn names() -> Vec<&'static str> {
    JUDGMENTS.iter().map(|judgment| judgment.name).collect()
}
