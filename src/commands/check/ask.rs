//! Requests that judgments need, and the answers.

use http::{Method, StatusCode, header::ACCEPT_ENCODING};
use http_body_util::Empty;
use hyper::body::Bytes;

use super::secret::Sent;
use crate::client::Answer;

/// A request for the path of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) method: Method,
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) turn: Turn,
    /// The secret of the CDN, at the origin.
    pub(super) sent: Sent,
}

/// The place of a request among those for one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    First,
    /// The request once more, after all others. The number makes it another one.
    Again(u8),
    /// The request once more, so much later that a new response has another `Date`.
    Later,
}

impl Ask {
    /// A `GET` with a value of `Accept-Encoding`.
    pub(super) fn accepting(codings: &str) -> Self {
        let fields = vec![(ACCEPT_ENCODING.as_str(), codings.to_owned())];
        Self { method: Method::GET, fields, turn: Turn::First, sent: Sent::Right }
    }

    pub(super) fn head(self) -> Self {
        Self { method: Method::HEAD, ..self }
    }

    pub(super) fn with(mut self, field: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((field, value.into()));
        self
    }

    pub(super) fn again(mut self, turn: Turn) -> Self {
        self.turn = turn;
        self
    }

    pub(super) fn sending(self, sent: Sent) -> Self {
        Self { sent, ..self }
    }

    /// The codings that it accepts, as they were said.
    pub(super) fn accepted(&self) -> &str {
        self.fields.iter().find(|(name, _)| *name == ACCEPT_ENCODING).map_or("", |(_, it)| it)
    }

    /// The request at that URL.
    pub(super) fn request(&self, url: &str) -> http::Result<http::Request<Empty<Bytes>>> {
        let request = http::Request::builder().method(&self.method).uri(url);
        let request = self.fields.iter().fold(request, |it, (name, value)| it.header(*name, value));
        request.body(Empty::new())
    }
}

/// The outcomes of the requests for a subject.
#[derive(Debug, Default)]
pub(super) struct Answers(pub(super) Vec<(Ask, Result<Answer, String>)>);

impl Answers {
    /// The outcome of a request: a response, or the reason why there is none. None if it was not sent.
    pub(super) fn outcome(&self, ask: &Ask) -> Option<&Result<Answer, String>> {
        self.0.iter().find(|(asked, _)| asked == ask).map(|(_, outcome)| outcome)
    }

    /// The response to a request, if there was one.
    pub(super) fn to(&self, ask: &Ask) -> Option<&Answer> {
        self.outcome(ask)?.as_ref().ok()
    }

    /// The same, if its status is 200.
    pub(super) fn ok(&self, ask: &Ask) -> Option<&Answer> {
        self.to(ask).filter(|answer| answer.status == StatusCode::OK)
    }
}
