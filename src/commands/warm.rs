//! `hardtack warm`

mod order;
mod patience;
mod silence;

use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::Arc,
};

use anyhow::{Result, ensure};
use hardtack_bundle::Bundle;
use http::{Request, StatusCode, header::ACCEPT_ENCODING};
use http_body_util::Empty;
use indicatif::ProgressBar;
use tokio::time::sleep;

use self::{patience::Patience, silence::Silence};
use super::reach;
use crate::{
    cli::Warm,
    client::{Answer, CacheStatus, Client, Keep, Site, Trust, at_once},
    style::EMPHASIS,
};

/// The values of `Accept-Encoding` that a CDN keeps apart: of browsers, of clients that know gzip
/// alone, and of those that know no coding.
const ACCEPTED: [&str; 3] = ["gzip, deflate, br", "gzip", ""];
/// That of browsers that know zstd.
const WITH_ZSTD: &str = "gzip, deflate, br, zstd";

/// Requests every asset in every coding through a CDN.
///
/// # Errors
///
/// If a request fails.
pub(crate) fn warm(bundle: &Bundle<'static>, options: &Warm) -> Result<()> {
    let targets = targets(bundle, options)?;
    let client = reach::client(&options.reach, &options.url, Trust::Roots)?;
    let progress = reach::progress("warming");
    progress.set_length(targets.len() as u64);
    let bar = progress.clone();
    let silence = Silence::at_most(options.reach.timeout * 2);
    let warming = Arc::new(Warming { client, site: options.url.clone(), progress, silence });
    let work = at_once(options.concurrency.into(), targets, move |target| {
        let warming = Arc::clone(&warming);
        async move { warming.request(target).await }
    });
    let warmed = Warmed::of(reach::runtime()?.block_on(work));
    bar.finish_and_clear();
    warmed.print(bundle, options)?;
    ensure!(warmed.failures.is_empty(), "{} requests failed", warmed.failures.len());
    Ok(())
}

/// A path, and the codings that are accepted there.
struct Target {
    path: String,
    accepted: &'static str,
}

/// The paths in their order, each in all codings.
fn targets(bundle: &Bundle<'static>, options: &Warm) -> Result<Vec<Target>> {
    let zstd = options.zstd.then_some(WITH_ZSTD);
    let accepted: Vec<_> = ACCEPTED.into_iter().chain(zstd).collect();
    let paths = order::paths(bundle)?;
    let targets = paths.into_iter().flat_map(|path| {
        let target = |accepted: &&'static str| Target { path: path.clone(), accepted };
        accepted.iter().map(target).collect::<Vec<_>>()
    });
    Ok(targets.collect())
}

struct Warming {
    client: Client,
    site: Site,
    progress: ProgressBar,
    silence: Silence,
}

/// The outcome of a target: a cache's word, or the reason of a failure.
type Outcome = (Target, Result<CacheStatus, String>);

impl Warming {
    async fn request(&self, target: Target) -> Outcome {
        let outcome = match self.silence.check() {
            Ok(()) => self.fetch(&target).await.and_then(judge),
            Err(reason) => Err(reason),
        };
        self.progress.inc(1);
        (target, outcome)
    }

    /// The outcome of the last try.
    async fn fetch(&self, target: &Target) -> Result<Answer, String> {
        let mut patience = Patience::new();
        loop {
            let fetched = self.ask(target).await;
            if fetched.is_ok() {
                self.silence.begin_again();
            }
            match patience.wait_for(&fetched).filter(|_| self.silence.check().is_ok()) {
                Some(pause) => sleep(pause).await,
                None => return fetched,
            }
        }
    }

    async fn ask(&self, target: &Target) -> Result<Answer, String> {
        let mut request = Request::get(self.site.url(&target.path));
        if !target.accepted.is_empty() {
            request = request.header(ACCEPT_ENCODING, target.accepted);
        }
        let request = request.body(Empty::new()).map_err(|error| error.to_string())?;
        self.client.fetch(request, Keep::Nothing).await
    }
}

fn judge(answer: Answer) -> Result<CacheStatus, String> {
    match answer.status {
        _ if answer.is_cut => Err("the content was cut off".to_owned()),
        StatusCode::OK => Ok(CacheStatus::of(&answer.headers)),
        _ => Err(patience::reason(&answer)),
    }
}

/// The outcome of all.
#[derive(Default)]
struct Warmed {
    requests: usize,
    hits: usize,
    misses: usize,
    /// Responses that say neither.
    unknown: usize,
    /// Paths with the codings that were accepted, by the reason.
    failures: Vec<(Target, String)>,
}

impl Warmed {
    fn of(outcomes: Vec<Outcome>) -> Self {
        let mut warmed = Self { requests: outcomes.len(), ..Self::default() };
        for (target, outcome) in outcomes {
            match outcome {
                Ok(CacheStatus::Hit) => warmed.hits += 1,
                Ok(CacheStatus::Miss) => warmed.misses += 1,
                Ok(CacheStatus::Unknown) => warmed.unknown += 1,
                Err(reason) => warmed.failures.push((target, reason)),
            }
        }
        warmed
    }

    fn print(&self, bundle: &Bundle<'_>, options: &Warm) -> Result<()> {
        let mut out = anstream::AutoStream::auto(io::stdout().lock());
        let release = bundle.release_id().to_string();
        if options.reach.json {
            return Ok(writeln!(out, "{:#}", self.to_json(&release, &options.url))?);
        }
        let Self { requests, hits, misses, unknown, failures } = self;
        writeln!(
            out,
            "{EMPHASIS}{}{EMPHASIS:#}: release {release:.12}, {requests} requests",
            options.url
        )?;
        writeln!(out, "  already in the cache  {hits}")?;
        writeln!(out, "  fetched from origin   {misses}")?;
        if *unknown > 0 {
            writeln!(out, "  no cache says so      {unknown}")?;
        }
        for (reason, paths) in by_reason(failures) {
            writeln!(out, "  failed: {reason}, {} × as {}", paths.len(), paths[0])?;
        }
        Ok(())
    }

    fn to_json(&self, release: &str, site: &Site) -> serde_json::Value {
        let failure = |(target, reason): &(Target, String)| {
            let Target { path, accepted } = target;
            serde_json::json!({ "path": path, "accept_encoding": accepted, "reason": reason })
        };
        serde_json::json!({
            "url": site.to_string(),
            "release_id": release,
            "requests": self.requests,
            "hits": self.hits,
            "misses": self.misses,
            "unknown": self.unknown,
            "failures": self.failures.iter().map(failure).collect::<Vec<_>>(),
        })
    }
}

fn by_reason(failures: &[(Target, String)]) -> BTreeMap<&str, Vec<&str>> {
    let mut by_reason: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (target, reason) in failures {
        by_reason.entry(reason.as_str()).or_default().push(target.path.as_str());
    }
    by_reason
}
