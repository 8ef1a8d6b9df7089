//! Preloads: assets that a page announces before its browser finds them (WHATWG HTML §4.6.7,
//! RFC 8288).

use std::fmt;

use http::HeaderValue;

use crate::Asset;

/// An asset that a page will need. Displays as a `<link>` element of HTML; several make the value
/// of a [`Link`](Preload::link_header) header field.
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

/// The destination of the later request for an asset (WHATWG Fetch §2.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Destination {
    /// A request by `fetch()`.
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
    /// A preload of this asset.
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

    /// A preload of this asset as a module script.
    pub fn modulepreload(self) -> Preload {
        self.preload(Destination::Module)
    }
}

impl Preload {
    /// The value of a `Link` header field for these preloads (RFC 8288 §3), for a response or for
    /// 103 Early Hints.
    ///
    /// hyper's server cannot send a 103 by itself (as of 1.12). A CDN that supports Early Hints
    /// makes one from the `Link` of an earlier response.
    pub fn link_header(preloads: &[Self]) -> HeaderValue {
        let links: Vec<_> = preloads.iter().map(Self::link_value).collect();
        // URLs are percent-encoded, and the rest is made here: no value can be invalid.
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
    /// The value of `as`. A module has none, because it has a `rel` of its own.
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

    /// Whether the element that uses the asset has `integrity`. A preload without `integrity` would
    /// then be fetched again.
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
