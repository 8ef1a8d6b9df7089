//! The clock of a thread, which has one timer of Tokio's for all its alarms.
//!
//! A timer of Tokio's that is earlier than all others wakes the thread by a system call, even if it is
//! set in that thread. The next deadline of a new connection is a tenth of a second away, and nearly
//! always given up before. So this clock's timer stays where it is when the alarm that it was set for
//! is given up: alarms that come later than it need no system call.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    future::poll_fn,
    pin::pin,
    task::{Context, Poll, Waker, ready},
    time::Instant,
};

use tokio::{task::JoinHandle, time::sleep_until};

thread_local! {
    static CLOCK: RefCell<Clock> = RefCell::default();
}

/// The alarms of a thread.
#[derive(Default)]
struct Clock {
    wakers: BTreeMap<Key, Waker>,
    newest: u64,
    /// The task that has the timer.
    task: Option<JoinHandle<()>>,
    waker: Option<Waker>,
    /// The time that the timer is set to.
    set_to: Option<Instant>,
}

/// The time of an alarm, and its number: of alarms with equal times, each is another one.
type Key = (Instant, u64);

/// An alarm that is set, until this is dropped.
#[derive(Debug)]
pub(super) struct Entry(Key);

impl Entry {
    /// Sets an alarm, which wakes a task once.
    pub(super) fn new(at: Instant, waker: &Waker) -> Self {
        let (key, wakes) = CLOCK.with_borrow_mut(|clock| clock.add(at, waker.clone()));
        if let Some(wakes) = wakes {
            wakes.wake();
        }
        Self(key)
    }

    /// The time of the alarm.
    pub(super) fn at(&self) -> Instant {
        self.0.0
    }

    /// Whether the alarm is still to come. If it is, it wakes this task.
    pub(super) fn is_kept(&self, waker: &Waker) -> bool {
        // The old waker is dropped when the clock is not borrowed: it might own another alarm.
        let kept = CLOCK.with_borrow_mut(|clock| {
            let kept = clock.wakers.get_mut(&self.0)?;
            Some((!kept.will_wake(waker)).then(|| std::mem::replace(kept, waker.clone())))
        });
        kept.is_some()
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        // A thread that ends has no clock any more.
        CLOCK.try_with(|clock| clock.borrow_mut().wakers.remove(&self.0)).ok();
    }
}

impl Clock {
    /// Adds an alarm. Returns the waker of the task that has the timer, if the timer is too late.
    fn add(&mut self, at: Instant, waker: Waker) -> (Key, Option<Waker>) {
        self.newest += 1;
        let key = (at, self.newest);
        self.wakers.insert(key, waker);
        let is_in_time = self.set_to.is_some_and(|set_to| set_to <= at);
        // A runtime that has ended has taken the task with it.
        if self.task.as_ref().is_none_or(JoinHandle::is_finished) {
            (self.set_to, self.waker) = (None, None);
            self.task = Some(tokio::spawn(run()));
            return (key, None);
        }
        (key, if is_in_time { None } else { self.waker.take() })
    }

    /// The tasks whose alarms fire. The timer has to be set to the first of the other alarms, if there
    /// are any; the clock knows then what it is set to.
    fn fire(&mut self, now: Instant, own: &Waker) -> Vec<Waker> {
        let mut fired = Vec::new();
        while let Some(first) = self.wakers.first_entry().filter(|first| first.key().0 <= now) {
            fired.push(first.remove());
        }
        self.set_to = self.wakers.first_key_value().map(|(key, _)| key.0);
        self.waker = Some(own.clone());
        fired
    }
}

/// The task that has the timer.
async fn run() {
    let mut timer = pin!(sleep_until(Instant::now().into()));
    poll_fn(|context: &mut Context<'_>| -> Poll<()> {
        loop {
            let now = Instant::now();
            let (fired, set_to) =
                CLOCK.with_borrow_mut(|clock| (clock.fire(now, context.waker()), clock.set_to));
            fired.into_iter().for_each(Waker::wake);
            let Some(set_to) = set_to else { return Poll::Pending };
            if timer.is_elapsed() || timer.deadline() != set_to.into() {
                timer.as_mut().reset(set_to.into());
            }
            ready!(timer.as_mut().poll(context));
        }
    })
    .await;
}
