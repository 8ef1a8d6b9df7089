//! Bakes a folder of a site's static files into a [bundle](hardtack_bundle).
//!
//! In a build script it takes one line; [`build_script`] documents its inputs and outputs:
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     hardtack_build::build_script()
//! }
//! ```
//!
//! Elsewhere, [`Bake`] is the same pipeline as a function:
//!
//! ```no_run
//! let baked = hardtack_build::Bake::new("dist").run()?;
//! std::fs::write("site.bundle", &baked.bundle)?;
//! println!("{}", baked.summary);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The stages
//!
//! One module a stage. Each consumes one type and returns the next; `pipeline` is all of them,
//! in order, in one function.
//!
//! | stage | from | to |
//! |---|---|---|
//! | `scan` | a folder | the assets, sorted by logical path |
//! | `references` | the assets | the references of each, with their places |
//! | `graph` | the references | an order in which every asset comes after those it refers to |
//! | `fingerprint` | assets, references, order | final bytes, fingerprints and URLs |
//! | `compress` | final bytes | the representations worth keeping |
//! | `page_dictionary` | representations | with a dictionary of what pages have in common |
//! | `carry` | earlier releases | the assets of theirs that are served too |
//! | `deltas` | representations, carried assets | representations with dictionaries |
//! | `bundle` | all representations | the bundle and its manifest |
//!
//! The bundle depends on the folder's contents, the earlier releases and the [`Settings`] alone: no time, no absolute
//! path and no order of a directory affects it.

mod door;
mod error;
mod external;
mod folder;
mod folders;
mod header_rules;
mod left_out;
mod missing;
mod no_assets;
mod origins;
mod pattern;
mod places;
mod prefix;
mod progress;
mod rename;
mod settings;
mod timestamp;
mod url_pattern;

mod pipeline;

mod bundle;
mod bundler;
mod carry;
mod compress;
mod deltas;
mod digests;
mod django_manifest;
mod fingerprint;
mod graph;
mod hosting;
mod kept_names;
mod kept_too_long;
mod mentions;
mod prehashed;
mod previous;
mod references;
mod same_origin;
mod scan;

mod brotli;
mod cache;
mod codings;
mod decode;
mod digest;
mod hash_name;
mod lineage;
mod logical_path;
mod media_type;
mod own_digest;
mod page_dictionary;
mod published;
mod rewrite;
mod twins;
mod unpack;
mod url_paths;
mod use_as_dictionary;
mod window;

mod blocks;
mod build_script;
mod django;
mod environment;
mod summary;

pub use blocks::{blocks, count_by_kind};
pub use build_script::build_script;
pub use carry::Dropped;
pub use compress::is_for_browsers;
pub use decode::decodes_to;
pub use django::staticfiles;
pub use error::{Error, MissingReference, Place, Problem, ProblemKind};
pub use external::External;
pub use folder::Folder;
pub use header_rules::HeaderRule;
pub use left_out::LeftOut;
pub use lineage::names_across_releases;
pub use missing::{Missing, MissingTarget};
pub use origins::Origins;
pub use pattern::Patterns;
pub use pipeline::{Bake, Baked};
pub use prefix::Prefix;
pub use progress::Progress;
pub use rename::Rename;
pub use settings::{Canonical, Key, ResourcePolicy, Settings, logical_path};
pub use summary::{Roles, Summary};
pub use timestamp::Timestamp;
pub use use_as_dictionary::is_page_dictionary;

pub use hardtack_bundle::Role;
