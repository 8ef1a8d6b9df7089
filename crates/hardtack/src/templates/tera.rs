//! tera: `{{ asset(path="css/app.css") }}`.

use tera::{Error, Kwargs, State, Tera, TeraResult, Value};

use super::Function;
use crate::Assets;

impl Assets {
    /// Adds the functions `asset`, `stylesheet`, `script`, `module` and `modulepreload`. Each takes
    /// the logical path of an asset as `path`; the first yields its URL, the others elements of
    /// HTML. `reload_script()` is [`Assets::reload_script`].
    ///
    /// An unknown path fails the template, with its line.
    ///
    /// ```
    /// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
    /// # use demo::demo;
    /// let assets = demo().open()?;
    /// let mut tera = tera::Tera::default();
    /// assets.add_to_tera(&mut tera);
    /// tera.add_raw_template("page.html", "{{ asset(path='img/logo.svg') }}")?;
    /// let page = tera.render("page.html", &tera::Context::new())?;
    /// assert_eq!(page, "/static/img/logo.0123456789ab.svg");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add_to_tera(&self, tera: &mut Tera) {
        for (name, function) in Function::ALL {
            let assets = self.clone();
            let call = move |arguments: Kwargs, _: &State| -> TeraResult<Value> {
                let logical_path: &str = arguments.must_get("path")?;
                let html = function.call(&assets, logical_path).map_err(Error::message)?;
                Ok(Value::safe_string(&html))
            };
            tera.register_function(name, call);
        }
        let reload_script = self.reload_script();
        let call = move |_: Kwargs, _: &State| Value::safe_string(reload_script.as_str());
        tera.register_function("reload_script", call);
    }
}
