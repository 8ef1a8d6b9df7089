//! The fourth stage: final bytes, fingerprints and URL paths.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet, HashMap},
    mem,
    ops::Range,
};

use hardtack_bundle::{Fingerprint, Integrity, StaticHost, encode_path};
use sha2::{Digest, Sha256};

use crate::{
    Role, Settings,
    digest::{DigestPlace, Form, Subject, as_parsed},
    graph::{Component, modules},
    hosting::{LinkPlace, Rules},
    logical_path::file_name,
    references::{Decoded, IntegrityPlace, Reference, Referenced, RuleLink, split_url},
    rewrite::splice,
    same_origin::keeps_origin,
    scan::Asset,
    url_paths::{UrlPaths, hashed_path, is_error_page, known_paths},
};

/// An asset with its final bytes and its URL paths.
#[derive(Clone, Debug)]
pub(crate) struct Final {
    pub(crate) logical_path: String,
    pub(crate) media_type: String,
    /// With rewritten references.
    pub(crate) bytes: Vec<u8>,
    pub(crate) fingerprint: Fingerprint,
    /// SHA-256 of the bytes: the fingerprint, unless the asset is in a circle.
    pub(crate) digest: Fingerprint,
    pub(crate) paths: UrlPaths,
    pub(crate) role: Role,
    /// Why it has that role, for people.
    pub(crate) why: String,
    /// The logical paths of its imports, if it is a module.
    pub(crate) imports: Vec<String>,
}

/// All assets in their final form, and what changes with it in the values of header fields.
#[derive(Debug)]
pub(crate) struct Fingerprinted {
    pub(crate) finals: Vec<Final>,
    /// The URLs of assets in `Link` now.
    pub(crate) links: Vec<(LinkPlace, String)>,
    /// Those that stand for an old digest now, by that.
    pub(crate) digests: HashMap<String, BTreeSet<String>>,
}

/// Rewrites and fingerprints all assets, in the order of the components.
pub(crate) fn fingerprint(
    referenced: Referenced,
    components: &[Component],
    settings: &Settings,
    rules: &Rules,
) -> Fingerprinted {
    let keeps_origin = keeps_origin(&referenced);
    let Referenced {
        assets, references, frozen, digests, imports, module_integrity, decoded, ..
    } = referenced;
    let mut site = Site {
        at: settings.at.as_str(),
        static_host: settings.static_host.as_ref().map_or("", StaticHost::as_str),
        keeps_origin,
        rules,
        paths: assets.iter().map(|asset| known_paths(asset, settings)).collect(),
        finals: vec![None; assets.len()],
        integrities: vec![OnceCell::new(); assets.len()],
        assets,
        references,
        frozen,
        digests,
        imports,
        module_integrity,
        decoded,
    };
    for component in components {
        match component.as_slice() {
            [single] if !site.refers_to(*single, component) => site.single(*single),
            members => site.circle(members),
        }
    }
    let in_rules = referenced.digests_in_rules.into_iter();
    let digests = in_rules.map(|(old, (form, subjects))| {
        let new = subjects.iter().filter_map(|subject| site.digest(subject, form));
        (old, new.collect())
    });
    let digests = digests.collect();
    let links = site.links_in_rules(&referenced.links_in_rules);
    Fingerprinted { finals: site.finish(), links, digests }
}

/// The assets, and what is known of their final form so far.
struct Site<'a> {
    /// The URL prefix of the first folder.
    at: &'a str,
    /// Scheme and host of the CDN, or nothing.
    static_host: &'a str,
    /// Whether each asset keeps the page's origin.
    keeps_origin: Vec<bool>,
    rules: &'a Rules,
    assets: Vec<Asset>,
    references: Vec<Vec<Reference>>,
    frozen: Vec<bool>,
    digests: Vec<Vec<DigestPlace>>,
    imports: Vec<Vec<usize>>,
    module_integrity: HashMap<usize, IntegrityPlace>,
    /// The texts that are not UTF-8.
    decoded: HashMap<usize, Decoded>,
    paths: Vec<UrlPaths>,
    finals: Vec<Option<FinalBytes>>,
    integrities: Vec<OnceCell<Integrity>>,
}

#[derive(Clone, Debug)]
struct FinalBytes {
    fingerprint: Fingerprint,
    digest: Fingerprint,
    bytes: Vec<u8>,
}

impl Site<'_> {
    /// Rewrites and fingerprints an asset that is in no circle.
    fn single(&mut self, index: usize) {
        let bytes = self.take(index);
        let digest = Fingerprint::of(&bytes);
        self.name(index, digest);
        self.finals[index] = Some(FinalBytes { fingerprint: digest, digest, bytes });
    }

    /// The same for assets that refer to each other.
    fn circle(&mut self, members: &[usize]) {
        let fingerprints = self.fingerprints_in_circle(members);
        for (index, fingerprint) in members.iter().zip(&fingerprints) {
            self.name(*index, *fingerprint);
        }
        for (index, fingerprint) in members.iter().zip(fingerprints) {
            let bytes = self.take(*index);
            let digest = Fingerprint::of(&bytes);
            self.finals[*index] = Some(FinalBytes { fingerprint, digest, bytes });
        }
    }

    fn name(&mut self, index: usize, fingerprint: Fingerprint) {
        let asset = &self.assets[index];
        if asset.role == Role::Hashed {
            self.paths[index].hashed = Some(hashed_path(self.at, asset, fingerprint));
        }
    }

    /// The fingerprints of assets that refer to each other in a circle.
    ///
    /// A digest over all of them, in which their references to each other stand as authored; then,
    /// for each, a digest of that digest and its path. If any member's final bytes change, so do
    /// all fingerprints.
    fn fingerprints_in_circle(&self, members: &[usize]) -> Vec<Fingerprint> {
        let mut digest = Sha256::new();
        for member in members {
            let rewritten = self.rewritten(*member, |target| !members.contains(&target));
            let bytes = rewritten.as_ref().unwrap_or(&self.assets[*member].bytes);
            digest_of_parts(&mut digest, &[self.logical_path(*member).as_bytes(), bytes]);
        }
        let whole = digest.finalize();
        let of_member = |member: &usize| {
            let mut digest = Sha256::new();
            digest_of_parts(&mut digest, &[&whole, self.logical_path(*member).as_bytes()]);
            Fingerprint(digest.finalize().into())
        };
        members.iter().map(of_member).collect()
    }

    fn refers_to(&self, index: usize, targets: &[usize]) -> bool {
        self.references[index].iter().any(|reference| targets.contains(&reference.target))
            && self.assets[index].role == Role::Hashed
    }

    fn logical_path(&self, index: usize) -> &str {
        &self.assets[index].logical_path
    }

    /// The final bytes of an asset. Those that are as authored are moved.
    fn take(&mut self, index: usize) -> Vec<u8> {
        let rewritten = self.rewritten(index, |_| true);
        rewritten.unwrap_or_else(|| mem::take(&mut self.assets[index].bytes))
    }

    /// The bytes of an asset with its references to some targets rewritten; none if they are as
    /// authored.
    fn rewritten(&self, index: usize, is_rewritten: impl Fn(usize) -> bool) -> Option<Vec<u8>> {
        if self.frozen[index] {
            return None;
        }
        let bytes = &self.assets[index].bytes;
        let replacements = self.replacements(index, is_rewritten);
        (!replacements.is_empty()).then(|| match self.decoded.get(&index) {
            Some(decoded) => decoded.splice(bytes, &replacements),
            None => splice(bytes, &replacements),
        })
    }

    /// All replacements in an asset, in the order of the text.
    fn replacements(
        &self,
        index: usize,
        is_rewritten: impl Fn(usize) -> bool,
    ) -> Vec<(Range<usize>, String)> {
        let mut known = self.links(index, is_rewritten);
        let own = self.digests[index].iter().filter_map(|place| match &place.subject {
            Subject::Inline(_, element) => Some((place, element)),
            Subject::Asset(_) => None,
        });
        let mut open: Vec<_> = own.collect();
        open.sort_by_key(|(place, _)| place.span.start);
        // An element may contain the digest of another, which comes first.
        loop {
            let starts: Vec<_> = open.iter().map(|(place, _)| place.span.start).collect();
            let is_complete = |(_, element): &(&DigestPlace, &Range<usize>)| {
                let next = starts.partition_point(|start| *start < element.start);
                starts.get(next).is_none_or(|start| *start >= element.end)
            };
            let (complete, rest): (Vec<_>, Vec<_>) = open.into_iter().partition(is_complete);
            if complete.is_empty() {
                return known;
            }
            let digest = |(place, element): (&DigestPlace, &Range<usize>)| {
                (place.span.clone(), self.inline_digest(index, element, place.form, &known))
            };
            let new: Vec<_> = complete.into_iter().map(digest).collect();
            known.extend(new);
            known.sort_by_key(|(span, _)| span.start);
            open = rest;
        }
    }

    /// The digest of a script or a style in a page with these replacements.
    fn inline_digest(
        &self,
        page: usize,
        element: &Range<usize>,
        form: Form,
        replacements: &[(Range<usize>, String)],
    ) -> String {
        let text = self.text(page);
        form.of(&as_parsed(text, element, &splice_part(text, element, replacements)))
    }

    /// An asset as authored, in UTF-8 if it is a text.
    fn text(&self, index: usize) -> &[u8] {
        let authored = match (&self.assets[index].bytes[..], &self.finals[index]) {
            // They were moved.
            ([], Some(last)) => &last.bytes,
            (authored, _) => authored,
        };
        self.decoded.get(&index).map_or(authored, Decoded::text)
    }

    /// The digest of its subject's final bytes; none if they are not known yet.
    fn digest(&self, subject: &Subject, form: Form) -> Option<String> {
        let FinalBytes { bytes, .. } = self.finals[subject.asset()].as_ref()?;
        Some(match subject {
            Subject::Asset(_) => form.of(bytes),
            Subject::Inline(page, element) => {
                let is_frozen = self.frozen[*page];
                let all = if is_frozen { Vec::new() } else { self.replacements(*page, |_| true) };
                self.inline_digest(*page, element, form, &all)
            }
        })
    }

    /// The replacements in an asset that follow from some other assets, for links and digests, in
    /// the order of the text.
    fn links(
        &self,
        index: usize,
        is_rewritten: impl Fn(usize) -> bool,
    ) -> Vec<(Range<usize>, String)> {
        let asset = &self.assets[index];
        let references = self.references[index].iter();
        let mut replacements: Vec<_> = references
            .filter(|reference| is_rewritten(reference.target))
            .flat_map(|reference| {
                [self.replacement(asset, reference), self.integrity(index, reference)]
            })
            .flatten()
            .chain(self.module_integrity(index))
            .chain(self.digests[index].iter().filter_map(|place| match place.subject {
                Subject::Asset(_) => {
                    Some((place.span.clone(), self.digest(&place.subject, place.form)?))
                }
                Subject::Inline(..) => None,
            }))
            .collect();
        replacements.sort_by_key(|(span, _)| span.start);
        replacements
    }

    /// The replacement that makes a reference lead to its target's preferred path.
    ///
    /// A hashed path lies in the folder of the plain path, so only the last segment changes. Only
    /// pages may need more: if static files have a host of their own, or the page is served at
    /// other paths than its own.
    fn replacement(&self, referrer: &Asset, to: &Reference) -> Option<(Range<usize>, String)> {
        let paths = &self.paths[to.target];
        let path = split_url(&to.link.url).0;
        let is_page = referrer.is_page();
        if is_page && paths.hashed.is_some() && !self.host(to.target).is_empty() {
            return Some(to.link.replace(0..path.len(), &self.whole_url(to.target)));
        }
        let path_of_page = &referrer.logical_path;
        if is_error_page(path_of_page) || self.rules.has_other_addresses(path_of_page) {
            return Some(to.link.replace(0..path.len(), &encode_path(paths.preferred())));
        }
        // Only a hashed asset has another name than the author's link.
        let is_hashed = self.assets[to.target].role == Role::Hashed;
        let name = file_name(paths.hashed.as_ref().filter(|_| is_hashed)?);
        let segment = path.rfind(['/', '\\']).map_or(0, |slash| slash + 1)..path.len();
        (!segment.is_empty()).then(|| to.link.replace(segment, &encode_path(name)))
    }

    /// The replacement for the integrity of a reference's target. An existing value keeps its
    /// algorithms, since a policy may contain the same digest.
    fn integrity(&self, referrer: usize, to: &Reference) -> Option<(Range<usize>, String)> {
        let place = to.link.integrity.as_ref()?;
        let integrity = self.integrity_of(to.target)?;
        let FinalBytes { bytes, .. } = self.finals[to.target].as_ref()?;
        let said = String::from_utf8_lossy(self.text(referrer).get(place.span.clone())?);
        let digest = |word: &str| {
            let (algorithm, _) = word.split_once('-')?;
            Some(format!("{algorithm}-{}", Form::of_integrity(algorithm)?.of(bytes)))
        };
        let same: Vec<_> = said.split_ascii_whitespace().filter_map(digest).collect();
        let integrity = if same.is_empty() { integrity.to_string() } else { same.join(" ") };
        let (before, after) = place.around;
        Some((place.span.clone(), format!("{before}{integrity}{after}")))
    }

    /// The integrity of all modules that a page may load, for its import map, the only place for
    /// the integrity of a module that another module imports.
    fn module_integrity(&self, page: usize) -> Option<(Range<usize>, String)> {
        let place = self.module_integrity.get(&page)?;
        let entry = |module| Some((self.whole_url(module), self.integrity_of(module)?));
        let entries: BTreeMap<_, _> =
            modules(page, &self.assets, &self.references).into_iter().filter_map(entry).collect();
        let entries: Vec<_> =
            entries.iter().map(|(url, integrity)| format!("\"{url}\":\"{integrity}\"")).collect();
        let (before, after) = place.around;
        let is_needed = !entries.is_empty() || !place.is_added();
        is_needed.then(|| (place.span.clone(), format!("{before}{}{after}", entries.join(","))))
    }

    /// An entry point has none: its bytes may not be final yet, and change without its URL.
    fn integrity_of(&self, index: usize) -> Option<Integrity> {
        self.paths[index].hashed.as_ref()?;
        let FinalBytes { bytes, .. } = self.finals[index].as_ref()?;
        Some(*self.integrities[index].get_or_init(|| Integrity::of(bytes)))
    }

    /// The URL of an asset at its preferred path, with the static host if there is one for it.
    fn whole_url(&self, index: usize) -> String {
        format!("{}{}", self.host(index), encode_path(self.paths[index].preferred()))
    }

    /// The URLs of the hashed assets to which `Link` header fields of rules lead.
    fn links_in_rules(&self, links: &[RuleLink]) -> Vec<(LinkPlace, String)> {
        let hashed = links.iter().filter(|link| self.assets[link.target].role == Role::Hashed);
        let url = |link: &RuleLink| format!("{}{}", self.whole_url(link.target), link.rest);
        hashed.map(|link| (link.place.clone(), url(link))).collect()
    }

    /// Scheme and host of an asset's URL, or nothing.
    fn host(&self, index: usize) -> &str {
        if self.keeps_origin[index] { "" } else { self.static_host }
    }

    fn finish(mut self) -> Vec<Final> {
        let imports: Vec<_> = (0..self.assets.len()).map(|index| self.imports(index)).collect();
        let finals = std::mem::take(&mut self.finals);
        let finished = self.assets.into_iter().zip(self.paths).zip(finals).zip(imports);
        finished
            .map(|(((asset, paths), finished), imports)| {
                let FinalBytes { fingerprint, digest, bytes } =
                    finished.expect("each asset is in one component");
                let Asset { logical_path, media_type, role, why, .. } = asset;
                Final {
                    logical_path,
                    media_type,
                    bytes,
                    fingerprint,
                    digest,
                    paths,
                    role,
                    why,
                    imports,
                }
            })
            .collect()
    }

    fn imports(&self, index: usize) -> Vec<String> {
        let imports = self.imports[index].iter();
        imports.map(|target| self.logical_path(*target).to_owned()).collect()
    }
}

/// A part of a text, with the replacements that lie in it. They are sorted.
fn splice_part(text: &[u8], part: &Range<usize>, all: &[(Range<usize>, String)]) -> Vec<u8> {
    let first = all.partition_point(|(span, _)| span.start < part.start);
    let inside = all[first..].iter().take_while(|(span, _)| span.end <= part.end);
    let shifted = |(span, with): &(Range<usize>, String)| {
        (span.start - part.start..span.end - part.start, with.clone())
    };
    splice(&text[part.clone()], &inside.map(shifted).collect::<Vec<_>>())
}

/// Digests parts with their lengths, so that different lists of parts have different digests.
fn digest_of_parts(digest: &mut Sha256, parts: &[&[u8]]) {
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{graph::graph, references::references, scan::Scanned};

    /// Bakes assets up to this stage; they are given sorted by path.
    fn finals(at: &str, files: &[(&str, &str)]) -> Vec<Final> {
        let at = crate::Prefix::try_from(at.to_owned()).unwrap();
        finals_with(Settings { at, ..Settings::default() }, files)
    }

    fn finals_with(settings: Settings, files: &[(&str, &str)]) -> Vec<Final> {
        let referenced = references(Scanned::of(files), &settings, &Rules::default()).unwrap();
        let components = graph(&referenced);
        fingerprint(referenced, &components, &settings, &Rules::default()).finals
    }

    fn text(of: &Final) -> &str {
        str::from_utf8(&of.bytes).unwrap()
    }

    fn short(text: &str) -> String {
        Fingerprint::of(text.as_bytes()).short()
    }

    #[test]
    fn names() {
        let hashed = |path: &str| {
            let baked = finals("/static/", &[(path, "x")]).remove(0);
            baked.paths.hashed.map(|hashed| hashed.replace(&short("x"), "#"))
        };
        let is = |path: &str, expected: &str| assert_eq!(hashed(path).as_deref(), Some(expected));
        is("a.css", "/static/a.#.css");
        is("a/b.min.js", "/static/a/b.min.#.js");
        is("a.js.map", "/static/a.js.#.map");
        is("a.b/LICENSE", "/static/a.b/LICENSE.#");
        is(".nojekyll", "/static/.nojekyll.#");
        is("a.", "/static/a.#.");
        assert_eq!(hashed("a.html"), None);
    }

    #[test]
    fn an_index_has_the_path_of_its_folder() {
        let plain = |at: &str, path: &str| finals(at, &[(path, "")]).remove(0).paths.plain.unwrap();
        assert_eq!(plain("/", "index.html"), "/");
        assert_eq!(plain("/s/", "docs/index.html"), "/s/docs/");
        assert_eq!(plain("/", "my-index.html"), "/my-index.html");
    }

    #[test]
    fn a_chain_is_rewritten_leaf_first() {
        let baked = finals(
            "/",
            &[
                ("a.css", "@import 'b.css';"),
                ("b.css", "a{b:url( \"i/c.png?x#y\" )}"),
                ("i/c.png", "png"),
                ("index.html", "<link rel=stylesheet href=./a.css><img src=/i/c.png>"),
            ],
        );
        let png = format!("c.{}.png", short("png"));
        let b = format!("a{{b:url( \"i/{png}?x#y\" )}}");
        let a = format!("@import 'b.{}.css';", short(&b));
        let page = format!("<link rel=stylesheet href=./a.{}.css><img src=/i/{png}>", short(&a));
        let texts: Vec<_> = baked.iter().map(text).collect();
        assert_eq!(texts, [&a, &b, "png", &page]);
        assert_eq!(baked[0].fingerprint, Fingerprint::of(a.as_bytes()));
    }

    #[test]
    fn a_circle_is_hashed_as_one() {
        let bake = |leaf: &str| {
            finals(
                "/",
                &[
                    ("a.css", "@import 'b.css';"),
                    ("b.css", "@import \"./a.css\";@import 'c.css';"),
                    ("c.css", leaf),
                    ("d.css", "@import 'd.css';"),
                ],
            )
        };
        let [one, other] = [bake("x{}"), bake("y{}")];
        let name = |of: &Final| of.paths.preferred()[1..].to_owned();
        assert_eq!(text(&one[0]), format!("@import '{}';", name(&one[1])));
        assert_eq!(
            text(&one[1]),
            format!("@import \"./{}\";@import '{}';", name(&one[0]), name(&one[2]))
        );
        assert_eq!(text(&one[3]), format!("@import '{}';", name(&one[3])));
        // A target of a member of the circle changes the names of all members, and no other.
        let changed: Vec<_> = one.iter().zip(&other).map(|(a, b)| name(a) != name(b)).collect();
        assert_eq!(changed, [true, true, true, false]);
        assert_ne!(name(&one[0])[2..14], name(&one[1])[2..14]);
    }

    #[test]
    fn a_page_of_an_error_has_whole_paths() {
        let page = "<img src='a b.png?x'><link rel=icon href=favicon.html>";
        let whole = format!(
            "<img src='/s/a%20b.{}.png?x'><link rel=icon href=/s/favicon.html>",
            short("png")
        );
        for name in ["404.html", "502.html", "503.html", "maintenance.html"] {
            let files = [(name, page), ("a b.png", "png"), ("favicon.html", "")];
            let baked = finals("/s/", &files);
            let page = baked.iter().find(|one| one.logical_path == name).unwrap();
            assert_eq!(text(page), whole, "{name}");
        }
        let files = [("1404.html", page), ("a b.png", "png"), ("favicon.html", "")];
        assert!(text(&finals("/s/", &files)[0]).starts_with("<img src='a%20b."));
    }

    #[test]
    fn escapes_are_written_anew_where_there_were_some() {
        let baked = finals(
            "/",
            &[
                ("a&b.png", "png"),
                ("a.css", "a{b:url(a\\&b.png?\\(\\))}"),
                ("index.html", "<img src='a&amp;b.png?c&amp;d&e'>"),
            ],
        );
        let hash = short("png");
        assert_eq!(text(&baked[1]), format!("a{{b:url(a%26b.{hash}.png?\\(\\))}}"));
        assert_eq!(text(&baked[2]), format!("<img src='a%26b.{hash}.png?c&amp;d&amp;e'>"));
    }

    #[test]
    fn behind_a_backslash_stands_a_name_too() {
        let page = "<img src='i\\c.png' srcset='.\\i\\c.png 2x'>";
        let baked = finals("/", &[("404.html", page), ("i/c.png", "png"), ("index.html", page)]);
        let name = format!("c.{}.png", short("png"));
        let expected = format!("<img src='i\\{name}' srcset='.\\i\\{name} 2x'>");
        assert_eq!(text(&baked[2]), expected);
        assert_eq!(text(&baked[0]), format!("<img src='/i/{name}' srcset='/i/{name} 2x'>"));
    }

    #[test]
    fn a_reference_to_an_entry_point_stays() {
        let page = "<link rel=icon href='x/'><img src=./x/index.html?a>";
        let baked = finals("/", &[("index.html", page), ("x/index.html", "")]);
        assert_eq!(text(&baked[0]), page);
    }

    fn is_page(settings: Settings, files: &[(&str, &str)], expected: impl Fn(&[Final]) -> String) {
        let baked = finals_with(settings, files);
        let page = baked.iter().find(|one| one.logical_path == "p.html").unwrap();
        assert_eq!(text(page), expected(&baked));
    }

    /// Modules that an import map's folder leads to are in that map, by the names in use.
    #[test]
    fn a_folder_in_an_import_map_is_spelt_out() {
        let map = |mappings: &str| {
            format!("<script type=importmap>{{\"imports\":{{{mappings}}}}}</script>")
        };
        let page = map("\"lib/\":\"./l/\",\"lib/x/\":\"/x/\"");
        let files = [
            ("a.js", "import 'lib/b.js';import('lib/x/c.js');import 'lib/none.js';import 'other'"),
            ("l/b.js", "b"),
            ("l/unused.js", ""),
            ("p.html", &page),
            ("x/c.js", "c"),
        ];
        let (b, c) = (short("b"), short("c"));
        is_page(Settings::default(), &files, |_| {
            map(&format!(
                "\"lib/b.js\":\"./l/b.{b}.js\",\"lib/x/c.js\":\"/x/c.{c}.js\",\
                 \"lib/\":\"./l/\",\"lib/x/\":\"/x/\""
            ))
        });
        let host = "https://cdn.example".parse().ok();
        is_page(Settings { static_host: host, ..Settings::default() }, &files, |_| {
            map(&format!(
                "\"lib/b.js\":\"https://cdn.example/l/b.{b}.js\",\
                 \"lib/x/c.js\":\"https://cdn.example/x/c.{c}.js\",\
                 \"lib/\":\"./l/\",\"lib/x/\":\"/x/\""
            ))
        });
    }

    /// Browsers take these from the page's own origin only, or not at all.
    #[test]
    fn some_things_keep_the_origin_of_the_page() {
        let with_cdn = |page: &str, files: &[(&str, &str)]| {
            let static_host = "https://cdn.example".parse().ok();
            let mut files = [files, &[("p.html", page)]].concat();
            files.sort_unstable();
            let baked = finals_with(Settings { static_host, ..Settings::default() }, &files);
            let page = baked.iter().find(|one| one.logical_path == "p.html").unwrap();
            // The names without their hashes.
            let hash = |one: &Final| format!(".{}", one.fingerprint.short());
            baked.iter().fold(text(page).to_owned(), |page, one| page.replace(&hash(one), ""))
        };
        let is = |page: &str, files: &[(&str, &str)], expected: &str| {
            assert_eq!(with_cdn(page, files), expected.replace("CDN", "https://cdn.example"));
        };
        let [svg, vtt, js] = [("a.svg", "<svg/>"), ("a.vtt", "vtt"), ("a.js", "1")];
        is("<use href=a.svg#b>", &[svg], "<use href=a.svg#b>");
        is("<use href=a.svg#b><img src=/a.svg>", &[svg], "<use href=a.svg#b><img src=/a.svg>");
        is("<img src=a.svg>", &[svg], "<img src=CDN/a.svg>");
        is("<p style='filter:url(a.svg#b)'>", &[svg], "<p style='filter:url(a.svg#b)'>");
        is("<style>b{a:url(a.svg)}</style>", &[svg], "<style>b{a:url(CDN/a.svg)}</style>");
        is("<video><track src=a.vtt>", &[vtt], "<video><track src=a.vtt>");
        is(
            "<video crossorigin><track src=a.vtt>",
            &[vtt],
            "<video crossorigin><track src=CDN/a.vtt>",
        );
        is(
            "<video crossorigin></video><audio><track src=a.vtt>",
            &[vtt],
            "<video crossorigin></video><audio><track src=a.vtt>",
        );
        let manifest = ("a.webmanifest", "{}");
        is(
            "<link rel=manifest href=a.webmanifest>",
            &[manifest],
            "<link rel=manifest href=a.webmanifest>",
        );
        is("<script src=a.js></script>", &[js], "<script src=CDN/a.js></script>");
        let worker = "new Worker(new URL('./w.js',import.meta.url))";
        let inline = format!("<script type=module>{worker}</script><script src=a.js></script>");
        is(&inline, &[js, ("w.js", "2")], &inline.replace("src=", "src=CDN/"));
        let files = [
            ("a.js", "import './b.js'"),
            ("b.js", worker),
            ("c.js", "import './d.js'"),
            ("d.js", "4"),
            ("e.js", "import './b.js'"),
            ("w.js", "5"),
        ];
        is(
            "<script src=a.js></script><script src=c.js></script><script src=e.js></script>",
            &files,
            "<script src=a.js></script><script src=CDN/c.js></script><script src=e.js></script>",
        );
        for elsewhere in ["new Worker('/w.js')", "new Worker(URL.createObjectURL(b))"] {
            is(
                "<script src=a.js></script>",
                &[("a.js", elsewhere)],
                "<script src=CDN/a.js></script>",
            );
        }
    }

    /// A preload that says what the later request does not is fetched twice.
    #[test]
    fn integrity_is_added_where_it_is_heeded_and_preloads_agree() {
        let is = |page: &str, expected: &str| {
            let files = [("a.css", "css"), ("a.js", "js"), ("a.woff2", "font"), ("p.html", page)];
            let settings = Settings { integrity: true, ..Settings::default() };
            is_page(settings, &files, |baked| {
                let one = |page: String, one: &Final| {
                    let of = Integrity::of(&one.bytes);
                    let said = format!(" integrity=\"{of}\" crossorigin=\"anonymous\"");
                    let hashed = one.paths.preferred()[1..].to_owned();
                    page.replace(&format!("{}+", one.logical_path), &(hashed.clone() + &said))
                        .replace(&format!("@{}", one.logical_path), &of.to_string())
                        .replace(&format!("={}", one.logical_path), &format!("={hashed}"))
                };
                baked[..3].iter().fold(expected.to_owned(), one)
            });
        };
        is("<link rel=stylesheet href=a.css>", "<link rel=stylesheet href=a.css+>");
        is("<link rel=modulepreload href=a.js>", "<link rel=modulepreload href=a.js+>");
        is(
            "<link rel=preload as=script href=a.js><script src=a.js></script>",
            "<link rel=preload as=script href=a.js+><script src=a.js+></script>",
        );
        is(
            "<link rel=preload as=style href=a.css><link rel=stylesheet href=./a.css>",
            "<link rel=preload as=style href=a.css+><link rel=stylesheet href=./a.css+>",
        );
        is("<link rel=preload as=script href=a.js>", "<link rel=preload as=script href=a.js>");
        is(
            "<link rel=preload as=script href=a.js><script src=a.js integrity=x></script>",
            "<link rel=preload as=script href=a.js><script src=a.js integrity=@a.js></script>",
        );
        for kind in ["font crossorigin", "fetch", "image"] {
            let page = format!("<link rel=preload as={kind} href=a.woff2>");
            is(&page, &page);
        }
        is("<link rel=prefetch href=a.js>", "<link rel=prefetch href=a.js>");
    }

    #[test]
    fn pages_in_other_charsets_are_rewritten_in_them() {
        let bake = |bytes: &[u8]| {
            let settings = Settings::default();
            let mut scanned = Scanned::of(&[("b\u{e4}ume.png", "png"), ("p.html", "")]);
            scanned.assets[1].bytes = bytes.to_owned();
            let referenced = references(scanned, &settings, &Rules::default()).unwrap();
            let components = graph(&referenced);
            fingerprint(referenced, &components, &settings, &Rules::default()).finals.remove(1)
        };
        let name = format!("b%C3%A4ume.{}.png", short("png"));
        let page = bake(b"<meta charset=iso-8859-1><p>\xdf<img src='b\xe4ume.png'>\xe4");
        let expected = format!("<meta charset=iso-8859-1><p>#<img src='{name}'>#");
        assert_eq!(String::from_utf8_lossy(&page.bytes).replace('\u{fffd}', "#"), expected);
        assert_eq!(page.media_type, "text/html; charset=iso-8859-1");
        let utf16 = |text: &str| {
            let units = format!("\u{feff}{text}");
            units.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()
        };
        let page = bake(&utf16("<p>\u{65e5}<img src=b\u{e4}ume.png>"));
        assert_eq!(page.bytes, utf16(&format!("<p>\u{65e5}<img src={name}>")));
        assert_eq!(page.media_type, "text/html; charset=utf-16le");
    }

    #[test]
    fn an_import_map_says_the_integrity_of_all_modules() {
        let page = "<script type=importmap>{\"imports\":{\"a\":\"./a.js\"}}</script>";
        let files = [
            ("a.js", "import './b.js';new URL('i.png',import.meta.url)"),
            ("b.js", "import './a.js'"),
            ("i.png", "png"),
            ("other.js", ""),
            ("p.html", page),
        ];
        is_page(Settings { integrity: true, ..Settings::default() }, &files, |baked| {
            let [a, b] = [&baked[0], &baked[1]];
            let entry = |of: &Final| {
                format!("\"{}\":\"{}\"", of.paths.preferred(), Integrity::of(&of.bytes))
            };
            format!(
                "<script type=importmap>{{\"integrity\":{{{},{}}},\"imports\":{{\"a\":\".{}\"}}}}</script>",
                entry(a),
                entry(b),
                a.paths.preferred()
            )
        });
    }

    /// Its place is counted from the beginning of the page, not of the map.
    #[test]
    fn an_integrity_section_that_is_there_is_put_right() {
        let page = |url: &str, integrity: &str| {
            format!(
                "<p>x<script type=importmap>{{\"integrity\":{{\"{url}\":\"{integrity}\"}}}}</script>"
            )
        };
        let script = "new URL('i.png',import.meta.url)";
        let authored = page("./a.js", &Integrity::of(script.as_bytes()).to_string());
        let files = [("a.js", script), ("i.png", "png"), ("p.html", &authored)];
        for integrity in [false, true] {
            is_page(Settings { integrity, ..Settings::default() }, &files, |baked| {
                let name = &baked[0].paths.preferred()[1..];
                page(&format!("./{name}"), &Integrity::of(&baked[0].bytes).to_string())
            });
        }
    }

    /// A plain server does not make the script run either.
    #[test]
    fn an_integrity_that_fails_still_fails() {
        let page = |name: &str| format!("<script src={name} integrity=sha256-AAAA></script>");
        let files = [("a.js", "a"), ("p.html", &page("a.js"))];
        is_page(Settings::default(), &files, |baked| page(&baked[0].paths.preferred()[1..]));
    }

    /// A bundler's file is final, wherever it comes in the order of paths.
    #[test]
    fn integrity_of_what_a_bundler_hashed() {
        let page = "<script src=z-DOIkT6lI.js></script>";
        let settings = Settings { integrity: true, ..Settings::default() };
        let scanned = Scanned::of(&[("a.html", page), ("z-DOIkT6lI.js", "z")]);
        let referenced = references(scanned, &settings, &Rules::default()).unwrap();
        let components = graph(&referenced);
        let baked = fingerprint(referenced, &components, &settings, &Rules::default()).finals;
        assert!(text(&baked[0]).contains(&format!("integrity=\"{}\"", Integrity::of(b"z"))));
    }
}
