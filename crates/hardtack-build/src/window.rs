//! The window of an encoder: how far back it refers.

/// The number of bits that are needed to count this many bytes: the window that holds all of them.
pub(crate) fn window_log(length: usize) -> u32 {
    usize::BITS - length.leading_zeros()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_holds_all_bytes() {
        for (length, expected) in [(0, 0), (1, 1), (1023, 10), (1024, 11), (1 << 24, 25)] {
            assert_eq!(window_log(length), expected, "{length}");
        }
    }
}
