//! The data that all threads of the worker read.

use std::sync::{Arc, atomic::AtomicBool};

use hardtack::{CacheTags, CdnGuard};
use hardtack_bundle::Bundle;
use rustls::ServerConfig;

use crate::{census::Census, lifecycle::Lifecycle, settings::Settings, windows::Windows};

/// The site, and how it is served. It exists as long as the process.
pub(crate) struct Server {
    pub(crate) bundle: Bundle<'static>,
    /// Whether the bundle has a page for an error of the application.
    pub(crate) has_error_pages: bool,
    /// Whether the application is being maintained, and gets no request.
    pub(crate) is_maintained: AtomicBool,
    pub(crate) guard: Option<CdnGuard>,
    /// The cache tags of the bundle's responses, if they have any.
    pub(crate) tags: Option<CacheTags>,
    pub(crate) settings: Settings,
    pub(crate) census: Census,
    pub(crate) windows: Windows,
    pub(crate) tls: Option<Arc<ServerConfig>>,
    pub(crate) lifecycle: Lifecycle,
}
