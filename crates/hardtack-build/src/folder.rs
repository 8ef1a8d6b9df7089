//! Another folder of a site, with the URL prefix of its files.

use std::path::PathBuf;

use serde::Deserialize;

use crate::Prefix;

/// Another folder of the site beside the asset folder, such as one for the files at the site's
/// root.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folder {
    /// The URL prefix of its files.
    pub at: Prefix,
    /// The folder.
    pub path: PathBuf,
}
