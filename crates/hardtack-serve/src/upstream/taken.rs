//! The content of a response, taken off the application faster than the client takes it.

use std::{
    error::Error as StdError,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::room::{Room, Share};

/// Most bytes of a response that are taken ahead.
const MOST: u32 = 1024 * 1024;

type BoxError = Box<dyn StdError + Send + Sync>;
type Item = Result<Frame<Bytes>, BoxError>;

/// Content that is taken ahead, from its second piece on: that of a small response is one piece.
pub(crate) struct Taken<B> {
    source: Source<B>,
    left: SizeHint,
    room: Room,
}

enum Source<B> {
    Body(B),
    Ahead(mpsc::UnboundedReceiver<Ahead>),
}

/// A piece that is taken ahead, and the places that it has until the client takes it.
struct Ahead {
    item: Item,
    _own: Option<OwnedSemaphorePermit>,
    _share: Option<Share>,
}

impl<B> Taken<B>
where
    B: Body<Data = Bytes, Error = BoxError> + Send + Unpin + 'static,
{
    pub(super) fn new(body: B, room: Room) -> Self {
        let left = body.size_hint();
        Self { source: Source::Body(body), left, room }
    }

    fn count(&mut self, item: &Item) {
        let data = item.as_ref().ok().and_then(Frame::data_ref);
        if let (Some(length), Some(data)) = (self.left.exact(), data) {
            self.left = SizeHint::with_exact(length.saturating_sub(data.len() as u64));
        }
    }
}

/// Takes pieces off the application until all are there, or nobody wants them.
async fn take<B>(mut body: B, pieces: mpsc::UnboundedSender<Ahead>, room: Room)
where
    B: Body<Data = Bytes, Error = BoxError> + Unpin,
{
    let own = Arc::new(Semaphore::new(MOST as usize));
    loop {
        let item = tokio::select! {
            item = body.frame() => item,
            () = pieces.closed() => return,
        };
        let Some(item) = item else { return };
        let length = item.as_ref().ok().and_then(Frame::data_ref).map_or(0, Bytes::len);
        let share = room.share(length);
        // Without room, a piece is taken when the client has taken all before it.
        let places = match share {
            Some(_) => u32::try_from(length).unwrap_or(MOST).min(MOST),
            None => MOST,
        };
        let place = tokio::select! {
            place = Arc::clone(&own).acquire_many_owned(places) => place.ok(),
            () = pieces.closed() => return,
        };
        if pieces.send(Ahead { item, _own: place, _share: share }).is_err() {
            return;
        }
    }
}

impl<B> Body for Taken<B>
where
    B: Body<Data = Bytes, Error = BoxError> + Send + Unpin + 'static,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Item>> {
        let item = match &mut self.source {
            Source::Ahead(pieces) => pieces.poll_recv(context).map(|it| it.map(|it| it.item)),
            Source::Body(body) => Pin::new(body).poll_frame(context),
        };
        let Poll::Ready(Some(item)) = item else { return item };
        self.count(&item);
        if let Source::Body(body) = &self.source
            && item.is_ok()
            && !body.is_end_stream()
        {
            let (pieces, ahead) = mpsc::unbounded_channel();
            let room = self.room.clone();
            if let Source::Body(body) = std::mem::replace(&mut self.source, Source::Ahead(ahead)) {
                tokio::spawn(take(body, pieces, room));
            }
        }
        Poll::Ready(Some(item))
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Body(body) => body.is_end_stream(),
            Source::Ahead(pieces) => pieces.is_closed() && pieces.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Body(body) => body.size_hint(),
            Source::Ahead(_) => self.left,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use super::*;

    /// Pieces of this length, and a count of those that were taken.
    struct Pieces {
        left: usize,
        length: usize,
        taken: Arc<AtomicUsize>,
    }

    impl Body for Pieces {
        type Data = Bytes;
        type Error = BoxError;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Item>> {
            if self.left == 0 {
                return Poll::Ready(None);
            }
            self.left -= 1;
            self.taken.fetch_add(1, Relaxed);
            Poll::Ready(Some(Ok(Frame::data(vec![b'x'; self.length].into()))))
        }

        fn is_end_stream(&self) -> bool {
            self.left == 0
        }
    }

    /// How many of a hundred pieces of this length are taken when the client has taken one, and that
    /// all of them come in the end.
    async fn taken_ahead(length: usize, room: usize) -> usize {
        let taken = Arc::new(AtomicUsize::new(0));
        let pieces = Pieces { left: 100, length, taken: Arc::clone(&taken) };
        let mut body = Taken::new(pieces, Room::new(room, 0));
        body.frame().await.unwrap().unwrap();
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        let ahead = taken.load(Relaxed) - 1;
        let rest = body.collect().await.unwrap().to_bytes();
        assert_eq!(rest.len(), 99 * length);
        ahead
    }

    #[tokio::test]
    async fn the_application_does_not_wait_for_the_client() {
        assert_eq!(taken_ahead(1000, 10_000_000).await, 99);
        assert_eq!(
            taken_ahead(MOST as usize / 10, 100_000_000).await,
            11,
            "one waits for its place"
        );
    }

    /// Without room, one piece is on its way, and the next waits for it.
    #[tokio::test]
    async fn without_room_it_does() {
        assert_eq!(taken_ahead(1000, 0).await, 2);
    }

    #[tokio::test]
    async fn one_piece_needs_no_task() {
        let pieces = Pieces { left: 1, length: 5, taken: Arc::default() };
        let mut body = Taken::new(pieces, Room::new(10, 0));
        body.frame().await.unwrap().unwrap();
        assert!(matches!(body.source, Source::Body(_)) && body.is_end_stream());
    }
}
