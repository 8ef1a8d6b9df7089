//! The first lines: where clients are served, and what with.

use std::io::Write;

use hardtack_bundle::Bundle;
use hardtack_serve::{
    channel::Speaks,
    log::{self, Format},
};
use tracing::info;

use super::sockets::Listener;
use crate::cli::EMPHASIS;

/// How a place for clients is called, and one for operators.
const LISTENING: &str = "listening";
const ADMIN: &str = "admin";

/// Prints them, or logs them where lines are for programs.
pub(crate) fn announce(bundle: &Bundle<'_>, listeners: &[Listener], sandbox: &str, format: Format) {
    let places: Vec<_> = listeners.iter().map(|listener| place(bundle, listener)).collect();
    if log::is_human(format) {
        print(bundle, &places, sandbox);
    } else {
        record(bundle, &places, sandbox);
    }
}

fn print(bundle: &Bundle<'_>, places: &[(&str, String)], sandbox: &str) {
    let (version, release) = (env!("CARGO_PKG_VERSION"), bundle.release_id().short());
    let mut text = format!("{EMPHASIS}hardtack {version}{EMPHASIS:#}, release {release}\n");
    text += &format!("  carrying   {}\n  sandbox    {sandbox}\n", bundle.totals());
    for (name, place) in places {
        text += &format!("  {name:10} {EMPHASIS}{place}{EMPHASIS:#}\n");
    }
    let mut out = anstream::stdout().lock();
    // Nobody may be there to read it.
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).ok();
}

fn record(bundle: &Bundle<'_>, places: &[(&str, String)], sandbox: &str) {
    let (version, release) = (env!("CARGO_PKG_VERSION"), bundle.release_id().short());
    let named = |wanted| {
        let places = places.iter().filter(|(name, _)| *name == wanted);
        places.map(|(_, place)| place.as_str()).collect::<Vec<_>>().join(" ")
    };
    let (listening, admin) = (named(LISTENING), named(ADMIN));
    info!(version, release, listening, admin, sandbox, "serving {}", bundle.totals());
}

/// What a listener is for, and its URL.
fn place(bundle: &Bundle<'_>, listener: &Listener) -> (&'static str, String) {
    let (name, scheme, path) = match listener.listening.speaks {
        Speaks::Http => (LISTENING, "http", bundle.at()),
        Speaks::Https => (LISTENING, "https", bundle.at()),
        Speaks::Admin => (ADMIN, "http", "/"),
    };
    let place = &listener.listening.place;
    let path = if place.starts_with("unix:") { "" } else { path };
    (name, format!("{scheme}://{place}{path}"))
}
