//! Links to assets that have a host of their own.

use hardtack::{Options, Preload};

include!("demo/mod.rs");

#[test]
fn every_url_names_the_host() {
    let static_host = Some("https://cdn.example:8443/".parse().unwrap());
    let assets = demo().open_with(Options { static_host, ..Options::default() }).unwrap();
    let asset = assets.asset("js/data.json").unwrap();
    let url = "https://cdn.example:8443/static/js/data.0123456789ab.json";
    assert_eq!(asset.url(), url);
    assert_eq!(asset.to_string(), url);
    assert_eq!(asset.path(), "/static/js/data.0123456789ab.json");
    assert_eq!(assets.url("js/data.json").as_deref(), Ok(url));
    assert!(asset.stylesheet().as_str().contains(&format!(r#"href="{url}""#)));
    let link = Preload::link_header(&[asset.preload(hardtack::Destination::Image)]);
    assert_eq!(link, format!(r#"<{url}>; rel="preload"; as="image""#));
}
