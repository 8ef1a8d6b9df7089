//! HPACK (RFC 7541): just enough to encode by hand, and all of it to decode.
//!
//! It is not the server's own, so that both cannot be wrong in the same way.

use std::{
    collections::{HashMap, VecDeque},
    sync::LazyLock,
};

pub(crate) type Field = (String, String);

/// A field block of literals that are not indexed. A letter is one octet, up to U+00FF.
pub(crate) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    fields.iter().flat_map(|(name, value)| literal(0x00, name, value)).collect()
}

/// A literal with a literal name (§6.2): 0x40 adds it to the table, 0x10 forbids that for ever.
pub(crate) fn literal(form: u8, name: &str, value: &str) -> Vec<u8> {
    [vec![form], string(name), string(value)].concat()
}

/// A literal whose name is in a table. The form's low bits are the prefix of the index.
pub(crate) fn named(form: u8, prefix: u32, index: usize, value: &str) -> Vec<u8> {
    [integer(form, prefix, index), string(value)].concat()
}

pub(crate) fn string(text: &str) -> Vec<u8> {
    let octets: Vec<u8> = text.chars().map(|letter| letter as u8).collect();
    [integer(0x00, 7, octets.len()), octets].concat()
}

/// A string in Huffman's code, with the padding that is demanded (§5.2).
pub(crate) fn huffman(text: &str) -> Vec<u8> {
    let mut bits: Vec<bool> = text.chars().flat_map(|letter| bits_of(letter as usize)).collect();
    bits.resize(bits.len().next_multiple_of(8), true);
    huffman_octets(&packed(&bits))
}

/// Octets that are said to be in Huffman's code.
pub(crate) fn huffman_octets(octets: &[u8]) -> Vec<u8> {
    [integer(0x80, 7, octets.len()), octets.to_vec()].concat()
}

/// An integer (§5.1) behind the bits of a form.
pub(crate) fn integer(form: u8, prefix: u32, value: usize) -> Vec<u8> {
    let most = (1 << prefix) - 1;
    if value < most {
        return vec![form | value as u8];
    }
    let mut octets = vec![form | most as u8];
    let mut rest = value - most;
    while rest >= 128 {
        octets.push((rest % 128) as u8 | 0x80);
        rest /= 128;
    }
    octets.push(rest as u8);
    octets
}

/// A decoder of one connection's field blocks.
pub(crate) struct Decoder {
    /// The newest comes first (§2.3.2).
    table: VecDeque<Field>,
    /// The size of the table, as the encoder has announced it.
    size: usize,
    /// The largest size that the encoder may announce.
    limit: usize,
}

impl Default for Decoder {
    fn default() -> Self {
        Self { table: VecDeque::new(), size: 4096, limit: 4096 }
    }
}

impl Decoder {
    /// The encoder has acknowledged that its table may be so large.
    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// The fields of a block. An encoder whose table was larger than the limit has to begin with
    /// its new size (§4.2).
    pub(crate) fn decode(&mut self, block: &[u8]) -> Result<Vec<Field>, String> {
        let mut input = Input(block);
        let mut fields = Vec::new();
        while let Some(&first) = input.0.first() {
            if self.size > self.limit && first & 0xe0 != 0x20 {
                return Err(format!("a table of {}, but {} are allowed", self.size, self.limit));
            }
            fields.extend(self.representation(first, &mut input)?);
        }
        Ok(fields)
    }

    /// §6: an indexed field, a new size, or a literal.
    fn representation(&mut self, first: u8, input: &mut Input) -> Result<Option<Field>, String> {
        if first & 0x80 != 0 {
            let index = input.integer(7)?;
            return self.entry(index).map(Some);
        }
        if first & 0xe0 == 0x20 {
            self.resize(input.integer(5)?)?;
            return Ok(None);
        }
        let is_indexed = first & 0x40 != 0;
        let name = match input.integer(if is_indexed { 6 } else { 4 })? {
            0 => input.string()?,
            index => self.entry(index)?.0,
        };
        let field = (name, input.string()?);
        if is_indexed {
            self.table.push_front(field.clone());
            self.evict();
        }
        Ok(Some(field))
    }

    fn entry(&self, index: usize) -> Result<Field, String> {
        let at = index.checked_sub(1).ok_or("index 0")?;
        let fixed = STATIC.get(at).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let added = || self.table.get(at - STATIC.len()).cloned();
        fixed.or_else(added).ok_or_else(|| format!("no entry {index}"))
    }

    fn resize(&mut self, size: usize) -> Result<(), String> {
        if size > self.limit {
            return Err(format!("a table of {size}, but {} are allowed", self.limit));
        }
        self.size = size;
        self.evict();
        Ok(())
    }

    fn evict(&mut self) {
        let size = |(name, value): &Field| name.len() + value.len() + 32;
        while self.table.iter().map(size).sum::<usize>() > self.size {
            self.table.pop_back();
        }
    }
}

/// The rest of a block.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn octet(&mut self) -> Result<u8, String> {
        let (first, rest) = self.0.split_first().ok_or("the block ends early")?;
        self.0 = rest;
        Ok(*first)
    }

    fn integer(&mut self, prefix: u32) -> Result<usize, String> {
        let most = (1 << prefix) - 1;
        let mut value = usize::from(self.octet()?) & most;
        let mut shift = 0;
        while value >= most {
            let octet = self.octet()?;
            value += usize::from(octet & 0x7f) << shift;
            shift += 7;
            if octet & 0x80 == 0 {
                break;
            }
            if shift > 28 {
                return Err("an integer is too large".to_owned());
            }
        }
        Ok(value)
    }

    fn string(&mut self) -> Result<String, String> {
        let is_huffman = self.0.first().is_some_and(|first| first & 0x80 != 0);
        let length = self.integer(7)?;
        let (text, rest) = self.0.split_at_checked(length).ok_or("a string ends early")?;
        self.0 = rest;
        let octets = if is_huffman { decode_huffman(text)? } else { text.to_vec() };
        Ok(octets.into_iter().map(char::from).collect())
    }
}

fn decode_huffman(coded: &[u8]) -> Result<Vec<u8>, String> {
    let mut octets = Vec::new();
    let (mut code, mut length) = (0, 0);
    for bit in coded.iter().flat_map(|octet| (0..8).rev().map(move |at| octet >> at & 1)) {
        (code, length) = (code << 1 | u32::from(bit), length + 1);
        if let Some(symbol) = SYMBOLS.get(&(code, length)) {
            octets.push(u8::try_from(*symbol).map_err(|_| "the end inside of a string")?);
            (code, length) = (0, 0);
        }
    }
    if length < 8 && code + 1 == 1 << length { Ok(octets) } else { Err("bad padding".to_owned()) }
}

fn bits_of(symbol: usize) -> impl Iterator<Item = bool> {
    let (code, length) = CODES[symbol];
    (0..length).rev().map(move |at| code >> at & 1 == 1)
}

fn packed(bits: &[bool]) -> Vec<u8> {
    let octet = |bits: &[bool]| bits.iter().fold(0, |octet, bit| octet << 1 | u8::from(*bit));
    bits.chunks(8).map(octet).collect()
}

static SYMBOLS: LazyLock<HashMap<(u32, u8), usize>> =
    LazyLock::new(|| CODES.iter().enumerate().map(|(symbol, code)| (*code, symbol)).collect());

/// The code and its length for each symbol. The code is canonical (Appendix B): in the order of
/// lengths, and of symbols of one length, each code is the one before plus one.
static CODES: LazyLock<Vec<(u32, u8)>> = LazyLock::new(|| {
    let mut symbols: Vec<usize> = (0..LENGTHS.len()).collect();
    symbols.sort_by_key(|symbol| LENGTHS[*symbol]);
    let mut codes = vec![(0, 0); LENGTHS.len()];
    let (mut next, mut before) = (0_u32, LENGTHS[symbols[0]]);
    for symbol in symbols {
        next <<= LENGTHS[symbol] - before;
        before = LENGTHS[symbol];
        codes[symbol] = (next, before);
        next += 1;
    }
    codes
});

/// Bits of each symbol's code (Appendix B); the last is the end of the string.
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5,
    5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6,
    6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22,
    23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22,
    21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20,
    22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19,
    21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22,
    22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];

/// Appendix A.
const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

#[test]
fn responses_of_the_standard_are_decoded() {
    // Appendix C.6: three responses with Huffman's code, in a table of 256 octets.
    let blocks = [
        "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
        "4883640effc1c0bf",
        "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
    ];
    let mut decoder = Decoder { size: 256, ..Decoder::default() };
    let decoded = blocks.map(|block| decoder.decode(&octets(block)).expect("of the standard"));
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(decoded[0][0], field(":status", "302"));
    assert_eq!(decoded[1][3], field("location", "https://www.example.com"));
    assert_eq!(decoded[2][4], field("content-encoding", "gzip"));
    let cookie = "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1";
    assert_eq!(decoded[2][5], field("set-cookie", cookie));
    assert_eq!(decoder.table.len(), 3);
}

#[test]
fn strings_are_coded_as_in_the_standard() {
    // Appendix C.1.2 and C.4.1.
    assert_eq!(integer(0, 5, 1337), [0x1f, 0x9a, 0x0a]);
    assert_eq!(huffman("www.example.com"), octets("8cf1e3c2e5f23a6ba0ab90f4ff"));
}

#[cfg(test)]
fn octets(hex: &str) -> Vec<u8> {
    let octet = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
    (0..hex.len()).step_by(2).map(octet).collect()
}
