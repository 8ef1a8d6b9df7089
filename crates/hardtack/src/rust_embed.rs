//! The assets as a type of the crate `rust-embed`.

use std::borrow::Cow;

use hardtack_bundle::{
    Action, Asset, Bundle, Coding, Representation, logical_path_of, url_path_of,
};
use rust_embed::{EmbeddedFile, utils::__rust_embed_metadata};

use crate::Embedded;

/// Makes a type that implements [`rust_embed::RustEmbed`], for crates that expect one.
///
/// | path | file |
/// |---|---|
/// | `css/app.css`, a logical path | the asset, with its references rewritten |
/// | `css/app.711bf9ecdfb6.css`, a URL below the prefix | the same asset |
/// | either path with `.gz`, `.br` or `.zst` appended | its representation under that coding, if it has one |
///
/// `iter` lists the first two. The hash of a file's metadata is SHA-256 of its bytes.
///
/// ```
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
/// # use std::sync::LazyLock;
/// use rust_embed::RustEmbed;
///
/// # static ASSETS: LazyLock<hardtack::Embedded> = LazyLock::new(demo::demo);
/// // In an app: static ASSETS: hardtack::Embedded = hardtack::embed!();
/// hardtack::rust_embed!(pub struct Files from ASSETS);
///
/// let logo = Files::get("img/logo.svg").expect("it is there");
/// assert_eq!(logo.data, Files::get("img/logo.0123456789ab.svg").expect("too").data);
/// assert!(Files::iter().any(|path| path == "img/logo.svg"));
/// ```
///
/// The type has no [live mode](crate::Mode::Live). It lacks the method that the feature
/// `compression` of rust-embed adds to the trait; crates that serve `.br` files do not need it.
#[macro_export]
macro_rules! rust_embed {
    ($(#[$attribute:meta])* $visibility:vis struct $name:ident from $embedded:expr) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug)]
        $visibility struct $name;

        impl $crate::private::rust_embed::RustEmbed for $name {
            fn get(file_path: &str) -> Option<$crate::private::rust_embed::EmbeddedFile> {
                $crate::private::embedded_file(&$embedded, file_path)
            }

            fn iter() -> impl Iterator<Item = ::std::borrow::Cow<'static, str>> + 'static {
                $crate::private::embedded_paths(&$embedded)
            }
        }
    };
}

/// The file at a path.
pub fn embedded_file(embedded: &Embedded, path: &str) -> Option<EmbeddedFile> {
    let bundle = embedded.bundle().ok()?;
    if let Some(asset) = asset(&bundle, path) {
        return file(&bundle, &asset, asset.identity().ok()?);
    }
    let (path, coding) = coding_of(path)?;
    let asset = asset(&bundle, path)?;
    let coded = asset.representations().flatten().find(|one| one.coding == coding)?;
    file(&bundle, &asset, coded)
}

/// The logical paths of all assets, and the paths of their URLs relative to the prefix.
pub fn embedded_paths(embedded: &Embedded) -> impl Iterator<Item = Cow<'static, str>> + use<> {
    let bundle = embedded.bundle().ok();
    bundle.into_iter().flat_map(|bundle| {
        let logical_paths = bundle.assets().flatten().map(|asset| asset.logical_path);
        let hashed = bundle.routes().flatten().filter_map(move |route| {
            let path = logical_path_of(bundle.at(), route.path);
            match route.action {
                Action::Serve(asset) => Some(path).filter(|path| *path != asset.logical_path),
                Action::Redirect { .. } | Action::Missing(_) => None,
            }
        });
        let is_file = |path: &&str| !path.is_empty() && !path.ends_with('/');
        logical_paths.chain(hashed.filter(is_file)).map(Cow::Borrowed)
    })
}

fn asset(bundle: &Bundle<'static>, path: &str) -> Option<Asset<'static>> {
    if let Some(asset) = bundle.asset(path).ok()? {
        return Some(asset);
    }
    match bundle.route(url_path_of(bundle.at(), path).as_bytes()).ok()??.action {
        Action::Serve(asset) => Some(asset),
        Action::Redirect { .. } | Action::Missing(_) => None,
    }
}

fn coding_of(path: &str) -> Option<(&str, Coding)> {
    let (path, extension) = path.rsplit_once('.')?;
    let coding = match extension {
        "gz" => Coding::Gzip,
        "br" => Coding::Br,
        "zst" => Coding::Zstd,
        _ => return None,
    };
    Some((path, coding))
}

#[allow(unused_variables, reason = "rust-embed takes the media type only with its `mime-guess`")]
fn file(
    bundle: &Bundle<'static>,
    asset: &Asset<'static>,
    representation: Representation<'static>,
) -> Option<EmbeddedFile> {
    let data = Cow::Borrowed(representation.body);
    let time = bundle.last_modified().map(|time| time.seconds);
    let metadata = __rust_embed_metadata!(*representation.digest, time, time, asset.media_type);
    Some(EmbeddedFile { data, metadata })
}
