//! The answer to a request whose head is there, by the rules that hold on hyper's way too.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

use hardtack::{SimpleRequest, SimpleResponse};
use hyper::Request;

use super::{date, head::Head};
use crate::{
    access_log::Entry, account::Account, answer, client::Client, exchange::Received,
    http1::stream::Http1Stream, metrics::tally::Outcome, request_id, server::Server,
    socket::Socket, thread::Thread,
};

/// A response whose head is written.
pub(super) struct Answered {
    pub(super) content: &'static [u8],
    /// The connection ends with it.
    pub(super) is_last: bool,
}

/// Answers a request: writes the response's head, and counts the request. None if the request or its
/// response is not simple: then nothing is written.
pub(super) fn answer<S: Socket>(
    stream: &Http1Stream<S>,
    head: &Head<'_>,
    heads: &mut Vec<u8>,
) -> Option<Answered> {
    let (account, mut turn) = (stream.account(), stream.turn().lock());
    let begun = turn.begun(Instant::now);
    if account.is_used_up_by_next(begun) || is_beyond_limits(account.server(), head) {
        return None;
    }
    let request = SimpleRequest::new(head.method, head.target, head.fields)?;
    let admitted = admit(account, head)?;
    let response = respond(account.thread, &request)?;
    response.write_head(heads);
    date::write(begun, heads);
    heads.extend_from_slice(b"\r\n");
    account.count_request();
    let entry = admitted.and_then(|admitted| entry(account.thread, admitted));
    turn.request(|| begun);
    turn.respond(Received::simple(account.thread, begun, entry).answered_with(outcome(&response)));
    turn.end_body(response.content().len() as u64);
    Some(Answered { content: response.content(), is_last: request.is_last() })
}

/// The limits of a request that hyper's way checks with hyper's types.
fn is_beyond_limits(server: &Server, head: &Head<'_>) -> bool {
    let limits = &server.settings.limits;
    head.length >= limits.header_bytes as usize
        || head.fields.len() > usize::from(limits.header_fields)
        || head.target.len() > limits.target_bytes
}

/// A request in hyper's types, which no rule refuses.
struct Admitted {
    request: Request<()>,
    client: Client,
}

/// Asks the rules that need all of a request, if there are any. None if one refuses it.
fn admit(account: &Account, head: &Head<'_>) -> Option<Option<Admitted>> {
    let (thread, server) = (account.thread, account.server());
    let needs_all = thread.access_log.is_some()
        || server.guard.is_some()
        || server.settings.https_redirect.is_some()
        || cfg!(feature = "break-out");
    if !needs_all {
        return Some(None);
    }
    let request = head.to_request()?;
    let client = Client::of(account.peer, request.headers(), &server.settings.trust);
    let refusal = answer::refuse(server, client, &request);
    refusal.is_none().then_some(Some(Admitted { request, client }))
}

/// The line of the access log, if there is to be one.
fn entry(thread: &Thread, admitted: Admitted) -> Option<Box<Entry>> {
    let Admitted { mut request, client } = admitted;
    let log = thread.access_log.as_ref()?;
    request_id::assign(request.headers_mut(), client.is_trusted);
    Some(Box::new(log.begin(&request, client.address)))
}

/// The response of the bundle. A panic is left to hyper's way, which answers it with 500.
fn respond<'r>(
    thread: &'static Thread,
    request: &'r SimpleRequest<'_>,
) -> Option<SimpleResponse<'r>> {
    let server = thread.server;
    let (bundle, tags) = (&server.bundle, server.tags.as_ref());
    let respond = || match thread.upstream {
        None => request.respond(bundle, tags),
        Some(_) => request.respond_if_baked(bundle, tags),
    };
    catch_unwind(AssertUnwindSafe(respond)).ok()?
}

fn outcome(response: &SimpleResponse<'_>) -> Outcome {
    let field = |name| response.field(name);
    let classes =
        (field("content-type").is_some(), field("content-encoding"), field("cache-control"));
    Outcome::of_simple(response.status(), classes, response.content().len() as u64)
}
