//! The answer at a path that has no route: that of the first pattern that matches and has one.

use hardtack_bundle::{Action, Asset, Captures, Route};

use crate::{
    accept,
    respond::{Answer, Asked, Damaged, follow, not_found_page_or, redirect},
    vary,
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
        Action::Serve(asset) => {
            let is_fit = !needs_navigation(&asset, path) || accept::wants_page(asked.headers);
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
fn needs_navigation(asset: &Asset<'_>, path: &[u8]) -> bool {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    asset.media_type.starts_with("text/html") && name.contains(&b'.')
}

impl Matched {
    pub(crate) fn send(self, asked: &Asked<'_>, path: &[u8]) -> Answer {
        match self {
            Self::Redirect { route, status, location } => {
                redirect(asked, &route, status, &location)
            }
            Self::Missing(route) => not_found_page_or(asked, Some(&route)),
            Self::Serve(route) => {
                let mut response = follow(asked, &route)?;
                if let Action::Serve(asset) = route.action
                    && needs_navigation(&asset, path)
                {
                    vary::on("Accept", response.headers_mut());
                }
                Ok(response)
            }
        }
    }
}
