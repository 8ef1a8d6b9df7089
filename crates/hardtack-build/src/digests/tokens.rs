//! The parts of a text that may be digests: runs of letters of a digest's length.

use std::ops::Range;

/// The runs of letters of hex or base64 that have the length of a digest.
pub(super) fn tokens(text: &[u8]) -> Vec<(Range<usize>, String)> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(found) = text[start..].iter().position(|byte| is_of_base64(*byte)) {
        start += found;
        let letters = text[start..].iter().take_while(|byte| is_of_base64(**byte)).count();
        let padding = text[start + letters..].iter().take_while(|byte| **byte == b'=').count();
        let end = start + letters + padding;
        if let Some(span) = digest_in(&text[start..end], letters) {
            let span = start + span.start..start + span.end;
            tokens.push((span.clone(), String::from_utf8_lossy(&text[span]).into_owned()));
        }
        start = end;
    }
    tokens
}

fn is_of_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// Where a digest is in a run; most often it is all of it. What precedes a slash is a path.
fn digest_in(run: &[u8], letters: usize) -> Option<Range<usize>> {
    let is_hex = run.iter().all(u8::is_ascii_hexdigit);
    match (run.len(), run.len() - letters) {
        (32 | 40 | 64 | 96 | 128, 0) if is_hex => Some(0..run.len()),
        (24, 2) | (28, 1) | (44, 1) | (64, 0) | (88, 2) => Some(0..run.len()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_a_digests_length() {
        let finds = |text: &str, expected: &[&str]| {
            let found: Vec<_> = tokens(text.as_bytes()).into_iter().map(|(_, text)| text).collect();
            assert_eq!(found, expected, "{text}");
        };
        let md5 = "900150983cd24fb0d6963f7d28e17f72";
        finds(&format!("{{revision:\"{md5}\"}}"), &[md5]);
        finds(&format!("x{md5}"), &[]);
        let sha256 = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
        finds(&format!("'sha256-{sha256}' 'self'"), &[sha256]);
        finds("no digest here", &[]);
        finds(&"A".repeat(100), &[]);
        finds("", &[]);
    }
}
