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

use crate::{
    cli::List,
    style::{EMPHASIS, visible},
};

/// Prints the assets of the bundle.
pub(crate) fn list(bundle: &Bundle<'_>, options: &List) -> Result<()> {
    let manifest = Manifest::of(bundle)?;
    let mut out = anstream::AutoStream::auto(io::stdout().lock());
    if options.json {
        let json =
            if options.carried { manifest.carried_to_json() } else { manifest.assets_to_json() };
        return Ok(out.write_all(json.as_bytes())?);
    }
    if options.django {
        return Ok(out.write_all(hardtack_build::staticfiles(&manifest).as_bytes())?);
    }
    let entries = if options.carried { &manifest.carried } else { &manifest.assets };
    Table::of(entries, options).write(&mut out, entries)?;
    writeln!(out, "\n{}; release {}", totals(bundle, &manifest, options), manifest.release_id)?;
    Ok(())
}

fn totals(bundle: &Bundle<'_>, manifest: &Manifest, options: &List) -> String {
    let carried = manifest.carried.len();
    let plural = if carried == 1 { "" } else { "s" };
    match carried {
        _ if options.carried => format!("{carried} asset{plural} of earlier releases"),
        0 => bundle.totals().to_string(),
        _ => {
            format!("{}; {carried} asset{plural} of earlier releases (--carried)", bundle.totals())
        }
    }
}

/// The columns of a table of assets.
struct Table {
    codings: &'static [Coding],
    has_age: bool,
    has_why: bool,
}

impl Table {
    /// The columns of codings with dictionaries are there if some asset has such a representation.
    fn of(entries: &[Entry], options: &List) -> Self {
        let mut all = entries.iter().flat_map(|entry| &entry.representations);
        let has_deltas = all.any(|representation| representation.dictionary.is_some());
        let codings: &[_] = if has_deltas { &Coding::ALL } else { &Coding::PLAIN };
        Self { codings, has_age: options.carried, has_why: options.why }
    }

    fn write(&self, out: &mut impl Write, entries: &[Entry]) -> Result<()> {
        let header = self.header();
        let rows: Vec<_> = entries.iter().map(|entry| self.row(entry)).collect();
        let widths: Vec<_> = (0..header.len())
            .map(|column| {
                let cells = rows.iter().chain([&header]).map(|row| row[column].chars().count());
                cells.max().unwrap_or(0)
            })
            .collect();
        writeln!(out, "{EMPHASIS}{}{EMPHASIS:#}", self.align(&header, &widths))?;
        for row in &rows {
            writeln!(out, "{}", self.align(row, &widths))?;
        }
        Ok(())
    }

    fn header(&self) -> Vec<String> {
        let text = ["logical path", "URL", "role", "type"].map(str::to_owned).into_iter();
        let age = self.has_age.then(|| "age".to_owned());
        let codings = self.codings.iter().map(|coding| coding.name().to_owned());
        let why = self.has_why.then(|| "why".to_owned());
        text.chain(age).chain(codings).chain(why).collect()
    }

    fn row(&self, entry: &Entry) -> Vec<String> {
        let Entry { logical_path, url, media_type, .. } = entry;
        let logical_path = visible(logical_path);
        let text = [&logical_path, url, entry.role.name(), media_type].map(str::to_owned);
        let age = self.has_age.then(|| entry.age.to_string());
        let bytes = self.codings.iter().map(|coding| bytes(entry, *coding));
        let why = self.has_why.then(|| entry.why.clone());
        text.into_iter().chain(age).chain(bytes).chain(why).collect()
    }

    /// The columns of numbers; those around them are of text.
    fn numbers(&self) -> Range<usize> {
        4..4 + usize::from(self.has_age) + self.codings.len()
    }

    fn align(&self, row: &[String], widths: &[usize]) -> String {
        let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, width))| {
            if self.numbers().contains(&column) {
                format!("{cell:>width$}")
            } else {
                format!("{cell:<width$}")
            }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    }
}

/// The bytes of an asset in a coding; of several dictionaries, with the one that fits best.
fn bytes(entry: &Entry, coding: Coding) -> String {
    let of_coding = entry.representations.iter().filter(|one| one.coding == coding.name());
    let least = of_coding.map(|one| one.bytes).min();
    least.map_or("-".to_owned(), |bytes| bytes.to_string())
}
