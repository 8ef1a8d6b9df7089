//! The URLs in a `Link` header field (RFC 8288 §3).

use std::ops::Range;

/// The relations of a browser that fetches the target for the page. Others, such as `canonical`, are
/// addresses for readers.
const FETCHED: [&str; 7] =
    ["icon", "manifest", "modulepreload", "prefetch", "preload", "prerender", "stylesheet"];

/// The places of the targets that a browser fetches for the page.
pub(super) fn targets(value: &str) -> Vec<Range<usize>> {
    let all = brackets(value);
    let ends = all.iter().skip(1).map(|next| next.start).chain([value.len()]);
    let is_fetched = |(target, end): &(&Range<usize>, usize)| {
        let parameters = value[target.end..*end].to_ascii_lowercase();
        let relations = parameters.split(';').filter_map(|it| it.trim().strip_prefix("rel"));
        let mut words = relations.flat_map(|it| it.split([' ', '=', '"', ',', '<', '>']));
        words.any(|word| FETCHED.contains(&word))
    };
    all.iter().zip(ends).filter(is_fetched).map(|(target, _)| target.clone()).collect()
}

/// The parts in angle brackets outside of strings.
fn brackets(value: &str) -> Vec<Range<usize>> {
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
        are("</a.css>; rel=preload; as=style, <b.js>;rel=modulepreload", &["/a.css", "b.js"]);
        are(r#"</a>; title="<b> \"<c>"; rel="x Preload", <d"e>; rel=icon"#, &["/a", "d\"e"]);
        are("</a.pdf>; rel=canonical, </b.css>; rel=preload, <c>", &["/b.css"]);
        are("no link", &[]);
        are("<", &[]);
    }
}
