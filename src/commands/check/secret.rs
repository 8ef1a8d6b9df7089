//! The secret by which an origin knows its CDN.

use std::{env, fs, path::Path};

use anyhow::{Context, Result, ensure};
use hardtack::CdnGuard;
use hardtack_bundle::Bundle;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The field of requests to the origin.
pub(super) struct Secret {
    name: HeaderName,
    value: Option<HeaderValue>,
}

/// The part of the secret in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    Right,
    Wrong,
    Nothing,
}

const WRONG: HeaderValue = HeaderValue::from_static("hardtack check: no secret of any CDN");
/// In place of the secret in the fields of a response.
const HIDDEN: &[u8] = b"(the secret of the CDN)";

impl Secret {
    /// The first secret of the file, or else of the environment; none if there is neither.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or no server takes such a secret.
    pub(super) fn read(bundle: Bundle<'static>, file: Option<&Path>) -> Result<Self> {
        let text = match file {
            Some(file) => read_file(file)?,
            None => env::var("HARDTACK_CDN_SECRET").unwrap_or_default(),
        };
        let name = env::var("HARDTACK_CDN_HEADER").ok().filter(|name| !name.is_empty());
        let name = name.map_or(Ok(CdnGuard::HEADER), |name| name.parse());
        let name = name.context("HARDTACK_CDN_HEADER is no name of a header field")?;
        let first = text.split(',').next().unwrap_or_default().trim();
        if first.is_empty() {
            return Ok(Self { name, value: None });
        }
        CdnGuard::new(bundle, [first])?;
        let mut value = HeaderValue::from_str(first)?;
        value.set_sensitive(true);
        Ok(Self { name, value: Some(value) })
    }

    pub(super) fn is_known(&self) -> bool {
        self.value.is_some()
    }

    pub(super) fn put(&self, sent: Sent, fields: &mut HeaderMap) {
        let value = match sent {
            Sent::Right => self.value.clone(),
            Sent::Wrong => Some(WRONG),
            Sent::Nothing => None,
        };
        value.into_iter().for_each(|value| drop(fields.insert(&self.name, value)));
    }

    /// Takes the secret out of the fields of a response, of which faults say the values.
    pub(super) fn hide(&self, fields: &mut HeaderMap) {
        let Some(secret) = &self.value else { return };
        for value in fields.values_mut() {
            let hidden = hidden(value.as_bytes(), secret.as_bytes());
            let hidden = hidden.and_then(|bytes| HeaderValue::from_bytes(&bytes).ok());
            hidden.into_iter().for_each(|hidden| *value = hidden);
        }
    }
}

fn read_file(file: &Path) -> Result<String> {
    let name = file.display();
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
    ensure!(!text.trim().is_empty(), "{name} is empty: it has to contain the CDN's secret");
    Ok(text)
}

/// The text without the secret; none if it is not in there.
fn hidden(text: &[u8], secret: &[u8]) -> Option<Vec<u8>> {
    let mut without = Vec::new();
    let mut rest = text;
    while let Some(byte) = rest.first() {
        match after(rest, secret) {
            Some(behind) => {
                without.extend_from_slice(HIDDEN);
                rest = behind;
            }
            None => {
                without.push(*byte);
                rest = &rest[1..];
            }
        }
    }
    (without != text).then_some(without)
}

/// The text behind the secret that it begins with, in upper case or lower case, and perhaps in the
/// forms of a URL.
fn after<'a>(text: &'a [u8], secret: &[u8]) -> Option<&'a [u8]> {
    secret.iter().try_fold(text, |text, wanted| match text {
        [b'%', first, second, rest @ ..] if is_hex([*first, *second], *wanted) => Some(rest),
        [b'+', rest @ ..] if *wanted == b' ' => Some(rest),
        [byte, rest @ ..] if byte.eq_ignore_ascii_case(wanted) => Some(rest),
        _ => None,
    })
}

fn is_hex(digits: [u8; 2], wanted: u8) -> bool {
    let byte = std::str::from_utf8(&digits).ok().and_then(|it| u8::from_str_radix(it, 16).ok());
    byte.is_some_and(|byte| byte.eq_ignore_ascii_case(&wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn hides(text: &str, expected: &str) {
        let secret = Some(HeaderValue::from_static("a secret/of 100%"));
        let secret = Secret { name: CdnGuard::HEADER, value: secret };
        let mut fields = HeaderMap::from_iter([(CdnGuard::HEADER, text.parse().unwrap())]);
        secret.hide(&mut fields);
        assert_eq!(fields[CdnGuard::HEADER], expected, "{text}");
    }

    #[test]
    fn echoes() {
        hides("a secret/of 100%", "(the secret of the CDN)");
        hides("/?of=A%20Secret%2fof+100%25&b", "/?of=(the secret of the CDN)&b");
        hides(
            "aa secret/of 100%%, a secret/of 100%",
            "a(the secret of the CDN)%, (the secret of the CDN)",
        );
        hides("a%%20secret", "a%%20secret");
        hides("a secret/of 100", "a secret/of 100");
        hides("", "");
    }
}
