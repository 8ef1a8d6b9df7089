//! Entity tags and their comparison (RFC 9110 §8.8.3).

/// One entity tag as a client sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EntityTag<'a> {
    weak: bool,
    /// With its quotes.
    opaque: &'a [u8],
}

impl<'a> EntityTag<'a> {
    /// Takes one entity tag off the front of a field's value.
    fn parse(value: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (weak, rest) = match value.strip_prefix(b"W/") {
            Some(rest) => (true, rest),
            None => (false, value),
        };
        let [b'"', content @ ..] = rest else { return None };
        let end = content.iter().position(|byte| *byte == b'"')?;
        let is_tag = content[..end].iter().fold(true, |all, byte| all & is_etagc(*byte));
        let (opaque, after) = rest.split_at(end + 2);
        is_tag.then_some((Self { weak, opaque }, after))
    }

    /// The tag, if it is the whole value.
    pub(crate) fn only(value: &'a [u8]) -> Option<Self> {
        Self::parse(value).filter(|(_, rest)| rest.is_empty()).map(|(tag, _)| tag)
    }

    /// Strong comparison with a strong tag of ours (§8.8.3.2).
    pub(crate) fn is_strongly(&self, ours: &str) -> bool {
        !self.weak && self.opaque == ours.as_bytes()
    }

    /// Weak comparison with a strong tag of ours (§8.8.3.2).
    pub(crate) fn is_weakly(&self, ours: &str) -> bool {
        self.opaque == ours.as_bytes()
    }
}

/// The entity tags of a list (`#entity-tag`). It ends where it is not well-formed.
pub(crate) fn list(mut value: &[u8]) -> impl Iterator<Item = EntityTag<'_>> {
    std::iter::from_fn(move || {
        while let [b' ' | b'\t' | b',', rest @ ..] = value {
            value = rest;
        }
        let (tag, rest) = EntityTag::parse(value)?;
        value = rest;
        matches!(rest.trim_ascii_start(), [] | [b',', ..]).then_some(tag)
    })
}

/// `etagc`: any visible character but the quote, and bytes above ASCII.
fn is_etagc(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x7e | 0x80..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn tags(value: &str, expected: &[&str]) {
        let found: Vec<String> = list(value.as_bytes())
            .map(|tag| {
                let weak = if tag.weak { "W/" } else { "" };
                format!("{weak}{}", String::from_utf8_lossy(tag.opaque))
            })
            .collect();
        assert_eq!(found, expected, "{value}");
    }

    #[test]
    fn lists() {
        tags(r#""a""#, &[r#""a""#]);
        tags(r#""a", W/"b" ,"c""#, &[r#""a""#, r#"W/"b""#, r#""c""#]);
        tags(r#""a,b""#, &[r#""a,b""#]);
        tags(r#", ,"a",,"#, &[r#""a""#]);
        tags(r#""""#, &[r#""""#]);
        tags("", &[]);
    }

    #[test]
    fn a_list_ends_where_it_is_malformed() {
        tags("a", &[]);
        tags(r#""a"#, &[]);
        tags(r#"w/"a""#, &[]);
        tags(r#""a" "b""#, &[]);
        tags(r#""a", b, "c""#, &[r#""a""#]);
        tags(r#""a b""#, &[]);
    }

    #[test]
    fn comparison() {
        let strong = EntityTag::only(br#""a""#).unwrap();
        let weak = EntityTag::only(br#"W/"a""#).unwrap();
        let ours = r#""a""#;
        assert!(strong.is_strongly(ours) && strong.is_weakly(ours));
        assert!(!weak.is_strongly(ours) && weak.is_weakly(ours));
        assert!(!strong.is_weakly(r#""b""#));
        assert_eq!(EntityTag::only(br#""a", "b""#), None);
    }
}
