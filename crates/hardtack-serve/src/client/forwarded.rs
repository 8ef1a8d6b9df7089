//! The field `Forwarded` (RFC 7239 §4): one element a proxy, the nearest one last.

use std::borrow::Cow;

use hyper::{HeaderMap, header::FORWARDED};

/// The words of one proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    /// The node that the request came from: an address, perhaps with a port.
    pub(crate) sender: Option<String>,
    /// The scheme by which it came.
    pub(crate) proto: Option<String>,
}

/// All elements, in their order. A line that is not ASCII is one that says nothing.
pub(crate) fn elements(headers: &HeaderMap) -> Vec<Element> {
    let lines = headers.get_all(FORWARDED).into_iter();
    let lines = lines.map(|line| line.to_str().unwrap_or("unknown"));
    lines.flat_map(|line| split(line, b',')).map(element).collect()
}

fn element(text: &str) -> Element {
    let mut element = Element::default();
    for pair in split(text, b';') {
        let Some((name, value)) = pair.split_once('=') else { continue };
        let place = match name.trim().to_ascii_lowercase().as_str() {
            "for" => &mut element.sender,
            "proto" => &mut element.proto,
            _ => continue,
        };
        *place = Some(unquoted(value.trim()).into_owned());
    }
    element
}

/// The parts between separators that stand outside of quotes.
fn split(text: &str, separator: u8) -> Vec<&str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            byte if byte == separator && !is_quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn unquoted(value: &str) -> Cow<'_, str> {
    let Some(quoted) = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) else {
        return value.into();
    };
    let mut letters = quoted.chars();
    let unescape = || match letters.next()? {
        '\\' => letters.next(),
        letter => Some(letter),
    };
    std::iter::from_fn(unescape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn says(line: &str, expected: &[(&str, &str)]) {
        let headers = HeaderMap::from_iter([(FORWARDED, line.parse().unwrap())]);
        let said: Vec<_> = elements(&headers)
            .into_iter()
            .map(|it| (it.sender.unwrap_or_default(), it.proto.unwrap_or_default()))
            .collect();
        let expected: Vec<_> =
            expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        assert_eq!(said, expected, "{line}");
    }

    #[test]
    fn elements_and_their_pairs() {
        says("for=192.0.2.1;proto=https", &[("192.0.2.1", "https")]);
        says("For=192.0.2.1; Proto=HTTPS ;by=x", &[("192.0.2.1", "HTTPS")]);
        says("for=a, for=b;proto=http", &[("a", ""), ("b", "http")]);
        says("for=\"[2001:db8::1]:80\"", &[("[2001:db8::1]:80", "")]);
        says("host=\"a;proto=https, for=b\";proto=http", &[("", "http")]);
        says("for=\"a\\\",for=b\"", &[("a\",for=b", "")]);
        says("nonsense", &[("", "")]);
        says("", &[("", "")]);
    }
}
