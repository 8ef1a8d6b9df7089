//! A timer for deadlines that mostly do not pass.

mod clock;

use std::{
    task::{Context, Poll},
    time::Instant,
};

use self::clock::Entry;

/// A timer that fires at a deadline or before it, so that it is not set anew for each request. It
/// belongs to the thread in which it is polled, and to a Tokio runtime there.
#[derive(Debug, Default)]
pub(crate) struct Alarm(Option<Entry>);

impl Alarm {
    /// Ready when the deadline has passed. Until then, the task is woken for it.
    pub(crate) fn poll(&mut self, deadline: Instant, context: &mut Context<'_>) -> Poll<()> {
        if let Some(entry) = &self.0
            && entry.at() <= deadline
            && entry.is_kept(context.waker())
        {
            return Poll::Pending;
        }
        self.0 = None;
        if Instant::now() >= deadline {
            return Poll::Ready(());
        }
        self.0 = Some(Entry::new(deadline, context.waker()));
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, time::Duration};

    use super::*;

    async fn passed(alarm: &mut Alarm, deadline: Instant) {
        poll_fn(|context| alarm.poll(deadline, context)).await;
        assert!(Instant::now() >= deadline);
    }

    fn after(milliseconds: u64) -> Instant {
        Instant::now() + Duration::from_millis(milliseconds)
    }

    /// Polls once, as a task does that has something else to do too.
    async fn look(alarm: &mut Alarm, deadline: Instant) -> Poll<()> {
        poll_fn(|context| Poll::Ready(alarm.poll(deadline, context))).await
    }

    #[tokio::test]
    async fn it_fires_at_the_last_deadline_it_was_told() {
        let mut alarm = Alarm::default();
        passed(&mut alarm, after(0)).await;
        passed(&mut alarm, after(5)).await;
        let late = after(60_000);
        assert_eq!(look(&mut alarm, late).await, Poll::Pending);
        passed(&mut alarm, after(5)).await;
        assert_eq!(look(&mut alarm, after(1)).await, Poll::Pending);
        passed(&mut alarm, after(15)).await;
    }

    #[tokio::test]
    async fn alarms_of_a_thread_do_not_disturb_each_other() {
        let (mut first, mut second, mut third) = <(Alarm, Alarm, Alarm)>::default();
        let (late, soon) = (after(20), after(5));
        assert_eq!(look(&mut first, late).await, Poll::Pending);
        assert_eq!(look(&mut third, soon).await, Poll::Pending);
        drop(third);
        tokio::join!(passed(&mut first, late), passed(&mut second, soon));
    }

    /// A runtime's timers end with it, and a thread may have another one afterwards.
    #[test]
    fn each_runtime_of_a_thread_has_alarms() {
        for _ in 0..2 {
            let builder = &mut tokio::runtime::Builder::new_current_thread();
            let runtime = builder.enable_time().build().unwrap();
            runtime.block_on(passed(&mut Alarm::default(), after(5)));
        }
    }
}
