//! Writes a bundle.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sha2::{Digest, Sha256};
use zerocopy::{
    FromZeros, Immutable, IntoBytes,
    little_endian::{U32, U64},
};

use crate::{
    CachePolicy, Coding, Error, FieldEdit, Fingerprint, Integrity, PathPattern, ReleaseId, Role,
    Totals,
    layout::{
        self, AssetRecord, FieldRecord, Header, MAGIC, MISSING, REDIRECT, RepresentationRecord,
        RouteRecord, SERVE, Section, Text, VERSION,
    },
};

/// Collects assets and routes, and writes them as one bundle.
///
/// The bundle depends on these alone: two runs yield the same bytes.
#[derive(Debug)]
pub struct Writer {
    prefixes: String,
    static_host: Text,
    origins: Text,
    last_modified: (Text, u64),
    not_found: Option<String>,
    fallback: Option<String>,
    assets: Vec<Written>,
    /// The number of assets before the first carried one.
    own: usize,
    routes: BTreeMap<String, RouteRecord>,
    patterns: Vec<RouteRecord>,
    fields: Vec<FieldRecord>,
    imports: Vec<U32>,
    duplicate: Option<String>,
    strings: Pool,
    bodies: Pool,
}

/// An asset's record, and those of its representations.
#[derive(Debug)]
struct Written {
    record: AssetRecord,
    plain: Vec<RepresentationRecord>,
    /// Sorted by coding, then by the index of the dictionary.
    deltas: BTreeMap<(Coding, AssetIndex), RepresentationRecord>,
}

/// One asset, as a [`Writer`] takes it; the fields are those of [`Asset`](crate::Asset).
#[derive(Clone, Copy, Debug)]
pub struct NewAsset<'a> {
    /// The plain path, relative to the writer's prefix; of an asset that is not below that, the URL
    /// path with its slash.
    pub logical_path: &'a str,
    /// The path to link to, percent-encoded.
    pub url: &'a str,
    /// The plain path, percent-encoded, if the asset is served there.
    pub plain_url: Option<&'a str>,
    /// Value of `Content-Type`.
    pub media_type: &'a str,
    /// The role, which decides the paths it is served at.
    pub role: Role,
    /// Why it has that role, for people, or nothing.
    pub why: &'a str,
    /// The source of the entity tags.
    pub fingerprint: Fingerprint,
    /// SHA-256 of the identity representation, if the caller knows it: it takes time.
    pub digest: Option<[u8; 32]>,
    /// The representations: identity first, then by coding.
    pub representations: &'a [(Coding, &'a [u8])],
}

/// A handle of an asset that a [`Writer`] has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AssetIndex(u32);

/// The answer to a pattern, as a [`Writer`] takes it; it is read as [`Action`](crate::Action).
#[derive(Clone, Copy, Debug)]
pub enum NewAction<'a> {
    /// An asset is served.
    Serve(AssetIndex),
    /// A redirect to another address.
    Redirect {
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// Percent-encoded, with `:name` where a captured text goes.
        location: &'a str,
    },
    /// 404, with an asset as body.
    Missing(AssetIndex),
}

impl Writer {
    /// A writer for a bundle whose logical paths are relative to the URL prefix `at`, e.g. `/` or
    /// `/static/`. A reader finds paths below it, and the prefix without its final slash.
    pub fn new(at: &str) -> Self {
        let mut strings = Pool::default();
        Self {
            prefixes: at.to_owned(),
            static_host: strings.text(""),
            origins: strings.text(""),
            last_modified: (strings.text(""), 0),
            not_found: None,
            fallback: None,
            fields: Vec::new(),
            imports: Vec::new(),
            assets: Vec::new(),
            own: 0,
            routes: BTreeMap::new(),
            patterns: Vec::new(),
            duplicate: None,
            strings,
            // The room for the header.
            bodies: Pool { bytes: vec![0; size_of::<Header>()], known: HashMap::new() },
        }
    }

    /// Makes room for so many bytes of representations, and for as much behind them as most bundles have.
    /// Without it, a large bundle is moved again and again while it grows. Room that stays empty takes no
    /// memory.
    pub fn reserve(&mut self, bytes: usize) {
        self.bodies.bytes.reserve(bytes + bytes / 8);
    }

    /// Adds the URL prefix of another folder: a reader finds paths below that as well.
    pub fn prefix(&mut self, prefix: &str) {
        if self.prefixes.split(' ').all(|known| known != prefix) {
            self.prefixes = format!("{} {prefix}", self.prefixes);
        }
    }

    /// Sets scheme and host of the CDN, such as `https://cdn.example`.
    pub fn static_host(&mut self, host: &str) {
        self.static_host = self.strings.text(host);
    }

    /// Sets the origins that may use the assets (CORS): `*` for all, or a list separated by spaces.
    pub fn origins(&mut self, origins: &str) {
        self.origins = self.strings.text(origins);
    }

    /// Sets the last modification of all assets: the value of `Last-Modified`, and the time in
    /// seconds since 1970.
    pub fn last_modified(&mut self, value: &str, seconds: u64) {
        self.last_modified = (self.strings.text(value), seconds);
    }

    /// Adds an asset of this release. Assets must come sorted by logical path, before all carried ones.
    pub fn asset(&mut self, asset: NewAsset<'_>) -> AssetIndex {
        let index = self.add(asset, 0);
        self.own = self.assets.len();
        index
    }

    /// Adds an asset that is carried: it was last a part of a release so many releases ago. Carried
    /// assets must come sorted by URL, after all others.
    pub fn carried(&mut self, asset: NewAsset<'_>, age: u32) -> AssetIndex {
        self.add(asset, age)
    }

    /// Adds a representation of an asset that needs a dictionary: the identity of another asset.
    pub fn delta(
        &mut self,
        asset: AssetIndex,
        coding: Coding,
        dictionary: AssetIndex,
        body: &[u8],
    ) {
        let (Some(target), Some(source)) = (self.written(asset), self.written(dictionary)) else {
            return;
        };
        let Some(identity) = source.plain.first() else { return };
        let fingerprint = Fingerprint(target.record.fingerprint);
        let entity_tag = fingerprint.delta_entity_tag(coding, &identity.digest);
        let digest = Sha256::digest(body).into();
        let record = self.representation(coding, &entity_tag, body, digest);
        if let Some(target) = self.assets.get_mut(asset.0 as usize) {
            target.deltas.insert((coding, dictionary), record);
        }
    }

    fn written(&self, asset: AssetIndex) -> Option<&Written> {
        self.assets.get(asset.0 as usize)
    }

    fn add(&mut self, asset: NewAsset<'_>, age: u32) -> AssetIndex {
        let plain = asset.representations.iter().map(|(coding, body)| {
            let known = asset.digest.filter(|_| *coding == Coding::Identity);
            debug_assert!(known.is_none_or(|it| it == <[u8; 32]>::from(Sha256::digest(body))));
            let digest = known.unwrap_or_else(|| Sha256::digest(body).into());
            self.representation(*coding, &asset.fingerprint.entity_tag(*coding), body, digest)
        });
        let plain: Vec<_> = plain.collect();
        let identity = asset.representations.first().map_or(&[][..], |(_, body)| body);
        let record = AssetRecord {
            logical_path: self.strings.text(asset.logical_path),
            url: self.strings.text(asset.url),
            plain_url: self.strings.text(asset.plain_url.unwrap_or_default()),
            media_type: self.strings.text(asset.media_type),
            fingerprint: asset.fingerprint.0,
            integrity: Integrity::of(identity).0,
            first_representation: U32::ZERO,
            representation_count: U32::ZERO,
            first_import: U32::ZERO,
            import_count: U32::ZERO,
            role: (asset.role as u32).into(),
            why: self.strings.text(asset.why),
            age: age.into(),
        };
        self.assets.push(Written { record, plain, deltas: BTreeMap::new() });
        AssetIndex(number(self.assets.len() - 1).get())
    }

    /// Sets the assets that a module imports statically.
    pub fn imports(&mut self, module: AssetIndex, imported: impl IntoIterator<Item = AssetIndex>) {
        let imported: BTreeSet<_> = imported.into_iter().map(|asset| asset.0).collect();
        let first = number(self.imports.len());
        if let Some(Written { record, .. }) = self.assets.get_mut(module.0 as usize) {
            (record.first_import, record.import_count) = (first, number(imported.len()));
            self.imports.extend(imported.into_iter().map(U32::new));
        }
    }

    /// Whether a percent-decoded path has an answer already.
    pub fn has_route(&self, path: &str) -> bool {
        self.routes.contains_key(path)
    }

    /// Answers a percent-decoded path with an asset.
    pub fn serve(&mut self, path: &str, asset: AssetIndex, policy: CachePolicy) {
        let mut route = self.new_route(path, SERVE, policy);
        route.target = asset.0.into();
        self.add_route(path, route);
    }

    /// Answers a percent-decoded path with a redirect to a percent-encoded location. The status is
    /// 301, 302, 303, 307 or 308.
    pub fn redirect(&mut self, path: &str, location: &str, status: u16, policy: CachePolicy) {
        let mut route = self.new_route(path, REDIRECT, policy);
        route.target = u32::from(status).into();
        route.location = self.strings.text(location);
        self.add_route(path, route);
    }

    /// Changes the header fields of the responses of a route that was added.
    pub fn fields(&mut self, path: &str, edits: &[FieldEdit<'_>]) {
        let first = number(self.fields.len());
        let records: Vec<_> = edits.iter().map(|edit| self.field(edit)).collect();
        if let Some(route) = self.routes.get_mut(path) {
            self.fields.extend(records);
            (route.first_field, route.field_count) = (first, number(edits.len()));
        }
    }

    /// Answers paths that match a pattern and have no route. Patterns are tried in the order in
    /// which they were added.
    pub fn pattern(
        &mut self,
        pattern: PathPattern<'_>,
        action: NewAction<'_>,
        policy: CachePolicy,
        edits: &[FieldEdit<'_>],
    ) {
        let (kind, target, location) = match action {
            NewAction::Serve(asset) => (SERVE, asset.0, ""),
            NewAction::Missing(asset) => (MISSING, asset.0, ""),
            NewAction::Redirect { status, location } => (REDIRECT, u32::from(status), location),
        };
        let mut route = self.new_route(pattern.as_str(), kind, policy);
        (route.target, route.location) = (target.into(), self.strings.text(location));
        (route.first_field, route.field_count) = (number(self.fields.len()), number(edits.len()));
        let records: Vec<_> = edits.iter().map(|edit| self.field(edit)).collect();
        self.fields.extend(records);
        self.patterns.push(route);
    }

    /// Makes the asset of that route the body of every 404.
    pub fn not_found(&mut self, path: &str) {
        self.not_found = Some(path.to_owned());
    }

    /// Answers navigations without a route of their own by that route.
    pub fn fallback(&mut self, path: &str) {
        self.fallback = Some(path.to_owned());
    }

    /// Writes the bundle.
    ///
    /// # Errors
    ///
    /// If a path was routed twice, or there is more of something than the format can count.
    pub fn finish(mut self) -> Result<Vec<u8>, Error> {
        let prefixes = self.strings.text(&self.prefixes);
        let (assets, representations) = self.records();
        self.check(representations.len())?;
        let routes: Vec<RouteRecord> = self.routes.values().copied().collect();
        let index = index(self.routes.keys());

        let (mut sections, bodies) = Sections::behind(std::mem::take(&mut self.bodies));
        let mut header = Header::new_zeroed();
        header.bodies = bodies;
        header.magic = MAGIC;
        header.version = VERSION.into();
        header.not_found = self.route_index(self.not_found.as_deref());
        header.fallback = self.route_index(self.fallback.as_deref());
        header.release_id = self.release_id().0;
        header.prefixes = prefixes;
        header.static_host = self.static_host;
        header.origins = self.origins;
        header.last_modified = self.last_modified.0;
        header.last_modified_seconds = self.last_modified.1.into();
        let totals = self.totals();
        header.identity_bytes = (totals.identity_bytes as u64).into();
        header.smallest_bytes = (totals.smallest_bytes as u64).into();
        header.assets = sections.append(&assets[..self.own]);
        header.carried = sections.append(&assets[self.own..]);
        header.representations = sections.append(&representations);
        header.routes = sections.append(&routes);
        header.index = sections.append(&index);
        header.fields = sections.append(&self.fields);
        header.imports = sections.append(&self.imports);
        header.patterns = sections.append(&self.patterns);
        header.strings = sections.append(&self.strings.bytes);
        Ok(sections.seal(header))
    }

    /// The records of all assets and of all representations, with the indexes of the latter.
    fn records(&self) -> (Vec<AssetRecord>, Vec<RepresentationRecord>) {
        let mut first = 0;
        let place = |written: &Written| {
            let count = written.plain.len() + written.deltas.len();
            let place = (number(first), number(count));
            first += count;
            let (first_representation, representation_count) = place;
            AssetRecord { first_representation, representation_count, ..written.record }
        };
        let assets: Vec<_> = self.assets.iter().map(place).collect();
        let identity = |asset: AssetIndex| assets[asset.0 as usize].first_representation.get();
        let representations = self.assets.iter().flat_map(|written| {
            let deltas = written.deltas.iter().map(|((_, source), record)| RepresentationRecord {
                dictionary: (identity(*source) + 1).into(),
                ..*record
            });
            written.plain.iter().copied().chain(deltas)
        });
        let representations = representations.collect();
        (assets, representations)
    }

    fn check(&self, representations: usize) -> Result<(), Error> {
        if let Some(path) = &self.duplicate {
            return Err(Error::DuplicatePath { path: path.clone() });
        }
        let limits = [
            (representations, "representations"),
            (self.routes.len(), "URL paths"),
            (self.patterns.len(), "patterns"),
            (self.fields.len(), "header fields"),
            (self.imports.len(), "imports"),
            (self.strings.bytes.len(), "bytes of names"),
        ];
        match limits.into_iter().find(|(count, _)| *count >= layout::NONE as usize) {
            Some((_, what)) => Err(Error::TooMany { what }),
            None => Ok(()),
        }
    }

    /// The index of a route in their sorted order.
    fn route_index(&self, path: Option<&str>) -> U32 {
        let index = path.and_then(|path| self.routes.keys().position(|other| other == path));
        index.map_or(layout::NONE.into(), number)
    }

    fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for asset in &self.assets[..self.own] {
            totals.count(asset.plain.iter().map(|one| one.body_length.get() as usize));
        }
        totals
    }

    fn release_id(&self) -> ReleaseId {
        let served = self.routes.iter().filter(|(_, route)| route.kind.get() == SERVE);
        ReleaseId::of(served.filter_map(|(path, route)| {
            let asset = self.assets.get(route.target.get() as usize)?;
            Some((path.as_str(), Fingerprint(asset.record.fingerprint)))
        }))
    }

    fn representation(
        &mut self,
        coding: Coding,
        entity_tag: &str,
        body: &[u8],
        digest: [u8; 32],
    ) -> RepresentationRecord {
        let (offset, body_length) = self.bodies.place(body, digest);
        let body_offset = (offset.get() - size_of::<Header>() as u64).into();
        RepresentationRecord {
            coding: (coding as u32).into(),
            dictionary: U32::ZERO,
            entity_tag: self.strings.text(entity_tag),
            content_length: self.strings.text(&body.len().to_string()),
            body_offset,
            body_length,
            digest,
        }
    }

    fn new_route(&mut self, path: &str, kind: u32, policy: CachePolicy) -> RouteRecord {
        RouteRecord {
            path: self.strings.text(path),
            kind: kind.into(),
            target: U32::ZERO,
            cache_control: self.strings.text(&policy.to_string()),
            location: self.strings.text(""),
            first_field: U32::ZERO,
            field_count: U32::ZERO,
        }
    }

    fn field(&mut self, edit: &FieldEdit<'_>) -> FieldRecord {
        let (operation, name, value) = match *edit {
            FieldEdit::Set(name, value) => (layout::SET, name, value),
            FieldEdit::Append(name, value) => (layout::APPEND, name, value),
            FieldEdit::Remove(name) => (layout::REMOVE, name, ""),
        };
        FieldRecord {
            operation: operation.into(),
            name: self.strings.text(name),
            value: self.strings.text(value),
        }
    }

    fn add_route(&mut self, path: &str, route: RouteRecord) {
        if self.routes.insert(path.to_owned(), route).is_some() {
            self.duplicate.get_or_insert(path.to_owned());
        }
    }
}

/// A section of bytes in which each distinct piece is stored once.
#[derive(Debug, Default)]
struct Pool {
    bytes: Vec<u8>,
    /// The offset of each piece, by its digest.
    known: HashMap<[u8; 32], usize>,
}

impl Pool {
    fn place(&mut self, piece: &[u8], digest: [u8; 32]) -> (U64, U64) {
        let end = self.bytes.len();
        let offset = *self.known.entry(digest).or_insert(end);
        if offset == end {
            self.bytes.extend_from_slice(piece);
        }
        ((offset as u64).into(), (piece.len() as u64).into())
    }

    /// Offsets past the format's limit saturate; [`Writer::check`] refuses such a bundle.
    fn text(&mut self, text: &str) -> Text {
        let digest = Sha256::digest(text).into();
        let (offset, length) = self.place(text.as_bytes(), digest);
        Text { offset: number(offset.get() as usize), length: number(length.get() as usize) }
    }
}

/// The sections as they are appended. The bodies, which are most of a bundle and are not copied, come
/// first, behind the room for the header.
struct Sections {
    bytes: Vec<u8>,
}

impl Sections {
    /// The bodies' section, and those that follow.
    fn behind(bodies: Pool) -> (Self, Section) {
        let bytes = bodies.bytes;
        let (room, end) = (size_of::<Header>() as u64, bytes.len() as u64);
        (Self { bytes }, Section { offset: room.into(), count: (end - room).into() })
    }

    fn append<T: IntoBytes + Immutable>(&mut self, records: &[T]) -> Section {
        let offset = self.bytes.len();
        self.bytes.extend_from_slice(records.as_bytes());
        Section { offset: (offset as u64).into(), count: (records.len() as u64).into() }
    }

    fn seal(mut self, mut header: Header) -> Vec<u8> {
        header.length = (self.bytes.len() as u64).into();
        let (room, content) = self.bytes.split_at_mut(size_of::<Header>());
        header.content_digest = Sha256::digest(content).into();
        let guarded = size_of::<Header>() - header.header_digest.len();
        header.header_digest = Sha256::digest(&header.as_bytes()[..guarded]).into();
        room.copy_from_slice(header.as_bytes());
        self.bytes
    }
}

/// The hash table over routes in their sorted order.
fn index<'a>(paths: impl ExactSizeIterator<Item = &'a String>) -> Vec<U32> {
    let slots = layout::slots(paths.len());
    let mut index = vec![U32::ZERO; slots];
    for (route, path) in paths.enumerate() {
        let mut slot = layout::slot(path.as_bytes(), slots);
        while index[slot] != U32::ZERO {
            slot = (slot + 1) & (slots - 1);
        }
        index[slot] = number(route + 1);
    }
    index
}

fn number(count: usize) -> U32 {
    u32::try_from(count).unwrap_or(layout::NONE).into()
}
