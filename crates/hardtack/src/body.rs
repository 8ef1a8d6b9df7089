//! The body of a response.

use std::{
    convert::Infallible,
    mem,
    pin::Pin,
    task::{Context, Poll},
    vec,
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

/// Bytes that lie in memory. Its length is always known.
#[derive(Clone, Debug, Default)]
pub struct Body {
    next: Bytes,
    rest: vec::IntoIter<Bytes>,
}

impl Body {
    /// No bytes at all: for `HEAD`, 304 and redirects.
    pub fn empty() -> Self {
        Self::default()
    }

    /// These bytes, which are not copied; one frame.
    pub fn from_static(bytes: &'static [u8]) -> Self {
        Self { next: Bytes::from_static(bytes), ..Self::default() }
    }

    /// Pieces, none of them empty; a frame each.
    pub(crate) fn of_pieces(pieces: Vec<Bytes>) -> Self {
        let mut rest = pieces.into_iter();
        Self { next: rest.next().unwrap_or_default(), rest }
    }

    /// The bytes that are still to be sent.
    pub(crate) fn length(&self) -> usize {
        self.next.len() + self.rest.as_slice().iter().map(Bytes::len).sum::<usize>()
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let following = self.rest.next().unwrap_or_default();
        let bytes = mem::replace(&mut self.next, following);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.next.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length() as u64)
    }
}
