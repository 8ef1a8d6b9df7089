//! The last stage: the bundle, and its manifest.

use std::collections::BTreeMap;

use hardtack_bundle::{
    AssetIndex, Bundle, CachePolicy, Coding, FieldEdit, NewAction, NewAsset, Totals, Writer,
    encode_path, manifest::Manifest,
};

use crate::{
    Canonical, Error, Problem, ProblemKind, Settings,
    carry::Carried,
    compress::Compressed,
    deltas::{Delta, Dictionary, lineages},
    fingerprint::Final,
    header_rules::HeaderEdit,
    hosting::{PatternAnswer, PatternRule, Redirect, Rewrite, Rules},
    page_dictionary::{is_page, link},
    url_paths::{aliases, is_not_found_page},
    use_as_dictionary::{self, USE_AS_DICTIONARY},
};

/// A bundle and its manifest.
#[derive(Clone, Debug)]
pub(crate) struct Bundled {
    pub(crate) bytes: Vec<u8>,
    pub(crate) manifest: Manifest,
    pub(crate) totals: Totals,
}

/// Writes the bundle of all assets, which are sorted by logical path, and of those that are carried.
pub(crate) fn bundle(
    mut assets: Vec<Compressed>,
    carried: &[Carried<'_>],
    deltas: &[Delta],
    for_pages: Option<usize>,
    settings: &Settings,
    rules: &Rules,
) -> Result<Bundled, Error> {
    let mut writer = Writer::new(settings.at.as_str());
    settings.folders.iter().for_each(|folder| writer.prefix(folder.at.as_str()));
    if let Some(host) = &settings.static_host {
        writer.static_host(host.as_str());
    }
    writer.reserve(bytes_of(&assets, carried, deltas));
    writer.origins(&settings.cors.to_text());
    if let Some(time) = settings.last_modified {
        writer.last_modified(&time.to_http_date(), time.seconds);
    }
    let as_dictionaries = as_dictionaries(&assets, for_pages, settings);
    let indexes = assets.iter_mut().map(|compressed| {
        let index = add(&mut writer, compressed);
        // The writer has them now: a large site is not kept twice.
        (compressed.asset.bytes, compressed.coded) = (Vec::new(), Vec::new());
        index
    });
    let indexes: Vec<_> = indexes.collect();
    add_imports(&mut writer, &assets, &indexes);
    let older: Vec<_> = carried.iter().map(|one| add_carried(&mut writer, one)).collect();
    for Delta { asset, dictionary, coding, bytes } in deltas {
        let dictionary = match *dictionary {
            Dictionary::Own(index) => indexes[index],
            Dictionary::Carried(index) => older[index],
        };
        writer.delta(indexes[*asset], *coding, dictionary, bytes);
    }
    let (by_path, has_not_found_page) = (BTreeMap::new(), false);
    let page_link = for_pages.map(|index| link(&assets[index].asset));
    let mut site = Site { writer, settings, rules, by_path, has_not_found_page, page_link };
    for ((compressed, value), index) in assets.iter().zip(as_dictionaries).zip(indexes) {
        site.route(&compressed.asset, value, index);
    }
    for (carried, index) in carried.iter().zip(older) {
        site.route_carried(carried, index);
    }
    site.apply_hosting()?;
    finish(site.writer, settings)
}

/// The bytes of all representations. Those that are equal are written once.
fn bytes_of(assets: &[Compressed], carried: &[Carried<'_>], deltas: &[Delta]) -> usize {
    let coded = |one: &Compressed| one.coded.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
    let own = assets.iter().map(|one| one.asset.bytes.len() + coded(one));
    let carried = carried.iter().map(Carried::stored_bytes);
    own.chain(carried).chain(deltas.iter().map(|delta| delta.bytes.len())).sum()
}

/// Values of `Use-As-Dictionary`, in the order of the assets.
fn as_dictionaries(
    assets: &[Compressed],
    for_pages: Option<usize>,
    settings: &Settings,
) -> Vec<Option<String>> {
    if !settings.dictionaries {
        return vec![None; assets.len()];
    }
    let lineages = lineages(assets).into_iter();
    let mut values: Vec<_> = lineages.map(|one| Some(one?.use_as_dictionary())).collect();
    if let Some(index) = for_pages {
        values[index] = Some(use_as_dictionary::of_pages(settings));
    }
    values
}

fn finish(writer: Writer, settings: &Settings) -> Result<Bundled, Error> {
    let failed = |error| problem(error, settings);
    let bytes = writer.finish().map_err(failed)?;
    let bundle = Bundle::open(&bytes).map_err(failed)?;
    let manifest = Manifest::of(&bundle).map_err(failed)?;
    let totals = bundle.totals();
    Ok(Bundled { bytes, manifest, totals })
}

fn add(writer: &mut Writer, compressed: &Compressed) -> AssetIndex {
    let asset = &compressed.asset;
    let identity = [(Coding::Identity, asset.bytes.as_slice())];
    let coded = compressed.coded.iter().map(|(coding, bytes)| (*coding, &bytes[..]));
    let representations: Vec<_> = identity.into_iter().chain(coded).collect();
    let plain_url = asset.paths.plain.as_ref().map(|plain| encode_path(plain));
    writer.asset(NewAsset {
        logical_path: &asset.logical_path,
        url: &encode_path(asset.paths.preferred()),
        plain_url: plain_url.as_deref(),
        media_type: &asset.media_type,
        role: asset.role,
        why: &asset.why,
        fingerprint: asset.fingerprint,
        digest: Some(asset.digest.0),
        representations: &representations,
    })
}

/// An asset of an earlier release keeps its plain representations. Those with a dictionary are left
/// out: their dictionaries are older still, and may not be carried.
fn add_carried(writer: &mut Writer, carried: &Carried<'_>) -> AssetIndex {
    let asset = &carried.asset;
    let representations: Vec<_> = carried.plain().map(|one| (one.coding, one.body)).collect();
    let new = NewAsset {
        logical_path: asset.logical_path,
        url: asset.url,
        plain_url: None,
        media_type: asset.media_type,
        role: asset.role,
        why: asset.why,
        fingerprint: asset.fingerprint,
        digest: None,
        representations: &representations,
    };
    writer.carried(new, carried.age)
}

fn add_imports(writer: &mut Writer, assets: &[Compressed], indexes: &[AssetIndex]) {
    let logical_paths = assets.iter().map(|compressed| compressed.asset.logical_path.as_str());
    let by_path: BTreeMap<_, _> = logical_paths.zip(indexes).collect();
    for (compressed, index) in assets.iter().zip(indexes) {
        // Each import is one of the assets.
        let imports = compressed.asset.imports.iter().map(|path| *by_path[path.as_str()]);
        writer.imports(*index, imports);
    }
}

/// The URL paths of a site, as they are added.
struct Site<'a> {
    writer: Writer,
    settings: &'a Settings,
    rules: &'a Rules,
    /// The assets by their logical paths.
    by_path: BTreeMap<&'a str, (AssetIndex, &'a Final)>,
    has_not_found_page: bool,
    /// The field of pages that leads to their dictionary.
    page_link: Option<String>,
}

impl<'a> Site<'a> {
    fn route(&mut self, asset: &'a Final, as_dictionary: Option<String>, index: AssetIndex) {
        if let Some(hashed) = &asset.paths.hashed {
            self.writer.serve(hashed, index, CachePolicy::Immutable);
            let ours =
                as_dictionary.map(|value| HeaderEdit::Set(USE_AS_DICTIONARY.to_owned(), value));
            self.apply_rules(hashed, asset, ours.as_slice());
        }
        if let Some(plain) = &asset.paths.plain {
            self.serve_plain(plain, index, asset);
            self.route_aliases(plain, index, asset);
        }
        self.by_path.insert(&asset.logical_path, (index, asset));
        // That of the site's root comes first in the order of logical paths.
        if is_not_found_page(&asset.logical_path) && !self.has_not_found_page {
            self.has_not_found_page = true;
            self.writer.not_found(asset.paths.preferred());
        }
    }

    /// The hashed path of an earlier release, with the header fields that it had.
    fn route_carried(&mut self, carried: &Carried<'_>, index: AssetIndex) {
        let path = carried.route.path;
        self.writer.serve(path, index, CachePolicy::Immutable);
        let is_kept = |edit: &FieldEdit<'_>| {
            self.settings.dictionaries || !matches!(edit, FieldEdit::Set(USE_AS_DICTIONARY, _))
        };
        let edits: Vec<_> = carried.route.fields().flatten().filter(is_kept).collect();
        self.writer.fields(path, &edits);
    }

    fn serve_plain(&mut self, path: &str, index: AssetIndex, asset: &Final) {
        if self.rules.replaced.contains(path) {
            return;
        }
        self.serve_at(path, index, asset);
    }

    fn serve_at(&mut self, path: &str, index: AssetIndex, asset: &Final) {
        self.writer.serve(path, index, short_lived(self.settings));
        self.apply_rules(path, asset, &[]);
    }

    fn apply_rules(&mut self, path: &str, asset: &Final, ours: &[HeaderEdit]) {
        let is_hashed = asset.paths.hashed.as_deref() == Some(path);
        let edits = self.edits(path, asset);
        let edits =
            ours.iter().chain(&edits).filter(|edit| !(is_hashed && edit.name() == "cache-control"));
        let edits: Vec<_> = edits.map(HeaderEdit::as_field_edit).collect();
        self.writer.fields(path, &edits);
    }

    /// The changes that the rules make to the responses of an asset, without `Cache-Control` at a
    /// hashed path, which is kept for good.
    fn edits(&self, path: &str, asset: &Final) -> Vec<HeaderEdit> {
        let own = self.settings.cross_origin_resource_policy.map(|policy| {
            HeaderEdit::Set("cross-origin-resource-policy".to_owned(), policy.as_str().to_owned())
        });
        let link = self.page_link.as_ref().filter(|_| is_page(asset));
        let link = link.map(|link| HeaderEdit::Append("link".to_owned(), link.clone()));
        let own_path = self.settings.url_path(&asset.logical_path);
        let plain = asset.paths.plain.as_deref().unwrap_or(&own_path);
        let rules = self.rules.headers_for(&asset.logical_path, [plain, path]);
        let rules = rules.flat_map(|(_, rule)| rule.edits.iter().cloned());
        own.into_iter().chain(link).chain(rules.filter(|edit| !edit.is_of_content())).collect()
    }

    /// A page has one address. A folder's index answers at the folder's path, to which the folder's
    /// path without its slash redirects. At its own file name the page is served too, with its
    /// address in header fields, or that path redirects as well. A line of `_redirects` for such a
    /// path takes precedence.
    fn route_aliases(&mut self, plain: &str, index: AssetIndex, asset: &Final) {
        let own = self.settings.url_path(&asset.logical_path);
        for alias in aliases(&own, plain) {
            let is_own = alias == own;
            match self.settings.canonical {
                _ if self.rules.replaced.contains(&alias) => {}
                Canonical::Link if is_own => self.serve_alias(&alias, plain, index, asset),
                _ => self.redirect_alias(&alias, plain),
            }
        }
    }

    fn redirect_alias(&mut self, alias: &str, plain: &str) {
        self.writer.redirect(alias, &encode_path(plain), 301, short_lived(self.settings));
    }

    fn serve_alias(&mut self, alias: &str, plain: &str, index: AssetIndex, asset: &Final) {
        let address = encode_path(plain);
        let link = format!("<{address}>; rel=\"canonical\"");
        let ours = [
            HeaderEdit::Set("content-location".to_owned(), address),
            HeaderEdit::Append("link".to_owned(), link),
        ];
        self.writer.serve(alias, index, short_lived(self.settings));
        self.apply_rules(alias, asset, &ours);
    }

    /// Adds the redirects, rewrites and patterns of the rules.
    fn apply_hosting(&mut self) -> Result<(), Error> {
        for redirect in &self.rules.redirects {
            self.redirect(redirect);
        }
        for rewrite in &self.rules.rewrites {
            self.rewrite(rewrite);
        }
        for rule in &self.rules.patterns {
            self.pattern(rule);
        }
        Ok(self.fall_back()?)
    }

    /// Adds a redirect, unless the path is the hashed path of an asset, which takes precedence.
    fn redirect(&mut self, redirect: &Redirect) {
        let Redirect { from, location, status } = redirect;
        if !self.writer.has_route(from) {
            self.writer.redirect(from, location, *status, short_lived(self.settings));
        }
    }

    fn rewrite(&mut self, rewrite: &Rewrite) {
        let Rewrite { from, page } = rewrite;
        if let Some((index, asset)) = self.page(page)
            && !self.writer.has_route(from)
        {
            self.serve_at(from, index, asset);
        }
    }

    fn pattern(&mut self, rule: &PatternRule) {
        let (action, page) = match &rule.answer {
            PatternAnswer::Redirect { location, status } => {
                (NewAction::Redirect { location, status: *status }, None)
            }
            PatternAnswer::Page(page) | PatternAnswer::Missing(page) => {
                let Some((index, asset)) = self.page(page) else { return };
                let action = match &rule.answer {
                    PatternAnswer::Missing(_) => NewAction::Missing(index),
                    _ => NewAction::Serve(index),
                };
                (action, Some(asset))
            }
        };
        let edits = page.map(|asset| self.edits("", asset)).unwrap_or_default();
        let edits: Vec<_> = edits.iter().map(HeaderEdit::as_field_edit).collect();
        self.writer.pattern(rule.pattern(), action, short_lived(self.settings), &edits);
    }

    fn fall_back(&mut self) -> Result<(), Problem> {
        let Some(fallback) = &self.rules.fallback else { return Ok(()) };
        let page = &fallback.page;
        let path = self.page(page).and_then(|(_, asset)| asset.paths.plain.as_deref());
        let problem = || {
            let message = format!("`spa` names {page:?}, and there is no such page");
            ProblemKind::Setting(message).of(&self.settings.assets)
        };
        self.writer.fallback(path.ok_or_else(problem)?);
        Ok(())
    }

    /// The asset of that logical path.
    fn page(&self, logical_path: &str) -> Option<(AssetIndex, &'a Final)> {
        self.by_path.get(logical_path).copied()
    }
}

fn short_lived(settings: &Settings) -> CachePolicy {
    CachePolicy::Revalidate {
        max_age: settings.max_age,
        stale_while_revalidate: settings.stale_while_revalidate,
        stale_if_error: settings.stale_if_error,
    }
}

fn problem(error: hardtack_bundle::Error, settings: &Settings) -> Problem {
    match error {
        hardtack_bundle::Error::DuplicatePath { path } => {
            let file = settings.file(settings.logical_path(&path));
            ProblemKind::SameUrl { path }.of(file)
        }
        other => ProblemKind::Bundle(other).of(&settings.assets),
    }
}
