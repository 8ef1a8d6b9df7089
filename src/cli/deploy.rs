//! The options of `hardtack deploy`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use hardtack::CacheTagField;

#[derive(Args, Debug)]
pub(crate) struct Deploy {
    #[command(subcommand)]
    pub(crate) to: DeployTo,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeployTo {
    /// Print a CloudFormation template of a CloudFront distribution for a release
    #[command(after_help = CLOUDFRONT_HELP)]
    Cloudfront(Cloudfront),
}

const CLOUDFRONT_HELP: &str = "\
The template depends on the site's URL prefixes and settings, and not on the files: it need not be
deployed with each release. With --dictionaries, it has to be. Its parameters are the name of the
origin, the secret (HARDTACK_CDN_SECRET of the server), the certificate, the names of the site, a
bucket for logs, and the price class.

Examples:
  hardtack deploy cloudfront my-site > cloudfront.json
  aws cloudformation deploy --stack-name my-site-cdn --template-file cloudfront.json \\
      --parameter-overrides OriginDomainName=origin.site.example OriginSecret=\"$SECRET\"
  ./my-site deploy cloudfront --dictionaries --cache-tags Cache-Tag > cloudfront.json";

#[derive(Args, Debug)]
pub(crate) struct Cloudfront {
    /// A program or a bundle file that Hardtack baked; without it, this executable
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Pass paths that are not static on to the application, whose name is a parameter; without this
    /// option they are refused
    #[arg(long)]
    pub(crate) site: bool,
    /// Let the bundle answer all paths, as it does by itself if it was baked at /
    #[arg(long, conflicts_with = "site")]
    pub(crate) whole_site: bool,
    /// Keep differences to earlier releases in the cache (Compression Dictionary Transport)
    #[arg(long)]
    pub(crate) dictionaries: bool,
    /// Field with cache tags, as of `serve`: CloudFront can then invalidate by tag
    #[arg(long, env = "HARDTACK_CACHE_TAGS", value_name = "FIELD")]
    pub(crate) cache_tags: Option<CacheTagField>,
    /// Newest version of HTTP between CloudFront and the server
    #[arg(long, value_name = "VERSION", default_value = "http2")]
    pub(crate) origin_http: OriginHttp,
}

/// The newest version of HTTP that CloudFront speaks to an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OriginHttp {
    /// HTTP/2, or HTTP/1.1 if the origin does not offer it
    #[value(name = "http2")]
    Http2,
    /// HTTP/1.1; the template then has no property that CloudFormation learned in November 2026
    #[value(name = "http1.1")]
    Http1,
}
