//! maud: `(asset!("css/app.css"))`, checked when the template is compiled.

use maud::Render;

use crate::{Preload, Tag};

impl Render for Preload {
    fn render_to(&self, buffer: &mut String) {
        buffer.push_str(&self.to_string());
    }
}

impl Render for Tag {
    fn render_to(&self, buffer: &mut String) {
        buffer.push_str(self.as_str());
    }
}
