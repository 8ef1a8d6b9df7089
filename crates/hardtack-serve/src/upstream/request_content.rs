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
use tokio::{sync::watch, time::sleep};

use super::{
    failure::Failure,
    paced::{Paced, Slow},
};
use crate::pace::Pace;

/// The content of a request.
pub(super) enum RequestContent {
    None,
    Streamed(Paced<Incoming>, watch::Sender<Awaited>),
}

/// The side that is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    /// The application has a piece of the content to take, or all of it to respond to.
    Upstream,
    /// The client has a piece to send. Its time is that of the content.
    Client,
    /// The client did not send it in time.
    ClientWasSlow,
    /// The client's connection broke.
    ClientWasCut,
}

impl RequestContent {
    pub(super) fn streamed(body: Incoming, pace: Pace) -> (Self, watch::Receiver<Awaited>) {
        let (awaited, sides) = watch::channel(Awaited::Upstream);
        (Self::Streamed(Paced::new(body, pace), awaited), sides)
    }
}

/// Waits for the header of a response. The application's time runs while it has something to do.
pub(super) async fn answered<T, E: Into<Failure>>(
    response: impl Future<Output = Result<T, E>>,
    mut sides: watch::Receiver<Awaited>,
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
            () = sleep(timeout), if awaited == Awaited::Upstream => return Err(Failure::HeaderIsSlow),
        }
    }
}

/// The failure of an error that began with the client's content, for which the application is not to
/// blame.
fn blamed(awaited: Awaited, error: impl Into<Failure>) -> Failure {
    match awaited {
        Awaited::ClientWasSlow => Failure::ContentIsSlow,
        Awaited::ClientWasCut => Failure::ContentIsCut,
        Awaited::Upstream | Awaited::Client => error.into(),
    }
}

type Piece = Poll<Option<Result<Frame<Bytes>, Box<dyn StdError + Send + Sync>>>>;

fn awaited_after(piece: &Piece) -> Awaited {
    match piece {
        Poll::Pending => Awaited::Client,
        Poll::Ready(Some(Err(error))) if error.is::<Slow>() => Awaited::ClientWasSlow,
        Poll::Ready(Some(Err(_))) => Awaited::ClientWasCut,
        Poll::Ready(_) => Awaited::Upstream,
    }
}

impl Body for RequestContent {
    type Data = Bytes;
    type Error = Box<dyn StdError + Send + Sync>;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Piece {
        let Self::Streamed(body, awaited) = &mut *self else { return Poll::Ready(None) };
        let piece = Pin::new(body).poll_frame(context);
        awaited.send_replace(awaited_after(&piece));
        piece
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::None => true,
            Self::Streamed(body, _) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::None => SizeHint::with_exact(0),
            Self::Streamed(body, _) => body.size_hint(),
        }
    }
}
