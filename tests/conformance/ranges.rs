//! Ranges (RFC 9110 §14). `large.bin` has 300,000 bytes.

use crate::case::{Body, Case, get};

const SECTION: &str = "9110 §14.1.2";
const WHOLE: Body = Body::File("large.bin");

pub(crate) fn cases() -> Vec<Case> {
    [single(), several(), unsatisfiable(), ignored()].concat()
}

fn asks(name: &str, section: &'static str, range: &str) -> Case {
    get(name, section, "/large.bin", &[&format!("Range: {range}")])
}

fn single() -> Vec<Case> {
    let part = |name: &str, range: &str, start: usize, end: usize| {
        let content_range = format!("bytes {start}-{}/300000", end - 1);
        asks(name, SECTION, range)
            .status(&[206])
            .fields(&[
                ("content-range", &content_range),
                ("content-length", &(end - start).to_string()),
            ])
            .body(Body::Slice("large.bin", start, end))
    };
    vec![
        part("the first byte", "bytes=0-0", 0, 1),
        part("the last byte", "bytes=-1", 299_999, 300_000),
        part("the last byte by number", "bytes=299999-299999", 299_999, 300_000),
        part("the middle", "bytes=1000-1999", 1000, 2000),
        part("to the end", "bytes=299000-", 299_000, 300_000),
        part("beyond the end", "bytes=299000-999999", 299_000, 300_000),
        part("far beyond the end", "bytes=299000-99999999999999999999999", 299_000, 300_000),
        part("a suffix", "bytes=-500", 299_500, 300_000),
        part("all of it", "bytes=0-", 0, 300_000).ours(),
        part("a suffix longer than all", "bytes=-400000", 0, 300_000).ours(),
        part("a unit in capitals", "BYTES=0-0", 0, 1),
        get("one byte of one", SECTION, "/one.txt", &["Range: bytes=0-0"])
            .status(&[206])
            .fields(&[("content-range", "bytes 0-0/1")])
            .body(Body::File("one.txt"))
            .ours(),
        get(
            "a range of the identity, though a coding is accepted",
            "9110 §12.1",
            "/a.css",
            &["Accept-Encoding: gzip, deflate, br, zstd, identity", "Range: bytes=5-9"],
        )
        .status(&[206])
        .fields(&[("content-encoding", ""), ("vary", "~accept-encoding")])
        .body(Body::Slice("a.css", 5, 10))
        .ours(),
        get(
            "a range of the coded bytes where the identity is not accepted",
            "9110 §14.2",
            "/a.css",
            &["Accept-Encoding: gzip, identity;q=0", "Range: bytes=0-1"],
        )
        .status(&[206])
        .fields(&[("content-encoding", "gzip"), ("content-length", "2")])
        .ours(),
        get("ranges are announced", "9110 §14.3", "/large.bin", &[])
            .ok(&[("accept-ranges", "bytes")])
            .ours(),
        asks("a part says the whole's tag", "9110 §15.3.7", "bytes=0-0").status(&[206]).fields(&[
            ("etag", "{tag:/large.bin:identity}"),
            ("date", "~GMT"),
            ("cache-control", "~max-age"),
        ]),
    ]
}

fn several() -> Vec<Case> {
    let section = "9110 §15.3.7.2";
    // A server may also ignore several ranges.
    let parts = |name: &str, range: &str, count: usize| {
        asks(name, section, range)
            .status(&[206])
            .fields(&[("content-type", "~multipart/byteranges; boundary="), ("content-range", "")])
            .body(Body::Parts("large.bin", count))
            .kept()
            .ours()
    };
    let many = |count: usize| {
        let ranges: Vec<_> = (0..count).map(|at| format!("{0}-{0}", at * 10)).collect();
        format!("bytes={}", ranges.join(","))
    };
    vec![
        parts("two parts", "bytes=0-9,100-109", 2),
        parts("spaces between the ranges", "bytes=0-9 , 100-109", 2),
        parts("empty members among the ranges", "bytes=,0-9,,100-109,", 2),
        parts("a suffix among them", "bytes=0-0,-1", 2),
        parts("not in order", "bytes=200-209,0-9,100-109", 3),
        parts("one of three beyond the end", "bytes=0-9,100-109,400000-", 2),
        parts("sixteen", &many(16), 16),
        asks("seventeen are too many", "9110 §17.15", &many(17)).ok(&[]).body(WHOLE).ours(),
        asks("a thousand that overlap", "9110 §17.15", &format!("bytes={}0-", "0-,".repeat(999)))
            .status(&[200, 206, 400, 416])
            .kept(),
        asks("one that can be is no multipart", section, "bytes=0-9,400000-")
            .status(&[206])
            .fields(&[("content-range", "bytes 0-9/300000")])
            .body(Body::Slice("large.bin", 0, 10)),
        asks("what adjoins is one", section, "bytes=0-4,5-9")
            .status(&[206])
            .fields(&[("content-range", "bytes 0-9/300000")])
            .body(Body::Slice("large.bin", 0, 10))
            .ours(),
        asks("what overlaps is one", section, "bytes=0-7,3-9")
            .status(&[206])
            .body(Body::Slice("large.bin", 0, 10))
            .ours(),
    ]
}

fn unsatisfiable() -> Vec<Case> {
    let section = "9110 §15.5.17";
    let none = |name: &str, range: &str| {
        asks(name, section, range)
            .status(&[416])
            .fields(&[("content-range", "bytes */300000")])
            .kept()
    };
    vec![
        none("behind the end", "bytes=300000-"),
        none("far behind the end", "bytes=99999999999999999999-"),
        none("no last bytes", "bytes=-0"),
        none("several behind the end", "bytes=300000-300001,400000-"),
        asks("a 416 is not stored", "9111 §3", "bytes=300000-")
            .status(&[416])
            .fields(&[("cache-control", "no-store")])
            .ours(),
        get("any range of an empty file", section, "/empty.txt", &["Range: bytes=0-"])
            .status(&[416, 200]),
    ]
}

fn ignored() -> Vec<Case> {
    let whole = |name: &str, range: &str| {
        asks(name, "9110 §14.2", range).ok(&[("content-range", "")]).body(WHOLE)
    };
    let malformed =
        |name: &str, range: &str| asks(name, "9110 §14.2", range).status(&[200, 400, 416]).ours();
    vec![
        whole("another unit", "lines=0-9"),
        malformed("no range", "bytes="),
        malformed("a dash alone", "bytes=-"),
        malformed("last before first", "bytes=9-0"),
        malformed("a sign", "bytes=+0-9"),
        malformed("hex", "bytes=0x0-9"),
        malformed("no unit", "0-9"),
        malformed("a space inside", "bytes=0 -9"),
        malformed("one of two is none", "bytes=0-9,x"),
        get("a range of what is not there", "9110 §14.2", "/none", &["Range: bytes=0-0"])
            .status(&[404]),
    ]
}
