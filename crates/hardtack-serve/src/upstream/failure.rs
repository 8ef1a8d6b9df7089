//! The reasons why there is no response of the application, and the responses in its place.

use std::{error::Error as StdError, fmt, io};

use hardtack::error_response;
use hyper::{
    Method, Response, StatusCode,
    header::{HeaderValue, RETRY_AFTER},
};
use hyper_util::client::legacy::Error;

use super::{body::Body, connect::causes};
use crate::metrics::labels;

/// Why a request has no response of the application.
#[derive(Debug)]
pub(super) enum Failure {
    /// A method that is not for the application: TRACE, CONNECT.
    Method,
    /// Not exactly one Host (RFC 9112 §3.2).
    Host,
    /// Content in a transfer coding that this server does not decode.
    Coding,
    ContentIsSlow,
    ContentIsCut,
    /// Content that is longer than is stored.
    ContentIsLong,
    /// All room for content is taken.
    NoRoom,
    /// The content could not be stored. This says why.
    NotStored(String),
    /// This process has passed the request on already.
    Loop,
    /// As many requests are with the application as may be.
    Busy,
    /// The application is being maintained.
    Maintained,
    ConnectIsSlow,
    HeaderIsSlow,
    /// A response with too many fields, or too long a header section.
    HeaderIsLarge,
    /// There is no connection to the application, for this reason.
    Unreachable(String),
    /// The application gave no response that can be passed on, for this reason.
    Bad(String),
}

impl Failure {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Host | Self::ContentIsCut => StatusCode::BAD_REQUEST,
            Self::Method | Self::Coding => StatusCode::NOT_IMPLEMENTED,
            Self::ContentIsSlow => StatusCode::REQUEST_TIMEOUT,
            Self::ContentIsLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NoRoom | Self::NotStored(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::ConnectIsSlow | Self::HeaderIsSlow => StatusCode::GATEWAY_TIMEOUT,
            Self::Unreachable(_) | Self::Bad(_) | Self::HeaderIsLarge => StatusCode::BAD_GATEWAY,
            Self::Busy | Self::Maintained => StatusCode::SERVICE_UNAVAILABLE,
            Self::Loop => StatusCode::LOOP_DETECTED,
        }
    }

    /// The label of the metric, if the fault is the application's.
    pub(super) fn label(&self) -> Option<labels::Upstream> {
        match self {
            Self::ConnectIsSlow | Self::HeaderIsSlow => Some(labels::Upstream::TimedOut),
            Self::Busy => Some(labels::Upstream::Refused),
            Self::Unreachable(_) | Self::Bad(_) | Self::HeaderIsLarge | Self::Loop => {
                Some(labels::Upstream::Failed)
            }
            _ => None,
        }
    }

    /// The sentence for people, which says nothing about the inside of the site.
    fn sentence(&self) -> &'static str {
        match self {
            Self::Method => "This method is not known here.",
            Self::Host => "The request does not say which host it is for.",
            Self::Coding => "The content's transfer coding is not known here.",
            Self::ContentIsSlow => "The rest of the request did not come in time.",
            Self::ContentIsCut => "The request is not whole.",
            Self::ContentIsLong => "The content is longer than is accepted here.",
            Self::NoRoom | Self::NotStored(_) => {
                "Too much is going on. Please try again in a moment."
            }
            Self::ConnectIsSlow | Self::HeaderIsSlow => {
                "The application did not answer in time. Please try again in a moment."
            }
            Self::Busy => "This site is busy. Please try again in a moment.",
            Self::Maintained => "This site is being maintained. Please try again later.",
            Self::HeaderIsLarge => {
                "The application answered with more header fields than this server takes."
            }
            Self::Loop => "This site passes requests on to itself.",
            Self::Unreachable(_) => {
                "The application cannot be reached. Please try again in a moment."
            }
            Self::Bad(_) => "The application gave no valid response.",
        }
    }

    /// Whether an operator is told, beside what is counted. Clients alone can make the application busy.
    pub(super) fn is_logged(&self) -> bool {
        match self {
            Self::Busy | Self::Maintained => false,
            Self::NoRoom | Self::NotStored(_) => true,
            other => other.label().is_some(),
        }
    }

    /// The response to a request of this method.
    pub(super) fn response(&self, method: &Method) -> Response<Body> {
        let status = self.status();
        let text = format!("{status}\n{}\n", self.sentence());
        let mut response = error_response(method, status, text);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let seconds = if matches!(self, Self::Maintained) { "60" } else { "1" };
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(seconds));
        }
        response.map(Body::Own)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let is_timeout = |cause: &(dyn StdError + 'static)| {
            let cause = cause.downcast_ref::<io::Error>();
            cause.is_some_and(|cause| cause.kind() == io::ErrorKind::TimedOut)
        };
        if error.is_connect() && causes(&error).any(is_timeout) {
            return Self::ConnectIsSlow;
        }
        let is_large = |cause: &(dyn StdError + 'static)| {
            let cause = cause.downcast_ref::<hyper::Error>();
            cause.is_some_and(hyper::Error::is_parse_too_large)
        };
        if causes(&error).any(is_large) {
            return Self::HeaderIsLarge;
        }
        // The first says only which step of the client failed.
        let reasons: Vec<_> = causes(&error).skip(1).map(ToString::to_string).collect();
        let reasons = reasons.join(": ");
        if error.is_connect() {
            return Self::Unreachable(format!("it cannot be reached: {reasons}"));
        }
        Self::Bad(format!("it did not answer: {reasons}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => out.write_str("as many requests are with it as may be"),
            Self::ConnectIsSlow => out.write_str("it did not take the connection in time"),
            Self::HeaderIsSlow => out.write_str("it did not begin its response in time"),
            Self::Loop => out.write_str(
                "the request came back to this process: the upstream is this server, or leads to it",
            ),
            Self::NoRoom => out.write_str("all room for content is taken (--upstream-buffer-bytes)"),
            Self::NotStored(reason) => write!(out, "content cannot be stored: {reason}"),
            Self::HeaderIsLarge => out.write_str(
                "its response has more header fields than --upstream-max-fields allows, or a header \
                 section of more than 64 KB",
            ),
            Self::Unreachable(reason) | Self::Bad(reason) => out.write_str(reason),
            client => out.write_str(client.sentence()),
        }
    }
}
