//! Work on many items, a few at once.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinSet;

/// Does work on all items, beginning in their order, on so many at once. The results have the order
/// of the items.
pub(crate) async fn at_once<T, R, F>(
    number: usize,
    items: Vec<T>,
    work: impl Fn(T) -> F + Send + Sync + 'static,
) -> Vec<R>
where
    T: Send + 'static,
    R: Send + 'static,
    F: Future<Output = R> + Send,
{
    let count = items.len();
    let queue = Arc::new(Mutex::new(items.into_iter().enumerate()));
    let work = Arc::new(work);
    let mut workers = JoinSet::new();
    for _ in 0..number.min(count) {
        let (queue, work) = (Arc::clone(&queue), Arc::clone(&work));
        workers.spawn(async move {
            let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let mut done = Vec::new();
            while let Some((place, item)) = next() {
                done.push((place, work(item).await));
            }
            done
        });
    }
    let mut results: Vec<_> = workers.join_all().await.into_iter().flatten().collect();
    results.sort_by_key(|(place, _)| *place);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use super::*;

    #[tokio::test]
    async fn so_many_at_once_and_not_more() {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let seen = Arc::clone(&most);
        let results = at_once(3, (0..20).collect(), move |item: usize| {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            async move {
                most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
                tokio::task::yield_now().await;
                now.fetch_sub(1, SeqCst);
                item * 2
            }
        });
        assert_eq!(results.await, (0..20).map(|item| item * 2).collect::<Vec<_>>());
        assert_eq!(seen.load(SeqCst), 3);
    }

    #[tokio::test]
    async fn nothing_to_do() {
        assert!(at_once(3, Vec::<u8>::new(), |item| async move { item }).await.is_empty());
    }
}
