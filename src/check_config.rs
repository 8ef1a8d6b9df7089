//! `hardtack check-config`

use std::io::Write;

use anyhow::{Context, Result, ensure};
use hardtack::CdnGuard;
use hardtack_bundle::Bundle;

use crate::{
    cli::{EMPHASIS, Serve},
    supervisor::{certificate::Files, program},
};

/// Checks what `serve` with these options would find when it starts, and opens no socket.
///
/// # Errors
///
/// All that is wrong, at once.
pub(crate) fn check_config(bundle: &Bundle<'static>, options: &Serve) -> Result<()> {
    let checks = [
        bundle.verify().context("the bundle in this executable is damaged"),
        certificate(options),
        CdnGuard::from_environment(*bundle).map(drop).map_err(Into::into),
        options.user.as_deref().map_or(Ok(()), |name| program::find_user(name).map(drop)),
        upstream(options),
    ];
    let problems: Vec<_> =
        checks.into_iter().filter_map(Result::err).map(|error| format!("{error:#}")).collect();
    ensure!(problems.is_empty(), "{}", problems.join("\n"));
    report(bundle, options)
}

fn certificate(options: &Serve) -> Result<()> {
    let Some(mut files) = Files::of(options) else {
        let is_needed = options.listen.iter().any(|endpoint| endpoint.is_tls);
        ensure!(!is_needed, "{}", hardtack_serve::tls::NO_CERTIFICATE);
        return Ok(());
    };
    files.read().map(drop)
}

fn upstream(options: &Serve) -> Result<()> {
    let Some(address) = &options.upstream else { return Ok(()) };
    address.resolve().map(drop).map_err(Into::into)
}

/// Prints the bundle and the endpoints that `serve` would have.
fn report(bundle: &Bundle<'_>, options: &Serve) -> Result<()> {
    let mut out = anstream::stdout().lock();
    let release = bundle.release_id().short();
    writeln!(out, "{EMPHASIS}hardtack{EMPHASIS:#}: all is well with this configuration")?;
    writeln!(out, "  carrying   {}, release {release}", bundle.totals())?;
    for endpoint in &options.listen {
        writeln!(out, "  listening  {endpoint}")?;
    }
    if let Some(address) = &options.admin_listen {
        writeln!(out, "  admin      http://{address}")?;
    }
    if let Some(address) = &options.upstream {
        writeln!(out, "  upstream   {address}")?;
    }
    Ok(())
}
