//! The functions that CloudFront runs for each request of a viewer: JavaScript (cloudfront-js-2.0).

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::plan::Plan;

/// The longest function in bytes.
const LONGEST: usize = 10_240;

/// Answers 403.
pub(super) const FORBID: &str = include_str!("functions/forbid.js");

const NORMALISE: &str = include_str!("functions/normalise.js");

/// The function that gives few values to the fields of the cache key; none if CloudFront does so by
/// itself.
///
/// # Errors
///
/// If it is too long, because the bundle has too many dictionaries.
pub(super) fn normalise(plan: &Plan) -> Result<Option<String>> {
    if plan.dictionaries.is_none() && !plan.has_navigations {
        return Ok(None);
    }
    let mut source = NORMALISE.to_owned();
    if let Some(dictionaries) = &plan.dictionaries {
        set(&mut source, "CODINGS", "[]", json!(dictionaries.codings));
        set(&mut source, "DICTIONARIES", "[]", json!(dictionaries.values));
    }
    set(&mut source, "HAS_NAVIGATIONS", "false", json!(plan.has_navigations));
    let dictionaries = plan.dictionaries.as_ref().map_or(0, |it| it.values.len());
    ensure!(
        source.len() <= LONGEST,
        "the release has differences to {dictionaries} earlier versions of files, and the function that \
         knows them all would have {} bytes; CloudFront takes {LONGEST}: bake with a lower \
         `keep_releases`, or leave --dictionaries out",
        source.len()
    );
    Ok(Some(source))
}

/// Gives a constant of the source another value.
fn set(source: &mut String, name: &str, default: &str, value: Value) {
    let line = |value: &str| format!("const {name} = {value};\n");
    *source = source.replacen(&line(default), &line(&value.to_string()), 1);
}

#[cfg(test)]
mod tests {
    use super::{
        super::plan::{Dictionaries, Pages, Rest},
        *,
    };

    fn plan(dictionaries: usize) -> Plan {
        let values = (0..dictionaries).map(|number| format!(":{number:043}=:")).collect();
        Plan {
            static_paths: Vec::new(),
            rest: Rest::Bundle,
            dictionaries: Some(Dictionaries { codings: vec!["dcb", "br"], values }),
            has_navigations: true,
            origins: Pages::Any,
            cache_tags: None,
            speaks_http2: true,
            has_unreachable_root: false,
        }
    }

    #[test]
    fn a_function_that_is_too_long_is_an_error() {
        let most = (0..).find(|count| normalise(&plan(*count)).is_err()).unwrap() - 1;
        assert!(most > 100, "{most}");
        let error = normalise(&plan(most + 1)).unwrap_err().to_string();
        assert!(
            error.contains(&format!("differences to {} earlier versions", most + 1)),
            "{error}"
        );
        assert!(error.contains("keep_releases"), "{error}");
    }

    #[test]
    fn constants_are_replaced() {
        for (name, default) in
            [("CODINGS", "[]"), ("DICTIONARIES", "[]"), ("HAS_NAVIGATIONS", "false")]
        {
            let mut source = NORMALISE.to_owned();
            set(&mut source, name, default, json!(["a\"b"]));
            let expected = format!("const {name} = [\"a\\\"b\"];\n");
            assert!(source.contains(&expected), "{name}");
        }
        assert!(FORBID.len() < LONGEST && NORMALISE.len() < LONGEST / 3);
    }
}
