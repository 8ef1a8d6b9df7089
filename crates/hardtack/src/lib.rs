//! Serves a [bundle](hardtack_bundle): a site's static files, from read-only memory.
//!
//! [`respond`] is the whole of it: a pure function from a bundle and a request to a response.
//! [`ServeBundle`] is that function as a [`tower_service::Service`], for axum, tower and hyper, and
//! [`BundleLayer`] stands before an app and answers only what is in the bundle.
//!
//! ```
//! use axum::Router;
//! use hardtack::{Bundle, ServeBundle};
//!
//! fn app(bundle: Bundle<'static>) -> Router {
//!     Router::new().fallback_service(ServeBundle::new(bundle))
//! }
//! ```
//!
//! # The way of a request
//!
//! One module a step, each named after what RFC 9110 calls it, in the order of its §13.2.2:
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
mod preload;
mod tag;
mod templates;
mod urls;

mod accept;
mod accept_encoding;
mod body;
mod conditional;
mod cors;
mod entity_tag;
mod fields;
mod guard;
mod layer;
#[cfg(feature = "live")]
mod live;
mod message;
mod multipart;
mod negotiate;
mod path;
mod range;
mod respond;
#[cfg(feature = "rust-embed")]
mod rust_embed;
mod select;
mod service;
mod source;
mod vary;
mod want_digest;
mod weight;

pub use asset::Asset;
pub use assets::{Assets, UnknownAsset};
pub use body::Body;
pub use embed::{Embedded, OpenError};
pub use guard::{CdnGuard, GuardError, Guarded};
pub use hardtack_bundle::{Bundle, Integrity, InvalidStaticHost, StaticHost};
pub use layer::{Answer, BundleFirst, BundleLayer};
pub use preload::{Destination, Preload};
pub use respond::respond;
pub use service::ServeBundle;
pub use tag::Tag;
pub use urls::{Mode, Options};

/// What the macros expand to.
#[doc(hidden)]
pub mod private {
    pub use hardtack_bundle::names::{Name, Names};
    #[cfg(feature = "rust-embed")]
    pub use {
        crate::rust_embed::{embedded_file, embedded_paths},
        rust_embed,
    };
}
