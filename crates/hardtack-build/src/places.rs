//! Many places in one text, each found in a time that does not depend on the text's length.

use crate::Place;

/// The distance of two marks in bytes.
const STEP: usize = 4096;

/// A text with its line breaks and the counts of its characters.
pub(crate) struct Places<'a> {
    text: &'a [u8],
    line_breaks: Vec<usize>,
    /// The number of characters before each multiple of [`STEP`].
    marks: Vec<usize>,
}

impl<'a> Places<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        let line_breaks = memchr::memchr_iter(b'\n', text).collect();
        let counted = text.chunks(STEP).scan(0, |before, chunk| {
            let mark = *before;
            *before += characters(chunk);
            Some(mark)
        });
        Self { text, line_breaks, marks: counted.collect() }
    }

    /// The place of a byte offset.
    pub(crate) fn at(&self, offset: usize) -> Place {
        let lines = self.line_breaks.partition_point(|at| *at < offset);
        let start = lines.checked_sub(1).map_or(0, |last| self.line_breaks[last] + 1);
        Place { line: lines + 1, column: self.before(offset) - self.before(start) + 1 }
    }

    /// The number of characters before an offset.
    fn before(&self, offset: usize) -> usize {
        let mark = (offset / STEP).min(self.marks.len().saturating_sub(1));
        self.marks.get(mark).copied().unwrap_or(0) + characters(&self.text[mark * STEP..offset])
    }
}

/// The number of characters in UTF-8: each has one byte that continues none.
fn characters(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

impl Place {
    /// The place of a byte offset in a text.
    pub(crate) fn at(text: &[u8], offset: usize) -> Self {
        let before = &text[..offset];
        let start = memchr::memrchr(b'\n', before).map_or(0, |line_break| line_break + 1);
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        Self { line, column: characters(&before[start..]) + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters() {
        let is = |text: &str, offset: usize, line: usize, column: usize| {
            assert_eq!(Place::at(text.as_bytes(), offset), Place { line, column }, "{text}");
        };
        let text = "é\nab é x";
        is(text, 0, 1, 1);
        is(text, 2, 1, 2);
        is(text, 3, 2, 1);
        is(text, 9, 2, 6);
        is("", 0, 1, 1);
    }

    #[test]
    fn many_places_are_those_of_each() {
        for text in ["é\nab é\n".repeat(3000), "é".repeat(5000), "x".repeat(STEP), String::new()]
        {
            let places = Places::new(text.as_bytes());
            for (offset, _) in text.char_indices().chain([(text.len(), ' ')]) {
                assert_eq!(places.at(offset), Place::at(text.as_bytes(), offset), "{offset}");
            }
        }
    }
}
