//! How deep a text is nested: parsers need stack for that.

/// The most brackets that may be open at once.
const DEEPEST: usize = 100_000;

/// Whether a text may be nested deeper than a parser has stack for. Brackets in strings count too.
pub(super) fn is_too_deep(text: &str) -> bool {
    text.len() > DEEPEST && opening(text) > DEEPEST && depth(text) > DEEPEST
}

/// How many brackets are opened. To count these takes much less time than to count those that are
/// open, and few texts have so many.
fn opening(text: &str) -> usize {
    // A sum in one byte, which cannot overflow, is one of many at once.
    let blocks = text.as_bytes().chunks(usize::from(u8::MAX));
    let opening = |byte: &u8| u8::from(matches!(byte, b'(' | b'[' | b'{'));
    blocks.map(|block| usize::from(block.iter().map(opening).sum::<u8>())).sum()
}

fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_that_are_open_count() {
        assert!(is_too_deep(&"[".repeat(100_001)));
        assert!(!is_too_deep(&"[".repeat(100_000)));
        assert!(!is_too_deep(&"[]".repeat(200_000)));
        assert!(is_too_deep(&format!("{}{}", "[]".repeat(200_000), "{".repeat(100_001))));
    }
}
