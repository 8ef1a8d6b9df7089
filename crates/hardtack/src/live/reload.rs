//! Pages that reload by themselves when a file changes, on server-sent events (WHATWG HTML §9.2).

use std::{
    convert::Infallible,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{
    HeaderValue, Method, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE},
};
use http_body::Frame;
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::{Body, OpenError, asked::Asked, error_response::NO_STORE};

/// Watches a folder, and sends its changes to open pages.
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
    /// Watches everything below a folder.
    pub(super) fn watch(at: &str, folder: &Path) -> Result<Self, OpenError> {
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| OpenError::Watch {
            folder: folder.to_owned(),
            error,
        };
        let pages = Pages::default();
        #[expect(clippy::disallowed_methods, reason = "the watcher tells whole paths")]
        let root = folder.canonicalize().map_err(|error| failed(error.into()))?;
        let watcher = watcher(&root, pages.clone()).map_err(|error| failed(error.into()))?;
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
    pub(super) fn answer(&self, asked: &Asked<'_>, path: &[u8]) -> Option<Response<Body>> {
        let mut response = asked.response(StatusCode::OK);
        let media_type = match path {
            _ if path == self.script.as_bytes() => {
                *response.body_mut() = Body::from_static(SCRIPT.as_bytes());
                response.headers_mut().insert(CONTENT_LENGTH, SCRIPT.len().into());
                "text/javascript; charset=utf-8"
            }
            _ if path == self.events.as_bytes() => {
                if *asked.method == Method::GET {
                    *response.body_mut() = Body::streaming(Events(self.listen()));
                }
                "text/event-stream"
            }
            _ => return None,
        };
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
        Some(response)
    }

    fn listen(&self) -> UnboundedReceiver<Bytes> {
        let (page, events) = unbounded_channel();
        // A browser that loses the connection reconnects after half a second.
        page.send(Bytes::from_static(b"retry: 500\n\n")).ok();
        self.pages.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(page);
        events
    }
}

fn watcher(root: &Path, pages: Pages) -> notify::Result<RecommendedWatcher> {
    let below = root.to_owned();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // After an error, such as an overflow, anything may have changed.
        let paths = match event {
            Ok(event) if event.kind.is_access() => return,
            Ok(event) => event.paths,
            Err(_) => vec![below.clone()],
        };
        paths.iter().filter_map(|path| change(&below, path)).for_each(|path| tell(&pages, &path));
    })?;
    watcher.watch(root, RecursiveMode::Recursive)?;
    Ok(watcher)
}

/// The path of a changed file below the folder, unless it is an editor's own file.
fn change(root: &PathBuf, path: &Path) -> Option<String> {
    let path = path.strip_prefix(root).ok()?;
    let is_editors = path.iter().any(|part| {
        let part = part.to_string_lossy();
        part.starts_with('.') || part.ends_with('~')
    });
    (!is_editors).then(|| path.to_string_lossy().replace(['\r', '\n'], ""))
}

fn tell(pages: &Pages, path: &str) {
    let event = Bytes::from(format!("data: {path}\n\n"));
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
  return sheets.filter((sheet) => decodeURI(new URL(sheet.href).pathname).endsWith("/" + path));
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
        assert_eq!(change(&"/site".into(), Path::new(path)).as_deref(), expected, "{path}");
    }

    #[test]
    fn changes_of_assets_are_told() {
        tells("/site/css/app.css", Some("css/app.css"));
        tells("/site", Some(""));
        tells("/site/a\ndata: b", Some("adata: b"));
        tells("/site/.app.css.swp", None);
        tells("/site/.git/index", None);
        tells("/site/app.css~", None);
        tells("/elsewhere/app.css", None);
    }
}
