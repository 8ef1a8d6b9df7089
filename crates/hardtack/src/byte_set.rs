//! Sets of bytes, such as those that may stand in a token.

/// A set of bytes. A table makes the test of a text a few instructions a byte.
pub(crate) struct ByteSet([bool; 256]);

impl ByteSet {
    /// The letters and digits of ASCII, and these bytes.
    pub(crate) const fn alphanumeric_and(others: &[u8]) -> Self {
        let mut set = Self::of(others);
        let mut byte = 0;
        while byte < 128 {
            set.0[byte] |= (byte as u8).is_ascii_alphanumeric();
            byte += 1;
        }
        set
    }

    /// These bytes.
    pub(crate) const fn of(bytes: &[u8]) -> Self {
        let mut set = Self([false; 256]);
        let mut at = 0;
        while at < bytes.len() {
            set.0[bytes[at] as usize] = true;
            at += 1;
        }
        set
    }

    pub(crate) fn has(&self, byte: u8) -> bool {
        self.0[usize::from(byte)]
    }

    /// Whether all bytes of a text are in the set. It does not end early, since they nearly always are.
    pub(crate) fn has_all(&self, text: &[u8]) -> bool {
        text.iter().fold(true, |all, byte| all & self.has(*byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let name = ByteSet::alphanumeric_and(b"-_");
        for (text, expected) in
            [("", true), ("aZ09-_", true), ("a b", false), ("a/", false), ("é", false)]
        {
            assert_eq!(name.has_all(text.as_bytes()), expected, "{text}");
        }
    }
}
