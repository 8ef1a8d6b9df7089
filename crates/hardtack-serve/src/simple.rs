//! The rules for simple requests, which are answered without hyper: those of its way, for both versions of
//! HTTP. A request of which a rule says anything but the bundle's response is hyper's.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

use hardtack::{SimpleRequest, SimpleResponse};
use hyper::{Request, Version};

use crate::{
    access_log::Entry,
    account::Account,
    answer,
    client::Client,
    exchange::{Exchange, Received},
    metrics::tally::Outcome,
    request_id,
    server::Server,
    thread::Thread,
};

/// The size of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Of its header, in bytes, as the version of HTTP counts them.
    pub(crate) header: usize,
    pub(crate) fields: usize,
    /// Of its target, in bytes.
    pub(crate) target: usize,
}

impl Size {
    /// Whether hyper's way may refuse it.
    pub(crate) fn is_beyond_limits(self, server: &Server) -> bool {
        let limits = &server.settings.limits;
        self.header >= limits.header_bytes as usize
            || self.fields > usize::from(limits.header_fields)
            || self.target > limits.target_bytes
    }
}

/// A request in hyper's types, which no rule refuses.
pub(crate) struct Admitted {
    request: Request<()>,
    client: Client,
}

/// Asks the rules that need all of a request, if there are any. None if one refuses it.
pub(crate) fn admit(
    account: &Account,
    to_request: impl FnOnce() -> Option<Request<()>>,
) -> Option<Option<Admitted>> {
    let (thread, server) = (account.thread, account.server());
    let needs_all = thread.access_log.is_some()
        || server.guard.is_some()
        || server.settings.https_redirect.is_some()
        || cfg!(feature = "break-out");
    if !needs_all {
        return Some(None);
    }
    let request = to_request()?;
    let client = Client::of(account.peer, request.headers(), &server.settings.trust);
    let refusal = answer::refuse(server, client, &request);
    refusal.is_none().then_some(Some(Admitted { request, client }))
}

/// The response of the bundle. A panic is left to hyper's way, which answers it with 500.
pub(crate) fn respond<'r>(
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

/// Counts a request that is answered; it ends with the exchange.
pub(crate) fn exchange(
    account: &Account,
    admitted: Option<Admitted>,
    response: &SimpleResponse<'_>,
    version: Version,
    begun: Instant,
) -> Exchange {
    account.count_request();
    let entry = admitted.and_then(|admitted| entry(account.thread, admitted));
    let received = Received::simple(account.thread, version, begun, entry);
    received.answered_with(outcome(response, version))
}

/// The line of the access log, if there is to be one.
fn entry(thread: &Thread, admitted: Admitted) -> Option<Box<Entry>> {
    let Admitted { mut request, client } = admitted;
    let log = thread.access_log.as_ref()?;
    request_id::assign(request.headers_mut(), client.is_trusted);
    Some(Box::new(log.begin(&request, client.address)))
}

fn outcome(response: &SimpleResponse<'_>, version: Version) -> Outcome {
    let field = |name| response.field(name);
    let classes =
        (field("content-type").is_some(), field("content-encoding"), field("cache-control"));
    Outcome::of_simple(response.status(), classes, response.content().len() as u64, version)
}
