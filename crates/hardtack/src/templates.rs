//! Assets in templates.
//!
//! An [`Asset`](crate::Asset) is displayed as its URL, which is all that askama and maud need. The
//! others call functions, which are made here.

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
    /// Its URL.
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

    /// What it puts into the page. All of it is HTML, a URL too.
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
