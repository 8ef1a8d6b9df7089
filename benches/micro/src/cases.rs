//! The things that are counted.

use std::{hint::black_box, path::Path, time::Instant};

use anyhow::{Context, Result, bail, ensure};
use hardtack::{CacheTags, SimpleRequest, steps};
use hardtack_bundle::{Action, Bundle, Coding};

use crate::{
    date,
    head::{Fields, Parsed, parse},
    http2,
    site::{self, DICTIONARY, LAST_MODIFIED, SIZES, STYLES},
};

/// A thing that is counted.
pub(crate) struct Case {
    pub(crate) name: String,
    /// How often a call does it.
    pub(crate) times: u64,
    pub(crate) call: Box<dyn FnMut()>,
}

/// All cases, on the sites in a folder.
pub(crate) fn all(folder: &Path) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for size in SIZES {
        cases.extend(lookups(site::open(folder, size)?, size)?);
    }
    let bundle = site::open(folder, SIZES[1])?;
    cases.extend(steps(bundle)?);
    cases.extend(short_way(bundle)?);
    let call = http2::call(bundle, STYLES, &[BROWSER, CODINGS].concat())?;
    let name = "short way, HTTP/2: a browser's fields".to_owned();
    cases.push(Case { name, times: 1, call: Box::new(call) });
    Ok(cases)
}

/// Paths that one call looks up, since their places in the table differ.
const PATHS: usize = 64;

fn lookups(bundle: Bundle<'static>, size: usize) -> Result<[Case; 2]> {
    let there: Vec<_> = site::paths(size).step_by(size / PATHS).take(PATHS).collect();
    let not_there = there.iter().map(|path| format!("{path}.map")).collect();
    let case = |what: &str, paths: Vec<String>, is_there: bool| {
        for path in &paths {
            ensure!(bundle.route(path.as_bytes())?.is_some() == is_there, "{path}: {is_there}");
        }
        let call = move || {
            for path in &paths {
                black_box(bundle.route(black_box(path.as_bytes()))).ok();
            }
        };
        let name = format!("lookup, {size} assets: {what}");
        Ok(Case { name, times: PATHS as u64, call: Box::new(call) })
    };
    Ok([case("there", there, true)?, case("not there", not_there, false)?])
}

/// The fields of a request of Chrome for a style sheet, but `Accept-Encoding`.
const BROWSER: &str = "\
    Host: www.example.com\r\n\
    Connection: keep-alive\r\n\
    sec-ch-ua-platform: \"Linux\"\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/140.0.0.0 Safari/537.36\r\n\
    sec-ch-ua: \"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\", \"Google Chrome\";v=\"140\"\r\n\
    sec-ch-ua-mobile: ?0\r\n\
    Accept: text/css,*/*;q=0.1\r\n\
    Sec-Fetch-Site: same-origin\r\n\
    Sec-Fetch-Mode: no-cors\r\n\
    Sec-Fetch-Dest: style\r\n\
    Referer: https://www.example.com/account/orders\r\n\
    Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n";
const CODINGS: &str = "Accept-Encoding: gzip, deflate, br, zstd\r\n";
const NO_FIELDS: &str = "Host: www.example.com\r\n";

/// The head of a request, which lasts for as long as the program.
fn head(request: &str, fields: &[&str]) -> &'static [u8] {
    let head = format!("{request} HTTP/1.1\r\n{}\r\n", fields.concat());
    head.into_bytes().leak()
}

/// The steps that read fields, of a request with all those of a browser.
fn steps(bundle: Bundle<'static>) -> Result<Vec<Case>> {
    let route = bundle.route(STYLES.as_bytes())?.context("there is no style sheet")?;
    let Action::Serve(asset) = route.action else { bail!("the style sheet is not served") };
    let representation = asset.representations().next().context("it has no content")??;
    let (tag, length) = (representation.entity_tag, representation.body.len());

    let weights = "Accept-Encoding: br;q=1.0, gzip;q=0.8, zstd;q=0.5, *;q=0.1\r\n";
    let dictionary = format!("{CODINGS}dcb, dcz\r\nAvailable-Dictionary: {DICTIONARY}\r\n");
    let dictionary = dictionary.replace("zstd\r\n", "zstd, ");
    let one_tag = format!("If-None-Match: {tag}\r\n");
    let four_tags = format!("If-None-Match: W/\"a\", \"b\", W/\"c\", {tag}\r\n");
    let date = "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

    let codings = |fields: steps::Fields<'_>| steps::accept_encoding(fields);
    let negotiation = move |fields: steps::Fields<'_>| steps::negotiate(&asset, fields);
    let conditions =
        move |fields: steps::Fields<'_>| steps::preconditions(fields, tag, LAST_MODIFIED);
    let range = move |fields: steps::Fields<'_>| steps::range(fields, length);
    Ok(vec![
        step("Accept-Encoding: names", CODINGS, codings),
        step("Accept-Encoding: weights", weights, codings),
        step("negotiation", CODINGS, negotiation),
        step("negotiation: dictionary", &dictionary, negotiation),
        step("preconditions: none", "", conditions),
        step("preconditions: a tag", &one_tag, conditions),
        step("preconditions: four tags", &four_tags, conditions),
        step("preconditions: a date", date, conditions),
        step("range: none", "", range),
        step("range: one", "Range: bytes=100-199\r\n", range),
        step("range: the end", "Range: bytes=-500\r\n", range),
        step("range: three", "Range: bytes=0-99, 200-299, -500\r\n", range),
    ])
}

fn step(name: &str, fields: &str, step: impl Fn(steps::Fields<'_>) + 'static) -> Case {
    let mut lines = Fields::new();
    parse(head("GET /", &[BROWSER, fields]), &mut lines);
    let fields = steps::Fields::new(lines.into_vec().leak());
    Case { name: name.to_owned(), times: 1, call: Box::new(move || step(black_box(fields))) }
}

/// Whole answers: from the bytes of a request to those of the response.
fn short_way(bundle: Bundle<'static>) -> Result<Vec<Case>> {
    let tags = CacheTags::new(bundle, "Cache-Tag".parse()?)?;
    let tags: &CacheTags = Box::leak(Box::new(tags));
    let get = format!("GET {STYLES}");
    let tag = tag_of(bundle)?;
    let fresh = format!("{CODINGS}If-None-Match: {tag}\r\n");
    let case = |name: &str, request: &str, fields: &[&str], tags, status| {
        let call = Call { bundle, tags, head: head(request, fields), now: Instant::now() };
        call.into_case(name, status)
    };
    Ok(vec![
        case("few fields", &get, &[NO_FIELDS], None, "200 OK")?,
        case("a browser's fields", &get, &[BROWSER, CODINGS], None, "200 OK")?,
        case("cache tags", &get, &[BROWSER, CODINGS], Some(tags), "200 OK")?,
        case("HEAD", &format!("HEAD {STYLES}"), &[BROWSER, CODINGS], None, "200 OK")?,
        case("304", &get, &[BROWSER, &fresh], None, "304 Not Modified")?,
        case("206", &get, &[BROWSER, "Range: bytes=100-199\r\n"], None, "206 Partial Content")?,
        case("416", &get, &[BROWSER, "Range: bytes=9999-\r\n"], None, "416 Range Not Satisfiable")?,
        case("404, a page", "GET /static/no.css", &[BROWSER, CODINGS], None, "404 Not Found")?,
        case("an escape", "GET /static/img/a%20b.svg", &[BROWSER, CODINGS], None, "200 OK")?,
        case("a redirect", "GET /static/old", &[BROWSER, CODINGS], None, "301 Moved Permanently")?,
    ])
}

fn tag_of(bundle: Bundle<'static>) -> Result<&'static str> {
    let route = bundle.route(STYLES.as_bytes())?.context("there is no style sheet")?;
    let Action::Serve(asset) = route.action else { bail!("the style sheet is not served") };
    let found =
        asset.representations().find(|it| it.as_ref().is_ok_and(|it| it.coding == Coding::Br));
    Ok(found.context("there is no Brotli")??.entity_tag)
}

/// A request that is answered on the short way.
struct Call {
    bundle: Bundle<'static>,
    tags: Option<&'static CacheTags>,
    head: &'static [u8],
    now: Instant,
}

impl Call {
    fn into_case(self, name: &str, status: &str) -> Result<Case> {
        let mut output = Vec::new();
        ensure!(self.answer(&mut output).is_some(), "{name}: not simple");
        let is_expected = output.starts_with(format!("HTTP/1.1 {status}\r\n").as_bytes());
        ensure!(is_expected, "{name}: {}", String::from_utf8_lossy(&output));
        let call = move || {
            output.clear();
            black_box(self.answer(&mut output));
        };
        Ok(Case { name: format!("short way: {name}"), times: 1, call: Box::new(call) })
    }

    /// Writes the head of the response. Returns its content; none if the request is not simple.
    fn answer(&self, output: &mut Vec<u8>) -> Option<&'static [u8]> {
        let mut fields = Fields::new();
        let Parsed::Whole(head) = parse(black_box(self.head), &mut fields) else { return None };
        let request = SimpleRequest::new(head.method, head.target, head.fields)?;
        let response = request.respond(&self.bundle, self.tags)?;
        response.write_head(output);
        output.extend_from_slice(b"date: ");
        date::write(self.now, output);
        output.extend_from_slice(b"\r\n\r\n");
        Some(response.content())
    }
}
