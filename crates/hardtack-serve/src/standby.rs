//! The connections that wait for a request, the longest first. When there is no place for a new
//! connection, one of these is closed for it.

use std::{
    collections::BTreeMap,
    future::poll_fn,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker},
};

use tokio::sync::{Notify, futures::Notified};

/// The connections of all threads that wait for a request.
#[derive(Debug, Default)]
pub(crate) struct Standby {
    queue: Mutex<Queue>,
    /// How many connections were closed for new ones.
    displaced: AtomicU64,
    /// Another connection waits, or the one that was to be closed does not.
    another: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    /// By their numbers, in the order in which they began to wait.
    waiting: BTreeMap<u64, Arc<Notice>>,
    next: u64,
}

/// Tells a connection to close.
#[derive(Debug, Default)]
struct Notice(Mutex<State>);

#[derive(Debug, Default)]
enum State {
    #[default]
    New,
    Watched(Waker),
    ToClose,
}

/// A connection that waits for a request, until this is dropped.
#[derive(Debug)]
pub(crate) struct Waiting {
    standby: &'static Standby,
    number: u64,
    notice: Arc<Notice>,
}

impl Standby {
    /// A connection begins to wait.
    pub(crate) fn wait(&'static self) -> Waiting {
        let notice = Arc::<Notice>::default();
        let mut queue = self.queue();
        let number = queue.next;
        queue.next += 1;
        queue.waiting.insert(number, Arc::clone(&notice));
        drop(queue);
        self.another.notify_waiters();
        Waiting { standby: self, number, notice }
    }

    /// Has the connection closed that has waited the longest, if one waits.
    pub(crate) fn close_longest(&self) {
        let longest = self.queue().waiting.pop_first();
        if let Some((_, notice)) = longest {
            self.displaced.fetch_add(1, Relaxed);
            notice.close();
        }
    }

    /// How many connections were chosen to be closed for new ones.
    pub(crate) fn displaced(&self) -> u64 {
        self.displaced.load(Relaxed)
    }

    /// Ready when another connection may be closed.
    pub(crate) fn another(&self) -> Notified<'_> {
        self.another.notified()
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notice {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        let before = std::mem::replace(&mut *self.state(), State::ToClose);
        if let State::Watched(waker) = before {
            waker.wake();
        }
    }
}

impl Waiting {
    /// Ready when the connection is to be closed.
    pub(crate) fn poll_close(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.notice.state();
        if matches!(*state, State::ToClose) {
            return Poll::Ready(());
        }
        *state = State::Watched(context.waker().clone());
        Poll::Pending
    }

    /// Waits until the connection is to be closed.
    pub(crate) async fn close(&self) {
        poll_fn(|context| self.poll_close(context)).await;
    }
}

impl Drop for Waiting {
    /// A connection that was to be closed may have got a request at that moment.
    fn drop(&mut self) {
        let was_chosen = self.standby.queue().waiting.remove(&self.number).is_none();
        if was_chosen {
            self.standby.another.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_to_close(waiting: &Waiting) -> bool {
        waiting.poll_close(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn the_longest_is_closed_first() {
        let standby: &'static Standby = Box::leak(Box::default());
        let [first, second, third, fourth] = [(); 4].map(|()| standby.wait());
        assert!(!is_to_close(&first));
        standby.close_longest();
        drop(second);
        standby.close_longest();
        let closed = [&first, &third, &fourth].map(is_to_close);
        assert_eq!(closed, [true, true, false]);
        assert_eq!(standby.displaced(), 2);
    }

    #[tokio::test]
    async fn another_is_told_of() {
        let standby: &'static Standby = Box::leak(Box::default());
        let waiting = standby.wait();
        standby.close_longest();
        let mut another = std::pin::pin!(standby.another());
        another.as_mut().enable();
        drop(waiting);
        another.await;
        let mut another = std::pin::pin!(standby.another());
        another.as_mut().enable();
        let _waiting = standby.wait();
        another.await;
    }
}
