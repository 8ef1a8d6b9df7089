//! Warns of rules by which caches keep for good what has no hash in its name.

use std::collections::BTreeMap;

use crate::{Problem, ProblemKind, Settings, fingerprint::Final, hosting::Rules};

/// A warning for each rule whose `Cache-Control` has browsers keep an asset at its plain path for so
/// long that they miss its next release.
pub(crate) fn warn_of_long_caching(
    finals: &[Final],
    rules: &Rules,
    settings: &Settings,
) -> Vec<Problem> {
    let mut by_rule: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for asset in finals {
        let own = settings.url_path(&asset.logical_path);
        let Some(plain) = &asset.paths.plain else { continue };
        let of_asset = rules.headers_for(&asset.logical_path, [plain, &own]);
        // The last rule about the field decides.
        let mut deciding = of_asset.rev().filter_map(|(number, rule)| {
            let edit = rule.edits.iter().rev().find(|edit| edit.name() == FIELD)?;
            Some((number, edit.value()))
        });
        if let Some((number, Some(value))) = deciding.next()
            && is_kept_long(value)
        {
            by_rule.entry(number).or_default().push(&asset.logical_path);
        }
    }
    let problem = |(number, assets): (usize, Vec<&str>)| {
        rules.headers[number].problem(FIELD, ProblemKind::Remark(message(&assets)))
    };
    by_rule.into_iter().map(problem).collect()
}

const FIELD: &str = "cache-control";

fn message(assets: &[&str]) -> String {
    let first = assets[0];
    let these = match assets.len() {
        1 => format!("{first:?}, whose name has"),
        2 => format!("{first:?} and one more file, whose names have"),
        count => format!("{first:?} and {} more files, whose names have", count - 1),
    };
    format!(
        "by this `Cache-Control` browsers keep {these} no hash, for good, and miss the next \
         release. Remove the field: hashed paths are kept for a year without it. If a name has a \
         hash, list it in `prehashed`"
    )
}

/// Whether browsers keep a response for half a year or more without asking (RFC 9111 §5.2.2, RFC
/// 8246).
fn is_kept_long(value: &str) -> bool {
    const HALF_A_YEAR: u64 = 180 * 24 * 60 * 60;
    let value = value.to_ascii_lowercase();
    let directives: Vec<_> = value.split(',').map(str::trim).collect();
    let asks = directives.iter().any(|it| matches!(*it, "no-cache" | "no-store"));
    let is_long = |directive: &&str| {
        let seconds = directive.strip_prefix("max-age=").map(|it| it.trim_matches('"'));
        *directive == "immutable"
            || seconds.is_some_and(|it| it.parse::<u64>().is_ok_and(|it| it >= HALF_A_YEAR))
    };
    !asks && directives.iter().any(is_long)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long() {
        let is = |value: &str, expected| assert_eq!(is_kept_long(value), expected, "{value}");
        is("public, max-age=31536000, immutable", true);
        is("Public,Max-Age=31536000", true);
        is("max-age=\"31536000\"", true);
        is("immutable", true);
        is("max-age=600, immutable", true);
        is("max-age=86400", false);
        is("max-age=31536000, no-cache", false);
        is("no-store, immutable", false);
        is("s-maxage=31536000, max-age=0", false);
        is("max-age=x", false);
    }
}
