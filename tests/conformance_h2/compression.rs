//! Header compression (RFC 7541), and what is done about its errors (RFC 9113 §4.3).

use crate::{
    case::{Case, case},
    frames::{
        COMPRESSION_ERROR, Step, continuation, flag, get, headers, open_large, request,
        request_block, setting, settings,
    },
    hpack::{block, huffman, huffman_octets, integer, literal, named, string},
};

pub(crate) fn cases() -> Vec<Case> {
    [indices(), literals(), integers(), strings(), sizes(), state()].concat()
}

/// A request to which something is added behind its fields.
fn and(rest: &[u8]) -> Step {
    whole(&[request_block("GET", "/one.txt", &[]), rest.to_vec()].concat())
}

fn whole(block: &[u8]) -> Step {
    headers(1, flag::WHOLE, block)
}

fn right(name: &str, section: &'static str, step: Step) -> Case {
    case(name, section, [step]).served(1)
}

fn wrong(name: &str, section: &'static str, step: Step) -> Case {
    case(name, section, [step]).connection_error(&[COMPRESSION_ERROR])
}

/// Indices 2, 6 and 4 are `GET`, `http` and `/`; 1 and 4 name `:authority` and `:path`.
fn indices() -> Vec<Case> {
    const SECTION: &str = "7541 §2.3.3";
    let start = [&[0x82, 0x86][..], &named(0x00, 4, 1, "localhost")].concat();
    let by_name = [&start[..], &named(0x00, 4, 4, "/one.txt")].concat();
    vec![
        right("fields and names of the static table", "7541 §2.3.1", whole(&by_name)),
        right("the last entry of the static table", SECTION, and(&named(0x00, 4, 61, "basic"))),
        wrong("index 0", "7541 §6.1", and(&[0x80])),
        wrong("an index beyond the tables", SECTION, and(&[0x80 | 62])),
        wrong("an index far beyond the tables", SECTION, and(&integer(0x80, 7, 100_000))),
        wrong("a name's index beyond the tables", SECTION, and(&named(0x00, 4, 62, "1"))),
        wrong("an index beyond the tables, to be added", SECTION, and(&named(0x40, 6, 62, "1"))),
    ]
}

fn literals() -> Vec<Case> {
    let path = |form| {
        let start = block(&[(":method", "GET"), (":scheme", "http"), (":authority", "localhost")]);
        whole(&[start, literal(form, ":path", "/one.txt")].concat())
    };
    vec![
        right("a literal that is indexed", "7541 §6.2.1", path(0x40)),
        right("a literal that is not indexed", "7541 §6.2.2", path(0x00)),
        right("a literal that is never indexed", "7541 §6.2.3", path(0x10)),
        wrong(
            "a literal without a value",
            "7541 §6.2",
            and(&[&[0][..], &string("x-more")].concat()),
        ),
        wrong("a name that ends early", "7541 §5.2", and(&[0, 6, b'x'])),
        wrong("a value that ends early", "7541 §5.2", and(&[0, 1, b'x', 9, b'1'])),
    ]
}

fn integers() -> Vec<Case> {
    const SECTION: &str = "7541 §5.1";
    let long = "1".repeat(300);
    // 127 in more octets than it needs is 127.
    let roundabout = [&[0, 1, b'x', 0x7f, 0x80, 0x80, 0x00][..], &[b'1'; 127]].concat();
    vec![
        right("a length of three octets", SECTION, and(&literal(0, "x-more", &long))),
        right("a length with octets that add nothing", SECTION, and(&roundabout)),
        wrong("an index without an end", SECTION, and(&[0xff, 0x80])),
        wrong("an index of twenty octets", SECTION, and(&[&[0xff; 20][..], &[0x7f]].concat())),
        wrong(
            "a length of twenty octets",
            SECTION,
            and(&[&[0][..], &[0x7f], &[0xff; 20]].concat()),
        ),
        wrong("a length of 2^32", SECTION, and(&[0, 0x7f, 0x81, 0xff, 0xff, 0xff, 0x0f])),
    ]
}

fn strings() -> Vec<Case> {
    const SECTION: &str = "7541 §5.2";
    let with = |value: &[u8]| and(&[&[0][..], &string("x-more"), value].concat());
    let path = [
        block(&[(":method", "GET"), (":scheme", "http"), (":authority", "localhost")]),
        [&[0][..], &huffman(":path"), &huffman("/one.txt")].concat(),
    ];
    // The code of `1` is 00001; that of the end is thirty ones.
    vec![
        right("strings in Huffman's code", SECTION, whole(&path.concat())),
        right("an empty string in Huffman's code", SECTION, with(&huffman(""))),
        right(
            "every letter in Huffman's code",
            SECTION,
            with(&huffman(&('!'..='~').collect::<String>())),
        ),
        wrong("padding that is not of ones", SECTION, with(&huffman_octets(&[0b0000_1000]))),
        wrong("padding of eight bits", SECTION, with(&huffman_octets(&[0b0000_1111, 0xff]))),
        wrong(
            "padding of sixteen bits",
            SECTION,
            with(&huffman_octets(&[0b0000_1111, 0xff, 0xff])),
        ),
        wrong("nothing but padding", SECTION, with(&huffman_octets(&[0xff]))),
        wrong(
            "the end of the string inside of it",
            SECTION,
            with(&huffman_octets(&[0xff, 0xff, 0xff, 0xff])),
        ),
    ]
}

fn sizes() -> Vec<Case> {
    const SECTION: &str = "7541 §4.2";
    let size = |size| integer(0x20, 5, size);
    let before = |size: &[u8]| whole(&[size, &request_block("GET", "/one.txt", &[])].concat());
    let add = |name: &str, value: &str| literal(0x40, name, value);
    let evicted = and(&[size(0), size(4096), add("x-more", "1"), vec![0x80 | 62]].concat());
    vec![
        right("a table of 0", SECTION, before(&size(0))),
        right("a table of 0, then of 4096", SECTION, before(&[size(0), size(4096)].concat())),
        wrong("a table larger than allowed", "7541 §6.3", before(&size(4097))),
        wrong("a table much larger than allowed", "7541 §6.3", before(&size(1 << 30))),
        wrong("a size after a field", SECTION, evicted),
        wrong("a size behind all fields", SECTION, and(&size(0))),
        wrong("an entry that a new size evicted", "7541 §4.3", {
            let parts = [size(100), add("x-more", "1"), size(0)];
            headers(1, flag::WHOLE, &parts.concat())
        }),
    ]
}

/// The table outlives a request (§2.2), and a field block may be cut anywhere.
fn state() -> Vec<Case> {
    let start = block(&[(":method", "GET"), (":scheme", "http"), (":authority", "localhost")]);
    let added = [&start[..], &literal(0x40, ":path", "/one.txt")].concat();
    let again = |index: u8| headers(3, flag::WHOLE, &[&start[..], &[0x80 | index]].concat());
    // An entry as large as the table evicts the others; a larger one, all (§4.4).
    let full = literal(0x40, "x-more", &"1".repeat(4096 - 32 - 6));
    let larger = literal(0x40, "x-more", &"1".repeat(4096));
    let and_full = [&added[..], &full].concat();
    let and_larger = [&added[..], &larger].concat();
    let bytewise = || {
        let one = request_block("GET", "/one.txt", &[]);
        let (start, end) = one.split_at(one.len() - 3);
        let end = |flags, at| continuation(1, flags, &end[at..=at]);
        [headers(1, flag::END_STREAM, start), end(0, 0), end(0, 1), end(flag::END_HEADERS, 2)]
    };
    // Refused for its field, but what it added to the table counts.
    let malformed = [&added[..], &block(&[("connection", "close")])].concat();
    let no_table = || settings(&[(setting::HEADER_TABLE_SIZE, 0)]);
    vec![
        case("an entry of an earlier request", "7541 §2.2", [whole(&added), again(62)]).served(3),
        case("an entry as large as the table", "7541 §4.4", [whole(&and_full), again(62)])
            .malformed(3),
        case("an entry that another evicted", "7541 §4.4", [whole(&and_full), again(63)])
            .connection_error(&[COMPRESSION_ERROR]),
        case("an entry larger than the table", "7541 §4.4", [whole(&and_larger), again(62)])
            .connection_error(&[COMPRESSION_ERROR]),
        case(
            "an entry of a request that was malformed",
            "9113 §4.3",
            [whole(&malformed), Step::Settle, again(62)],
        )
        .served(3),
        case("a field block cut inside a string", "9113 §4.3", bytewise()).served(1),
        case(
            "trailers that cannot be decoded",
            "9113 §4.3",
            [open_large(1, &[]), headers(1, flag::WHOLE, &[0x80])],
        )
        .connection_error(&[COMPRESSION_ERROR]),
        case(
            "responses without a dynamic table",
            SIZE,
            [no_table(), Step::Settle, get(1), Step::AwaitEnd(1), get(3)],
        )
        .served(3),
        case(
            "responses after the table became smaller",
            SIZE,
            [get(1), Step::AwaitEnd(1), no_table(), Step::Settle, get(3)],
        )
        .served(3),
        case(
            "responses after the table became smaller and larger",
            SIZE,
            [
                request(1, "GET", "/large.bin", &[("range", "bytes=0-0")]),
                Step::AwaitEnd(1),
                no_table(),
                settings(&[(setting::HEADER_TABLE_SIZE, 100)]),
                Step::Settle,
                get(3),
                Step::AwaitEnd(3),
                get(5),
            ],
        )
        .served(5),
    ]
}

const SIZE: &str = "7541 §4.2";
