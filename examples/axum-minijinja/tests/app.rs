//! The example as a visitor sees it, over sockets.

#[path = "../../../tests/common/http.rs"]
mod http;

use std::path::Path;

use http::{Server, executable};

#[test]
fn the_page_links_to_what_is_served() {
    let mut command = executable(Path::new(env!("CARGO_BIN_EXE_axum-minijinja")));
    let server = Server::spawn(command.env("LISTEN", "127.0.0.1:0"));
    let page = server.get("/", &[]);
    let page = str::from_utf8(&page.body).unwrap();
    assert!(page.contains("<title>Biscuits &amp; tea</title>"), "{page}");
    assert_eq!(page.matches("rel=\"modulepreload\"").count(), 2, "{page}");
    let links: Vec<_> = page.split('"').filter(|text| text.starts_with("/static/")).collect();
    assert_eq!(links.len(), 6, "{links:?}");
    for link in links {
        let file = server.get(link, &[("Accept-Encoding", "br")]);
        assert_eq!(file.status, 200, "{link}");
        assert!(file.header("cache-control").unwrap().ends_with("immutable"), "{link}");
    }
    assert_eq!(server.get("/static/css/app.css", &[]).status, 200);
    let missing = server.get("/static/css/none.css", &[]);
    assert_eq!((missing.status, missing.header("cache-control")), (404, Some("no-store")));
    assert_eq!(server.get("/css/app.css", &[]).status, 404);
}
