//! Live mode, for development: assets are read from their folders, anew for every request.

mod folders;
mod reload;

use std::{collections::BTreeSet, fmt, path::PathBuf, sync::Mutex};

use bytes::Bytes;
use hardtack_bundle::{
    Action, Bundle, Coding, Integrity, Route, encode_path, logical_path_of, media_type_of,
    url_path_of,
};
use http::{
    HeaderValue, Method, Response, StatusCode,
    header::{
        ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE,
        CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
    },
};

use crate::{
    Asset, Body, OpenError, Tag,
    asked::{Answer, Asked},
    error_response::NO_STORE,
    fields,
    multipart::content_range,
    path,
    pattern::{self, Matched},
    range::{self, Requested},
    respond::{answer_with, fallback, follow, redirect},
    select::unsatisfiable,
    source::Live,
};

use folders::Folders;
use reload::Reload;

/// A site whose files are served in their current state.
#[derive(Debug)]
pub(crate) struct LiveSite {
    /// Names, media types and rules as they were when the program was built.
    bundle: Bundle<'static>,
    folders: Folders,
    reload: Option<Reload>,
    /// The leaked texts of assets that are not in the bundle, each of them once.
    new: Mutex<BTreeSet<&'static str>>,
}

const NOT_FOUND_PAGE: &str = "404.html";

/// A file in its current state.
struct File {
    media_type: String,
    /// The baked route of its path, with its rules.
    route: Option<Route<'static>>,
    bytes: Bytes,
}

impl File {
    /// The content coding of the file's own bytes, if the bake unpacked it: by a rule, or as SVG in
    /// gzip.
    fn coding(&self) -> Option<Coding> {
        let Action::Serve(asset) = self.route?.action else { return None };
        let is_gzip = |bytes: &[u8]| bytes.starts_with(&[0x1f, 0x8b]);
        let is_unpacked = is_gzip(&self.bytes) && !is_gzip(asset.identity().ok()?.body);
        let plain = asset.representations().flatten().filter(|one| one.dictionary.is_none());
        let mut coded = plain.skip(1);
        let same = coded.find(|coded| coded.body == &self.bytes[..]);
        same.map(|coded| coded.coding).or(is_unpacked.then_some(Coding::Gzip))
    }
}

/// The answer at a path.
enum Found {
    File(File),
    /// A redirect, as it was baked.
    Redirect(Route<'static>),
    /// A redirect by a pattern.
    RedirectTo {
        route: Route<'static>,
        status: u16,
        location: String,
    },
    /// The script of live reload, or its events.
    Reload(Response<Body>),
}

impl Live for LiveSite {
    fn answer(&self, asked: &Asked<'_>) -> Response<Body> {
        answer_with(asked, |asked| self.look_up(asked))
    }

    fn answer_if_there(&self, asked: &Asked<'_>) -> Option<Response<Body>> {
        let path = asked.path_of_asset()?;
        self.find(asked, &path).map(|found| answer_with(asked, |asked| self.send(asked, found)))
    }

    fn new_asset(&self, logical_path: &str) -> Option<Asset> {
        let url_path = url_path_of(self.bundle.at(), logical_path);
        // An asset has one name: below the prefix of the asset folder, that without the prefix.
        if logical_path_of(self.bundle.at(), &url_path) != logical_path {
            return None;
        }
        self.folders.read(&url_path)?;
        let path = self.keep(encode_path(&url_path));
        Some(Asset {
            logical_path: self.keep(logical_path.to_owned()),
            path,
            plain_path: path,
            static_host: "",
            integrity: Integrity([0; 48]),
        })
    }

    fn reload_script(&self) -> Tag {
        self.reload.as_ref().map(|reload| Tag(reload.tag())).unwrap_or_default()
    }
}

impl LiveSite {
    pub(crate) fn open(
        bundle: Bundle<'static>,
        folders: &[PathBuf],
        reloads: bool,
    ) -> Result<Self, OpenError> {
        let folders = Folders::open(&bundle, folders)?;
        let watch = || Reload::watch(bundle.at(), &folders);
        let reload = reloads.then(watch).transpose()?;
        Ok(Self { bundle, folders, reload, new: Mutex::default() })
    }

    /// Leaks a text, once. There are only as many as there are files.
    fn keep(&self, text: String) -> &'static str {
        let mut new = self.new.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(known) = new.get(text.as_str()) {
            return known;
        }
        let text: &'static str = text.leak();
        new.insert(text);
        text
    }

    fn look_up(&self, asked: &Asked<'_>) -> Answer {
        let Ok(path) = path::decode(asked.path) else {
            return Ok(asked.invalid_path());
        };
        if let Some(found) = self.find(asked, &path) {
            return self.send(asked, found);
        }
        match fallback(asked, &path)?.and_then(|route| self.of_route(route)) {
            Some(page) => self.send(asked, page),
            None => self.not_found(asked),
        }
    }

    fn find(&self, asked: &Asked<'_>, path: &[u8]) -> Option<Found> {
        if let Some(answer) = self.reload.as_ref().and_then(|reload| reload.answer(asked, path)) {
            return Some(Found::Reload(answer));
        }
        match self.bundle.route(path).ok().flatten() {
            Some(route) => self.of_route(route),
            None => self.of_path(path).or_else(|| self.of_pattern(asked, path)),
        }
    }

    /// The answer of a pattern. A pattern's own 404 page is not used in live mode.
    fn of_pattern(&self, asked: &Asked<'_>, path: &[u8]) -> Option<Found> {
        match pattern::find(asked, path).ok().flatten()? {
            Matched::Serve(route) => self.of_route(route),
            Matched::Missing(_) => None,
            Matched::Redirect { route, status, location } => {
                Some(Found::RedirectTo { route, status, location })
            }
        }
    }

    /// The file of a path that was baked.
    fn of_route(&self, route: Route<'static>) -> Option<Found> {
        let asset = match route.action {
            Action::Serve(asset) if asset.age == 0 => asset,
            // A folder has the file of today alone, and no page in development asks for another.
            Action::Serve(_) => return None,
            Action::Redirect { .. } => return Some(Found::Redirect(route)),
            Action::Missing(_) => return None,
        };
        let url_path = url_path_of(self.bundle.at(), asset.logical_path);
        let bytes = if self.folders.own(&url_path) {
            self.folders.read(&url_path)?
        } else {
            Bytes::from_static(asset.identity().ok()?.body)
        };
        let media_type = asset.media_type.to_owned();
        Some(Found::File(File { media_type, route: Some(route), bytes }))
    }

    /// The file of a path that is not in the bundle, because the file is newer.
    fn of_path(&self, path: &[u8]) -> Option<Found> {
        let path = str::from_utf8(path).ok()?;
        let index = if path.ends_with('/') { "index.html" } else { "" };
        let url_path = format!("{path}{index}");
        let bytes = self.folders.read(&url_path)?;
        Some(Found::File(File { media_type: media_type_of(&url_path), route: None, bytes }))
    }

    fn send(&self, asked: &Asked<'_>, found: Found) -> Answer {
        match found {
            Found::Reload(response) => Ok(response),
            Found::Redirect(route) => follow(asked, &route).map(unstored),
            Found::RedirectTo { route, status, location } => {
                redirect(asked, &route, status, &location).map(unstored)
            }
            Found::File(file) => {
                let file = self.with_reload(file);
                let requested = match *asked.method {
                    Method::GET if file.coding().is_none() => {
                        range::requested(asked.headers, file.bytes.len())
                    }
                    _ => Requested::Whole,
                };
                response_of(asked, file, requested)
            }
        }
    }

    fn with_reload(&self, mut file: File) -> File {
        if let Some(reload) = &self.reload
            && file.media_type.starts_with("text/html")
        {
            file.bytes = reload.in_page(&file.bytes);
        }
        file
    }

    /// The page at the site's root, or else that of the asset folder.
    fn not_found(&self, asked: &Asked<'_>) -> Answer {
        let pages = ["/", self.bundle.at()].map(|at| url_path_of(at, NOT_FOUND_PAGE));
        let Some(bytes) = pages.iter().find_map(|page| self.folders.read(page)) else {
            return Ok(asked.not_found());
        };
        let (media_type, route) = (media_type_of(NOT_FOUND_PAGE), self.bundle.not_found()?);
        let page = self.with_reload(File { media_type, route, bytes });
        let mut response = response_of(asked, page, Requested::Whole)?;
        *response.status_mut() = StatusCode::NOT_FOUND;
        response.headers_mut().remove(ACCEPT_RANGES);
        Ok(response)
    }
}

fn response_of(asked: &Asked<'_>, file: File, requested: Requested) -> Answer {
    let (length, coding) = (file.bytes.len(), file.coding());
    let mut response = match requested {
        // In development, the whole is a good enough answer to several ranges.
        Requested::Whole | Requested::Parts(_) => {
            let mut response = asked.response(StatusCode::OK);
            *response.body_mut() = Body::of_pieces(vec![file.bytes]);
            response
        }
        Requested::Part(part) => {
            let mut response = asked.response(StatusCode::PARTIAL_CONTENT);
            let content_range = content_range(&part, length);
            response.headers_mut().insert(CONTENT_RANGE, content_range.try_into()?);
            *response.body_mut() = Body::of_pieces(vec![file.bytes.slice(part)]);
            response
        }
        Requested::Unsatisfiable => return unsatisfiable(asked, length),
    };
    let length = response.body().length();
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, length.into());
    headers.insert(CONTENT_TYPE, file.media_type.try_into()?);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(coding) = coding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    }
    file.route.map_or(Ok(()), |route| fields::apply(&route, headers))?;
    Ok(unstored(response))
}

fn unstored(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    response
}

impl fmt::Display for LiveSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reload = if self.reload.is_some() { ", pages reload by themselves" } else { "" };
        write!(f, "from {}: nothing is hashed, nothing is kept{reload}", self.folders)
    }
}
