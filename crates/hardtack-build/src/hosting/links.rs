//! The URLs in a `Link` header field (RFC 8288 §3).

use std::ops::Range;

/// Where the targets of a field's links are: what stands in angle brackets outside of strings.
pub(super) fn targets(value: &str) -> Vec<Range<usize>> {
    let mut targets = Vec::new();
    let (mut in_string, mut is_escaped, mut start) = (false, false, None);
    for (at, character) in value.char_indices() {
        match (character, start) {
            _ if is_escaped => is_escaped = false,
            ('\\', None) if in_string => is_escaped = true,
            ('"', None) => in_string = !in_string,
            ('<', None) if !in_string => start = Some(at + 1),
            ('>', Some(first)) => {
                targets.push(first..at);
                start = None;
            }
            _ => {}
        }
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_stand_in_angle_brackets() {
        let are = |value: &str, expected: &[&str]| {
            let found: Vec<_> = targets(value).into_iter().map(|span| &value[span]).collect();
            assert_eq!(found, expected, "{value}");
        };
        are("</a.css>; rel=preload; as=style, <b.js>;rel=preload", &["/a.css", "b.js"]);
        are(r#"</a>; title="<b> \"<c>", <d"e>"#, &["/a", "d\"e"]);
        are("no link", &[]);
        are("<", &[]);
    }
}
