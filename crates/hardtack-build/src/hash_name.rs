//! Hashes in file names: the parts of a name that may be hashes.

/// A part of a file name that may be a hash of the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment<'a> {
    pub(crate) text: &'a str,
    pub(crate) looks: Looks,
}

/// The similarity of a text to a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Looks {
    /// Like a word, a version or a date.
    Unlike,
    /// It has the letters of a hash, but could be a name.
    Possible,
    /// Only a hash is written like that.
    Alike,
}

/// The shortest hash that tools put into a name.
const SHORTEST: usize = 8;
/// The length of a hash that may contain `-` and `_`: Rollup's default.
const WITH_MARKS: usize = 8;

/// The parts of a file name that are long enough to be a hash and look like one, the most similar
/// first.
pub(crate) fn segments(name: &str) -> Vec<Segment<'_>> {
    sorted(stem(name).iter().flat_map(|part| of_part(part)))
}

/// The parts of a name in a folder of generated files, where a hash with marks may take all the
/// space between two dots.
pub(crate) fn segments_of_generated(name: &str) -> Vec<Segment<'_>> {
    sorted(stem(name).iter().flat_map(|part| of_part(part).into_iter().chain(segment(part))))
}

/// The parts of a name between its dots, without the extension.
fn stem(name: &str) -> Vec<&str> {
    let mut parts: Vec<_> = name.split('.').collect();
    parts.truncate(parts.len().saturating_sub(1).max(1));
    parts
}

fn sorted<'a>(segments: impl Iterator<Item = Segment<'a>>) -> Vec<Segment<'a>> {
    let mut segments: Vec<_> = segments.collect();
    // Of two, the last is the hash: tools write it behind the name.
    segments.reverse();
    segments.sort_by_key(|segment| std::cmp::Reverse(segment.looks));
    segments
}

/// A text as a segment, if it looks like a hash.
fn segment(text: &str) -> Option<Segment<'_>> {
    let looks = looks(text);
    (looks > Looks::Unlike).then_some(Segment { text, looks })
}

/// The segments between two dots of a name.
fn of_part(part: &str) -> Vec<Segment<'_>> {
    if (0..part.len()).any(|at| part.get(at..at + UUID).is_some_and(is_uuid)) {
        return Vec::new();
    }
    let words = part.split(['-', '_', '~']);
    let with_marks = part.len().checked_sub(WITH_MARKS).and_then(|at| part.split_at_checked(at));
    let with_marks =
        with_marks.filter(|(before, _)| before.is_empty() || before.ends_with(['-', '_', '~']));
    words.chain(with_marks.map(|(_, end)| end)).filter_map(segment).collect()
}

/// Length of an identifier of RFC 9562.
const UUID: usize = 36;

/// Whether a text is an identifier of RFC 9562, which names a thing and not its bytes.
fn is_uuid(text: &str) -> bool {
    let lengths: Vec<_> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|it| it.is_ascii_hexdigit() || it == b'-')
}

/// The similarity of a text to a hash in hex, base32, base36 or base64url.
pub(crate) fn looks(text: &str) -> Looks {
    let all = |is: fn(&u8) -> bool| text.bytes().all(|byte| is(&byte));
    let any = |is: fn(&u8) -> bool| text.bytes().any(|byte| is(&byte));
    let is_of_hash = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if text.len() < SHORTEST || !all(is_of_hash) || is_date(text) || is_size(text) {
        return Looks::Unlike;
    }
    // Small letters and marks alone are one hash of a thousand, and many names.
    if all(|it| it.is_ascii_lowercase() || matches!(it, b'-' | b'_')) {
        return Looks::Unlike;
    }
    let (has_digit, has_letter) = (any(u8::is_ascii_digit), any(u8::is_ascii_alphabetic));
    let is_hex = all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
        || all(|it| matches!(it, b'0'..=b'9' | b'A'..=b'F'));
    let has_mark = any(|it| matches!(it, b'-' | b'_'));
    match changes(text) {
        _ if is_hex && has_digit && has_letter => Looks::Alike,
        _ if !has_letter && text.len() == SHORTEST => Looks::Possible,
        _ if !has_letter => Looks::Unlike,
        // Chance makes a word now and then, and people put numbers among words.
        2.. if are_words(text) && has_digit && !has_mark => Looks::Possible,
        _ if are_words(text) => Looks::Unlike,
        0 if !all(u8::is_ascii_uppercase) => Looks::Unlike,
        0 | 1 => Looks::Possible,
        _ if is_irregular(text) && !is_readable(text) && LENGTHS.contains(&text.len()) => {
            Looks::Alike
        }
        _ => Looks::Possible,
    }
}

/// Whether a text is a day of these centuries, perhaps with a little more behind it.
fn is_date(text: &str) -> bool {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let begins = text.starts_with("19") || text.starts_with("20");
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    begins && digits >= 8 && text.len() <= 17 && {
        let month: u8 = text[4..6].parse().unwrap_or(0);
        let day: u8 = text[6..8].parse().unwrap_or(0);
        (1..=12).contains(&month) && (1..=31).contains(&day)
    }
}

/// The lengths of bundlers' hashes.
const LENGTHS: &[usize] = &[8, 10, 12, 13, 16, 20, 21, 22, 32, 40, 43, 64];

/// Whether letters change as in no name: capitals within a run of letters, digits among letters
/// more than twice, or only letters of base32. Names of products and standards have one number or
/// two, and may begin with a mark.
fn is_irregular(text: &str) -> bool {
    let kinds: Vec<_> = text.bytes().map(|byte| byte.is_ascii_digit()).collect();
    let runs = 1 + kinds.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let mut letters = text.split(|it: char| !it.is_ascii_alphabetic());
    let is_mixed = letters.any(|run| {
        let rest = run.get(1..).unwrap_or_default();
        let is_small = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase());
        !is_small(rest) && !run.bytes().all(|byte| byte.is_ascii_uppercase())
    });
    let is_base32 = text.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7'));
    let has_mark = text.contains(['-', '_']);
    let begins_with_mark = text.starts_with(['-', '_']);
    let is_irregular = is_mixed || runs >= 5 || is_base32 || (has_mark && changes(text) >= 4);
    is_irregular && !begins_with_mark
}

/// Whether a text has what people write and chance hardly ever does: a year or another number of
/// four digits, signs between capitals, more than one sign between words and numbers, or words that
/// follow each other by their capitals.
fn is_readable(text: &str) -> bool {
    let has_number = text.as_bytes().windows(4).any(|four| four.iter().all(u8::is_ascii_digit));
    let has_marks = text.contains(['-', '_']);
    let pieces: Vec<_> = text.split(['-', '_']).collect();
    let is_even = |piece: &&str| changes(piece) == 0;
    let are_pieces = pieces.len() > 2 && pieces.iter().all(is_even);
    has_number
        || (has_marks && !text.contains(is_small))
        || are_pieces
        || (!has_marks && are_camels(text))
}

/// Whether all letters are pieces of words, such as in `x86toArm64`, and at least one is of three.
fn are_camels(text: &str) -> bool {
    const A_WORD: usize = 3;
    let runs = text.split(|it: char| !it.is_ascii_alphabetic());
    let pieces: Vec<_> = runs.flat_map(camels).collect();
    let is_usual = |piece: &&str| {
        let small = piece.to_ascii_lowercase();
        (1..small.len()).all(|end| PAIRS.split(' ').any(|usual| usual == &small[end - 1..=end]))
    };
    // Capitals are letters of an abbreviation where there are small ones too.
    let is_word = |piece: &&str| {
        piece.len() >= A_WORD && (piece.ends_with(is_small) || !text.contains(is_small))
    };
    let singles = pieces.iter().filter(|piece| piece.len() == 1).count();
    singles < 2 && pieces.iter().any(is_word) && pieces.iter().all(is_usual)
}

/// The pieces of a run of letters, each with the capital or the abbreviation before it.
fn camels(run: &str) -> Vec<&str> {
    let begins = |at: &usize| {
        let (before, rest) = run.split_at(*at);
        rest.starts_with(is_capital)
            && (before.ends_with(is_small) || rest[1..].starts_with(is_small))
    };
    let starts: Vec<_> = (0..run.len()).filter(|at| *at == 0 || begins(at)).collect();
    let ends = starts.iter().skip(1).copied().chain([run.len()]);
    starts.iter().zip(ends).map(|(start, end)| &run[*start..end]).collect()
}

fn is_small(letter: char) -> bool {
    letter.is_ascii_lowercase()
}

fn is_capital(letter: char) -> bool {
    letter.is_ascii_uppercase()
}

/// Whether a text is the size of a picture, such as 1920x1080.
fn is_size(text: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit());
    text.split_once('x').is_some_and(|(width, height)| is_number(width) && is_number(height))
}

/// The number of changes of the kind of character, except from a capital to a small letter.
fn changes(text: &str) -> usize {
    #[derive(PartialEq)]
    enum Kind {
        Small,
        Capital,
        Digit,
        Mark,
    }
    let kind = |byte: u8| match byte {
        b'a'..=b'z' => Kind::Small,
        b'A'..=b'Z' => Kind::Capital,
        b'0'..=b'9' => Kind::Digit,
        _ => Kind::Mark,
    };
    let kinds: Vec<_> = text.bytes().map(kind).collect();
    let is_change = |pair: &&[Kind]| match pair {
        [Kind::Capital, Kind::Small] => false,
        [one, other] => one != other,
        _ => false,
    };
    kinds.windows(2).filter(is_change).count()
}

/// Whether more than half of a text is words, of which at most the first letter is a capital.
fn are_words(text: &str) -> bool {
    let in_words: usize = runs(text).filter(|run| is_word(run)).map(str::len).sum();
    2 * in_words > text.len()
}

/// The runs of letters, each with the capital before it.
fn runs(text: &str) -> impl Iterator<Item = &str> {
    let begins = |at: usize| {
        let (before, first) = (text[..at].bytes().last(), text.as_bytes()[at]);
        let is_after_letter = before.is_some_and(|it| it.is_ascii_alphabetic());
        let is_after_small = before.is_some_and(|it| it.is_ascii_lowercase());
        first.is_ascii_alphabetic()
            && (!is_after_letter || (is_after_small && first.is_ascii_uppercase()))
    };
    let starts: Vec<_> = (0..text.len()).filter(|at| begins(*at)).collect();
    starts.into_iter().map(move |start| {
        let rest = &text[start + 1..];
        let small = rest.bytes().take_while(u8::is_ascii_lowercase).count();
        &text[start..start + 1 + small]
    })
}

/// Whether a text is a word: three letters or more with a vowel, and three quarters of its pairs of
/// letters are common in English.
fn is_word(run: &str) -> bool {
    let small = run.to_ascii_lowercase();
    let pairs = || (1..small.len()).map(|end| &small[end - 1..=end]);
    let usual = pairs().filter(|pair| PAIRS.split(' ').any(|usual| usual == *pair)).count();
    run.len() >= 3
        && small.contains(['a', 'e', 'i', 'o', 'u', 'y'])
        && 4 * usual >= 3 * (run.len() - 1)
}

/// The most frequent pairs of letters in words.
const PAIRS: &str = "ac af ah ak \
     ab ad ag ai al am an ap ar as at au av aw ax ay az ba be bi bl bo br bu \
     by ca ce ch ck cl co cr ct cu da de di do ds ea eb ec ed ee ef el em en \
     ep er es et ev ew ex ey fa fe ff fi fl fo fr ft fu ga ge gh gi gl gn go \
     gr gs ha he hi ho ht hu ia ib ic id ie if il im in io ip ir is it iv ix \
     iz ke ki ks la ld le li ll lo ls lt ly ma mb me mi mm mo mp ms mu my na \
     nc nd ne ng ni nk no ns nt nu ny oa ob od of og oi ok ol om on oo op or \
     os ot ou ov ow pa pe pl po pp pr ps qu ra rc rd re rg ri rk rm rn ro rr \
     rs rt ry sa sc se sh si sk sl so sp ss st su ta te th ti tl to tr ts tt \
     tu ty ub ue ui ul um un up ur us ut va ve vi wa we wh wi wn wo ws xp xt ya \
     yo ys ze \
";

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(text: &str, expected: Looks) {
        assert_eq!(looks(text), expected, "{text}");
    }

    #[test]
    fn hashes() {
        for hash in [
            "03ad00d7",
            "42372ed130431b0a",
            "CSV5SJFB",
            "DIvNXZ5o",
            "C3xqP0aZ",
            "BqDuSYuQ",
            "D-Ln0An_",
            "DlAUqK2U",
            "575f2781e96a",
            "k3j9x0ab",
            "CxXoaCJv",
        ] {
            is(hash, Looks::Alike);
        }
    }

    #[test]
    fn what_may_be_one() {
        for text in [
            "17896441",
            "ABCDEFGH",
            "XpqrSxtz",
            "DSC01234",
            "iPhone14Pro",
            "h264baseline",
            "Cjw6xnq5",
            "_DSC1234",
            "img0001a",
            "ISO27001cert",
            "RTX4090TI",
            "WH1000XM4",
            "EN50131A",
            "GTX1080Ti",
            "B08N5WRWNW2",
            "UniJIS2004",
            "GB1-UCS2",
            "GB-EUC-H",
            "x86toArm64",
            "SHA256SUMS",
            "hx-sse-2",
            "base64decode",
            "iso8601dates",
            "md5hash32bit",
        ] {
            is(text, Looks::Possible);
        }
    }

    #[test]
    fn words_versions_and_dates() {
        for text in [
            "settings",
            "20240101",
            "20261128",
            "v20240101",
            "20260101T120000",
            "20240131T101500Z",
            "OpenSans",
            "baseline",
            "1920x1080",
            "bootstrap",
            "Regular",
            "1700000000",
            "deadbeef",
            "webpack5",
            "polyfills",
            "my-admin",
            "copy-tex",
            "xqz_wrkj",
        ] {
            is(text, Looks::Unlike);
        }
    }

    #[test]
    fn parts_of_names() {
        let first = |name: &'static str| segments(name).first().map(|segment| segment.text);
        let is = |name, expected| assert_eq!(first(name), expected, "{name}");
        is("index-DOIkT6lI.js", Some("DOIkT6lI"));
        is("index-D-Ln0An_.css", Some("D-Ln0An_"));
        is("app.B7c1x9Qz.js.map", Some("B7c1x9Qz"));
        is("main.484c7ddc.min.js", Some("484c7ddc"));
        is("03ad00d7.chunk.js", Some("03ad00d7"));
        is("0e384e19.ddebdc96.js", Some("ddebdc96"));
        is("app-42372ed130431b0a_bg.wasm", Some("42372ed130431b0a"));
        is("0f3a5b6c7d8e9f01.ttf.woff2", Some("0f3a5b6c7d8e9f01"));
        is("jquery-3.7.1.min.js", None);
        is("report-20261128.pdf", None);
        is("bootstrap.bundle.min.js", None);
        is("favicon-32x32.png", None);
        is("LICENSE", None);
        is("550e8400-e29b-41d4-a716-446655440000.png", None);
        is("avatar-550e8400-e29b-41d4-a716-446655440000_large.png", None);
    }

    #[test]
    fn parts_of_generated_names() {
        let first = |name: &'static str| segments_of_generated(name).first().map(|it| it.text);
        let is = |name, expected| assert_eq!(first(name), expected, "{name}");
        is("08mika-44sn50.js", Some("08mika-44sn50"));
        is("icon.3aee64__sipxx.svg", Some("3aee64__sipxx"));
        is("NLDFZTzYNqPIspz_JI-CX", Some("NLDFZTzYNqPIspz_JI-CX"));
        is("turbopack-2u1d16houkiyo.js", Some("2u1d16houkiyo"));
        is("error-404.js", None);
        is("_ssgManifest.js", None);
    }
}
