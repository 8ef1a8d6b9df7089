//! Reads a bundle in place.

use std::str;

use sha2::{Digest, Sha256};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned, little_endian::U32};

use crate::{
    Captures, Coding, Error, Fingerprint, Integrity, PathPattern, ReleaseId, Role, Totals,
    digest::Base64,
    layout::{
        self, AssetRecord, FieldRecord, Header, RepresentationRecord, RouteRecord, Section, Text,
    },
};

/// A bundle, viewed where it lies.
///
/// Cheap to copy: it borrows everything. Its methods return borrows of the same bytes, so a bundle
/// in a program's read-only data yields `&'static str` and `&'static [u8]`.
#[derive(Clone, Copy, Debug)]
pub struct Bundle<'a> {
    pub(crate) header: &'a Header,
    pub(crate) content: &'a [u8],
    assets: &'a [AssetRecord],
    carried: &'a [AssetRecord],
    pub(crate) representations: &'a [RepresentationRecord],
    pub(crate) routes: &'a [RouteRecord],
    pub(crate) index: &'a [U32],
    fields: &'a [FieldRecord],
    imports: &'a [U32],
    patterns: &'a [RouteRecord],
    pools: Pools<'a>,
    prefixes: &'a str,
    static_host: Option<&'a str>,
    origins: Origins<'a>,
    last_modified: Option<LastModified<'a>>,
}

/// The origins that may use the assets (WHATWG Fetch §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origins<'a> {
    /// The site's own origin alone: no CORS field is sent.
    None,
    /// Every origin.
    Any,
    /// These origins, separated by spaces.
    Listed(&'a str),
}

/// The time of last modification that all assets share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastModified<'a> {
    /// Value of `Last-Modified`.
    pub value: &'a str,
    /// The time in seconds since 1970.
    pub seconds: u64,
}

/// The two sections that records point into.
#[derive(Clone, Copy, Debug)]
struct Pools<'a> {
    strings: &'a [u8],
    bodies: &'a [u8],
}

impl<'a> Bundle<'a> {
    /// Opens a bundle: checks its header and the bounds of its sections.
    ///
    /// This costs the same for every bundle, and touches no byte behind the header but a few short
    /// strings. To check everything, call [`Bundle::verify`].
    ///
    /// # Errors
    ///
    /// If the bytes are not a bundle of this format version, are not as long as the header
    /// says, or the header is damaged.
    pub fn open(bytes: &'a [u8]) -> Result<Self, Error> {
        let (header, content) = open_header(bytes)?;
        let pools = Pools {
            strings: section(bytes, header.strings, "strings section")?,
            bodies: section(bytes, header.bodies, "bodies section")?,
        };
        Ok(Self {
            header,
            content,
            assets: section(bytes, header.assets, "assets section")?,
            carried: section(bytes, header.carried, "carried section")?,
            representations: section(bytes, header.representations, "representations section")?,
            routes: section(bytes, header.routes, "routes section")?,
            index: index(bytes, header.index)?,
            pools,
            fields: section(bytes, header.fields, "fields section")?,
            imports: section(bytes, header.imports, "imports section")?,
            patterns: section(bytes, header.patterns, "patterns section")?,
            static_host: static_host(header, pools)?,
            prefixes: pools.text(header.prefixes).ok_or(invalid("URL prefix", 0))?,
            origins: pools.text(header.origins).map(origins).ok_or(invalid("origins", 0))?,
            last_modified: last_modified(header, pools)?,
        })
    }

    /// The release id of this bundle.
    pub fn release_id(&self) -> ReleaseId {
        ReleaseId(self.header.release_id)
    }

    /// SHA-256 that covers every byte of the bundle, and so identifies it.
    pub fn digest(&self) -> [u8; 32] {
        self.header.header_digest
    }

    /// The URL prefix that logical paths are relative to. It begins and ends with `/`.
    pub fn at(&self) -> &'a str {
        self.prefixes().next().unwrap_or_default()
    }

    /// The URL prefixes of all folders of the site: first that of [`at`](Self::at). Each path
    /// begins with one of them, or is one without its final slash.
    pub fn prefixes(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.prefixes.split(' ')
    }

    /// Scheme and host of the CDN, such as `https://cdn.example`, if the bake was told one.
    pub fn static_host(&self) -> Option<&'a str> {
        self.static_host
    }

    /// The origins that may use the assets.
    pub fn origins(&self) -> Origins<'a> {
        self.origins
    }

    /// The last modification of all assets, if the settings give one.
    pub fn last_modified(&self) -> Option<LastModified<'a>> {
        self.last_modified
    }

    /// The length of the whole bundle in bytes.
    pub fn length(&self) -> usize {
        size_of::<Header>() + self.content.len()
    }

    /// All bytes of the bundle but its header, for callers that handle the memory they lie in.
    pub fn content(&self) -> &'a [u8] {
        self.content
    }

    /// The sums over the assets of this release, without carried ones.
    pub fn totals(&self) -> Totals {
        Totals {
            assets: self.assets.len(),
            identity_bytes: self.header.identity_bytes.get() as usize,
            smallest_bytes: self.header.smallest_bytes.get() as usize,
        }
    }

    /// The assets of this release, sorted by logical path. A damaged record yields an error in its place.
    pub fn assets(&self) -> impl ExactSizeIterator<Item = Result<Asset<'a>, Error>> + use<'a> {
        let bundle = *self;
        (0..bundle.assets.len()).map(move |index| bundle.asset_at(index))
    }

    /// The assets of earlier releases that are served beside those of this one, sorted by URL. A
    /// damaged record yields an error in its place.
    pub fn carried(&self) -> impl ExactSizeIterator<Item = Result<Asset<'a>, Error>> + use<'a> {
        let bundle = *self;
        let own = bundle.assets.len();
        (own..own + bundle.carried.len()).map(move |index| bundle.asset_at(index))
    }

    /// The asset of a logical path in this release.
    ///
    /// # Errors
    ///
    /// If the bundle is damaged where the search leads.
    pub fn asset(&self, logical_path: &str) -> Result<Option<Asset<'a>>, Error> {
        let order = |record: &AssetRecord| {
            let path = self.pools.bytes(record.logical_path).unwrap_or_default();
            path.cmp(logical_path.as_bytes())
        };
        let found = self.assets.binary_search_by(order).ok();
        found.map(|index| self.asset_at(index)).transpose()
    }

    /// The assets whose logical paths begin with these letters, as a folder's name with its `/`. A
    /// damaged record yields an error in its place.
    pub fn assets_below<'s>(
        &self,
        start: &'s str,
    ) -> impl Iterator<Item = Result<Asset<'a>, Error>> + use<'a, 's> {
        let bundle = *self;
        let path = move |record: &AssetRecord| bundle.pools.bytes(record.logical_path);
        let is_before = |record: &AssetRecord| path(record).unwrap_or_default() < start.as_bytes();
        let first = self.assets.partition_point(is_before);
        let indices = first..self.assets.len();
        let below = indices.take_while(move |index| {
            path(&bundle.assets[*index]).is_none_or(|path| path.starts_with(start.as_bytes()))
        });
        below.map(move |index| bundle.asset_at(index))
    }

    /// The assets that a module imports statically, sorted by logical path; none for an asset that
    /// is no module. A damaged record yields an error in its place.
    pub fn imports(
        &self,
        module: &Asset<'a>,
    ) -> impl ExactSizeIterator<Item = Result<Asset<'a>, Error>> + use<'a> {
        let bundle = *self;
        module.imports.iter().map(move |index| bundle.asset_at(index.get() as usize))
    }

    /// The routes, sorted by URL path. A damaged record yields an error in its place.
    pub fn routes(&self) -> impl ExactSizeIterator<Item = Result<Route<'a>, Error>> + use<'a> {
        let bundle = *self;
        (0..bundle.routes.len()).map(move |index| bundle.route_at(index))
    }

    /// The answers to paths without a route. Their paths are [patterns](PathPattern), and the first
    /// match counts. A damaged record yields an error in its place.
    pub fn patterns(&self) -> impl ExactSizeIterator<Item = Result<Route<'a>, Error>> + use<'a> {
        let bundle = *self;
        let parse = move |(index, record)| bundle.parse_route(record, invalid("pattern", index));
        bundle.patterns.iter().enumerate().map(parse)
    }

    /// The patterns that match a URL path, in their order, with the texts that they capture. The
    /// path is percent-decoded, and begins with `/`.
    pub fn matching<'p>(
        &self,
        path: &'p [u8],
    ) -> impl Iterator<Item = Result<(Route<'a>, Captures<'a, 'p>), Error>> + use<'a, 'p> {
        let matched = move |route: Route<'a>| {
            let captures = PathPattern::unchecked(route.path).captures(path)?;
            Some((route, captures))
        };
        self.patterns().filter_map(move |route| route.map(matched).transpose())
    }

    /// The route of a URL path, which is percent-decoded and begins with `/`.
    ///
    /// # Errors
    ///
    /// If the bundle is damaged where the search leads.
    pub fn route(&self, path: &[u8]) -> Result<Option<Route<'a>>, Error> {
        // Most requests of an app are for paths without the prefix: a few bytes decide.
        let begins = |prefix: &str| path.starts_with(prefix.trim_end_matches('/').as_bytes());
        if !self.prefixes().any(begins) {
            return Ok(None);
        }
        let slots = self.index.len();
        let first = layout::slot(path, slots);
        for step in 0..slots {
            let entry = self.index[(first + step) & (slots - 1)].get() as usize;
            let Some(index) = entry.checked_sub(1) else {
                return Ok(None);
            };
            let record = self.routes.get(index).ok_or(invalid("route", index))?;
            if self.pools.bytes(record.path) == Some(path) {
                return self.route_at(index).map(Some);
            }
        }
        Ok(None)
    }

    /// The route whose asset is the body of a 404, if the site has one.
    ///
    /// # Errors
    ///
    /// If the bundle is damaged there.
    pub fn not_found(&self) -> Result<Option<Route<'a>>, Error> {
        self.optional_route(self.header.not_found)
    }

    /// The route that answers navigations without a route of their own, if there is one.
    ///
    /// # Errors
    ///
    /// If the bundle is damaged there.
    pub fn fallback(&self) -> Result<Option<Route<'a>>, Error> {
        self.optional_route(self.header.fallback)
    }

    fn optional_route(&self, index: U32) -> Result<Option<Route<'a>>, Error> {
        match index.get() {
            layout::NONE => Ok(None),
            index => self.route_at(index as usize).map(Some),
        }
    }

    fn route_at(&self, index: usize) -> Result<Route<'a>, Error> {
        let invalid = invalid("route", index);
        let record = self.routes.get(index).ok_or(invalid.clone())?;
        self.parse_route(record, invalid)
    }

    fn parse_route(&self, record: &RouteRecord, invalid: Error) -> Result<Route<'a>, Error> {
        let invalid = || invalid.clone();
        let text = |place| self.pools.text(place).ok_or_else(invalid);
        let asset = || self.asset_at(record.target.get() as usize);
        let action = match record.kind.get() {
            layout::SERVE => Action::Serve(asset()?),
            layout::MISSING => Action::Missing(asset()?),
            layout::REDIRECT => Action::Redirect {
                status: record.target.get().try_into().map_err(|_| invalid())?,
                location: text(record.location)?,
            },
            _ => return Err(invalid()),
        };
        let (path, cache_control) = (text(record.path)?, text(record.cache_control)?);
        let first = record.first_field.get() as usize;
        let end = first.checked_add(record.field_count.get() as usize);
        let fields = end.and_then(|end| self.fields.get(first..end)).ok_or_else(invalid)?;
        Ok(Route { path, cache_control, action, fields, pools: self.pools })
    }

    fn asset_at(&self, index: usize) -> Result<Asset<'a>, Error> {
        self.parse_asset(index).ok_or(invalid("asset", index))
    }

    fn parse_asset(&self, index: usize) -> Option<Asset<'a>> {
        let own = self.assets.get(index);
        let record = own.or_else(|| self.carried.get(index - self.assets.len()))?;
        let text = |place| self.pools.text(place);
        let first = record.first_representation.get() as usize;
        let count = record.representation_count.get() as usize;
        let import = record.first_import.get() as usize;
        let import_count = record.import_count.get() as usize;
        Some(Asset {
            logical_path: text(record.logical_path)?,
            url: text(record.url)?,
            plain_url: Some(text(record.plain_url)?).filter(|url| !url.is_empty()),
            media_type: text(record.media_type)?,
            role: Role::from_number(record.role.get())?,
            why: text(record.why)?,
            fingerprint: Fingerprint(record.fingerprint),
            integrity: Integrity(record.integrity),
            age: record.age.get(),
            representations: self.representations.get(first..first.checked_add(count)?)?,
            all_representations: self.representations,
            first,
            imports: self.imports.get(import..import.checked_add(import_count)?)?,
            pools: self.pools,
        })
    }
}

impl<'a> Pools<'a> {
    fn offer(
        self,
        record: &'a RepresentationRecord,
        index: usize,
        all: &'a [RepresentationRecord],
    ) -> Option<Offer<'a>> {
        let coding = Coding::from_number(record.coding.get())?;
        let dictionary = match record.dictionary.get().checked_sub(1) {
            Some(index) => Some(&all.get(index as usize)?.digest),
            None => None,
        };
        Some(Offer {
            coding,
            dictionary: if coding.has_dictionary() { Some(dictionary?) } else { None },
            length: record.body_length.get(),
            record,
            index,
            pools: self,
        })
    }

    fn representation(self, offer: &Offer<'a>) -> Option<Representation<'a>> {
        let Offer { coding, dictionary, record, .. } = *offer;
        Some(Representation {
            coding,
            dictionary,
            entity_tag: self.text(record.entity_tag)?,
            content_length: self.text(record.content_length)?,
            body: slice(self.bodies, record.body_offset.get(), record.body_length.get())?,
            digest: &record.digest,
        })
    }

    fn field_edit(&self, record: &FieldRecord) -> Option<FieldEdit<'a>> {
        let (name, value) = (self.text(record.name)?, self.text(record.value)?);
        match record.operation.get() {
            layout::SET => Some(FieldEdit::Set(name, value)),
            layout::APPEND => Some(FieldEdit::Append(name, value)),
            layout::REMOVE => Some(FieldEdit::Remove(name)),
            _ => None,
        }
    }

    fn text(&self, place: Text) -> Option<&'a str> {
        str::from_utf8(self.bytes(place)?).ok()
    }

    fn bytes(&self, place: Text) -> Option<&'a [u8]> {
        slice(self.strings, place.offset.get().into(), place.length.get().into())
    }
}

/// A URL path, or a pattern of several, and its answer.
#[derive(Clone, Copy, Debug)]
pub struct Route<'a> {
    /// The path, percent-decoded, or the pattern.
    pub path: &'a str,
    /// Value of `Cache-Control`.
    pub cache_control: &'a str,
    /// The answer.
    pub action: Action<'a>,
    fields: &'a [FieldRecord],
    pools: Pools<'a>,
}

impl<'a> Route<'a> {
    /// The changes to the header fields of the responses, in this order. A damaged record yields an
    /// error in its place.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = Result<FieldEdit<'a>, Error>> + use<'a> {
        let pools = self.pools;
        let edit = move |record| pools.field_edit(record).ok_or(invalid("field", 0));
        self.fields.iter().map(edit)
    }
}

/// The answer at a URL path.
#[allow(clippy::large_enum_variant, reason = "nearly all are assets, and none is kept for long")]
#[derive(Clone, Copy, Debug)]
pub enum Action<'a> {
    /// An asset, in whichever representation the client prefers.
    Serve(Asset<'a>),
    /// A redirect to another address.
    Redirect {
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// Value of `Location`, percent-encoded. A pattern's location has to be filled in by
        /// [`Captures::location`].
        location: &'a str,
    },
    /// 404, with an asset as body.
    Missing(Asset<'a>),
}

/// A change of a response's header fields. Names are in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldEdit<'a> {
    /// Replaces all fields of that name by this one.
    Set(&'a str, &'a str),
    /// Adds this field to those of that name.
    Append(&'a str, &'a str),
    /// Removes all fields of that name.
    Remove(&'a str),
}

/// One asset.
#[derive(Clone, Copy, Debug)]
pub struct Asset<'a> {
    /// Path below the asset folder, with `/` between its parts.
    pub logical_path: &'a str,
    /// The path to link to, percent-encoded: the hashed path, or an entry point's own.
    pub url: &'a str,
    /// The plain path, percent-encoded, unless the asset is served only at `url`.
    pub plain_url: Option<&'a str>,
    /// Value of `Content-Type`.
    pub media_type: &'a str,
    /// The role, which decides the paths it is served at.
    pub role: Role,
    /// Why it has that role, for people; empty if a rule alone says so.
    pub why: &'a str,
    /// The source of the hashed path and the entity tags.
    pub fingerprint: Fingerprint,
    /// The integrity of the identity bytes.
    pub integrity: Integrity,
    /// The number of releases since it was last a part of one: 0 for an asset of this release, more
    /// for a carried one.
    pub age: u32,
    representations: &'a [RepresentationRecord],
    all_representations: &'a [RepresentationRecord],
    first: usize,
    imports: &'a [U32],
    pools: Pools<'a>,
}

impl<'a> Asset<'a> {
    /// The number of representations, those with a dictionary among them.
    pub fn representation_count(&self) -> usize {
        self.representations.len()
    }

    /// Whether some of the representations need a dictionary (RFC 9842).
    pub fn has_deltas(&self) -> bool {
        self.representations.iter().any(|record| record.dictionary != U32::ZERO)
    }

    /// The representations by coding, identity first, then by dictionary. A damaged record yields an
    /// error.
    pub fn representations(
        &self,
    ) -> impl ExactSizeIterator<Item = Result<Representation<'a>, Error>> + use<'a> {
        self.offers().map(|offer| offer?.representation())
    }

    /// The same, before their texts and bodies are read. A damaged record yields an error.
    pub fn offers(&self) -> impl ExactSizeIterator<Item = Result<Offer<'a>, Error>> + use<'a> {
        let (pools, all, first) = (self.pools, self.all_representations, self.first);
        self.representations.iter().enumerate().map(move |(index, record)| {
            let index = first + index;
            pools.offer(record, index, all).ok_or(invalid("representation", index))
        })
    }

    /// The identity: the representation that is not coded.
    ///
    /// # Errors
    ///
    /// If the bundle is damaged there.
    pub fn identity(&self) -> Result<Representation<'a>, Error> {
        let missing = invalid("representation", self.first);
        self.representations().next().ok_or(missing)?
    }
}

/// The parts of a representation that its choice depends on.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// How the body is coded.
    pub coding: Coding,
    /// SHA-256 of the dictionary, if the coding has one.
    pub dictionary: Option<&'a [u8; 32]>,
    /// The length of the body in bytes.
    pub length: u64,
    record: &'a RepresentationRecord,
    index: usize,
    pools: Pools<'a>,
}

impl<'a> Offer<'a> {
    /// The representation.
    ///
    /// # Errors
    ///
    /// If the bundle is damaged there.
    pub fn representation(&self) -> Result<Representation<'a>, Error> {
        let invalid = invalid("representation", self.index);
        self.pools.representation(self).ok_or(invalid)
    }
}

/// One representation of an asset.
#[derive(Clone, Copy, Debug)]
pub struct Representation<'a> {
    /// How the body is coded.
    pub coding: Coding,
    /// SHA-256 of the dictionary, if the coding has one: the digest of the identity of another asset.
    pub dictionary: Option<&'a [u8; 32]>,
    /// Value of `ETag`, with its quotes; strong, and shared by no other representation.
    pub entity_tag: &'a str,
    /// Value of `Content-Length`: the length of the body in decimal.
    pub content_length: &'a str,
    /// The bytes to send.
    pub body: &'a [u8],
    /// SHA-256 of the body.
    pub digest: &'a [u8; 32],
}

impl Representation<'_> {
    /// Value of `Available-Dictionary` by which a client says that it has the dictionary (RFC 9842
    /// §2.2), if the coding has one.
    pub fn available_dictionary(&self) -> Option<String> {
        self.dictionary.map(|digest| format!(":{}:", Base64(digest)))
    }

    /// Value of `Repr-Digest` (RFC 9530 §3).
    pub fn repr_digest(&self) -> String {
        format!("sha-256=:{}:", Base64(self.digest))
    }
}

fn open_header(bytes: &[u8]) -> Result<(&Header, &[u8]), Error> {
    if !bytes.starts_with(&layout::MAGIC) {
        return Err(Error::NotABundle);
    }
    let found = bytes.len() as u64;
    let stated = size_of::<Header>() as u64;
    let (header, content) =
        Header::ref_from_prefix(bytes).map_err(|_| Error::Length { found, stated })?;
    let version = header.version.get();
    if version != layout::VERSION {
        return Err(Error::Version { found: version, known: layout::VERSION });
    }
    let guarded = &bytes[..size_of::<Header>() - header.header_digest.len()];
    if Sha256::digest(guarded)[..] != header.header_digest {
        return Err(Error::Digest { part: "header" });
    }
    let stated = header.length.get();
    if found != stated {
        return Err(Error::Length { found, stated });
    }
    Ok((header, content))
}

fn index(bytes: &[u8], bounds: Section) -> Result<&[U32], Error> {
    let index: &[U32] = section(bytes, bounds, "index section")?;
    // A search masks with the length, so it must be a power of two.
    if index.len().is_power_of_two() { Ok(index) } else { Err(invalid("index section", 0)) }
}

fn section<'a, T>(bytes: &'a [u8], bounds: Section, what: &'static str) -> Result<&'a [T], Error>
where
    T: FromBytes + KnownLayout + Immutable + Unaligned,
{
    let offset = bounds.offset.get();
    let records = bounds.count.get().checked_mul(size_of::<T>() as u64).and_then(|length| {
        let bytes = slice(bytes, offset, length)?;
        <[T]>::ref_from_bytes(bytes).ok()
    });
    records.ok_or(invalid(what, 0))
}

fn slice(bytes: &[u8], offset: u64, length: u64) -> Option<&[u8]> {
    let end = offset.checked_add(length)?;
    bytes.get(usize::try_from(offset).ok()?..usize::try_from(end).ok()?)
}

fn static_host<'a>(header: &Header, pools: Pools<'a>) -> Result<Option<&'a str>, Error> {
    let host = pools.text(header.static_host).ok_or(invalid("static host", 0))?;
    Ok(Some(host).filter(|host| !host.is_empty()))
}

fn origins(text: &str) -> Origins<'_> {
    match text {
        "" => Origins::None,
        "*" => Origins::Any,
        listed => Origins::Listed(listed),
    }
}

fn last_modified<'a>(header: &Header, pools: Pools<'a>) -> Result<Option<LastModified<'a>>, Error> {
    let value = pools.text(header.last_modified).ok_or(invalid("last modification", 0))?;
    let seconds = header.last_modified_seconds.get();
    Ok(Some(LastModified { value, seconds }).filter(|_| !value.is_empty()))
}

pub(crate) fn invalid(what: &'static str, index: usize) -> Error {
    Error::Record { what, index }
}
