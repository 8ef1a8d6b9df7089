//! The parts of a CDN's configuration that depend on a bundle.

use std::collections::BTreeSet;

use anyhow::{Result, bail, ensure};
use hardtack_bundle::{Action, Bundle, Coding, Error, Origins};

use crate::cli::{Cloudfront, OriginHttp};

/// A CDN for a site.
pub(super) struct Plan {
    /// The paths of static files: patterns of CloudFront. Empty if all paths are.
    pub(super) static_paths: Vec<String>,
    pub(super) rest: Rest,
    pub(super) dictionaries: Option<Dictionaries>,
    /// Whether navigations have another answer than other requests for the same path.
    pub(super) has_navigations: bool,
    /// The origins of the pages that may use the files.
    pub(super) origins: Pages,
    pub(super) cache_tags: Option<String>,
    pub(super) speaks_http2: bool,
    pub(super) has_unreachable_root: bool,
}

/// The answer at all other paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// 403.
    Forbidden,
    /// The bundle's: its pages, its 404.
    Bundle,
    /// The application's.
    Site,
}

/// The pages that may use the files (CORS).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pages {
    /// Those of the site's own origin: no request asks for more.
    Own,
    /// All; responses are the same for each of them.
    Any,
    /// Those of listed origins; responses depend on the origin.
    Listed,
}

/// The codings of a bundle, and the versions that it has differences to.
pub(super) struct Dictionaries {
    /// In a fixed order, the ones with a dictionary first.
    pub(super) codings: Vec<&'static str>,
    /// Values of `Available-Dictionary`, sorted.
    pub(super) values: Vec<String>,
}

/// Most cache behaviours of a distribution beside the default one (CloudFront's default quota).
const MOST_BEHAVIOURS: usize = 74;

/// Longest pattern of paths of a cache behaviour, in characters.
const LONGEST_PATTERN: usize = 255;

impl Plan {
    /// # Errors
    ///
    /// If the bundle is damaged, or CloudFront cannot do what is asked for.
    pub(super) fn of(bundle: &Bundle<'_>, options: &Cloudfront) -> Result<Self> {
        let rest = match bundle.at() {
            _ if options.site => Rest::Site,
            "/" => Rest::Bundle,
            _ if options.whole_site => Rest::Bundle,
            _ => Rest::Forbidden,
        };
        let static_paths = if rest == Rest::Bundle { Vec::new() } else { static_paths(bundle)? };
        ensure!(
            static_paths.len() <= MOST_BEHAVIOURS,
            "the site has more folders than a distribution of CloudFront has behaviours \
             ({MOST_BEHAVIOURS}): give --whole-site if there is no application behind it"
        );
        if let Some(long) = static_paths.iter().find(|path| path.len() > LONGEST_PATTERN) {
            bail!(
                "CloudFront takes patterns of paths of at most {LONGEST_PATTERN} characters, and \
                 {long} has {}: bake that folder at a shorter prefix, or give --whole-site if there is \
                 no application behind it",
                long.len()
            );
        }
        ensure!(
            rest != Rest::Site || !static_paths.is_empty(),
            "the site was baked at /, where its files and the application's paths cannot be told \
             apart: bake it at a prefix, such as /static/, or leave --site out"
        );
        Ok(Self {
            static_paths,
            rest,
            dictionaries: options.dictionaries.then(|| Dictionaries::of(bundle)).transpose()?,
            has_navigations: has_navigations(bundle)?,
            origins: match bundle.origins() {
                Origins::None => Pages::Own,
                Origins::Any => Pages::Any,
                Origins::Listed(_) => Pages::Listed,
            },
            cache_tags: cache_tags(options)?,
            speaks_http2: options.origin_http == OriginHttp::Http2,
            has_unreachable_root: rest == Rest::Forbidden && bundle.prefixes().any(|it| it == "/"),
        })
    }

    /// Warnings of consequences that the options do not show.
    pub(super) fn hints(&self) -> Vec<&'static str> {
        let without_deltas =
            self.dictionaries.as_ref().is_some_and(|dictionaries| dictionaries.values.is_empty());
        let hints = [
            (
                self.has_unreachable_root,
                "files at the site's root cannot be had through this distribution; if its name is the \
                 site's own, give --site or --whole-site",
            ),
            (
                without_deltas,
                "the release has no differences to earlier ones: --dictionaries has no effect before \
                 one with `--previous`",
            ),
        ];
        hints.into_iter().filter_map(|(applies, hint)| applies.then_some(hint)).collect()
    }
}

/// The paths below the URL prefixes, and a prefix without its slash if that is a path, too.
fn static_paths(bundle: &Bundle<'_>) -> Result<Vec<String>, Error> {
    let mut paths = Vec::new();
    for prefix in bundle.prefixes().filter(|prefix| *prefix != "/") {
        let bare = prefix.trim_end_matches('/');
        if bundle.route(bare.as_bytes())?.is_some() {
            paths.push(bare.to_owned());
        }
        paths.push(format!("{prefix}*"));
    }
    Ok(paths)
}

/// A page answers navigations to paths without a file: that of a single-page app, or of a rule.
fn has_navigations(bundle: &Bundle<'_>) -> Result<bool, Error> {
    for pattern in bundle.patterns() {
        if let Action::Serve(asset) = pattern?.action
            && asset.media_type.starts_with("text/html")
        {
            return Ok(true);
        }
    }
    Ok(bundle.fallback()?.is_some())
}

fn cache_tags(options: &Cloudfront) -> Result<Option<String>> {
    let Some(field) = &options.cache_tags else { return Ok(None) };
    ensure!(
        field.separator() == ',',
        "CloudFront expects commas between cache tags, and {field} has blanks: name a field such as \
         Cache-Tag, here and in `serve --cache-tags`"
    );
    Ok(Some(field.name().to_owned()))
}

impl Dictionaries {
    fn of(bundle: &Bundle<'_>) -> Result<Self, Error> {
        let (mut codings, mut values) = (BTreeSet::new(), BTreeSet::new());
        for asset in bundle.assets() {
            for representation in asset?.representations() {
                let representation = representation?;
                codings.insert(representation.coding);
                values.extend(representation.available_dictionary());
            }
        }
        let codings = codings.into_iter().rev().filter(|coding| *coding != Coding::Identity);
        let codings = codings.map(Coding::name).collect();
        Ok(Self { codings, values: values.into_iter().collect() })
    }
}
