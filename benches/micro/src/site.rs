//! Sites of so many assets, made without a bake.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use hardtack_bundle::{
    AssetIndex, Bundle, CachePolicy, Coding, Error, FieldEdit, Fingerprint, NewAsset, Role, Writer,
};

/// Numbers of assets.
pub(crate) const SIZES: [usize; 3] = [100, 10_000, 100_000];

/// The path of a style sheet with four representations, and two more that need a dictionary.
pub(crate) const STYLES: &str = "/static/css/app.0123456789ab.css";
/// The field by which a client says that it has that dictionary. It is empty.
pub(crate) const DICTIONARY: &str = ":47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";
/// Seconds since 1970.
pub(crate) const LAST_MODIFIED: u64 = 784_111_777;

/// Assets besides the numbered ones.
const NAMED: usize = 4;

/// Writes a site of each size.
pub(crate) fn write_all(folder: &Path) -> Result<()> {
    for size in SIZES {
        fs::write(file(folder, size), bundle(size)?).context("cannot write a site")?;
    }
    Ok(())
}

/// Opens the site of that size.
pub(crate) fn open(folder: &Path, size: usize) -> Result<Bundle<'static>> {
    let bytes = fs::read(file(folder, size)).context("cannot read a site")?;
    Ok(Bundle::open(bytes.leak())?)
}

/// The paths of the numbered assets.
pub(crate) fn paths(size: usize) -> impl Iterator<Item = String> {
    (0..size - NAMED).map(|number| format!("/static/{}", name(number)))
}

fn file(folder: &Path, size: usize) -> PathBuf {
    folder.join(format!("site-{size}"))
}

fn name(number: usize) -> String {
    format!("js/{:03}/{number:06}.0123456789ab.js", number / 100)
}

fn bundle(size: usize) -> Result<Vec<u8>, Error> {
    let mut writer = Writer::new("/static/");
    writer.last_modified("Sun, 06 Nov 1994 08:49:37 GMT", LAST_MODIFIED);
    let page = [(Coding::Identity, &[b'p'; 900][..]), (Coding::Br, &[b'p'; 300])];
    add(&mut writer, "404.html", "text/html; charset=utf-8", &page);
    let styles = [
        (Coding::Identity, &[b's'; 5000][..]),
        (Coding::Gzip, &[b's'; 1200]),
        (Coding::Br, &[b's'; 1000]),
        (Coding::Zstd, &[b's'; 1100]),
    ];
    let styles = add(&mut writer, "css/app.0123456789ab.css", "text/css; charset=utf-8", &styles);
    let nothing = [(Coding::Identity, &b""[..])];
    let dictionary = add(&mut writer, "css/older.css", "text/css; charset=utf-8", &nothing);
    writer.delta(styles, Coding::Dcb, dictionary, &[b'd'; 90]);
    writer.delta(styles, Coding::Dcz, dictionary, &[b'd'; 95]);
    let picture = [(Coding::Identity, &[b'i'; 700][..])];
    add(&mut writer, "img/a b.svg", "image/svg+xml", &picture);
    for number in 0..size - NAMED {
        let script = format!("export const number = {number};\n");
        let script = [(Coding::Identity, script.as_bytes())];
        add(&mut writer, &name(number), "text/javascript; charset=utf-8", &script);
    }
    writer.not_found("/static/404.html");
    writer.fields("/static/404.html", &[FieldEdit::Set("x-frame-options", "DENY")]);
    writer.redirect("/static/old", "/static/new", 301, CachePolicy::revalidate(60));
    writer.finish()
}

fn add(
    writer: &mut Writer,
    name: &str,
    media_type: &str,
    representations: &[(Coding, &[u8])],
) -> AssetIndex {
    let path = format!("/static/{name}");
    let asset = writer.asset(NewAsset {
        logical_path: name,
        url: &path.replace(' ', "%20"),
        plain_url: None,
        media_type,
        role: Role::Hashed,
        why: "",
        fingerprint: Fingerprint::of(name.as_bytes()),
        digest: None,
        representations,
    });
    writer.serve(&path, asset, CachePolicy::Immutable);
    asset
}
