//! `hardtack check-config`

use std::io::Write;

use anyhow::{Context, Result, ensure};
use hardtack::CdnGuard;
use hardtack_bundle::Bundle;
use hardtack_serve::channel::Protocol;

use crate::{
    settings::Settings,
    style::{EMPHASIS, WARNING},
    supervisor::{accounts, certificate::Files, unix_socket::Access},
};

/// Checks what `serve` with these settings would find when it starts, and opens no socket.
///
/// # Errors
///
/// All that is wrong, at once.
pub(crate) fn check_config(bundle: &Bundle<'static>, settings: &Settings) -> Result<()> {
    let (warnings, certificate) = match certificate(settings) {
        Ok(warnings) => (warnings, Ok(())),
        Err(error) => (Vec::new(), Err(error)),
    };
    let checks = [
        bundle.verify().context("the bundle in this executable is damaged"),
        certificate,
        CdnGuard::from_environment(*bundle).map(drop).map_err(Into::into),
        user(settings),
        Access::of(&settings.listening.unix, Protocol::Http).map(drop),
        upstream(settings),
    ];
    let problems: Vec<_> =
        checks.into_iter().filter_map(Result::err).map(|error| format!("{error:#}")).collect();
    ensure!(problems.is_empty(), "{}", problems.join("\n"));
    for warning in &warnings {
        anstream::eprintln!("{WARNING}warning:{WARNING:#} {warning}");
    }
    report(bundle, settings, warnings.len())
}

/// The warnings about the certificate.
fn certificate(settings: &Settings) -> Result<Vec<String>> {
    let Some(mut files) = settings.certificate.clone().map(Files::of) else {
        let is_needed = settings.listening.endpoints.iter().any(|endpoint| endpoint.is_tls);
        ensure!(!is_needed, "{}", hardtack_serve::tls::NO_CERTIFICATE);
        return Ok(Vec::new());
    };
    files.read().map(|found| found.warnings)
}

fn user(settings: &Settings) -> Result<()> {
    let found = settings.user.as_deref().map(accounts::find_user).transpose();
    found.map(drop).context("--user")
}

fn upstream(settings: &Settings) -> Result<()> {
    let Some(address) = &settings.upstream else { return Ok(()) };
    address.resolve().map(drop).map_err(Into::into)
}

/// Prints the bundle and the endpoints that `serve` would have.
fn report(bundle: &Bundle<'_>, settings: &Settings, warnings: usize) -> Result<()> {
    let mut out = anstream::stdout().lock();
    let release = bundle.release_id().short();
    let outcome = match warnings {
        0 => "all is well with this configuration".to_owned(),
        1 => "the server starts with this configuration; there is a warning".to_owned(),
        _ => format!("the server starts with this configuration; there are {warnings} warnings"),
    };
    writeln!(out, "{EMPHASIS}hardtack{EMPHASIS:#}: {outcome}")?;
    writeln!(out, "  carrying   {}, release {release}", bundle.totals())?;
    for endpoint in &settings.listening.endpoints {
        writeln!(out, "  listening  {endpoint}")?;
    }
    if let Some(address) = &settings.listening.admin {
        writeln!(out, "  admin      http://{address}")?;
    }
    if let Some(address) = &settings.upstream {
        writeln!(out, "  upstream   {address}")?;
    }
    Ok(())
}
