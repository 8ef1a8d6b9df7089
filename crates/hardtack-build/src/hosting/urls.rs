//! The paths and locations of `_redirects`, and their placeholders.

use hardtack_bundle::PathPattern;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::Settings;

/// Whether it names a host.
pub(super) fn is_whole(to: &str) -> bool {
    !to.starts_with('/') && to.contains("://")
}

pub(super) fn decode(path: &str) -> Result<String, String> {
    let decoded = percent_decode_str(path).decode_utf8().ok().filter(|it| it.starts_with('/'));
    let decoded = decoded.filter(|decoded| !decoded.chars().any(char::is_control));
    decoded.map(String::from).ok_or_else(|| format!("{path:?} is no path that begins with a slash"))
}

pub(super) fn below(path: String, settings: &Settings) -> Result<String, String> {
    if settings.folder_at(&path).is_some() {
        return Ok(path);
    }
    let at = settings.at.as_str();
    Err(match settings.folders.len() {
        0 => format!("{path:?} is not below {at:?}, the URL prefix that `at` says"),
        _ => format!("{path:?} is not below {at:?}, nor below `at` of another folder"),
    })
}

/// The names of the placeholders in a text, with `*`.
pub(super) fn variables(text: &str) -> Vec<String> {
    PathPattern::names_in(text).map(str::to_owned).collect()
}

/// A target as a pattern, with `*` in the place of `:splat`.
pub(super) fn as_pattern(target: &str) -> String {
    let parts: Vec<_> = target.split(":splat").collect();
    let mut pattern = parts[0].to_owned();
    for part in &parts[1..] {
        let is_name = part.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        pattern.push_str(if is_name { ":splat" } else { "*" });
        pattern.push_str(part);
    }
    pattern
}

/// Value of `Location`: a path, or a whole URL, with variables of these names.
pub(super) fn location(to: &str, names: &[String]) -> Result<String, String> {
    const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\');
    let host = ["https://", "http://"].iter().find_map(|scheme| to.strip_prefix(scheme));
    let is_path = to.starts_with('/') && !to.starts_with("//");
    if host.is_none() && !is_path {
        return Err(format!("{to:?} is neither a path nor a URL of http or https"));
    }
    let host = host.and_then(|host| host.split(['/', '?', '#']).next()).unwrap_or_default();
    if variables(host).iter().any(|name| names.contains(name)) {
        return Err(format!("{to:?} would let a request choose the host"));
    }
    let after_sign = to.match_indices(['/', '=']).map(|(place, _)| &to[place + 1..]);
    let open = after_sign
        .filter(|rest| rest.starts_with(':'))
        .flat_map(|rest| variables(rest).into_iter().next());
    match open.into_iter().find(|name| !names.contains(name)) {
        Some(name) => Err(format!("`:{name}` of the target stands for nothing")),
        None => Ok(utf8_percent_encode(to, ESCAPED).to_string()),
    }
}
