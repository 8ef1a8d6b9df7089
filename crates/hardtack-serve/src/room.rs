//! The room for content that is kept for others: one account for the whole process.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A number of bytes that all requests share. Clones are of the same room.
#[derive(Clone)]
pub(crate) struct Room(Arc<Semaphore>);

/// Bytes that are taken, until this is dropped.
#[derive(Default)]
pub(crate) struct Share(Option<OwnedSemaphorePermit>);

impl Room {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))))
    }

    /// None if there is not as much left.
    pub(crate) fn share(&self, bytes: usize) -> Option<Share> {
        let bytes = u32::try_from(bytes).ok()?;
        Arc::clone(&self.0).try_acquire_many_owned(bytes).ok().map(|permit| Share(Some(permit)))
    }
}

impl Share {
    /// Makes this share as much larger as another one of the same room is.
    pub(crate) fn grow(&mut self, by: Self) {
        match (&mut self.0, by.0) {
            (Some(permit), Some(more)) => permit.merge(more),
            (none, more) => *none = more,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_comes_back() {
        let room = Room::new(10);
        let mut share = Share::default();
        share.grow(room.share(4).unwrap());
        share.grow(room.share(4).unwrap());
        assert!(room.share(3).is_none());
        let rest = room.share(2).unwrap();
        assert!(room.share(1).is_none());
        drop(share);
        assert!(room.share(8).is_some() && room.share(9).is_none());
        drop(rest);
        assert!(room.share(10).is_some());
    }
}
