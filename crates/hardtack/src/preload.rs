//! What a page will need, said before the browser finds out (WHATWG HTML §4.6.7, RFC 8288).

use std::fmt;

use http::HeaderValue;

use crate::Asset;

/// An asset that a page will need. Displayed, it is a `<link>` element of HTML; several are the
/// value of a [`Link`](Preload::link_header) header field.
///
/// ```
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
/// # use demo::demo;
/// use hardtack::Destination;
///
/// let font = demo().open()?.asset("fonts/text.woff2")?.preload(Destination::Font);
/// assert!(font.to_string().contains(r#"rel="preload" as="font" crossorigin="#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preload {
    asset: Asset,
    destination: Destination,
}

/// What an asset is needed as (WHATWG Fetch §2.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Destination {
    /// By `fetch()`.
    Fetch,
    /// A font.
    Font,
    /// An image.
    Image,
    /// A module script.
    Module,
    /// A classic script.
    Script,
    /// A style sheet.
    Style,
}

impl Asset {
    /// That a page will need it.
    ///
    /// ```
    /// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
    /// # use demo::demo;
    /// use hardtack::{Destination, Preload};
    ///
    /// let assets = demo().open()?;
    /// let font = assets.asset("fonts/text.woff2")?.preload(Destination::Font);
    /// let link = Preload::link_header(&[font]);
    /// assert_eq!(link, "</static/fonts/text.0123456789ab.woff2>; rel=\"preload\"; as=\"font\"; crossorigin");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn preload(self, destination: Destination) -> Preload {
        Preload { asset: self, destination }
    }

    /// That a page will need it as a module script.
    pub fn modulepreload(self) -> Preload {
        self.preload(Destination::Module)
    }
}

impl Preload {
    /// The value of a `Link` header field for them (RFC 8288 §3), as it stands in a response, or
    /// in 103 Early Hints.
    ///
    /// hyper's server cannot send a 103 by itself (as of 1.12). A CDN that knows Early Hints makes
    /// one of the `Link` that it saw in an earlier response.
    pub fn link_header(preloads: &[Self]) -> HeaderValue {
        let links: Vec<_> = preloads.iter().map(Self::link_value).collect();
        // URLs are percent-encoded, and the rest is ours.
        HeaderValue::try_from(links.join(", ")).unwrap_or(HeaderValue::from_static(""))
    }

    fn link_value(&self) -> String {
        let Self { asset, .. } = self;
        let parameters = self.attributes().into_iter().map(|(name, value)| match value.as_str() {
            "anonymous" => format!("; {name}"),
            _ => format!("; {name}=\"{value}\""),
        });
        format!("<{asset}>{}", parameters.collect::<String>())
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        let mut attributes = match self.destination.as_str() {
            Some(destination) => {
                vec![("rel", "preload".to_owned()), ("as", destination.to_owned())]
            }
            None => vec![("rel", "modulepreload".to_owned())],
        };
        if self.destination.is_checked() {
            let integrity = self.asset.integrity();
            attributes.extend(integrity.map(|integrity| ("integrity", integrity.to_string())));
        }
        if self.destination != Destination::Image {
            attributes.push(("crossorigin", "anonymous".to_owned()));
        }
        attributes
    }
}

impl Destination {
    /// The value of `as`; a module has a `rel` of its own.
    fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Fetch => Some("fetch"),
            Self::Font => Some("font"),
            Self::Image => Some("image"),
            Self::Module => None,
            Self::Script => Some("script"),
            Self::Style => Some("style"),
        }
    }

    /// Whether the element that uses it says its integrity: what is preloaded without is then
    /// fetched again.
    fn is_checked(self) -> bool {
        matches!(self, Self::Module | Self::Script | Self::Style)
    }
}

impl fmt::Display for Preload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"<link href="{}""#, self.asset)?;
        for (name, value) in self.attributes() {
            write!(f, r#" {name}="{value}""#)?;
        }
        f.write_str(">")
    }
}
