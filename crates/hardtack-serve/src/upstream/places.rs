//! The requests that may be with the application at once, in all threads.
//!
//! Each needs a file descriptor, of which some have to be left for clients. A request without a place
//! waits in a short queue.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// The places of a process. Clones share them.
#[derive(Clone)]
pub(crate) struct Places {
    free: Arc<Semaphore>,
    /// As many requests may wait as have places.
    queue: Arc<Semaphore>,
}

/// A place, which is free again when its last clone goes: a request has it until its response, or the
/// tunnel that it has become, is over.
#[derive(Clone)]
pub(crate) struct Place(#[expect(dead_code, reason = "it is held")] Arc<OwnedSemaphorePermit>);

impl Places {
    pub(crate) fn new(most: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(most)), queue: Arc::new(Semaphore::new(most)) }
    }

    /// Waits so long for a place. None if there is none by then, or if too many requests wait.
    pub(super) async fn take(&self, longest: Duration) -> Option<Place> {
        let free = Arc::clone(&self.free);
        if let Ok(place) = Arc::clone(&free).try_acquire_owned() {
            return Some(Place(Arc::new(place)));
        }
        let _waiting = self.queue.try_acquire().ok()?;
        let place = timeout(longest, free.acquire_owned()).await.ok()?;
        Some(Place(Arc::new(place.expect("the semaphore is never closed"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn so_many_have_places_and_as_many_wait() {
        const LONG: Duration = Duration::from_secs(60);
        let places = Places::new(2);
        let first = places.take(LONG).await.unwrap();
        let second = places.take(LONG).await.unwrap();
        assert!(places.take(Duration::from_millis(1)).await.is_none());
        let waits = |places: Places| tokio::spawn(async move { places.take(LONG).await });
        let (third, fourth) = (waits(places.clone()), waits(places.clone()));
        while places.queue.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(places.take(LONG).await.is_none());
        // A tunnel keeps the place of its request.
        let tunnel = first.clone();
        drop(first);
        assert_eq!(places.free.available_permits(), 0);
        drop(tunnel);
        let third = third.await.unwrap().unwrap();
        drop(second);
        assert!(fourth.await.unwrap().is_some());
        drop(third);
    }
}
