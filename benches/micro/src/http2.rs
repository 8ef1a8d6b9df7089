//! The short way over HTTP/2: from the block of a header section to that of the response.

use std::{hint::black_box, time::Instant};

use anyhow::{Result, ensure};
use hardtack::SimpleRequest;
use hardtack_bundle::Bundle;
use smallvec::SmallVec;

use crate::{
    date,
    of_http2::hpack::{Decoder, Encoder, Fields, encoder},
};

/// Answers a request for this path that has been made before on the connection: most of its fields are in
/// the table of fields, and so are those of the response.
pub(crate) fn call(
    bundle: Bundle<'static>,
    path: &str,
    lines: &str,
) -> Result<impl FnMut() + use<>> {
    let (mut client, mut decoder) = (Encoder::new(), Decoder::new());
    let blocks = [0, 1].map(|_| request(&mut client, path, lines));
    let mut call = Call {
        bundle,
        encoder: Encoder::new(),
        fields: Fields::default(),
        output: Vec::new(),
        now: Instant::now(),
    };
    for block in &blocks {
        ensure!(call.answer(&mut decoder, block).is_some(), "not simple");
        ensure!(call.output.starts_with(&[0x88]), "not 200");
    }
    Ok(move || {
        black_box(call.answer(&mut decoder, black_box(&blocks[1])));
    })
}

/// The block of a request with these fields, as lines of HTTP/1.1 have them.
fn request(client: &mut Encoder, path: &str, lines: &str) -> Vec<u8> {
    let mut block = Vec::new();
    let pseudo = [(":method", "GET"), (":scheme", "https"), (":authority", "www.example.com")];
    let fields = lines.lines().filter_map(|line| line.split_once(": "));
    let fields = fields.filter(|(name, _)| !matches!(*name, "Host" | "Connection"));
    for (name, value) in pseudo {
        client.field(name.as_bytes(), value.as_bytes(), &mut block);
    }
    encoder::literal(b":path", &mut block, |block| block.extend_from_slice(path.as_bytes()));
    for (name, value) in fields {
        client.field(name.to_ascii_lowercase().as_bytes(), value.as_bytes(), &mut block);
    }
    block
}

/// A connection.
struct Call {
    bundle: Bundle<'static>,
    encoder: Encoder,
    fields: Fields,
    output: Vec<u8>,
    now: Instant,
}

impl Call {
    /// Writes the block of the response. Returns its content; none if the request is not simple.
    fn answer(&mut self, decoder: &mut Decoder, block: &[u8]) -> Option<&'static [u8]> {
        let Self { bundle, encoder, fields, output, now } = self;
        fields.clear();
        output.clear();
        decoder.decode(block, usize::MAX, fields).ok()?;
        let mut lines = fields.iter();
        let mut pseudo = || str::from_utf8(lines.next()?.1).ok();
        let [method, _, authority, path] = [pseudo()?, pseudo()?, pseudo()?, pseudo()?];
        let mut others = SmallVec::<[(&str, &[u8]); 48]>::new();
        for (name, value) in lines {
            others.push((str::from_utf8(name).ok()?, value));
        }
        let request = SimpleRequest::http2(method, authority.as_bytes(), path, &others)?;
        let response = request.respond(bundle, None)?;
        encoder::status(response.status(), output);
        for field in response.fields() {
            let name = field.name().as_bytes();
            match field.value() {
                Some(value) => encoder.field(name, value, output),
                None => encoder::literal(name, output, |output| field.write_value(output)),
            }
        }
        encoder::literal(b"date", output, |output| date::write(*now, output));
        Some(response.content())
    }
}
