//! The answer at a path that has no route: that of the first pattern that matches and has one.

use hardtack_bundle::{Action, Asset, Captures, Route};

use crate::{
    accept,
    asked::{Asked, Damaged},
    path,
};

/// The answer by a pattern.
pub(crate) enum Matched {
    /// An asset is served.
    Serve(Route<'static>),
    /// A redirect to that location.
    Redirect { route: Route<'static>, status: u16, location: String },
    /// 404, with a page of its own.
    Missing(Route<'static>),
}

/// Finds the answer of a path, which is percent-decoded.
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
            let is_fit = !needs_navigation(&route, path) || accept::wants_page(asked.headers);
            is_fit.then_some(Matched::Serve(route))
        }
        Action::Redirect { status, location } => {
            let location = captures.location(location);
            // A browser would be sent in a circle.
            (location != asked.path).then_some(Matched::Redirect { route, status, location })
        }
    }
}

/// A page does not stand for a script or an image that is missing: what has an extension is the
/// name of a file.
pub(crate) fn needs_navigation(route: &Route<'_>, path: &[u8]) -> bool {
    let is_page = |asset: &Asset<'_>| asset.media_type.starts_with("text/html");
    matches!(&route.action, Action::Serve(asset) if is_page(asset)) && path::has_extension(path)
}
