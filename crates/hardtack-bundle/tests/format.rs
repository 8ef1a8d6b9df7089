//! A bundle is read as it was written, and damage is an error wherever it lies.

use hardtack_bundle::{
    Action, AssetIndex, Bundle, CachePolicy, Coding, Error, FieldEdit, Fingerprint, LastModified,
    NewAction, NewAsset, Origins, PathPattern, Role, Writer, layout,
};
use proptest::prelude::*;

const MINUTE: CachePolicy = CachePolicy::revalidate(60);

fn add(writer: &mut Writer, name: &str, representations: &[(Coding, &[u8])]) -> AssetIndex {
    let fingerprint = Fingerprint::of(representations[0].1);
    let url = format!("/static/{name}.{}", fingerprint.short());
    let plain = format!("/static/{name}");
    let asset = writer.asset(NewAsset {
        logical_path: name,
        url: &url,
        plain_url: Some(&plain),
        media_type: "text/plain; charset=utf-8",
        role: Role::Pinned,
        why: "b:1:2 names it",
        fingerprint,
        digest: None,
        representations,
    });
    writer.serve(&url, asset, CachePolicy::Immutable);
    writer.serve(&plain, asset, MINUTE);
    asset
}

const EDITS: [FieldEdit<'_>; 3] = [
    FieldEdit::Set("x-a", "1"),
    FieldEdit::Append("link", "</b>; rel=preload"),
    FieldEdit::Remove("x-content-type-options"),
];

fn sample() -> Vec<u8> {
    let mut writer = Writer::new("/static/");
    writer.static_host("https://cdn.example");
    writer.origins("https://a.example https://b.example");
    writer.last_modified("Thu, 01 Jan 1970 00:00:07 GMT", 7);
    let a = add(&mut writer, "a", &[(Coding::Identity, b"aaaaaaaa"), (Coding::Br, b"a8")]);
    let b = add(&mut writer, "b", &[(Coding::Identity, b"")]);
    let c = add(&mut writer, "c", &[(Coding::Identity, b"a8"), (Coding::Zstd, b"z")]);
    let [older, oldest] = [(b"older a", 1), (b"older b", 2)].map(|(body, age)| {
        let asset = NewAsset {
            logical_path: "a",
            url: &format!("/static/a.{age}"),
            plain_url: None,
            media_type: "text/plain; charset=utf-8",
            role: Role::Hashed,
            why: "",
            fingerprint: Fingerprint::of(body),
            digest: None,
            representations: &[(Coding::Identity, body), (Coding::Br, b"o")],
        };
        let index = writer.carried(asset, age);
        writer.serve(asset.url, index, CachePolicy::Immutable);
        index
    });
    writer.delta(a, Coding::Dcz, older, b"z1");
    writer.delta(a, Coding::Dcb, oldest, b"b2");
    writer.delta(a, Coding::Dcb, older, b"");
    writer.imports(b, [c]);
    writer.imports(a, [c, b, c]);
    writer.not_found("/static/c");
    writer.fallback("/static/a");
    writer.fields("/static/a", &EDITS);
    writer.redirect("/static/d", "/static/c", 308, MINUTE);
    let to_e = NewAction::Redirect { status: 302, location: "/static/e/:splat" };
    for (pattern, action, edits) in [
        ("/static/d/*", to_e, &[][..]),
        ("/static/:x/y", NewAction::Serve(a), &EDITS[..]),
        ("/static/d/*", NewAction::Missing(c), &[]),
    ] {
        let pattern = PathPattern::parse(pattern).expect("it is one");
        writer.pattern(pattern, action, MINUTE, edits);
    }
    writer.finish().expect("the sample is valid")
}

#[test]
fn what_is_written_is_read() {
    let bytes = sample();
    let bundle = Bundle::open(&bytes).unwrap();
    bundle.verify().unwrap();
    assert_eq!((bundle.at(), bundle.length()), ("/static/", bytes.len()));
    assert_eq!(bundle.origins(), Origins::Listed("https://a.example https://b.example"));
    let last_modified = LastModified { value: "Thu, 01 Jan 1970 00:00:07 GMT", seconds: 7 };
    assert_eq!(bundle.last_modified(), Some(last_modified));
    assert_eq!(bundle.not_found().unwrap().unwrap().path, "/static/c");
    assert_eq!(bundle.fallback().unwrap().unwrap().path, "/static/a");
    let totals = bundle.totals();
    assert_eq!((totals.assets, totals.identity_bytes, totals.smallest_bytes), (3, 10, 3));

    assert_eq!(bundle.static_host(), Some("https://cdn.example"));

    let names: Vec<_> = bundle.assets().map(|asset| asset.unwrap().logical_path).collect();
    assert_eq!(names, ["a", "b", "c"]);
    for (name, expected) in [("a", &["b", "c"][..]), ("b", &["c"]), ("c", &[])] {
        let asset = bundle.asset(name).unwrap().unwrap();
        let imports: Vec<_> = bundle.imports(&asset).map(|it| it.unwrap().logical_path).collect();
        assert_eq!((asset.logical_path, &imports[..]), (name, expected));
    }
    for absent in ["", "0", "aa", "bb", "d"] {
        assert!(bundle.asset(absent).unwrap().is_none(), "{absent}");
    }

    let route = bundle.route(b"/static/a").unwrap().unwrap();
    assert_eq!(route.cache_control, "public, max-age=60");
    let edits: Vec<_> = route.fields().map(Result::unwrap).collect();
    assert_eq!(edits, EDITS);
    let Action::Serve(asset) = route.action else { panic!("{route:?}") };
    assert_eq!(asset.plain_url, Some("/static/a"));
    assert_eq!((asset.role, asset.why), (Role::Pinned, "b:1:2 names it"));

    let br = asset.representations().nth(1).unwrap().unwrap();
    let tag = format!("\"{}-br\"", Fingerprint::of(b"aaaaaaaa"));
    assert_eq!((br.coding, br.body, br.content_length), (Coding::Br, &b"a8"[..], "2"));
    assert_eq!(br.entity_tag, tag);
}

#[test]
fn carried_assets_are_apart() {
    let bytes = sample();
    let bundle = Bundle::open(&bytes).unwrap();
    let carried: Vec<_> = bundle.carried().map(Result::unwrap).collect();
    let ages: Vec<_> = carried.iter().map(|it| (it.url, it.logical_path, it.age)).collect();
    assert_eq!(ages, [("/static/a.1", "a", 1), ("/static/a.2", "a", 2)]);
    let route = bundle.route(b"/static/a.2").unwrap().unwrap();
    let Action::Serve(asset) = route.action else { panic!("{route:?}") };
    assert_eq!((asset.age, asset.identity().unwrap().body), (2, &b"older b"[..]));
    let own = bundle.asset("a").unwrap().unwrap();
    assert_eq!((own.age, own.url == asset.url), (0, false));
}

#[test]
fn a_delta_names_its_dictionary() {
    let bytes = sample();
    let bundle = Bundle::open(&bytes).unwrap();
    let a = bundle.asset("a").unwrap().unwrap();
    let digests = [b"older a", b"older b"].map(|body| Fingerprint::of(body).0);
    let deltas: Vec<_> = a.representations().map(Result::unwrap).skip(2).collect();
    let read: Vec<_> =
        deltas.iter().map(|it| (it.coding, *it.dictionary.unwrap(), it.body)).collect();
    let expected = [
        (Coding::Dcb, digests[0], &b""[..]),
        (Coding::Dcb, digests[1], b"b2"),
        (Coding::Dcz, digests[0], b"z1"),
    ];
    assert_eq!(read, expected);
    assert!(a.has_deltas() && !bundle.asset("b").unwrap().unwrap().has_deltas());
    let tag = format!("\"{}-dcz-{}\"", Fingerprint::of(b"aaaaaaaa"), Fingerprint(digests[0]));
    assert_eq!(deltas[2].entity_tag, tag);
}

#[test]
fn a_path_begins_with_the_prefix_of_a_folder() {
    let mut writer = Writer::new("/static/");
    for path in ["/static/x", "/docs", "/docs/x", "/x"] {
        writer.redirect(path, "/", 302, MINUTE);
    }
    writer.prefix("/docs/");
    writer.prefix("/static/");
    let bytes = writer.finish().unwrap();
    let bundle = Bundle::open(&bytes).unwrap();
    assert_eq!(bundle.at(), "/static/");
    assert_eq!(bundle.prefixes().collect::<Vec<_>>(), ["/static/", "/docs/"]);
    let paths = ["/static/x", "/docs", "/docs/x", "/x"];
    let found = paths.map(|path| bundle.route(path.as_bytes()).unwrap().is_some());
    assert_eq!(found, [true, true, true, false]);
}

#[test]
fn a_redirect_is_a_route() {
    let bytes = sample();
    let route = Bundle::open(&bytes).unwrap().route(b"/static/d").unwrap().unwrap();
    assert!(matches!(route.action, Action::Redirect { status: 308, location: "/static/c" }));
}

#[test]
fn patterns_are_tried_in_their_order() {
    let bytes = sample();
    let bundle = Bundle::open(&bytes).unwrap();
    let matching = |path: &str| {
        let matching = bundle.matching(path.as_bytes()).map(Result::unwrap);
        let answer = matching.map(|(route, captures)| match route.action {
            Action::Serve(asset) => {
                format!("{}, {} edits", asset.logical_path, route.fields().len())
            }
            Action::Missing(asset) => format!("404 {}", asset.logical_path),
            Action::Redirect { status, location } => {
                format!("{status} {}", captures.location(location))
            }
        });
        answer.collect::<Vec<_>>()
    };
    assert_eq!(matching("/static/d/y"), ["302 /static/e/y", "a, 3 edits", "404 c"]);
    assert_eq!(matching("/static/q/y"), ["a, 3 edits"]);
    assert_eq!(matching("/static/q"), [""; 0]);
    assert_eq!(bundle.patterns().len(), 3);
}

#[test]
fn other_paths_have_no_route() {
    let bytes = sample();
    let bundle = Bundle::open(&bytes).unwrap();
    for path in ["", "/", "/static/", "/static/e", "/static/a/", "/STATIC/A"] {
        assert!(bundle.route(path.as_bytes()).unwrap().is_none(), "{path}");
    }
}

#[test]
fn an_empty_bundle_is_valid() {
    let bytes = Writer::new("/").finish().unwrap();
    let bundle = Bundle::open(&bytes).unwrap();
    bundle.verify().unwrap();
    assert!(bundle.route(b"/").unwrap().is_none());
}

#[test]
fn equal_bodies_are_stored_once() {
    let (one, two) = (vec![b'x'; 4096], vec![b'y'; 4096]);
    let length = |second: &[u8]| {
        let mut writer = Writer::new("/");
        add(&mut writer, "a", &[(Coding::Identity, &one)]);
        add(&mut writer, "b", &[(Coding::Identity, second)]);
        writer.finish().unwrap().len()
    };
    assert!(length(&one) + 4096 <= length(&two));
}

#[test]
fn one_path_for_two_assets_is_an_error_that_names_it() {
    let mut writer = Writer::new("/");
    let asset = add(&mut writer, "a", &[(Coding::Identity, b"a")]);
    writer.serve("/same", asset, MINUTE);
    writer.redirect("/same", "/", 301, MINUTE);
    assert_eq!(writer.finish(), Err(Error::DuplicatePath { path: "/same".into() }));
}

#[test]
fn a_foreign_file_is_refused() {
    for bytes in [&b""[..], b"\x7fELF and more", &layout::MAGIC[..15]] {
        assert_eq!(Bundle::open(bytes).unwrap_err(), Error::NotABundle);
    }
}

#[test]
fn another_version_is_refused() {
    let mut bytes = sample();
    bytes[16] = 9;
    let error = Bundle::open(&bytes).unwrap_err();
    assert_eq!(error, Error::Version { found: 9, known: layout::VERSION });
}

#[test]
fn appended_bytes_are_refused() {
    let mut bytes = sample();
    bytes.push(0);
    assert!(matches!(Bundle::open(&bytes), Err(Error::Length { .. })));
}

/// Every byte of the bundle is guarded by one of the two digests, or is the digest.
#[test]
fn every_flipped_byte_is_noticed() {
    let bytes = sample();
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1;
        let result = Bundle::open(&damaged).and_then(|bundle| bundle.verify());
        assert!(result.is_err(), "byte {place} was flipped");
    }
}

/// Reads all that can be read, as a server does: without `verify`.
fn walk(bytes: &[u8]) -> Result<(), Error> {
    let bundle = Bundle::open(bytes)?;
    for asset in bundle.assets().chain(bundle.carried()).flatten() {
        asset.representations().flatten().for_each(drop);
    }
    for route in bundle.routes().flatten() {
        bundle.route(route.path.as_bytes()).ok();
    }
    for path in ["/static/a", "/static/b", "/static/c", "/static/d", "/static/d/y", "/nowhere"] {
        bundle.route(path.as_bytes()).ok();
        for (route, captures) in bundle.matching(path.as_bytes()).flatten() {
            captures.location(route.path);
        }
    }
    bundle.verify()
}

/// Gives a damaged header a digest that fits, so that what lies behind the digest is reached.
fn forge(bytes: &mut [u8]) {
    use sha2::{Digest, Sha256};
    const HEADER: usize = size_of::<layout::Header>();
    if bytes.len() >= HEADER {
        let digest = Sha256::digest(&bytes[..HEADER - 32]);
        bytes[HEADER - 32..HEADER].copy_from_slice(&digest);
    }
}

proptest! {
    #[test]
    fn a_cut_bundle_is_an_error(cut in 0usize..2000) {
        let bytes = sample();
        let cut = cut % bytes.len();
        prop_assert!(walk(&bytes[..cut]).is_err());
    }

    #[test]
    fn a_forged_bundle_never_panics(
        flips in prop::collection::vec((0usize..4000, any::<u8>()), 1..8),
        cut in prop::option::of(0usize..4000),
    ) {
        let mut bytes = sample();
        for (place, value) in flips {
            let place = place % bytes.len();
            bytes[place] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut);
            let length = bytes.len() as u64;
            if let Some(field) = bytes.get_mut(24..32) {
                field.copy_from_slice(&length.to_le_bytes());
            }
        }
        forge(&mut bytes);
        walk(&bytes).ok();
    }
}

/// The bundles of every landed format version. A file is never written again: when the version
/// rises, the sample of that day is added.
#[test]
fn a_bundle_of_every_landed_version_is_read() {
    let bundles: &[(u32, &[u8])] = &[(2, include_bytes!("data/v2.bundle"))];
    for (version, bytes) in bundles {
        let bundle = Bundle::find(bytes).unwrap();
        let names: Vec<_> = bundle.assets().map(|asset| asset.unwrap().logical_path).collect();
        assert_eq!(names, ["a", "b", "c"], "version {version}");
        let carried: Vec<_> = bundle.carried().map(|asset| asset.unwrap().age).collect();
        assert_eq!(carried, [1, 2], "version {version}");
        let route = bundle.route(b"/static/a.1").unwrap().unwrap();
        let Action::Serve(asset) = route.action else { panic!("{route:?}") };
        assert_eq!(asset.identity().unwrap().body, b"older a", "version {version}");
    }
}
