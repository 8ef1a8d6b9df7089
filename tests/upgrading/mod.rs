//! A server that is upgraded, or restarted, while strict clients ask it. The test of a few seconds
//! and the bench of minutes are the same code with other numbers.
//!
//! Two releases of one site have some files in common, and one path whose content differs. Clients
//! of four kinds ask for those, at a fixed rate, and check every byte. [`http1`] and [`http2`] say
//! which outcomes count as failures.
#![allow(dead_code, unreachable_pub, reason = "the test and the bench each use their part")]

mod balancer;
#[path = "../common/http.rs"]
mod http;
mod http1;
mod http2;
mod instance;
mod load;
mod site;
mod transport;

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use tokio::time::timeout;

use balancer::Balancer;
use instance::Instance;
use load::Load;
pub use load::Report;
use site::Site;

/// How much there is of everything.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The executable under test.
    pub executable: PathBuf,
    /// How often it is upgraded or restarted.
    pub changes: u64,
    /// How many requests are made at least meanwhile.
    pub requests: u64,
    /// Requests a second, of all clients.
    pub rate: u64,
}

/// Beyond what the rate says, so long a change and the beginning and the end may take.
const LEEWAY: Duration = Duration::from_secs(15);

impl Plan {
    async fn in_time<T>(&self, task: impl Future<Output = Result<T>>) -> Result<T> {
        let asking = Duration::from_secs(3 * self.requests / self.rate.max(1));
        let time = asking + LEEWAY * u32::try_from(self.changes + 2)?;
        timeout(time, task).await.with_context(|| format!("it was not over after {time:?}"))?
    }

    /// After so many requests comes that change: they are spread over the run.
    fn begin_of(&self, change: u64) -> u64 {
        self.requests * change / (self.changes + 1)
    }
}

/// The executable is replaced by the other release, and SIGUSR2 tells the server: again and again.
pub async fn upgrades(plan: &Plan) -> Result<Report> {
    plan.in_time(async {
        let site = Site::pack(&plan.executable)?;
        site.put(0)?;
        let mut server = Instance::start(&site, &[]).await?;
        let load = Load::begin(&site, Balancer::of_one(&server), plan.rate)?;
        for change in 1..=plan.changes {
            load.requests_are(plan.begin_of(change)).await;
            site.put(change)?;
            server.upgrade(&site.name_of(change)?).await?;
        }
        load.requests_are(plan.requests).await;
        let report = load.end().await;
        server.old_workers_finish(plan.changes).await?;
        server.stop().await?;
        Ok(report)
    })
    .await
}

/// Two servers behind a balancer are stopped by SIGTERM and started as the other release, in turn.
pub async fn restarts(plan: &Plan) -> Result<Report> {
    const DELAY: [&str; 2] = ["--shutdown-delay", "1"];
    plan.in_time(async {
        let site = Site::pack(&plan.executable)?;
        site.put(0)?;
        let mut servers =
            [Instance::start(&site, &DELAY).await?, Instance::start(&site, &DELAY).await?];
        let balancer = Balancer::of(&servers);
        let load = Load::begin(&site, Arc::clone(&balancer), plan.rate)?;
        for change in 1..=plan.changes {
            load.requests_are(plan.begin_of(change)).await;
            balancer.all_are_ready().await;
            site.put(change.div_ceil(2))?;
            servers[(change % 2) as usize].restart(&site, &DELAY).await?;
        }
        load.requests_are(plan.requests).await;
        let report = load.end().await;
        for server in servers {
            server.stop().await?;
        }
        Ok(report)
    })
    .await
}
