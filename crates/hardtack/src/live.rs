//! Live mode, for development: assets are read from their folders, anew for every request.

mod folders;
mod reload;

use std::{collections::BTreeSet, fmt, path::PathBuf, sync::Mutex};

use bytes::Bytes;
use hardtack_bundle::{
    Action, Bundle, Coding, Integrity, Route, encode_path, logical_path_of, media_type_of,
    url_path_of,
};
use http::{Method, StatusCode};

use crate::{
    Asset, Body, OpenError, Tag,
    asked::{Answer, Asked},
    content_range::ContentRange,
    fields, path,
    pattern::{self, Matched},
    range::{self, Requested},
    reply::{Content, NO_STORE, Reply, Value},
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
enum Found<'a> {
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
    Reload(Box<Reply<'a>>),
}

impl Live for LiveSite {
    fn answer<'a>(&self, asked: &Asked<'a>) -> Reply<'a> {
        answer_with(asked, |asked| self.look_up(asked))
    }

    fn answer_if_there<'a>(&self, asked: &Asked<'a>) -> Option<Reply<'a>> {
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

    fn look_up<'a>(&self, asked: &Asked<'a>) -> Answer<'a> {
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

    fn find<'a>(&self, asked: &Asked<'a>, path: &[u8]) -> Option<Found<'a>> {
        if let Some(answer) = self.reload.as_ref().and_then(|reload| reload.answer(asked, path)) {
            return Some(Found::Reload(Box::new(answer)));
        }
        match self.bundle.route(path).ok().flatten() {
            Some(route) => self.of_route(route),
            None => self.of_path(path).or_else(|| self.of_pattern(asked, path)),
        }
    }

    /// The answer of a pattern. A pattern's own 404 page is not used in live mode.
    fn of_pattern<'a>(&self, asked: &Asked<'a>, path: &[u8]) -> Option<Found<'a>> {
        match pattern::find(asked, path).ok().flatten()? {
            Matched::Serve(route) => self.of_route(route),
            Matched::Missing(_) => None,
            Matched::Redirect { route, status, location } => {
                Some(Found::RedirectTo { route, status, location })
            }
        }
    }

    /// The file of a path that was baked.
    fn of_route<'a>(&self, route: Route<'static>) -> Option<Found<'a>> {
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
    fn of_path<'a>(&self, path: &[u8]) -> Option<Found<'a>> {
        let path = str::from_utf8(path).ok()?;
        let index = if path.ends_with('/') { "index.html" } else { "" };
        let url_path = format!("{path}{index}");
        let bytes = self.folders.read(&url_path)?;
        Some(Found::File(File { media_type: media_type_of(&url_path), route: None, bytes }))
    }

    fn send<'a>(&self, asked: &Asked<'a>, found: Found<'a>) -> Answer<'a> {
        match found {
            Found::Reload(reply) => Ok(*reply),
            Found::Redirect(route) => follow(asked, &route).map(unstored),
            Found::RedirectTo { route, status, location } => {
                redirect(asked, &route, status, location.into()).map(unstored)
            }
            Found::File(file) => {
                let file = self.with_reload(file);
                let requested = match *asked.method {
                    Method::GET if file.coding().is_none() => {
                        range::requested(asked.fields, file.bytes.len())
                    }
                    _ => Requested::Whole,
                };
                reply_of(asked, file, requested)
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
    fn not_found<'a>(&self, asked: &Asked<'a>) -> Answer<'a> {
        let pages = ["/", self.bundle.at()].map(|at| url_path_of(at, NOT_FOUND_PAGE));
        let Some(bytes) = pages.iter().find_map(|page| self.folders.read(page)) else {
            return Ok(asked.not_found());
        };
        let (media_type, route) = (media_type_of(NOT_FOUND_PAGE), self.bundle.not_found()?);
        let page = self.with_reload(File { media_type, route, bytes });
        let mut reply = reply_of(asked, page, Requested::Whole)?;
        reply.status = StatusCode::NOT_FOUND;
        reply.fields.remove("accept-ranges");
        Ok(reply)
    }
}

fn reply_of<'a>(asked: &Asked<'a>, file: File, requested: Requested) -> Answer<'a> {
    let (length, coding) = (file.bytes.len(), file.coding());
    let (mut reply, bytes) = match requested {
        // In development, the whole is a good enough answer to several ranges.
        Requested::Whole | Requested::Parts(_) => (asked.reply(StatusCode::OK), file.bytes),
        Requested::Part(part) => {
            let mut reply = asked.reply(StatusCode::PARTIAL_CONTENT);
            let content_range = ContentRange::Part(part.clone(), length);
            reply.fields.insert("content-range", Value::Range(content_range));
            (reply, file.bytes.slice(part))
        }
        Requested::Unsatisfiable => return Ok(unsatisfiable(asked, length)),
    };
    let fields = &mut reply.fields;
    fields.insert("content-length", Value::Number(bytes.len()));
    fields.insert("content-type", Value::Made(file.media_type));
    fields.insert("x-content-type-options", Value::Static("nosniff"));
    fields.insert("accept-ranges", Value::Static("bytes"));
    if let Some(coding) = coding {
        fields.insert("content-encoding", Value::Static(coding.name()));
    }
    file.route.map_or(Ok(()), |route| fields::apply(&route, fields))?;
    reply.content = Content::Made(Body::of_pieces(vec![bytes]));
    Ok(unstored(reply))
}

fn unstored(mut reply: Reply<'_>) -> Reply<'_> {
    reply.fields.insert("cache-control", NO_STORE);
    reply
}

impl fmt::Display for LiveSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reload = if self.reload.is_some() { ", pages reload by themselves" } else { "" };
        write!(f, "from {}: nothing is hashed, nothing is kept{reload}", self.folders)
    }
}
