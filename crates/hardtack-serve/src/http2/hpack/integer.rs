//! Integers with a prefix (RFC 7541 §5.1).

use super::Malformed;

/// 32 bits need no more bytes than these after the prefix.
const MOST_CONTINUATION_BYTES: usize = 5;

/// Takes an integer off the front of `input`; its prefix is the low `PREFIX` bits of the first byte.
///
/// Integers beyond 32 bits are malformed.
/// So are those with more than five bytes after the prefix, even if the bytes add only zeros.
pub(crate) fn decode<const PREFIX: u32>(input: &mut &[u8]) -> Result<u32, Malformed> {
    let (&first, rest) = input.split_first().ok_or(Malformed)?;
    *input = rest;
    let prefix = first & prefix_mask::<PREFIX>();
    if prefix < prefix_mask::<PREFIX>() {
        return Ok(u32::from(prefix));
    }
    let more = decode_continuation(input)?;
    u32::try_from(u64::from(prefix) + more).map_err(|_| Malformed)
}

/// Appends `value`, with `pattern` in the bits of the first byte that are above the prefix.
pub(crate) fn encode<const PREFIX: u32>(pattern: u8, value: usize, out: &mut Vec<u8>) {
    let mask = prefix_mask::<PREFIX>();
    match u8::try_from(value) {
        Ok(small) if small < mask => out.push(pattern | small),
        _ => {
            out.push(pattern | mask);
            encode_continuation(value.saturating_sub(usize::from(mask)), out);
        }
    }
}

/// Appends what follows a prefix of ones: seven bits in each byte, the lowest ones first.
pub(crate) fn encode_continuation(mut value: usize, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push(0x80 | value.to_le_bytes()[0]);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

const fn prefix_mask<const PREFIX: u32>() -> u8 {
    const { u8::MAX >> (8 - PREFIX) }
}

fn decode_continuation(input: &mut &[u8]) -> Result<u64, Malformed> {
    let mut value = 0;
    let mut shift = 0;
    for _ in 0..MOST_CONTINUATION_BYTES {
        let (&byte, rest) = input.split_first().ok_or(Malformed)?;
        *input = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
        shift += 7;
    }
    Err(Malformed)
}

#[cfg(test)]
mod tests {
    use super::super::testing::hex;
    use super::*;

    #[test]
    fn round_trips() {
        round_trip::<5>(10, "0a"); // C.1.1
        round_trip::<5>(1337, "1f 9a 0a"); // C.1.2
        round_trip::<8>(42, "2a"); // C.1.3
        round_trip::<5>(0, "00");
        round_trip::<5>(30, "1e");
        round_trip::<5>(31, "1f 00");
        round_trip::<5>(31 + 127, "1f 7f");
        round_trip::<5>(31 + 128, "1f 80 01");
        round_trip::<1>(0, "00");
        round_trip::<1>(1, "01 00");
        round_trip::<7>(126, "7e");
        round_trip::<7>(127, "7f 00");
        round_trip::<8>(254, "fe");
        round_trip::<8>(255, "ff 00");
        round_trip::<8>(256, "ff 01");
        round_trip::<7>(u32::MAX, "7f 80 ff ff ff 0f");
    }

    #[track_caller]
    fn round_trip<const PREFIX: u32>(value: u32, digits: &str) {
        let bytes = hex(digits);
        let mut out = Vec::new();
        encode::<PREFIX>(0, usize::try_from(value).unwrap(), &mut out);
        assert_eq!(out, bytes);
        decodes::<PREFIX>(digits, Ok(value), "");
        for length in 0..bytes.len() {
            assert_eq!(decode::<PREFIX>(&mut bytes.get(..length).unwrap()), Err(Malformed));
        }
    }

    #[test]
    fn decodes_any_form() {
        decodes::<5>("ea ff", Ok(10), "ff"); // Bits above the prefix don't count.
        decodes::<5>("ff 9a 0a 01 02", Ok(1337), "01 02");
        decodes::<5>("1f 80 80 80 80 00 07", Ok(31), "07"); // Needless zeros, but five bytes.
    }

    #[test]
    fn rejects_what_is_too_large() {
        decodes::<5>("1f 80 80 80 80 80 00", Err(Malformed), "00");
        decodes::<7>("7f 81 ff ff ff 0f", Err(Malformed), "");
        decodes::<7>("7f 80 80 80 80 10", Err(Malformed), "");
        decodes::<7>("7f ff ff ff ff 7f", Err(Malformed), "");
        decodes::<7>("7f ff ff ff ff ff ff ff ff ff 7f", Err(Malformed), "ff ff ff ff 7f");
    }

    #[track_caller]
    fn decodes<const PREFIX: u32>(digits: &str, value: Result<u32, Malformed>, rest: &str) {
        let bytes = hex(digits);
        let mut input = &*bytes;
        assert_eq!(decode::<PREFIX>(&mut input), value);
        assert_eq!(input, hex(rest));
    }

    #[test]
    fn keeps_the_pattern() {
        let mut out = Vec::new();
        encode::<4>(0b0001_0000, 2, &mut out);
        encode::<4>(0b0001_0000, 15, &mut out);
        assert_eq!(out, hex("12 1f 00"));
    }
}
