//! The bytes of a head: the response to a simple request is that of `respond`, written down.
#![no_main]

use hardtack::{SimpleRequest, respond};
use hardtack_fuzz::SITE;
use http::Request;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut space = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Request::new(&mut space);
    if !matches!(head.parse(bytes), Ok(httparse::Status::Complete(_))) || head.version != Some(1) {
        return;
    }
    let (Some(method), Some(target)) = (head.method, head.path) else { return };
    let fields: Vec<_> = head.headers.iter().map(|field| (field.name, field.value)).collect();
    let Some(simple) = SimpleRequest::new(method, target, &fields) else { return };
    let Some(shortly) = simple.respond(&SITE, None) else { return };
    let mut ours = Vec::new();
    shortly.write_head(&mut ours);

    let with = |request: http::request::Builder, field: &(&str, &[u8])| request.header(field.0, field.1);
    let request = fields.iter().fold(Request::builder().method(method).uri(target), with);
    let response = respond(&SITE, &request.body(()).expect("a simple request is valid"));
    let mut theirs = vec![format!("HTTP/1.1 {}\r\n", response.status()).into_bytes()];
    for (name, value) in response.headers() {
        theirs.push([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    if simple.is_last() {
        theirs.push(b"connection: close\r\n".to_vec());
    }
    // Some lines stand at another place.
    let mut ours: Vec<_> = ours.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    ours.sort_unstable();
    theirs.sort_unstable();
    assert_eq!(ours, theirs);
    assert_eq!(shortly.content(), hardtack_fuzz::body(response));
});
