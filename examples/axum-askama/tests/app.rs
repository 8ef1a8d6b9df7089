//! The example as a visitor sees it, over sockets.

#[path = "../../../tests/common/http.rs"]
mod http;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use http::{Response, Server, executable, stdout};
use serde_json::Value;

const ASSETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets");
const SECRET: &str = "what the CDN sends";

fn start(environment: &[(&str, &str)]) -> Server {
    let mut command = executable(Path::new(env!("CARGO_BIN_EXE_axum-askama")));
    Server::spawn(command.env("LISTEN", "127.0.0.1:0").envs(environment.iter().copied()))
}

fn text(response: &Response) -> &str {
    str::from_utf8(&response.body).expect("pages are UTF-8")
}

/// The values of an attribute in a page.
fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let begin = format!(" {name}=\"");
    page.split(&begin).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// The static files that a page links to.
fn links(page: &str) -> Vec<&str> {
    let links = [attributes(page, "href"), attributes(page, "src")].concat();
    links.into_iter().filter(|link| link.contains("/static/")).collect()
}

#[test]
fn every_link_of_a_page_is_an_immutable_file() {
    let server = start(&[]);
    for path in ["/", "/order", "/thanks?biscuit=Rusk&count=2"] {
        let page = server.get(path, &[]);
        assert_eq!(page.status, 200, "{path}");
        let links = links(text(&page));
        assert!(links.len() >= 3, "{links:?}");
        for link in links {
            let file = server.get(link, &[]);
            assert_eq!(file.status, 200, "{link}");
            let cache_control = file.header("cache-control");
            assert_eq!(cache_control, Some("public, max-age=31536000, immutable"), "{link}");
        }
    }
}

/// The header of a response, line by line.
fn header(server: &Server, path: &str) -> Vec<String> {
    let mut connection = server.connect();
    let accept = "Accept-Encoding: gzip\r\nConnection: close\r\n\r\n";
    connection.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{accept}").as_bytes());
    std::iter::from_fn(|| Some(connection.line()).filter(|line| !line.is_empty())).collect()
}

/// Layers outside of the assets' would give them a cookie, and compress under a strong entity tag what
/// the bake has left as it is.
#[test]
fn the_layers_stand_in_the_right_order() {
    let server = start(&[]);
    let has = |lines: &[String], start: &str| lines.iter().any(|line| line.starts_with(start));
    let page = header(&server, "/");
    assert!(has(&page, "content-encoding: gzip") && has(&page, "set-cookie: "), "{page:#?}");
    let text = server.get("/", &[]);
    let links = links(self::text(&text)).into_iter().map(str::to_owned).collect::<Vec<_>>();
    assert!(!links.is_empty());
    for link in links {
        let asset = header(&server, &link);
        assert!(!has(&asset, "set-cookie: "), "{asset:#?}");
        assert!(has(&asset, "content-length: "), "{asset:#?}");
        // The tag is that of the coding that is sent.
        let is_gzip = has(&asset, "content-encoding: gzip");
        let tag = asset.iter().find(|line| line.starts_with("etag: ")).unwrap();
        assert_eq!(tag.ends_with("-gzip\""), is_gzip, "{asset:#?}");
    }
    let missing = header(&server, "/static/css/app.ffffffffffff.css");
    assert!(missing[0].contains(" 404 ") && has(&missing, "cache-control: no-store"));
    assert!(!has(&missing, "set-cookie: "), "{missing:#?}");
}

#[test]
fn the_browser_is_told_early() {
    let page = start(&[]).get("/", &[]);
    let link = page.header("link").expect("preloads");
    assert!(link.starts_with("</static/css/app."), "{link}");
    assert!(link.contains("; rel=\"preload\"; as=\"font\"; crossorigin"), "{link}");
    let order = start(&[]).get("/order", &[]);
    let preloads = text(&order).matches("rel=\"modulepreload\"").count();
    assert_eq!(preloads, 3, "order.js, money.js and price.js");
}

#[test]
fn an_order_is_checked() {
    let server = start(&[]);
    let order = |form: &str| {
        let length = form.len();
        let mut connection = server.connect();
        let head = "POST /order HTTP/1.1\r\nHost: localhost\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n";
        connection.send(format!("{head}Content-Length: {length}\r\n\r\n{form}").as_bytes());
        connection.response("POST")
    };
    let placed = order("biscuit=Rusk&count=12");
    assert_eq!(
        (placed.status, placed.header("location")),
        (303, Some("/thanks?biscuit=Rusk&count=12"))
    );
    let refused = order("biscuit=%3Cscript%3E&count=1");
    assert_eq!(refused.status, 422);
    assert!(text(&refused).contains("We do not bake that."));
    assert!(text(&order("biscuit=Rusk&count=0")).contains("Order 1 to 1000."));
}

#[test]
fn urls_name_the_cdn() {
    let server = start(&[("HARDTACK_STATIC_HOST", "https://cdn.example")]);
    let page = server.get("/order", &[]);
    let links = links(text(&page));
    assert!(!links.is_empty());
    for link in links {
        assert!(link.starts_with("https://cdn.example/static/"), "{link}");
    }
    assert!(page.header("link").unwrap().starts_with("<https://cdn.example/static/css/app."));
}

#[test]
fn only_static_files_are_served_through_the_cdn() {
    let server = start(&[("HARDTACK_CDN_SECRET", SECRET), ("HARDTACK_CDN_ONLY", "1")]);
    let page = server.get("/", &[]);
    let link = links(text(&page))[0].to_owned();
    let through = [("X-Origin-Verify", SECRET)];
    let statuses = |path: &str| (server.get(path, &[]).status, server.get(path, &through).status);
    assert_eq!(statuses("/"), (200, 403));
    assert_eq!(statuses(&link), (403, 200));
}

#[test]
fn a_wrong_setting_stops_it_with_a_reason() {
    let fails = |name: &str, value: &str| {
        let mut command = executable(Path::new(env!("CARGO_BIN_EXE_axum-askama")));
        let output = command.env("LISTEN", "127.0.0.1:0").env(name, value).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(fails("HARDTACK_STATIC_HOST", "cdn.example").contains("is no host, such as"));
    assert!(fails("HARDTACK_CDN_SECRET", "short").contains("at least 16 characters"));
    assert!(
        fails("HARDTACK_LIVE", "no such folder").contains("name the folder of the authored files")
    );
}

/// The app in live mode, on a copy of its assets; the copy goes with the last of what it returns.
fn start_live() -> (PathBuf, Server, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let copied = Command::new("cp").arg("-r").arg(ASSETS).arg(folder.path()).status();
    assert!(copied.unwrap().success());
    let assets = folder.path().join("assets");
    let server = start(&[("HARDTACK_LIVE", assets.to_str().unwrap())]);
    (assets, server, folder)
}

#[test]
fn in_development_a_change_is_seen_by_the_next_request() {
    let (assets, server, _folder) = start_live();
    assert!(server.banner[0].starts_with("hardtack: LIVE from "), "{:?}", server.banner);

    let page = server.get("/", &[]);
    assert_eq!(attributes(text(&page), "integrity"), [""; 0]);
    let links = links(text(&page));
    assert!(links.contains(&"/static/css/app.css"), "{links:?}");
    assert!(links.contains(&"/static/.hardtack/reload.js"), "{links:?}");
    fs::write(assets.join("css/app.css"), "body { color: peru }").unwrap();
    let changed = server.get("/static/css/app.css", &[]);
    assert_eq!(text(&changed), "body { color: peru }");
    assert_eq!(changed.header("cache-control"), Some("no-store"));
}

#[test]
#[ignore = "needs chromium, node and corpora/playwright-core"]
fn in_development_an_open_page_is_renewed() {
    let (assets, server, _folder) = start_live();
    let page = format!("http://{}/order", server.address);
    let mut node = browser("tests/reload.mjs");
    node.arg(page).arg(assets.join("css/app.css")).arg(assets.join("js/price.js"));
    assert_eq!(stdout(&mut node), "{\"kept\":true,\"loaded\":true}\n");
}

/// A script that drives Chromium.
fn browser(script: &str) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut node = Command::new("node");
    node.arg(root.join(script)).arg(root.join("corpora/playwright-core"));
    node
}

/// The files come from another port, as from a CDN: fonts and modules load across origins, their
/// integrity holds, and a second visit fetches nothing that is immutable.
#[test]
#[ignore = "needs chromium, node and corpora/playwright-core"]
fn a_browser_loads_the_files_from_another_origin() {
    let cdn = start(&[]);
    let origin = format!("http://{}", cdn.address);
    let app = start(&[("HARDTACK_STATIC_HOST", &origin)]);
    let page = format!("http://{}/order?biscuit=Rusk", app.address);
    let visits = stdout(browser("tests/visits.mjs").args([&page, &page]));
    let visits: [Value; 2] = serde_json::from_str(&visits).unwrap();
    for visit in &visits {
        assert_eq!(visit["failures"], serde_json::json!([]));
        assert_eq!(visit["errors"], serde_json::json!([]));
        assert_eq!(visit["fonts"], serde_json::json!(["Stamp loaded"]));
        assert!(visit["text"].as_str().unwrap().contains("That is £0.12"), "the modules ran");
    }
    let [first, second] = visits.each_ref().map(|visit| files(visit, &origin));
    let parts =
        ["css/app", "css/tokens", "fonts/stamp", "img/biscuit", "js/money", "js/order", "js/price"];
    assert_eq!(fetched(&first), parts);
    assert_eq!(fetched(&second), [""; 0]);
    assert!(second.len() >= parts.len(), "{second:#?}");
    for file in first.iter().chain(&second) {
        assert_eq!(file["status"], 200, "{file}");
        assert!(file["cache_control"].as_str().unwrap().ends_with("immutable"), "{file}");
    }
}

/// The files that a visit used, which must all be of that origin.
fn files<'a>(visit: &'a Value, origin: &str) -> Vec<&'a Value> {
    let all = visit["responses"].as_array().unwrap().iter();
    let files: Vec<_> = all.filter(|file| file["kind"] != "document").collect();
    for file in &files {
        assert!(file["url"].as_str().unwrap().starts_with(origin), "{file}");
    }
    files
}

/// Folders and names of those that came over the network.
fn fetched<'a>(files: &[&'a Value]) -> Vec<&'a str> {
    let fetched = files.iter().filter(|file| file["is_cached"] == false);
    let name = |file: &&'a Value| {
        let path = file["url"].as_str().unwrap().split("/static/").nth(1).unwrap();
        path.split('.').next().unwrap()
    };
    fetched.map(name).collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}
