//! How deep a text is nested: parsers need stack for that.

/// The most brackets that may be open at once.
const DEEPEST: usize = 100_000;

/// Whether a text may be nested deeper than a parser has stack for. Brackets in strings count too.
pub(super) fn is_too_deep(text: &str) -> bool {
    // To count takes much less time, and few texts have so many.
    let opening = text.bytes().filter(|byte| matches!(byte, b'(' | b'[' | b'{')).count();
    opening > DEEPEST && depth(text) > DEEPEST
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
