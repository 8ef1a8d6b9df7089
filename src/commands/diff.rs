//! `hardtack diff`

mod changes;

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use anyhow::Result;
use hardtack_bundle::{Coding, Size};

use self::changes::{Change, Changes, Kind};
use crate::{
    cli::Diff,
    release::Release,
    style::{EMPHASIS, visible, warn},
};

/// Prints the changes of a new release, and the bytes of it that visitors download.
pub(crate) fn diff(options: &Diff) -> Result<()> {
    let (old, new) = (Release::read(Some(&options.old))?, Release::read(Some(&options.new))?);
    let changes = Changes::between(&old.bundle()?, &new.bundle()?)?;
    let mut out = anstream::AutoStream::auto(io::stdout().lock());
    if options.json {
        return Ok(writeln!(out, "{}", serde_json::to_string_pretty(&changes)?)?);
    }
    table(&mut out, &changes.files)?;
    summary(&mut out, &changes)?;
    if !changes.lost.is_empty() {
        warn(format!(
            "{} of the old release's hashed paths are a 404 in the new one, and open pages may ask \
             for them: bake it with `--previous {}`",
            changes.lost.len(),
            options.old.display()
        ));
    }
    Ok(())
}

fn table(out: &mut impl Write, files: &[Change]) -> Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = files.iter().map(|file| visible(&file.logical_path)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let codings: String = Coding::ALL.iter().map(|coding| format!("{coding:>10}")).collect();
    let header = format!("change   {:width$}{codings}     first  returning", "logical path");
    writeln!(out, "{EMPHASIS}{header}{EMPHASIS:#}")?;
    for (file, name) in files.iter().zip(&names) {
        let style = style(file.kind);
        let codings: String = Coding::ALL
            .iter()
            .map(|coding| cell(file.bytes.get(coding.name()).copied(), 10))
            .collect();
        let visitors = cell(file.first, 10) + &cell(file.returning, 11);
        let kind = file.kind.name();
        writeln!(out, "{style}{kind:7}{style:#}  {name:width$}{codings}{visitors}")?;
    }
    Ok(writeln!(out)?)
}

fn cell(bytes: Option<usize>, width: usize) -> String {
    bytes.map_or(format!("{:>width$}", "-"), |bytes| format!("{bytes:>width$}"))
}

fn style(kind: Kind) -> Style {
    match kind {
        Kind::Added => AnsiColor::Green.on_default(),
        Kind::Changed => AnsiColor::Yellow.on_default(),
        Kind::Removed => AnsiColor::Red.on_default(),
        Kind::Carried => AnsiColor::Cyan.on_default(),
    }
}

fn summary(out: &mut impl Write, changes: &Changes) -> Result<()> {
    let Changes { first_visitor, returning_visitor, unchanged, .. } = changes;
    let count = |kind| changes.files.iter().filter(|file| file.kind == kind).count();
    let counts = Kind::ALL.map(|kind| format!("{} {}", count(kind), kind.name()));
    writeln!(out, "{}, {unchanged} unchanged", counts.join(", "))?;
    let Some(percent) = (returning_visitor * 100).checked_div(*first_visitor) else {
        let none = "no file that browsers fetch was added or changed";
        return Ok(writeln!(out, "{EMPHASIS}nothing to download:{EMPHASIS:#} {none}")?);
    };
    let (first, returning) = (Size(*first_visitor), Size(*returning_visitor));
    writeln!(
        out,
        "{EMPHASIS}added and changed files:{EMPHASIS:#} {first} for a first visitor, {returning} for \
         a returning one ({percent} %)"
    )?;
    Ok(())
}
