//! The stages, in order.

use std::{
    fmt,
    path::{Path, PathBuf},
    time::Instant,
};

use hardtack_bundle::manifest::Manifest;

use crate::{
    Error, Folder, LeftOut, Prefix, Problem, Progress, Settings, Summary,
    bundle::{Bundled, bundle},
    cache::Cache,
    carry::{Dropped, carry},
    compress::{Compressed, compress},
    deltas::{deltas, deltas_of_pages},
    digests::follow_digests,
    django_manifest::leave_out_copies,
    fingerprint::{Fingerprinted, fingerprint},
    graph::graph,
    hosting::rules,
    kept_names::pin_by_setting,
    kept_too_long::warn_of_long_caching,
    mentions::pin,
    no_assets::check_for_assets,
    page_dictionary::{WithDictionary, with_page_dictionary},
    prehashed::recognise_prehashed,
    previous::Previous,
    published::with_published_manifest,
    references::references,
    scan::scan,
    twins::leave_out_twins,
    unpack::{Unpacked, unpack},
};

/// Bakes a folder of assets into a bundle.
pub struct Bake {
    settings: Settings,
    cache: Option<Cache>,
    report: Box<dyn Fn(Progress) + Sync>,
}

/// The result of a bake.
#[derive(Debug)]
#[non_exhaustive]
pub struct Baked {
    /// The bundle, to be opened by [`hardtack_bundle::Bundle`].
    pub bundle: Vec<u8>,
    /// The description of the bundle.
    pub manifest: Manifest,
    /// Problems that did not fail the bake.
    pub warnings: Vec<Problem>,
    /// The files and folders that were left out, sorted.
    pub left_out: Vec<LeftOut>,
    /// The hashed files of earlier releases that this one does not serve, sorted by URL. Those that it
    /// serves are in the manifest.
    pub dropped: Vec<Dropped>,
    /// The bake in a few numbers.
    pub summary: Summary,
}

impl Bake {
    /// Bakes that folder with the default settings.
    pub fn new(assets: impl Into<PathBuf>) -> Self {
        Self::with(Settings { assets: assets.into(), ..Settings::default() })
    }

    /// Bakes the folder of the settings.
    pub fn with(settings: Settings) -> Self {
        Self { settings, cache: None, report: Box::new(|_| {}) }
    }

    /// Bakes another folder of the site as well, whose files have that URL prefix. Names of assets
    /// that are not below the first folder's prefix are URL paths: `/robots.txt`.
    ///
    /// ```no_run
    /// # use hardtack_build::{Bake, Prefix};
    /// let root = Prefix::default();
    /// let baked = Bake::new("dist").and_folder(root, "root").run();
    /// ```
    pub fn and_folder(mut self, at: Prefix, path: impl Into<PathBuf>) -> Self {
        self.settings.folders.push(Folder { at, path: path.into() });
        self
    }

    /// Caches compressed bytes in that folder, and reads them from there in the next bake.
    ///
    /// The folder is created when it is needed. It may be shared, and deleted at any time.
    pub fn cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(Cache::new(folder.into()));
        self
    }

    /// Calls that function at the beginning of a stage, and after each compression, since
    /// compression takes most of the time.
    ///
    /// It is called from several threads at once.
    pub fn on_progress(mut self, report: impl Fn(Progress) + Sync + 'static) -> Self {
        self.report = Box::new(report);
        self
    }

    /// Bakes.
    ///
    /// # Errors
    ///
    /// All problems of the first failing stage. A bake writes nothing but the cache.
    pub fn run(&self) -> Result<Baked, Error> {
        let start = Instant::now();
        let settings = &self.settings;
        let previous = Previous::read(&settings.previous)?;
        let previous = Previous::bundles(&previous)?;

        (self.report)(Progress::Scanning);
        let (mut scanned, links) = scan(settings)?;
        let copies = leave_out_copies(&mut scanned, settings);
        let no_assets = check_for_assets(&scanned, settings)?;
        let false_twins = leave_out_twins(&mut scanned, settings);
        let in_doubt = recognise_prehashed(&mut scanned, settings)?;
        pin_by_setting(&mut scanned, &settings.rename);
        let (mut rules, skipped) = rules(&scanned, settings)?;
        rules.lead_copies_on(&copies, &scanned, settings);
        let Unpacked { packed, remarks } = unpack(&mut scanned, &rules, settings)?;
        let compress =
            |assets| compress(assets, &packed, settings, self.cache.as_ref(), &*self.report);
        (self.report)(Progress::Reading { assets: scanned.assets.len() });
        let mut referenced = with_deep_stacks(|| references(scanned, settings, &rules))?;
        pin(&mut referenced, settings.at.as_str());
        follow_digests(&mut referenced, &rules, settings.at.as_str());
        let (left_out, mut warnings) = referenced.take_remarks();
        warnings.extend([no_assets, links, in_doubt, false_twins].into_iter().flatten());
        warnings.extend(remarks);
        let components = graph(&referenced);
        let Fingerprinted { finals, links, digests } =
            fingerprint(referenced, &components, settings, &rules);
        warnings.extend(warn_of_long_caching(&finals, &rules, settings));
        rules.replace_links(&links);
        rules.replace_digests(&digests);
        let compressed = compress(finals)?;
        let compressed = with_published_manifest(compressed, settings, compress)?;
        let compress_pages = |assets: &[Compressed], pages: &[usize], dictionary| {
            deltas_of_pages(assets, pages, dictionary, self.cache.as_ref(), &*self.report)
        };
        let WithDictionary { assets: compressed, dictionary, deltas: of_pages, fault } =
            with_page_dictionary(compressed, settings, compress, compress_pages)?;
        warnings.extend(fault);
        let mut carrying = carry(&compressed, dictionary, &previous, &rules, settings)?;
        warnings.extend(skipped);
        warnings.append(&mut carrying.warnings);
        let carried = &carrying.carried;
        let mut deltas =
            deltas(&compressed, carried, settings, self.cache.as_ref(), &*self.report)?;
        deltas.extend(of_pages);
        warnings.extend(self.cache.as_ref().and_then(Cache::take_fault));
        let Bundled { bytes, manifest, totals } =
            bundle(compressed, carried, &deltas, dictionary, settings, &rules)?;

        let dropped = carrying.dropped;
        let summary = Summary::new(&manifest, totals, &left_out, dropped.len(), start.elapsed());
        Ok(Baked { bundle: bytes, manifest, warnings, left_out, dropped, summary })
    }

    /// The asset folder.
    pub fn folder(&self) -> &Path {
        &self.settings.assets
    }
}

/// Parsers recurse as deep as a text is nested, and generated texts are nested deep.
fn with_deep_stacks<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    const DEEP: usize = 512 << 20;
    match rayon::ThreadPoolBuilder::new().stack_size(DEEP).build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}

impl fmt::Debug for Bake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bake").field("settings", &self.settings).finish_non_exhaustive()
    }
}
