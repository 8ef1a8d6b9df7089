//! `hardtack list`

use std::{
    io::{self, Write},
    ops::Range,
};

use anyhow::Result;
use hardtack_bundle::{
    Bundle, Coding,
    manifest::{Entry, Manifest},
};

use crate::{cli::List, style::EMPHASIS};

/// Prints the assets of the bundle.
pub(crate) fn list(bundle: &Bundle<'_>, options: &List) -> Result<()> {
    let manifest = Manifest::of(bundle)?;
    let mut out = anstream::AutoStream::auto(io::stdout().lock());
    if options.json {
        return Ok(out.write_all(manifest.assets_to_json().as_bytes())?);
    }
    if options.django {
        return Ok(out.write_all(hardtack_build::staticfiles(&manifest).as_bytes())?);
    }
    write_table(&mut out, &manifest.assets, options.why)?;
    writeln!(out, "\n{}; release {}", bundle.totals(), manifest.release_id)?;
    Ok(())
}

/// The columns of numbers; those around them are of text.
const NUMBERS: Range<usize> = 4..4 + Coding::PLAIN.len();

fn write_table(out: &mut impl Write, entries: &[Entry], with_why: bool) -> Result<()> {
    let header = ["logical path", "URL", "role", "type"].map(str::to_owned).into_iter();
    let codings = Coding::PLAIN.map(|coding| coding.name().to_owned());
    let why = with_why.then(|| "why".to_owned());
    let header: Vec<_> = header.chain(codings).chain(why).collect();
    let rows: Vec<_> = entries.iter().map(|entry| row(entry, with_why)).collect();
    let widths: Vec<_> = (0..header.len())
        .map(|column| {
            let cells = rows.iter().chain([&header]).map(|row| row[column].chars().count());
            cells.max().unwrap_or(0)
        })
        .collect();
    writeln!(out, "{EMPHASIS}{}{EMPHASIS:#}", align(&header, &widths))?;
    for row in &rows {
        writeln!(out, "{}", align(row, &widths))?;
    }
    Ok(())
}

fn row(entry: &Entry, with_why: bool) -> Vec<String> {
    let bytes = |coding: Coding| {
        let mut representations = entry.representations.iter();
        let found = representations.find(|one| one.coding == coding.name());
        found.map_or("-".to_owned(), |one| one.bytes.to_string())
    };
    let Entry { logical_path, url, media_type, .. } = entry;
    let text = [logical_path, url, entry.role.name(), media_type].map(str::to_owned);
    let why = with_why.then(|| entry.why.clone());
    text.into_iter().chain(Coding::PLAIN.map(bytes)).chain(why).collect()
}

fn align(row: &[String], widths: &[usize]) -> String {
    let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, width))| {
        if NUMBERS.contains(&column) {
            format!("{cell:>width$}")
        } else {
            format!("{cell:<width$}")
        }
    });
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}
