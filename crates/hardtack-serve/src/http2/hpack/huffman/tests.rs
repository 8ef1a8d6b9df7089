use std::sync::LazyLock;

use super::super::testing::{Random, hex};
use super::*;

static CODES: LazyLock<Vec<String>> = LazyLock::new(|| (0..=255).map(code_of).collect());

/// Codes a text, padded with ones.
pub(in super::super) fn encode(text: &[u8]) -> Vec<u8> {
    let mut bits = String::new();
    for byte in text {
        bits.push_str(&CODES[usize::from(*byte)]);
    }
    from_bits(&padded(bits))
}

/// The canonical code of a byte, as binary digits.
///
/// It counts the codes below it, rather than use what's under test.
fn code_of(byte: u8) -> String {
    let symbol = usize::from(byte);
    let length = LENGTHS[symbol];
    let before = (0..257).filter(|other| (LENGTHS[*other], *other) < (length, symbol));
    let code: u64 = before.map(|other| 1 << (length - LENGTHS[other])).sum();
    format!("{code:0width$b}", width = usize::from(length))
}

fn padded(mut bits: String) -> String {
    while !bits.len().is_multiple_of(8) {
        bits.push('1');
    }
    bits
}

fn from_bits(bits: &str) -> Vec<u8> {
    let (bytes, rest) = bits.as_bytes().as_chunks::<8>();
    assert!(rest.is_empty(), "not whole bytes: {bits}");
    let byte = |bits| u8::from_str_radix(str::from_utf8(bits).unwrap(), 2).unwrap();
    bytes.iter().map(|bits| byte(bits)).collect()
}

#[track_caller]
fn decodes(coded: &[u8], text: Result<&[u8], Malformed>) {
    let mut out = b"before ".to_vec();
    assert_eq!(decode(coded, &mut out), text.map(|_| ()));
    if let Ok(text) = text {
        assert_eq!(out.strip_prefix(b"before "), Some(text));
    }
}

#[test]
fn decodes_the_examples_of_the_rfc() {
    example("f1e3 c2e5 f23a 6ba0 ab90 f4ff", "www.example.com");
    example("a8eb 1064 9cbf", "no-cache");
    example("25a8 49e9 5ba9 7d7f", "custom-key");
    example("25a8 49e9 5bb8 e8b4 bf", "custom-value");
    example("6402", "302");
    example("aec3 771a 4b", "private");
    example(
        "d07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff",
        "Mon, 21 Oct 2013 20:13:21 GMT",
    );
    example("9d29 ad17 1863 c78f 0b97 c8e9 ae82 ae43 d3", "https://www.example.com");
    example("640e ff", "307");
    example("9bd9 ab", "gzip");
    example("", "");
}

#[track_caller]
fn example(digits: &str, text: &str) {
    decodes(&hex(digits), Ok(text.as_bytes()));
    assert_eq!(encode(text.as_bytes()), hex(digits));
}

#[test]
fn codes_are_those_of_the_rfc() {
    assert_eq!(code_of(b'0'), "00000");
    assert_eq!(code_of(b'~'), "1111111111101");
    assert_eq!(code_of(0), "1111111111000");
    assert_eq!(code_of(22), "111111111111111111111111111110"); // The last one before EOS.
    assert_eq!(code_of(255), "11111111111111111111101110");
}

#[test]
fn decodes_each_byte() {
    for byte in 0..=255 {
        for text in [&[byte][..], &[byte; 2], &[byte; 9], &[b'a', byte, b'&', byte, b'z']] {
            decodes(&encode(text), Ok(text));
        }
    }
}

#[test]
fn decodes_random_bytes() {
    let mut random = Random(2);
    for _ in 0..2000 {
        let text = random.bytes(60);
        decodes(&encode(&text), Ok(&text));
    }
}

#[test]
fn checks_padding() {
    let (a, eos) = ("00011", "1".repeat(30));
    padding(&format!("{a}111"), Ok(b"a"));
    padding(&format!("{a}110"), Err(Malformed));
    padding(&format!("{a}000"), Err(Malformed));
    padding(&format!("{a}011"), Err(Malformed));
    padding(&format!("{a}11111111111"), Err(Malformed)); // Eleven bits.
    padding("11111111", Err(Malformed)); // Eight bits.
    padding("1111111111111111", Err(Malformed));
    padding(&format!("{eos}11"), Err(Malformed));
    padding(&format!("{a}{eos}11111"), Err(Malformed));
    padding(&format!("{eos}{a}11111"), Err(Malformed));
    padding(&"1".repeat(400), Err(Malformed));
    padding("11111000", Ok(b"&")); // Eight bits, none of padding.
    padding(&a.repeat(5), Ok(b"aaaaa")); // Seven bits of padding.
}

/// Decodes binary digits; the last one may be short of a byte, which ones fill.
#[track_caller]
fn padding(bits: &str, text: Result<&[u8], Malformed>) {
    decodes(&from_bits(&padded(bits.replace(' ', ""))), text);
}

#[test]
fn never_panics() {
    let mut random = Random(3);
    for _ in 0..20_000 {
        let coded = random.bytes(24);
        let mut out = Vec::new();
        if decode(&coded, &mut out).is_ok() {
            assert_eq!(encode(&out), coded);
        }
    }
}
