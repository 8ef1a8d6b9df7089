//! `hardtack check`

mod ask;
mod content;
mod inspection;
mod judgment;
mod judgments;
mod list;
mod sample;
mod secret;
mod subject;
mod subjects;
mod table;
#[cfg(test)]
mod testing;

use std::io::{self, Write};

use anyhow::{Context, Error, Result, bail, ensure};
use hardtack_bundle::Bundle;
use indicatif::ProgressBar;

use self::{
    inspection::{Inspection, Outcomes, SoFar},
    judgment::Side,
    sample::Sample,
    secret::Secret,
    subjects::Subjects,
    table::Checked,
};
use crate::{
    cli::Check,
    client::{Site, Trust},
    commands::reach,
};

/// Fetches the release through a CDN, and judges the responses.
///
/// # Errors
///
/// If there is no connection, or a judgment fails.
pub(crate) fn check(bundle: &Bundle<'static>, options: &Check) -> Result<()> {
    known_names(&options.skip)?;
    let subjects = Subjects::of(*bundle, sample(options), &options.outside)?;
    let (checked, failure) = reach::runtime()?.block_on(run(bundle, options, &subjects));
    let is_good = checked.iter().all(Checked::is_good);
    if !checked.is_empty() {
        print(bundle, options, &subjects, &checked)?;
    }
    failure?;
    ensure!(is_good, "the check failed");
    Ok(())
}

fn sample(options: &Check) -> Sample {
    match options.sample {
        _ if options.all => Sample::All,
        Some(number) => Sample::AtMost(number),
        None => Sample::OfEachKind,
    }
}

fn known_names(skipped: &[String]) -> Result<()> {
    let names = inspection::names();
    match skipped.iter().find(|name| !names.contains(&name.as_str())) {
        Some(name) => bail!("--skip {name}: there are {}", names.join(", ")),
        None => Ok(()),
    }
}

/// The results of one side after the other, up to the first that cannot be checked.
async fn run(
    bundle: &Bundle<'static>,
    options: &Check,
    subjects: &Subjects,
) -> (Vec<Checked>, Result<()>) {
    let progress = reach::progress("checking");
    let side = if options.origin.is_some() { Side::Cdn } else { Side::Front };
    let origin = options.origin.iter().map(|origin| (origin, Side::Origin));
    let (mut checked, mut failure) = (Vec::new(), Ok(()));
    for (site, side) in [(&options.url, side)].into_iter().chain(origin) {
        match inspect(bundle, options, subjects, site, side, &progress).await {
            Ok(one) => checked.push(one),
            Err(error) => {
                failure = Err(error);
                break;
            }
        }
    }
    progress.finish_and_clear();
    (checked, failure)
}

async fn inspect(
    bundle: &Bundle<'static>,
    options: &Check,
    subjects: &Subjects,
    site: &Site,
    side: Side,
    progress: &ProgressBar,
) -> Result<Checked> {
    // It goes on behind a bad certificate, which is one of the faults.
    let mut client = reach::client(&options.reach, site, Trust::Anything)?;
    let unreachable = || format!("cannot reach {site}");
    let addresses = client.find(site).await.map_err(Error::msg).with_context(unreachable)?;
    let secret = || Secret::read(*bundle, options.origin_secret_file.as_deref());
    let secret = (side == Side::Origin).then(secret).transpose()?;
    if side == Side::Origin && !client.is_open(site).await {
        let outcomes = Outcomes::of_closed_origin(&options.skip);
        return Ok(Checked { site: site.clone(), side, outcomes });
    }
    let handshake = client.reach(site).await.map_err(Error::msg).with_context(unreachable)?;
    let fault = handshake.as_ref().and_then(|shown| shown.fault.as_ref());
    if secret.as_ref().is_some_and(Secret::is_known) {
        if let Some(fault) = fault {
            bail!(
                "{site}: its certificate is not trusted: {fault}; the secret of the CDN is not sent there"
            );
        }
        ensure!(
            site.is_tls || addresses.iter().all(|address| address.ip().is_loopback()),
            "{site}: the secret of the CDN is not sent without TLS: use https, or check from the \
             machine itself, by a loopback address"
        );
        // No later connection gets the secret behind a bad certificate, either.
        client = reach::client(&options.reach, site, Trust::Roots)?;
    }
    let (site, skipped, progress) = (site.clone(), options.skip.clone(), progress.clone());
    let inspection = Inspection {
        site: site.clone(),
        side,
        secret,
        skipped,
        client,
        handshake,
        progress,
        so_far: SoFar::default(),
    };
    let outcomes = inspection.run(bundle, subjects.all.clone()).await;
    Ok(Checked { site, side, outcomes })
}

fn print(
    bundle: &Bundle<'static>,
    options: &Check,
    subjects: &Subjects,
    checked: &[Checked],
) -> Result<()> {
    let mut out = anstream::AutoStream::auto(io::stdout().lock());
    let release = bundle.release_id().to_string();
    let Subjects { taken, assets, .. } = subjects;
    if options.reach.json {
        let sites: Vec<_> = checked.iter().map(Checked::to_json).collect();
        let json = serde_json::json!({
            "release_id": release,
            "is_good": checked.iter().all(Checked::is_good),
            "assets": assets,
            "assets_checked": taken,
            "sites": sites,
        });
        return Ok(writeln!(out, "{}", serde_json::to_string_pretty(&json)?)?);
    }
    checked.iter().try_for_each(|one| one.print(&mut out))?;
    let requests: usize = checked.iter().map(|one| one.outcomes.requests).sum();
    writeln!(out, "release {release:.12}: {taken} of {assets} assets, {requests} requests")?;
    if taken < assets {
        writeln!(out, "`--all` checks all of them, `--sample N` so many")?;
    }
    Ok(())
}
