//! A panic while a request is answered is that request's, not the process's: it has 500 for an answer.

use std::{
    any::Any,
    convert::Infallible,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use hardtack::error_response;
use hyper::{Method, Response, StatusCode, Version};

use super::pending::{Answer, close_after};
use crate::body::Content;

/// The answer to a request of this method and version, or 500.
pub(crate) fn rescued(
    method: Method,
    version: Version,
    answer: impl FnOnce() -> Answer<Content>,
) -> Answer<Content> {
    // The state that a panic leaves behind is the request's own, and is dropped with it.
    match catch_unwind(AssertUnwindSafe(answer)) {
        Ok(Answer::Later(response)) => {
            Answer::Later(Box::pin(Rescued { response, method, version }))
        }
        Ok(now) => now,
        Err(panic) => Answer::now(failure(panic, &method, version)),
    }
}

/// A response that is on its way.
type Coming = Pin<Box<dyn Future<Output = Result<Response<Content>, Infallible>> + Send>>;

struct Rescued {
    response: Coming,
    method: Method,
    version: Version,
}

impl Future for Rescued {
    type Output = Result<Response<Content>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let response = &mut self.response;
        match catch_unwind(AssertUnwindSafe(|| response.as_mut().poll(context))) {
            Ok(poll) => poll,
            Err(panic) => Poll::Ready(Ok(failure(panic, &self.method, self.version))),
        }
    }
}

/// The panic hook has logged the panic.
fn failure(_: Box<dyn Any + Send>, method: &Method, version: Version) -> Response<Content> {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    let mut response = error_response(method, status, "500 Internal Server Error\n");
    // Content that was not read might be taken for the next request (RFC 9112 §9.6).
    if version < Version::HTTP_2 {
        close_after(&mut response);
    }
    response.map(Content::Baked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is_500(version: Version, answer: fn() -> Answer<Content>, connection: Option<&str>) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let response = runtime.block_on(rescued(Method::GET, version, answer)).unwrap();
        let field = |name| response.headers().get(name).map(|value| value.to_str().unwrap());
        assert_eq!(response.status(), 500);
        assert_eq!((field("cache-control"), field("connection")), (Some("no-store"), connection));
    }

    #[test]
    fn a_panic_is_a_500() {
        is_500(Version::HTTP_11, || panic!("at once"), Some("close"));
        is_500(Version::HTTP_2, || panic!("at once"), None);
        is_500(Version::HTTP_11, || Answer::later(async { panic!("later") }), Some("close"));
        is_500(Version::HTTP_2, || Answer::later(async { panic!("later") }), None);
    }
}
