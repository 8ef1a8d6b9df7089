//! Assets in templates.
//!
//! An [`Asset`](crate::Asset) displays as its URL, which is enough for askama and maud. The other
//! engines call functions, which this module makes.

#[cfg(feature = "askama")]
mod askama;
#[cfg(feature = "maud")]
mod maud;
#[cfg(feature = "minijinja")]
mod minijinja;
#[cfg(feature = "tera")]
mod tera;

#[cfg(any(feature = "minijinja", feature = "tera"))]
use crate::{Assets, Tag, UnknownAsset};

/// The functions that templates call, each with the logical path of an asset.
#[cfg(any(feature = "minijinja", feature = "tera"))]
#[derive(Clone, Copy)]
enum Function {
    /// The URL of the asset.
    Asset,
    Stylesheet,
    Script,
    Module,
    Modulepreload,
}

#[cfg(any(feature = "minijinja", feature = "tera"))]
impl Function {
    const ALL: [(&'static str, Self); 5] = [
        ("asset", Self::Asset),
        ("stylesheet", Self::Stylesheet),
        ("script", Self::Script),
        ("module", Self::Module),
        ("modulepreload", Self::Modulepreload),
    ];

    /// The text for the page. Every result is HTML, a URL too.
    fn call(self, assets: &Assets, logical_path: &str) -> Result<String, UnknownAsset> {
        let asset = assets.asset(logical_path)?;
        Ok(match self {
            Self::Asset => asset.to_string(),
            Self::Stylesheet => asset.stylesheet().to_string(),
            Self::Script => asset.script().to_string(),
            Self::Module => asset.module().to_string(),
            Self::Modulepreload => {
                assets.modulepreloads(asset).into_iter().map(Tag::from).collect::<Tag>().to_string()
            }
        })
    }
}
