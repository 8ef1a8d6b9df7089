//! The common parts of the commands that ask a server.

use std::sync::Arc;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use rustls::RootCertStore;
use tokio::runtime::{self, Runtime};

use crate::{
    cli::Reach,
    client::{Client, Site, Trust, roots},
};

/// A client for a site, and its trust in certificates beside the roots.
pub(super) fn client(
    options: &Reach,
    site: &Site,
    trust: impl FnOnce(Arc<RootCertStore>) -> Trust,
) -> Result<Client> {
    let trust = if site.is_tls { trust(roots(options.ca.as_deref())?) } else { Trust::WithoutTls };
    Client::new(options.timeout, trust, &options.resolve)
}

pub(super) fn runtime() -> Result<Runtime> {
    Ok(runtime::Builder::new_current_thread().enable_all().build()?)
}

/// A line on a terminal, and nothing elsewhere. Its length grows with the planned requests.
pub(super) fn progress(doing: &str) -> ProgressBar {
    let template = format!("{{spinner}} {doing} {{bar:30}} {{pos}}/{{len}} requests, {{elapsed}}");
    let style = ProgressStyle::with_template(&template).expect("the template is valid");
    ProgressBar::new(0).with_style(style)
}
