//! Decoded header sections.

/// The bytes that a field counts beyond those of its name and value (RFC 7541 §4.1, RFC 9113 §6.5.2).
pub(super) const FIELD_OVERHEAD: usize = 32;

/// The fields of a header section, in their order.
///
/// All bytes are in one buffer, so a value that's cleared and reused soon allocates nothing.
/// Behind the last field there may be a *draft*: the bytes of a field that's still being decoded.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    bytes: Vec<u8>,
    ends: Vec<Ends>,
}

/// Where a field's name and value end in the bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Ends {
    name: usize,
    value: usize,
}

impl Fields {
    pub(crate) const fn new() -> Self {
        Self { bytes: Vec::new(), ends: Vec::new() }
    }

    /// Removes all fields, but keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    pub(crate) fn push(&mut self, name: &[u8], value: &[u8]) {
        let draft = self.start_draft();
        draft.extend_from_slice(name);
        draft.extend_from_slice(value);
        self.commit_draft(name.len());
    }

    /// The names and values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
        self.ends.iter().scan(0, |start, ends| {
            let name = self.bytes.get(*start..ends.name)?;
            let value = self.bytes.get(ends.name..ends.value)?;
            *start = ends.value;
            Some((name, value))
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The size that `SETTINGS_MAX_HEADER_LIST_SIZE` limits (RFC 9113 §6.5.2):
    /// each field counts its name, its value and 32 bytes.
    pub(crate) fn size(&self) -> usize {
        self.end() + self.len() * FIELD_OVERHEAD
    }

    /// Starts an empty draft, in place of any other; its bytes are to be appended.
    pub(super) fn start_draft(&mut self) -> &mut Vec<u8> {
        self.bytes.truncate(self.end());
        &mut self.bytes
    }

    pub(super) fn draft(&self) -> &[u8] {
        self.bytes.get(self.end()..).unwrap_or_default()
    }

    /// Makes the draft a field: the first `name_len` bytes are its name, the others its value.
    pub(super) fn commit_draft(&mut self, name_len: usize) {
        let value = self.bytes.len();
        let name = value.min(self.end() + name_len);
        self.ends.push(Ends { name, value });
    }

    /// Where the last field ends.
    fn end(&self) -> usize {
        self.ends.last().map_or(0, |ends| ends.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_fields() {
        keeps(&[], 0);
        keeps(&[("", "")], 32);
        keeps(&[("a", ""), ("", "b"), ("", "")], 98);
        keeps(&[(":path", "/"), ("host", "example.com"), ("host", "example.com")], 132);
    }

    #[track_caller]
    fn keeps(pairs: &[(&str, &str)], size: usize) {
        let mut fields = Fields::default();
        for _ in 0..2 {
            fields.clear();
            assert_eq!(fields.len(), 0);
            for (name, value) in pairs {
                fields.push(name.as_bytes(), value.as_bytes());
            }
            fields.start_draft().extend_from_slice(b"not a field");
            let expected = pairs.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
            assert!(fields.iter().clone().eq(expected));
            assert_eq!((fields.len(), fields.size()), (pairs.len(), size));
        }
    }

    #[test]
    fn commits_drafts() {
        let mut fields = Fields::default();
        fields.push(b"a", b"b");
        fields.start_draft().extend_from_slice(b"dropped");
        fields.start_draft().extend_from_slice(b"namevalue");
        assert_eq!(fields.draft(), b"namevalue");
        fields.commit_draft(4);
        assert_eq!(fields.draft(), b"");
        assert!(fields.iter().eq([(&b"a"[..], &b"b"[..]), (b"name", b"value")]));
    }
}
