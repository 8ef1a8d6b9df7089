//! askama: `{{ hardtack::asset!("css/app.css") }}`, checked when the template is compiled.

use askama::filters::HtmlSafe;

use crate::{Asset, Preload, Tag};

impl HtmlSafe for Asset {}
impl HtmlSafe for Preload {}
impl HtmlSafe for Tag {}
