//! The procedural macro behind `hardtack::asset!`.
//!
//! It is of no use without the crate `hardtack`, whose items it names.

mod literal;

use std::{env, fs, iter, path::Path};

use hardtack_bundle::names::{Name, Names};
use proc_macro::{Delimiter, Group, Ident, Literal, Span, TokenStream, TokenTree};

/// Input: the path of the crate `hardtack`, as one token, and the logical path of an asset, as a
/// literal. Yields a constant `hardtack::Asset`.
#[proc_macro]
pub fn asset(input: TokenStream) -> TokenStream {
    let mut input = input.into_iter();
    let hardtack = input.next().unwrap_or_else(|| Ident::new("hardtack", Span::call_site()).into());
    let (span, logical_path) = literal::parse(input.collect());
    match logical_path.and_then(|logical_path| constant(hardtack, &logical_path)) {
        Ok(constant) => constant,
        Err(message) => at(span, error(&message)),
    }
}

/// The asset as an expression, or the message that it does not exist.
fn constant(hardtack: TokenTree, logical_path: &str) -> Result<TokenStream, String> {
    let file = env::var_os("HARDTACK_NAMES")
        .ok_or("build.rs of this package has to call hardtack_build::build_script()")?;
    let table = fs::read(&file)
        .map_err(|error| format!("cannot read {}: {error}", Path::new(&file).display()))?;
    let names = Names::new(&table).map_err(|error| error.to_string())?;
    let name = names.find(logical_path).map_err(|error| error.to_string())?;
    let block: TokenStream =
        [parse(DEPENDENCY), hardtack.into(), parse(&baked(&name))].into_iter().collect();
    Ok(parse("const").into_iter().chain(iter::once(braces(block))).collect())
}

/// Makes Cargo and caches of compilations know that the code depends on the bundle, which the
/// compiler does not see.
const DEPENDENCY: &str =
    r#"const _: &::core::primitive::str = ::core::env!("HARDTACK_BUNDLE_DIGEST");"#;

/// The call that makes the asset, after the path of the crate.
fn baked(name: &Name<'_>) -> String {
    let texts = [name.logical_path, name.path, name.plain_path, name.static_host];
    let [logical_path, path, plain_path, static_host] = texts.map(Literal::string);
    let integrity = Literal::byte_string(&name.integrity.0);
    format!("::Asset::baked({logical_path}, {path}, {plain_path}, {static_host}, {integrity})")
}

fn error(message: &str) -> TokenStream {
    parse(&format!("::core::compile_error! {{ {} }}", Literal::string(message)))
}

fn braces(tokens: TokenStream) -> TokenTree {
    Group::new(Delimiter::Brace, tokens).into()
}

/// The tokens, so that the compiler shows this place for an error in them.
fn at(span: Span, tokens: TokenStream) -> TokenStream {
    let place = |mut token: TokenTree| {
        token.set_span(span);
        token
    };
    tokens.into_iter().map(place).collect()
}

fn parse(code: &str) -> TokenStream {
    code.parse().expect("this crate writes valid tokens")
}
