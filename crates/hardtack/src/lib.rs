//! A site's static files in a program: links to them that the compiler checks, and exact HTTP from
//! read-only memory.
//!
//! ```
//! # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
//! # use demo::demo;
//! use axum::{Router, routing::get};
//!
//! // In an app, whose build script calls `hardtack_build::build_script()`:
//! // let assets = hardtack::embed!().open()?;
//! let assets = demo().open()?;
//! let app: Router = Router::new().route("/hello", get(|| async { "hello" })).layer(assets.layer());
//!
//! // And where the name is a literal, `hardtack::asset!("css/app.css")`.
//! assert_eq!(assets.url("css/app.css")?, "/static/css/app.0123456789ab.css");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | for | there is |
//! |---|---|
//! | the assets of a program | [`embed!`], [`Embedded`], [`Assets`] |
//! | links | [`asset!`], [`Asset`], [`Tag`], [`Preload`] |
//! | serving | [`BundleLayer`] in front of an app, [`ServeBundle`] as a service, [`respond`] as a function, [`SimpleRequest`] as bytes |
//! | development | [`Mode::Live`] |
//! | a CDN | [`Options::static_host`], [`CdnGuard`], [`CacheTags`] |
//!
//! # Features
//!
//! None is on by default.
//!
//! | feature | adds |
//! |---|---|
//! | `live` | [`Mode::Live`]: assets from their folder, and pages that reload by themselves |
//! | `askama`, `maud` | [`Tag`] and [`Preload`] are HTML to these templates |
//! | `minijinja`, `tera` | `Assets::add_to_minijinja` and `Assets::add_to_tera`: functions for these templates |
//! | `rust-embed` | `rust_embed!`: the assets as a type for crates that expect rust-embed's |
//!
//! # The way of a request
//!
//! One module a step, named by the terms of RFC 9110, in the order of its §13.2.2:
//!
//! | step | module | may end in |
//! |---|---|---|
//! | the message | `message` | 400, 414 |
//! | the method | `respond` | 405, or the answer to `OPTIONS` |
//! | lookup of the path | `path`, `accept` | 400, 404, a redirect |
//! | negotiation of the content coding | `accept_encoding`, `negotiate` | 406 |
//! | preconditions | `entity_tag`, `conditional` | 304, 412 |
//! | range | `range`, `multipart` | 206, 416 |
//! | the representation | `select`, `want_digest`, `fields` | 200 |

mod asset;
mod assets;
mod embed;
mod open_error;
mod preload;
mod tag;
mod templates;
mod urls;

mod accept;
mod accept_encoding;
mod ambiguous;
mod asked;
mod available_dictionary;
mod body;
mod byte_set;
mod cache_tags;
mod conditional;
mod content_range;
mod cors;
mod entity_tag;
mod error_response;
mod fields;
mod guard;
mod layer;
#[cfg(feature = "live")]
mod live;
mod message;
mod multipart;
mod negotiate;
mod own_path;
mod path;
mod pattern;
mod range;
mod reply;
mod request_fields;
mod respond;
#[cfg(feature = "rust-embed")]
mod rust_embed;
mod select;
mod service;
mod simple;
mod source;
#[doc(hidden)]
pub mod steps;
mod vary;
mod want_digest;
mod weight;

pub use asset::Asset;
pub use assets::{Assets, UnknownAsset};
pub use body::Body;
pub use cache_tags::{CacheTagField, CacheTags, InvalidCacheTagField, PolicyTag};
pub use embed::Embedded;
pub use error_response::error_response;
pub use guard::{CdnGuard, GuardError, Guarded};
pub use hardtack_bundle::{Bundle, Integrity, InvalidStaticHost, StaticHost};
pub use layer::{Answer, BundleFirst, BundleLayer};
pub use open_error::OpenError;
pub use preload::{Destination, Preload};
pub use respond::{error_page, error_page_named, refuse_long_target, refuse_message, respond};
pub use service::ServeBundle;
pub use simple::{SimpleField, SimpleRequest, SimpleResponse};
pub use tag::Tag;
pub use urls::{Mode, Options};

/// Items that the macros expand to.
#[doc(hidden)]
pub mod private {
    pub use hardtack_macros::asset;
    #[cfg(feature = "rust-embed")]
    pub use {
        crate::rust_embed::{embedded_file, embedded_paths},
        rust_embed,
    };
}
