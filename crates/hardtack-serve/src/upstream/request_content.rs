//! The client's content on its way to the application, and the wait for a response meanwhile.

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
use tokio::{
    sync::{oneshot, watch},
    time::sleep,
};

use super::{
    failure::Failure,
    paced::{Paced, Slow},
};
use crate::pace::Pace;

/// The content of a request.
pub(super) enum RequestContent {
    None,
    Streamed(Box<Streamed>),
}

/// Content that is passed on while it comes.
pub(super) struct Streamed {
    body: Paced<Incoming>,
    awaited: watch::Sender<Awaited>,
    /// Closed when the response is over.
    response: oneshot::Receiver<()>,
}

/// Held as long as the response is not over. Content that has not all come by then is not waited
/// for.
pub(crate) struct Responding {
    _until_dropped: oneshot::Sender<()>,
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

impl Awaited {
    fn is_of_upstream(self) -> bool {
        matches!(self, Self::Upstream | Self::Response)
    }
}

impl RequestContent {
    pub(super) fn streamed(
        body: Incoming,
        pace: Pace,
    ) -> (Self, watch::Receiver<Awaited>, Responding) {
        let (awaited, sides) = watch::channel(Awaited::Upstream);
        let (responding, response) = oneshot::channel();
        let body = Paced::new(body, pace);
        (
            Self::Streamed(Box::new(Streamed { body, awaited, response })),
            sides,
            Responding { _until_dropped: responding },
        )
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
        let Self::Streamed(streamed) = &mut *self else { return Poll::Ready(None) };
        let Streamed { body, awaited, response } = &mut **streamed;
        if Pin::new(response).poll(context).is_ready() {
            return Poll::Ready(Some(Err("the response was over before it".into())));
        }
        let piece = Pin::new(&mut *body).poll_frame(context);
        awaited.send_replace(awaited_after(&piece, body.is_end_stream()));
        piece
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::None => true,
            Self::Streamed(streamed) => streamed.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::None => SizeHint::with_exact(0),
            Self::Streamed(streamed) => streamed.body.size_hint(),
        }
    }
}
