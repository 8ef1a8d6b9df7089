//! The answer at a path without a route: by the first pattern that matches and applies.

use hardtack_bundle::{Action, Asset, Captures, Route};

use crate::{accept, asked::Asked, path, reply::Damaged};

/// The answer by a pattern.
pub(crate) enum Matched {
    /// An asset is served.
    Serve(Route<'static>),
    /// A redirect to that location.
    Redirect { route: Route<'static>, status: u16, location: String },
    /// 404, with a page of its own.
    Missing(Route<'static>),
}

/// Finds the answer for a percent-decoded path.
pub(crate) fn find(asked: &Asked<'_>, path: &[u8]) -> Result<Option<Matched>, Damaged> {
    for matching in asked.bundle.matching(path) {
        let (route, captures) = matching?;
        if let Some(matched) = answer_of(asked, path, route, &captures) {
            return Ok(Some(matched));
        }
    }
    Ok(None)
}

fn answer_of(
    asked: &Asked<'_>,
    path: &[u8],
    route: Route<'static>,
    captures: &Captures<'_, '_>,
) -> Option<Matched> {
    match route.action {
        Action::Missing(_) => Some(Matched::Missing(route)),
        Action::Serve(_) => {
            let is_fit = !needs_navigation(&route, path) || accept::wants_page(asked.fields);
            is_fit.then_some(Matched::Serve(route))
        }
        Action::Redirect { status, location } => {
            let location = captures.location(location);
            // A redirect to the same path would have no end.
            (location != asked.path).then_some(Matched::Redirect { route, status, location })
        }
    }
}

/// Whether the route answers this path only to a navigation: its asset is a page, and the path has
/// an extension. A page must not answer for a missing script or image.
pub(crate) fn needs_navigation(route: &Route<'_>, path: &[u8]) -> bool {
    let is_page = |asset: &Asset<'_>| asset.media_type.starts_with("text/html");
    matches!(&route.action, Action::Serve(asset) if is_page(asset)) && path::has_extension(path)
}
