//! `hardtack deploy`

mod behaviours;
mod functions;
mod origins;
mod parameters;
mod plan;
mod policies;
mod template;

use std::io::{self, Write};

use anyhow::{Context, Result};

use self::{plan::Plan, template::template};
use crate::{
    cli::{Cloudfront, Deploy, DeployTo, Serve},
    release::Release,
    style::warn,
};

/// Prints the configuration of a service for a release.
pub(crate) fn deploy(options: &Deploy) -> Result<()> {
    match &options.to {
        DeployTo::Cloudfront(options) => cloudfront(options),
    }
}

fn cloudfront(options: &Cloudfront) -> Result<()> {
    let release = Release::read(options.file.as_ref())?;
    let plan = Plan::of(&release.bundle()?, options).with_context(|| release.name.clone())?;
    let template = template(&plan, &Serve::defaults().settings())?;
    for hint in plan.hints() {
        warn(hint);
    }
    Ok(writeln!(io::stdout().lock(), "{}", serde_json::to_string_pretty(&template)?)?)
}
