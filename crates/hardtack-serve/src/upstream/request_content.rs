//! A request's content on its way to the application, and the wait for a response meanwhile.

use std::{
    error::Error as StdError,
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::{sync::watch, time::sleep};

use super::{
    failure::Failure,
    message::Length,
    paced::{Paced, Slow},
    responding::{Responding, Response, response},
    stored::Stored,
};

/// The content of a request.
pub(super) enum RequestContent {
    None,
    Some(Box<Sent>),
}

/// Content on its way to the application.
pub(super) struct Sent {
    source: Source,
    awaited: watch::Sender<Awaited>,
    response: Response,
}

/// Where content comes from.
pub(super) enum Source {
    /// The client, which may still be sending it.
    Client(Paced<Incoming>),
    Stored(Stored),
}

/// The side that is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    /// The application has a piece of the content to take.
    Upstream,
    /// The application has all of the content to respond to.
    Response,
    /// The client has a piece to send. Its time is that of the content.
    Client,
    /// The client did not send it in time.
    ClientWasSlow,
    /// The client's connection broke.
    ClientWasCut,
}

impl Source {
    pub(super) fn length(&self) -> Length {
        match (self, self.size_hint().exact()) {
            (Self::Client(body), _) if body.is_end_stream() => Length::None,
            (_, Some(length)) => Length::Known(length),
            (_, None) => Length::Unknown,
        }
    }

    fn is_at_end(&self) -> bool {
        match self {
            Self::Client(body) => body.is_end_stream(),
            Self::Stored(stored) => stored.len() == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Client(body) => body.size_hint(),
            Self::Stored(stored) => SizeHint::with_exact(stored.len()),
        }
    }
}

impl Awaited {
    fn is_of_upstream(self) -> bool {
        matches!(self, Self::Upstream | Self::Response)
    }
}

impl RequestContent {
    pub(super) fn of(source: Source) -> (Self, watch::Receiver<Awaited>, Responding) {
        let (awaited, sides) = watch::channel(Awaited::Upstream);
        let (responding, response) = response();
        let sent = Sent { source, awaited, response };
        (Self::Some(Box::new(sent)), sides, responding)
    }
}

/// Waits for the header of a response. The application's time runs while it has something to do.
pub(super) async fn answered<T, E: Into<Failure>>(
    response: impl Future<Output = Result<T, E>>,
    sides: &mut watch::Receiver<Awaited>,
    timeout: Duration,
) -> Result<T, Failure> {
    let mut response = pin!(response);
    loop {
        let awaited = *sides.borrow_and_update();
        tokio::select! {
            biased;
            answered = &mut response => {
                return answered.map_err(|error| blamed(*sides.borrow(), error));
            }
            Ok(()) = sides.changed() => {}
            () = sleep(timeout), if awaited.is_of_upstream() => return Err(Failure::HeaderIsSlow),
        }
    }
}

/// The failure of an error that began with the client's content, for which the application is not to
/// blame.
fn blamed(awaited: Awaited, error: impl Into<Failure>) -> Failure {
    match awaited {
        Awaited::ClientWasSlow => Failure::ContentIsSlow,
        Awaited::ClientWasCut => Failure::ContentIsCut,
        Awaited::Upstream | Awaited::Response | Awaited::Client => error.into(),
    }
}

type Piece = Poll<Option<Result<Frame<Bytes>, Box<dyn StdError + Send + Sync>>>>;

fn awaited_after(piece: &Piece, is_all: bool) -> Awaited {
    match piece {
        _ if is_all => Awaited::Response,
        Poll::Pending => Awaited::Client,
        Poll::Ready(Some(Err(error))) if error.is::<Slow>() => Awaited::ClientWasSlow,
        Poll::Ready(Some(Err(_))) => Awaited::ClientWasCut,
        Poll::Ready(None) => Awaited::Response,
        Poll::Ready(Some(Ok(_))) => Awaited::Upstream,
    }
}

impl Body for RequestContent {
    type Data = Bytes;
    type Error = Box<dyn StdError + Send + Sync>;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Piece {
        let Self::Some(sent) = &mut *self else { return Poll::Ready(None) };
        let Sent { source, awaited, response } = &mut **sent;
        if response.is_over(context) {
            return Poll::Ready(Some(Err("the response was over before it".into())));
        }
        let piece = match source {
            Source::Client(body) => Pin::new(body).poll_frame(context),
            Source::Stored(stored) => {
                let piece = stored.next().map(|piece| piece.map(Frame::data));
                Poll::Ready(piece.map_err(Into::into).transpose())
            }
        };
        awaited.send_replace(awaited_after(&piece, source.is_at_end()));
        piece
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::None => true,
            Self::Some(sent) => sent.source.is_at_end(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::None => SizeHint::with_exact(0),
            Self::Some(sent) => sent.source.size_hint(),
        }
    }
}
