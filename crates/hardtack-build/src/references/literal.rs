//! Literals: the parts of a text in which a file's name is code, and not prose.

use std::ops::Range;

/// A part of a text that code uses: a string of JavaScript, the value of an attribute, JSON.
///
/// Comments and prose are no literals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Literal {
    /// The span, without quotes.
    pub(crate) span: Range<usize>,
    pub(crate) kind: LiteralKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum LiteralKind {
    /// One string.
    String,
    /// The value of an attribute in a page: a path in it begins at the page or at the root.
    Attribute,
    /// A regular expression of JavaScript, in which a dot is written `\.`.
    Pattern,
    /// A text that contains strings, such as JSON.
    Data,
}

impl Literal {
    pub(super) fn attribute(span: Range<usize>) -> Self {
        Self { span, kind: LiteralKind::Attribute }
    }

    pub(super) fn data(span: Range<usize>) -> Self {
        Self { span, kind: LiteralKind::Data }
    }

    pub(super) fn shift(self, offset: usize) -> Self {
        Self { span: self.span.start + offset..self.span.end + offset, ..self }
    }
}

/// A part of a URL by which code looks for a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PartOfUrl {
    pub(crate) text: String,
    pub(crate) place: Where,
}

/// The place of a part in a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    Beginning,
    Anywhere,
    End,
}
