//! The URL paths of a release, with the files and header fields of their answers.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use hardtack_bundle::{Action, Asset, Bundle, Coding, Role, Route, encode_path, url_path_of};
use http::{
    Request,
    header::{ACCEPT_ENCODING, HOST, LINK},
};
use serde::Serialize;

/// Fields that a store makes itself, or that are about a choice that it does not offer.
const LEFT_OUT: [&str; 6] =
    ["accept-ranges", "connection", "content-length", "etag", "use-as-dictionary", "vary"];

/// `objects.json`; docs/releases.md describes it.
#[derive(Serialize)]
pub(super) struct Objects {
    release_id: String,
    objects: Vec<Object>,
    redirects: Vec<Redirect>,
    /// The URL path of the page of a 404.
    not_found: Option<String>,
    /// The URL path of the page that answers navigations of a single-page app.
    fallback: Option<String>,
}

#[derive(Serialize)]
struct Object {
    /// The URL path without its first slash; of a folder, that of its `index.html`.
    key: String,
    representations: Vec<Stored>,
}

/// A representation as a file.
#[derive(Serialize)]
pub(super) struct Stored {
    coding: &'static str,
    /// The path below the exported folder.
    pub(super) file: String,
    headers: BTreeMap<String, String>,
    #[serde(skip)]
    pub(super) body: &'static [u8],
}

#[derive(Serialize)]
struct Redirect {
    /// The path, percent-decoded, or a pattern of several.
    path: String,
    status: u16,
    location: String,
}

impl Objects {
    /// # Errors
    ///
    /// If the bundle is damaged.
    pub(super) fn of(bundle: &Bundle<'static>) -> Result<Self> {
        let (mut objects, mut redirects) = (BTreeMap::new(), Vec::new());
        for route in bundle.routes().chain(bundle.patterns()) {
            let route = route?;
            match route.action {
                // A pattern has no one path.
                Action::Serve(asset) if bundle.route(route.path.as_bytes())?.is_some() => {
                    let object = Object::of(bundle, &route, &asset)?;
                    objects.entry(object.key.clone()).or_insert(object);
                }
                Action::Redirect { status, location } => redirects.push(Redirect {
                    path: route.path.to_owned(),
                    status,
                    location: location.to_owned(),
                }),
                Action::Serve(_) | Action::Missing(_) => {}
            }
        }
        let path = |route: Option<Route<'_>>| route.map(|route| route.path.to_owned());
        Ok(Self {
            release_id: bundle.release_id().to_string(),
            objects: objects.into_values().collect(),
            redirects,
            not_found: path(bundle.not_found()?),
            fallback: path(bundle.fallback()?),
        })
    }

    pub(super) fn representations(&self) -> Vec<&Stored> {
        self.objects.iter().flat_map(|object| &object.representations).collect()
    }

    pub(super) fn to_json(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

impl Object {
    fn of(
        bundle: &Bundle<'static>,
        route: &Route<'static>,
        asset: &Asset<'static>,
    ) -> Result<Self> {
        let file = file_of(bundle, route, asset);
        let mut representations = Vec::new();
        for representation in asset.representations() {
            let representation = representation?;
            let Some(extension) = extension(representation.coding) else { continue };
            representations.push(Stored {
                coding: representation.coding.name(),
                file: format!("site{file}{extension}"),
                headers: headers(bundle, route, representation.coding)?,
                body: representation.body,
            });
        }
        let key = route.path.trim_start_matches('/');
        let index = if key.is_empty() || key.ends_with('/') { "index.html" } else { "" };
        Ok(Self { key: format!("{key}{index}"), representations })
    }
}

/// The file of a route: at a hashed path its own name, and elsewhere that of the authored file, which
/// may be `docs/index.html` at `/docs/`.
fn file_of(bundle: &Bundle<'_>, route: &Route<'_>, asset: &Asset<'_>) -> String {
    let is_at_its_hash = asset.role == Role::Hashed && encode_path(route.path) == asset.url;
    if is_at_its_hash || asset.age > 0 {
        route.path.to_owned()
    } else {
        url_path_of(bundle.at(), asset.logical_path)
    }
}

/// The end of the file's name, as `gzip_static` and its like look for it; none for deltas, which need
/// a server that chooses.
fn extension(coding: Coding) -> Option<&'static str> {
    match coding {
        Coding::Identity => Some(""),
        Coding::Gzip => Some(".gz"),
        Coding::Br => Some(".br"),
        Coding::Zstd => Some(".zst"),
        Coding::Dcb | Coding::Dcz => None,
    }
}

/// The fields of the answer that `serve` gives.
fn headers(
    bundle: &Bundle<'static>,
    route: &Route<'static>,
    coding: Coding,
) -> Result<BTreeMap<String, String>> {
    let accepted = match coding {
        Coding::Identity => "identity".to_owned(),
        coding => format!("{coding}, identity;q=0"),
    };
    let request = Request::get(encode_path(route.path))
        .header(HOST, "localhost")
        .header(ACCEPT_ENCODING, accepted)
        .body(())
        .with_context(|| format!("{}: it is no path of a URL", route.path))?;
    let response = hardtack::respond(bundle, &request);
    let fields = response.headers().keys().filter(|name| !LEFT_OUT.contains(&name.as_str()));
    let values = |name: &http::HeaderName| {
        let values = response.headers().get_all(name).iter().map(|it| it.to_str().unwrap_or(""));
        let values = values.filter(|value| name != LINK || !is_about_deltas(value));
        (name.to_string(), values.collect::<Vec<_>>().join(", "))
    };
    Ok(fields.map(values).filter(|(_, value)| !value.is_empty()).collect())
}

/// Whether a value of `Link` leads to the dictionary of the pages, which is of no use without deltas.
fn is_about_deltas(value: &str) -> bool {
    value.ends_with("; rel=\"compression-dictionary\"")
}
