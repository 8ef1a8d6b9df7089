//! The parts of a text that may be digests: runs of letters with the length of a digest.

use std::ops::Range;

use super::unescaped::Unescaped;

/// The fewest letters that can be nothing but the beginning of a digest: 64 bits in hex.
pub(super) const SHORTEST: usize = 16;

/// The fewest letters of a whole digest: those of MD5 in base64.
const SHORTEST_WHOLE: usize = 22;

/// The runs of letters of hex, base64 or base64url that have the length of a digest, or may be the
/// beginning of one in hex, each with its text. Escapes within them are understood.
pub(super) fn tokens(original: &[u8]) -> Vec<(Range<usize>, String)> {
    let unescaped = Unescaped::new(original);
    let text = &*unescaped.text;
    // Most runs that are too short for a whole digest are names in code.
    let is_hex = |run: &Range<usize>| {
        text[run.clone()].iter().filter(|byte| byte.is_ascii_hexdigit()).count() >= SHORTEST
    };
    long_runs(text)
        .filter(|run| run.len() >= SHORTEST_WHOLE || is_hex(run))
        .flat_map(|run| {
            let digest = |run| padded(text, without_algorithm(text, run));
            let standard = runs(run.clone(), |at| is_of_base64(text[at])).map(digest);
            let standard = standard.filter(|run| is_digest(text, run) || is_cut(text, run));
            let url = runs(run.clone(), |at| is_of_base64url(text[at])).map(digest);
            let url = url.filter(|run| is_url_digest(text, run));
            // Hex may have other letters before it, as in `0x…` and `sha256/…`.
            let hex =
                runs(run, |at| text[at].is_ascii_hexdigit()).filter(|run| is_glued(text, run));
            standard.chain(url).chain(hex).collect::<Vec<_>>()
        })
        .map(|run| {
            let token = String::from_utf8_lossy(&text[run.clone()]).into_owned();
            (unescaped.original(run.start)..unescaped.original(run.end), token)
        })
        .collect()
}

/// The runs of letters of base64 or base64url that are long enough for a digest. Such a run covers
/// one of every [`SHORTEST`] places, so most of a text is never looked at.
fn long_runs(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let is_letter = |byte: &u8| IS_LETTER[usize::from(*byte)];
    let mut next = 0;
    std::iter::from_fn(move || {
        while let Some(probe) = text.get(next + SHORTEST - 1) {
            let probed = next + SHORTEST - 1;
            if !is_letter(probe) {
                next = probed + 1;
                continue;
            }
            let before = text[next..probed].iter().rev().take_while(|byte| is_letter(byte)).count();
            let after = text[probed..].iter().take_while(|byte| is_letter(byte)).count();
            next = probed + after;
            if before + after >= SHORTEST {
                return Some(probed - before..next);
            }
        }
        None
    })
}

/// Whether each byte is a letter of base64 or base64url.
static IS_LETTER: [bool; 256] = {
    let mut is_letter = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        is_letter[byte] = is_of_base64(byte as u8) || is_of_base64url(byte as u8);
        byte += 1;
    }
    is_letter
};

/// The runs of places of which something is true.
fn runs(within: Range<usize>, is: impl Fn(usize) -> bool) -> impl Iterator<Item = Range<usize>> {
    let mut next = within.start;
    std::iter::from_fn(move || {
        let start = (next..within.end).find(|at| is(*at))?;
        let end = (start..within.end).find(|at| !is(*at)).unwrap_or(within.end);
        next = end;
        Some(start..end)
    })
}

/// RFC 4648 §4.
const fn is_of_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// RFC 4648 §5.
const fn is_of_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// A run with the padding behind it.
fn padded(text: &[u8], run: Range<usize>) -> Range<usize> {
    let padding = text[run.end..].iter().take(2).take_while(|byte| **byte == b'=').count();
    run.start..run.end + padding
}

/// A run without the name of an algorithm before the digest: `sha256-…` as in `integrity`, or
/// `sha256/…`.
fn without_algorithm(text: &[u8], run: Range<usize>) -> Range<usize> {
    const NAMES: [&[u8]; 5] = [b"md5", b"sha1", b"sha256", b"sha384", b"sha512"];
    let begins =
        |name: &&&[u8]| matches!(text[run.clone()].strip_prefix(**name), Some([b'-' | b'/', ..]));
    let name = NAMES.iter().find(begins);
    run.start + name.map_or(0, |name| name.len() + 1)..run.end
}

/// Whether a run of hex is as long as a digest, and stands among other letters of base64.
fn is_glued(text: &[u8], run: &Range<usize>) -> bool {
    let is_letter =
        |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(|byte| is_of_base64(*byte));
    let neighbours = is_letter(run.start.checked_sub(1)) || is_letter(Some(run.end));
    matches!(run.len(), 32 | 40 | 64 | 96 | 128) && neighbours
}

/// Whether a run may be the beginning of a digest in hex. The name of a file is none: what has a
/// digest in its name is known by that name.
fn is_cut(text: &[u8], run: &Range<usize>) -> bool {
    const LONGEST: usize = 127;
    let token = &text[run.clone()];
    let has = |is: fn(&u8) -> bool| token.iter().any(is);
    let has_letters = has(u8::is_ascii_lowercase) != has(u8::is_ascii_uppercase);
    let is_in_name = text.get(run.end) == Some(&b'.')
        && text.get(run.end + 1).is_some_and(u8::is_ascii_alphanumeric);
    (SHORTEST..=LONGEST).contains(&token.len())
        && token.iter().all(u8::is_ascii_hexdigit)
        && has_letters
        && has(u8::is_ascii_digit)
        && !is_in_name
        && !is_pattern(token)
        && !is_number(token)
}

/// Whether each letter comes once, as in `0123456789abcdef`, or almost all are the same few. One of
/// a million digests of 16 letters in hex has no letter twice, and less have four letters.
fn is_pattern(token: &[u8]) -> bool {
    const FEW: usize = 4;
    let mut seen = [false; 256];
    token.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    let distinct = seen.iter().filter(|seen| **seen).count();
    distinct == token.len() || distinct <= FEW
}

/// Whether it is a number with an exponent: `17976931348623157e292`.
fn is_number(token: &[u8]) -> bool {
    let exponent = token.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let [before @ .., letter] = &token[..token.len() - exponent] else { return false };
    exponent <= 3 && letter.eq_ignore_ascii_case(&b'e') && before.iter().all(u8::is_ascii_digit)
}

fn is_digest(text: &[u8], run: &Range<usize>) -> bool {
    let token = &text[run.clone()];
    let is_hex = token.iter().all(u8::is_ascii_hexdigit);
    let letters = token.iter().take_while(|byte| **byte != b'=').count();
    match (letters, token.len() - letters) {
        (32 | 40 | 64 | 96 | 128, 0) if is_hex => true,
        (letters, padding) => is_base64(&token[..letters], padding),
    }
}

/// Whether it is in base64url alone. Long names have no capitals, or few with many words.
fn is_url_digest(text: &[u8], run: &Range<usize>) -> bool {
    let token = &text[run.clone()];
    let letters = token.iter().take_while(|byte| **byte != b'=').count();
    let capitals = token.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let separators = token.iter().filter(|byte| matches!(byte, b'-' | b'_')).count();
    is_base64(&token[..letters], token.len() - letters)
        && separators > 0
        && capitals > 0
        && (6 * capitals >= letters || 12 * separators < letters)
        && token.iter().any(u8::is_ascii_digit)
}

/// Whether these letters, with so much padding or none behind them, may be a digest.
fn is_base64(letters: &[u8], padding: usize) -> bool {
    let is_length =
        matches!((letters.len(), padding), (22 | 86, 0 | 2) | (27 | 43, 0 | 1) | (64, 0));
    // Among 43 letters of a digest, one comes twice but for one digest of 100 million.
    let is_pattern = || letters.len() >= 43 && is_pattern(letters);
    is_length && ends_in_zeros(letters) && !is_name(letters) && !is_pattern()
}

/// Whether the bits of the last letter that stand for nothing are zero (RFC 4648 §3.5).
fn ends_in_zeros(letters: &[u8]) -> bool {
    let unused = match letters.len() % 4 {
        2 => 0b1111,
        3 => 0b11,
        _ => 0,
    };
    let value = letters.last().map_or(0, |last| match last {
        b'A'..=b'Z' => last - b'A',
        b'a'..=b'z' => last - b'a' + 26,
        b'0'..=b'9' => last - b'0' + 52,
        b'+' | b'-' => 62,
        _ => 63,
    });
    value & unused == 0
}

/// Whether it is like the name of a function, or a path: without digits, and with few capitals. Of
/// the digests of MD5 in base64, the shortest, 3 in 10,000 are so.
fn is_name(letters: &[u8]) -> bool {
    let capitals = letters.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    4 * capitals <= letters.len() && !letters.iter().any(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_a_digests_length() {
        let finds = |text: &str, expected: &[&str]| {
            let found: Vec<_> = tokens(text.as_bytes()).into_iter().map(|(_, text)| text).collect();
            assert_eq!(found, expected, "{text}");
        };
        let md5 = "900150983cd24fb0d6963f7d28e17f72";
        let sha256 = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
        finds(&format!("{{revision:\"{md5}\"}}"), &[md5]);
        finds(&format!("0x{md5},v{md5}"), &[md5, md5]);
        finds(&format!("sha256/{sha256},blobs/md5/{md5}"), &[sha256, md5]);
        finds(&format!("{md5}0"), &[&format!("{md5}0")]);
        finds(&format!("{}0", md5.repeat(4)), &[]);
        finds(&format!("'sha256-{sha256}' 'self'"), &[sha256]);
        finds(&format!("\"sha256-{}\"", sha256.replace('/', "\\/")), &[sha256]);
        finds(&sha256.replace('+', "&#43;").replace('=', "\\u003D"), &[sha256]);
        finds(&sha256[..43], &[&sha256[..43]]);
        let url = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0";
        finds(&format!("sha256-{url},{url}="), &[url, &format!("{url}=")]);
        finds("a-long-name-of-letters", &[]);
        finds(&format!("{}B {}B=", &sha256[..21], &sha256[..42]), &[]);
        finds("getElementsByClassNewZ getElementsByClassNewQ== js/tests/integration/rolluc", &[]);
        finds("dom_json_schema_2020_12_src_elements_JSONSchema_JSONSchema_other", &[]);
        finds("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", &[]);
        finds("0123456789abcdef 17976931348623157e292 fedcba9876543210 15FF55DD55FF55DD", &[]);
        for before in 0..2 * SHORTEST {
            finds(&format!("{}{md5} {md5}", "a ".repeat(before)), &[md5, md5]);
            finds(&format!("{}{} {md5}", " ".repeat(before), &md5[..SHORTEST - 1]), &[md5]);
        }
        finds("no digest here", &[]);
        finds(&format!("\"hash\":\"{}\"", &md5[..16]), &[&md5[..16]]);
        finds(&format!("sha256-{}", &md5[..20].to_uppercase()), &[&md5[..20].to_uppercase()]);
        finds(&format!("\"{}\" app-{}.js", &md5[..15], &md5[..20]), &[]);
        finds("M0.1234567890123456L1234567890abcdEF deadbeefdeadbeef", &[]);
        finds(&"A".repeat(100), &[]);
        finds("", &[]);
    }

    #[test]
    fn spans_are_of_the_text() {
        let text = br#"{"a":"kAFQmDzST7DWlj99KOF\/cg=="}"#;
        let [(span, token)] = &tokens(text)[..] else { panic!("it has one") };
        assert_eq!(
            (&text[span.clone()], token.as_str()),
            (&br"kAFQmDzST7DWlj99KOF\/cg=="[..], "kAFQmDzST7DWlj99KOF/cg==",)
        );
    }
}
