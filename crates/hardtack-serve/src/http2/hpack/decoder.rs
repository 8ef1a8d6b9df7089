//! The decoding of header blocks (RFC 7541 §3, §6).

use super::dynamic_table::DynamicTable;
use super::static_table::STATIC_TABLE;
use super::{Fields, Malformed, huffman, integer};

/// The initial `SETTINGS_HEADER_TABLE_SIZE` (RFC 9113 §6.5.2).
const TABLE_SIZE: usize = 4096;

/// Decodes the header blocks of one connection, all of them, in their order.
#[derive(Debug)]
pub(crate) struct Decoder {
    table: DynamicTable,
}

impl Decoder {
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
    /// Some fields may have been added even if the block is malformed.
    pub(crate) fn decode(
        &mut self,
        mut block: &[u8],
        most: usize,
        fields: &mut Fields,
    ) -> Result<(), Malformed> {
        self.size_updates(&mut block)?;
        while let Some(first) = block.first() {
            let kept = fields.size() <= most;
            match first.leading_zeros() {
                0 => self.indexed(&mut block, kept, fields)?,
                1 => self.literal_with_indexing(&mut block, kept, fields)?,
                2 => return Err(Malformed), // A size update that isn't at the beginning.
                _ => self.literal_without_indexing(&mut block, kept, fields)?,
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

    /// An indexed field: `1` (§6.1).
    fn indexed(&self, block: &mut &[u8], kept: bool, fields: &mut Fields) -> Result<(), Malformed> {
        let (name, value) = self.lookup(integer::decode::<7>(block)?)?;
        if kept {
            fields.push(name, value);
        }
        Ok(())
    }

    /// A literal field with incremental indexing: `01` (§6.2.1).
    fn literal_with_indexing(
        &mut self,
        block: &mut &[u8],
        kept: bool,
        fields: &mut Fields,
    ) -> Result<(), Malformed> {
        let name_len = self.draft_literal::<6>(block, true, fields)?;
        self.table.insert(fields.draft(), name_len);
        if kept {
            fields.commit_draft(name_len);
        }
        Ok(())
    }

    /// A literal field without indexing: `0000` (§6.2.2), or never indexed: `0001` (§6.2.3).
    fn literal_without_indexing(
        &self,
        block: &mut &[u8],
        kept: bool,
        fields: &mut Fields,
    ) -> Result<(), Malformed> {
        let name_len = self.draft_literal::<4>(block, kept, fields)?;
        if kept {
            fields.commit_draft(name_len);
        }
        Ok(())
    }

    /// Makes a literal field the draft of `fields`, and returns the length of its name.
    ///
    /// The name is left out if it's in a table and not `used`: one byte may stand for thousands.
    fn draft_literal<const PREFIX: u32>(
        &self,
        block: &mut &[u8],
        used: bool,
        fields: &mut Fields,
    ) -> Result<usize, Malformed> {
        let draft = fields.start_draft();
        match integer::decode::<PREFIX>(block)? {
            0 => string(block, draft)?,
            index => {
                let (name, _) = self.lookup(index)?;
                draft.extend_from_slice(if used { name } else { b"" });
            }
        }
        let name_len = fields.draft().len();
        string(block, fields.draft_mut())?;
        Ok(name_len)
    }

    /// The name and value at an index, which counts from 1 through both tables (§2.3.3).
    fn lookup(&self, index: u32) -> Result<(&[u8], &[u8]), Malformed> {
        let index = to_usize(index)?.checked_sub(1).ok_or(Malformed)?;
        match index.checked_sub(STATIC_TABLE.len()) {
            None => {
                STATIC_TABLE.get(index).map(|(name, value)| (name.as_bytes(), value.as_bytes()))
            }
            Some(index) => self.table.get(index),
        }
        .ok_or(Malformed)
    }
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
