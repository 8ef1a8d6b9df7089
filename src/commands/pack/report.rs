//! The report of `hardtack pack`.

use std::io::{self, Write};

use anyhow::Result;
use hardtack_build::{Baked, Dropped, LeftOut, Problem, Summary, blocks, count_by_kind};
use hardtack_bundle::{Role, Size, manifest::Entry};
use serde::Serialize;

use crate::{
    cli::Pack,
    style::{EMPHASIS, visible, warn},
};

/// Warnings of one kind, and places of one warning, without `-v`.
const MOST_WARNINGS: usize = 5;
/// Most names of files that were left out, without `-v`.
const MOST_NAMES: usize = 3;

/// Tells warnings on standard error and the rest on standard output; as JSON, all is there.
pub(super) fn report(options: &Pack, baked: &Baked) -> Result<()> {
    let mut out = anstream::AutoStream::auto(io::stdout().lock());
    if options.json {
        return Ok(writeln!(out, "{}", serde_json::to_string(&Report::of(baked))?)?);
    }
    let most = if options.verbose { usize::MAX } else { MOST_WARNINGS };
    for block in blocks(&baked.warnings, most) {
        warn(block);
    }
    let output = options.output.display();
    let Summary { release_id, seconds, .. } = &baked.summary;
    writeln!(
        out,
        "{EMPHASIS}{output}{EMPHASIS:#}: baked in {seconds:.1} s, release {release_id:.12}"
    )?;
    let mut rows = summary(baked, options.verbose);
    if options.verbose {
        rows.extend(details(baked));
    }
    rows.iter().try_for_each(|(label, text)| writeln!(out, "  {label:10} {text}"))?;
    Ok(())
}

/// A label, and a text beside it.
type Row = (&'static str, String);

/// The bake, at a glance.
fn summary(baked: &Baked, is_verbose: bool) -> Vec<Row> {
    let mut rows = vec![
        ("carrying", baked.summary.totals.to_string()),
        ("names", names(&baked.manifest.assets)),
    ];
    rows.extend(earlier(&baked.summary));
    if !baked.left_out.is_empty() && !is_verbose {
        rows.push(("left out", left_out(&baked.left_out)));
    }
    if !baked.warnings.is_empty() {
        rows.push(("warnings", warnings(&baked.warnings)));
    }
    let has_more = baked.manifest.assets.iter().any(keeps_its_name)
        || baked.left_out.len() > MOST_NAMES
        || !baked.dropped.is_empty()
        || baked.warnings.len() > MOST_WARNINGS;
    if has_more && !is_verbose {
        let dropped = if baked.dropped.is_empty() { "" } else { " or dropped" };
        let more = format!("with -v: which names are kept and why, all that was left out{dropped}");
        rows.push(("more", more));
    }
    rows
}

/// The line about hashed files of earlier releases; nothing if there are none.
fn earlier(summary: &Summary) -> Option<Row> {
    let Summary { carried_assets, carried_bytes, dropped_assets, deltas, .. } = summary;
    if carried_assets + dropped_assets == 0 {
        return None;
    }
    let plural = if *carried_assets == 1 { "" } else { "s" };
    let mut text = format!("{carried_assets} file{plural} kept, {}", Size(*carried_bytes));
    for (count, what) in [(*dropped_assets, "dropped"), (*deltas, "deltas")] {
        if count > 0 {
            text += &format!(", {count} {what}");
        }
    }
    Some(("earlier", text))
}

/// How many assets have which role; those that none has are not mentioned.
fn names(assets: &[Entry]) -> String {
    let count = |role| assets.iter().filter(|asset| asset.role == role).count();
    let counts = Role::ALL.map(|role| (count(role), role));
    let phrase = |(count, role)| match (count, role) {
        (0, _) => None,
        (2.., Role::EntryPoint) => Some(format!("{count} entry points")),
        (count, role) => Some(format!("{count} {role}")),
    };
    let phrases: Vec<_> = counts.into_iter().filter_map(phrase).collect();
    if phrases.is_empty() { "none".to_owned() } else { phrases.join(", ") }
}

fn left_out(left_out: &[LeftOut]) -> String {
    let names = left_out.iter().take(MOST_NAMES);
    let names: Vec<_> = names.map(|one| visible(&one.logical_path)).collect();
    let names = names.join(", ");
    match left_out.len().saturating_sub(MOST_NAMES) {
        0 => names,
        rest => format!("{names} and {rest} more"),
    }
}

fn warnings(warnings: &[Problem]) -> String {
    let counts = count_by_kind(warnings).into_iter();
    let phrases: Vec<_> = counts.map(|(kind, count)| format!("{count} × {kind}")).collect();
    phrases.join(", ")
}

/// The assets that keep their names, with the reason; the files that were left out, with the rule.
fn details(baked: &Baked) -> Vec<Row> {
    let kept = baked.manifest.assets.iter().filter(|asset| keeps_its_name(asset));
    let kept = kept.map(|asset| (asset.role.name(), &asset.logical_path, &asset.why));
    let left_out = baked.left_out.iter().map(|one| ("left out", &one.logical_path, &one.rule));
    let rules: Vec<_> = baked.dropped.iter().map(dropped).collect();
    let dropped = baked.dropped.iter().zip(&rules).map(|(one, rule)| ("dropped", &one.url, rule));
    let all: Vec<_> = kept.chain(left_out).chain(dropped).collect();
    let width = all.iter().map(|(_, path, _)| path.chars().count()).max().unwrap_or(0);
    let row = |(label, path, why): (&'static str, &String, &String)| {
        let path = visible(path);
        (label, format!("{path:width$}  {why}").trim_end().to_owned())
    };
    all.into_iter().map(row).collect()
}

/// The age of a dropped file, and the rule.
fn dropped(one: &Dropped) -> String {
    let plural = if one.age == 1 { "" } else { "s" };
    format!("{} release{plural} old: {}", one.age, one.rule)
}

/// Whether a reader may wonder why an asset is not renamed: of an entry point it is plain.
fn keeps_its_name(asset: &Entry) -> bool {
    matches!(asset.role, Role::Prehashed | Role::Pinned) || !asset.why.is_empty()
}

/// All of it, for programs; docs/configuration.md describes it.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    files: Vec<File<'a>>,
    left_out: &'a [LeftOut],
    carried: Vec<Carried<'a>>,
    dropped: &'a [Dropped],
    warnings: Vec<Warning>,
}

#[derive(Serialize)]
struct File<'a> {
    logical_path: &'a str,
    role: Role,
    #[serde(skip_serializing_if = "str::is_empty")]
    why: &'a str,
}

#[derive(Serialize)]
struct Carried<'a> {
    url: &'a str,
    age: u32,
}

#[derive(Serialize)]
struct Warning {
    file: String,
    line: Option<usize>,
    column: Option<usize>,
    kind: &'static str,
    message: String,
}

impl Warning {
    fn of(problem: &Problem) -> impl Iterator<Item = Self> {
        problem.parts().into_iter().map(|(place, message)| Self {
            file: problem.file.display().to_string(),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            kind: problem.kind.name(),
            message,
        })
    }
}

impl<'a> Report<'a> {
    fn of(baked: &'a Baked) -> Self {
        let file = |asset: &'a Entry| File {
            logical_path: &asset.logical_path,
            role: asset.role,
            why: &asset.why,
        };
        let carried = |asset: &'a Entry| Carried { url: &asset.url, age: asset.age };
        Self {
            summary: &baked.summary,
            files: baked.manifest.assets.iter().map(file).collect(),
            left_out: &baked.left_out,
            carried: baked.manifest.carried.iter().map(carried).collect(),
            dropped: &baked.dropped,
            warnings: baked.warnings.iter().flat_map(Warning::of).collect(),
        }
    }
}
