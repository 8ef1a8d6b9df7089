//! The response to a simple request: the frames HEADERS and DATA.

use std::time::Instant;

use hardtack::{SimpleRequest, SimpleResponse};
use hyper::Version;

use super::{
    super::{
        frames::{DATA, END_STREAM, FrameHead, LONGEST},
        gathered::Output,
        hpack::{Fields, encoder},
    },
    request::Head,
};
use crate::{account::Account, date, simple};

/// Largest content that is written here. A larger one is hyper's, which sends it as the client takes it.
const LARGEST_CONTENT: usize = 32 * 1024;

/// Answers the request of a stream: writes the response, and counts the request. None if the request or its
/// response is not simple, or if there is no room for so many bytes of content: then nothing is written.
pub(super) fn answer(
    account: &Account,
    stream: u32,
    section: &Fields,
    has_room: impl FnOnce(usize) -> bool,
    output: &mut Output,
) -> Option<()> {
    let begun = Instant::now();
    let head = Head::of(section)?;
    if account.is_used_up_by_next(begun) || head.size().is_beyond_limits(account.server()) {
        return None;
    }
    let request = SimpleRequest::http2(head.method, head.authority, head.target, &head.fields)?;
    let admitted = simple::admit(account, || head.to_request())?;
    let response = simple::respond(account.thread, &request)?;
    let length = response.content().len();
    if length > LARGEST_CONTENT || !has_room(length) {
        return None;
    }
    write(&response, stream, begun, output);
    drop(simple::exchange(account, admitted, &response, Version::HTTP_2, begun));
    Some(())
}

fn write(response: &SimpleResponse<'_>, stream: u32, now: Instant, output: &mut Output) {
    let mut parts = response.content().chunks(LONGEST).peekable();
    let end = |is_all| if is_all { END_STREAM } else { 0 };
    output.write_section(stream, end(parts.peek().is_none()), |encoder, block| {
        encoder::status(response.status(), block);
        for field in response.fields() {
            let name = field.name().as_bytes();
            match field.value() {
                Some(value) => encoder.field(name, value, block),
                None => encoder::literal(name, block, |block| field.write_value(block)),
            }
        }
        encoder::literal(b"date", block, |block| date::write(now, block));
    });
    while let Some(part) = parts.next() {
        let flags = end(parts.peek().is_none());
        FrameHead::new(part.len(), DATA, flags, stream).write(&mut output.bytes);
        output.bytes.extend_from_slice(part);
    }
}
