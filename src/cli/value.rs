//! Values of options.

use std::time::Duration;

use hardtack_build::{Folder, Patterns, Prefix};

/// The port of `https://` as clients see it; `true`, as a variable's value, is 443.
pub(crate) fn https_port(text: &str) -> Result<u16, String> {
    let is_yes = ["true", "yes", "on"].iter().any(|yes| text.eq_ignore_ascii_case(yes));
    match text.parse() {
        _ if is_yes => Ok(443),
        Ok(port @ 2..) => Ok(port),
        _ => Err("this is the port of https://, as 443; without a redirect, leave it out".into()),
    }
}

/// A number of seconds, at least 1 and at most a day.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds @ 1..=86_400) => Ok(Duration::from_secs(seconds)),
        _ => Err("this is a number of seconds, from 1 to 86400".to_owned()),
    }
}

/// A number of seconds, at most a day.
pub(crate) fn seconds_or_none(text: &str) -> Result<Duration, String> {
    if text == "0" { Ok(Duration::ZERO) } else { seconds(text) }
}

/// A number of bytes, at most the longest target that the library looks up.
pub(crate) fn uri_bytes(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(bytes @ 1..=8192) => Ok(bytes),
        _ => Err("this is a number of bytes, from 1 to 8192".to_owned()),
    }
}

/// A number of connections, at most a million.
pub(crate) fn at_least_1(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..=1_000_000) => Ok(number),
        _ => Err("this is a number from 1 to 1000000".to_owned()),
    }
}

/// The permissions of a file, in octal.
pub(crate) fn mode(text: &str) -> Result<u32, String> {
    let digits = text.strip_prefix("0o").unwrap_or(text);
    match u32::from_str_radix(digits, 8) {
        Ok(mode @ 0..=0o777) if !digits.starts_with('+') => Ok(mode),
        _ => Err("this is the mode of a file in octal, as 660, from 0 to 777".to_owned()),
    }
}

/// The beginning of a request's path, as requests have it.
pub(crate) fn path_prefix(text: &str) -> Result<String, String> {
    if text.starts_with('/') && !text.contains(['?', '#']) {
        return Ok(text.to_owned());
    }
    Err("this is the beginning of a path, as /upload/".to_owned())
}

/// The target of a request to the application.
pub(crate) fn target(text: &str) -> Result<String, String> {
    if text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        return Ok(text.to_owned());
    }
    Err("this is a path, as /health/, with percent-encoding where it needs that".to_owned())
}

/// The name of a host. One without a dot needs no option.
pub(crate) fn name_with_dot(text: &str) -> Result<String, String> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if text.contains('.') && text.bytes().all(is_name) {
        return Ok(text.to_owned());
    }
    Err("this is no name with a dot, as metrics.example.org; a name without one is known"
        .to_owned())
}

/// A URL prefix, as `at` of a configuration has it.
pub(crate) fn prefix(text: &str) -> Result<Prefix, String> {
    Prefix::try_from(text.to_owned())
}

/// A folder of the site, as `folders` of a configuration has them: `/=root`.
pub(crate) fn folder(text: &str) -> Result<Folder, String> {
    match text.split_once('=') {
        Some((at, path)) if !path.is_empty() => Ok(Folder { at: prefix(at)?, path: path.into() }),
        _ => Err("this is a URL prefix and a folder, as /=root".to_owned()),
    }
}

/// A glob, as `exclude` of a configuration has them.
pub(crate) fn glob(text: &str) -> Result<String, String> {
    Patterns::new(&[text]).map(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes() {
        for (text, expected) in [
            ("660", Some(0o660)),
            ("0660", Some(0o660)),
            ("0o660", Some(0o660)),
            ("777", Some(0o777)),
            ("0", Some(0)),
            ("1777", None),
            ("668", None),
            ("+60", None),
            ("rw-rw----", None),
            ("", None),
        ] {
            assert_eq!(mode(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn folders() {
        let is = |text: &str, expected: Option<(&str, &str)>| {
            let folder = folder(text).ok();
            let parts = folder.as_ref().map(|it| (it.at.as_str(), it.path.to_str().unwrap()));
            assert_eq!(parts, expected, "{text}");
        };
        is("/=root", Some(("/", "root")));
        is("docs=a=b/c", Some(("/docs/", "a=b/c")));
        is("=root", Some(("/", "root")));
        is("root", None);
        is("/=", None);
        is("/a b/=c", None);
    }

    #[test]
    fn ports_of_https() {
        for (text, expected) in [
            ("443", Some(443)),
            ("8443", Some(8443)),
            ("true", Some(443)),
            ("Yes", Some(443)),
            ("0", None),
            ("1", None),
            ("no", None),
            ("65536", None),
        ] {
            assert_eq!(https_port(text).ok(), expected, "{text}");
        }
    }
}
