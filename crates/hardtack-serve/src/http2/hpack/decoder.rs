//! The decoding of header blocks (RFC 7541 §3, §6).

use super::dynamic_table::{DynamicTable, Name, TABLE_SIZE};
use super::static_table::STATIC_TABLE;
use super::{BlockError, Fields, Malformed, huffman, integer};

/// The prefix of a literal field with incremental indexing, in bits (§6.2.1).
const WITH_INDEXING: u32 = 6;
/// A block isn't decoded any further when its fields are so many times larger than the limit.
const FAR_TOO_LARGE: usize = 4;

/// Decodes the header blocks of one connection, all of them, in their order.
#[derive(Debug)]
pub(crate) struct Decoder {
    table: DynamicTable,
}

impl Decoder {
    /// The size that its table has from the beginning, and never exceeds.
    pub(crate) const TABLE_SIZE: usize = TABLE_SIZE;

    pub(crate) fn new() -> Self {
        Self::with_limit(TABLE_SIZE)
    }

    fn with_limit(limit: usize) -> Self {
        Self { table: DynamicTable::new(limit) }
    }

    /// Decodes a whole header block.
    ///
    /// It adds fields until the size of `fields` is beyond `most`.
    /// The one that goes beyond is added too, so the caller can tell.
    /// The rest is decoded only to keep the dynamic table in step with the client's.
    ///
    /// Some fields may have been added even if there's an error. It's one if all fields are several times as
    /// large as `most`.
    pub(crate) fn decode(
        &mut self,
        mut block: &[u8],
        most: usize,
        fields: &mut Fields,
    ) -> Result<(), BlockError> {
        self.size_updates(&mut block)?;
        let mut size = 0_usize;
        while let Some(first) = block.first() {
            let kept = fields.size() <= most;
            size += match first.leading_zeros() {
                0 => self.indexed(&mut block, kept, fields)?,
                1 => self.literal::<6>(&mut block, kept, fields)?,
                2 => return Err(BlockError::Malformed), // A size update that isn't at the beginning.
                _ => self.literal::<4>(&mut block, kept, fields)?,
            };
            if size > most.saturating_mul(FAR_TOO_LARGE) {
                return Err(BlockError::TooLarge);
            }
        }
        Ok(())
    }

    /// Size updates: `001` (§6.3). They are allowed at the beginning of a block only (§4.2).
    fn size_updates(&mut self, block: &mut &[u8]) -> Result<(), Malformed> {
        while block.first().is_some_and(|first| first.leading_zeros() == 2) {
            self.table.resize(to_usize(integer::decode::<5>(block)?)?)?;
        }
        Ok(())
    }

    /// An indexed field: `1` (§6.1). Returns its size.
    fn indexed(
        &self,
        block: &mut &[u8],
        kept: bool,
        fields: &mut Fields,
    ) -> Result<usize, Malformed> {
        let (name, value) = match self.place(integer::decode::<7>(block)?)? {
            Place::Static((name, value)) => (name.as_bytes(), value.as_bytes()),
            Place::Dynamic((name, value)) => (name.as_bytes(), value),
        };
        if kept {
            fields.push(name, value);
        }
        Ok(DynamicTable::size_of(name, value))
    }

    /// A literal field with a prefix of so many bits: 6 with incremental indexing (`01`, §6.2.1), 4 without
    /// indexing or never indexed (`0000` and `0001`, §6.2.2 and §6.2.3). Returns its size.
    fn literal<const PREFIX: u32>(
        &mut self,
        block: &mut &[u8],
        kept: bool,
        fields: &mut Fields,
    ) -> Result<usize, Malformed> {
        let of_table = self.name(integer::decode::<PREFIX>(block)?)?;
        let draft = fields.start_draft();
        let start = draft.len();
        match &of_table {
            None => string(block, draft)?,
            Some(name) if kept => draft.extend_from_slice(name.as_bytes()),
            Some(_) => {}
        }
        let name_len = draft.len() - start;
        string(block, draft)?;
        let (name, value) = fields.draft().split_at_checked(name_len).ok_or(Malformed)?;
        let size = DynamicTable::size_of(of_table.as_ref().map_or(name, Name::as_bytes), value);
        if PREFIX == WITH_INDEXING {
            self.table.insert(of_table.unwrap_or_else(|| Name::Shared(name.into())), value);
        }
        if kept {
            fields.commit_draft(name_len);
        }
        Ok(size)
    }

    /// The name of an entry; none at 0, which stands before a string.
    fn name(&self, index: u32) -> Result<Option<Name>, Malformed> {
        Ok(match index {
            0 => None,
            index => Some(match self.place(index)? {
                Place::Static((name, _)) => Name::Static(name),
                Place::Dynamic((name, _)) => name.clone(),
            }),
        })
    }

    /// The entry at an index, which counts from 1 through both tables (§2.3.3).
    fn place(&self, index: u32) -> Result<Place<'_>, Malformed> {
        let index = to_usize(index)?.checked_sub(1).ok_or(Malformed)?;
        match index.checked_sub(STATIC_TABLE.len()) {
            None => STATIC_TABLE.get(index).copied().map(Place::Static),
            Some(index) => self.table.get(index).map(Place::Dynamic),
        }
        .ok_or(Malformed)
    }
}

/// An entry of one of the tables: its name and its value.
enum Place<'t> {
    Static((&'static str, &'static str)),
    Dynamic((&'t Name, &'t [u8])),
}

/// Appends the string at the front of `block` to `out` (§5.2).
fn string(block: &mut &[u8], out: &mut Vec<u8>) -> Result<(), Malformed> {
    let huffman_coded = block.first().is_some_and(|first| first.leading_zeros() == 0);
    let length = to_usize(integer::decode::<7>(block)?)?;
    let (text, rest) = block.split_at_checked(length).ok_or(Malformed)?;
    *block = rest;
    if huffman_coded {
        return huffman::decode(text, out);
    }
    out.extend_from_slice(text);
    Ok(())
}

fn to_usize(number: u32) -> Result<usize, Malformed> {
    usize::try_from(number).map_err(|_| Malformed)
}

#[cfg(test)]
mod tests;
