//! The bundle format, byte by byte.
//!
//! A bundle is one contiguous piece of memory: a header, then ten sections. All integers are
//! little-endian; no field needs alignment, so a bundle can be viewed wherever it lies.
//!
//! | section | contents |
//! |---|---|
//! | header | one [`Header`], 352 bytes |
//! | bodies | the representations' bytes, each distinct body once |
//! | assets | [`AssetRecord`]s of this release, sorted by logical path |
//! | carried | [`AssetRecord`]s of earlier releases, sorted by URL |
//! | representations | [`RepresentationRecord`]s; those of one asset lie together, by coding, then by dictionary |
//! | routes | [`RouteRecord`]s, sorted by URL path |
//! | index | `u32` slots of a hash table over the routes, see [`slot`] |
//! | fields | [`FieldRecord`]s; those of one route lie together, in the order in which they apply |
//! | imports | `u32` indexes of assets; those that one asset imports lie together, sorted |
//! | patterns | [`RouteRecord`]s whose paths are [patterns](crate::PathPattern), in the order in which they are tried |
//! | strings | UTF-8 text that the records point into, each distinct string once |
//!
//! The sections follow the header in this order and without gaps, but a reader relies only on
//! their stated bounds. A [`Text`] is an offset into the strings and a length. An index of an asset
//! counts through the assets, then through the carried ones.
//!
//! Two digests guard the bundle. The header's is checked on opening, which therefore costs the same
//! for every bundle; that of everything behind the header is checked by
//! [`Bundle::verify`](crate::Bundle::verify). Each read of a record checks its bounds, so a damaged
//! bundle that was only opened yields errors, and never a wild read.

use zerocopy::{
    FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned,
    little_endian::{U32, U64},
};

/// The first 16 bytes of every bundle.
///
/// A byte above 127 and both kinds of line break, as in PNG's signature: a transfer as text changes
/// them, and is noticed.
pub const MAGIC: [u8; 16] = *b"\x89Hardtack\r\n\x1a\n\0\0\0";

/// The version of the format described here.
pub const VERSION: u32 = 2;

/// Stands where there is no route.
pub const NONE: u32 = u32::MAX;

/// The kind of a route that serves an asset.
pub const SERVE: u32 = 0;
/// The kind of a route that redirects.
pub const REDIRECT: u32 = 1;
/// The kind of a route that answers 404, with an asset as body.
pub const MISSING: u32 = 2;

/// The operation that replaces all fields of that name.
pub const SET: u32 = 0;
/// The operation that adds a field to those of that name.
pub const APPEND: u32 = 1;
/// The operation that removes all fields of that name.
pub const REMOVE: u32 = 2;

/// Bytes 0 to 351.
#[derive(Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Header {
    /// 0: [`MAGIC`].
    pub magic: [u8; 16],
    /// 16: [`VERSION`].
    pub version: U32,
    /// 20: index of the route whose asset is the body of a 404, or [`NONE`].
    pub not_found: U32,
    /// 24: bytes of the whole bundle, this header among them.
    pub length: U64,
    /// 32: the [release id](crate::ReleaseId).
    pub release_id: [u8; 32],
    /// 64: SHA-256 of all bytes behind the header.
    pub content_digest: [u8; 32],
    /// 96: where the [`AssetRecord`]s lie.
    pub assets: Section,
    /// 112: where the [`AssetRecord`]s of carried assets lie.
    pub carried: Section,
    /// 128: where the [`RepresentationRecord`]s lie.
    pub representations: Section,
    /// 144: where the [`RouteRecord`]s lie.
    pub routes: Section,
    /// 160: where the hash table's slots lie.
    pub index: Section,
    /// 176: where the [`FieldRecord`]s lie.
    pub fields: Section,
    /// 192: where the indexes of imported assets lie.
    pub imports: Section,
    /// 208: where the [`RouteRecord`]s of patterns lie.
    pub patterns: Section,
    /// 224: where the text lies; counted in bytes.
    pub strings: Section,
    /// 240: where the bodies lie; counted in bytes.
    pub bodies: Section,
    /// 256: the URL prefixes of the folders, separated by spaces. Each begins and ends with `/`;
    /// logical paths are relative to the first.
    pub prefixes: Text,
    /// 264: scheme and host of the CDN, without a slash at the end; empty if there is none.
    pub static_host: Text,
    /// 272: the origins that may use the assets (CORS): `*`, or a list separated by spaces, or
    /// nothing.
    pub origins: Text,
    /// 280: value of `Last-Modified`; empty if there is none.
    pub last_modified: Text,
    /// 288: the time of `Last-Modified`, in seconds since 1970.
    pub last_modified_seconds: U64,
    /// 296: bytes of all assets under the identity coding.
    pub identity_bytes: U64,
    /// 304: bytes of all assets, each under the coding that makes it smallest.
    pub smallest_bytes: U64,
    /// 312: index of the route that answers navigations without a route of their own, or [`NONE`].
    pub fallback: U32,
    /// 316: zeros.
    pub reserved: [u8; 4],
    /// 320: SHA-256 of bytes 0 to 319.
    pub header_digest: [u8; 32],
}

/// 16 bytes: the bounds of a section.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Section {
    /// 0: where it begins, in bytes from the beginning of the bundle.
    pub offset: U64,
    /// 8: how many records it holds.
    pub count: U64,
}

/// 8 bytes: the bounds of a string.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Text {
    /// 0: where it begins, in bytes from the beginning of the strings.
    pub offset: U32,
    /// 4: its length in bytes.
    pub length: U32,
}

/// 144 bytes: one asset.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct AssetRecord {
    /// 0: the plain path, relative to the first URL prefix; of an asset that is not below that, the
    /// URL path with its slash.
    pub logical_path: Text,
    /// 8: the path to link to, percent-encoded: the hashed path, or an entry point's own.
    pub url: Text,
    /// 16: the plain path, percent-encoded; empty if the asset is served only at `url`.
    pub plain_url: Text,
    /// 24: value of `Content-Type`.
    pub media_type: Text,
    /// 32: the [fingerprint](crate::Fingerprint).
    pub fingerprint: [u8; 32],
    /// 64: SHA-384 of the identity bytes.
    pub integrity: [u8; 48],
    /// 112: index of its first representation, which is the identity.
    pub first_representation: U32,
    /// 116: the number of its representations.
    pub representation_count: U32,
    /// 120: for a module, where the assets that it imports begin, counted in imports.
    pub first_import: U32,
    /// 124: the number of its imports.
    pub import_count: U32,
    /// 128: number of its [role](crate::Role).
    pub role: U32,
    /// 132: why it has that role, for people; empty if a rule alone says so.
    pub why: Text,
    /// 140: the number of releases since it was last a part of one; 0 for an asset of this release.
    pub age: U32,
}

/// 72 bytes: one representation.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RepresentationRecord {
    /// 0: number of the [content coding](crate::Coding).
    pub coding: U32,
    /// 4: index plus one of the representation that is its dictionary, which is an identity; 0 if the
    /// coding has none.
    pub dictionary: U32,
    /// 8: value of `ETag`, with its quotes.
    pub entity_tag: Text,
    /// 16: value of `Content-Length`.
    pub content_length: Text,
    /// 24: where the body begins, in bytes from the beginning of the bodies.
    pub body_offset: U64,
    /// 32: the body's length in bytes.
    pub body_length: U64,
    /// 40: SHA-256 of the body.
    pub digest: [u8; 32],
}

/// 40 bytes: one URL path, or a pattern of several.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RouteRecord {
    /// 0: the path, percent-decoded. It begins with a URL prefix, or is a prefix without its
    /// final slash.
    pub path: Text,
    /// 8: [`SERVE`], [`REDIRECT`] or [`MISSING`].
    pub kind: U32,
    /// 12: index of the asset to send, or the status of the redirect.
    pub target: U32,
    /// 16: value of `Cache-Control`.
    pub cache_control: Text,
    /// 24: value of `Location`, percent-encoded; empty if an asset is sent. In a pattern's, `:name`
    /// stands where the captured part goes.
    pub location: Text,
    /// 32: index of the first of its fields.
    pub first_field: U32,
    /// 36: the number of its fields.
    pub field_count: U32,
}

/// 20 bytes: one change that a route makes to the header fields of its responses.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct FieldRecord {
    /// 0: [`SET`], [`APPEND`] or [`REMOVE`].
    pub operation: U32,
    /// 4: name of the field, in lower case.
    pub name: Text,
    /// 12: its value; empty for [`REMOVE`].
    pub value: Text,
}

const _: () = {
    assert!(size_of::<Header>() == 352);
    assert!(size_of::<AssetRecord>() == 144);
    assert!(size_of::<RepresentationRecord>() == 72);
    assert!(size_of::<RouteRecord>() == 40);
    assert!(size_of::<FieldRecord>() == 20);
};

/// The number of slots of the hash table for this many routes: a power of two, so that the table is
/// at most half full.
pub const fn slots(routes: usize) -> usize {
    (routes * 2).next_power_of_two()
}

/// The slot at which the search for a path begins, in a table of `slots` slots.
///
/// FNV-1a in 64 bits over the path's bytes, its upper half folded into the lower. A slot holds
/// a route's index plus one, or zero if it is empty; the search goes on with the next slot,
/// around the end, until it meets the path or an empty slot.
pub fn slot(path: &[u8], slots: usize) -> usize {
    let hash = path.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash ^ hash >> 32) as usize & (slots - 1)
}
