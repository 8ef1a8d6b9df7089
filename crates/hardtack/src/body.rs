//! The body of a response.

use std::{
    convert::Infallible,
    fmt, mem,
    pin::Pin,
    task::{Context, Poll},
    vec,
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

/// Bytes in memory. The length is always known, except of the event stream of live mode.
///
/// ```
/// use hardtack::Body;
/// use http_body::Body as _;
///
/// assert_eq!(Body::from_static(b"biscuit").size_hint().exact(), Some(7));
/// ```
#[derive(Default)]
pub struct Body {
    next: Bytes,
    rest: vec::IntoIter<Bytes>,
    /// The event stream of live mode, instead of pieces.
    stream: Option<Pin<Box<dyn Streamed>>>,
}

impl Body {
    /// No bytes at all: for `HEAD`, 304 and redirects.
    pub fn empty() -> Self {
        Self::default()
    }

    /// These bytes, in one frame. They are not copied.
    pub fn from_static(bytes: &'static [u8]) -> Self {
        Self { next: Bytes::from_static(bytes), ..Self::default() }
    }

    /// Pieces, none of them empty, each in a frame of its own.
    pub(crate) fn of_pieces(pieces: Vec<Bytes>) -> Self {
        let mut rest = pieces.into_iter();
        Self { next: rest.next().unwrap_or_default(), rest, ..Self::default() }
    }

    /// A body that is made while it is sent.
    #[cfg(feature = "live")]
    pub(crate) fn streaming(stream: impl Streamed + 'static) -> Self {
        Self { stream: Some(Box::pin(stream)), ..Self::default() }
    }

    /// The bytes that are still to be sent.
    pub(crate) fn length(&self) -> usize {
        self.next.len() + self.rest.as_slice().iter().map(Bytes::len).sum::<usize>()
    }
}

/// A body that is made while it is sent.
pub(crate) trait Streamed:
    http_body::Body<Data = Bytes, Error = Infallible> + Send + Sync
{
}

impl<B: http_body::Body<Data = Bytes, Error = Infallible> + Send + Sync> Streamed for B {}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(stream) = &mut self.stream {
            return stream.as_mut().poll_frame(context);
        }
        let following = self.rest.next().unwrap_or_default();
        let bytes = mem::replace(&mut self.next, following);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.next.is_empty() && self.stream.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match self.stream {
            Some(_) => SizeHint::default(),
            None => SizeHint::with_exact(self.length() as u64),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("length", &self.length()).finish_non_exhaustive()
    }
}
