//! Methods, targets and paths (RFC 9110 §9, RFC 9112 §3.2, RFC 3986).

use crate::case::{Body, Case, get, request};

const CSS: Body = Body::File("a.css");

pub(crate) fn cases() -> Vec<Case> {
    [methods(), targets(), paths(), folders()].concat()
}

fn methods() -> Vec<Case> {
    let head = |name: &str, target: &str, fields: &[&str]| {
        request(name, "9110 §9.3.2", "HEAD", target, fields)
    };
    let mut cases = vec![
        head("HEAD has the fields of GET", "/a.css", &[])
            .ok(&[("content-type", "~text/css"), ("etag", "{tag:/a.css:identity}")])
            .body(Body::Empty)
            .kept(),
        head("HEAD of a large file", "/large.bin", &[]).ok(&[("content-length", "300000")]).kept(),
        head("HEAD ignores Range", "/large.bin", &["Range: bytes=0-0"])
            .ok(&[("content-length", "300000"), ("content-range", "")]),
        head("HEAD of what is not there", "/none", &[]).status(&[404]).kept(),
        head("HEAD with If-None-Match", "/a.css", &["If-None-Match: {tag:/a.css:identity}"])
            .status(&[304]),
        request("OPTIONS of a path", "9110 §9.3.7", "OPTIONS", "/a.css", &[])
            .status(&[200, 204])
            .fields(&[("allow", "~GET")])
            .ours(),
        request("OPTIONS of *", "9110 §9.3.7", "OPTIONS", "*", &[]).status(&[204]).ours(),
        request("a method in small letters is another", "9110 §9.1", "get", "/a.css", &[])
            .status(&[400, 405, 501]),
        request("CONNECT", "9110 §9.3.6", "CONNECT", "a.example:80", &[])
            .status(&[400, 404, 405, 501]),
    ];
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"] {
        let name = format!("{method} is not allowed");
        cases.push(
            request(&name, "9110 §15.5.6", method, "/a.css", &[])
                .status(&[405])
                .fields(&[("allow", "~GET")])
                .ours(),
        );
    }
    cases.push(
        request("a 405 says what is allowed", "9110 §15.5.6", "DELETE", "/a.css", &[])
            .status(&[405])
            .fields(&[("allow", "~GET")]),
    );
    cases.push(
        request("an unknown method", "9110 §9.1", "BREW", "/a.css", &[]).status(&[400, 405, 501]),
    );
    cases.push(
        request("a 405 is not stored", "9111 §3", "POST", "/a.css", &[])
            .status(&[405])
            .fields(&[("cache-control", "no-store")])
            .ours(),
    );
    cases
}

fn targets() -> Vec<Case> {
    let absolute = "9112 §3.2.2";
    vec![
        get("absolute-form", absolute, "http://{host}/a.css", &[]).ok(&[]).body(CSS),
        get("absolute-form of another host than Host", absolute, "http://b.example/a.css", &[])
            .ok(&[])
            .body(CSS)
            .ours(),
        get("absolute-form with a scheme in capitals", absolute, "HTTP://{host}/a.css", &[])
            .ok(&[])
            .body(CSS),
        get("absolute-form without a path", absolute, "http://{host}", &[])
            .status(&[200, 301, 403, 404]),
        get("GET of *", "9112 §3.2.4", "*", &[]).status(&[400, 404]),
        get("authority-form with GET", "9112 §3.2.3", "a.example:80", &[]).status(&[400, 404]),
        get("a target without a slash", "9112 §3.2", "a.css", &[]).status(&[400, 404]),
        get("a fragment in the target", "9112 §3.2", "/a.css#x", &[]).status(&[200, 400, 404]),
        get("a query is no part of the lookup", "9110 §4.2.1", "/a.css?x=/../y", &[])
            .ok(&[])
            .body(CSS),
        get("an empty query", "9110 §4.2.1", "/a.css?", &[]).ok(&[]).body(CSS),
    ]
}

fn paths() -> Vec<Case> {
    let section = "3986 §2.4";
    let mut cases = vec![
        get("percent-encoded letters", "3986 §6.2.2.2", "/%61.%63ss", &[]).ok(&[]).body(CSS),
        get("escapes in small letters", "3986 §6.2.2.1", "/%c3%a9%20b.png", &[])
            .ok(&[])
            .body(Body::File("é b.png")),
        get("escapes in capitals", "3986 §6.2.2.1", "/%C3%A9%20b.png", &[])
            .ok(&[])
            .body(Body::File("é b.png")),
        get("a path is decoded once", section, "/%2561.css", &[]).status(&[404]),
    ];
    for (name, target) in [
        ("an escape that is none", "/%zz"),
        ("an escape that is cut off", "/a.css%"),
        ("an escape of one digit", "/a.css%4"),
        ("NUL", "/a.css%00"),
        ("NUL before an extension", "/one.txt%00.css"),
        ("a line feed", "/a.css%0a"),
        ("a backslash", "/docs%5Cindex.html"),
        ("dot segments out of the root", "/../a.css/../../etc/passwd"),
        ("escaped dot segments", "/%2e%2e/%2e%2e/etc/passwd"),
        ("dot segments with a backslash", "/..%5c..%5cetc/passwd"),
        ("overlong UTF-8", "/%c0%ae%c0%ae/etc/passwd"),
        ("UTF-8 that is none", "/%ff%fe"),
        ("a drive letter", "/C:/a.css"),
        ("another letter case", "/A.CSS"),
        ("a slash behind a file", "/a.css/"),
        ("a dot behind a file", "/a.css."),
        ("a space behind a file", "/a.css%20"),
        ("an alternate data stream", "/a.css::$DATA"),
        ("a hidden file", "/.git/config"),
    ] {
        cases.push(
            get(&format!("{name} finds nothing"), section, target, &[]).status(&[400, 403, 404]),
        );
    }
    for target in ["/%00", "/%2F", "/%zz", "/docs%2findex.html"] {
        cases.push(
            get(&format!("{target} is a bad request"), section, target, &[]).status(&[400]).ours(),
        );
    }
    cases
}

fn folders() -> Vec<Case> {
    vec![
        get("a folder's index", "9110 §4.2", "/docs/", &[])
            .ok(&[("content-type", "~text/html")])
            .body(Body::File("docs/index.html")),
        get("a folder without its slash redirects", "9110 §15.4.2", "/docs", &[])
            .status(&[301, 302, 307, 308])
            .fields(&[("location", "~/docs/")])
            .ours(),
        get("the redirect keeps the query", "9110 §15.4", "/docs?a=b", &[])
            .status(&[301, 302, 307, 308])
            .fields(&[("location", "~/docs/?a=b")])
            .ours(),
        get("the redirect does not lead elsewhere", "9110 §17.9", "//b.example/docs", &[])
            .status(&[404])
            .ours(),
        get("a redirect has no header injected", "9110 §5.5", "/docs?%0d%0aX-Evil:%20yes", &[])
            .status(&[301, 302, 307, 308, 400])
            .fields(&[("x-evil", "")]),
        get("an index by its name says its address", "9110 §8.7", "/docs/index.html", &[])
            .ok(&[
                ("content-location", "/docs/"),
                ("link", "</docs/>; rel=\"canonical\""),
                ("etag", "{tag:/docs/:identity}"),
            ])
            .body(Body::File("docs/index.html"))
            .ours(),
        get(
            "a 304 says it too",
            "9110 §15.4.5",
            "/docs/index.html",
            &["If-None-Match: {tag:/docs/:identity}"],
        )
        .status(&[304])
        .fields(&[("content-location", "/docs/")])
        .ours(),
    ]
}
