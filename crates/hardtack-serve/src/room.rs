//! The room for content that is kept for others: one account for the whole process.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The bytes and files that all requests share. Clones are of the same room.
#[derive(Clone)]
pub(crate) struct Room {
    bytes: Arc<Semaphore>,
    files: Arc<Semaphore>,
}

/// Bytes or files that are taken, until this is dropped.
#[derive(Default)]
pub(crate) struct Share(Option<OwnedSemaphorePermit>);

impl Room {
    pub(crate) fn new(bytes: usize, files: usize) -> Self {
        let semaphore = |most: usize| Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        Self { bytes: semaphore(bytes), files: semaphore(files) }
    }

    /// Takes so many bytes. None if there are not as many left.
    pub(crate) fn share(&self, bytes: usize) -> Option<Share> {
        take(&self.bytes, u32::try_from(bytes).ok()?)
    }

    /// Takes a file, which is a file descriptor of the process. None if there is none left.
    pub(crate) fn file(&self) -> Option<Share> {
        take(&self.files, 1)
    }
}

fn take(left: &Arc<Semaphore>, number: u32) -> Option<Share> {
    let permit = Arc::clone(left).try_acquire_many_owned(number).ok()?;
    Some(Share(Some(permit)))
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
        let room = Room::new(10, 1);
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
        let file = room.file().unwrap();
        assert!(room.file().is_none());
        drop(file);
        assert!(room.file().is_some());
    }
}
