//! The ways in which a script makes names that do not stand in it.

use super::taking::Taking;

/// All of them in a text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Derived {
    /// `url.replace("light", "dark")`: the place, and both texts.
    pub(crate) replacements: Vec<(usize, [String; 2])>,
    pub(crate) joined: Vec<Joined>,
    pub(crate) cuts: Vec<Cut>,
    pub(crate) takings: Vec<Taking>,
    /// Where the URLs of two elements are compared.
    pub(crate) comparisons: Vec<usize>,
}

impl Derived {
    /// Adds those of a part of the text, with their places in the whole.
    pub(super) fn absorb(&mut self, part: Self, place: impl Fn(usize) -> usize) {
        let Self { replacements, joined, cuts, takings, comparisons } = part;
        self.replacements.extend(replacements.into_iter().map(|(at, texts)| (place(at), texts)));
        let joined = joined.into_iter();
        self.joined.extend(joined.map(|it| Joined { offset: place(it.offset), ..it }));
        self.cuts.extend(cuts.into_iter().map(|it| Cut { offset: place(it.offset), ..it }));
        let takings = takings.into_iter();
        self.takings.extend(takings.map(|it| Taking { offset: place(it.offset), ..it }));
        self.comparisons.extend(comparisons.into_iter().map(place));
    }
}

/// A text that a script joins.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Joined {
    pub(crate) offset: usize,
    /// The constant parts. Between each two of them is a part that is not known.
    pub(crate) parts: Vec<String>,
    pub(crate) purpose: Purpose,
    /// Whether an unknown part is from an element's URL.
    pub(crate) is_of_url: bool,
}

/// The use of a text in a script.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Purpose {
    #[default]
    Any,
    /// The script fetches a file by it.
    Fetch,
    /// The script finds an element by it, as a part of the element's URL.
    Find,
}

/// A place of a URL that a script puts another text into, which is not known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Cut {
    pub(crate) offset: usize,
    /// The words of the pattern by which the script finds the place.
    pub(crate) words: Vec<String>,
    /// Whether it may be a number.
    pub(crate) has_digits: bool,
}

impl Cut {
    /// The place that a regular expression or a text finds, if it has words.
    pub(super) fn by(pattern: &str, offset: usize) -> Option<Self> {
        let has_digits = pattern.contains("\\d") || pattern.contains("0-9");
        // The letter behind a backslash is none of the text.
        let mut pieces = pattern.split('\\');
        let first = pieces.next().into_iter();
        let text = first.chain(pieces.map(|piece| piece.get(1..).unwrap_or_default()));
        let words: Vec<_> = text
            .flat_map(|piece| piece.split(|it: char| !it.is_alphanumeric()))
            .filter(|word| word.len() > 1)
            .map(str::to_owned)
            .collect();
        (has_digits || !words.is_empty()).then_some(Self { offset, words, has_digits })
    }
}
