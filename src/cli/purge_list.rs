//! The options of `hardtack purge-list`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

pub(crate) const HELP: &str = "\
Hashed paths are not in the list, since their content does not change. A path that ends with *
stands for all paths that begin so: the site has a rule for them, or is a single-page app.

--format aws prints nothing if there is nothing to invalidate. CloudFront takes at most 3,000 paths
and 15 wildcards at a time. The first 1,000 paths of a month are free; a tag or a wildcard counts as
a path.

Examples:
  hardtack purge-list my-site.previous my-site
  hardtack purge-list --tags my-site.previous my-site
  hardtack purge-list --format aws my-site.previous my-site > batch.json
  [ -s batch.json ] && aws cloudfront create-invalidation --distribution-id EDFDVBD6EXAMPLE \\
      --invalidation-batch file://batch.json";

#[derive(Args, Debug)]
pub(crate) struct PurgeList {
    /// The older release: a program or a bundle file
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,
    /// The newer release
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
    /// List tags instead of paths, for servers with --cache-tags
    #[arg(long)]
    pub(crate) tags: bool,
    /// Format of the list
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: PurgeFormat,
    /// Print JSON: paths and tags, each path with its change
    #[arg(long, conflicts_with_all = ["format", "tags"])]
    pub(crate) json: bool,
}

/// The format of a list of what to invalidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PurgeFormat {
    /// One path or tag a line
    Text,
    /// The InvalidationBatch of CloudFront, as JSON
    Aws,
}
