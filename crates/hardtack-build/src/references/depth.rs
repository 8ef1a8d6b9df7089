//! How deep a text is nested: parsers need stack for that.

/// Whether a text may be nested deeper than a parser has stack for. Brackets in strings count too.
pub(super) fn is_too_deep(text: &str) -> bool {
    const DEEPEST: usize = 100_000;
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest > DEEPEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_that_are_open_count() {
        assert!(is_too_deep(&"[".repeat(100_001)));
        assert!(!is_too_deep(&"[".repeat(100_000)));
        assert!(!is_too_deep(&"[]".repeat(200_000)));
    }
}
