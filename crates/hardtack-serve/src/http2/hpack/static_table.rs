//! The static table (RFC 7541 App. A).

/// Names and values. The index of the first entry is 1.
pub(crate) static STATIC_TABLE: [(&str, &str); 61] = [
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

/// The smallest index with this name, which has to be lowercase.
///
/// The match is on the length too, because the compiler makes a jump table of it.
pub(crate) fn index_of_name(name: &str) -> Option<u8> {
    Some(match (name.len(), name) {
        (10, ":authority") => 1,
        (7, ":method") => 2,
        (5, ":path") => 4,
        (7, ":scheme") => 6,
        (7, ":status") => 8,
        (14, "accept-charset") => 15,
        (15, "accept-encoding") => 16,
        (15, "accept-language") => 17,
        (13, "accept-ranges") => 18,
        (6, "accept") => 19,
        (27, "access-control-allow-origin") => 20,
        (3, "age") => 21,
        (5, "allow") => 22,
        (13, "authorization") => 23,
        (13, "cache-control") => 24,
        (19, "content-disposition") => 25,
        (16, "content-encoding") => 26,
        (16, "content-language") => 27,
        (14, "content-length") => 28,
        (16, "content-location") => 29,
        (13, "content-range") => 30,
        (12, "content-type") => 31,
        (6, "cookie") => 32,
        (4, "date") => 33,
        (4, "etag") => 34,
        (6, "expect") => 35,
        (7, "expires") => 36,
        (4, "from") => 37,
        (4, "host") => 38,
        (8, "if-match") => 39,
        (17, "if-modified-since") => 40,
        (13, "if-none-match") => 41,
        (8, "if-range") => 42,
        (19, "if-unmodified-since") => 43,
        (13, "last-modified") => 44,
        (4, "link") => 45,
        (8, "location") => 46,
        (12, "max-forwards") => 47,
        (18, "proxy-authenticate") => 48,
        (19, "proxy-authorization") => 49,
        (5, "range") => 50,
        (7, "referer") => 51,
        (7, "refresh") => 52,
        (11, "retry-after") => 53,
        (6, "server") => 54,
        (10, "set-cookie") => 55,
        (25, "strict-transport-security") => 56,
        (17, "transfer-encoding") => 57,
        (10, "user-agent") => 58,
        (4, "vary") => 59,
        (3, "via") => 60,
        (16, "www-authenticate") => 61,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_each_name() {
        for (name, _) in &STATIC_TABLE {
            let first = STATIC_TABLE.iter().position(|(other, _)| other == name).unwrap();
            finds(name, Some(u8::try_from(first + 1).unwrap()));
        }
    }

    #[test]
    fn finds_whole_names_only() {
        finds(":path", Some(4));
        finds("www-authenticate", Some(61));
        finds("", None);
        finds("x", None);
        finds("ages", None);
        finds("ag", None);
        finds("Age", None);
        finds("content-typ\u{e9}", None);
    }

    #[track_caller]
    fn finds(name: &str, index: Option<u8>) {
        assert_eq!(index_of_name(name), index, "{name}");
    }
}
