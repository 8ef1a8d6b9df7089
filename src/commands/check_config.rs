//! `hardtack check-config`

use std::{io::Write, net::SocketAddr};

use anyhow::{Context, Result, ensure};
use hardtack::CdnGuard;
use hardtack_bundle::Bundle;
use hardtack_serve::{channel::Protocol, upstream::Address};

use crate::{
    output::folder_of,
    settings::{ListenAddress, Listening, Settings},
    style::{EMPHASIS, warn},
    supervisor::{
        accounts,
        certificate::{Files, Found},
        unix_socket::Access,
    },
};

/// Makes the checks of `serve` at its start with these settings, and opens no socket. The warnings so
/// far are those of the command line.
///
/// # Errors
///
/// All that is wrong, at once.
pub(crate) fn check_config(
    bundle: &Bundle<'static>,
    settings: &Settings,
    mut warnings: Vec<String>,
) -> Result<()> {
    let mut certificates = Vec::new();
    let certificate = certificate(settings).map(|found| {
        warnings.extend(found.iter().flat_map(|found| found.warnings.clone()));
        certificates.extend(found.into_iter().flat_map(|found| found.certificates));
    });
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
    warnings.extend(missing_socket(settings));
    warnings.extend(missing_folder(settings));
    for warning in &warnings {
        warn(warning);
    }
    report(bundle, settings, &certificates, warnings.len())
}

/// The certificate, if there is one.
fn certificate(settings: &Settings) -> Result<Option<Found>> {
    let Some(mut files) = settings.certificate.clone().map(Files::of) else {
        let is_needed = settings.listening.endpoints.iter().any(|endpoint| endpoint.is_tls);
        ensure!(!is_needed, "{}", hardtack_serve::tls::NO_CERTIFICATE);
        return Ok(None);
    };
    files.read().map(Some)
}

fn user(settings: &Settings) -> Result<()> {
    let found = settings.user.as_deref().map(accounts::find_user).transpose();
    found.map(drop).context("--user")
}

fn upstream(settings: &Settings) -> Result<()> {
    let Some(address) = &settings.upstream else { return Ok(()) };
    let sockets = address.look_up()?;
    let is_own = sockets.iter().any(|socket| listens_at(&settings.listening, *socket));
    ensure!(
        !is_own,
        "the upstream {address} is this server itself, by --listen: give the application a port of \
         its own"
    );
    Ok(())
}

/// Whether connections to this address come to one of the listeners.
fn listens_at(listening: &Listening, socket: SocketAddr) -> bool {
    listening.endpoints.iter().any(|endpoint| match endpoint.address {
        ListenAddress::Tcp(own) => {
            let is_any = own.ip().is_unspecified() && socket.ip().is_loopback();
            own.port() == socket.port() && (own.ip() == socket.ip() || is_any)
        }
        ListenAddress::Unix(_) => false,
    })
}

/// The warning that the application's Unix socket is missing, which is no error before it starts.
fn missing_socket(settings: &Settings) -> Option<String> {
    match &settings.upstream {
        Some(Address::Unix(path)) if !path.exists() => Some(format!(
            "nothing is at {} yet: until the application listens there, requests for it are 502",
            path.display()
        )),
        _ => None,
    }
}

/// The warning that the maintenance file's folder is missing: the path may be mistyped.
fn missing_folder(settings: &Settings) -> Option<String> {
    let folder = folder_of(settings.maintenance_file.as_ref()?);
    (!folder.is_dir()).then(|| {
        format!("--maintenance-file: there is no folder {} to make the file in", folder.display())
    })
}

/// Prints the bundle and the endpoints that `serve` would have.
fn report(
    bundle: &Bundle<'_>,
    settings: &Settings,
    certificates: &[String],
    warnings: usize,
) -> Result<()> {
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
    for certificate in certificates {
        writeln!(out, "  certificate {certificate}")?;
    }
    if let Some(address) = &settings.listening.admin {
        writeln!(out, "  admin      http://{address}")?;
    }
    if let Some(address) = &settings.upstream {
        writeln!(out, "  upstream   {address}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn comes_to(listen: &str, upstream: &str, expected: bool) {
        let listening = Listening {
            endpoints: vec![listen.parse().unwrap()],
            admin: None,
            backlog: 1,
            unix: Default::default(),
        };
        let is_own = listens_at(&listening, upstream.parse().unwrap());
        assert_eq!(is_own, expected, "{listen} {upstream}");
    }

    #[test]
    fn an_upstream_that_is_this_server() {
        comes_to("127.0.0.1:80", "127.0.0.1:80", true);
        comes_to("0.0.0.0:80", "127.0.0.1:80", true);
        comes_to("https://[::]:80", "[::1]:80", true);
        comes_to("127.0.0.1:80", "127.0.0.1:81", false);
        comes_to("0.0.0.0:80", "192.0.2.1:80", false);
        comes_to("127.0.0.1:80", "127.0.0.2:80", false);
        comes_to("unix:/run/a.sock", "127.0.0.1:80", false);
    }
}
