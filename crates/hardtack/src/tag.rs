//! Elements of HTML that link to assets.

use std::fmt;

use crate::Asset;

/// Elements of HTML, for a page to include without escapes.
///
/// ```
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
/// # use demo::demo;
/// use hardtack::Tag;
///
/// let assets = demo().open()?;
/// let head: Tag = [assets.asset("css/app.css")?.stylesheet(), assets.asset("js/app.js")?.module()]
///     .into_iter()
///     .collect();
/// assert!(head.as_str().ends_with("</script>"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Template engines that escape displayed values recognize it as HTML, with the feature of their
/// name: `askama`, `maud`, `minijinja`, `tera`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tag(pub(crate) String);

impl Tag {
    /// The HTML.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromIterator<Self> for Tag {
    /// Joins elements.
    fn from_iter<I: IntoIterator<Item = Self>>(tags: I) -> Self {
        Self(tags.into_iter().map(|tag| tag.0).collect())
    }
}

impl Asset {
    /// `<link rel="stylesheet">`, with `integrity` and `crossorigin`.
    ///
    /// ```
    /// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
    /// # use demo::demo;
    /// let assets = demo().open()?;
    /// let head = assets.asset("css/app.css")?.stylesheet();
    /// assert!(head.as_str().contains(r#"href="/static/css/app.0123456789ab.css" integrity="sha384-"#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn stylesheet(&self) -> Tag {
        Tag(format!(r#"<link rel="stylesheet" href="{self}"{}>"#, self.checked()))
    }

    /// `<script>`, with `integrity` and `crossorigin`, run when the page is parsed (`defer`).
    pub fn script(&self) -> Tag {
        Tag(format!(r#"<script src="{self}"{} defer></script>"#, self.checked()))
    }

    /// `<script type="module">`, with `integrity` and `crossorigin`.
    ///
    /// The integrity is that of this module. Its imports are checked if the page has
    /// [`Preload`](crate::Preload)s for them, or an import map with their integrity.
    pub fn module(&self) -> Tag {
        Tag(format!(r#"<script type="module" src="{self}"{}></script>"#, self.checked()))
    }

    /// The attributes by which the browser checks the response. Across origins, it can check only a
    /// CORS fetch.
    pub(crate) fn checked(&self) -> String {
        let integrity = self.integrity().map(|it| format!(r#" integrity="{it}""#));
        format!(r#"{} crossorigin="anonymous""#, integrity.unwrap_or_default())
    }
}

impl From<crate::Preload> for Tag {
    fn from(preload: crate::Preload) -> Self {
        Self(preload.to_string())
    }
}
