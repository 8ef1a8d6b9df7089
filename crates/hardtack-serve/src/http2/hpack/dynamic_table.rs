//! The dynamic table (RFC 7541 §2.3.2, §4), as its two sides keep it.

use std::{collections::VecDeque, sync::Arc};

use super::Malformed;
use super::fields::FIELD_OVERHEAD;

/// The initial size of both tables of a connection (`SETTINGS_HEADER_TABLE_SIZE`, RFC 9113 §6.5.2). Neither
/// side uses more here.
pub(super) const TABLE_SIZE: usize = 4096;

/// The fields that an encoder has added, the newest one first.
#[derive(Debug)]
pub(super) struct DynamicTable {
    entries: VecDeque<Entry>,
    /// The sum of the entries' sizes, at most `max_size`.
    size: usize,
    /// The size that the encoder has chosen last, at most `limit`.
    max_size: usize,
    /// The largest size that the decoder allows (`SETTINGS_HEADER_TABLE_SIZE`).
    limit: usize,
}

#[derive(Debug)]
struct Entry {
    name: Name,
    value: Box<[u8]>,
}

/// A name, which further entries may have in common: a byte may stand for a long one.
#[derive(Clone, Debug)]
pub(super) enum Name {
    /// Of the static table.
    Static(&'static str),
    Shared(Arc<[u8]>),
}

impl Name {
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Static(name) => name.as_bytes(),
            Self::Shared(name) => name,
        }
    }
}

impl Entry {
    fn size(&self) -> usize {
        DynamicTable::size_of(self.name.as_bytes(), &self.value)
    }
}

impl DynamicTable {
    /// An empty table with at most `limit` bytes, all of which may be used from the beginning.
    pub(super) fn new(limit: usize) -> Self {
        Self { entries: VecDeque::new(), size: 0, max_size: limit, limit }
    }

    /// The name and value at `index`, which is 0 for the newest entry.
    pub(super) fn get(&self, index: usize) -> Option<(&Name, &[u8])> {
        self.entries.get(index).map(|entry| (&entry.name, &*entry.value))
    }

    /// The index of an entry with this name and value.
    pub(super) fn find(&self, name: &[u8], value: &[u8]) -> Option<usize> {
        self.entries.iter().position(|it| *it.value == *value && it.name.as_bytes() == name)
    }

    /// The size of an entry (§4.1).
    pub(super) fn size_of(name: &[u8], value: &[u8]) -> usize {
        name.len() + value.len() + FIELD_OVERHEAD
    }

    /// The size that entries may have together.
    pub(super) fn max_size(&self) -> usize {
        self.max_size
    }

    /// Applies a size update (§4.3, §6.3).
    pub(super) fn resize(&mut self, max_size: usize) -> Result<(), Malformed> {
        if max_size > self.limit {
            return Err(Malformed);
        }
        self.max_size = max_size;
        self.evict_to(max_size);
        Ok(())
    }

    /// Adds an entry.
    ///
    /// It evicts the oldest entries to make room, all of them if it's larger than the table (§4.4).
    pub(super) fn insert(&mut self, name: Name, value: &[u8]) {
        let size = Self::size_of(name.as_bytes(), value);
        let Some(room) = self.max_size.checked_sub(size) else {
            return self.evict_to(0);
        };
        self.evict_to(room);
        self.entries.push_front(Entry { name, value: value.into() });
        self.size += size;
    }

    fn evict_to(&mut self, size: usize) {
        while self.size > size
            && let Some(entry) = self.entries.pop_back()
        {
            self.size -= entry.size();
        }
    }
}

#[cfg(test)]
impl DynamicTable {
    /// The entries and their size.
    pub(super) fn contents(&self) -> (Vec<(String, String)>, usize) {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let entries = (0..self.entries.len()).map(|index| self.get(index).unwrap());
        (entries.map(|(name, value)| (text(name.as_bytes()), text(value))).collect(), self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evicts_the_oldest_entries() {
        evicts(100, &["a", "b"], "b a", 66);
        evicts(66, &["a", "b"], "b a", 66);
        evicts(65, &["a", "b"], "b", 33);
        evicts(99, &["a", "b", "c", "d"], "d c b", 99);
        evicts(99, &["a", "b", "c", "dd"], "dd c", 67);
        evicts(33, &["a"], "a", 33);
        evicts(33, &["a", "bb"], "", 0); // Larger than the table.
        evicts(33, &["bb", "a"], "a", 33);
        evicts(0, &["a", ""], "", 0);
    }

    #[track_caller]
    fn evicts(limit: usize, names: &[&str], left: &str, size: usize) {
        let mut table = DynamicTable::new(limit);
        for name in names {
            table.insert(Name::Shared(name.as_bytes().into()), b"");
        }
        let (entries, actual_size) = table.contents();
        let names: Vec<&str> = entries.iter().map(|(name, _)| &**name).collect();
        assert_eq!((&*names.join(" "), actual_size), (left, size));
    }

    #[test]
    fn resizes() {
        resizes_to(&[99], Ok(()), 3);
        resizes_to(&[98], Ok(()), 2);
        resizes_to(&[0], Ok(()), 0);
        resizes_to(&[66, 99], Ok(()), 2);
        resizes_to(&[100], Err(Malformed), 3);
    }

    #[track_caller]
    fn resizes_to(sizes: &[usize], result: Result<(), Malformed>, left: usize) {
        let mut table = DynamicTable::new(99);
        (0..3).for_each(|_| table.insert(Name::Static("a"), b""));
        assert_eq!(sizes.iter().try_for_each(|size| table.resize(*size)), result);
        assert_eq!((table.entries.len(), table.size), (left, left * 33));
    }
}
