//! The encoding of header fields (RFC 7541 §6).

use super::dynamic_table::{DynamicTable, Name, TABLE_SIZE};
use super::integer;
use super::static_table::{STATIC_TABLE, index_of_name};

/// The index of the first `:status` (App. A).
const STATUS: u8 = 8;
/// The length of a string is beyond its first byte from here on (§5.1, §5.2).
const LONG_STRING: usize = 127;

/// Encodes the header blocks of one connection, all of them, in their order.
#[derive(Debug)]
pub(crate) struct Encoder {
    table: DynamicTable,
    /// Whether the client is to be told of a smaller size.
    has_shrunk: bool,
}

impl Encoder {
    pub(crate) fn new() -> Self {
        Self { table: DynamicTable::new(TABLE_SIZE), has_shrunk: false }
    }

    /// The client says how large the table may be (`SETTINGS_HEADER_TABLE_SIZE`). The table never grows: a
    /// client may expect a larger one only after its settings are acknowledged.
    pub(crate) fn limit(&mut self, limit: usize) {
        if limit < self.table.max_size() {
            self.has_shrunk = self.table.resize(limit).is_ok();
        }
    }

    /// Begins a block. A new size of the table comes first (§4.2).
    pub(crate) fn begin(&mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.has_shrunk) {
            integer::encode::<5>(0x20, self.table.max_size(), out);
        }
    }

    /// Appends a field, whose name has to be lowercase (RFC 9113 §8.2.1). It's added to the table if the same
    /// value is likely to come again.
    pub(crate) fn field(&mut self, name: &[u8], value: &[u8], out: &mut Vec<u8>) {
        let is_too_large = DynamicTable::size_of(name, value) > self.table.max_size();
        if name == b":status"
            && let Some(code) = digits(value)
        {
            status(code, out);
        } else if is_too_large || is_fleeting(name) {
            literal(name, out, |out| out.extend_from_slice(value));
        } else if let Some(index) = self.table.find(name, value) {
            integer::encode::<7>(0x80, STATIC_TABLE.len() + 1 + index, out); // §6.1.
        } else {
            named::<6>(0x40, name, out); // §6.2.1.
            string(out, |out| out.extend_from_slice(value));
            self.table.insert(Name::Shared(name.into()), value);
        }
    }
}

/// The number that three digits are.
fn digits(value: &[u8]) -> Option<u16> {
    let is_code = value.len() == 3 && value.iter().all(u8::is_ascii_digit);
    str::from_utf8(value).ok().filter(|_| is_code)?.parse().ok()
}

/// Whether the values of a field differ from one response to the next, or are nobody else's business
/// (§7.1.3).
fn is_fleeting(name: &[u8]) -> bool {
    matches!(
        name,
        b"age"
            | b"content-digest"
            | b"content-disposition"
            | b"content-length"
            | b"content-location"
            | b"content-range"
            | b"date"
            | b"etag"
            | b"expires"
            | b"location"
            | b"repr-digest"
            | b"server-timing"
            | b"set-cookie"
            | b"traceparent"
            | b"use-as-dictionary"
            | b"x-request-id"
    )
}

/// Appends `:status`; the code has three digits.
pub(crate) fn status(code: u16, out: &mut Vec<u8>) {
    let index = match code {
        200 => STATUS,
        204 => 9,
        206 => 10,
        304 => 11,
        400 => 12,
        404 => 13,
        500 => 14,
        _ => return literal_status(code, out),
    };
    out.push(0x80 | index); // An indexed field (§6.1).
}

fn literal_status(code: u16, out: &mut Vec<u8>) {
    let digit = |unit: u16| b'0' + (code / unit % 10).to_le_bytes()[0];
    out.extend_from_slice(&[STATUS, 3, digit(100), digit(10), digit(1)]);
}

/// Appends a literal field without indexing (§6.2.2), whose value `write_value` appends.
///
/// The name has to be lowercase (RFC 9113 §8.2.1). The value isn't Huffman-coded.
pub(crate) fn literal(name: &[u8], out: &mut Vec<u8>, write_value: impl FnOnce(&mut Vec<u8>)) {
    named::<4>(0, name, out);
    string(out, write_value);
}

/// Appends the beginning of a literal field: the index of its name, or the name.
fn named<const PREFIX: u32>(pattern: u8, name: &[u8], out: &mut Vec<u8>) {
    if let Some(index) = str::from_utf8(name).ok().and_then(index_of_name) {
        integer::encode::<PREFIX>(pattern, usize::from(index), out);
    } else {
        out.push(pattern);
        integer::encode::<7>(0, name.len(), out);
        out.extend_from_slice(name);
    }
}

/// Appends a string whose length is known only when it's written.
fn string(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.push(0);
    write(out);
    let length = out.len().saturating_sub(start + 1);
    let Some([first, ..]) = out.get_mut(start..) else { return };
    if let Some(short) = u8::try_from(length).ok().filter(|_| length < LONG_STRING) {
        *first = short;
    } else {
        *first = 0x7f;
        insert_rest_of_length(length, start + 1, out);
    }
}

/// Makes room for the rest of a long length at `start`, where the string is now.
fn insert_rest_of_length(length: usize, start: usize, out: &mut Vec<u8>) {
    let end = out.len();
    integer::encode_continuation(length - LONG_STRING, out);
    let added = out.len() - end;
    if let Some(string) = out.get_mut(start..) {
        string.rotate_right(added);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Random, hex};
    use super::super::{Decoder, Fields};
    use super::*;

    #[test]
    fn encodes_statuses() {
        encodes_status(200, "88");
        encodes_status(204, "89");
        encodes_status(206, "8a");
        encodes_status(304, "8b");
        encodes_status(400, "8c");
        encodes_status(404, "8d");
        encodes_status(500, "8e");
        encodes_status(302, "08 03 33 30 32");
        encodes_status(103, "08 03 31 30 33");
        encodes_status(999, "08 03 39 39 39");
    }

    #[track_caller]
    fn encodes_status(code: u16, digits: &str) {
        let mut out = Vec::new();
        status(code, &mut out);
        assert_eq!(out, hex(digits));
        decodes_to(&out, &[(b":status".to_vec(), code.to_string().into_bytes())]);
    }

    #[test]
    fn encodes_literals() {
        encodes_literal(":path", "/sample/path", "04 0c 2f73616d706c652f70617468"); // C.2.2
        encodes_literal("age", "60", "0f 06 02 3630");
        encodes_literal("accept-charset", "", "0f 00 00");
        encodes_literal(":status", "302", "08 03 333032");
        encodes_literal("a", "b", "00 01 61 01 62");
        encodes_literal("", "", "00 00 00");
        encodes_literal("a", &"b".repeat(126), &format!("00 01 61 7e {}", "62".repeat(126)));
        encodes_literal("a", &"b".repeat(127), &format!("00 01 61 7f 00 {}", "62".repeat(127)));
        encodes_literal("a", &"b".repeat(254), &format!("00 01 61 7f 7f {}", "62".repeat(254)));
        encodes_literal("a", &"b".repeat(255), &format!("00 01 61 7f 80 01 {}", "62".repeat(255)));
        encodes_literal(&"a".repeat(127), "b", &format!("00 7f 00 {} 01 62", "61".repeat(127)));
    }

    #[track_caller]
    fn encodes_literal(name: &str, value: &str, digits: &str) {
        let mut out = b"before".to_vec();
        literal(name.as_bytes(), &mut out, |out| out.extend_from_slice(value.as_bytes()));
        let block = out.strip_prefix(b"before").unwrap();
        assert_eq!(block, hex(digits));
        decodes_to(block, &[(name.into(), value.into())]);
    }

    /// The blocks of an encoder after settings: a size of the table, or fields such as `a=b`.
    #[track_caller]
    fn goes(steps: &[(Step, &str)]) {
        let (mut encoder, mut decoder) = (Encoder::new(), Decoder::new());
        for (step, digits) in steps {
            let mut out = Vec::new();
            match step {
                Size(size) => encoder.limit(*size),
                Block(fields) => {
                    encoder.begin(&mut out);
                    let fields = fields.iter().map(|field| field.split_once('=').unwrap());
                    for (name, value) in fields.clone() {
                        encoder.field(name.as_bytes(), value.as_bytes(), &mut out);
                    }
                    let mut decoded = Fields::default();
                    assert_eq!(decoder.decode(&out, usize::MAX, &mut decoded), Ok(()));
                    let fields = fields.map(|(name, value)| (name.as_bytes(), value.as_bytes()));
                    assert!(decoded.iter().eq(fields));
                }
            }
            assert_eq!(out, hex(digits));
        }
    }

    enum Step {
        Size(usize),
        Block(&'static [&'static str]),
    }
    use Step::{Block, Size};

    #[test]
    fn values_that_come_again() {
        goes(&[
            (Block(&["vary=a"]), "7b 01 61"),
            (Block(&["vary=a", "x=y", "vary=b"]), "be 40 01 78 01 79 7b 01 62"),
            (Block(&["vary=a", "x=y", "vary=b", "x=z"]), "c0 bf be 40 01 78 01 7a"),
            (Block(&[":status=200", "vary=a", ":status=302"]), "88 c1 08 03 33 30 32"),
            (Block(&[":status=2", ":status=+20"]), "48 01 32 48 03 2b 32 30"),
            (Block(&["etag=a", "etag=a"]), "0f 13 01 61 0f 13 01 61"),
        ]);
    }

    #[test]
    fn sizes_of_the_table() {
        goes(&[(Size(9000), ""), (Block(&[]), "")]);
        goes(&[(Size(0), ""), (Block(&["vary=a"]), "20 0f 2c 01 61"), (Block(&[]), "")]);
        goes(&[
            (Block(&["vary=a"]), "7b 01 61"),
            (Size(100), ""),
            (Size(0), ""),
            (Size(4096), ""),
            (Block(&["vary=a"]), "20 0f 2c 01 61"),
            (Block(&["vary=a"]), "0f 2c 01 61"),
        ]);
        // Room for one entry.
        goes(&[
            (Size(37), ""),
            (Block(&["vary=a", "vary=b", "vary=b"]), "3f 06 7b 01 61 7b 01 62 be"),
            (Block(&["vary=long"]), "0f 2c 04 6c 6f 6e 67"),
        ]);
    }

    #[test]
    fn round_trips() {
        let mut random = Random(1);
        for _ in 0..1000 {
            let mut block = Vec::new();
            let pairs: Vec<_> =
                (0..random.below(20)).map(|_| (random.bytes(40), random.bytes(600))).collect();
            for (name, value) in &pairs {
                literal(name, &mut block, |out| out.extend_from_slice(value));
            }
            decodes_to(&block, &pairs);
        }
    }

    #[track_caller]
    fn decodes_to(block: &[u8], pairs: &[(Vec<u8>, Vec<u8>)]) {
        let mut fields = Fields::default();
        assert_eq!(Decoder::new().decode(block, usize::MAX, &mut fields), Ok(()));
        assert!(fields.iter().eq(pairs.iter().map(|(name, value)| (&**name, &**value))));
    }
}
