//! A line of `_redirects`.

/// A line in its parts, as written.
pub(super) struct Line<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) status: u16,
    /// `!` behind the status: the line takes precedence over a file.
    pub(super) is_forced: bool,
}

impl<'a> Line<'a> {
    pub(super) fn parse(line: &'a str) -> Result<Self, String> {
        let words = line.split_whitespace().take_while(|word| !word.starts_with('#'));
        let words: Vec<_> = words.collect();
        let is_target = |word: &&str| word.starts_with('/') || word.contains("://");
        let Some((from, rest)) = words.split_first() else { return Err(Self::EXPECTED.into()) };
        let Some(place) = rest.iter().position(is_target) else {
            return Err(Self::EXPECTED.into());
        };
        if let Some(parameter) = rest[..place].first() {
            return Err(format!("{parameter:?} is about the query, which is not looked at"));
        }
        let status = rest.get(place + 1).copied().unwrap_or("301");
        if let Some(condition) = rest[place..].iter().skip(1).find(|word| word.contains('=')) {
            return Err(format!("{condition:?} is about the visitor, who is not looked at"));
        }
        if let Some(word) = rest.get(place + 2) {
            return Err(format!("{word:?} follows the status. {}", Self::EXPECTED));
        }
        let is_forced = status.ends_with('!');
        let status = number(status.trim_end_matches('!'))?;
        Ok(Self { from, to: rest[place], status, is_forced })
    }

    const EXPECTED: &'static str = "A line is a path, where it leads, and perhaps a status";
}

fn number(status: &str) -> Result<u16, String> {
    match status {
        "200" | "301" | "302" | "303" | "307" | "308" | "404" => {
            Ok(status.parse().expect("these are numbers"))
        }
        _ => Err(format!(
            "{status:?} is no status of a redirect: 301, 302, 303, 307, 308, 200 or 404",
        )),
    }
}
