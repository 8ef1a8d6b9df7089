//! Pins the assets whose names stand where they cannot be rewritten.
//!
//! A reference is rewritten when its target is renamed. Any other place where code has a file's
//! name is a *mention*: a string by which a script fetches the file, finds its element, or knows
//! that it was loaded. An asset that is mentioned keeps its name everywhere, so that no file ever
//! has two names in use.

mod cut;
mod ends;
mod escapes;
mod joined;
mod names;
mod own_url;
mod replaced;
mod sources;
mod taken;
mod token;

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::{Place, Role, digest::Form, places::Places, references::Referenced, rename::Renaming};

use cut::Cuts;
use ends::Ends;
use names::Names;
use replaced::replaced;

/// Pins the assets that are mentioned.
pub(crate) fn pin(referenced: &mut Referenced, at: &str) {
    let names = Names::of(referenced, at);
    let ends = Ends::of(&referenced.assets, at);
    let texts = (0..referenced.assets.len()).into_par_iter();
    let pins = texts.flat_map_iter(|index| pins_of(index, referenced, &names, &ends));
    let mut pins: Vec<_> = pins.collect();
    pins.extend(own_url::pins(referenced));
    pins.extend(joined::pins(referenced, &names));
    pins.extend(pins_of_replacements(referenced));
    pins.extend(pins_of_cuts(referenced));
    pins.extend(pins_of_comparisons(referenced, &names));
    pins.extend(taken::pins(referenced, at));
    let mut reasons: Vec<Option<String>> = vec![None; referenced.assets.len()];
    let mut places = (usize::MAX, Places::new(&[]));
    for Pin { target, by, offset, what } in pins {
        // Most are pinned already, and to count lines takes time.
        if referenced.assets[target].role == Role::Hashed && reasons[target].is_none() {
            if places.0 != by {
                places = (by, Places::new(referenced.text(by)));
            }
            let path = &referenced.assets[by].logical_path;
            reasons[target] = Some(format!("{}{what}", location(path, places.1.at(offset))));
        }
    }
    for (target, why) in reasons.into_iter().enumerate() {
        why.into_iter().for_each(|why| referenced.pin(target, why));
    }
}

/// A place in an asset, for people.
fn location(path: &str, Place { line, column }: Place) -> String {
    format!("{path}:{line}:{column}")
}

/// A pinned asset, with the reason: an offset in another asset.
struct Pin {
    target: usize,
    by: usize,
    offset: usize,
    what: &'static str,
}

/// The assets that one asset pins.
fn pins_of(by: usize, referenced: &Referenced, names: &Names<'_>, ends: &Ends) -> Vec<Pin> {
    let (references, passages) = (&referenced.references[by], &referenced.passages[by]);
    let pin = |(offset, target), what| Pin { target, by, offset, what };
    let mut pins = Vec::new();
    if referenced.frozen[by] {
        let places = references.iter().map(|one| (one.link.span.start, one.target));
        pins.extend(places.map(|it| pin(it, LINK)));
    }
    pins.extend(passages.pinned.iter().map(|(offset, target, why)| pin((*offset, *target), why)));
    for (offset, beginning) in &passages.beginnings {
        let modules = names.modules_below(by, beginning).into_iter();
        pins.extend(modules.map(|target| pin((*offset, target), BEGINNING)));
    }
    for (offset, path) in &passages.without_extension {
        let targets = names.without_extension(by, path).into_iter();
        pins.extend(targets.map(|target| pin((*offset, target), STEM)));
    }
    let found = ends.found(referenced.text(by), passages).into_iter();
    pins.extend(found.map(|it| pin(it, NAME)));
    // Data that has its own name in it finds nothing by it.
    let may_mean = |target: usize| target != by || referenced.assets[by].is_script();
    let mentioned = names.mentioned(by, referenced.text(by), passages, references).into_iter();
    let mentioned = mentioned.filter(|(_, target)| may_mean(*target));
    pins.extend(mentioned.map(|it| pin(it, NAME)));
    pins
}

/// The assets of which a script makes one's URL from another's.
fn pins_of_replacements(referenced: &Referenced) -> Vec<Pin> {
    let all = referenced.passages.iter().enumerate();
    let all = all.flat_map(|(by, passages)| {
        let replacements = passages.derived.replacements.iter();
        replacements.map(move |(offset, [from, to])| ((from.as_str(), to.as_str()), by, *offset))
    });
    let found = replaced(all.clone().map(|(texts, ..)| texts).collect(), &referenced.assets);
    let pins = all.flat_map(|(texts, by, offset)| {
        let targets = found.get(&texts).into_iter().flatten();
        targets.map(move |target| Pin { target: *target, by, offset, what: REPLACED })
    });
    pins.collect()
}

fn pins_of_cuts(referenced: &Referenced) -> Vec<Pin> {
    let all = referenced.passages.iter().enumerate();
    let all = all.flat_map(|(by, it)| it.derived.cuts.iter().map(move |cut| (by, cut)));
    let all: Vec<_> = all.collect();
    if all.is_empty() {
        return Vec::new();
    }
    let cuts = Cuts::of(&referenced.assets);
    let pins = all.into_iter().flat_map(|(by, cut)| {
        let targets = cuts.found(cut).into_iter();
        targets.map(move |target| Pin { target, by, offset: cut.offset, what: REPLACED })
    });
    pins.collect()
}

/// The assets that pages both show and link to, if a script compares the URLs of elements: the two
/// would be different.
fn pins_of_comparisons(referenced: &Referenced, names: &Names<'_>) -> Vec<Pin> {
    let Referenced { assets, references, passages, .. } = referenced;
    let mut comparisons = passages.iter().enumerate();
    let first = comparisons.find_map(|(by, it)| Some((by, *it.derived.comparisons.first()?)));
    let Some((by, offset)) = first else { return Vec::new() };
    let of_pages = assets.iter().zip(references).filter(|(asset, _)| asset.is_page());
    let shown: BTreeSet<_> = of_pages.flat_map(|(_, all)| all).map(|it| it.target).collect();
    let followed = passages.iter().enumerate().flat_map(|(page, passages)| {
        passages.followed.iter().filter_map(move |url| names.asset(page, url))
    });
    let followed: BTreeSet<_> = followed.collect();
    let both = shown.intersection(&followed);
    both.map(|target| Pin { target: *target, by, offset, what: COMPARED }).collect()
}

const LINK: &str = " refers to it, and keeps its bytes";
const OWN_URL: &str = " asks for its own URL, and may make names from it";
const ID: &str = " asks for its URL by the element's `id`, and may make names from it";
const JOINED: &str = " may join its name of several texts";
const SOURCE: &str = " may make another URL from its own";
const TAKEN: &str = " takes a part of its name, which a hash would change";
const TESTED: &str = " finds it by a pattern, which a hash would keep from that";
const BEGINNING: &str = " may import it by a name that it makes";
const COMPARED: &str = " compares URLs of elements, and pages both show it and link to it";
const STEM: &str = " names it without its extension";
const NAME: &str = " names it";
const REPLACED: &str = " may make a URL from another by replacing a part";

impl Referenced {
    /// A place in an asset, for people.
    fn location(&self, index: usize, offset: usize) -> String {
        location(&self.assets[index].logical_path, Place::at(self.text(index), offset))
    }

    /// The reason that a digest stands at a place.
    pub(crate) fn digest_at(&self, index: usize, offset: usize, form: Form) -> String {
        format!("{} has its {form}", self.location(index, offset))
    }

    /// How many assets keep their names, and how many their bytes. Neither is ever taken back.
    pub(crate) fn kept(&self) -> (usize, usize) {
        let pinned = self.assets.iter().filter(|asset| asset.role == Role::Pinned);
        (pinned.count(), self.frozen.iter().filter(|is_frozen| **is_frozen).count())
    }

    /// Has an asset keep its name, unless the user wants it to be renamed in any case. The first
    /// reason counts.
    pub(crate) fn pin(&mut self, index: usize, why: String) {
        let asset = &mut self.assets[index];
        if asset.role == Role::Hashed && self.rename.of(&asset.logical_path) != Renaming::Always {
            asset.role = Role::Pinned;
            asset.why = why;
        }
    }

    /// Has an asset keep its bytes and its name, and so the names of all that it refers to.
    pub(crate) fn freeze(&mut self, index: usize, why: String) {
        if std::mem::replace(&mut self.frozen[index], true) {
            return;
        }
        let asset = &mut self.assets[index];
        if asset.role == Role::EntryPoint && asset.why.is_empty() {
            asset.why = format!("keeps its bytes: {why}");
        }
        self.pin(index, why);
        let (path, places) = (&self.assets[index].logical_path, Places::new(self.text(index)));
        let targets = self.references[index].iter();
        let free = targets.filter(|it| self.assets[it.target].role == Role::Hashed);
        let pins: Vec<_> = free
            .map(|it| {
                let place = location(path, places.at(it.link.span.start));
                (it.target, format!("{place}{LINK}"))
            })
            .collect();
        pins.into_iter().for_each(|(target, why)| self.pin(target, why));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rename, Settings, hosting::Rules, references::references, scan::Scanned};

    /// The assets that keep their name in a site of these files, which are sorted by path.
    fn pinned(files: &[(&str, &str)], rename: Rename) -> Vec<String> {
        let settings = Settings { rename, ..Settings::default() };
        let mut referenced = references(Scanned::of(files), &settings, &Rules::default()).unwrap();
        pin(&mut referenced, "/");
        let pinned = referenced.assets.into_iter().filter(|asset| asset.role == Role::Pinned);
        pinned.map(|asset| asset.logical_path).collect()
    }

    #[track_caller]
    fn are(files: &[(&str, &str)], expected: &[&str]) {
        assert_eq!(pinned(files, Rename::Safe), expected, "{files:?}");
    }

    /// Whether a script with this text pins `img/marker.png` and `x.css`.
    #[track_caller]
    fn script(text: &str, expected: &[&str]) {
        are(&[("img/marker.png", ""), ("z/s.js", text), ("x.css", "")], expected);
    }

    /// Whether a page with this text pins them.
    #[track_caller]
    fn page(text: &str, expected: &[&str]) {
        are(&[("img/marker.png", ""), ("p/page.html", text), ("x.css", "")], expected);
    }

    #[test]
    fn the_user_may_rename_what_is_mentioned() {
        let files = [("a.css", ""), ("b.js", "f('a.css','x.css')"), ("x.css", "")];
        are(&files, &["a.css", "x.css"]);
        let rename = Rename::Listed(crate::Patterns::new(&["/a.css"]).unwrap());
        assert_eq!(pinned(&files, rename), ["x.css"]);
    }

    #[test]
    fn literals_of_scripts() {
        script("a('marker.png')", &["img/marker.png"]);
        script("a(\"/img/marker.png?x\")", &["img/marker.png"]);
        script("a(`${b}img/marker.png`)", &["img/marker.png"]);
        script("a=['img\\/marker.png']", &["img/marker.png"]);
        script("/marker\\.png$/.test(a)", &["img/marker.png"]);
        script("({'x.css':1})", &["x.css"]);
        script("q('link[href$=\"x.css\"]')", &["x.css"]);
        script("a('other/marker.png')", &[]);
        script("a('https://cdn.example/x.css')", &[]);
        script("a('my-marker.png', 'x.css.map')", &[]);
        script("// marker.png\n/* x.css */", &[]);
        script("throw 'please include x.css first'", &[]);
        script("s.textContent=\"body main section { color: red } @import 'x.css';\"", &["x.css"]);
        script("marker.png; x.css", &[]);
        script("require('../x.css');require.resolve('x.css')", &["x.css"]);
        script("require('../x.css')", &[]);
    }

    #[test]
    fn references_are_no_mentions() {
        script("new URL('../img/marker.png', import.meta.url)", &[]);
        script("new URL('../img/marker.png', import.meta.url);a('x.css')", &["x.css"]);
        page("<link rel=stylesheet href=/x.css><img src=../img/marker.png>", &[]);
        page(
            "<link rel=preload as=image href=../img/marker.png><script>f('/img/marker.png')</script>",
            &["img/marker.png"],
        );
    }

    #[test]
    fn pages() {
        page("<div data-src=/img/marker.png>", &["img/marker.png"]);
        page("<script type=application/json>{\"a\":\"\\/x.css\"}</script>", &["x.css"]);
        page(
            "<script type=text/template><img src=\"/img/marker.png\"></script>",
            &["img/marker.png"],
        );
        page("<style>[href$='x.css']{}</style>", &["x.css"]);
        page("<script type=importmap>{\"scopes\":{\"/x.css\":{}}}</script>", &["x.css"]);
        page("<a href=/img/marker.png>x</a><link rel=canonical href=/x.css>", &[]);
        page("<p title='x.css'>x.css <!-- /x.css --><code>\"x.css\"</code>", &[]);
        page("<meta name=description content='we have x.css here'>", &[]);
        page("<iframe src=/img/marker.png></iframe>", &["img/marker.png"]);
        page("<script src='{{ base }}/x.css'></script><img src='<%= a %>/x.css'>", &[]);
        page("<p data-a=/marker.png data-b=../x.css data-c=y/x.css>", &["x.css"]);
        page("<p data-a=marker.png>", &["img/marker.png"]);
    }

    #[test]
    fn names_that_are_written_with_escapes() {
        let marker = &["img/marker.png"];
        page("<p data-a='/img/marker&#46;png'>", marker);
        page("<p data-a='../img&sol;marker&period;png'>", marker);
        page("<p data-a='..%2Fimg%2Fmarker.png' data-b=%2Fx%2ecss>", &["img/marker.png", "x.css"]);
        page("<script type=application/json>{\"a\":\"img\\/marker\\u002epng\"}</script>", marker);
        page("<p data-a='{&quot;a&quot;:&quot;img\\/marker\\u002Epng&quot;}'>", marker);
        script("f('img/marker\\x2epng','x\\u{2e}css')", &["img/marker.png", "x.css"]);
        script("f(`img%2Fmarker.png`)", marker);
        script("f('https%3A%2F%2Fcdn.example%2Fx.css','my%2Dmarker.png')", &[]);
        page("<a href='/img/marker&#46;png'>x</a><img src='/img/marker&#46;png'>", &[]);
        script("import('./a\\u002ejs');new URL('../img/marker\\x2epng',import.meta.url)", &[]);
        are(&[("a.json", "{\"b\":\"x\\u002ecss\"}"), ("x.css", "")], &["x.css"]);
        page("<p data-a=a&amp;b.png>", &[]);
        are(&[("a&b.png", ""), ("p.html", "<p data-a=a&amp;b.png>")], &["a&b.png"]);
    }

    #[test]
    fn names_without_an_extension() {
        let with = |page: &str, expected: &[&str]| {
            are(
                &[("app.js", ""), ("js/main.js", ""), ("js/main.min.js", ""), ("p/a.html", page)],
                expected,
            );
        };
        with("<script data-main=../js/main src=../app.js></script>", &["js/main.js"]);
        with("<script data-main=/js/main></script>", &["js/main.js"]);
        with("<script data-main=js/main></script>", &["js/main.js"]);
        with("<script data-app=app></script>", &["app.js"]);
        with("<my-part from='js/main'></my-part>", &["js/main.js"]);
        with("<p data-a=app data-b=js/ data-c=../js data-d=js/mai class=js/main>", &[]);
        with("<a href=../js/main>x</a>", &[]);
    }

    #[test]
    fn modules_whose_names_come_from_data() {
        let data =
            "<script type=application/json>{\"base\":\"/img/\",\"m\":\"marker.png\"}</script>";
        page(&format!("{data}<script>import(r.base+r.m)</script>"), &["img/marker.png"]);
    }

    #[test]
    fn urls_of_elements_that_are_compared() {
        let with = |text: &str, expected: &[&str]| {
            let page = "<a href=/a.png><img src=/a.png></a><a href=/b.png><img src=/c.png></a>";
            are(
                &[("a.png", ""), ("b.png", ""), ("c.png", ""), ("p.html", page), ("s.js", text)],
                expected,
            );
        };
        let both = &["a.png"];
        with("if(a.href===i.src)f()", both);
        with("l.find(a=>a.getAttribute('href')==i.getAttribute('src'))", both);
        with("const u=l.map(a=>a.href);u.indexOf(i.src)", both);
        with("const m={};m[a.href]=a;m[i.src]", both);
        with("if(a.href===location.href||a.href==''||i.src!=x)f()", &[]);
        with("i.src=a.href", &[]);
    }

    /// The URL of a custom property is relative to the style sheet that uses the property.
    #[test]
    fn custom_properties() {
        let is = |files: &[&str], sheet: &str, expected: &[&str]| {
            let files = files.iter().map(|path| (*path, ""));
            let sheets = [("css/x.css", sheet), ("y.css", "")];
            are(&files.chain(sheets).collect::<Vec<_>>(), expected);
        };
        let both = ["css/img/a.png", "img/a.png"];
        is(&both, ":root{--a:url(img/a.png)}", &both);
        is(&both, "a{--a: no-repeat url('img/a.png'), red; b:c}", &both);
        is(&both, "a{--a:{b:url(img/a.png)}}", &both);
        is(&both[1..], "a{--a:url(img/a.png)}", &both[1..]);
        is(&both[..1], "a{--a:url(img/a.png)}", &[]);
        is(&both, "a{--a:url(/img/a.png)}", &[]);
        is(&both, "a{--a:red;b:url(img/a.png)}", &[]);
        is(&both, "a{--a:{}}b{c:url(img/a.png)}", &[]);
        is(&both, "a{b:var(--a) url(img/a.png)}", &[]);
        is(&both, "a{b:var(--a);}b:hover{c:url(img/a.png)}", &[]);
        is(&both, "@media (--m){a:hover{b:url(img/a.png)}}", &[]);
        is(&both, "a{--b : red ; c:url(img/a.png)}", &[]);
        is(&both, "a{b:c;--d/**/:url(img/a.png)}", &both);
        page("<p style='--a:url(img/marker.png)'>", &["img/marker.png"]);
    }

    #[test]
    fn policies() {
        let policy = |csp: &str, expected: &[&str]| {
            page(&format!("<meta http-equiv=Content-Security-Policy content=\"{csp}\">"), expected);
        };
        policy("img-src https://other.example/img/marker.png", &["img/marker.png"]);
        policy(
            "img-src http://a.example:*/img/marker.png; style-src /x.css",
            &["img/marker.png", "x.css"],
        );
        policy("default-src 'self'; img-src https://other.example/img/", &[]);
    }

    #[test]
    fn other_texts() {
        are(&[("a.json", "{\"b\": [\"x.css\"]}"), ("x.css", "")], &["x.css"]);
        are(&[("a.js", ""), ("a.js.map", "{\"file\":\"a.js\"}")], &[]);
        are(&[("package.json", "{\"main\":\"x.css\"}"), ("x.css", "")], &[]);
        are(&[("a.gltf", "{\"uri\":\"x.css\"}"), ("x.css", "")], &["x.css"]);
        are(&[("a.xml", "<?xml-stylesheet href=\"/x.css\"?><a/>"), ("x.css", "")], &["x.css"]);
        are(&[("a.m3u8", "#EXTM3U\n#EXTINF:10,\nb.ts\n"), ("b.ts", "G")], &["b.ts"]);
        are(
            &[("a.css", "[src$='x.css']{}/* x.css */a{content:'x.css'}"), ("x.css", "")],
            &["x.css"],
        );
    }

    #[test]
    fn data_and_templates() {
        let is = |path: &str, text: &str, expected: &[&str]| {
            are(&[(path, text), ("img/logo.png", ""), ("x.css", "")], expected);
        };
        is("a.csv", "Logo,The logo of our house,img/logo.png\n", &["img/logo.png"]);
        is("a.yaml", "title: The logo of our house\nimage: img/logo.png\n", &["img/logo.png"]);
        is("a.toml", "image = 'img/logo.png'\n# x.css\n", &["img/logo.png"]);
        is("a.txt", "img/logo.png\nx.css\n", &["img/logo.png", "x.css"]);
        is("a.hbs", "<p>Our logo</p><img src=\"{{b}}/logo.png\">", &["img/logo.png"]);
        is("a.mustache", "<link href=/x.css>", &["x.css"]);
        is("a.vue", "<template><img src='img/logo.png'></template>", &["img/logo.png"]);
        is("a.tmx", "<map><image source=\"../img/logo.png\"/></map>", &["img/logo.png"]);
        is("a.vrt", "<V><SourceFilename>img/logo.png</SourceFilename></V>", &["img/logo.png"]);
        is("a.tsx", "<tileset><image source=\"logo.png\"/></tileset>", &["img/logo.png"]);
        is("a.czml", "[{\"image\":\"img/logo.png\"}]", &["img/logo.png"]);
        is("a.obj", "mtllib logo.png\n", &["img/logo.png"]);
        is("a.mtl", "map_Kd -s 1 1 1 logo.png\n", &["img/logo.png"]);
        is("a.cue", "FILE \"logo.png\" WAVE\n", &["img/logo.png"]);
        is("a.pls", "[playlist]\nFile1=logo.png\nTitle1=The logo\n", &["img/logo.png"]);
        is("a.m3u", "#EXTM3U\n#EXTINF:10,The logo\nlogo.png\n", &["img/logo.png"]);
        is("a.srt", "1\n00:00:01 --> 00:00:02\nimg/logo.png\n", &["img/logo.png"]);
        is("a.srt", "1\n00:00:01 --> 00:00:02\nWe show the logo.png here\n", &[]);
        is("a.kml", "<kml><href>img/logo.png</href></kml>", &["img/logo.png"]);
        is("a.gpx", "<gpx><link href=\"img/logo.png\"/></gpx>", &["img/logo.png"]);
        is("x.css.unheard-of", "x.css.unheard-of 1 2\n", &[]);
        is("a.txt", "Our logo is img/logo.png, and the style sheet x.css.\n", &[]);
        is("README.md", "`img/logo.png`\n\n    x.css\n", &[]);
    }

    #[test]
    fn a_json_manifest_that_a_page_links_has_references() {
        let manifest = "{\"icons\":[{\"src\":\"i.png\"}],\"x\":\"x.css\"}";
        let page = "<link rel=manifest href=manifest.json>";
        are(
            &[("i.png", ""), ("manifest.json", manifest), ("p.html", page), ("x.css", "")],
            &["x.css"],
        );
        are(
            &[("i.png", ""), ("manifest.json", manifest), ("p.html", ""), ("x.css", "")],
            &["i.png", "x.css"],
        );
    }

    #[test]
    fn common_names_have_to_lead_to_the_file() {
        let files = |text| [("a/index.js", ""), ("b/c.js", text), ("b/index.js", "")];
        are(&files("x('index.js')"), &["b/index.js"]);
        are(&files("x('../a/index.js')"), &["a/index.js"]);
        are(&files("x('c/index.js')"), &[]);
    }

    #[test]
    fn ends_of_urls() {
        script("a.endsWith('arker.png')", &["img/marker.png"]);
        script("a.endsWith('.css');q('[href$=\".png\"]')", &[]);
        script("q('[src$=ker.png]')", &["img/marker.png"]);
        script("q('[src*=\"ker.p\"]')", &["img/marker.png"]);
        script("q('[src*=\"marker\"],[src*=\"marker.\"],[src*=\".png\"]')", &[]);
        script("q('[src^=\"img/marker.p\"],[href^=\"/x.c\"]')", &["img/marker.png", "x.css"]);
        script("q('[src^=\"arker.p\"],[src^=\"img/\"]')", &[]);
        script("a.includes('ker.png');a.indexOf('x.c')", &["img/marker.png", "x.css"]);
        script("a.startsWith('/img/marker.p')", &["img/marker.png"]);
        script("/ker\\.png$/.test(a)", &["img/marker.png"]);
        page("<style>img[src*='ker.png']{}</style>", &["img/marker.png"]);
    }

    #[test]
    fn selectors_of_any_spelling() {
        let marker = &["img/marker.png"];
        for selector in [
            "[src$=ker\\.png]",
            "[src $= 'ker.png' ]",
            "[src$='ker.png' s]",
            "[src$=ker.png S]",
            "[src$='KER.png' i]",
            "[src$=KER.PNG I]",
            "[src*=\"KER.P\"i]",
            "[src^='IMG/MARKER.P' i ]",
            "[src='/img/MARKER.png' i]",
            "[src~='/IMG/marker.png' i]",
        ] {
            page(&format!("<style>{selector}{{}}</style>"), marker);
            script(&format!("q(`{selector}`)"), marker);
            script(&format!("q({:?})", format!("a>{selector}+b")), marker);
        }
        page("<style>[src$='ker\\2epng']{}</style>", marker);
        page("<style>[src$='\\6B er\\00002e png']{}</style>", marker);
        script("q('[src$=\"\\\\6b er.png\"]')", marker);
        page("<style>[src$='KER.png']{}[src$='KER.png' s]{}[alt='X' i]{}</style>", &[]);
        page("<style>[src='.png' i]{}[type='PNG' i]{}[src$='other.png' i]{}</style>", &[]);
    }

    #[test]
    fn a_base_decides_where_names_begin() {
        let with = |page: &str, expected: &[&str]| {
            are(&[("a/b/i.png", ""), ("a/i.png", ""), ("a/p.html", page)], expected);
        };
        with("<base href=b/><p data-a=./i.png>", &["a/b/i.png"]);
        with("<p data-a=./i.png>", &["a/i.png"]);
        with("<img src=i.png><base href=b/>", &["a/b/i.png", "a/i.png"]);
        with("<img src=/a/i.png><base href=b/><img src=i.png>", &[]);
    }

    #[test]
    fn scripts_that_ask_for_their_own_url() {
        let own = |text: &str, expected: &[&str]| {
            are(&[("g.js", text), ("g_bg.wasm", ""), ("h.js", "")], expected);
        };
        own("document.currentScript.src.replace(/js$/,'wasm')", &["g.js", "g_bg.wasm"]);
        own("import.meta.url.replace('.js','')", &["g.js", "g_bg.wasm"]);
        let both = &["g.js", "g_bg.wasm"];
        own("var s=document.currentScript;f(s.src)", both);
        own("function f(){let s=document.currentScript;return()=>s.getAttribute('src')}", both);
        own("document.currentScript.getAttribute('src')", both);
        own("f(document.currentScript)", both);
        own("var s=document.getElementsByTagName('script');f(s[s.length-1].src)", both);
        own("document.querySelector('script[src]').src", both);
        own("e.querySelector('script').textContent;x('a.js')", &[]);
        own("var s=document.currentScript;const {src}=s", both);
        own("var s=document.currentScript;s['src']", both);
        own("var s=document.currentScript;f(s);function f(e){e.src}", both);
        own("document.currentScript.dataset.a", &[]);
        own("var s=document.currentScript;s.getAttribute('a');s.remove()", &[]);
        own("function f(){let s=document.currentScript}function g(s){s.src}", &[]);
        own("e.querySelector('script[type=\"a/b\"]');x('a.js')", &[]);
        own("self.location.href", &["g.js", "g_bg.wasm"]);
        own("const {url} = import.meta", &["g.js", "g_bg.wasm"]);
        own("import.meta['url']", &["g.js", "g_bg.wasm"]);
        own("const {currentScript: s} = document", &["g.js", "g_bg.wasm"]);
        own("import.meta.env.BASE_URL;import.meta.hot", &[]);
        own("console.error('of ' + import.meta.url, e)", &[]);
        own("console.error(f(import.meta.url))", both);
        own(
            "for(s of document.getElementsByTagName('script'))/g(\\.min)?\\.js/.test(s.src)",
            &["g.js", "g_bg.wasm"],
        );
        own("new URL('g_bg.wasm',import.meta.url);new URL(x,import.meta.url)", &[]);
        own("document.getElementsByTagName('script')[0].before(x)", &[]);
        own("location.href;window.location", &[]);
        own("const s=document.currentScript;function f(){g(s)}", both);
        own("const s=document.currentScript;const t=s;()=>t.src", both);
        own("let s;s=document.currentScript;()=>s?.src", both);
        own("const s=document.currentScript||document.querySelector('script');s.src", both);
        own("const s=document.currentScript;function f(){return s.dataset.a}", &[]);
        own("const s=document.currentScript;if(s&&s.dataset)f(s.dataset.a)", &[]);
        own("(function(s){f(s.dataset.a)})(document.currentScript)", &[]);
        own("(function(s){f(s.src)})(document.currentScript)", both);
        own("const s=document.currentScript,f=(a,t)=>t.dataset.a;f(1,s)", &[]);
        own("document.querySelector('script[data-a]').src", both);
        own("document.querySelector('head script.b').getAttribute('src')", both);
        own("document.querySelector('script[data-a]').dataset.a", &[]);
        own("document.scripts[0].src", both);
        own("(()=>{const a=document.scripts;return a[a.length-1]})().src", both);
        own("const all=document.scripts;function f(){const s=all[all.length-1];g(s.src)}", both);
        own("[...document.scripts].find(s=>s.src.includes('x'))", both);
        own("for(const s of document.querySelectorAll('script'))f(s.src)", both);
        own("$('script').last().attr('src')", both);
        own("var s=document.getElementsByTagName('script')[0];s.parentNode.insertBefore(x,s)", &[]);
        own("for(const s of document.scripts)if(s.getAttribute('src')==u)f()", &[]);
        own("document.scripts[0].src=x;document.createElement('script').src=y", &[]);
        own("const u=import.meta.url;function f(){return new URL('x',u)}", both);
        own("new URL('',import.meta.url)", both);
        own("self.location.origin", &[]);
    }

    #[test]
    fn scripts_that_read_the_stack_of_an_error() {
        let own = |text: &str, expected: &[&str]| {
            are(&[("g.js", text), ("g_bg.wasm", ""), ("h.js", "")], expected);
        };
        let both = &["g.js", "g_bg.wasm"];
        own("new Error().stack.match(/https?:[^)]+/)[0]", both);
        own("const e=new Error;e.stack.split('\\n').map(l=>/(.*\\.js):/.exec(l))", both);
        own("try{throw Error()}catch(e){u=/at (.*):\\d+:\\d+/.exec(e.stack)[1]}", both);
        own("try{f()}catch(e){u=e.stack.split('http')[1]}", both);
        own("try{f()}catch({stack}){u=stack.split('http')[1]}", both);
        own("const {stack}=new Error;u=/https?:/.exec(stack)", both);
        own("function f(e){g(e.stack);function h(){new Error();()=>/https?:/}}", both);
        own("g(e.stack);function f(){throw Error()}const h=()=>['http']", both);
        own("try{f()}catch(e){console.error(e.stack)}", &[]);
        own("function f(){return Error().stack}function g(){fetch('https://a.example')}", &[]);
        own("function f(e){return /https?:/.exec(e.stack)}", &[]);
    }

    #[test]
    fn workers_that_ask_for_their_location() {
        let own = |text: &str, start: &str, expected: &[&str]| {
            are(&[("m.js", start), ("w.js", text), ("w.wasm", "")], expected);
        };
        let both = &["w.js", "w.wasm"];
        let start = "new Worker(new URL('w.js',import.meta.url))";
        own("fetch(location.href.replace('.js','.wasm'))", start, both);
        own("const l=location;fetch(l.pathname)", start, both);
        own("fetch(new URL('x',location));location.origin;location.search", start, &[]);
        own("location.href", "", &[]);
        own("location.href", "new Worker('w.js')", both);
        own("location.href", "navigator.serviceWorker.register('w.js')", &["w.wasm"]);
        let files = [
            ("m.js", start),
            ("p.js", "location.href"),
            ("w.js", "importScripts('p.js')"),
            ("w.wasm", ""),
        ];
        are(&files, &["p.js", "w.js", "w.wasm"]);
    }

    #[test]
    fn scripts_that_are_found_by_their_id() {
        let own = |text: &str, expected: &[&str]| {
            let page = "<script id=me src=g.js></script><script src=h.js></script><img id=i>";
            are(&[("g.js", ""), ("g_bg.wasm", ""), ("h.js", text), ("p.html", page)], expected);
        };
        let both = &["g.js", "g_bg.wasm"];
        own("document.getElementById('me').src", both);
        own("const s=document.querySelector('#me');()=>s.getAttribute('src')", both);
        own("document.getElementById('me').dataset.a", &[]);
        own("document.getElementById('i').src", &[]);
        let page =
            "<script id=me src=g.js></script><script>f(document.getElementById('me').src)</script>";
        are(&[("g.js", ""), ("h.js", ""), ("p.html", page)], &["g.js"]);
    }

    #[test]
    fn names_that_are_joined() {
        let own = |text: &str, expected: &[&str]| {
            are(
                &[
                    ("img/a.svg", ""),
                    ("img/logo.png", ""),
                    ("img/sub/b.svg", ""),
                    ("index.css", ""),
                    ("s.js", text),
                    ("t/icon-x.svg", ""),
                    ("t/index.css", ""),
                ],
                expected,
            );
        };
        let logo = &["img/logo.png"];
        own("f('img/lo'+'go.png')", logo);
        own("f('logo'+'.png')", logo);
        own("f(['img','logo.png'].join('/'))", logo);
        own("f(['logo','png'].join('.'))", logo);
        own("const e='.png';function g(){f('img/logo'+e)}", logo);
        own("const n='logo',e='png';f(`img/${n}.${e}`)", logo);
        own("const c={n:'logo'};f(c.n+'.png')", logo);
        own("f('logo.svg'.replace('svg','png'))", logo);
        own("f('x-logo.png'.slice(2))", logo);
        own("f('LOGO.PNG'.toLowerCase())", logo);
        own("f('img/logo'.concat('.png'))", logo);
        own("f('img,logo.png'.split(',').join('/'))", logo);
        own("f((dark?'logo':'other')+'.png')", logo);
        own("for(const n of ['logo','x'])f(n+'.png')", logo);
        own("['logo','x'].map(n=>f(`${n}.png`))", logo);
        own("const g=n=>f(n+'.png');g('logo')", logo);
        own("var u='img/';u+='logo';u+='.png';f(u)", logo);
        own("class A{b='img/lo';g(){f(this.b+'go.png')}}", logo);
        own("f('img/%s.png'.replace('%s','logo'))", logo);
        own("const t='img/{n}.png';f(t.replace('{n}',x))", logo);
        own("Object.keys({logo:1}).forEach(k=>f(k+'.png'))", logo);
        own("f(decodeURIComponent('img%2Flogo')+'.png')", logo);
        own("f(String.raw`img/lo${'go'}.png`)", logo);
        own("const g=()=>'.png';f('logo'+g())", logo);
        own("f('t/'+'index'+'.css')", &["t/index.css"]);
        own("f('index'+'.css')", &["index.css"]);
        own("f('my-lo'+'go.png')", &[]);
        own("f('please see lo'+'go.png for more')", &[]);
    }

    #[test]
    fn names_with_an_unknown_part() {
        let own = |text: &str, expected: &[&str]| {
            are(
                &[
                    ("img/a.svg", ""),
                    ("img/logo.png", ""),
                    ("img/sub/b.svg", ""),
                    ("s.js", text),
                    ("t/icon-x.svg", ""),
                ],
                expected,
            );
        };
        let drawings = &["img/a.svg", "img/sub/b.svg"];
        own("f(`img/${n}.svg`)", drawings);
        own("f('./img/'+n+'.svg?v=1')", drawings);
        own("f(base+'/img/'+n+'.svg')", drawings);
        own("f(base+'img/'+n+'.svg')", drawings);
        own("new URL(`./img/${n}.svg`,import.meta.url)", drawings);
        own("e.innerHTML='<img src=\"img/'+n+'.svg\">'", drawings);
        own("f('/static/img/'+n+'.svg')", drawings);
        own("f(`icon-${n}.svg`)", &["t/icon-x.svg"]);
        own("f(`${n}ogo.png`)", &["img/logo.png"]);
        own("f(('ximg/'+n+'.svg').slice(1))", drawings);
        own("f(('IMG/'+n+'.SVG').toLowerCase())", drawings);
        own("fetch('img/'+n)", &["img/a.svg", "img/logo.png", "img/sub/b.svg"]);
        own("const u='img/'+n;i.src=u", &["img/a.svg", "img/logo.png", "img/sub/b.svg"]);
        own("f('img/'+n)", &[]);
        own("f(n+'.svg');f('./'+n);fetch(n+'.svg')", &[]);
        own("f('other/'+n+'.svg')", &[]);
        own("f('https://cdn.example/img/'+n+'.svg')", &[]);
        own("f('Cannot load '+n+'.svg')", &[]);
        let near = [("a/b.json", ""), ("a/s.js", "fetch('./'+n+'.json')"), ("c/d.json", "")];
        are(&near, &["a/b.json"]);
    }

    #[test]
    fn urls_that_are_made_from_others() {
        let own = |text: &str, expected: &[&str]| {
            are(
                &[("a.js", text), ("b-dark.png", ""), ("b-light.png", ""), ("c.png", "")],
                expected,
            );
        };
        let both = &["b-dark.png", "b-light.png"];
        own("i.src=i.src.replace('light','dark')", both);
        own("i.src=i.src.replace(/-light\\.png$/,'-dark.png')", both);
        own("i.src=i.src.replace(/-light.png/,'-dark.png')", both);
        own("i.src=i.src.replaceAll('light','dark')", both);
        own("i.src=i.src.replace('light','night')", &[]);
        own("i.src=i.src.split('light').join('dark')", both);
        own("i.src=i.src.slice(0,-9)+'dark.png'", both);
        own("i.src=i.src.replace(/light|day/,m=>night[m])", both);
        own("i.src=i.src.replace('light',theme)", both);
        own("const [a]=i.src.split('-');i.src=a+'-dark.png'", both);
        own("const {src}=i;i.src=src.substring(0,src.indexOf('-'))+'-dark.png'", both);
        own("i.src=/(.+)-/.exec(i.src)[1]+'-dark.png'", both);
        own("i.src=i.getAttribute('data-src').replace(/-\\w+\\./,'-dark.')", both);
        own("i.src=i.currentSrc.replace(/(.*-).*(\\.png)/,'$1dark$2')", both);
        own("const u=i.src.split('-');u[1]='dark.png';i.src=u.join('-')", both);
        let handler = "<img src=b-light.png onclick=\"this.src=this.src.replace('light','dark')\">";
        are(&[("b-dark.png", ""), ("b-light.png", ""), ("p.html", handler)], both);
    }

    #[test]
    fn parts_of_names_that_scripts_take() {
        let own = |text: &str, expected: &[&str]| {
            let page = "<link rel=stylesheet href=/c/red.css><img src=/g/one.jpg>";
            are(
                &[("c/red.css", ""), ("g/one.jpg", ""), ("p.html", page), ("s.js", text)],
                expected,
            );
        };
        let picture = &["g/one.jpg"];
        own("f(C[i.src.match(/(\\w+)\\.jpg$/)[1]])", picture);
        own("f(/([^\\/]+)\\.[a-z]+$/.exec(i.src)[1])", &["c/red.css", "g/one.jpg"]);
        own("f(i.src.replace(/^.*\\//,'').replace(/\\.jpg$/,''))", picture);
        own("f(i.src.replace('.jpg',''))", picture);
        own("f(i.src.slice(i.src.lastIndexOf('/')+1,-4))", picture);
        own("const u=i.src,n=u.lastIndexOf('.');f(u.substring(0,n))", picture);
        own("f(l.href.replace(/.*\\/(.*)\\.css/,'$1'))", &["c/red.css"]);
        own("i.src=i.src.replace(/\\w+\\.jpg$/,l+'.jpg')", picture);
        own("i.src=i.src.replace(/[a-z]{3}\\.jpg$/,l)", picture);
        own("i.src=i.src.replace(/[^/]+$/,l);f(i.src.match(/\\.(\\w+)$/)[1])", &[]);
        own(
            "f(i.src.replace(/^https?:/,''),i.src.match(/[^/]+$/)[0],i.src.match(/^(.*)$/)[1])",
            &[],
        );
        own("f(i.src.split('?')[0],i.src.slice(0,i.src.indexOf('?')),i.src.slice(5))", &[]);
        own("f(i.src.slice(0,i.src.lastIndexOf('/')),i.src.replace(/[?#].*/,''))", &[]);
        own("f(a.href.replace(/.*(?=#)/,''))", &[]);
        own("f(i.src.replace(/(?<=\\/)\\w+/,''))", picture);
        own("if(i.src.substr(-9)=='minus.png')i.src=i.src.slice(0,-9)+'plus.png'", &[]);
        own("f(i.src.split('.').slice(0,-1).join('.'))", picture);
        own("f(s.src.slice(0,s.src.indexOf('`')),s.src.slice(1,-1))", &[]);
        own(
            "for(const {src} of document.images)f(src.split('/').pop().replace('.jpg',''))",
            picture,
        );
        own("Array.from(document.images,({src})=>src.split('/').pop().slice(0,-4))", picture);
        own("m.map(({target:{src:u}})=>f(u.match(/(\\w+)\\.jpg$/)[1]))", picture);
        own("function n({src:u='x'}){return u.replace('.jpg','')}n(i)", picture);
        own("f(i.src.replace(/.*\\/|\\.[^.]*$/g,''))", &["c/red.css", "g/one.jpg"]);
        own("f(i.src.replace(/.*\\//g,''),i.src.replace(/\\//g,'-'))", &[]);
        own("f(i.src.replace(/\\.jpg$/g,'.png'))", &[]);
        let both = &["c/red.css", "g/one.jpg"];
        own("f(i.getAttribute('src').split('.')[1])", both);
        own("const [n,e]=i.src.split('.')", both);
        own("let e;[,e]=i.src.split('.')", both);
        own("const p=i.getAttribute('src').split('/')[1].split('.');f(p[0]+p[1])", both);
        own("const p=i.src.split(/[./]/);f(p[p.length-2])", both);
        own("f(i.src.split('.').at(-2))", both);
        own("f(i.src.split('.').reverse()[1])", both);
        own("const p=i.src.split('.');p.pop();f(p.join('.'))", picture);
        own("if(i.src.split('.').length>3)f()", both);
        own("const p=i.src.split('.');if(p.length===2)f()", both);
        own("if(i.src.split('/').length>3||s.split('.').length>2)f()", &[]);
        own("f(i.src.split('.').splice(0,1)[0])", picture);
        own("const p=i.src.split('.');p.splice(-1,0,'x')", picture);
        own("const o={n(u){return u.slice(0,-4)}};f(o.n(i.src))", picture);
        own("const o={'n':u=>u.slice(0,-4)};f(o.n(i.src))", picture);
        own("class A{n(u){return u.replace('.jpg','')}g(){f(this.n(i.src))}}", picture);
        own("const o={n:u=>u.split('/').pop()};f(o.n(i.src).replace('.jpg',''))", picture);
        own("let src;({src}=i);f(src.replace('.jpg',''))", picture);
        own("f(i.src.split('.').reverse()[0],i.src.split('.').join('.'))", &[]);
        own("const p=i.src.split('.');f(p[0],p[p.length-1],p.at(-1));const [n]=p", &[]);
        own("const p=i.src.split('/');f(p[1],p[p.length-1],p.at(-2));const [a,b,c,d]=p", &[]);
        own("f(s.split('.')[1]);const [a,b]=s.split('.')", &[]);
        own("f(s.match(/(\\w+)\\.jpg$/)[1])", &[]);
    }

    #[test]
    fn elements_that_are_found_by_a_pattern() {
        let own = |text: &str, expected: &[&str]| {
            let page = "<link rel=stylesheet href=/c/theme.css><link rel=stylesheet href=/c/a.css>\
                        <img src=/pic/day.jpg>";
            let files =
                [("c/a.css", ""), ("c/theme.css", ""), ("p.html", page), ("pic/day.jpg", "")];
            are(&[&files[..], &[("s.js", text)]].concat(), expected);
        };
        let (sheet, picture) = (&["c/theme.css"], &["pic/day.jpg"]);
        // Of any text, those that find few files count.
        own("/theme(\\.min)?\\.css/.test(x)", sheet);
        own("f(/(theme|style)\\.css/)", sheet);
        own("f(/[Tt]heme\\.css/)", sheet);
        own("f(/theme(?:-\\w+)?[.]css$/)", sheet);
        own("f(/theme.css(\\?.*)?$/)", sheet);
        own("f(/DAY\\.(png|jpe?g)$/i)", picture);
        own("f(/^(day|night)\\.jpg$/)", picture);
        own("f(/DAY\\.jpg$/i)", picture);
        own("f(/\\/pic\\/[a-z]+\\.jpg$/)", picture);
        own("f(new RegExp('(theme|style)\\\\.css'))", sheet);
        own("f(RegExp(`/th${x}\\\\.css$`))", sheet);
        own("f(/\\/[a-z]+\\.jpg$/,/^[\\w-]+\\.css$/)", &[]);
        own(
            "f(/day/,/theme(-x)?$/,/theme.*\\.css$/,/day\\d+\\.(png|jpg)$/,/theme.min\\.css/)",
            &[],
        );
        own("f(new RegExp('(^|\\\\s)'+x+'(\\\\s|$)'))", &[]);
        // An element's URL is tested.
        own("/\\/[a-z]+\\.jpg$/.test(i.src)", picture);
        own("i.src.match(/d[a]y.jpg/)", picture);
        own("i.src.search(/\\/\\w+\\.jpg/)", picture);
        own("i.src.match('day.jpg$')", picture);
        own("const r=/\\/[a-z]+\\.jpg$/;f(()=>r.test(i.src))", picture);
        own("new RegExp('/'+t+'\\\\.jpg$').test(i.src)", picture);
        own(
            "const r=RegExp(`/${t}\\\\.(css|less)$`,'i');r.test(l.href)",
            &["c/a.css", "c/theme.css"],
        );
        own("new RegExp(t).test(i.src);i.src.match(t);new RegExp('\\\\b'+t).test(i.src)", &[]);
        own("/\\.jpe?g$/i.test(i.src);/^https?:/.test(i.src);/[?#]/.test(i.src)", &[]);
        own("/^(?!data:).*$/.test(i.src);/^\\//.test(i.src)", &[]);
    }

    #[test]
    fn elements_that_are_found_by_a_joined_name() {
        let own = |text: &str, expected: &[&str]| {
            are(&[("c/dark.css", ""), ("i.png", ""), ("js/a.js", text)], expected);
        };
        let sheet = &["c/dark.css"];
        own("q(\"link[href$='/\"+m+\".css']\")", sheet);
        own("q(`link[href*=\"${m}.css\"]`)", sheet);
        own("q(`link[href$=${m}.css]`)", sheet);
        own("l.find(s=>s.href.endsWith(m+'.css'))", sheet);
        own("l.find(s=>s.href.includes(`/${m}.css`))", sheet);
        own("l.find(s=>s.endsWith(m+'.css'));q('[title$=\"'+m+'.css\"]')", &[]);
        own("l.find(s=>s.href.endsWith('.'+m))", &[]);
        own("if(l.getAttribute('href')==m+'.css')f()", sheet);
        own("if(p+m+'.css'!==l.href)f()", sheet);
        own("const r={};r.u=m=>m+'.css';function h(a){return l.href===a}h(r.p+r.u(1))", sheet);
        own("const r={u(m){return ''+m+'.css'}};r.l=a=>l.href==a;r.l(r.p+r.u(1))", sheet);
        own("l.disabled=l.href.split('/').pop()!==`${m}.css`", sheet);
        own("const f=l.href.substring(l.href.lastIndexOf('/')+1);f===m+'.css'", sheet);
        own("switch(l.href.split('/').pop()){case m+'.css':f()}", sheet);
        own("const on=new Set([m+'.css']);on.has(l.href.split('/').pop())", sheet);
        own("[`${m}.css`].includes(l.getAttribute('href'))", sheet);
        own("new Map([[m+'.css',1]]).get(l.href)", sheet);
        own("[m+'.css'].some(n=>n===l.href)", sheet);
        own("new Set([m+'.css']).has(m);[m+'.css'].includes('x')", &[]);
        own("const s={};s[l.href.split('/').pop()]=l;s[m+'.css'].disabled=1", sheet);
        own("const s=new Map;s.set(l.getAttribute('href'),l);s.get(`${m}.css`)", sheet);
        own("const s=[];s.push(l.href);s.includes(m+'.css')", sheet);
        own("const s={},t={};s[l.href]=l;t[m+'.css']=l;s[m+'/x']=l", &[]);
        own("path.basename(l.href)===m+'.css'", sheet);
        own("l.getAttributeNode('href').value===m+'.css'", sheet);
        own("l.href.lastIndexOf(m+'.css')", sheet);
        own("q(`link[href=\"${m}.css\"]`)", sheet);
        own("e.innerHTML=`<a href=\"${m}.css\">`+'['+`<a href=${m}.css>`", &[]);
        own("if(l.title==m+'.css')f();if(l.href==''||l.href==m||l.href==m+'/')f()", &[]);
    }

    #[test]
    fn a_default_is_one_of_the_values() {
        let own = |text: &str| {
            let text = format!("{text};l.disabled=l.href.split('/').pop()!==`${{t}}.css`");
            are(
                &[("dark.css", ""), ("js/a.js", &text), ("light.css", "")],
                &["dark.css", "light.css"],
            );
        };
        own("const t=localStorage.t||'dark'");
        own("const t=localStorage.t??'dark'");
        own("const t=localStorage.t?localStorage.t:'dark'");
        own("let t='dark';if(localStorage.t)t=localStorage.t");
        own("const {t='dark'}=localStorage");
        own("const {o:{t='dark'}}=localStorage");
        own("const [t='dark']=localStorage.t.split()");
        own("const o={t:'dark'};Object.assign(o,localStorage);const t=o.t");
        own("const o={t:'dark'};o[k]=localStorage.t;const {t}=o");
        let with = |parameter: &str, body: &str| {
            let text = format!("function g({parameter}){{{body}}}g(localStorage.t)");
            are(
                &[("dark.css", ""), ("js/a.js", &text), ("light.css", "")],
                &["dark.css", "light.css"],
            );
        };
        with("t='dark'", "l.href.endsWith(t+'.css')");
        with("{t='dark'}", "l.href==t+'.css'");
        with("{t}={t:'dark'}", "l.href==t+'.css'");
    }

    #[test]
    fn extensions_before_the_last_one() {
        let own = |text: &str, expected: &[&str]| {
            are(
                &[("1.chunk.js", ""), ("2.js", ""), ("a.js", text), ("d/3.chunk.css", "")],
                expected,
            );
        };
        own("f(e+'.chunk.js')", &["1.chunk.js"]);
        own("f(e+'.chunk.css')", &["d/3.chunk.css"]);
        own("f(e+'.js');f(e+'.b.js');f(e+'.bundle.js')", &[]);
    }

    #[test]
    fn functions_that_call_themselves() {
        let loops = "f=n=>n?f(n-1)+f(n-2):o.g(n)+o.h(n);o.g=n=>o.h(n)+f(n);o.h=n=>o.g(n)+o.h(n);";
        script(&format!("const o={{}},{loops}i.src=f(1)+'.png';i.src==f(2)+'/x.css'"), &["x.css"]);
    }

    /// The number of files that keep their name in a site with that many pictures, one more, a style
    /// sheet, a script, and a page with all pictures. `LIST` is the one of the pictures' names, without
    /// their extensions.
    fn many(count: usize, name: impl Fn(usize) -> String, extensions: &str, text: &str) -> usize {
        let names: Vec<_> = (0..count).map(name).collect();
        let list = names.iter().map(|name| format!("'{name}',")).collect::<String>();
        let text = text.replace("LIST", &format!("[{list}]"));
        let mut pictures = Vec::new();
        for name in &names {
            pictures.extend(extensions.split(' ').map(|it| format!("img/a-{name}.{it}")));
        }
        let page: String = pictures.iter().map(|it| format!("<img src=/{it}>")).collect();
        let mut files: Vec<_> = pictures.iter().map(|path| (path.as_str(), "")).collect();
        files.extend([("img/zz.png", ""), ("page.html", &page), ("s.js", &text), ("x.css", "")]);
        files.sort_unstable();
        pinned(&files, Rename::Safe).len()
    }

    #[test]
    fn names_of_long_lists() {
        let photo = |at: usize| format!("photo{at:04}");
        for count in [60, 66, 80] {
            let all = |text: &str| assert_eq!(many(count, photo, "png", text), count, "{text}");
            all("for(const n of LIST)f('a-'+n+'.png')");
            all("LIST.map(n=>f(`img/a-${n}.png`))");
            all("const l=LIST;f('img/'+('a-'+l[k]).concat('.png'))");
            all("let p='img/a-';p+=LIST[k];p+='.png';f(p)");
            all("const o={a:'zz',n:LIST};for(const n of o.n)f(['img','a-'+n+'.png'].join('/'))");
            all("for(const n of LIST)f('img/a-{n}.png'.replace('{n}',n))");
            all("for(const n of LIST)f(('x'+'img/a-'+n+'.png').slice(1))");
            all("for(const n of LIST)f(i.src.replace('-'+n,''))");
            all("const l=LIST;f(i.src.replace(l[k],''))");
            all("for(const n of LIST)f(i.src.replace(n,''))");
            all("for(const n of LIST)f(i.src.match(new RegExp('(.*'+n+').png$'))[1])");
        }
        for text in [
            "for(const n of LIST)f('a-'+n+'.png')",
            "let p='img/a-';p+=LIST[k];p+='.png';f(p)",
            "for(const n of LIST)f(('x'+'img/a-'+n+'.png').slice(1))",
            "const l=LIST;f(i.src.replace(l[k],''))",
            "for(const n of LIST)f(i.src.match(new RegExp('(.*'+n+').png$'))[1])",
        ] {
            assert_eq!(many(5000, photo, "png", text), 5000, "{text}");
        }
        let calls: String = (0..70).map(|at| format!("g('{}');", photo(at))).collect();
        let calls = format!("function g(n){{f('a-'+n+'.png')}}{calls}");
        assert_eq!(many(70, photo, "png", &calls), 70);
    }

    #[test]
    fn names_of_long_lists_with_each_extension() {
        let photo = |at: usize| format!("photo{at:04}");
        for count in [32, 40, 80, 3000] {
            let all = |text: &str| {
                assert_eq!(many(count, photo, "png webp", text), 2 * count, "{text}");
            };
            all("for(const n of LIST)for(const e of ['png','webp'])f('img/a-'+n+'.'+e)");
            all("for(const n of LIST)for(const e of ['png','webp'])f(`a-${n}.${e}`)");
            all("for(const n of LIST)f('img/a-'+n+(w?'.png':'.webp'))");
        }
    }

    #[test]
    fn names_of_long_lists_with_nothing_in_common() {
        let name = |at: usize| format!("{}{at}", char::from(b'a' + (at % 26) as u8));
        assert_eq!(many(80, name, "png", "for(const n of LIST)f('a-'+n+'.png')"), 80);
        // Where not all names are kept, the extension is enough.
        assert_eq!(many(5000, name, "png", "for(const n of LIST)f('a-'+n+'.png')"), 5000);
        assert_eq!(many(5000, name, "png", "for(const n of LIST)f(b+n+'.png')"), 5001);
        // The names that are kept count by themselves.
        let removed = "for(const n of LIST)f(i.src.replace(n,''))";
        assert!(many(5000, name, "png", removed) >= 4096);
        assert_eq!(many(5000, name, "png", "for(const n of LIST)f(n)"), 0);
    }

    #[test]
    fn variables_that_are_made_of_themselves() {
        let ends = |text: &str| script(&format!("{text};a('x.css')"), &["x.css"]);
        ends("function f(...l){l=l.reverse();for(const n of l)g('img/'+n)}");
        ends("let l;l=l.filter(Boolean);for(const n of l)g('img/'+n)");
        ends("var a=b.filter(x),b=a.filter(x);g(a.join('/'))");
        ends("var a=b.reverse(),b=Object.values(a);g(a.join('/'))");
        ends("var s=new Set(s);for(const i of document.images)s.has(i.src)");
        ends("var s=new Set(t),t=new Map(s);for(const i of document.images)t.has(i.src)");
        ends("let n=(n);i.src.slice(n)");
        ends("let n=(m),m=(n);i.src.slice(0,n)");
        ends("let p=(p);p.test(i.src);i.src.replace(p,'')");
        ends("let l=(l);i.src.split(l)[1];l.split('.')[1];l.has(i.src);f(l.a+l[0]+'/')");
        ends("let o={get:o.get};f(o.get()+'/');class A{b=this.b+'/'}f((new A).b+'/')");
        ends("let f=()=>f;f().has(i.src);g(f()+'/'+f().a)");
        // Each of these would be looked at 2^60 times.
        ends("let l=[l[0]+l[1],l[0]+l[1]];g(l[0]+'/')");
        ends("let l=[l.join()+l.join(),l.join()];g(l.join('/')+'/')");
        ends("let o={a:o.a+o.b,b:o.a+o.b};g(o.a+'/')");
        let chain = |value: &dyn Fn(usize) -> String| (1..60).map(value).collect::<String>();
        let lists = chain(&|at| format!("l{at}=[l{0}[0],l{0}[0]+1],", at - 1));
        ends(&format!("let l0=[x],{lists}z;g(l59[0]+'/')"));
        let joined = chain(&|at| format!("l{at}=[l{0}.join(),l{0}.join(1)],", at - 1));
        ends(&format!("let l0=[x],{joined}z;g(l59.join('/')+'/')"));
        let objects = chain(&|at| format!("o{at}={{a:o{0}.a+o{0}.b,b:o{0}.a}},", at - 1));
        ends(&format!("let o0={{a:x}},{objects}z;g(o59.a+'/')"));
    }

    #[test]
    fn patterns_in_patterns() {
        let (lists, defaults) = ("[".repeat(60), "=1]".repeat(60));
        script(&format!("const {lists}x{defaults}=v;a('x.css')"), &["x.css"]);
        script(&format!("function f({lists}x{defaults}){{a('x.css')}}f(1)"), &["x.css"]);
        let (objects, defaults) = ("{a:".repeat(60), "=1}".repeat(60));
        script(&format!("const {objects}x{defaults}=v;a('x.css')"), &["x.css"]);
        script("const [{b='x.'}=1]=v;a(b+'css')", &["x.css"]);
        script("const [[b=1]=['x.']]=v;a(b+'css')", &["x.css"]);
        script("const {b:[c=1]=['x.']}=v;a(c+'css')", &["x.css"]);
    }

    #[test]
    fn modules_that_are_imported_by_a_computed_name() {
        let own = |text: &str, expected: &[&str]| {
            are(&[("a.js", text), ("b.css", ""), ("m/c.js", ""), ("m/d.mjs", "")], expected);
        };
        own("import(`./m/${x}.js`)", &["m/c.js", "m/d.mjs"]);
        own("import('./m/' + x + '.js')", &["m/c.js", "m/d.mjs"]);
        own("import(x + '/m/')", &[]);
        own("import(`./n/${x}.js`)", &[]);
    }

    #[test]
    fn what_keeps_its_bytes_keeps_the_names_in_it() {
        are(
            &[("a-DOIkT6lI.css", "@import 'b.css';a{b:url(c.png)}"), ("b.css", ""), ("c.png", "")],
            &["b.css", "c.png"],
        );
    }

    #[test]
    fn names_in_other_letters() {
        are(
            &[("a.js", "x('b\\u00e4.png','c%20d.png')"), ("bä.png", ""), ("c d.png", "")],
            &["bä.png", "c d.png"],
        );
    }
}
