//! The second stage: which asset refers to which, and where.
//!
//! A format is one module here; it finds the links in a file's text. What they lead to is the
//! same for all formats, and decided in [`url`].

mod attribute;
mod css;
mod html;
mod import_map;
mod javascript;
mod json;
mod literal;
mod source_map;
mod srcset;
mod svg;
mod url;
mod web_manifest;

pub(crate) use literal::{Literal, LiteralKind};
pub(crate) use url::{resolve as resolve_url, split as split_url};

use std::{
    collections::{BTreeSet, HashMap},
    mem,
    ops::Range,
    path::{Path, PathBuf},
};

use rayon::prelude::*;

use import_map::ImportMap;

use crate::{
    Error, LeftOut, MissingTarget, Place, Problem, ProblemKind, Role, Settings,
    digests::{DigestPlace, Form, Subject},
    rewrite::Quoting,
    scan::{Asset, Scanned},
};

/// What a format's module finds in a text.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// In no particular order.
    links: Vec<Link>,
    /// What a person should know, and the offset that it is about.
    remarks: Vec<(usize, String)>,
    /// The offsets of URLs that are computed.
    computed: Vec<usize>,
    /// The specifiers of modules that are left to import maps.
    bare: Vec<String>,
    import_map: Option<ImportMap>,
    /// The URL that the links are relative to, if it is not that of the file.
    base: Option<String>,
    /// Where names may stand that are no links. Sorted, and apart.
    literals: Vec<Literal>,
    /// Ends of URLs by which code looks for a file, with their offsets.
    ends: Vec<(usize, String)>,
    /// Where code asks for the URL that it was loaded from.
    own_url: Option<usize>,
    /// The URLs of service workers.
    service_workers: Vec<String>,
    /// The scripts and the styles that stand in a page.
    inline: Vec<Range<usize>>,
}

impl Found {
    /// Nothing, but one thing to know.
    fn remark(offset: usize, text: &str) -> Self {
        Self { remarks: vec![(offset, text.to_owned())], ..Self::default() }
    }

    fn take_passages(&mut self) -> Passages {
        let mut literals = mem::take(&mut self.literals);
        literals.sort_unstable_by_key(|literal| literal.span.start);
        let ends = mem::take(&mut self.ends);
        let inline = mem::take(&mut self.inline);
        Passages { literals, ends, own_url: self.own_url, inline }
    }

    /// Takes in what was found in a part of the text that begins at an offset.
    fn absorb(&mut self, part: Self, offset: usize) {
        self.links.extend(part.links.into_iter().map(|link| link.shift(offset)));
        self.remarks.extend(part.remarks.into_iter().map(|(at, text)| (at + offset, text)));
        self.computed.extend(part.computed.into_iter().map(|at| at + offset));
        self.bare.extend(part.bare);
        let import_map = part.import_map.map(|import_map| import_map.shift(offset));
        self.import_map = self.import_map.take().or(import_map);
        self.literals.extend(part.literals.into_iter().map(|literal| literal.shift(offset)));
        self.ends.extend(part.ends.into_iter().map(|(at, end)| (at + offset, end)));
        self.service_workers.extend(part.service_workers);
    }
}

/// Why the links in a text could not be found.
#[derive(Debug)]
pub(crate) struct Fault {
    offset: usize,
    kind: ProblemKind,
}

/// A URL that stands in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// Where it stands, without its quotes.
    pub(crate) span: Range<usize>,
    /// The URL, without the escapes of the text's format.
    pub(crate) url: String,
    /// How to write another URL into its place.
    quoting: Quoting,
    /// Whether the URL stands there as it is, without escapes.
    is_verbatim: bool,
    if_missing: IfMissing,
    /// Whether a module imports what it leads to, statically.
    is_import: bool,
    /// Where the integrity of what it leads to is said, if it is.
    pub(crate) integrity: Option<IntegrityPlace>,
    /// For a mapping that is put into an import map there: the specifier.
    specifier: Option<String>,
}

/// What it means that there is no such asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum IfMissing {
    /// What the settings say.
    Error,
    /// A warning at most: nobody but a developer misses it.
    Warn,
    /// Nothing: it may be none.
    Ignore,
}

/// Where `integrity` stands, or is to be put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IntegrityPlace {
    pub(crate) span: Range<usize>,
    /// What precedes and follows the value there.
    pub(crate) around: (&'static str, &'static str),
}

impl IntegrityPlace {
    fn shift(self, offset: usize) -> Self {
        let span = self.span.start + offset..self.span.end + offset;
        Self { span, ..self }
    }
}

impl Link {
    fn new(text: &[u8], span: Range<usize>, url: String, quoting: Quoting) -> Self {
        let is_verbatim = text[span.clone()] == *url.as_bytes();
        let if_missing = IfMissing::Error;
        Self {
            span,
            url,
            quoting,
            is_verbatim,
            if_missing,
            is_import: false,
            integrity: None,
            specifier: None,
        }
    }

    /// A mapping that does not stand in the text.
    fn mapping(offset: usize, specifier: &str, url: String) -> Self {
        let link = Self::new(&[], 0..0, url, Quoting::JavaScript);
        Self { specifier: Some(specifier.to_owned()), ..link }.shift(offset)
    }

    fn if_missing(self, if_missing: IfMissing) -> Self {
        Self { if_missing, ..self }
    }

    fn shift(mut self, offset: usize) -> Self {
        self.span = self.span.start + offset..self.span.end + offset;
        self.integrity = self.integrity.map(|place| place.shift(offset));
        self
    }

    /// What to put where, so that a part of the URL is replaced.
    ///
    /// Where the URL is written without escapes, only that part is touched.
    pub(crate) fn replace(&self, part: Range<usize>, with: &str) -> (Range<usize>, String) {
        if self.is_verbatim {
            let start = self.span.start;
            return (start + part.start..start + part.end, with.to_owned());
        }
        let mut url = self.url.clone();
        url.replace_range(part, with);
        let written = self.quoting.write(&url);
        let span = self.span.clone();
        match &self.specifier {
            None => (span, written),
            Some(name) => (span, format!("\"{}\":\"{written}\",", self.quoting.write(name))),
        }
    }
}

/// A link that leads to another asset.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    pub(crate) link: Link,
    /// Index of the asset that it leads to.
    pub(crate) target: usize,
}

/// What stands in a text beside its references.
#[derive(Debug, Default)]
pub(crate) struct Passages {
    /// Where names may stand that are no references. Sorted, and apart.
    pub(crate) literals: Vec<Literal>,
    /// Ends of URLs by which code looks for a file, with their offsets.
    pub(crate) ends: Vec<(usize, String)>,
    /// Where code asks for the URL that it was loaded from.
    pub(crate) own_url: Option<usize>,
    /// The scripts and the styles that stand in a page.
    pub(crate) inline: Vec<Range<usize>>,
}

/// The assets, and the references in each of them, in the order of the text.
#[derive(Debug)]
pub(crate) struct Referenced {
    pub(crate) assets: Vec<Asset>,
    pub(crate) references: Vec<Vec<Reference>>,
    pub(crate) passages: Vec<Passages>,
    /// Whether an asset keeps its bytes, so that its references stay as they are.
    pub(crate) frozen: Vec<bool>,
    /// The digests in each asset that are to be put right, in the order of the text.
    pub(crate) digests: Vec<Vec<DigestPlace>>,
    /// The same of those in rules, by how they are written.
    pub(crate) digests_in_rules: HashMap<String, (Form, Vec<Subject>)>,
    /// The assets that each imports statically.
    pub(crate) imports: Vec<Vec<usize>>,
    /// Where the integrity of a page's modules is to be said, by the index of the page.
    pub(crate) module_integrity: HashMap<usize, IntegrityPlace>,
    pub(crate) left_out: Vec<LeftOut>,
    /// What the settings let pass.
    pub(crate) warnings: Vec<Problem>,
}

impl Referenced {
    /// What is only of interest to people: the files that were left out, and the warnings.
    pub(crate) fn take_remarks(&mut self) -> (Vec<LeftOut>, Vec<Problem>) {
        (mem::take(&mut self.left_out), mem::take(&mut self.warnings))
    }
}

/// Finds the references in all assets.
///
/// A reference that leads to no asset is an error, or a warning if the settings say so; all of
/// them are told at once.
pub(crate) fn references(scanned: Scanned, settings: &Settings) -> Result<Referenced, Error> {
    let Scanned { mut assets, left_out } = scanned;
    let targets = Targets::new(&assets, settings);
    let found: Vec<_> = assets.par_iter().map(|asset| targets.of(asset, settings)).collect();
    let bare: BTreeSet<_> = found.iter().flat_map(|found| found.bare.iter().cloned()).collect();
    let (mut references, mut errors, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
    let mut imports = Vec::new();
    let mut module_integrity = HashMap::new();
    let mut passages = Vec::new();
    let mut service_workers = Vec::new();
    for (index, mut of_asset) in found.into_iter().enumerate() {
        of_asset.references.extend(targets.mappings(&of_asset, &bare));
        module_integrity.extend(of_asset.import_map.integrity.map(|place| (index, place)));
        of_asset.references.sort_by_key(|reference| reference.link.span.start);
        references.push(of_asset.references);
        imports.push(of_asset.imports);
        passages.push(of_asset.passages);
        service_workers.extend(of_asset.service_workers.into_iter().map(|target| (target, index)));
        errors.extend(of_asset.errors);
        warnings.extend(of_asset.warnings);
    }
    Error::unless_none(errors)?;
    let frozen = assets.iter().map(|asset| keeps_bytes(asset, settings)).collect();
    for (target, registrar) in service_workers {
        if assets[target].role == Role::Hashed {
            assets[target].role = Role::EntryPoint;
            let registrar = &assets[registrar].logical_path;
            assets[target].why = format!("{registrar} registers it as service worker");
        }
    }
    Ok(Referenced {
        digests: vec![Vec::new(); assets.len()],
        digests_in_rules: HashMap::new(),
        assets,
        references,
        passages,
        frozen,
        imports,
        module_integrity,
        left_out,
        warnings,
    })
}

/// What has a hash of its content in its name would need another name for another byte; and what
/// the settings except is nobody's to change.
fn keeps_bytes(asset: &Asset, settings: &Settings) -> bool {
    asset.role == Role::Prehashed || settings.exclude_references.matches(&asset.logical_path)
}

/// What is known of one asset.
#[derive(Default)]
struct OfAsset {
    references: Vec<Reference>,
    /// What it imports statically.
    imports: Vec<usize>,
    errors: Vec<Problem>,
    warnings: Vec<Problem>,
    bare: Vec<String>,
    import_map: ImportMap,
    /// The URL path that links are relative to.
    base: Option<String>,
    passages: Passages,
    /// What it registers as service workers.
    service_workers: Vec<usize>,
}

/// What references can lead to.
struct Targets<'a> {
    at: &'a str,
    by_path: HashMap<&'a str, usize>,
    /// The path of the manifest, which is an asset later.
    published: Option<&'a str>,
}

impl<'a> Targets<'a> {
    fn new(assets: &'a [Asset], settings: &'a Settings) -> Self {
        let paths = assets.iter().map(|asset| asset.logical_path.as_str());
        let published = settings.publish_manifest.as_deref();
        Self { at: settings.at.as_str(), by_path: paths.zip(0..).collect(), published }
    }

    /// The references of an asset, and what is wrong with it.
    fn of(&self, asset: &Asset, settings: &Settings) -> OfAsset {
        let file = settings.assets.join(&asset.logical_path);
        let problem = |offset: usize, kind: ProblemKind| {
            let place = Some(Place::at(&asset.bytes, offset));
            Problem { file: file.clone(), place, kind }
        };
        if keeps_bytes(asset, settings) {
            return self.of_frozen(asset, settings);
        }
        match find(asset, settings) {
            Ok(found) => self.follow(asset, found, settings.missing, problem),
            Err(Fault { offset, kind }) => {
                OfAsset { errors: vec![problem(offset, kind)], ..OfAsset::default() }
            }
        }
    }

    /// Where the links in an asset lead.
    fn follow(
        &self,
        asset: &Asset,
        mut found: Found,
        missing: MissingTarget,
        problem: impl Fn(usize, ProblemKind) -> Problem,
    ) -> OfAsset {
        let base = url::base(self.at, &asset.logical_path, found.base.as_deref());
        let imports = self.imports(base.as_deref(), &found.links);
        let service_workers = self.service_workers(base.as_deref(), &found.service_workers);
        let passages = found.take_passages();
        let (mut references, mut errors, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
        for (offset, text) in
            found.remarks.into_iter().chain(computed(&asset.bytes, found.computed))
        {
            warnings.push(problem(offset, ProblemKind::Remark(text)));
        }
        for link in found.links {
            let is_error = link.if_missing == IfMissing::Error && missing == MissingTarget::Error;
            match self.resolve(base.as_deref(), &link.url) {
                Resolved::Elsewhere => {}
                Resolved::Asset(target) => references.push(Reference { link, target }),
                Resolved::Nothing(_) if link.if_missing == IfMissing::Ignore => {}
                Resolved::Nothing(path) => {
                    let missing = problem(link.span.start, self.missing(link.url, path));
                    if is_error { &mut errors } else { &mut warnings }.push(missing);
                }
            }
        }
        let import_map = found.import_map.unwrap_or_default();
        OfAsset {
            references,
            imports,
            errors,
            warnings,
            bare: found.bare,
            import_map,
            base,
            passages,
            service_workers,
        }
    }

    /// What keeps its bytes: where it leads to is of interest, and not whether all of that is there.
    fn of_frozen(&self, asset: &Asset, settings: &Settings) -> OfAsset {
        let Ok(found) = find(asset, settings) else { return OfAsset::default() };
        let ignored = |_, kind| Problem { file: PathBuf::new(), place: None, kind };
        let of_asset = self.follow(asset, found, MissingTarget::Warn, ignored);
        let warnings = Vec::new();
        OfAsset { warnings, import_map: ImportMap::default(), ..of_asset }
    }

    /// A page's script says the URL from the page, another script mostly from the root.
    fn service_workers(&self, base: Option<&str>, urls: &[String]) -> Vec<usize> {
        let target = |url: &String| {
            [base, Some(self.at)].into_iter().find_map(|base| match self.resolve(base, url) {
                Resolved::Asset(target) => Some(target),
                Resolved::Elsewhere | Resolved::Nothing(_) => None,
            })
        };
        urls.iter().filter_map(target).collect()
    }

    fn imports(&self, base: Option<&str>, links: &[Link]) -> Vec<usize> {
        let imports = links.iter().filter(|link| link.is_import);
        let target = |link: &Link| match self.resolve(base, &link.url) {
            Resolved::Asset(target) => Some(target),
            Resolved::Elsewhere | Resolved::Nothing(_) => None,
        };
        imports.filter_map(target).collect()
    }

    /// What an import map has to say beside its mappings of folders: where the specifiers lead to
    /// that are in use, so that these modules too are loaded from their hashed paths.
    ///
    /// In JSON the last of equal names counts: an author's mapping before ours, and ours of the
    /// longer folder before that of the shorter.
    fn mappings(&self, of_asset: &OfAsset, bare: &BTreeSet<String>) -> Vec<Reference> {
        let mut references = Vec::new();
        for folder in &of_asset.import_map.folders {
            for specifier in bare {
                let Some(rest) = specifier.strip_prefix(&folder.name) else { continue };
                let url = format!("{}{rest}", folder.address);
                if let Resolved::Asset(target) = self.resolve(of_asset.base.as_deref(), &url) {
                    let link = Link::mapping(folder.offset, specifier, url);
                    references.push(Reference { link, target });
                }
            }
        }
        references
    }

    /// What a URL leads to from a base, which is none if it is another site's.
    fn resolve(&self, base: Option<&str>, url: &str) -> Resolved {
        let Some(path) = base.and_then(|base| url::resolve(self.at, base, url)) else {
            return Resolved::Elsewhere;
        };
        let index = || self.by_path.get(format!("{path}index.html").as_str());
        let is_folder = path.is_empty() || path.ends_with('/');
        match self.by_path.get(path.as_str()).or_else(|| is_folder.then(index).flatten()) {
            Some(target) => Resolved::Asset(*target),
            None if self.published == Some(&path) => Resolved::Elsewhere,
            None => Resolved::Nothing(path),
        }
    }

    fn missing(&self, text: String, resolved: String) -> ProblemKind {
        let near = self.near(&resolved);
        ProblemKind::MissingTarget { text, resolved, near }
    }

    /// At most three logical paths that resemble this one, best first: those of the same file
    /// name, and those that are spelt nearly alike.
    fn near(&self, missing: &str) -> Vec<String> {
        let name = |path: &'a str| Path::new(path).file_name();
        let likeness = |path: &'a str| match name(path) == Path::new(missing).file_name() {
            true => 1.0,
            false => strsim::normalized_damerau_levenshtein(path, missing),
        };
        let paths = self.by_path.keys().map(|path| (likeness(path), *path));
        let mut near: Vec<_> = paths.filter(|(likeness, _)| *likeness > 0.75).collect();
        near.sort_by(|(a, one), (b, other)| b.total_cmp(a).then(one.cmp(other)));
        near.into_iter().take(3).map(|(_, path)| path.to_owned()).collect()
    }
}

/// What a link leads to.
enum Resolved {
    /// Out of the bundle, or to what keeps its path: it is left as it is.
    Elsewhere,
    /// The asset of this index.
    Asset(usize),
    /// This logical path, at which there is no asset.
    Nothing(String),
}

/// The links in an asset.
fn find(asset: &Asset, settings: &Settings) -> Result<Found, Fault> {
    let bytes = &asset.bytes;
    let path = &asset.logical_path;
    let essence = asset.media_type.split(';').next().unwrap_or_default();
    match essence {
        "text/css" => css::find(text(bytes)?),
        "text/html" => html::find(bytes, settings),
        "image/svg+xml" => svg::find(bytes),
        "text/javascript" => Ok(javascript::find_in_file(bytes, path)),
        "application/manifest+json" => Ok(web_manifest::find(bytes)),
        "application/json" if path.ends_with(".map") => match settings.keep_only_hashed {
            true => Ok(source_map::find(bytes)),
            false => Ok(Found::default()),
        },
        "application/json" if !is_metadata(path) => Ok(data(bytes)),
        _ => Ok(Found::default()),
    }
}

/// JSON of which nothing more is known: a name in it may be used by whoever reads it.
fn data(bytes: &[u8]) -> Found {
    Found { literals: vec![Literal::data(0..bytes.len())], ..Found::default() }
}

/// What a package says of itself: no page reads it.
fn is_metadata(logical_path: &str) -> bool {
    let name = logical_path.rsplit('/').next().unwrap_or(logical_path);
    matches!(
        name,
        "bower.json"
            | "component.json"
            | "composer.json"
            | "jsconfig.json"
            | "package-lock.json"
            | "package.json"
            | "tsconfig.json"
    )
}

/// One remark on all URLs that are computed: how many there are, and on which lines.
fn computed(text: &[u8], offsets: Vec<usize>) -> Option<(usize, String)> {
    let first = *offsets.first()?;
    let lines: BTreeSet<_> = offsets.iter().map(|offset| Place::at(text, *offset).line).collect();
    let plural = if lines.len() == 1 { "" } else { "s" };
    let lines = lines.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    let remark = match offsets.len() {
        1 => "a URL is computed here, so it is left as it is".to_owned(),
        count => format!(
            "{count} URLs are computed, so they are left as they are: on line{plural} {lines}"
        ),
    };
    Some((first, remark))
}

fn text(bytes: &[u8]) -> Result<&str, Fault> {
    str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        Fault { offset, kind: ProblemKind::NotUtf8 { offset } }
    })
}

/// Compares links with what they are expected to say, and how, in the order of the text.
#[cfg(test)]
#[track_caller]
fn assert_links(text: &str, mut links: Vec<Link>, expected: &[(&str, &str)]) {
    links.sort_by_key(|link| link.span.start);
    let found: Vec<_> =
        links.iter().map(|link| (&text[link.span.clone()], link.url.as_str())).collect();
    assert_eq!(found, expected, "{text}");
}

/// The same, for links that stand in the text as they are.
#[cfg(test)]
#[track_caller]
fn assert_plain_links(text: &str, links: Vec<Link>, urls: &[&str]) {
    let expected: Vec<_> = urls.iter().map(|url| (*url, *url)).collect();
    assert_links(text, links, &expected);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rewrite::splice;
    use proptest::prelude::*;

    #[test]
    fn computed_urls_are_one_remark() {
        let remark = |offsets| computed(b"a\nb\n\nc", offsets);
        assert_eq!(remark(vec![]), None);
        let (offset, one) = remark(vec![2]).unwrap();
        assert_eq!((offset, &*one), (2, "a URL is computed here, so it is left as it is"));
        let (offset, many) = remark(vec![0, 1, 5]).unwrap();
        assert_eq!(offset, 0);
        assert_eq!(many, "3 URLs are computed, so they are left as they are: on lines 1, 4");
        let (_, many) = remark(vec![4, 5]).unwrap();
        assert_eq!(many, "2 URLs are computed, so they are left as they are: on lines 3, 4");
        let (_, many) = remark(vec![5, 5]).unwrap();
        assert_eq!(many, "2 URLs are computed, so they are left as they are: on line 4");
    }

    fn asset(path: &str, text: String) -> Asset {
        let media_type = crate::media_type::media_type(path, &Settings::default()).unwrap();
        let (logical_path, bytes) = (path.to_owned(), text.into_bytes());
        Asset { logical_path, media_type, role: Role::Hashed, why: String::new(), bytes }
    }

    /// Links in order.
    fn links(asset: &Asset) -> Vec<Link> {
        let found = find(asset, &Settings::default());
        let mut links = found.map(|found| found.links).unwrap_or_default();
        links.sort_by_key(|link| link.span.start);
        links
    }

    /// Pieces of each format, with links and with what only looks like one.
    const PIECES: &[(&str, &[&str])] = &[
        (
            "a.css",
            &[
                "a{b:url(c.png)}",
                "a{b:url( 'c d.png' )}",
                "@import \"e.css\" layer(f);",
                "/*url(g)*/",
                "a{b:image-set('c.png' 1x,url(h.png) 2x)}",
                "a{content:'url(i)'}",
                "}",
                "{",
                "(",
                "'",
                "\"",
                "\\",
                "/*# sourceMappingURL=j.map */",
                "@namespace url(k);",
                "url(",
                "\n",
                "é",
            ],
        ),
        (
            "a.js",
            &[
                "import './a.js';",
                "export*from \"./b.js\";",
                "import(`./c.js`);",
                "`${import('./d.js')}`;",
                "new URL('e.png',import.meta.url);",
                "/import '.\\/f.js'/;",
                "//# sourceMappingURL=g.map\n",
                "'import \"./h.js\"';",
                "{",
                "}",
                "`",
                "'",
                "/",
                "\n",
                "é",
                "import('.\\u002fi.js');",
            ],
        ),
        (
            "a.html",
            &[
                "<img src=a.png>",
                "<img srcset='b.png 1x,c.png 2x' src=\"d.png\">",
                "<style>",
                "</style>",
                "a{b:url(e.png)}",
                "<p style=\"a:url(&quot;f.png&quot;)\">",
                "<script type=module>",
                "</script>",
                "import './g.js';",
                "<!--",
                "-->",
                "<link rel=stylesheet href=h.css>",
                "<",
                ">",
                "\"",
                "'",
                "é",
                "<script type=importmap>{\"imports\":{\"i\":\"./j.js\"}}</script>",
                "<svg><use href=k.svg#l />",
            ],
        ),
        (
            "a.svg",
            &[
                "<svg xmlns='http://www.w3.org/2000/svg'>",
                "</svg>",
                "<image href='a.png'/>",
                "<style>a{b:url(c.png)}</style>",
                "<rect fill='url(d.svg#e)' style='f:url(&quot;g.png&quot;)'/>",
                "<!-- ",
                " -->",
                "<a href='h'/>",
                "&amp;",
                "é",
            ],
        ),
    ];

    fn texts() -> impl Strategy<Value = (&'static str, String)> {
        prop::sample::select(PIECES).prop_flat_map(|(path, pieces)| {
            let pieces = prop::collection::vec(prop::sample::select(pieces), 0..12);
            pieces.prop_map(move |pieces| (path, pieces.concat()))
        })
    }

    proptest! {
        #[test]
        fn links_stand_in_the_text_and_do_not_overlap((path, text) in texts()) {
            let asset = asset(path, text);
            let mut end = 0;
            for link in links(&asset) {
                prop_assert!(end <= link.span.start && link.span.end <= asset.bytes.len());
                end = link.span.end;
            }
        }

        /// A link that is replaced by itself changes nothing that a parser sees; a verbatim one,
        /// no byte.
        #[test]
        fn a_link_replaced_by_itself_is_the_same_link((path, text) in texts()) {
            let before = asset(path, text);
            let found = links(&before);
            let itself = |link: &Link| link.replace(0..link.url.len(), &link.url.clone());
            let replacements: Vec<_> = found.iter().map(itself).collect();
            let rewritten = splice(&before.bytes, &replacements);
            if found.iter().all(|link| link.is_verbatim) {
                prop_assert_eq!(&rewritten, &before.bytes);
            }
            let after = asset(path, String::from_utf8(rewritten).unwrap());
            let urls = |links: Vec<Link>| links.into_iter().map(|link| link.url).collect::<Vec<_>>();
            prop_assert_eq!(urls(links(&after)), urls(found));
        }

        /// What was written is what is found again, and nothing else is.
        #[test]
        fn a_rewritten_link_is_found_again((path, text) in texts()) {
            let before = asset(path, text);
            let rename = |link: &Link| {
                let end = split_url(&link.url).0.len();
                link.replace(end..end, ".0123456789ab.x")
            };
            let found = links(&before);
            let renamed: Vec<_> = found.iter().map(rename).collect();
            let after = asset(path, String::from_utf8(splice(&before.bytes, &renamed)).unwrap());
            let expected = found.iter().map(|link| {
                let (path, rest) = split_url(&link.url);
                format!("{path}.0123456789ab.x{rest}")
            });
            let urls: Vec<_> = links(&after).into_iter().map(|link| link.url).collect();
            prop_assert_eq!(urls, expected.collect::<Vec<_>>());
        }
    }
}
