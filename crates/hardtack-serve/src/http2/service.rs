//! Requests of a connection of HTTP/2, as hyper hands them over.

use std::{convert::Infallible, sync::Arc, time::Instant};

use hyper::{Request, Response, body::Incoming, service::Service};

use super::{
    body::Http2Body,
    streams::{OpenStream, SharedStreams},
};
use crate::{
    account::Account,
    answer::{Answer, answer, rescued},
    client::Client,
    exchange::Received,
    request_id,
};

/// Answers the requests of a connection.
#[derive(Clone)]
pub(crate) struct Http2Service {
    account: Arc<Account>,
    streams: SharedStreams,
}

impl Http2Service {
    pub(crate) fn new(account: Arc<Account>, streams: SharedStreams) -> Self {
        Self { account, streams }
    }
}

impl Service<Request<Incoming>> for Http2Service {
    type Response = Response<Http2Body>;
    type Error = Infallible;
    type Future = Answer<Http2Body>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let (thread, now) = (self.account.thread, Instant::now());
        self.account.count_request();
        let stream = OpenStream::new(self.streams.clone(), self.account.timeouts().write, now);
        let trust = &thread.server.settings.trust;
        let client = Client::of(self.account.peer, request.headers(), trust);
        if thread.needs_ids() {
            request_id::assign(request.headers_mut(), client.is_trusted);
        }
        let received = Received::new(thread, &request, client, now);
        let (method, version) = (request.method().clone(), request.version());
        rescued(method, version, || answer(thread, client, request)).then(move |response| {
            let exchange = received.answered(&response);
            response.map(|content| Http2Body::new(content, exchange, stream))
        })
    }
}
