//! Service workers, by their text.

use memchr::memmem;

use crate::scan::Asset;

/// Whether a script is written as a service worker: it listens to the events of one, or calls what
/// only one has (W3C Service Workers §4).
pub(super) fn is_one(script: &Asset) -> bool {
    let text = &script.bytes;
    let mut calls = CALLS.iter();
    let mut listeners = memmem::find_iter(text, LISTEN).map(|at| &text[at + LISTEN.len()..]);
    script.is_script()
        && (calls.any(|call| memmem::find(text, call.as_bytes()).is_some())
            || listeners.any(|argument| is_event(argument.trim_ascii_start())))
}

const LISTEN: &[u8] = b"addEventListener(";

const CALLS: &[&str] = &[
    "ServiceWorkerGlobalScope",
    "__WB_MANIFEST",
    "clients.claim(",
    "onfetch",
    "precacheAndRoute",
    "skipWaiting(",
];

/// Whether an argument is the name of an event that only service workers have.
fn is_event(argument: &[u8]) -> bool {
    const EVENTS: &[&str] = &[
        "activate",
        "backgroundfetchsuccess",
        "canmakepayment",
        "fetch",
        "install",
        "notificationclick",
        "periodicsync",
        "push",
        "pushsubscriptionchange",
    ];
    let Some((quote, rest)) = argument.split_first() else { return false };
    let name = rest.split(|byte| byte == quote).next().unwrap_or_default();
    matches!(quote, b'"' | b'\'' | b'`') && EVENTS.iter().any(|event| event.as_bytes() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn service_workers() {
        let is = |text: &str, expected: bool| {
            let asset = Asset::of("a.js", text);
            assert_eq!(is_one(&asset), expected, "{text}");
        };
        is("self.addEventListener('fetch', e => e.respondWith(f(e)))", true);
        is("addEventListener( `install`, f)", true);
        is("self.onfetch = f", true);
        is("workbox.precaching.precacheAndRoute(self.__WB_MANIFEST)", true);
        is("self.skipWaiting()", true);
        is("addEventListener('message', f)", false);
        is("addEventListener(name, f)", false);
        is("fetch('install')", false);
        is("addEventListener(", false);
        is("registration.waiting.postMessage('skipWaiting')", false);
    }
}
