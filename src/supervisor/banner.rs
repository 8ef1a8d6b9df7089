//! The first lines: the addresses, the release and the sandbox.

use std::{io::Write, thread};

use hardtack_bundle::Bundle;
use hardtack_serve::{
    channel::Protocol,
    log::{self, Format},
};
use tracing::info;

use super::{signals, sockets::Listener};
use crate::style::EMPHASIS;

/// The purposes of listeners: for clients, and for operators.
const LISTENING: &str = "listening";
const ADMIN: &str = "admin";

/// Prints the lines, or logs them if the log is for programs.
pub(crate) fn announce(bundle: &Bundle<'_>, listeners: &[Listener], sandbox: &str, format: Format) {
    let urls: Vec<_> = listeners.iter().map(|listener| url(bundle, listener)).collect();
    if log::is_human(format) {
        print(bundle, &urls, sandbox);
    } else {
        record(bundle, &urls, sandbox);
    }
}

fn print(bundle: &Bundle<'_>, urls: &[(&str, String)], sandbox: &str) {
    let (version, release) = (env!("CARGO_PKG_VERSION"), bundle.release_id().short());
    let mut text = format!("{EMPHASIS}hardtack {version}{EMPHASIS:#}, release {release}\n");
    text += &format!("  carrying   {}\n  sandbox    {sandbox}\n", bundle.totals());
    for (name, url) in urls {
        text += &format!("  {name:10} {EMPHASIS}{url}{EMPHASIS:#}\n");
    }
    // A thread of its own may wait for the reader; the supervisor may not.
    let print = move || {
        signals::block().ok();
        let mut out = anstream::stdout().lock();
        // Standard output may be closed.
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).ok();
    };
    thread::Builder::new().name("hardtack-banner".to_owned()).spawn(print).ok();
}

fn record(bundle: &Bundle<'_>, urls: &[(&str, String)], sandbox: &str) {
    let (version, release) = (env!("CARGO_PKG_VERSION"), bundle.release_id().short());
    let named = |wanted| {
        let urls = urls.iter().filter(|(name, _)| *name == wanted);
        urls.map(|(_, url)| url.as_str()).collect::<Vec<_>>().join(" ")
    };
    let (listening, admin) = (named(LISTENING), named(ADMIN));
    info!(version, release, listening, admin, sandbox, "serving {}", bundle.totals());
}

/// The purpose of a listener, and its URL.
fn url(bundle: &Bundle<'_>, listener: &Listener) -> (&'static str, String) {
    let (name, scheme, path) = match listener.endpoint.protocol {
        Protocol::Http => (LISTENING, "http", bundle.at()),
        Protocol::Https => (LISTENING, "https", bundle.at()),
        Protocol::Admin => (ADMIN, "http", "/"),
    };
    let address = &listener.endpoint.address;
    let path = if address.starts_with("unix:") { "" } else { path };
    (name, format!("{scheme}://{address}{path}"))
}
