//! Quality values (RFC 9110 §12.4.2), as in `gzip;q=0.5`.

/// A quality value in thousandths. 0 means not acceptable.
pub(crate) type Quality = u16;

const HIGHEST: Quality = 1000;

/// The members of a weighted list: names, each with its quality.
///
/// A malformed member is ignored.
pub(crate) fn members(list: &[u8]) -> impl Iterator<Item = (&[u8], Quality)> {
    list.split(|byte| *byte == b',').filter_map(member)
}

/// Splits a name and its weight.
fn member(member: &[u8]) -> Option<(&[u8], Quality)> {
    let mut parts = member.splitn(2, |byte| *byte == b';');
    let name = parts.next()?.trim_ascii();
    let quality = parts.next().map_or(Some(HIGHEST), weight)?;
    Some((name, quality))
}

/// Parses `q=` and a quality value: at most 1, at most three decimals.
pub(crate) fn weight(weight: &[u8]) -> Option<Quality> {
    let [b'q' | b'Q', b'=', value @ ..] = weight.trim_ascii() else { return None };
    let (whole, decimals) = match value {
        [whole @ (b'0' | b'1')] => (whole, &[][..]),
        [whole @ (b'0' | b'1'), b'.', decimals @ ..] => (whole, decimals),
        _ => return None,
    };
    if decimals.len() > 3 || !decimals.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let thousandths =
        decimals.iter().zip([100, 10, 1]).map(|(digit, worth)| Quality::from(digit - b'0') * worth);
    let quality = Quality::from(whole - b'0') * HIGHEST + thousandths.sum::<Quality>();
    (quality <= HIGHEST).then_some(quality)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights() {
        for (text, expected) in [
            ("q=1", Some(1000)),
            ("Q=1.000", Some(1000)),
            (" q=0.5 ", Some(500)),
            ("q=0.001", Some(1)),
            ("q=0.", Some(0)),
            ("q=1.001", None),
            ("q=0.0001", None),
            ("q=.5", None),
            ("q=2", None),
            ("q=-1", None),
            ("q = 1", None),
            ("q=", None),
            ("", None),
        ] {
            assert_eq!(weight(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn malformed_members_are_passed_over() {
        let found: Vec<_> = members(b"a, b;q=0.5;x, c;q=x,, d;q=0").collect();
        assert_eq!(found, [(&b"a"[..], 1000), (b"", 1000), (b"d", 0)]);
    }
}
