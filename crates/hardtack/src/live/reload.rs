//! Pages that reload by themselves when a file changes, on server-sent events (WHATWG HTML §9.2).

use std::{
    collections::BTreeSet,
    convert::Infallible,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Method, StatusCode};
use http_body::Frame;
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::folders::Folders;
use crate::{
    Body, OpenError,
    asked::Asked,
    reply::{Content, NO_STORE, Reply, Value},
};

/// Watches the folders of a site, and sends their changes to open pages.
#[derive(Debug)]
pub(super) struct Reload {
    /// Path of the script. Its first segment begins with a dot, unlike any asset's.
    script: String,
    /// Path of the events.
    events: String,
    pages: Pages,
    /// The watcher, which stops when it is dropped.
    _watcher: RecommendedWatcher,
}

/// The open pages.
type Pages = Arc<Mutex<Vec<UnboundedSender<Bytes>>>>;

impl Reload {
    /// Watches everything below the folders. `at` is the URL prefix of the script and its events.
    pub(super) fn watch(at: &str, folders: &Folders) -> Result<Self, OpenError> {
        let roots = folders.iter().map(|(prefix, folder)| Root::of(prefix, folder));
        let pages = Pages::default();
        let watcher = watcher(roots.collect::<Result<_, _>>()?, pages.clone())?;
        let (script, events) =
            (format!("{at}.hardtack/reload.js"), format!("{at}.hardtack/reload"));
        Ok(Self { script, events, pages, _watcher: watcher })
    }

    /// The element that a page includes.
    pub(super) fn tag(&self) -> String {
        format!(r#"<script type="module" src="{}"></script>"#, self.script)
    }

    /// The page with the script at its end.
    pub(super) fn in_page(&self, page: &[u8]) -> Bytes {
        [page, self.tag().as_bytes()].concat().into()
    }

    /// Answers a request for the script, or for the events.
    pub(super) fn answer<'a>(&self, asked: &Asked<'a>, path: &[u8]) -> Option<Reply<'a>> {
        let mut reply = asked.reply(StatusCode::OK);
        let media_type = match path {
            _ if path == self.script.as_bytes() => {
                reply.content = Content::Static(SCRIPT.as_bytes());
                reply.fields.insert("content-length", Value::Number(SCRIPT.len()));
                "text/javascript; charset=utf-8"
            }
            _ if path == self.events.as_bytes() => {
                if *asked.method == Method::GET {
                    reply.content = Content::Made(Body::streaming(Events(self.listen())));
                }
                "text/event-stream"
            }
            _ => return None,
        };
        reply.fields.insert("content-type", Value::Static(media_type));
        reply.fields.insert("cache-control", NO_STORE);
        Some(reply)
    }

    fn listen(&self) -> UnboundedReceiver<Bytes> {
        let (page, events) = unbounded_channel();
        // A browser that loses the connection reconnects after half a second.
        page.send(Bytes::from_static(b"retry: 500\n\n")).ok();
        self.pages.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(page);
        events
    }
}

/// A folder that is watched.
#[derive(Clone)]
struct Root {
    prefix: &'static str,
    /// The folder's whole path, by which the watcher tells changes.
    path: PathBuf,
}

impl Root {
    fn of(prefix: &'static str, folder: &Path) -> Result<Self, OpenError> {
        #[expect(clippy::disallowed_methods, reason = "the watcher tells whole paths")]
        let path = folder.canonicalize().map_err(|error| failed(folder, error))?;
        Ok(Self { prefix, path })
    }

    /// The URL path of a changed file of the folder, unless it is an editor's own file.
    fn change(&self, path: &Path) -> Option<String> {
        let path = path.strip_prefix(&self.path).ok()?;
        let is_editors = path.iter().any(|part| {
            let part = part.to_string_lossy();
            part.starts_with('.') || part.ends_with('~')
        });
        let url_path = || format!("{}{}", self.prefix, path.to_string_lossy());
        (!is_editors).then(|| url_path().replace(['\r', '\n'], ""))
    }
}

fn failed(folder: &Path, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> OpenError {
    OpenError::Watch { folder: folder.to_owned(), error: error.into() }
}

fn watcher(roots: Vec<Root>, pages: Pages) -> Result<RecommendedWatcher, OpenError> {
    let watched = roots.clone();
    let told = move |event: notify::Result<Event>| {
        // After an error, such as an overflow, anything may have changed.
        let paths = match event {
            Ok(event) if event.kind.is_access() => return,
            Ok(event) => event.paths,
            Err(_) => roots.iter().map(|root| root.path.clone()).collect(),
        };
        let changes = paths.iter().flat_map(|path| roots.iter().filter_map(|it| it.change(path)));
        // A folder may lie in another one, where its URLs are.
        let changes: BTreeSet<_> = changes.collect();
        changes.iter().for_each(|url_path| tell(&pages, url_path));
    };
    let first = &watched[0].path;
    let mut watcher = notify::recommended_watcher(told).map_err(|error| failed(first, error))?;
    for Root { path, .. } in &watched {
        watcher.watch(path, RecursiveMode::Recursive).map_err(|error| failed(path, error))?;
    }
    Ok(watcher)
}

fn tell(pages: &Pages, url_path: &str) {
    let event = Bytes::from(format!("data: {url_path}\n\n"));
    let mut pages = pages.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    pages.retain(|page| page.send(event.clone()).is_ok());
}

/// The event stream of one open page.
struct Events(UnboundedReceiver<Bytes>);

impl http_body::Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|event| event.map(|event| Ok(Frame::data(event))))
    }
}

/// The client's script. A changed style sheet is replaced in the page; after any other change the
/// page reloads. It also reloads when the server was away, since that may be another server now.
const SCRIPT: &str = r#"const events = new EventSource(new URL("reload", import.meta.url));
let wasLost = false;
let pending;
events.onerror = () => { wasLost = true; };
events.onopen = () => { if (wasLost) location.reload(); };
events.onmessage = ({ data: path }) => {
  const sheets = path.endsWith(".css") ? sheetsOf(path) : [];
  sheets.forEach(renew);
  if (sheets.length === 0) {
    clearTimeout(pending);
    pending = setTimeout(() => location.reload(), 50);
  }
};

function sheetsOf(path) {
  const sheets = [...document.querySelectorAll('link[rel~="stylesheet"]')];
  return sheets.filter((sheet) => decodeURI(new URL(sheet.href).pathname).endsWith(path));
}

function renew(sheet) {
  const next = sheet.cloneNode();
  const url = new URL(sheet.href);
  url.searchParams.set("changed", Date.now());
  next.href = url;
  next.onload = next.onerror = () => sheet.remove();
  sheet.after(next);
}
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn tells(path: &str, expected: Option<&str>) {
        let root = Root { prefix: "/static/", path: "/site".into() };
        assert_eq!(root.change(Path::new(path)).as_deref(), expected, "{path}");
    }

    #[test]
    fn changes_of_assets_are_told() {
        tells("/site/css/app.css", Some("/static/css/app.css"));
        tells("/site", Some("/static/"));
        tells("/site/a\ndata: b", Some("/static/adata: b"));
        tells("/site/.app.css.swp", None);
        tells("/site/.git/index", None);
        tells("/site/app.css~", None);
        tells("/elsewhere/app.css", None);
    }
}
