//! An answer that is there, or will be, and its end with the connection.

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    pin::Pin,
    task::{Context, Poll},
};

use hardtack::error_response;
use hyper::{
    Method, Response, StatusCode,
    header::{CONNECTION, HeaderValue},
};

/// A response that is there, or will be.
pub(crate) enum Answer<B> {
    Now(Ready<Result<Response<B>, Infallible>>),
    Later(Pin<Box<dyn Future<Output = Result<Response<B>, Infallible>> + Send>>),
}

/// The status in the access log of a request that its client took back, as other servers have it;
/// nobody gets this response.
const CLIENT_CLOSED_REQUEST: u16 = 499;

fn taken_back() -> Response<hardtack::Body> {
    let status = StatusCode::from_u16(CLIENT_CLOSED_REQUEST).expect("it has three digits");
    error_response(&Method::GET, status, "")
}

/// Makes the response the last of its connection (RFC 9112 §9.6).
pub(crate) fn close_after<B>(response: &mut Response<B>) {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
}

impl<B: Send + 'static> Answer<B> {
    pub(super) fn now(response: Response<B>) -> Self {
        Self::Now(ready(Ok(response)))
    }

    pub(super) fn later(response: impl Future<Output = Response<B>> + Send + 'static) -> Self {
        Self::Later(Box::pin(async { Ok(response.await) }))
    }

    /// Gives an answer that is still to come up, with whatever is done for it, when the client takes its
    /// request back.
    pub(crate) fn unless(self, gone: impl Future<Output = ()> + Send + 'static) -> Self
    where
        B: From<hardtack::Body>,
    {
        match self {
            Self::Now(_) => self,
            Self::Later(response) => Self::Later(Box::pin(async {
                tokio::select! {
                    biased;
                    response = response => response,
                    () = gone => Ok(taken_back().map(B::from)),
                }
            })),
        }
    }

    /// Finishes the response when it is there.
    pub(crate) fn then<C: Send + 'static>(
        self,
        finish: impl FnOnce(Response<B>) -> Response<C> + Send + 'static,
    ) -> Answer<C> {
        match self {
            Self::Now(response) => {
                let response = response.into_inner().unwrap_or_else(|never| match never {});
                Answer::now(finish(response))
            }
            Self::Later(response) => Answer::Later(Box::pin(async { response.await.map(finish) })),
        }
    }
}

impl<B> Future for Answer<B> {
    type Output = Result<Response<B>, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Now(response) => Pin::new(response).poll(context),
            Self::Later(response) => response.as_mut().poll(context),
        }
    }
}
