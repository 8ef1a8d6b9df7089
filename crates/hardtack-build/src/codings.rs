//! The content codings that are tried for an asset.

use std::path::Path;

use hardtack_bundle::Coding;

use crate::{Settings, fingerprint::Final, media_type::is_compressed};

/// The codings of an asset: those of a rule in the settings; else none if its type is compressed by
/// nature or it is read in parts; else all codings of the settings.
pub(crate) fn codings(asset: &Final, settings: &Settings) -> Vec<Coding> {
    let path = &asset.logical_path;
    let mut rules = settings.codings_for.iter().filter(|(globs, _)| globs.matches(path));
    let Some((_, first)) = rules.next() else {
        let is_left_alone =
            is_compressed(&asset.media_type) || is_read_in_parts(path, &asset.bytes);
        return if is_left_alone { Vec::new() } else { settings.codings.clone() };
    };
    let others: Vec<_> = rules.map(|(_, codings)| codings).collect();
    let in_all = |coding: &&Coding| others.iter().all(|codings| codings.contains(coding));
    first.iter().filter(in_all).copied().collect()
}

/// Whether programs read such a file in parts, by ranges of bytes: databases, maps, tables, arrays
/// and images of disks. They also ask for the length by `HEAD`. A coded representation has another
/// length, and a cache that keeps it would take ranges from it.
fn is_read_in_parts(logical_path: &str, bytes: &[u8]) -> bool {
    let extension = extension(logical_path);
    READ_IN_PARTS.iter().flat_map(|kind| kind.split(' ')).any(|other| other == extension)
        || MAGIC.iter().any(|magic| bytes.starts_with(magic))
}

/// The extensions of these files: databases; maps and point clouds; slides of microscopes; tables
/// and arrays; genomes; weights of models, whose head is read first; archives with an index; images
/// of disks.
const READ_IN_PARTS: &[&str] = &[
    "db db3 duckdb gpkg mbtiles sqlite sqlite3 sqlitedb",
    "copc e57 fgb geoparquet las laz pmtiles tif tiff",
    "ndpi scn svs",
    "arrow avro feather h5 hdf hdf5 lance nc nc4 orc parquet",
    "2bit bam bb bigbed bigwig bw cram hic",
    "gguf safetensors",
    "wacz warc zim",
    "img iso qcow2 vdi vhd vhdx vmdk",
];

/// The first bytes of such files, under any name.
const MAGIC: &[&[u8]] = &[
    b"SQLite format 3\0",
    b"PMTiles",
    b"fgb\x03fgb",
    b"PAR1",
    b"ARROW1\0\0",
    b"\x89HDF\r\n\x1a\n",
    b"II*\0",
    b"MM\0*",
    b"II+\0",
    b"MM\0+",
    b"LASF",
    b"GGUF",
];

fn extension(logical_path: &str) -> String {
    let extension = Path::new(logical_path).extension().and_then(|it| it.to_str());
    extension.unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Patterns, Role, url_paths::UrlPaths};
    use hardtack_bundle::{Fingerprint, media_type_of};

    fn codings_of(path: &str, bytes: &[u8], rules: &[(&str, &[Coding])]) -> Vec<Coding> {
        let rule = |(glob, codings): &(&str, &[Coding])| {
            (Patterns::new(&[glob]).unwrap(), codings.to_vec())
        };
        let codings_for = rules.iter().map(rule).collect();
        let asset = Final {
            logical_path: path.to_owned(),
            media_type: media_type_of(path),
            fingerprint: Fingerprint::of(bytes),
            digest: Fingerprint::of(bytes),
            bytes: bytes.to_vec(),
            paths: UrlPaths { hashed: None, plain: None },
            role: Role::Hashed,
            why: String::new(),
            imports: Vec::new(),
        };
        codings(&asset, &Settings { codings_for, ..Settings::default() })
    }

    #[test]
    fn what_is_read_in_parts_has_none() {
        for path in ["map.fgb", "a/data.SQLITE3", "tiles.pmtiles", "t.parquet", "dem.tif", "d.img"]
        {
            assert_eq!(codings_of(path, b"any", &[]), [], "{path}");
        }
        for bytes in [&b"SQLite format 3\0..."[..], b"PAR1...", b"MM\0*...", b"PMTiles\x03"] {
            assert_eq!(codings_of("data.bin", bytes, &[]), [], "{bytes:?}");
        }
        for path in
            ["a.js", "data.bin", "a.json", "a.ico", "font.ttf", "a.glb", "a.data", "LICENSE"]
        {
            assert_eq!(codings_of(path, b"any", &[]).len(), 3, "{path}");
        }
    }

    #[test]
    fn a_rule_of_the_settings_comes_first() {
        let [br, gzip] = [&[Coding::Br][..], &[Coding::Gzip, Coding::Br]];
        assert_eq!(codings_of("a.js", b"any", &[("*.js", &[])]), []);
        assert_eq!(codings_of("a.js", b"any", &[("*.css", &[])]).len(), 3);
        assert_eq!(codings_of("a.fgb", b"any", &[("*.fgb", br)]), br);
        assert_eq!(codings_of("a.png", b"any", &[("*.png", gzip)]), gzip);
        assert_eq!(codings_of("a.js", b"any", &[("*", gzip), ("*.js", br)]), br);
    }
}
