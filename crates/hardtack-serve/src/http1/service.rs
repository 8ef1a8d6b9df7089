//! Requests of a connection of HTTP/1.1, as hyper hands them over.

use std::{sync::Arc, time::Instant};

use hyper::{
    Request, Response, StatusCode, Uri, body::Incoming, header::HeaderValue, service::Service,
};

use super::{body::Http1Body, successor, turn::SharedTurn};
use crate::{
    account::Account,
    answer::{Answer, answer, close_after, rescued},
    body::Content,
    client::Client,
    exchange::Received,
    lifecycle::Stage,
    request_id,
};

/// Answers the requests of a connection.
#[derive(Clone)]
pub(crate) struct Http1Service {
    account: Arc<Account>,
    turn: SharedTurn,
}

impl Http1Service {
    pub(crate) fn new(account: Arc<Account>, turn: SharedTurn) -> Self {
        Self { account, turn }
    }

    fn respond(self, received: Received, mut response: Response<Content>) -> Response<Http1Body> {
        // A tunnel has no further request, and `Connection` makes it one.
        let is_tunnel = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        if !is_tunnel && self.is_last(&received) {
            close_after(&mut response);
        }
        let mut turn = self.turn.lock();
        turn.respond(received.answered(&response));
        if is_tunnel {
            turn.become_tunnel().into_iter().for_each(|exchange| exchange.finish(Instant::now()));
        }
        drop(turn);
        response.map(|content| Http1Body::new(content, self.turn))
    }

    /// Where the successor of this worker has the answer, if there is a successor.
    fn location_at_successor(&self, uri: &Uri) -> Option<HeaderValue> {
        let lifecycle = &self.account.server().lifecycle;
        let has_retired = lifecycle.is_closing() && lifecycle.is_in(Stage::Retiring);
        has_retired.then(|| successor::location(uri))?
    }

    /// Whether the connection ends with the response to this request.
    fn is_last(&self, received: &Received) -> bool {
        self.account.server().lifecycle.is_closing() || self.account.is_used_up(received.begun)
    }
}

impl Service<Request<Incoming>> for Http1Service {
    type Response = Response<Http1Body>;
    type Error = std::convert::Infallible;
    type Future = Answer<Http1Body>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let thread = self.account.thread;
        self.account.count_request();
        let begun = self.turn.lock().request(Instant::now);
        let trust = &thread.server.settings.trust;
        let client = Client::of(self.account.peer, request.headers(), trust);
        if thread.needs_ids() {
            request_id::assign(request.headers_mut(), client.is_trusted);
        }
        let received = Received::new(thread, &request, client, begun);
        let (service, account) = (self.clone(), Arc::clone(&self.account));
        let (method, version) = (request.method().clone(), request.version());
        let location = self.location_at_successor(request.uri());
        rescued(method, version, || answer(thread, client, request))
            .unless(async move { account.client_gone().await })
            .then(move |mut response| {
                location.into_iter().for_each(|at| successor::send_there(&mut response, at));
                service.respond(received, response)
            })
    }
}
