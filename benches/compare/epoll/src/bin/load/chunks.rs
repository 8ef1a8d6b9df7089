//! The chunked transfer coding (RFC 9112 §7.1), of which only the lengths matter.

#[derive(Clone, Copy)]
pub struct Chunks {
    place: Place,
    size: usize, // of the chunk whose head is read
    decoded: usize,
}

#[derive(Clone, Copy)]
enum Place {
    Size,
    Extension,
    Data { left: usize },
    AfterData,
    Trailer { line_is_empty: bool },
}

impl Chunks {
    pub fn new() -> Self {
        Self { place: Place::Size, size: 0, decoded: 0 }
    }

    /// The length of the whole content, once `part` ends it.
    pub fn take(&mut self, mut part: &[u8]) -> Result<Option<usize>, String> {
        while let Some((&byte, rest)) = part.split_first() {
            if let Place::Data { left } = self.place {
                let here = left.min(part.len());
                self.decoded += here;
                part = &part[here..];
                self.place =
                    if here == left { Place::AfterData } else { Place::Data { left: left - here } };
                continue;
            }
            part = rest;
            self.place = match (self.place, byte) {
                (Place::Size | Place::Extension, b'\n') if self.size == 0 => {
                    Place::Trailer { line_is_empty: true }
                }
                (Place::Size | Place::Extension, b'\n') => Place::Data { left: self.size },
                (Place::Size, b';' | b'\r') | (Place::Extension, _) => Place::Extension,
                (Place::Size, digit) => {
                    let digit = char::from(digit).to_digit(16).ok_or("a chunk without a size")?;
                    self.size = self.size * 16 + digit as usize;
                    Place::Size
                }
                (Place::AfterData, b'\n') => {
                    self.size = 0;
                    Place::Size
                }
                (Place::Trailer { line_is_empty: true }, b'\n') if part.is_empty() => {
                    return Ok(Some(self.decoded));
                }
                (Place::Trailer { line_is_empty: true }, b'\n') => {
                    return Err("bytes after a response".to_owned());
                }
                (Place::Trailer { .. }, b'\n') => Place::Trailer { line_is_empty: true },
                (Place::Trailer { .. }, b'\r') => self.place,
                (Place::Trailer { .. }, _) => Place::Trailer { line_is_empty: false },
                (place, _) => place,
            };
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::Chunks;

    #[test]
    fn the_length_of_a_content_however_it_is_cut() {
        let bytes = b"4\r\nabcd\r\n1a;x=1\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nT: 1\r\n\r\n";
        for cut in 0..bytes.len() {
            let mut chunks = Chunks::new();
            assert_eq!(chunks.take(&bytes[..cut]), Ok(None), "{cut}");
            assert_eq!(chunks.take(&bytes[cut..]), Ok(Some(30)), "{cut}");
        }
    }

    #[test]
    fn what_is_not_chunked_is_an_error() {
        assert!(Chunks::new().take(b"hello").is_err());
    }
}
