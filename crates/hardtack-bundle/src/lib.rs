//! The vocabulary of Hardtack, and its bundle format.
//!
//! A **bundle** is a site's static files in one piece of memory: every asset, its compressed
//! representations, the URL paths they are served at, and their response header values. [`Writer`]
//! makes one; [`Bundle`] reads one in place, without start-up work and without copying. [`layout`]
//! documents the format byte by byte.
//!
//! This crate does no I/O and knows neither HTTP nor the file system.
//!
//! ```
//! use hardtack_bundle::{Action, Bundle, CachePolicy, Coding, Fingerprint, NewAsset, Role, Writer};
//!
//! let body = b"body { color: peru }";
//! let mut writer = Writer::new("/static/");
//! let app = writer.asset(NewAsset {
//!     logical_path: "app.css",
//!     url: "/static/app.5d7bcd1d1f1e.css",
//!     plain_url: None,
//!     media_type: "text/css; charset=utf-8",
//!     role: Role::Hashed,
//!     why: "",
//!     fingerprint: Fingerprint::of(body),
//!     digest: None,
//!     representations: &[(Coding::Identity, body)],
//! });
//! writer.serve("/static/app.5d7bcd1d1f1e.css", app, CachePolicy::Immutable);
//! let bytes = writer.finish()?;
//!
//! let bundle = Bundle::open(&bytes)?;
//! let route = bundle.route(b"/static/app.5d7bcd1d1f1e.css")?.expect("just written");
//! let Action::Serve(asset) = route.action else { panic!("not a redirect") };
//! assert_eq!(asset.logical_path, "app.css");
//! assert_eq!(asset.identity()?.body, body);
//! # Ok::<(), hardtack_bundle::Error>(())
//! ```

mod coding;
mod digest;
mod policy;
mod role;
mod static_host;

mod error;
mod find;
pub mod layout;
pub mod names;
mod path;
mod path_pattern;
mod read;
mod totals;
mod verify;
mod write;

#[cfg(feature = "manifest")]
pub mod manifest;
#[cfg(feature = "media-type")]
mod media_type;

pub use coding::Coding;
pub use digest::{Fingerprint, Integrity, ReleaseId, hex};
pub use error::Error;
#[cfg(feature = "media-type")]
pub use media_type::media_type_of;
pub use path::{encode_path, logical_path_of, url_path_of};
pub use path_pattern::{Captures, InvalidPattern, PathPattern, SPLAT};
pub use policy::CachePolicy;
pub use read::{
    Action, Asset, Bundle, FieldEdit, LastModified, Offer, Origins, Representation, Route,
};
pub use role::Role;
pub use static_host::{InvalidStaticHost, StaticHost};
pub use totals::{Size, Totals};
pub use write::{AssetIndex, NewAction, NewAsset, Writer};
