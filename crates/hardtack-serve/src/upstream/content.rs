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

/// What a request carries.
pub(super) enum Content {
    None,
    Streamed(Paced<Incoming>, watch::Sender<Turn>),
}

/// Who is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The application has a piece of the content to take, or all of it to respond to.
    Upstream,
    /// The client has a piece to send. Its time is that of the content.
    Client,
    /// The client did not send it in time.
    ClientWasSlow,
    /// The client's connection broke.
    ClientWasCut,
}

impl Content {
    pub(super) fn streamed(body: Incoming, pace: Pace) -> (Self, watch::Receiver<Turn>) {
        let (turn, turns) = watch::channel(Turn::Upstream);
        (Self::Streamed(Paced::new(body, pace), turn), turns)
    }
}

/// Waits for the header of a response. The application's time runs while it has something to do.
pub(super) async fn answered<T, E: Into<Failure>>(
    response: impl Future<Output = Result<T, E>>,
    mut turns: watch::Receiver<Turn>,
    timeout: Duration,
) -> Result<T, Failure> {
    let mut response = pin!(response);
    loop {
        let turn = *turns.borrow_and_update();
        tokio::select! {
            biased;
            answered = &mut response => {
                return answered.map_err(|error| blamed(*turns.borrow(), error));
            }
            Ok(()) = turns.changed() => {}
            () = sleep(timeout), if turn == Turn::Upstream => return Err(Failure::HeaderIsSlow),
        }
    }
}

/// The application is not to blame for an error that began with its client.
fn blamed(turn: Turn, error: impl Into<Failure>) -> Failure {
    match turn {
        Turn::ClientWasSlow => Failure::ContentIsSlow,
        Turn::ClientWasCut => Failure::ContentIsCut,
        Turn::Upstream | Turn::Client => error.into(),
    }
}

type Piece = Poll<Option<Result<Frame<Bytes>, Box<dyn StdError + Send + Sync>>>>;

fn turn_after(piece: &Piece) -> Turn {
    match piece {
        Poll::Pending => Turn::Client,
        Poll::Ready(Some(Err(error))) if error.is::<Slow>() => Turn::ClientWasSlow,
        Poll::Ready(Some(Err(_))) => Turn::ClientWasCut,
        Poll::Ready(_) => Turn::Upstream,
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = Box<dyn StdError + Send + Sync>;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Piece {
        let Self::Streamed(body, turn) = &mut *self else { return Poll::Ready(None) };
        let piece = Pin::new(body).poll_frame(context);
        turn.send_replace(turn_after(&piece));
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
