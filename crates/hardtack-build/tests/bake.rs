//! Whole bakes, from a folder to a bundle.

use std::{fs, path::Path};

use hardtack_build::{Bake, Baked, Error, Prefix, ProblemKind, Settings};
use hardtack_bundle::{Action, Bundle, Coding, FieldEdit, Origins};
use tempfile::TempDir;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = folder.path().join("assets").join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    folder
}

/// Bakes `assets/` in a folder with that `hardtack.toml`.
fn bake(folder: &Path, toml: &str) -> Result<Baked, Error> {
    fs::write(folder.join("hardtack.toml"), toml).unwrap();
    Bake::with(Settings::read(&folder.join("hardtack.toml"))?).run()
}

/// The paths and their answers: a logical path, or a location after an arrow. Then the same of
/// patterns.
fn routes(baked: &Baked) -> Vec<(String, String)> {
    let bundle = Bundle::open(&baked.bundle).unwrap();
    bundle.verify().unwrap();
    let answer = |action: Action<'_>| match action {
        Action::Serve(asset) => asset.logical_path.to_owned(),
        Action::Redirect { status: 301, location } => format!("-> {location}"),
        Action::Redirect { status, location } => format!("{status} -> {location}"),
        Action::Missing(asset) => format!("404 {}", asset.logical_path),
    };
    let routes = bundle.routes().chain(bundle.patterns()).map(|route| route.unwrap());
    routes.map(|route| (route.path.to_owned(), answer(route.action))).collect()
}

#[track_caller]
fn has_routes(files: &[(&str, &str)], toml: &str, expected: &[(&str, &str)]) {
    let baked = bake(folder(files).path(), toml).unwrap();
    let owned = |(path, answer): &(&str, &str)| ((*path).to_owned(), (*answer).to_owned());
    assert_eq!(routes(&baked), expected.iter().map(owned).collect::<Vec<_>>());
}

/// The first 12 hex digits of the SHA-256 of "x".
const X: &str = "2d711642b726";

#[test]
fn an_asset_has_a_hashed_and_a_plain_path() {
    has_routes(&[("a.css", "x")], "", &[(&format!("/a.{X}.css"), "a.css"), ("/a.css", "a.css")]);
    has_routes(
        &[("a.css", "x")],
        "at = '/s'",
        &[(&format!("/s/a.{X}.css"), "a.css"), ("/s/a.css", "a.css")],
    );
    has_routes(&[("a.css", "x")], "keep_only_hashed = true", &[(&format!("/a.{X}.css"), "a.css")]);
}

#[test]
fn a_prehashed_asset_is_served_for_good_under_its_own_name() {
    let files = [
        ("app-B1c2D3e4.js", "import './x-A1b2C3d4.js';import './gone.js'"),
        ("index.html", "<script src=app-B1c2D3e4.js></script><img src=logo.svg>"),
        ("logo.svg", "<svg/>"),
    ];
    let folder = folder(&files);
    let baked = bake(folder.path(), "prehashed = ['*-????????.js']").unwrap();
    let names: Vec<_> = routes(&baked).into_iter().map(|(path, _)| path).collect();
    assert_eq!(names[1..3], ["/app-B1c2D3e4.js", "/index.html"]);
    assert_eq!(names.len(), 5);
    let bundle = Bundle::open(&baked.bundle).unwrap();
    let route = bundle.route(b"/app-B1c2D3e4.js").unwrap().unwrap();
    assert!(route.cache_control.ends_with("immutable"));
    let Action::Serve(asset) = route.action else { panic!("{route:?}") };
    assert_eq!(asset.identity().unwrap().body, files[0].1.as_bytes());
    assert_eq!(asset.plain_url, None);
}

#[test]
fn pages_can_point_to_a_host_for_static_files_and_say_their_integrity() {
    let folder = folder(&[
        ("a.css", "a{b:url(i.png)}"),
        ("docs/index.html", "<base href=..><link rel=stylesheet href=a.css><img src=/s/i.png?x>"),
        ("i.png", "x"),
    ]);
    let toml = "at = '/s/'\nstatic_host = 'https://cdn.example/'\nintegrity = true";
    let baked = bake(folder.path(), toml).unwrap();
    let [sheet, page, _] = &baked.manifest.assets[..] else { panic!("three assets") };
    let bundle = Bundle::open(&baked.bundle).unwrap();
    let text = |index: usize| {
        let asset = bundle.assets().nth(index).unwrap().unwrap();
        String::from_utf8(asset.identity().unwrap().body.to_vec()).unwrap()
    };
    assert_eq!(text(0), format!("a{{b:url(i.{X}.png)}}"));
    let expected = format!(
        "<base href=..><link rel=stylesheet href=https://cdn.example{} integrity=\"{}\" \
         crossorigin=\"anonymous\"><img src=https://cdn.example/s/i.{X}.png?x>",
        sheet.url, sheet.integrity
    );
    assert_eq!((text(1), page.url.as_str()), (expected, "/s/docs/"));
}

#[test]
fn django_knows_the_manifest() {
    let files = [("a b.css", "x"), ("docs/index.html", ""), ("index.html", "")];
    let baked = bake(folder(&files).path(), "at = '/static/'").unwrap();
    let json: serde_json::Value =
        serde_json::from_str(&hardtack_build::staticfiles(&baked.manifest)).unwrap();
    assert_eq!(json["version"], "1.1");
    assert_eq!(json["hash"], baked.summary.release_id[..12]);
    let paths = json["paths"].as_object().unwrap();
    assert_eq!(paths["a b.css"], format!("a b.{X}.css"));
    assert_eq!(paths["docs/index.html"], "docs/index.html");
    assert_eq!(paths["index.html"], "index.html");
}

#[test]
fn a_module_says_what_it_imports() {
    let folder = folder(&[
        ("a-0123abcd.js", "import './b.js'; import '/lib/c.js'; import('./d.js')"),
        ("b.js", "export * from './lib/c.js'; import './a-0123abcd.js'; import 'bare'"),
        ("d.js", "import data from './data.json' with { type: 'json' }"),
        ("data.json", "{}"),
        ("lib/c.js", ""),
    ]);
    let baked = bake(folder.path(), "prehashed = ['*-????????.js']").unwrap();
    let bundle = Bundle::open(&baked.bundle).unwrap();
    let imports = |path| {
        let asset = bundle.asset(path).unwrap().unwrap();
        bundle.imports(&asset).map(|import| import.unwrap().logical_path).collect::<Vec<_>>()
    };
    assert_eq!(imports("a-0123abcd.js"), ["b.js", "lib/c.js"]);
    assert_eq!(imports("b.js"), ["a-0123abcd.js", "lib/c.js"]);
    assert_eq!(imports("d.js"), ["data.json"]);
    assert_eq!(imports("lib/c.js"), [""; 0]);
}

#[test]
fn an_entry_point_keeps_its_path() {
    has_routes(&[("a.html", "x")], "keep_only_hashed = true", &[("/a.html", "a.html")]);
}

#[test]
fn an_index_stands_for_its_folder() {
    has_routes(
        &[("docs/index.html", ""), ("index.html", "")],
        "",
        &[
            ("/", "index.html"),
            ("/docs", "-> /docs/"),
            ("/docs/", "docs/index.html"),
            ("/docs/index.html", "docs/index.html"),
            ("/index.html", "index.html"),
        ],
    );
    has_routes(
        &[("index.html", "")],
        "at = '/s/'",
        &[("/s", "-> /s/"), ("/s/", "index.html"), ("/s/index.html", "index.html")],
    );
    has_routes(
        &[("docs/index.html", "")],
        "canonical = 'redirect'",
        &[("/docs", "-> /docs/"), ("/docs/", "docs/index.html"), ("/docs/index.html", "-> /docs/")],
    );
}

/// A service worker that keeps `/index.html` could not answer a navigation with a redirect.
#[test]
fn at_its_file_name_a_page_says_its_address() {
    let fields = |toml: &str, path: &str| {
        let files = [("a b.html", "x"), ("index.html", "x")];
        let baked = bake(folder(&files).path(), toml).unwrap();
        let bundle = Bundle::open(&baked.bundle).unwrap();
        let route = bundle.route(path.as_bytes()).unwrap().unwrap();
        assert_eq!(route.cache_control, "public, max-age=60", "{path}");
        let edits = route.fields().map(|edit| match edit.unwrap() {
            FieldEdit::Set(name, value) | FieldEdit::Append(name, value) => {
                format!("{name}: {value}")
            }
            FieldEdit::Remove(name) => name.to_owned(),
        });
        edits.collect::<Vec<_>>()
    };
    let address = |path: &str| {
        [format!("content-location: {path}"), format!("link: <{path}>; rel=\"canonical\"")]
    };
    assert_eq!(fields("", "/"), [""; 0]);
    assert_eq!(fields("", "/index.html"), address("/"));
    assert_eq!(fields("", "/a b.html"), [""; 0]);
    assert_eq!(fields("clean_urls = true", "/a b.html"), address("/a%20b"));
    assert_eq!(fields("clean_urls = true\nat = '/s/'", "/s/index.html"), address("/s/"));
    // Rules for the page are for it there too, and so are those for that path.
    let rule = "headers = [{ for = '*.html', set = { X-A = 'b' } }]";
    assert_eq!(fields(rule, "/index.html")[2..], ["x-a: b"]);
    let files = [("index.html", "x"), ("_headers", "/index.html\n  X-A: b\n")];
    let baked = bake(folder(&files).path(), "").unwrap();
    let bundle = Bundle::open(&baked.bundle).unwrap();
    let count = |path: &[u8]| bundle.route(path).unwrap().unwrap().fields().len();
    assert_eq!((count(b"/index.html"), count(b"/")), (3, 0));
}

#[test]
fn a_forced_line_of_redirects_comes_before_a_file_name() {
    has_routes(
        &[("index.html", "x"), ("_redirects", "/index.html / 302!")],
        "",
        &[("/", "index.html"), ("/index.html", "302 -> /")],
    );
}

#[test]
fn a_name_that_needs_escapes_is_routed_decoded_and_linked_encoded() {
    let baked = bake(folder(&[("é b#.txt", "x")]).path(), "").unwrap();
    assert_eq!(routes(&baked)[1].0, "/é b#.txt");
    assert_eq!(baked.manifest.assets[0].url, format!("/%C3%A9%20b%23.{X}.txt"));
}

#[test]
fn policies_and_settings_reach_the_bundle() {
    let folder = folder(&[("a.css", "x"), ("404.html", "x")]);
    let cache_control = |toml: &str, path: &str| {
        let baked = bake(folder.path(), toml).unwrap();
        let bundle = Bundle::open(&baked.bundle).unwrap();
        bundle.route(path.as_bytes()).unwrap().unwrap().cache_control.to_owned()
    };
    assert_eq!(cache_control("", "/a.css"), "public, max-age=60");
    assert_eq!(cache_control("max_age = 5", "/a.css"), "public, max-age=5");
    let hashed = format!("/a.{X}.css");
    assert_eq!(cache_control("max_age = 5", &hashed), "public, max-age=31536000, immutable");

    let baked = bake(folder.path(), "cors = false").unwrap();
    let bundle = Bundle::open(&baked.bundle).unwrap();
    assert_eq!(bundle.origins(), Origins::None);
    assert_eq!(bundle.not_found().unwrap().unwrap().path, "/404.html");
    let toml = "cors = ['https://a.example', 'https://b.example']\n\
                last_modified = 2026-11-24T00:00:00Z\nstale_while_revalidate = 30";
    let baked = bake(folder.path(), toml).unwrap();
    let bundle = Bundle::open(&baked.bundle).unwrap();
    assert_eq!(bundle.origins(), Origins::Listed("https://a.example https://b.example"));
    assert_eq!(bundle.last_modified().unwrap().value, "Tue, 24 Nov 2026 00:00:00 GMT");
    assert_eq!(bundle.last_modified().unwrap().seconds, 1_795_478_400);
    assert_eq!(
        cache_control("stale_while_revalidate = 30\nstale_if_error = 600", "/a.css"),
        "public, max-age=60, stale-while-revalidate=30, stale-if-error=600"
    );
}

#[track_caller]
fn fails(files: &[(&str, &str)], toml: &str, expected: &str) {
    let error = bake(folder(files).path(), toml).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

/// The changes of header fields at a path, as text.
#[track_caller]
fn has_fields(files: &[(&str, &str)], toml: &str, path: &str, expected: &[&str]) {
    let baked = bake(folder(files).path(), toml).unwrap();
    let bundle = Bundle::open(&baked.bundle).unwrap();
    let route = bundle.route(path.as_bytes()).unwrap().unwrap_or_else(|| panic!("no {path}"));
    let fields = route.fields().map(|field| match field.unwrap() {
        FieldEdit::Set(name, value) => format!("{name}: {value}"),
        FieldEdit::Append(name, value) => format!("+ {name}: {value}"),
        FieldEdit::Remove(name) => format!("- {name}"),
    });
    assert_eq!(fields.collect::<Vec<_>>(), expected, "{path}");
}

#[test]
fn header_rules_are_resolved() {
    let toml = "cross_origin_resource_policy = 'same-site'\n\
                [[headers]]\nfor = '*.css'\nset = { cache-control = 'no-cache', x-a = '1' }\n\
                [[headers]]\nfor = '/a.*'\nremove = ['X-A']";
    let rules = "/a.css\n  X-Frame-Options: DENY\n/b*\n  Link: <c>\n";
    let files = [("a.css", "x"), ("b.txt", "x"), ("_headers", rules)];
    let own = "cross-origin-resource-policy: same-site";
    let frame = "x-frame-options: DENY";
    has_fields(&files, toml, "/a.css", &[own, "cache-control: no-cache", "x-a: 1", "- x-a", frame]);
    has_fields(&files, toml, &format!("/a.{X}.css"), &[own, "x-a: 1", "- x-a", frame]);
    has_fields(&files, toml, "/b.txt", &[own, "+ link: <c>"]);
    has_fields(&files, "", "/b.txt", &["+ link: <c>"]);
    warns(&[("a", "x"), ("_headers", "/*\n  a\n")], "_headers:2:1: \"a\" is no header field");
    fails(&[("a", "x")], "[[headers]]\nfor = 'a'", "hardtack.toml:1:1: the rule changes nothing");
}

#[test]
fn links_in_header_fields_lead_to_hashed_paths() {
    let rules = "/*.html\n  Link: </s/a.css?b>; rel=preload; as=style, <a.css>;rel=preload, </s/c.css>;rel=icon\n";
    let files = [("a.css", "x"), ("b.html", "x"), ("_headers", rules)];
    let link = format!(
        "+ link: </s/a.{X}.css?b>; rel=preload; as=style, </s/a.{X}.css>;rel=preload, </s/c.css>;rel=icon"
    );
    has_fields(&files, "at = '/s/'\nexternal = ['/s/c.css']", "/s/b.html", &[&link]);
    let link = link.replace("/s/a", "https://cdn.example/s/a");
    let toml = "at = '/s/'\nexternal = ['/s/c.css']\nstatic_host = 'https://cdn.example'";
    has_fields(&files, toml, "/s/b.html", &[&link]);
}

/// The URL stands in `_headers`, or in `[[headers]]`, and the page in a folder.
#[test]
fn relative_links_in_header_fields_lead_to_hashed_paths() {
    let hashed = format!("a.{X}.css");
    let files = [("docs/a.css", "x"), ("docs/index.html", "<img src=b.png>"), ("docs/b.png", "y")];
    let with = |headers: &'static str| [&files[..], &[("_headers", headers)]].concat();
    let link = format!("+ link: </docs/{hashed}?x>; rel=preload");
    has_fields(&with("/docs/*\n  Link: <a.css?x>; rel=preload\n"), "", "/docs/", &[&link]);
    let toml = "headers = [{ for = '*.html', append = { Link = '<./a.css?x>; rel=preload' } }]";
    has_fields(&files, toml, "/docs/", &[&link]);
}

/// Each page means another file, so both keep their names.
#[test]
fn a_relative_link_of_several_folders_pins_its_targets() {
    let folder = folder(&[
        ("_headers", "/*\n  Link: <a.css>; rel=preload; as=style\n"),
        ("a.css", "x"),
        ("b/a.css", "y"),
        ("b/index.html", "<link rel=stylesheet href=a.css>"),
        ("index.html", "<link rel=stylesheet href=a.css>"),
    ]);
    let baked = bake(folder.path(), "").unwrap();
    let reasons: Vec<_> = baked.manifest.assets.iter().map(|asset| &*asset.why).collect();
    assert_eq!(reasons[..2], ["_headers:2 names it relative to several pages"; 2]);
}

/// The reason why `a.js` keeps its name, and its role by the bundle.
#[track_caller]
fn keeps_its_name(files: &[(&str, &str)], toml: &str, why: &str) {
    let baked = bake(folder(files).path(), toml).unwrap();
    let asset = baked.manifest.assets.iter().find(|asset| asset.logical_path == "a.js").unwrap();
    assert_eq!((asset.url.as_str(), &*asset.why), ("/a.js", why), "{files:?}");
}

#[test]
fn a_name_in_a_field_of_a_rule_is_not_rewritten() {
    let page = ("index.html", "<script src=a.js></script>");
    for field in [
        "Content-Security-Policy: script-src https://a.example/a.js",
        "Content-Security-Policy-Report-Only: script-src 'self' *.example:*/a.js",
        "X-Loader: \"/a.js\"",
    ] {
        let headers = format!("/*\n  {field}\n");
        let name = field.split(':').next().unwrap().to_ascii_lowercase();
        let why = format!("_headers:2 names it in {name}");
        keeps_its_name(&[("_headers", &headers), ("a.js", "1"), page], "", &why);
    }
    let toml = "[[headers]]\nfor = '*'\nset = { content-security-policy = 'script-src /a.js' }";
    keeps_its_name(
        &[("a.js", "1"), page],
        toml,
        "hardtack.toml:3 names it in content-security-policy",
    );
}

/// Under a hashed path, the file would escape the rule.
#[test]
fn a_rule_in_the_place_of_an_asset_is_obeyed() {
    let page = ("index.html", "<script src=a.js></script>");
    for rule in ["/a.js /b.js 302!\n", "/a.js /b.js 200!\n", "/*.js /b.txt 200!\n"] {
        let files = [("_redirects", rule), ("a.js", "1"), ("b.js", "2"), ("b.txt", "3"), page];
        keeps_its_name(&files, "", "a rule answers in its place");
    }
}

#[test]
fn a_service_worker_keeps_its_name_however_it_is_registered() {
    let why = "m.mjs registers it as service worker";
    let worker = "self.addEventListener('fetch', e => {})";
    for script in [
        "const u = new URL('./a.js', import.meta.url); navigator.serviceWorker.register(u)",
        "navigator.serviceWorker.register(new URL('a.js', import.meta.url).href)",
        "const sw = navigator.serviceWorker; reg(new URL('./a.js', import.meta.url))",
        "new Workbox(new URL('./a.js', import.meta.url)).register()",
    ] {
        let page = ("index.html", "<script type=module src=m.mjs></script>");
        keeps_its_name(&[("a.js", worker), ("m.mjs", script), page], "", why);
    }
    let other =
        "const sw = navigator.serviceWorker; new Worker(new URL('./a.js', import.meta.url))";
    let baked = bake(folder(&[("a.js", "postMessage(1)"), ("m.mjs", other)]).path(), "").unwrap();
    assert_eq!(baked.manifest.assets[0].why, "");
}

#[test]
fn missing_links_in_header_fields_are_told_as_others_are() {
    let headers = "/*\n  X-A: b\n  Link: </gone.css>; rel=preload, </c>; rel=canonical\n";
    let files = [("_headers", headers), ("a.html", "")];
    fails(&files, "", "_headers:3:1: \"/gone.css\" refers to \"gone.css\", which does not exist");
    assert!(bake(folder(&files).path(), "missing = { '/_headers' = 'warn' }").is_ok());
    let toml = "[[headers]]\nfor = '*'\nappend = { Link = '<gone.css>; rel=preload' }";
    fails(&[("b/a.html", "")], toml, "hardtack.toml:3:19: \"gone.css\" refers to \"b/gone.css\"");
    let answered = [("_redirects", "/gone.css /a.html 200"), files[0], files[1]];
    assert!(bake(folder(&answered).path(), "").is_ok());
}

#[test]
fn a_rule_that_keeps_plain_paths_for_good_is_a_warning() {
    let headers = "/assets/*\n  Cache-Control: public, max-age=31536000, immutable\n";
    let warning = "_headers:2:1: by this `Cache-Control` browsers keep \"assets/logo.svg\", whose \
                   name has no hash";
    warns(&[("_headers", headers), ("assets/logo.svg", "<svg/>")], warning);
    let bakes = |files: &[(&str, &str)], toml: &str| {
        bake(folder(files).path(), toml).unwrap().warnings.len()
    };
    let prehashed = [("_headers", headers), ("assets/a-B1c2D3e4.js", "")];
    assert_eq!(bakes(&prehashed, "prehashed = ['/assets/']"), 0);
    let overruled = format!("{headers}/*.svg\n  Cache-Control: max-age=60\n");
    assert_eq!(bakes(&[("_headers", &overruled), ("assets/logo.svg", "<svg/>")], ""), 0);
    let only_hashed = [("_headers", headers), ("assets/logo.svg", "<svg/>")];
    assert_eq!(bakes(&only_hashed, "keep_only_hashed = true"), 0);
}

#[test]
fn redirects_and_rewrites() {
    let rules = "/old /new 302\n/b /c.html 200\n";
    has_routes(
        &[("c.html", "x"), ("_redirects", rules)],
        "",
        &[("/b", "c.html"), ("/c.html", "c.html"), ("/old", "302 -> /new")],
    );
    let warns = |rules: &str, expected: &str| {
        warns(&[("a.html", "x"), ("_redirects", rules)], expected);
    };
    warns("/a.html /b", "_redirects:1:1: \"/a.html\" is the path of \"a.html\", and a file comes");
    warns("\n/b /c 200", "_redirects:2:1: \"/c\" is no asset: this line is skipped");
    warns("/* /c 200", "_redirects:1:1: \"/c\" is no asset: this line is skipped");
}

/// The one warning.
#[track_caller]
fn warns(files: &[(&str, &str)], expected: &str) {
    let baked = bake(folder(files).path(), "").unwrap();
    let [warning] = &baked.warnings[..] else { panic!("{:?}", baked.warnings) };
    assert!(warning.to_string().contains(expected), "{warning}");
}

#[test]
fn patterns_and_forced_lines() {
    let rules =
        "/blog/* /news/:splat\n/c.css /d.css 302!\n/n/* /:splat.html 200\n/x/:y /404.html 404";
    has_routes(
        &[("404.html", "x"), ("a.html", "x"), ("c.css", "x"), ("_redirects", rules)],
        "",
        &[
            ("/404.html", "404.html"),
            ("/a.html", "a.html"),
            ("/c.css", "302 -> /d.css"),
            ("/n/404", "404.html"),
            ("/n/a", "a.html"),
            ("/blog/*", "-> /news/:splat"),
            ("/x/:y", "404 404.html"),
        ],
    );
}

#[test]
fn a_media_type_in_headers_is_the_assets() {
    let rules = "/feed\n  Content-Type: application/rss+xml\n";
    let baked = bake(folder(&[("feed", "x"), ("_headers", rules)]).path(), "").unwrap();
    assert_eq!(baked.manifest.assets[0].media_type, "application/rss+xml");
    assert!(baked.warnings.is_empty(), "{:?}", baked.warnings);
}

/// The names in a folder that `collectstatic` filled, and its list.
const COLLECTED: &[(&str, &str)] = &[
    ("a.9dd4e461268c.css", "x"),
    ("a.css", "y"),
    ("lone.9dd4e461268c.css", "x"),
    ("old/b.9dd4e461268c.js", "x"),
    ("old/b.js", "z"),
];

#[test]
fn what_django_hashed_is_not_hashed_again() {
    let list = r#"{"paths": {"a.css": "a.9dd4e461268c.css", "lone.css": "lone.9dd4e461268c.css"}, "version": "1.1"}"#;
    let django = [COLLECTED, &[("staticfiles.json", list)]].concat();
    let baked = bake(folder(&django).path(), "at = '/static/'").unwrap();
    let names: Vec<_> = baked.manifest.assets.iter().map(|it| it.logical_path.as_str()).collect();
    assert_eq!(names, ["a.css", "lone.9dd4e461268c.css", "old/b.js"]);
    let left_out = ["a.9dd4e461268c.css", "old/b.9dd4e461268c.js", "staticfiles.json"];
    assert_eq!(baked.summary.left_out, left_out);
    let leads = |path: &str, location: &str| {
        let expected = (path.to_owned(), format!("302 -> {location}"));
        assert!(routes(&baked).contains(&expected), "{path}");
    };
    leads("/static/a.9dd4e461268c.css", "/static/a.css");
    leads("/static/old/b.9dd4e461268c.js", "/static/old/b.js");

    // Our list in the place of Django's makes the same release.
    let ours = hardtack_build::staticfiles(&baked.manifest);
    let again = [COLLECTED, &[("staticfiles.json", ours.as_str())]].concat();
    let again = bake(folder(&again).path(), "at = '/static/'").unwrap();
    assert_eq!(routes(&again).len(), routes(&baked).len());
}

#[test]
fn a_single_page_app_has_a_fallback() {
    let fallback = |files: &[(&str, &str)], toml: &str| {
        let baked = bake(folder(files).path(), toml).unwrap();
        let bundle = Bundle::open(&baked.bundle).unwrap();
        bundle.fallback().unwrap().map(|route| route.path.to_owned())
    };
    let page = ("index.html", "x");
    assert_eq!(fallback(&[page], ""), None);
    assert_eq!(fallback(&[page], "spa = 'index.html'").as_deref(), Some("/"));
    let rules = |to: &str| format!("/* {to} 200");
    for to in ["/index.html", "/"] {
        assert_eq!(fallback(&[page, ("_redirects", &rules(to))], "").as_deref(), Some("/"));
    }
    fails(&[page], "spa = 'app.html'", "`spa` names \"app.html\", and there is no such page");
    let twice = bake(folder(&[page, ("_redirects", &rules("/"))]).path(), "spa = 'index.html'");
    assert!(twice.unwrap().warnings[0].to_string().contains("`spa` already says it"));
}

/// It answers at `/a/b` too, where `c.css` is another file.
#[test]
fn a_page_with_other_addresses_has_whole_paths() {
    let text = |files: &[(&str, &str)], toml: &str| {
        let baked = bake(folder(files).path(), toml).unwrap();
        let bundle = Bundle::open(&baked.bundle).unwrap();
        let page = bundle.assets().map(Result::unwrap).find(|one| one.logical_path == "p/q.html");
        String::from_utf8(page.unwrap().identity().unwrap().body.to_vec()).unwrap()
    };
    let page = ("p/q.html", "<link rel=stylesheet href=c.css>");
    let whole = format!("<link rel=stylesheet href=/p/c.{X}.css>");
    let relative = format!("<link rel=stylesheet href=c.{X}.css>");
    let files = [page, ("p/c.css", "x")];
    assert_eq!(text(&files, ""), relative);
    assert_eq!(text(&files, "spa = 'p/q.html'"), whole);
    assert_eq!(text(&[page, ("p/c.css", "x"), ("_redirects", "/a /p/q.html 200")], ""), whole);
}

#[test]
fn clean_urls_have_no_extension() {
    has_routes(
        &[("404.html", "x"), ("about.html", "x"), ("docs/index.html", "x"), ("docs/old.htm", "x")],
        "clean_urls = true",
        &[
            ("/404.html", "404.html"),
            ("/about", "about.html"),
            ("/about.html", "about.html"),
            ("/docs", "-> /docs/"),
            ("/docs/", "docs/index.html"),
            ("/docs/index.html", "docs/index.html"),
            ("/docs/old", "docs/old.htm"),
            ("/docs/old.htm", "docs/old.htm"),
        ],
    );
    has_routes(
        &[("about.html", "x")],
        "clean_urls = true\ncanonical = 'redirect'",
        &[("/about", "about.html"), ("/about.html", "-> /about")],
    );
    let both = [("a.html", "x"), ("a/index.html", "x")];
    fails(&both, "clean_urls = true", "/a");
}

/// Bytes of text in gzip, as another tool writes them.
fn gzip(text: &str) -> Vec<u8> {
    let mut coded = Vec::new();
    let mut encoder = flate2::read::GzEncoder::new(text.as_bytes(), Default::default());
    std::io::Read::read_to_end(&mut encoder, &mut coded).unwrap();
    coded
}

/// Bakes a folder of bytes, and says of each asset its type, its codings and its text.
fn assets_of(files: &[(&str, &[u8])], toml: &str) -> (Vec<(String, String, String)>, Baked) {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let file = folder.path().join("assets").join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }
    let baked = bake(folder.path(), toml).unwrap();
    let bundle = Bundle::open(&baked.bundle).unwrap();
    bundle.verify().unwrap();
    let describe = |asset: hardtack_bundle::Asset<'_>| {
        let codings: Vec<_> = asset.representations().map(|it| it.unwrap().coding.name()).collect();
        let text = String::from_utf8_lossy(asset.identity().unwrap().body).into_owned();
        let (path, media_type) = (asset.logical_path, asset.media_type);
        (path.to_owned(), format!("{media_type} {}", codings.join(" ")), text)
    };
    (bundle.assets().map(|asset| describe(asset.unwrap())).collect(), baked)
}

/// Its references are found and rewritten, and every coding is there.
#[test]
fn svg_in_gzip_is_an_svg() {
    let svg = |image: &str| {
        let image = format!("<image href='{image}'/>").repeat(20);
        format!("<svg xmlns='http://www.w3.org/2000/svg'>{image}</svg>")
    };
    let (assets, _) = assets_of(&[("a.svgz", &gzip(&svg("i.png"))), ("i.png", b"x")], "");
    let (_, described, text) = &assets[0];
    assert_eq!(described, "image/svg+xml identity gzip br zstd");
    assert_eq!(*text, svg(&format!("i.{X}.png")));
}

/// Unity's files: the plain ones do not exist.
#[test]
fn a_rule_says_that_files_are_compressed() {
    let script = "let biscuit = 'hard';\n".repeat(50);
    let mut brotli = Vec::new();
    let code = b"\0asm\x01\0\0\0".repeat(100);
    brotli::BrotliCompress(&mut &code[..], &mut brotli, &Default::default()).unwrap();
    let files = [
        ("Build/game.data.gz", &gzip("\0data")[..]),
        ("Build/game.framework.js.gz", &gzip(&script)),
        ("Build/game.loader.js", b"load()"),
        ("Build/game.wasm.br", &brotli),
        (
            "_headers",
            b"/Build/*.gz\n  Content-Encoding: gzip\n/Build/*.data.gz\n  Content-Type: a/b\n\
              /Build/*.br\n  Content-Encoding: br\n",
        ),
    ];
    let (assets, baked) = assets_of(&files, "dictionaries = false");
    assert_eq!(baked.warnings.len(), 0, "{:?}", baked.warnings);
    let described: Vec<_> = assets.iter().map(|(_, described, _)| described.as_str()).collect();
    assert_eq!(described[0], "a/b identity");
    assert_eq!(described[1], "text/javascript; charset=utf-8 identity gzip br zstd");
    assert_eq!(described[3], "application/wasm identity gzip br zstd");
    assert_eq!(assets[1].2, script);
    let bundle = Bundle::open(&baked.bundle).unwrap();
    let asset = bundle.asset("Build/game.framework.js.gz").unwrap().unwrap();
    let coded = asset.representations().nth(1).unwrap().unwrap();
    assert_eq!(coded.body, gzip(&script), "it is taken as it is");
    let fields = bundle.routes().map(|route| route.unwrap().fields().len()).sum::<usize>();
    assert_eq!(fields, 0, "what a file is, is no matter of its responses");
}

#[test]
fn twins_are_left_out_by_a_rule_that_is_told() {
    let script = "import './b.js';".repeat(50);
    let files = [("a.js", script.as_bytes()), ("a.js.gz", &gzip(&script)), ("b.js", b"x")];
    let (assets, baked) = assets_of(&files, "");
    assert_eq!(assets.len(), 2);
    let left_out: Vec<_> = baked.left_out.iter().map(ToString::to_string).collect();
    assert_eq!(
        left_out,
        ["left out by its being a compressed form of the file beside it: \
          bring it back with `exclude = [\"!/a.js.gz\"]`"]
    );
    let (assets, _) = assets_of(&files, "exclude = ['!*.gz']");
    assert_eq!(assets.len(), 3);
}

/// Each file that is not a rule file is an asset, or is told to be left out: here files of all the
/// stages that set some aside.
#[test]
fn no_file_is_lost_on_the_way() {
    let script = "import './b.js';".repeat(50);
    let list = br#"{"version": "1.1", "hash": "", "paths": {"old.css": "old.9dd4e461268c.css"}}"#;
    let files: &[(&str, &[u8])] = &[
        (".hidden", b"x"),
        ("404.html", b"<a href='index.html'>home</a>"),
        ("_headers", b"/*\n  X-A: b\n"),
        ("a.js", script.as_bytes()),
        ("a.js.gz", &gzip(&script)),
        ("assets/app-DOIkT6lI.js", b"import('../round/one.js')"),
        ("b.js", b"x"),
        ("c.gz", &gzip("no twin")),
        ("drafts/x.txt", b"excluded"),
        ("empty", b""),
        ("index.html", b"<script type=module src=assets/app-DOIkT6lI.js></script>"),
        ("logo.svgz", &gzip("<svg xmlns='http://www.w3.org/2000/svg'/>")),
        ("not-utf8.txt", b"\xff\xfe\x00"),
        ("old.9dd4e461268c.css", b"x"),
        ("old.css", b"x"),
        ("round/one.js", b"import './two.js'"),
        ("round/two.js", b"import './one.js'"),
        ("staticfiles.json", list),
    ];
    let (assets, baked) = assets_of(files, "exclude = ['drafts']");
    let mut told: Vec<_> = assets.iter().map(|(path, ..)| path.as_str()).collect();
    told.extend(baked.left_out.iter().map(|one| one.logical_path.as_str()));
    told.sort_unstable();
    let lost = files.iter().map(|(path, _)| *path).filter(|path| {
        let is_told = |told: &&str| *told == *path || path.starts_with(&format!("{told}/"));
        *path != "_headers" && !told.iter().any(is_told)
    });
    assert_eq!(lost.collect::<Vec<_>>(), [""; 0], "of {told:?}");
    let mut once = told.clone();
    once.dedup();
    assert_eq!(once, told);
    assert_eq!(assets.len(), baked.manifest.assets.len());
}

#[test]
fn what_is_read_in_parts_is_not_compressed() {
    let zeros = [0; 5000];
    let codings = |toml: &str| {
        let (assets, _) =
            assets_of(&[("a.fgb", &zeros), ("a.js.map", b"{}"), ("b.data", &zeros)], toml);
        assets.into_iter().map(|(_, described, _)| described).collect::<Vec<_>>()
    };
    let none = "application/octet-stream identity";
    let all = "application/octet-stream identity gzip br zstd";
    assert_eq!(codings(""), [none, "application/json identity", all]);
    let swapped = codings("[codings_for]\n'*.fgb' = ['br']\n'*.data' = []");
    assert_eq!(swapped[0], "application/octet-stream identity br");
    assert_eq!(swapped[2], none);
}

/// The answer at such a path is in this very bundle.
#[test]
fn a_reference_may_lead_to_a_route() {
    let page = "<link rel=prefetch href=/about><link rel=prefetch href=/docs>\
                <script src=/latest.js></script><script src=/newest.js></script>\
                <script src=/old/v2.js></script>";
    let files = [
        ("about.html", ""),
        ("docs/index.html", ""),
        ("index.html", page),
        ("v2.js", ""),
        ("_redirects", "/latest.js /v2.js 302\n/newest.js /v2.js 200\n/old/* /:splat"),
    ];
    let baked = bake(folder(&files).path(), "clean_urls = true").unwrap();
    assert!(baked.warnings.is_empty());
    fails(&files, "", "\"/about\" refers to \"about\", which does not exist");
    fails(&files[..4], "clean_urls = true", "latest.js");
    let app = [("index.html", "<link rel=prefetch href=/users/1><script src=/gone.js></script>")];
    fails(&app, "spa = 'index.html'", "\"/gone.js\" refers to \"gone.js\", which does not exist");
}

#[test]
fn the_codings_are_those_of_the_settings() {
    let text = "abcdefghij ".repeat(100);
    let folder = folder(&[("a.txt", &text)]);
    let codings = |toml: &str| {
        let baked = bake(folder.path(), toml).unwrap();
        let of = &baked.manifest.assets[0].representations;
        of.iter().map(|one| one.coding).collect::<Vec<_>>()
    };
    assert_eq!(codings(""), ["identity", "gzip", "br", "zstd"]);
    assert_eq!(codings("codings = ['br']"), ["identity", "br"]);
    assert_eq!(codings("codings = []"), ["identity"]);
}

/// Nothing of the folder's place, of time, or of the order of directory entries is in a bundle.
#[test]
fn two_bakes_in_two_folders_are_byte_identical() {
    let mut files = [
        ("index.html", "<link rel=stylesheet href=css/a.css><img src=i.png>".to_owned()),
        ("css/a.css", "@import 'b.css'; a{b:url(../i.png)}".to_owned()),
        ("css/b.css", "@import 'a.css';".to_owned() + &"a{}".repeat(500)),
        ("i.png", "png".to_owned()),
    ];
    let mut bundle = || {
        files.reverse();
        let borrowed: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let folder = folder(&borrowed);
        let baked = bake(folder.path(), "publish_manifest = 'm.json'").unwrap();
        (baked.bundle, baked.manifest.to_json())
    };
    assert!(bundle() == bundle());
}

#[test]
fn a_cached_bake_is_byte_identical() {
    let folder = folder(&[("a.txt", &"abc".repeat(1000)), ("b.txt", "short")]);
    let bake = || {
        let settings = Settings::read(&folder.path().join("hardtack.toml")).unwrap();
        Bake::with(settings).cache(folder.path().join("cache")).run().unwrap().bundle
    };
    fs::write(folder.path().join("hardtack.toml"), "").unwrap();
    let cold = bake();
    assert_eq!(fs::read_dir(folder.path().join("cache")).unwrap().count(), 2, "a content each");
    assert!(cold == bake());
}

#[test]
fn every_missing_target_is_told_at_once() {
    let folder = folder(&[
        ("a.css", "a{b:url(no.png)}\n@import 'bb.css';"),
        ("b.css", ""),
        ("c.html", "<img src=no/b.css>"),
    ]);
    let error = bake(folder.path(), "").unwrap_err().to_string();
    let assets = folder.path().join("assets");
    let expected = [
        "/a.css: 2 references lead to files that do not exist:",
        "    1:9: \"no.png\" refers to \"no.png\"",
        "    2:10: \"bb.css\" refers to \"bb.css\". Near it: b.css",
        "/c.html:1:10: \"no/b.css\" refers to \"no/b.css\", which does not exist. Near it: b.css",
        ": remedies for the missing references: add the files, or correct the references; or set `missing = \"warn\"`",
    ];
    let lines =
        error.lines().map(|line| line.strip_prefix(assets.to_str().unwrap()).unwrap_or(line));
    assert_eq!(lines.collect::<Vec<_>>(), expected);
}

#[test]
fn a_missing_target_can_be_a_warning_or_excluded() {
    let folder = folder(&[("a.css", "a{b:url(no.png)}")]);
    let baked = bake(folder.path(), "missing = 'warn'").unwrap();
    assert!(matches!(baked.warnings[0].kind, ProblemKind::Missing(_)));
    let baked = bake(folder.path(), "exclude_references = ['a.css']").unwrap();
    assert!(baked.warnings.is_empty());
}

/// Content-Type of a file of these bytes, and whether there is a warning that says so.
#[track_caller]
fn has_charset(name: &str, bytes: &[u8], toml: &str, content_type: &str, warning: Option<&str>) {
    let folder = folder(&[("b\u{e4}ume.png", "x")]);
    fs::write(folder.path().join("assets").join(name), bytes).unwrap();
    let baked = bake(folder.path(), toml).unwrap();
    let asset = baked.manifest.assets.iter().find(|asset| asset.logical_path == name).unwrap();
    assert_eq!(asset.media_type, content_type);
    let warnings: Vec<_> = baked.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), usize::from(warning.is_some()), "{warnings:?}");
    assert!(warnings.iter().all(|it| it.contains(warning.unwrap())), "{warnings:?}");
}

/// Each remedy that a warning names, in turn.
#[test]
fn a_text_that_is_not_utf8_is_sent_as_what_it_is() {
    let page = b"<p>\xdf<img src=b\xe4ume.png>";
    let guess = Some("p.html:1:4: this is not UTF-8, and nothing says what it is");
    has_charset("p.html", page, "", "text/html", guess);
    let declared = [b"<meta charset=windows-1252>", &page[..]].concat();
    has_charset("p.html", &declared, "", "text/html; charset=windows-1252", None);
    let rule = |name: &str, content_type: &str| {
        format!("media_types = {{ \"/{name}\" = \"{content_type}\" }}")
    };
    let ruled = "text/html; charset=windows-1252";
    has_charset("p.html", page, &rule("p.html", ruled), ruled, None);
    has_charset("p.html", &declared, &rule("p.html", "text/html"), "text/html", None);
    let wrong = Some("this is not UTF-8, as the file or `media_types` says");
    let utf8 = [b"<meta charset=utf-8>", &page[..]].concat();
    has_charset("p.html", &utf8, "", "text/html; charset=utf-8", wrong);

    let sheet = b"a{b:url('b\xe4ume.png')}";
    has_charset("a.css", sheet, "", "text/css", Some("a.css:1:11: this is not UTF-8"));
    let declared = [b"@charset \"iso-8859-1\";", &sheet[..]].concat();
    has_charset("a.css", &declared, "", "text/css; charset=iso-8859-1", None);
    let ruled = "text/css; charset=windows-1252";
    has_charset("a.css", sheet, &rule("a.css", ruled), ruled, None);
    has_charset("a.css", sheet, "exclude_references = ['*']", "text/css", None);

    let script = b"import('./b\xe4ume.png')// \xdf";
    has_charset("a.js", script, "", "text/javascript", Some("a.js:1:12: this is not UTF-8"));
    let ruled = "text/javascript; charset=windows-1252";
    has_charset("a.js", script, &rule("a.js", ruled), ruled, None);
    has_charset("a.txt", b"\xe4", "", "text/plain", None);
}

#[test]
fn two_assets_on_one_url_are_an_error() {
    let hashed = format!("a.{X}.css");
    let folder = folder(&[("a.css", "x"), (&hashed, "y")]);
    let error = bake(folder.path(), "").unwrap_err();
    assert!(
        matches!(&error.problems[0].kind, ProblemKind::SameUrl { path } if path[1..] == hashed)
    );
    assert!(error.problems[0].file.ends_with(format!("assets/{hashed}")), "{error}");
}

#[test]
fn the_manifest_can_be_an_asset() {
    let text = "z".repeat(1000);
    let folder = folder(&[("a.css", "x"), ("z.css", &text), ("z.html", "<script src=m.json>")]);
    let baked = bake(folder.path(), "publish_manifest = 'm.json'").unwrap();
    let bundle = Bundle::open(&baked.bundle).unwrap();
    let Action::Serve(asset) = bundle.route(b"/m.json").unwrap().unwrap().action else {
        panic!("it is served");
    };
    let published: serde_json::Value =
        serde_json::from_slice(asset.identity().unwrap().body).unwrap();
    let described = published["assets"].as_array().unwrap();
    let others: Vec<_> =
        baked.manifest.assets.iter().filter(|entry| entry.logical_path != "m.json").collect();
    assert_eq!(published["assets"], serde_json::to_value(&others).unwrap());
    assert_eq!(described.len(), 3);
    assert_eq!(described[0]["url"], format!("/a.{X}.css"));
    assert_eq!(asset.representations().nth(1).unwrap().unwrap().coding, Coding::Gzip);
    fs::remove_file(folder.path().join("assets/z.html")).unwrap();
    let error = bake(folder.path(), "publish_manifest = 'a.css'").unwrap_err().to_string();
    assert!(error.contains("a.css: it is the path of `publish_manifest` too"), "{error}");
}

#[test]
fn an_empty_folder_is_an_empty_site() {
    let folder = folder(&[]);
    fs::create_dir(folder.path().join("assets")).unwrap();
    let baked = bake(folder.path(), "").unwrap();
    assert_eq!(baked.summary.totals.assets, 0);
    assert!(routes(&baked).is_empty());
    assert!(baked.warnings[0].to_string().contains("no file in this folder"));
}

#[test]
fn a_site_of_which_the_settings_leave_nothing_is_an_error() {
    fails(&[("a.css", "")], "exclude = ['*']", "no asset is left, and the site would be empty");
    fails(&[("a.css", "")], "include = ['*.html']", "add \"/a.css\" to `include`");
}

#[cfg(unix)]
#[test]
fn the_cache_is_a_hint() {
    use sha2::{Digest, Sha256};
    let folder = folder(&[("a.js", &"let biscuit = 1;".repeat(20))]);
    fs::write(folder.path().join("hardtack.toml"), "").unwrap();
    let settings = Settings::read(&folder.path().join("hardtack.toml")).unwrap();
    let bake = || Bake::with(settings.clone()).cache(folder.path().join("cache")).run().unwrap();
    let honest = bake();
    for entry in fs::read_dir(folder.path().join("cache"))
        .unwrap()
        .flat_map(|it| fs::read_dir(it.unwrap().path()).unwrap().map(|entry| entry.unwrap().path()))
    {
        let other = gzip("let intruder = 1;");
        fs::write(entry, [&Sha256::digest(&other)[..], &other].concat()).unwrap();
    }
    assert!(bake().bundle == honest.bundle);
}

#[test]
fn the_summary_is_one_line() {
    let folder = folder(&[("a.txt", &"abcdefghij".repeat(100)), (".hidden", "")]);
    let baked = bake(folder.path(), "").unwrap();
    let line = baked.summary.to_string();
    assert!(line.starts_with("baked 1 asset, 1.0 kB, compressed "), "{line}");
    assert!(line.contains("% saved) in ") && line.ends_with("; left out .hidden"), "{line}");
    assert_eq!(baked.summary.left_out, [".hidden"]);
    assert_eq!(baked.left_out[0].rule, "the default glob `.*`");
}

/// Bakes `static/` at `/static/` and `root/` at `/`.
fn bake_with_root(files: &[(&str, &str)], toml: &str) -> Result<Baked, Error> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let folders = "[[folders]]\nat = '/'\npath = 'root'";
    let toml = format!("assets = 'static'\nat = '/static/'\n{toml}\n{folders}");
    bake(folder.path(), &toml)
}

#[test]
fn folders_keep_their_prefixes() {
    let files = [
        ("root/robots.txt", "x"),
        ("root/humans.txt", "x"),
        ("static/favicon.ico", "x"),
        ("static/robots.txt", "y"),
    ];
    let hashed = format!("/humans.{X}.txt");
    let icon = format!("/static/favicon.{X}.ico");
    let baked = bake_with_root(&files, "keep_only_hashed = true").unwrap();
    let routes = routes(&baked);
    let answers: Vec<_> = routes.iter().map(|(path, asset)| (&path[..], &asset[..])).collect();
    assert_eq!(
        answers[..4],
        [
            (&hashed[..], "/humans.txt"),
            ("/humans.txt", "/humans.txt"),
            ("/robots.txt", "/robots.txt"),
            (&icon[..], "favicon.ico"),
        ]
    );
    assert_eq!(answers.len(), 5, "{answers:?}");
    let bundle = Bundle::open(&baked.bundle).unwrap();
    assert_eq!(bundle.prefixes().collect::<Vec<_>>(), ["/static/", "/"]);
    let django: serde_json::Value =
        serde_json::from_str(&hardtack_build::staticfiles(&baked.manifest)).unwrap();
    let names: Vec<_> = django["paths"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["favicon.ico", "robots.txt"]);
}

#[test]
fn references_between_folders_are_by_url() {
    let files = [
        ("root/app.webmanifest", r#"{"icons":[{"src":"static/i.png"}]}"#),
        ("root/sw.js", "import '/static/a.js';import './b.js'"),
        ("root/b.js", "x"),
        ("static/a.js", "x"),
        ("static/i.png", "x"),
        (
            "static/p.html",
            "<img src=i.png><link rel=manifest href=/app.webmanifest><script src=../b.js></script><a href=/users/>x</a>",
        ),
    ];
    let baked = bake_with_root(&files, "").unwrap();
    assert!(baked.warnings.is_empty(), "{:?}", baked.warnings);
    let bundle = Bundle::open(&baked.bundle).unwrap();
    let text = |name: &str| {
        let asset = bundle.asset(name).unwrap().unwrap();
        String::from_utf8(asset.identity().unwrap().body.to_vec()).unwrap()
    };
    assert_eq!(text("/sw.js"), format!("import '/static/a.{X}.js';import './b.{X}.js'"));
    assert!(text("/app.webmanifest").contains(&format!("static/i.{X}.png")));
    let page = text("p.html");
    assert!(page.contains(&format!("src=../b.{X}.js")) && page.contains("href=/app."), "{page}");
    assert!(page.contains("href=/users/"), "{page}");
    let missing = [("root/a", ""), ("static/p.html", "<img src=gone.png><img src=/gone.png>")];
    let error = bake_with_root(&missing, "").unwrap_err().to_string();
    assert!(error.contains("static/p.html:1:10: \"gone.png\" refers to"), "{error}");
    assert!(!error.contains("\"/gone.png\""), "an application may answer it: {error}");
}

/// A mention in one folder pins a file of the other.
#[test]
fn mentions_reach_the_other_folder() {
    let files = [("root/b.js", "x"), ("static/a.js", "f('/b.js')")];
    let baked = bake_with_root(&files, "").unwrap();
    assert_eq!(baked.manifest.assets[0].url, "/b.js");
    assert_eq!(baked.manifest.assets[0].why, "a.js:1:5 names it");
}

#[test]
fn rules_of_each_folder_are_for_url_paths() {
    let files = [
        ("root/_headers", "/robots.txt\n  X-A: root\n/static/*\n  X-A: static\n"),
        ("root/_redirects", "/icon /static/i.svg 302\n/old/* /new/:splat\n"),
        ("root/robots.txt", ""),
        ("static/_redirects", "/static/gone /static/i.svg\n/help /robots.txt 200\n"),
        ("static/i.svg", "<svg/>"),
    ];
    let baked = bake_with_root(&files, "rename = false").unwrap();
    assert!(baked.warnings.is_empty(), "{:?}", baked.warnings);
    let found: Vec<_> =
        routes(&baked).into_iter().map(|(path, answer)| format!("{path} {answer}")).collect();
    assert_eq!(
        found,
        [
            "/help /robots.txt",
            "/icon 302 -> /static/i.svg",
            "/robots.txt /robots.txt",
            "/static/gone -> /static/i.svg",
            "/static/i.svg i.svg",
            "/old/* -> /new/:splat",
        ]
    );
    let bundle = Bundle::open(&baked.bundle).unwrap();
    let value = |path: &str| {
        let route = bundle.route(path.as_bytes()).unwrap().unwrap();
        let edits: Vec<_> = route.fields().map(Result::unwrap).collect();
        edits.into_iter().map(|edit| format!("{edit:?}")).collect::<Vec<_>>().join(" ")
    };
    assert!(value("/robots.txt").contains("root") && value("/static/i.svg").contains("static"));
}

#[test]
fn pages_of_the_root_are_the_sites() {
    let files = [
        ("root/404.html", "root"),
        ("root/index.html", "home"),
        ("static/404.html", "static"),
        ("static/a.css", "x"),
    ];
    let toml = "spa = '/index.html'\npublish_manifest = '/hardtack.json'";
    let baked = bake_with_root(&files, toml).unwrap();
    let bundle = Bundle::open(&baked.bundle).unwrap();
    let path = |route: Option<hardtack_bundle::Route<'_>>| route.unwrap().path.to_owned();
    assert_eq!(path(bundle.not_found().unwrap()), "/404.html");
    assert_eq!(path(bundle.fallback().unwrap()), "/");
    assert!(bundle.route(b"/hardtack.json").unwrap().is_some());
    let alone = folder(&[("a.css", "x")]);
    let error = bake(alone.path(), "at = '/s/'\npublish_manifest = '/m.json'").unwrap_err();
    assert!(error.to_string().contains("\"/m.json\", which is below no folder's `at`"), "{error}");
    let own = bake(alone.path(), "at = '/s/'\npublish_manifest = '/s/m.json'").unwrap();
    assert_eq!(own.manifest.assets[1].logical_path, "m.json");
}

#[test]
fn a_builder_takes_folders_too() {
    let folder = folder(&[("a.css", "x")]);
    fs::create_dir(folder.path().join("more")).unwrap();
    fs::write(folder.path().join("more/b.css"), "x").unwrap();
    let docs = Prefix::try_from("docs".to_owned()).unwrap();
    let more = folder.path().join("more");
    let baked = Bake::new(folder.path().join("assets")).and_folder(docs, more).run().unwrap();
    let names: Vec<_> = baked.manifest.assets.iter().map(|it| it.logical_path.as_str()).collect();
    assert_eq!(names, ["a.css", "docs/b.css"]);
}
