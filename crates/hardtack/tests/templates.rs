//! Assets in the four template engines.

use askama::Template;
use hardtack::{Assets, Options, Preload, Tag};
use maud::html;

include!("demo/mod.rs");

const URL: &str = "/static/img/logo.0123456789ab.svg";

fn assets() -> Assets {
    demo().open_with(Options::default()).unwrap()
}

fn preloads(assets: &Assets) -> Vec<Preload> {
    assets.modulepreloads(assets.asset("js/app.js").unwrap())
}

/// The expected output of the templates with functions.
fn page(assets: &Assets) -> String {
    let [style, script] = ["css/app.css", "js/app.js"].map(|path| assets.asset(path).unwrap());
    let preloads: Tag = preloads(assets).into_iter().map(Tag::from).collect();
    format!("{URL}|{}|{}|{}|{preloads}|", style.stylesheet(), script.script(), script.module())
}

#[test]
fn askama() {
    #[derive(Template)]
    #[template(source = "{{ logo }}|{{ style }}|{{ font }}", ext = "html")]
    struct Page {
        logo: hardtack::Asset,
        style: Tag,
        font: Preload,
    }

    let assets = assets();
    let logo = assets.asset("img/logo.svg").unwrap();
    let style = assets.asset("css/app.css").unwrap().stylesheet();
    let font = preloads(&assets)[0];
    let expected = format!("{URL}|{style}|{font}");
    assert_eq!(Page { logo, style, font }.render().unwrap(), expected);
}

#[test]
fn maud() {
    let assets = assets();
    let logo = assets.asset("img/logo.svg").unwrap();
    let style = assets.asset("css/app.css").unwrap().stylesheet();
    let font = preloads(&assets)[0];
    let page = html! { img src=(logo); (style) (font) };
    assert_eq!(page.into_string(), format!(r#"<img src="{URL}">{style}{font}"#));
}

#[test]
fn minijinja() {
    let assets = assets();
    let mut environment = minijinja::Environment::new();
    assets.add_to_minijinja(&mut environment);
    let template = "{{ asset('img/logo.svg') }}|{{ stylesheet('css/app.css') }}|\
         {{ script('js/app.js') }}|{{ module('js/app.js') }}|{{ modulepreload('js/app.js') }}|\
         {{ reload_script() }}";
    environment.add_template("page.html", template).unwrap();
    let rendered = environment.get_template("page.html").unwrap().render(()).unwrap();
    assert_eq!(rendered, page(&assets));

    let wrong = environment.render_named_str("wrong.html", "\n{{ asset('img/logo.sv') }}", ());
    let error = wrong.unwrap_err().to_string();
    assert!(error.contains("no asset \"img/logo.sv\". Near it: img/logo.svg."), "{error}");
    assert!(error.contains("wrong.html:2"), "{error}");
}

#[test]
fn tera() {
    let assets = assets();
    let mut tera = tera::Tera::default();
    assets.add_to_tera(&mut tera);
    let template = "{{ asset(path='img/logo.svg') }}|{{ stylesheet(path='css/app.css') }}|\
         {{ script(path='js/app.js') }}|{{ module(path='js/app.js') }}|\
         {{ modulepreload(path='js/app.js') }}|{{ reload_script() }}";
    tera.add_raw_template("page.html", template).unwrap();
    let rendered = tera.render("page.html", &tera::Context::new()).unwrap();
    assert_eq!(rendered, page(&assets));

    tera.add_raw_template("wrong.html", "\n{{ asset(path='img/logo.sv') }}").unwrap();
    let wrong = tera.render("wrong.html", &tera::Context::new());
    let error = wrong.unwrap_err().to_string();
    assert!(error.contains("no asset \"img/logo.sv\". Near it: img/logo.svg."), "{error}");
    assert!(error.contains("wrong.html:2"), "{error}");
}
