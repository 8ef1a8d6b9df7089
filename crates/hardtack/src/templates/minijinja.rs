//! minijinja: `{{ asset("css/app.css") }}`.

use minijinja::{Environment, Error, ErrorKind, Value};

use super::Function;
use crate::Assets;

impl Assets {
    /// Adds the functions `asset`, `stylesheet`, `script`, `module` and `modulepreload` to an
    /// environment. Each takes the logical path of an asset; the first yields its URL, the others
    /// elements of HTML. `reload_script()` is [`Assets::reload_script`].
    ///
    /// An unknown path fails the template, with its line.
    ///
    /// ```
    /// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
    /// # use demo::demo;
    /// let assets = demo().open()?;
    /// let mut environment = minijinja::Environment::new();
    /// assets.add_to_minijinja(&mut environment);
    /// let page = environment.render_str("{{ asset('img/logo.svg') }}", ())?;
    /// assert_eq!(page, "/static/img/logo.0123456789ab.svg");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add_to_minijinja(&self, environment: &mut Environment<'_>) {
        for (name, function) in Function::ALL {
            let assets = self.clone();
            let call = move |logical_path: &str| match function.call(&assets, logical_path) {
                Ok(html) => Ok(Value::from_safe_string(html)),
                Err(unknown) => Err(Error::new(ErrorKind::InvalidOperation, unknown.to_string())),
            };
            environment.add_function(name, call);
        }
        let reload_script = self.reload_script();
        let call = move || Value::from_safe_string(reload_script.to_string());
        environment.add_function("reload_script", call);
    }
}
