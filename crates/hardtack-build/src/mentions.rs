//! Pins the assets whose names stand where they cannot be rewritten.
//!
//! A reference is rewritten when its target is renamed. Any other place where code has a file's
//! name is a *mention*: a string by which a script fetches the file, finds its element, or knows
//! that it was loaded. An asset that is mentioned keeps its name everywhere, so that no file ever
//! has two names in use.

mod names;
mod own_url;
mod replaced;
mod token;

use rayon::prelude::*;

use crate::{Place, Role, digest::Form, references::Referenced, rename::Renaming};

use names::Names;
use replaced::replaced;

/// Pins the assets that are mentioned.
pub(crate) fn pin(referenced: &mut Referenced, at: &str) {
    let names = Names::of(referenced, at);
    let texts = (0..referenced.assets.len()).into_par_iter();
    let pins: Vec<_> = texts.flat_map_iter(|index| pins_of(index, referenced, &names)).collect();
    let of_replacements = pins_of_replacements(referenced);
    for Pin { target, by, offset, what } in pins.into_iter().chain(of_replacements) {
        // Most are pinned already, and to count lines takes time.
        if referenced.assets[target].role == Role::Hashed {
            referenced.pin(target, format!("{}{what}", referenced.location(by, offset)));
        }
    }
}

/// A pinned asset, with the reason: an offset in another asset.
struct Pin {
    target: usize,
    by: usize,
    offset: usize,
    what: &'static str,
}

/// The assets that one asset pins.
fn pins_of(by: usize, referenced: &Referenced, names: &Names) -> Vec<Pin> {
    let (references, passages) = (&referenced.references[by], &referenced.passages[by]);
    let pin = |(offset, target), what| Pin { target, by, offset, what };
    let mut pins = Vec::new();
    if referenced.frozen[by] {
        let places = references.iter().map(|one| (one.link.span.start, one.target));
        pins.extend(places.map(|it| pin(it, LINK)));
    }
    if let Some(offset) = passages.own_url {
        let alike = own_url::named_alike(by, &referenced.assets);
        pins.extend(alike.map(|target| pin((offset, target), OWN_URL)));
    }
    for (offset, beginning) in &passages.beginnings {
        let modules = names.modules_below(by, beginning).into_iter();
        pins.extend(modules.map(|target| pin((*offset, target), BEGINNING)));
    }
    let mentioned = names.mentioned(by, referenced.text(by), passages, references).into_iter();
    pins.extend(mentioned.map(|it| pin(it, NAME)));
    pins
}

/// The assets of which a script makes one's URL from another's.
fn pins_of_replacements(referenced: &Referenced) -> Vec<Pin> {
    let all = referenced.passages.iter().enumerate();
    let all = all.flat_map(|(by, passages)| {
        let replacements = passages.replacements.iter();
        replacements.map(move |(offset, [from, to])| ((from.as_str(), to.as_str()), by, *offset))
    });
    let found = replaced(all.clone().map(|(texts, ..)| texts).collect(), &referenced.assets);
    let pins = all.flat_map(|(texts, by, offset)| {
        let targets = found.get(&texts).into_iter().flatten();
        targets.map(move |target| Pin { target: *target, by, offset, what: REPLACED })
    });
    pins.collect()
}

const LINK: &str = " refers to it, and keeps its bytes";
const OWN_URL: &str = " asks for its own URL, and may make names from it";
const BEGINNING: &str = " may import it by a name that it makes";
const NAME: &str = " names it";
const REPLACED: &str = " may make a URL from another by replacing a part";

impl Referenced {
    /// A place in an asset, for people.
    fn location(&self, index: usize, offset: usize) -> String {
        let Place { line, column } = Place::at(self.text(index), offset);
        format!("{}:{line}:{column}", self.assets[index].logical_path)
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
        let targets = self.references[index].iter();
        let pins: Vec<_> = targets
            .map(|it| {
                let place = self.location(index, it.link.span.start);
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
        own(
            "for(s of document.getElementsByTagName('script'))/g(\\.min)?\\.js/.test(s.src)",
            &["g.js", "g_bg.wasm"],
        );
        own("new URL('g_bg.wasm',import.meta.url);new URL(x,import.meta.url)", &[]);
        own("document.getElementsByTagName('script')[0].before(x)", &[]);
        own("location.href;window.location", &[]);
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
        own("i.src=i.src.replace(/-light.png/,'-dark.png')", &[]);
        own("i.src=i.src.replaceAll('light','dark')", both);
        own("i.src=i.src.replace('light','night')", &[]);
        let handler = "<img src=b-light.png onclick=\"this.src=this.src.replace('light','dark')\">";
        are(&[("b-dark.png", ""), ("b-light.png", ""), ("p.html", handler)], both);
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
