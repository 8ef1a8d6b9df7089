//! The answer to a request whose head is there, by the rules that hold on hyper's way too.

use std::time::Instant;

use hardtack::SimpleRequest;
use hyper::Version;

use super::head::Head;
use crate::{
    date,
    http1::stream::Http1Stream,
    simple::{self, Size},
    socket::Socket,
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
    if account.is_used_up_by_next(begun) || size(head).is_beyond_limits(account.server()) {
        return None;
    }
    let request = SimpleRequest::new(head.method, head.target, head.fields)?;
    let admitted = simple::admit(account, || head.to_request())?;
    let response = simple::respond(account.thread, &request)?;
    response.write_head(heads);
    heads.extend_from_slice(b"date: ");
    date::write(begun, heads);
    heads.extend_from_slice(b"\r\n\r\n");
    turn.request(|| begun);
    turn.respond(simple::exchange(account, admitted, &response, Version::HTTP_11, begun));
    turn.end_body(response.content().len() as u64);
    Some(Answered { content: response.content(), is_last: request.is_last() })
}

fn size(head: &Head<'_>) -> Size {
    Size { header: head.length, fields: head.fields.len(), target: head.target.len() }
}
