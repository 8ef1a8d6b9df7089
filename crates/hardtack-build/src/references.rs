//! The second stage: the references of each asset, with their places.
//!
//! Each format has a module here, which finds the links in a file's text. Their targets are
//! resolved in [`url`], alike for all formats.

mod any_of;
mod attribute;
mod charset;
mod css;
mod data;
mod decoded;
mod depth;
mod derived;
mod element_url;
mod field_urls;
mod html;
mod import_map;
mod integrity;
mod javascript;
mod joined;
mod json;
mod literal;
mod missing;
mod nodes;
mod of_rules;
mod own_script;
mod routes;
mod service_worker;
mod source_map;
mod srcset;
mod svg;
mod taking;
mod texts;
mod url;
mod variables;
mod web_manifest;

pub(crate) use decoded::Decoded;
pub(crate) use derived::{Cut, Derived, Joined, Purpose};
pub(crate) use literal::{Literal, LiteralKind, PartOfUrl, Where};
pub(crate) use of_rules::RuleLink;
pub(crate) use taking::{Part, Pattern, Taking};
pub(crate) use url::{resolve as resolve_url, split as split_url};

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    mem,
    ops::Range,
    sync::OnceLock,
};

use encoding_rs::UTF_8;
use rayon::prelude::*;

use import_map::ImportMap;
use missing::{Lost, Referrer, Weight};
use of_rules::OfRules;
use routes::{Resolved, Routes};

use crate::{
    Error, LeftOut, MissingTarget, Place, Problem, ProblemKind, Rename, Role, Settings,
    digest::{DigestPlace, Form, Subject},
    hosting::Rules,
    logical_path::file_name,
    places::Places,
    rewrite::Quoting,
    scan::{Asset, Scanned},
    url_paths::INDEX_PAGE,
};

/// The findings of a format's module in a text.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The links, in no particular order.
    links: Vec<Link>,
    /// Remarks for people, each with the offset that it is about.
    remarks: Vec<(usize, String)>,
    /// The offsets of URLs that are computed.
    computed: Vec<usize>,
    /// The specifiers of modules that are left to import maps.
    bare: Vec<String>,
    import_map: Option<ImportMap>,
    /// The URL that the links are relative to, if it is not that of the file.
    base: Option<String>,
    /// The offset behind the element that gives the base.
    base_at: usize,
    /// The literals that may contain names and are no links. Sorted, without overlap.
    literals: Vec<Literal>,
    /// Parts of URLs by which code looks for a file, with their offsets.
    parts: Vec<(usize, PartOfUrl)>,
    /// Paths that computed module specifiers begin with, with their offsets.
    beginnings: Vec<(usize, String)>,
    /// Paths in attributes that may lack an extension, with their offsets.
    without_extension: Vec<(usize, String)>,
    /// The URLs of links to files for readers.
    followed: Vec<String>,
    derived: Derived,
    /// Where code asks for the URL that it was loaded from.
    own_url: Option<usize>,
    /// Where code asks for the URL of its context, which is its own in a worker.
    own_location: Option<usize>,
    /// Where code asks for the URL of an element by its `id`.
    asked_ids: Vec<(usize, String)>,
    /// The `id` of each script element, and its URL.
    ids: Vec<(String, String)>,
    /// The URLs of service workers.
    service_workers: Vec<String>,
    /// URLs beside `import.meta.url` of which nothing says what they are for.
    used_somehow: Vec<String>,
    /// The URLs of other workers.
    workers: Vec<String>,
    /// The URLs of scripts that a worker takes in.
    imported_scripts: Vec<String>,
    /// The URLs of web app manifests.
    web_manifests: Vec<String>,
    /// Paths in a page's policy, with the offset of the policy.
    in_policy: Vec<(usize, String)>,
    /// The scripts and the styles that stand in a page.
    inline: Vec<Range<usize>>,
    /// Whether a script starts workers from URLs that it may have made of its own.
    starts_workers: bool,
}

impl Found {
    /// A single remark, and nothing else.
    fn remark(offset: usize, text: &str) -> Self {
        Self { remarks: vec![(offset, text.to_owned())], ..Self::default() }
    }

    fn take_passages(&mut self) -> Passages {
        let mut literals = mem::take(&mut self.literals);
        literals.sort_unstable_by_key(|literal| literal.span.start);
        Passages {
            literals,
            parts: mem::take(&mut self.parts),
            beginnings: mem::take(&mut self.beginnings),
            without_extension: mem::take(&mut self.without_extension),
            followed: mem::take(&mut self.followed),
            derived: mem::take(&mut self.derived),
            own_url: self.own_url,
            own_location: self.own_location,
            asked_ids: mem::take(&mut self.asked_ids),
            inline: mem::take(&mut self.inline),
            ..Passages::default()
        }
    }

    /// Leaves the specifiers of modules alone: they are neither links nor names.
    fn forget_specifiers(&mut self) {
        let (specifiers, links) =
            mem::take(&mut self.links).into_iter().partition(|it| it.is_specifier);
        self.links = links;
        let specifiers: Vec<Link> = specifiers;
        let places: HashSet<_> = specifiers.iter().map(|link| link.span.start).collect();
        let is_specifier = |literal: &Literal| places.contains(&literal.span.start);
        self.literals.retain(|literal| !is_specifier(literal));
    }

    /// Adds the findings of a part of the text, which begins at an offset.
    fn absorb(&mut self, part: Self, offset: usize) {
        self.links.extend(part.links.into_iter().map(|link| link.shift(offset)));
        self.remarks.extend(part.remarks.into_iter().map(|(at, text)| (at + offset, text)));
        self.starts_workers |= part.starts_workers;
        self.computed.extend(part.computed.into_iter().map(|at| at + offset));
        self.bare.extend(part.bare);
        let import_map = part.import_map.map(|import_map| import_map.shift(offset));
        self.import_map = self.import_map.take().or(import_map);
        self.literals.extend(part.literals.into_iter().map(|literal| literal.shift(offset)));
        self.parts.extend(part.parts.into_iter().map(|(at, part)| (at + offset, part)));
        self.beginnings.extend(part.beginnings.into_iter().map(|(at, text)| (at + offset, text)));
        let without_extension = part.without_extension.into_iter();
        self.without_extension.extend(without_extension.map(|(at, path)| (at + offset, path)));
        self.followed.extend(part.followed);
        self.derived.absorb(part.derived, |at| at + offset);
        self.asked_ids.extend(part.asked_ids.into_iter().map(|(at, id)| (at + offset, id)));
        self.ids.extend(part.ids);
        self.service_workers.extend(part.service_workers);
        self.used_somehow.extend(part.used_somehow);
        self.in_policy.extend(part.in_policy.into_iter().map(|(at, path)| (at + offset, path)));
        self.workers.extend(part.workers);
        self.inline.extend(part.inline.into_iter().map(|it| it.start + offset..it.end + offset));
    }
}

/// The reason why the links in a text could not be found.
#[derive(Debug)]
pub(crate) struct Fault {
    offset: usize,
    kind: ProblemKind,
}

/// A URL that stands in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// Its span, without the quotes.
    pub(crate) span: Range<usize>,
    /// The URL, without the escapes of the text's format.
    pub(crate) url: String,
    /// The escapes for another URL in its place.
    quoting: Quoting,
    /// Whether the URL stands there as it is, without escapes.
    is_verbatim: bool,
    if_missing: IfMissing,
    /// Whether it is a static import of a module.
    is_import: bool,
    /// Whether it is the specifier of a module.
    is_specifier: bool,
    /// Whether browsers take its target from the page's own origin only.
    pub(crate) needs_page_origin: bool,
    /// Whether it stands in a custom property, whose URL is relative to the style sheet, or the page,
    /// that uses the property (CSS Custom Properties Level 1 §3).
    is_in_property: bool,
    /// The place of its target's integrity, if there is one.
    pub(crate) integrity: Option<IntegrityPlace>,
    /// The specifier, if this is a mapping that is added to an import map.
    specifier: Option<String>,
}

/// The consequence of a missing target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum IfMissing {
    /// The outcome that the settings choose.
    Error,
    /// The outcome that the settings choose, unless a single-page app answers the path.
    Navigation,
    /// A warning: a script can handle the failure, and may never fetch the target.
    AtRunTime,
    /// A warning about a source map, which only developers miss.
    SourceMap,
    /// Nothing: this may be no URL.
    Ignore,
}

/// The place of an `integrity`, or the place to add one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IntegrityPlace {
    pub(crate) span: Range<usize>,
    /// The texts to add before and after the value.
    pub(crate) around: (&'static str, &'static str),
    /// Whether it is added only if an element of the page loads the asset with `integrity`: a
    /// preload that does not agree with the later request is fetched in vain.
    only_if_loaded: bool,
}

impl IntegrityPlace {
    fn new(span: Range<usize>, around: (&'static str, &'static str)) -> Self {
        Self { span, around, only_if_loaded: false }
    }

    /// Whether the `integrity` is not there yet.
    pub(crate) fn is_added(&self) -> bool {
        !self.around.0.is_empty()
    }

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
            is_specifier: false,
            needs_page_origin: false,
            is_in_property: false,
            integrity: None,
            specifier: None,
        }
    }

    /// A mapping to add to the text.
    fn mapping(offset: usize, specifier: &str, url: String) -> Self {
        let link = Self::new(&[], 0..0, url, Quoting::JavaScript);
        Self { specifier: Some(specifier.to_owned()), ..link }.shift(offset)
    }

    fn if_missing(self, if_missing: IfMissing) -> Self {
        Self { if_missing, ..self }
    }

    fn in_property(self, is_in_property: bool) -> Self {
        Self { is_in_property, ..self }
    }

    fn shift(mut self, offset: usize) -> Self {
        self.span = self.span.start + offset..self.span.end + offset;
        self.integrity = self.integrity.map(|place| place.shift(offset));
        self
    }

    /// The replacement for a part of the URL.
    ///
    /// If the URL is written without escapes, only that part changes.
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
    /// The index of its target.
    pub(crate) target: usize,
}

/// Whether a place lies in the link of a reference, which is rewritten. They are sorted.
pub(crate) fn is_in_link(references: &[Reference], place: &Range<usize>) -> bool {
    let behind = references.partition_point(|one| one.link.span.start <= place.start);
    references[..behind].last().is_some_and(|one| place.end <= one.link.span.end)
}

/// The places of a text, beside its references, by which code may find an asset.
#[derive(Debug, Default)]
pub(crate) struct Passages {
    /// The literals that may contain names and are no references. Sorted, without overlap.
    pub(crate) literals: Vec<Literal>,
    /// Parts of URLs by which code looks for a file, with their offsets.
    pub(crate) parts: Vec<(usize, PartOfUrl)>,
    /// Assets that are named where the name cannot be rewritten, each with the offset and the
    /// reason.
    pub(crate) pinned: Vec<(usize, usize, &'static str)>,
    /// The URL path that links are relative to.
    pub(crate) base: Option<String>,
    /// Paths that computed module specifiers begin with, with their offsets.
    pub(crate) beginnings: Vec<(usize, String)>,
    /// Paths in attributes that may lack an extension, with their offsets.
    pub(crate) without_extension: Vec<(usize, String)>,
    /// The URLs of links to files for readers.
    pub(crate) followed: Vec<String>,
    pub(crate) derived: Derived,
    /// Where code asks for the URL that it was loaded from.
    pub(crate) own_url: Option<usize>,
    /// Where code asks for the URL of its context, which is its own in a worker.
    pub(crate) own_location: Option<usize>,
    /// Where code asks for the URL of an element by its `id`.
    pub(crate) asked_ids: Vec<(usize, String)>,
    /// The `id` of each script element, and the script.
    pub(crate) ids: Vec<(String, usize)>,
    /// The workers that code starts.
    pub(crate) workers: Vec<usize>,
    /// The scripts that a worker takes in.
    pub(crate) imported_scripts: Vec<usize>,
    /// The scripts and the styles that stand in a page.
    pub(crate) inline: Vec<Range<usize>>,
    /// The integrity of what links to other hosts lead to.
    pub(crate) elsewhere: Vec<Range<usize>>,
}

/// The assets, and the references in each of them, in the order of the text.
#[derive(Debug)]
pub(crate) struct Referenced {
    pub(crate) assets: Vec<Asset>,
    pub(crate) references: Vec<Vec<Reference>>,
    pub(crate) passages: Vec<Passages>,
    /// Whether each asset keeps its bytes, and so its references.
    pub(crate) frozen: Vec<bool>,
    /// The digests to correct in each asset, in the order of the text.
    pub(crate) digests: Vec<Vec<DigestPlace>>,
    /// The subjects of the digests in rules, by the digest's text.
    pub(crate) digests_in_rules: HashMap<String, (Form, Vec<Subject>)>,
    /// The URLs in `Link` header fields of rules that lead to assets.
    pub(crate) links_in_rules: Vec<RuleLink>,
    /// The assets that each imports statically.
    pub(crate) imports: Vec<Vec<usize>>,
    /// The place for the integrity of a page's modules, by the index of the page.
    pub(crate) module_integrity: HashMap<usize, IntegrityPlace>,
    /// The texts that are not UTF-8, by the index of the asset: links stand in these.
    pub(crate) decoded: HashMap<usize, Decoded>,
    /// The scripts that may start workers from their own URLs.
    pub(crate) starts_workers: Vec<usize>,
    /// Which assets the user wants to be renamed.
    pub(crate) rename: Rename,
    pub(crate) left_out: Vec<LeftOut>,
    /// The faults that the settings let pass.
    pub(crate) warnings: Vec<Problem>,
}

impl Referenced {
    /// An asset as authored, in UTF-8 if it is a text: the text that spans of references are in.
    pub(crate) fn text(&self, index: usize) -> &[u8] {
        self.decoded.get(&index).map_or(&self.assets[index].bytes, Decoded::text)
    }

    /// Takes the parts for people: the files that were left out, and the warnings.
    pub(crate) fn take_remarks(&mut self) -> (Vec<LeftOut>, Vec<Problem>) {
        (mem::take(&mut self.left_out), mem::take(&mut self.warnings))
    }
}

/// Finds the references in all assets.
///
/// A missing target is an error, or a warning by the settings. All are reported at once.
pub(crate) fn references(
    scanned: Scanned,
    settings: &Settings,
    rules: &Rules,
) -> Result<Referenced, Error> {
    let Scanned { mut assets, left_out } = scanned;
    assets.par_iter_mut().for_each(|asset| say_charset(asset, settings));
    let routes = Routes::new(&assets, settings, rules);
    let targets = Targets { settings, routes, users_of_properties: OnceLock::new() };
    let of_assets = assets.par_iter().enumerate();
    let mut found: Vec<_> = of_assets.map(|(index, asset)| targets.of(index, asset)).collect();
    for manifest in web_manifests(&found, &assets) {
        found[manifest] = targets.of_web_manifest(manifest, &assets[manifest]);
    }
    let bare: BTreeSet<_> = found.iter().flat_map(|found| found.bare.iter().cloned()).collect();
    let (mut references, mut errors, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
    let (mut lost, mut sources) = (Vec::new(), Vec::new());
    let mut imports = Vec::new();
    let (mut module_integrity, mut decoded) = (HashMap::new(), HashMap::new());
    let mut starts_workers = Vec::new();
    let mut passages = Vec::new();
    let mut service_workers = Vec::new();
    for (index, mut of_asset) in found.into_iter().enumerate() {
        starts_workers.extend(of_asset.starts_workers.then_some(index));
        decoded.extend(of_asset.decoded.take().map(|decoded| (index, decoded)));
        of_asset.references.extend(targets.mappings(&of_asset, &bare));
        module_integrity.extend(of_asset.import_map.integrity.map(|place| (index, place)));
        of_asset.references.sort_by_key(|reference| reference.link.span.start);
        references.push(of_asset.references);
        imports.push(of_asset.imports);
        passages.push(of_asset.passages);
        service_workers.extend(of_asset.service_workers.into_iter().map(|target| (target, index)));
        errors.extend(of_asset.errors);
        warnings.extend(of_asset.warnings);
        lost.extend(of_asset.lost);
        sources.extend(of_asset.unbundled);
    }
    missing::excuse_unused_scripts(&mut lost, &assets, &references);
    let OfRules { links: links_in_rules, pinned, lost: lost_in_rules } = targets.of_rules(rules);
    lost.extend(lost_in_rules);
    let (missing, not_so_bad) = missing::report(lost, &targets.routes, settings);
    errors.extend(missing);
    warnings.extend(not_so_bad);
    warnings.extend(unbundled(&sources, settings));
    Error::unless_none(errors)?;
    let frozen = assets.iter().map(|asset| keeps_bytes(asset, settings)).collect();
    for (target, registrar) in service_workers {
        if assets[target].role == Role::Hashed && assets[target].is_script() {
            assets[target].role = Role::EntryPoint;
            let registrar = &assets[registrar].logical_path;
            assets[target].why = format!("{registrar} registers it as service worker");
        }
    }
    let mut referenced = Referenced {
        digests: vec![Vec::new(); assets.len()],
        digests_in_rules: HashMap::new(),
        links_in_rules,
        assets,
        references,
        passages,
        frozen,
        imports,
        module_integrity,
        decoded,
        starts_workers,
        rename: settings.rename.clone(),
        left_out,
        warnings,
    };
    pinned.into_iter().for_each(|(target, why)| referenced.pin(target, why));
    Ok(referenced)
}

/// The JSON files that pages link to as web app manifests.
fn web_manifests(found: &[OfAsset], assets: &[Asset]) -> BTreeSet<usize> {
    let linked = found.iter().flat_map(|of_asset| of_asset.web_manifests.iter().copied());
    linked.filter(|target| assets[*target].essence() == "application/json").collect()
}

/// Whether an asset keeps its bytes: it is prehashed, and another byte would need another name, or
/// `exclude_references` matches.
fn keeps_bytes(asset: &Asset, settings: &Settings) -> bool {
    asset.role == Role::Prehashed || settings.exclude_references.matches(&asset.logical_path)
}

/// Sets `Content-Type` to the charset that each file declares, unless the settings set it.
fn say_charset(asset: &mut Asset, settings: &Settings) {
    let path = &asset.logical_path;
    let is_ruled = settings.media_types.iter().any(|(globs, _)| globs.matches(path));
    if let Some(content_type) = charset::content_type(asset).filter(|_| !is_ruled) {
        asset.media_type = content_type;
    }
}

/// The findings in one asset.
#[derive(Default)]
struct OfAsset {
    references: Vec<Reference>,
    /// The assets that it imports statically.
    imports: Vec<usize>,
    errors: Vec<Problem>,
    warnings: Vec<Problem>,
    lost: Vec<Lost>,
    /// The reason, if it is a script for a bundler, which no browser can load.
    unbundled: Option<Unbundled>,
    bare: Vec<String>,
    import_map: ImportMap,
    /// The URL path that links are relative to.
    base: Option<String>,
    decoded: Option<Decoded>,
    starts_workers: bool,
    passages: Passages,
    /// The service workers that it registers.
    service_workers: Vec<usize>,
    /// The web app manifests that it links to.
    web_manifests: Vec<usize>,
}

/// An asset and its text.
struct Source<'a> {
    index: usize,
    asset: &'a Asset,
    /// In UTF-8, if it is a text.
    text: &'a [u8],
    /// The places in the text, made when one is needed.
    places: OnceCell<Places<'a>>,
}

impl<'a> Source<'a> {
    fn new(index: usize, asset: &'a Asset, text: &'a [u8]) -> Self {
        Self { index, asset, text, places: OnceCell::new() }
    }

    fn place(&self, offset: usize) -> Place {
        self.places.get_or_init(|| Places::new(self.text)).at(offset)
    }
}

/// A script with imports that only a bundler can resolve: no browser could load it.
struct Unbundled {
    logical_path: String,
    place: Place,
    /// The specifier, without an extension.
    specifier: String,
}

/// Merges such scripts into one warning a package.
fn unbundled(scripts: &[Unbundled], settings: &Settings) -> Vec<Problem> {
    let mut packages: BTreeMap<&str, Vec<&Unbundled>> = BTreeMap::new();
    for script in scripts {
        packages.entry(missing::package(&script.logical_path)).or_default().push(script);
    }
    let problem = |(package, scripts): (&str, Vec<&Unbundled>)| {
        let Unbundled { logical_path, place: Place { line, column }, specifier } = scripts[0];
        let are = match scripts.len() {
            1 => "1 script is".to_owned(),
            count => format!("{count} scripts are"),
        };
        let message = format!(
            "{are} made for a bundler: no browser finds {specifier:?} \
             ({logical_path}:{line}:{column}), for want of an extension; their module specifiers \
             are left alone"
        );
        ProblemKind::Remark(message).of(settings.file(package))
    };
    packages.into_iter().map(problem).collect()
}

/// The possible targets of references, and the settings about them.
struct Targets<'a> {
    settings: &'a Settings,
    routes: Routes<'a>,
    /// The URL paths of the folders with style sheets and pages, which may use custom properties.
    users_of_properties: OnceLock<BTreeSet<String>>,
}

impl Targets<'_> {
    /// The references of an asset, and its problems.
    ///
    /// In an asset that keeps its bytes, only the targets matter; missing ones are no problem.
    fn of(&self, index: usize, asset: &Asset) -> OfAsset {
        self.of_by(|text| find(asset, text, self.settings), index, asset)
    }

    /// Those of a web app manifest that its media type does not tell from other JSON.
    fn of_web_manifest(&self, index: usize, asset: &Asset) -> OfAsset {
        self.of_by(|text| Ok(web_manifest::find(text)), index, asset)
    }

    fn of_by(
        &self,
        find: impl Fn(&[u8]) -> Result<Found, Fault>,
        index: usize,
        asset: &Asset,
    ) -> OfAsset {
        let of_asset = self.read(find, index, asset);
        if keeps_bytes(asset, self.settings) {
            OfAsset {
                errors: Vec::new(),
                warnings: Vec::new(),
                lost: Vec::new(),
                unbundled: None,
                import_map: ImportMap::default(),
                ..of_asset
            }
        } else {
            of_asset
        }
    }

    fn read(
        &self,
        find: impl Fn(&[u8]) -> Result<Found, Fault>,
        index: usize,
        asset: &Asset,
    ) -> OfAsset {
        let encoding = charset::of(asset).unwrap_or(UTF_8);
        let can_be_followed = decoded::can_be_followed(encoding);
        if may_have_any_charset(asset) && !can_be_followed {
            let source = Source::new(index, asset, &asset.bytes);
            let message = format!(
                "references in {} are left alone: convert the file to UTF-8",
                encoding.name()
            );
            let warnings = vec![self.problem(&source, 0, ProblemKind::Remark(message))];
            return OfAsset { warnings, ..OfAsset::default() };
        }
        let is_decoded = can_be_followed && asset.is_text();
        let decoded = is_decoded.then(|| Decoded::new(&asset.bytes, encoding)).flatten();
        let text = decoded.as_ref().map_or(&asset.bytes[..], Decoded::text);
        let source = Source::new(index, asset, text);
        let mut of_asset = match find(text) {
            Ok(found) => self.follow(&source, found),
            Err(Fault { offset, kind }) => {
                // If it keeps its bytes it is no problem, and pins by the names in it.
                let passages = data(text).take_passages();
                let errors = vec![self.problem(&source, offset, kind)];
                OfAsset { errors, passages, ..OfAsset::default() }
            }
        };
        let fault = decoded.as_ref().filter(|_| may_have_any_charset(asset));
        let fault = fault.and_then(|decoded| decoded.fault);
        let fault = fault.map(|it| (it, ProblemKind::Remark(charset::remark(asset))));
        of_asset.warnings.extend(fault.map(|(at, kind)| self.problem(&source, at, kind)));
        OfAsset { decoded, ..of_asset }
    }

    fn problem(&self, source: &Source<'_>, offset: usize, kind: ProblemKind) -> Problem {
        let file = self.settings.file(&source.asset.logical_path);
        Problem { file, place: Some(source.place(offset)), kind }
    }

    /// Resolves the links in an asset.
    fn follow(&self, source: &Source<'_>, mut found: Found) -> OfAsset {
        let logical_path = &source.asset.logical_path;
        let base = url::base(self.routes.at, logical_path, found.base.as_deref());
        let unbundled = self.unbundled(source, base.as_deref(), &found.links);
        if unbundled.is_some() {
            found.forget_specifiers();
        }
        let imports = self.imports(base.as_deref(), &found.links);
        let service_workers = self.service_workers(base.as_deref(), &found);
        let web_manifests = &found.web_manifests;
        let web_manifests =
            web_manifests.iter().filter_map(|url| self.asset(base.as_deref(), url)).collect();
        let mut passages = self.passages(base.as_deref(), &mut found);
        let mut of_asset = OfAsset { imports, unbundled, bare: found.bare, ..OfAsset::default() };
        let mut templates = Vec::new();
        for link in found.links {
            let is_above_base = link.span.start < found.base_at;
            if let Some((targets, why)) =
                self.ambiguous(source, base.as_deref(), &link, is_above_base)
            {
                let at = link.span.start;
                passages.pinned.extend(targets.into_iter().map(|target| (at, target, why)));
                continue;
            }
            match self.routes.resolve(base.as_deref(), &link.url) {
                Resolved::Elsewhere => {
                    passages.elsewhere.extend(link.integrity.map(|place| place.span));
                }
                Resolved::Template => templates.push(link.span.start),
                Resolved::Asset(target) => {
                    let (link, fault) = self.checked(source, link, target);
                    of_asset.warnings.extend(fault);
                    of_asset.references.push(Reference { link, target });
                }
                // The URL begins with a folder; its rest is known only when the script runs.
                Resolved::Folder(_) if link.if_missing == IfMissing::AtRunTime => {}
                Resolved::Folder(path) => {
                    let index = format!("{}/{INDEX_PAGE}", path.trim_end_matches('/'));
                    of_asset.lost.extend(self.lost(source, link, index));
                }
                Resolved::Nothing(path) => of_asset.lost.extend(self.lost(source, link, path)),
            }
        }
        let_preloads_agree(&mut of_asset.references);
        let remarks = found.remarks.into_iter();
        let remarks = remarks.chain(counted(source, found.computed, &COMPUTED));
        for (offset, text) in remarks.chain(counted(source, templates, &OF_A_TEMPLATE)) {
            of_asset.warnings.push(self.problem(source, offset, ProblemKind::Remark(text)));
        }
        OfAsset {
            import_map: found.import_map.unwrap_or_default(),
            base,
            starts_workers: found.starts_workers && source.asset.is_script(),
            passages,
            service_workers,
            web_manifests,
            ..of_asset
        }
    }

    /// A link without the place of an integrity that its target does not have, and a warning of that.
    fn checked(&self, source: &Source<'_>, link: Link, target: usize) -> (Link, Option<Problem>) {
        let written = link.integrity.as_ref().filter(|place| !place.is_added());
        let written = written.map(|place| place.span.clone());
        let target = &self.routes.assets[target];
        let is_refused =
            |span: &Range<usize>| integrity::refuses(&source.text[span.clone()], target);
        let Some(span) = written.filter(is_refused) else { return (link, None) };
        let message = format!(
            "{:?} has another digest than this integrity says, so browsers refuse the file, before \
             the bake and after it: correct the integrity, or restore the file",
            target.logical_path
        );
        let problem = self.problem(source, span.start, ProblemKind::Remark(message));
        (Link { integrity: None, ..link }, Some(problem))
    }

    /// The targets of a link that may lead to one of several, and the reason.
    fn ambiguous(
        &self,
        source: &Source<'_>,
        base: Option<&str>,
        link: &Link,
        is_above_base: bool,
    ) -> Option<(BTreeSet<usize>, &'static str)> {
        if is_above_base && let Some(targets) = self.above_base(source, base, &link.url) {
            return Some((targets, ABOVE_BASE));
        }
        let in_property = || self.in_property(base, &link.url);
        Some((link.is_in_property.then(in_property).flatten()?, IN_PROPERTY))
    }

    /// The targets of a link that stands above the page's `base`, if it has others without that.
    ///
    /// A browser that fetches it as soon as it is read does not know the base.
    fn above_base(
        &self,
        source: &Source<'_>,
        base: Option<&str>,
        url: &str,
    ) -> Option<BTreeSet<usize>> {
        let own = url::base(self.routes.at, &source.asset.logical_path, None);
        let targets = [self.asset(own.as_deref(), url), self.asset(base, url)];
        let targets = (targets[0] != targets[1]).then_some(targets)?;
        Some(targets.into_iter().flatten().collect())
    }

    /// The assets that a URL in a custom property may lead to, if these are others than the one
    /// beside it.
    fn in_property(&self, base: Option<&str>, url: &str) -> Option<BTreeSet<usize>> {
        if !url::is_relative(url) {
            return None;
        }
        let own = self.asset(base, url);
        let bases = self.users_of_properties.get_or_init(|| self.bases_of_styles());
        let all: BTreeSet<_> =
            bases.iter().filter_map(|base| self.asset(Some(base), url)).collect();
        all.iter().any(|target| Some(*target) != own).then_some(all)
    }

    /// The URL paths of the folders with style sheets and pages.
    fn bases_of_styles(&self) -> BTreeSet<String> {
        let assets = self.routes.assets.iter();
        let assets = assets.filter(|it| it.is_page() || it.essence() == "text/css");
        let path = |asset: &Asset| self.settings.url_path(&asset.logical_path);
        assets.map(path).map(|it| it[..it.len() - file_name(&it).len()].to_owned()).collect()
    }

    /// A reference with a missing target, if that has a consequence.
    fn lost(&self, source: &Source<'_>, link: Link, path: String) -> Option<Lost> {
        let weight = match link.if_missing {
            IfMissing::Ignore => return None,
            IfMissing::Navigation if self.routes.answers_navigation(&path) => return None,
            IfMissing::AtRunTime => Weight::AtRunTime,
            IfMissing::SourceMap => Weight::SourceMap,
            IfMissing::Error | IfMissing::Navigation => {
                match self.settings.missing.of(&source.asset.logical_path) {
                    MissingTarget::Error => Weight::Error,
                    MissingTarget::Warn => Weight::Warning,
                }
            }
        };
        let place = source.place(link.span.start);
        let referrer = Referrer::Asset(source.index);
        Some(Lost { referrer, place, url: link.url, path, weight })
    }

    /// Whether a script has imports that only a bundler can resolve.
    fn unbundled(
        &self,
        source: &Source<'_>,
        base: Option<&str>,
        links: &[Link],
    ) -> Option<Unbundled> {
        let is_known_to_bundlers = |link: &&Link| match self.routes.resolve(base, &link.url) {
            Resolved::Folder(path) | Resolved::Nothing(path) => self.routes.has_source(&path),
            Resolved::Elsewhere | Resolved::Template | Resolved::Asset(_) => false,
        };
        let mut imports = links.iter().filter(|it| it.is_import && source.asset.is_script());
        let link = imports.find(is_known_to_bundlers)?;
        Some(Unbundled {
            logical_path: source.asset.logical_path.clone(),
            place: source.place(link.span.start),
            specifier: link.url.clone(),
        })
    }

    fn passages(&self, base: Option<&str>, found: &mut Found) -> Passages {
        let ids = mem::take(&mut found.ids).into_iter();
        let in_policy = mem::take(&mut found.in_policy).into_iter();
        let in_policy =
            in_policy.filter_map(|(at, path)| Some((at, self.asset(base, &path)?, IN_POLICY)));
        let mut workers = self.workers(base, &found.workers);
        workers.extend(self.workers(base, &found.service_workers));
        Passages {
            ids: ids.filter_map(|(id, url)| Some((id, self.asset(base, &url)?))).collect(),
            pinned: in_policy.collect(),
            workers,
            base: base.map(str::to_owned),
            imported_scripts: self.workers(base, &found.imported_scripts),
            ..found.take_passages()
        }
    }

    /// The service workers that a script registers, or may register.
    fn service_workers(&self, base: Option<&str>, found: &Found) -> Vec<usize> {
        let is_one = |target: &usize| service_worker::is_one(&self.routes.assets[*target]);
        let used_somehow = self.workers(base, &found.used_somehow).into_iter().filter(is_one);
        self.workers(base, &found.service_workers).into_iter().chain(used_somehow).collect()
    }

    /// A script in a page names the URL relative to the page, any other script mostly from the
    /// root.
    fn workers(&self, base: Option<&str>, urls: &[String]) -> Vec<usize> {
        let bases = [base, Some(self.routes.at)];
        let target = |url: &String| bases.into_iter().find_map(|base| self.asset(base, url));
        urls.iter().filter_map(target).collect()
    }

    fn imports(&self, base: Option<&str>, links: &[Link]) -> Vec<usize> {
        let imports = links.iter().filter(|link| link.is_import);
        imports.filter_map(|link| self.asset(base, &link.url)).collect()
    }

    fn asset(&self, base: Option<&str>, url: &str) -> Option<usize> {
        match self.routes.resolve(base, url) {
            Resolved::Asset(target) => Some(target),
            _ => None,
        }
    }

    /// The mappings to add to an import map beside its mappings of folders: for each specifier in
    /// use, so that these modules, too, are loaded from their hashed paths.
    ///
    /// In JSON the last of equal names counts. So an author's mapping overrides an added one, and
    /// an added mapping of a longer folder overrides that of a shorter one.
    fn mappings(&self, of_asset: &OfAsset, bare: &BTreeSet<String>) -> Vec<Reference> {
        let mut references = Vec::new();
        for folder in &of_asset.import_map.folders {
            for specifier in bare {
                let Some(rest) = specifier.strip_prefix(&folder.name) else { continue };
                let url = format!("{}{rest}", folder.address);
                if let Some(target) = self.asset(of_asset.base.as_deref(), &url) {
                    let link = Link::mapping(folder.offset, specifier, url);
                    references.push(Reference { link, target });
                }
            }
        }
        references
    }
}

/// Removes the additional integrity and `crossorigin` from preloads of assets that no element of
/// the page loads with integrity.
fn let_preloads_agree(references: &mut [Reference]) {
    let is_added = |reference: &Reference, to_a_preload: bool| {
        let place = reference.link.integrity.as_ref();
        place.is_some_and(|it| it.is_added() && it.only_if_loaded == to_a_preload)
    };
    let loaded = references.iter().filter(|reference| is_added(reference, false));
    let loaded: HashSet<_> = loaded.map(|reference| reference.target).collect();
    for reference in references {
        if is_added(reference, true) && !loaded.contains(&reference.target) {
            reference.link.integrity = None;
        }
    }
}

/// Whether references are searched for in an asset whose format may have any charset.
fn may_have_any_charset(asset: &Asset) -> bool {
    matches!(asset.essence(), "text/css" | "text/html" | "image/svg+xml" | "text/javascript")
}

/// The links in the text of an asset.
fn find(asset: &Asset, text: &[u8], settings: &Settings) -> Result<Found, Fault> {
    let path = &asset.logical_path;
    match asset.essence() {
        "text/css" => Ok(css::find(&String::from_utf8_lossy(text))),
        "text/html" => html::find(text, settings),
        "image/svg+xml" => Ok(svg::find(text)),
        "text/javascript" => Ok(javascript::find_in_file(text, path)),
        "application/manifest+json" => Ok(web_manifest::find(text)),
        "application/json" if path.ends_with(".map") => {
            if settings.keep_only_hashed {
                Ok(source_map::find(text))
            } else {
                Ok(Found::default())
            }
        }
        essence if is_json(essence) && is_metadata(path) => Ok(Found::default()),
        essence if is_json(essence) => Ok(data(text)),
        essence if is_xml(essence) || is_playlist(essence) => Ok(data(text)),
        _ => Ok(data::find(text, path).unwrap_or_default()),
    }
}

/// RFC 6839 §3.1.
fn is_json(essence: &str) -> bool {
    essence == "application/json" || essence.ends_with("+json")
}

/// RFC 7303 §4.2.
fn is_xml(essence: &str) -> bool {
    matches!(essence, "text/xml" | "application/xml") || essence.ends_with("+xml")
}

/// RFC 8216 §4.
fn is_playlist(essence: &str) -> bool {
    essence.ends_with("mpegurl")
}

/// JSON of an unknown format: a program that reads it may use a name in it.
fn data(bytes: &[u8]) -> Found {
    Found { literals: vec![Literal::data(0..bytes.len())], ..Found::default() }
}

/// Whether a file is a package's description of itself, which no page reads.
fn is_metadata(logical_path: &str) -> bool {
    matches!(
        file_name(logical_path),
        "bower.json"
            | "component.json"
            | "composer.json"
            | "jsconfig.json"
            | "package-lock.json"
            | "package.json"
            | "tsconfig.json"
    )
}

/// The remarks about URLs that stay as they are: for one, and for several.
type Remarks = [&'static str; 2];

const ABOVE_BASE: &str = " links to it above `<base>`, where browsers differ";
const IN_PROPERTY: &str = " names it in a custom property, relative to where that is used";
const IN_POLICY: &str = " names it in a policy";

const COMPUTED: Remarks = [
    "a URL is computed here, so it is left as it is",
    "URLs are computed, so they are left as they are",
];

const OF_A_TEMPLATE: Remarks = [
    "this URL is a template's, so it is left as it is",
    "URLs are a template's, so they are left as they are",
];

/// One remark on all URLs of a kind, with their number and their lines.
fn counted(
    source: &Source<'_>,
    offsets: Vec<usize>,
    [one, several]: &Remarks,
) -> Option<(usize, String)> {
    let first = *offsets.first()?;
    let count = offsets.len();
    let lines: BTreeSet<_> = offsets.iter().map(|offset| source.place(*offset).line).collect();
    let lines: Vec<_> = lines.iter().map(usize::to_string).collect();
    let remark = match (count, lines.as_slice()) {
        (1, _) => (*one).to_owned(),
        (_, [line]) => format!("{count} {several}: on line {line}"),
        (_, lines) => format!("{count} {several}: on lines {}", lines.join(", ")),
    };
    Some((first, remark))
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
    fn urls_of_a_kind_are_one_remark() {
        let asset = Asset::of("a.js", "a\nb\n\nc");
        let source = Source::new(0, &asset, &asset.bytes);
        let remark = |offsets| counted(&source, offsets, &COMPUTED);
        assert_eq!(remark(vec![]), None);
        let (offset, one) = remark(vec![2]).unwrap();
        assert_eq!((offset, &*one), (2, "a URL is computed here, so it is left as it is"));
        let (offset, many) = remark(vec![0, 1, 5]).unwrap();
        assert_eq!(offset, 0);
        assert_eq!(many, "3 URLs are computed, so they are left as they are: on lines 1, 4");
        let (_, many) = remark(vec![0, 1]).unwrap();
        assert_eq!(many, "2 URLs are computed, so they are left as they are: on line 1");
    }

    /// The outcome for the links in the first of these files: the warnings and errors, and the
    /// paths of the targets.
    #[track_caller]
    fn leads(files: &[(&str, &str)], toml: &str, expected: (&[&str], &[&str])) {
        let settings: Settings = toml::from_str(&format!("assets = ''\n{toml}")).unwrap();
        let files = files.iter();
        let assets: Vec<_> =
            files.map(|(path, text)| Asset::of(path, (*text).to_owned())).collect();
        let paths: Vec<_> = assets.iter().map(|asset| asset.logical_path.clone()).collect();
        let scanned = Scanned { assets, left_out: Vec::new() };
        let (said, targets) = match references(scanned, &settings, &Rules::default()) {
            Err(error) => (error.to_string(), Vec::new()),
            Ok(Referenced { warnings, references, .. }) => (
                warnings.iter().map(|it| format!("{it}\n")).collect(),
                references[0].iter().map(|it| paths[it.target].clone()).collect(),
            ),
        };
        for text in expected.0 {
            assert!(said.contains(text), "{said}");
        }
        assert_eq!(said.is_empty(), expected.0.is_empty(), "{said}");
        assert_eq!(targets, expected.1);
    }

    #[test]
    fn what_a_script_can_notice_is_a_warning() {
        let b = ("b.js", "");
        leads(&[("a.js", "import './gone.js'"), b], "", (&["a.js:1:9: \"./gone.js\" refers"], &[]));
        for text in ["import('./gone.js')", "new URL('./gone.js', import.meta.url)"] {
            leads(
                &[("a.js", &format!("import './b.js';{text}")), b],
                "",
                (&["the script finds out"], &["b.js"]),
            );
        }
        leads(&[("a.js", "x\n//# sourceMappingURL=gone.map")], "", (&["gone.map"], &[]));
        let page = ("b.html", "<script src=c.js></script>");
        let unused = [("a.js", "import './gone.js'"), page, ("c.js", "")];
        leads(&unused, "", (&["the script finds out"], &[]));
        let icons = ("icons/a.svg", "<svg/>");
        leads(&[("a.js", "new URL('./icons', import.meta.url)"), icons], "", (&[], &[]));
        let said = "\"icons\" refers to \"icons/index.html\", which does not exist";
        leads(&[("a.html", "<img src=icons>"), icons], "", (&[said], &[]));
    }

    #[test]
    fn integrity_that_fails_is_a_warning() {
        let said = "a.html:1:29: \"b.js\" has another digest than this integrity says";
        let page = "<script src=b.js integrity='sha256-AAAA'></script>";
        leads(&[("a.html", page), ("b.js", "")], "", (&[said], &["b.js"]));
        let empty = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        let page = page.replace("sha256-AAAA", empty);
        leads(&[("a.html", &page), ("b.js", "")], "", (&[], &["b.js"]));
    }

    #[test]
    fn an_escaped_slash_leads_nowhere() {
        let page = "<img src=a%2Fb.png>";
        let said = "\"a%2Fb.png\" refers to \"a%2Fb.png\", which does not exist: an escaped \
                    slash is a part of a name, and no file has such a name, so write /. Near it: a/b.png";
        leads(&[("a.html", page), ("a/b.png", "")], "", (&[said], &[]));
        leads(&[("a.html", "<img src='%252f.png'>"), ("%2f.png", "")], "", (&[], &["%2f.png"]));
    }

    #[test]
    fn urls_of_templates_are_one_remark() {
        let page = "<link rel=stylesheet href=\"{{ path('a.css') }}\"><img src='{% x %}'>
                    <p style=\"a:url('${x}')\"><img src=b.png>";
        let said =
            "a.html:1:28: 3 URLs are a template's, so they are left as they are: on lines 1, 2";
        leads(&[("a.html", page), ("b.png", "")], "", (&[said], &["b.png"]));
    }

    #[test]
    fn what_is_made_for_a_bundler_is_left_alone() {
        let source = "import './src/b';import './c.js';new URL('./d.png', import.meta.url)";
        let said = "cms: 1 script is made for a bundler: no browser finds \"./src/b\" \
                    (cms/a.js:1:9), for want of an extension";
        let files =
            [("cms/a.js", source), ("cms/c.js", ""), ("cms/d.png", ""), ("cms/src/b.js", "")];
        leads(&files, "", (&[&said.replace("cms: ", "cms/: ")], &["cms/d.png"]));
        let two = [files[0], files[1], files[2], ("cms/src/b/index.ts", ""), ("cms/z.js", source)];
        leads(&two[..4], "", (&["1 script is"], &["cms/d.png"]));
        leads(&[("a.js", "import './b'")], "", (&["\"./b\" refers to \"b\""], &[]));
        leads(&[("a.js", "import('./b')"), ("b.js", "")], "", (&["Near it: b.js"], &[]));
        let page = ("a.html", "<script type=module>import './b'</script>");
        leads(&[page, ("b.js", "")], "", (&["does not exist"], &[]));
    }

    #[test]
    fn a_package_may_miss_what_the_site_may_not() {
        let toml = "missing = { '/cms/' = 'warn' }";
        let files = [("cms/a.css", "a{b:url(x.png)}"), ("own.css", "")];
        leads(&files, toml, (&["cms/a.css:1:9: \"x.png\" refers"], &[]));
        let files = [("cms/a.css", ""), ("own.css", "a{b:url(x.png)}")];
        leads(&files, toml, (&["own.css:1:9", "add `\"/own.css\" = \"warn\"`"], &[]));
    }

    #[test]
    fn a_page_that_is_prefetched_may_be_a_route_of_the_app() {
        let page = |url: &str| format!("<link rel=prefetch href={url}>");
        let (route, script) = (page("/users/1"), page("/gone.js"));
        leads(&[("a.html", &route)], "", (&["does not exist"], &[]));
        leads(&[("a.html", &script)], "", (&["does not exist"], &[]));
    }

    /// Links in order.
    fn links(asset: &Asset) -> Vec<Link> {
        let found = find(asset, &asset.bytes, &Settings::default());
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
            let asset = Asset::of(path, text);
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
            let before = Asset::of(path, text);
            let found = links(&before);
            let itself = |link: &Link| link.replace(0..link.url.len(), &link.url.clone());
            let replacements: Vec<_> = found.iter().map(itself).collect();
            let rewritten = splice(&before.bytes, &replacements);
            if found.iter().all(|link| link.is_verbatim) {
                prop_assert_eq!(&rewritten, &before.bytes);
            }
            let after = Asset::of(path, String::from_utf8(rewritten).unwrap());
            let urls = |links: Vec<Link>| links.into_iter().map(|link| link.url).collect::<Vec<_>>();
            prop_assert_eq!(urls(links(&after)), urls(found));
        }

        /// Exactly the links that were written are found again.
        #[test]
        fn a_rewritten_link_is_found_again((path, text) in texts()) {
            let before = Asset::of(path, text);
            let rename = |link: &Link| {
                let end = split_url(&link.url).0.len();
                link.replace(end..end, ".0123456789ab.x")
            };
            let found = links(&before);
            let renamed: Vec<_> = found.iter().map(rename).collect();
            let after = Asset::of(path, String::from_utf8(splice(&before.bytes, &renamed)).unwrap());
            let expected = found.iter().map(|link| {
                let (path, rest) = split_url(&link.url);
                format!("{path}.0123456789ab.x{rest}")
            });
            let urls: Vec<_> = links(&after).into_iter().map(|link| link.url).collect();
            prop_assert_eq!(urls, expected.collect::<Vec<_>>());
        }
    }
}
