//! `hardtack purge-list`

mod batch;
mod changes;
mod request_paths;

use std::io::{self, Write};

use anyhow::Result;

use self::{batch::Batch, changes::Changes};
use crate::{
    cli::{PurgeFormat, PurgeList},
    release::Release,
    style::warn,
};

/// Prints the paths or tags that caches have to drop when a new release replaces an old one.
pub(crate) fn purge_list(options: &PurgeList) -> Result<()> {
    let (old, new) = (Release::read(Some(&options.old))?, Release::read(Some(&options.new))?);
    let (old, new) = (old.bundle()?, new.bundle()?);
    let changes = Changes::between(&old, &new)?;
    let mut out = io::stdout().lock();
    match options.format {
        _ if options.json => writeln!(out, "{}", serde_json::to_string_pretty(&changes)?)?,
        PurgeFormat::Text if options.tags => {
            print(&mut out, changes.tags.iter().map(|tag| tag.name()))?
        }
        PurgeFormat::Text => {
            print(&mut out, changes.paths.iter().flat_map(|it| it.place.in_requests()))?;
        }
        PurgeFormat::Aws if options.tags => write_batch(&mut out, &Batch::of_tags(&changes))?,
        PurgeFormat::Aws => {
            let batch = Batch::of_paths(&changes, &old, &new)?;
            if batch.is_everything {
                warn(
                    "CloudFront does not take so many paths or wildcards at once: the list has all \
                      paths below the site's URL prefixes, hashed paths among them",
                );
            }
            write_batch(&mut out, &batch)?;
        }
    }
    if changes.kept_fields > 0 {
        warn(format!(
            "the header fields of {} hashed paths changed, and caches keep the old ones; invalidate \
             the tag `immutable`, or all paths, if that matters",
            changes.kept_fields
        ));
    }
    Ok(())
}

fn print(
    out: &mut impl Write,
    lines: impl IntoIterator<Item = impl std::fmt::Display>,
) -> Result<()> {
    lines.into_iter().try_for_each(|line| writeln!(out, "{line}"))?;
    Ok(())
}

fn write_batch(out: &mut impl Write, batch: &Batch) -> Result<()> {
    if batch.is_empty() {
        anstream::eprintln!("there is nothing to invalidate");
        return Ok(());
    }
    Ok(writeln!(out, "{}", serde_json::to_string_pretty(batch)?)?)
}
