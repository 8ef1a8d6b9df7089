//! The process that serves, up to the point from which it needs no files and no environment.

use std::{env, process::ExitCode};

use anyhow::{Context, Result};
use hardtack::{CacheTags, CdnGuard};
use hardtack_bundle::Bundle;
use hardtack_serve::{
    Site, Worker,
    channel::{Channel, Report, Start},
    log,
    upstream::Resolved,
};
use tracing::error;

use crate::{
    carried,
    settings::{Log, Settings},
};

/// The first argument of a worker, before the options of its supervisor.
pub(crate) const WORKER: &str = "worker";

/// The variable by which a worker knows that its executable was installed after its supervisor
/// began, so that no worker has verified the bundle yet.
pub(crate) const UPGRADE: &str = "HARDTACK_UPGRADE";

/// Serves until the supervisor says otherwise. The settings are the supervisor's own.
pub(crate) fn work(carried: Result<Bundle<'static>>, settings: &Settings) -> ExitCode {
    let channel = match Channel::of_stdin() {
        Ok(channel) => channel,
        Err(error) => {
            anstream::eprintln!("hardtack: a worker is started by `hardtack serve`: {error}");
            return ExitCode::FAILURE;
        }
    };
    show_name();
    match prepare(&channel, carried, settings) {
        Ok(worker) => run(worker, channel, settings.log),
        Err(error) => {
            // The supervisor logs the report, if there is one.
            if channel.send(&Report::Failed(format!("{error:#}")), &[]).is_err() {
                anstream::eprintln!("hardtack: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Names the process for `ps` and `top`, which would show `exe`, of `/proc/self/exe`.
fn show_name() {
    #[cfg(target_os = "linux")]
    rustix::thread::set_name(c"hardtack-worker").ok();
}

fn prepare(
    channel: &Channel,
    carried: Result<Bundle<'static>>,
    settings: &Settings,
) -> Result<Worker> {
    let start = Start::receive(channel)?;
    let bundle = carried?;
    if !settings.skip_verification || is_of_upgrade() {
        carried::verify(&bundle)?;
    }
    carried::keep_in_memory(&bundle, settings.memory)?;
    let upstream = upstream(settings)?;
    let guard = guard(bundle, upstream.is_some())?;
    let tags =
        settings.cache_tags.clone().map(|field| CacheTags::new(bundle, field)).transpose()?;
    channel.stop_waiting()?;
    Ok(Worker::new(Site { bundle, guard, tags }, settings.worker.clone(), start, upstream)?)
}

fn is_of_upgrade() -> bool {
    env::var_os(UPGRADE).is_some()
}

fn upstream(settings: &Settings) -> Result<Option<Resolved>> {
    let resolved = settings.upstream.as_ref().map(|address| {
        address.resolve().with_context(|| format!("cannot find the upstream {address}"))
    });
    resolved.transpose()
}

/// The guard that the environment configures. Without an application it guards the whole site.
fn guard(bundle: Bundle<'static>, has_application: bool) -> Result<Option<CdnGuard>> {
    let guard = CdnGuard::from_environment(bundle)?;
    Ok(guard.map(|guard| if has_application { guard } else { guard.whole_site() }))
}

fn run(worker: Worker, channel: Channel, log: Log) -> ExitCode {
    let Ok(log) = log::Log::begin(log.format, log.severity) else {
        return ExitCode::FAILURE;
    };
    match worker.serve(channel, log.dropped()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error!("{error}");
            ExitCode::FAILURE
        }
    }
}
