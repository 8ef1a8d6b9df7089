//! The header blocks of a connection of HTTP/2: what they decode to is encoded and decoded again, and the
//! response to a simple request is that of `respond`.
#![no_main]

use hardtack::{SimpleRequest, respond};
use hardtack_fuzz::SITE;
use http::{Request, Uri, Version};
use libfuzzer_sys::fuzz_target;

use self::of_http2::hpack::{Decoder, Encoder, Fields};

#[path = "../../crates/hardtack-serve/src/http2"]
mod of_http2 {
    #[allow(dead_code)]
    pub(crate) mod hpack;
}

/// Most bytes of a header section.
const MOST: usize = 8192;

// Each block is behind its length.
fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes;
    let (mut decoder, mut encoder, mut client) = (Decoder::new(), Encoder::new(), Decoder::new());
    let (mut fields, mut again) = (Fields::default(), Fields::default());
    while let Some((length, behind)) = rest.split_first() {
        let (block, behind) = behind.split_at(behind.len().min(usize::from(*length)));
        rest = behind;
        fields.clear();
        if decoder.decode(block, MOST, &mut fields).is_err() {
            return;
        }
        if block.len() == 7 {
            encoder.limit(usize::from(block[0]) * 16);
        }
        let mut encoded = Vec::new();
        encoder.begin(&mut encoded);
        for (name, value) in fields.iter() {
            encoder.field(name, value, &mut encoded);
        }
        again.clear();
        client.decode(&encoded, usize::MAX, &mut again).expect("it is a block");
        assert!(again.iter().eq(fields.iter()));
        compare(&fields);
    }
});

/// Compares the response to a simple request with that of `respond`.
fn compare(fields: &Fields) {
    let mut lines = Vec::new();
    for (name, value) in fields.iter() {
        let Ok(name) = str::from_utf8(name) else { return };
        lines.push((name, value));
    }
    let Some((pseudo, others)) = lines.split_first_chunk::<3>() else { return };
    let [(":method", method), (":authority", authority), (":path", target)] = *pseudo else { return };
    let (Ok(method), Ok(target)) = (str::from_utf8(method), str::from_utf8(target)) else { return };
    let Some(simple) = SimpleRequest::http2(method, authority, target, others) else { return };
    let Some(shortly) = simple.respond(&SITE, None) else { return };
    let mut ours: Vec<_> = shortly
        .fields()
        .map(|field| {
            let mut value = Vec::new();
            field.write_value(&mut value);
            (field.name().to_owned(), value)
        })
        .collect();

    let uri = Uri::builder().scheme("https").authority(authority).path_and_query(target).build();
    let request = Request::builder().version(Version::HTTP_2).method(method);
    let request = request.uri(uri.expect("a simple target is one"));
    let with = |request: http::request::Builder, field: &(&str, &[u8])| request.header(field.0, field.1);
    let request = others.iter().fold(request, with).body(());
    let response = respond(&SITE, &request.expect("a simple request is valid"));
    assert_eq!(shortly.status(), response.status().as_u16());
    let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.to_string(), value.as_bytes().to_vec())
    };
    let mut theirs: Vec<_> = response.headers().iter().map(line).collect();
    ours.sort_unstable();
    theirs.sort_unstable();
    assert_eq!(ours, theirs);
    assert_eq!(shortly.content(), hardtack_fuzz::body(response));
}
