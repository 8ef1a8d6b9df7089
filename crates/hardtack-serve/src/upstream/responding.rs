//! The time of a response: content of its request that has not come by its end is not waited for.

use std::{pin::Pin, task::Context};

use tokio::sync::oneshot;

/// Held as long as the response is not over.
pub(crate) struct Responding {
    _until_dropped: oneshot::Sender<()>,
}

/// Ends with the response.
pub(super) struct Response(oneshot::Receiver<()>);

/// Both ends.
pub(super) fn response() -> (Responding, Response) {
    let (until_dropped, response) = oneshot::channel();
    (Responding { _until_dropped: until_dropped }, Response(response))
}

impl Response {
    /// Whether it is over. Until then, the task is woken for it.
    pub(super) fn is_over(&mut self, context: &mut Context<'_>) -> bool {
        Pin::new(&mut self.0).poll(context).is_ready()
    }
}
