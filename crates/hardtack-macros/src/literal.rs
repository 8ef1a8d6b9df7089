//! A string literal, as the text that it stands for.

use proc_macro::{Delimiter, Span, TokenTree};

/// The text of the one literal that these tokens are, or the message that they are something else;
/// with their place.
pub(crate) fn parse(tokens: Vec<TokenTree>) -> (Span, Result<String, String>) {
    match &tokens[..] {
        // A macro that passes a fragment on wraps it.
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::None => {
            parse(group.stream().into_iter().collect())
        }
        [TokenTree::Literal(literal)] => (literal.span(), text(&literal.to_string())),
        [first, ..] => (first.span(), Err(NO_LITERAL.to_owned())),
        [] => (Span::call_site(), Err(NO_LITERAL.to_owned())),
    }
}

const NO_LITERAL: &str = "asset! takes the path of an asset as a string literal, such as \
    asset!(\"css/app.css\"); for a path that is known only at run time, there is Assets::asset";

/// The text of a literal (Rust reference, §2.6), which may be raw.
fn text(literal: &str) -> Result<String, String> {
    let raw = literal.strip_prefix('r').map(|it| it.trim_matches('#'));
    let quoted = raw.unwrap_or(literal);
    let Some(text) = quoted.strip_prefix('"').and_then(|it| it.strip_suffix('"')) else {
        return Err(NO_LITERAL.to_owned());
    };
    if raw.is_none() && text.contains('\\') {
        return Err("asset! knows no escapes: write the character itself".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn strings() {
        assert_eq!(text(r#""css/app.css""#), Ok("css/app.css".into()));
        assert_eq!(text(r##"r"a\b""##), Ok(r"a\b".into()));
        assert_eq!(text(r###"r##"say "hi""##"###), Ok(r#"say "hi""#.into()));
        assert_eq!(text("\"é €\""), Ok("é €".into()));
        assert_eq!(text("\"\""), Ok(String::new()));
    }

    #[test]
    fn other_literals() {
        for other in ["1", "'a'", "b\"a\"", "c\"a\"", "br\"a\"", "\"a\"suffix", "r#\"a\"#suffix"] {
            assert!(text(other).unwrap_err().starts_with("asset! takes"), "{other}");
        }
        assert!(text(r#""a\u{e9}""#).unwrap_err().contains("escapes"));
    }
}
