//! A history of releases: each one is baked with the one before it, and serves its hashed files too.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use hardtack_build::{Bake, Baked, Error, Settings};
use hardtack_bundle::{Action, Bundle, Coding, FieldEdit};
use proptest::prelude::*;
use tempfile::TempDir;

/// The releases of one site, each in a file of its own.
struct History {
    folder: TempDir,
    toml: String,
}

impl History {
    fn new(toml: &str) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), toml: toml.to_owned() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Bakes a release of these files after others, the latest first.
    fn try_bake(&self, files: &[(&str, &str)], previous: &[&str]) -> Result<Baked, Error> {
        let assets = self.file("assets");
        fs::remove_dir_all(&assets).ok();
        fs::create_dir(&assets).unwrap();
        files.iter().for_each(|(path, text)| fs::write(assets.join(path), text).unwrap());
        let config = self.file("hardtack.toml");
        fs::write(&config, format!("previous = {previous:?}\n{}", self.toml)).unwrap();
        Bake::with(Settings::read(&config)?).run()
    }

    /// The same, written as a bundle of that name.
    #[track_caller]
    fn bake(&self, name: &str, files: &[(&str, &str)], previous: &[&str]) -> Baked {
        let baked = self.try_bake(files, previous).unwrap();
        Bundle::open(&baked.bundle).unwrap().verify().unwrap();
        fs::write(self.file(name), &baked.bundle).unwrap();
        baked
    }
}

/// The immutable paths of a release with their bytes.
fn immutable(baked: &Baked) -> BTreeMap<String, Vec<u8>> {
    let bundle = Bundle::open(&baked.bundle).unwrap();
    let routes = bundle.routes().map(Result::unwrap);
    let routes = routes.filter(|route| route.cache_control.ends_with("immutable"));
    routes
        .map(|route| {
            let Action::Serve(asset) = route.action else { panic!("{route:?}") };
            (route.path.to_owned(), asset.identity().unwrap().body.to_vec())
        })
        .collect()
}

/// The carried assets as `path age`.
fn carried(baked: &Baked) -> Vec<String> {
    let short = |url: &str| url.split('.').next().unwrap_or_default().to_owned();
    baked.manifest.carried.iter().map(|one| format!("{} {}", short(&one.url), one.age)).collect()
}

/// The dropped ones as `path age: rule`.
fn dropped(baked: &Baked) -> Vec<String> {
    let one = |one: &hardtack_build::Dropped| {
        let path = one.url.split('.').next().unwrap_or_default();
        format!("{path} {}: {}", one.age, one.rule)
    };
    baked.dropped.iter().map(one).collect()
}

const PAGE: (&str, &str) = ("index.html", "<link rel=stylesheet href=a.css>");

#[test]
fn a_hashed_file_of_the_last_release_is_served_with_its_codings_and_fields() {
    let history = History::new("[[headers]]\nfor = '*.css'\nset = { X-A = '1' }");
    let text = "a { color: red }".repeat(50);
    let first = history.bake("1", &[("a.css", &text), PAGE], &[]);
    let second = history.bake("2", &[("a.css", "a{}"), PAGE], &["1"]);
    let url = &first.manifest.assets[0].url;
    let bundle = Bundle::open(&second.bundle).unwrap();
    let route = bundle.route(url.as_bytes()).unwrap().unwrap();
    assert!(route.cache_control.ends_with("immutable"));
    assert!(route.fields().any(|field| field.unwrap() == FieldEdit::Set("x-a", "1")));
    let Action::Serve(asset) = route.action else { panic!("{route:?}") };
    assert_eq!((asset.age, asset.identity().unwrap().body), (1, text.as_bytes()));
    let codings: Vec<_> = asset.representations().map(|one| one.unwrap().coding).collect();
    assert_eq!(codings, Coding::PLAIN);
    assert_eq!(bundle.asset("a.css").unwrap().unwrap().identity().unwrap().body, b"a{}");
    assert_eq!((second.summary.carried_assets, second.summary.totals.assets), (1, 2));
}

#[test]
fn entry_points_and_pinned_files_are_never_carried() {
    let history = History::new("rename = ['!b.css']\nprehashed = ['p-*']");
    let files = [("a.css", "1"), ("b.css", "2"), PAGE, ("p-x.js", "3"), ("robots.txt", "4")];
    history.bake("1", &files, &[]);
    let second = history.bake("2", &[PAGE, ("a.css", "2")], &["1"]);
    assert_eq!(carried(&second), ["/a 1", "/p-x 1"]);
    assert_eq!(dropped(&second), [""; 0]);
}

#[test]
fn files_of_every_folder_are_carried() {
    let folders = "at = '/s/'\n[[folders]]\nat = '/'\npath = 'root'";
    let history = History::new(folders);
    let root = history.file("root");
    fs::create_dir(&root).unwrap();
    fs::write(root.join("icon.svg"), "1").unwrap();
    history.bake("1", &[("a.css", "1")], &[]);
    fs::write(root.join("icon.svg"), "2").unwrap();
    let second = history.bake("2", &[("a.css", "2")], &["1"]);
    assert_eq!(carried(&second), ["/icon 1", "/s/a 1"]);
    let alone = History { toml: "at = '/s/'".to_owned(), ..history };
    let third = alone.bake("3", &[("a.css", "2")], &["2"]);
    assert_eq!(carried(&third), ["/s/a 2"]);
    let rule = "it is not below the prefix /s/";
    let expected = [1, 2].map(|age| format!("/icon {age}: {rule}"));
    assert_eq!(BTreeSet::from_iter(dropped(&third)), BTreeSet::from(expected));
}

#[test]
fn ages_are_counted_through_a_chain() {
    let history = History::new("keep_releases = 2");
    history.bake("1", &[("a.css", "1")], &[]);
    let second = history.bake("2", &[("b.css", "2")], &["1"]);
    assert_eq!(carried(&second), ["/a 1"]);
    let third = history.bake("3", &[("c.css", "3")], &["2"]);
    assert_eq!(carried(&third), ["/a 2", "/b 1"]);
    let fourth = history.bake("4", &[("d.css", "4")], &["3"]);
    assert_eq!(carried(&fourth), ["/b 2", "/c 1"]);
    assert_eq!(dropped(&fourth), ["/a 3: it is older than `keep_releases` = 2"]);
}

#[test]
fn several_releases_may_be_named_the_latest_first() {
    let history = History::new("");
    for (name, file) in [("1", "a.css"), ("2", "b.css"), ("3", "c.css")] {
        history.bake(name, &[(file, name)], &[]);
    }
    let fourth = history.bake("4", &[("d.css", "4")], &["3", "2", "1"]);
    assert_eq!(carried(&fourth), ["/a 3", "/b 2", "/c 1"]);
}

#[test]
fn a_release_that_changes_no_hashed_file_does_not_count() {
    let history = History::new("keep_releases = 1");
    history.bake("1", &[("a.css", "1")], &[]);
    history.bake("2", &[("a.css", "2"), ("index.html", "2")], &["1"]);
    let third = history.bake("3", &[("a.css", "2"), ("index.html", "3")], &["2"]);
    assert_eq!(carried(&third), ["/a 1"]);
    let fourth = history.bake("4", &[("a.css", "2"), ("index.html", "4")], &["3", "2", "1"]);
    assert_eq!(carried(&fourth), ["/a 1"]);
}

#[test]
fn a_rollback_answers_what_the_newer_release_handed_out() {
    let history = History::new("");
    let old = [("a.css", "1"), ("b.css", "b")];
    let first = history.bake("1", &old, &[]);
    let second = history.bake("2", &[("a.css", "2"), ("c.css", "c")], &["1"]);
    let back = history.bake("back", &old, &["2"]);
    let (answered, handed_out) = (immutable(&back), immutable(&second));
    assert!(handed_out.iter().all(|(path, bytes)| answered.get(path) == Some(bytes)));
    assert_eq!(back.manifest.assets[0].url, first.manifest.assets[0].url);
}

#[test]
fn no_name_depends_on_what_is_carried() {
    let history = History::new("");
    let files = [("a.css", "a{b:url(b.png)}"), ("b.png", "b"), PAGE];
    history.bake("1", &[("a.css", "1")], &[]);
    let [alone, after] = [&[][..], &["1"]].map(|previous| history.bake("2", &files, previous));
    let names = |baked: &Baked| serde_json::to_value(&baked.manifest.assets).unwrap();
    assert_eq!(names(&alone), names(&after));
    assert_ne!(alone.summary.release_id, after.summary.release_id);
}

#[test]
fn what_does_not_fit_is_dropped_the_oldest_first() {
    let history = History::new("keep_bytes = 30\ncodings = []");
    history.bake("1", &[("a.css", "1"), ("b.css", "2")], &[]);
    let large = "3".repeat(20);
    history.bake("2", &[("c.css", &large), ("d.css", "123456789")], &["1"]);
    let third = history.bake("3", &[("e.css", "5")], &["2"]);
    assert_eq!(carried(&third), ["/a 2", "/c 1", "/d 1"]);
    assert_eq!(dropped(&third), ["/b 2: it does not fit into `keep_bytes` = 30"]);
}

#[test]
fn other_bytes_under_a_prehashed_name_are_a_warning() {
    let history = History::new("prehashed = ['p-*']");
    history.bake("1", &[("p-x.js", "1")], &[]);
    let second = history.bake("2", &[("p-x.js", "2")], &["1"]);
    assert_eq!(dropped(&second), ["/p-x 1: this release has other bytes there"]);
    let warning = second.warnings[0].to_string();
    assert!(warning.contains("p-x.js: an earlier release served other bytes at /p-x.js for good"));
    let same = history.bake("3", &[("p-x.js", "2")], &["2"]);
    assert!(same.warnings.is_empty() && same.dropped.is_empty());
}

#[test]
fn a_path_outside_of_the_prefix_is_dropped() {
    let history = History::new("");
    history.bake("1", &[("a.css", "1")], &[]);
    let below = History { toml: "at = '/s/'".to_owned(), ..history };
    let second = below.bake("2", &[("a.css", "1")], &["1"]);
    assert_eq!(dropped(&second), ["/a 1: it is not below the prefix /s/"]);
}

#[test]
fn a_line_of_redirects_comes_before_a_carried_file() {
    let history = History::new("prehashed = ['*.js']");
    history.bake("1", &[("a-DOIkT6lI.js", "1"), ("b-DOIkT6lI.js", "1")], &[]);
    let files = [("_redirects", "/a-DOIkT6lI.js /c.js\n/* /c.js 302"), ("c.js", "2")];
    let second = history.bake("2", &files, &["1"]);
    assert_eq!(carried(&second), ["/b-DOIkT6lI 1"], "a pattern is for what has no other answer");
    assert_eq!(dropped(&second), ["/a-DOIkT6lI 1: a line of `_redirects` answers there"]);
}

#[test]
fn what_is_no_release_is_an_error_with_the_file() {
    let history = History::new("");
    let first = history.bake("1", &[("a.css", "1")], &[]).bundle;
    let mut version = first.clone();
    version[16] = 1;
    let mut damaged = first.clone();
    *damaged.last_mut().unwrap() ^= 1;
    for (name, bytes) in [
        ("empty", &[][..]),
        ("program", b"\x7fELF"),
        ("version", &version),
        ("damaged", &damaged),
        ("cut", &first[..first.len() - 1]),
    ] {
        fs::write(history.file(name), bytes).unwrap();
    }
    let names = ["empty", "program", "version", "damaged", "cut"];
    let error = history.try_bake(&[("a.css", "2")], &names).unwrap_err();
    let expected = [
        "there is no Hardtack bundle in it",
        "there is no Hardtack bundle in it",
        "format version 1",
        "damaged",
        "truncated",
    ];
    assert_eq!(error.problems.len(), names.len());
    for ((problem, name), expected) in error.problems.iter().zip(names).zip(expected) {
        let text = problem.to_string();
        assert!(text.contains(&format!("/{name}: as an earlier release: ")), "{text}");
        assert!(text.contains(expected) && text.contains("leave this one out"), "{text}");
    }
    let error = history.try_bake(&[("a.css", "2")], &["absent", "1", "assets"]).unwrap_err();
    let text = error.to_string();
    assert_eq!(error.problems.len(), 2, "{text}");
    assert!(text.contains("absent: as an earlier release: No such file"), "{text}");
    assert!(text.contains("assets: as an earlier release: it is not a file"), "{text}");
}

/// A text that does not compress well, and a changed version of it for each number.
fn text(version: usize) -> String {
    let words = (0..400).map(|n| format!("--v{}: {};", n * n % 1009, n * 7919 % 104_729));
    format!("/* {version} */ a {{ {} }}", words.collect::<String>())
}

/// The deltas of an asset, as coding and the age of the dictionary.
fn deltas(baked: &Baked, logical_path: &str) -> Vec<(Coding, u32)> {
    let bundle = Bundle::open(&baked.bundle).unwrap();
    let carried: Vec<_> = bundle.carried().map(Result::unwrap).collect();
    let age = |digest: &[u8; 32]| {
        let mut carried = carried.iter();
        carried.find(|one| one.identity().unwrap().digest == digest).unwrap().age
    };
    let asset = bundle.asset(logical_path).unwrap().unwrap();
    let representations = asset.representations().map(Result::unwrap);
    let deltas = representations.filter_map(|one| Some((one.coding, age(one.dictionary?))));
    let mut deltas: Vec<_> = deltas.collect();
    deltas.sort_unstable();
    deltas
}

/// Values of `Use-As-Dictionary` by path.
fn dictionaries(baked: &Baked) -> Vec<(String, String)> {
    let bundle = Bundle::open(&baked.bundle).unwrap();
    let routes = bundle.routes().map(Result::unwrap);
    let fields = routes.flat_map(|route| {
        let fields = route.fields().map(Result::unwrap);
        fields.filter_map(move |field| match field {
            FieldEdit::Set("use-as-dictionary", value) => {
                Some((route.path.to_owned(), value.to_owned()))
            }
            _ => None,
        })
    });
    fields.collect()
}

#[test]
fn a_changed_file_is_also_the_difference_to_each_carried_version() {
    use Coding::{Dcb, Dcz};
    let history = History::new("keep_releases = 2");
    history.bake("1", &[("a.css", &text(1)), ("b.css", &text(9))], &[]);
    let second = history.bake("2", &[("a.css", &text(2)), ("b.css", &text(9))], &["1"]);
    assert_eq!(deltas(&second, "a.css"), [(Dcb, 1), (Dcz, 1)]);
    assert_eq!(deltas(&second, "b.css"), [], "it did not change");
    assert_eq!(second.summary.deltas, 2);
    let third = history.bake("3", &[("a.css", &text(3)), ("b.css", "b{}")], &["2"]);
    assert_eq!(deltas(&third, "a.css"), [(Dcb, 1), (Dcb, 2), (Dcz, 1), (Dcz, 2)]);
    assert_eq!(deltas(&third, "b.css"), [], "plain, it is as small");

    let bundle = Bundle::open(&third.bundle).unwrap();
    let dcz = bundle.asset("a.css").unwrap().unwrap().representations().last().unwrap().unwrap();
    assert!(dcz.body.len() < 200, "{}", dcz.body.len());
    let dictionary = bundle
        .carried()
        .map(Result::unwrap)
        .find(|one| one.identity().unwrap().digest == dcz.dictionary.unwrap());
    let dictionary = dictionary.unwrap().identity().unwrap().body;
    let mut context = zstd::zstd_safe::DCtx::create();
    context.ref_prefix(dictionary).unwrap();
    let mut bytes = Vec::with_capacity(text(3).len());
    context.decompress(&mut bytes, &dcz.body[40..]).unwrap();
    assert!(bytes == text(3).as_bytes());
}

#[test]
fn a_bundlers_file_is_known_by_its_name_without_the_hash() {
    use Coding::{Dcb, Dcz};
    let history = History::new("prehashed = ['*.js']");
    history.bake("1", &[("a-DOIkT6lI.js", &text(1)), ("c-DOIkT6lI.js", &text(2))], &[]);
    let files =
        [("a-B9c4Kq2z.js", &*text(3)), ("c-B9c4Kq2z.js", &*text(4)), ("c-C3xqP0aZ.js", &*text(5))];
    let second = history.bake("2", &files, &["1"]);
    assert_eq!(deltas(&second, "a-B9c4Kq2z.js"), [(Dcb, 1), (Dcz, 1)]);
    assert_eq!(deltas(&second, "c-B9c4Kq2z.js"), [], "another file has that name too");
    let fields = dictionaries(&second);
    assert_eq!(fields[0], ("/a-B9c4Kq2z.js".to_owned(), "match=\"/a-*.js\"".to_owned()));
    assert!(!fields.iter().any(|(path, _)| path.starts_with("/c-B9") || path.starts_with("/c-C3")));
}

#[test]
fn hashed_files_that_compress_offer_themselves_as_dictionaries() {
    let history = History::new("at = '/s/'");
    let files = [
        ("a+b.css", &*text(1)),
        ("a.css.map", &*text(2)),
        ("b.png", &*text(3)),
        ("index.html", "<link rel=stylesheet href=a+b.css>"),
        ("short.css", "a"),
    ];
    let fields = dictionaries(&history.bake("1", &files, &[]));
    let [(path, value)] = &fields[..] else { panic!("{fields:?}") };
    assert!(path.starts_with("/s/a+b.") && path.len() == "/s/a+b..css".len() + 12, "{path}");
    assert_eq!(value, r#"match="/s/a\\+b.*.css""#);
}

#[test]
fn dictionaries_can_be_off() {
    let history = History::new("");
    history.bake("1", &[("a.css", &text(1))], &[]);
    let off = History { toml: "dictionaries = false".to_owned(), ..history };
    let second = off.bake("2", &[("a.css", &text(2))], &["1"]);
    assert_eq!((deltas(&second, "a.css"), dictionaries(&second)), (vec![], vec![]));
    assert_eq!(carried(&second), ["/a 1"]);
}

/// Pages with a menu in common and a text of their own.
fn pages(count: usize, version: usize) -> Vec<(String, String)> {
    let item = |n: usize| format!("<li><a href=\"p{n}.html\">{}</a></li>", n * n * 7919);
    let menu: String = (0..count).chain([version]).map(item).collect();
    let page = |n: usize| {
        let own = (0..20).map(|word| format!("{} ", (n * 31 + word) * 104_729 % 99_991));
        (format!("p{n}.html"), format!("<ul>{menu}</ul><p>{}</p>", own.collect::<String>()))
    };
    (0..count).map(page).collect()
}

fn as_files(pages: &[(String, String)]) -> Vec<(&str, &str)> {
    pages.iter().map(|(name, text)| (&**name, &**text)).collect()
}

#[test]
fn pages_have_a_dictionary_of_what_they_have_in_common() {
    let history = History::new("page_dictionary = true");
    let pages = pages(40, 1);
    let mut files = as_files(&pages);
    files.push(("a.css", "b{}"));
    let baked = history.bake("1", &files, &[]);
    let bundle = Bundle::open(&baked.bundle).unwrap();
    let dictionary = bundle.asset("page-dictionary").unwrap().unwrap();
    let bytes = dictionary.identity().unwrap();
    assert!(bytes.body.starts_with(b"<ul><li>") && bytes.body.len() < pages[0].1.len());
    let fields = dictionaries(&baked);
    let expected = r#"match="/*", match-dest=("document")"#;
    assert_eq!(fields, [(dictionary.url.to_owned(), expected.to_owned())]);
    let link = format!("<{}>; rel=\"compression-dictionary\"", dictionary.url);
    for route in bundle.routes().map(Result::unwrap) {
        let Action::Serve(asset) = route.action else { continue };
        let is_page = asset.media_type.starts_with("text/html");
        let has_link = route.fields().any(|it| it.unwrap() == FieldEdit::Append("link", &link));
        assert_eq!(has_link, is_page, "{}", route.path);
        let of_it = |one: &hardtack_bundle::Representation<'_>| {
            one.dictionary.is_some_and(|digest| digest == bytes.digest)
        };
        let deltas: Vec<_> = asset.representations().map(Result::unwrap).filter(of_it).collect();
        assert_eq!(deltas.len(), if is_page { 2 } else { 0 }, "{}", route.path);
        assert!(deltas.iter().all(|one| one.body.len() * 2 < asset.identity().unwrap().body.len()));
    }
    assert!(baked.warnings.is_empty(), "{:?}", baked.warnings);
    assert!(history.bake("2", &files, &["1"]).bundle == baked.bundle);
}

/// It changes with each page: otherwise ten deploys of changed pages would age everything.
#[test]
fn the_dictionary_of_pages_is_not_carried_and_makes_no_release() {
    let history = History::new("page_dictionary = true\nkeep_releases = 1");
    let bake = |name: &str, version, sheet, previous: &[&str]| {
        let pages = pages(40, version);
        let mut files = as_files(&pages);
        files.push(("a.css", sheet));
        history.bake(name, &files, previous)
    };
    bake("1", 1, "1", &[]);
    bake("2", 2, "2", &["1"]);
    let third = bake("3", 3, "2", &["2"]);
    assert_eq!(carried(&third), ["/a 1"]);
    assert_eq!(
        dropped(&third),
        [
            "/page-dictionary 1: it is the dictionary of its release's pages, and no page breaks without it"
        ]
    );
}

#[test]
fn a_dictionary_of_no_use_is_left_out_with_a_remark() {
    for count in [0, 1, 2] {
        let history = History::new("page_dictionary = true");
        let pages = pages(count, 1);
        let mut files = as_files(&pages);
        files.push(("a.css", "b{}"));
        let baked = history.bake("1", &files, &[]);
        assert_eq!((dictionaries(&baked), baked.manifest.assets.len()), (vec![], count + 1));
        let warning = baked.warnings[0].to_string();
        assert!(warning.contains("`page_dictionary` is of no use: "), "{warning}");
    }
    let off = History::new("page_dictionary = true\ndictionaries = false");
    let pages = pages(40, 1);
    let baked = off.bake("1", &as_files(&pages), &[]);
    assert_eq!((baked.manifest.assets.len(), baked.warnings.len()), (40, 1));
    let warning = baked.warnings[0].to_string();
    assert!(warning.contains("no effect with `dictionaries = false`"), "{warning}");
}

#[test]
fn a_file_with_the_name_of_the_dictionary_is_an_error() {
    let history = History::new("page_dictionary = true");
    let error = history.try_bake(&[("page-dictionary", "x")], &[]).unwrap_err().to_string();
    assert!(
        error.contains("page-dictionary: `page_dictionary` makes a file of that name"),
        "{error}"
    );
    let other = History { toml: String::new(), ..history };
    other.bake("1", &[("page-dictionary", "x")], &[]);
}

/// A release of a random history.
#[derive(Clone, Debug)]
struct Step {
    /// The contents of the files, by number; the other files are absent.
    contents: Vec<Option<u8>>,
    /// The release that it follows, counted back from the last one: 0 unless somebody rolls back.
    follows: usize,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let contents = prop::collection::vec(prop::option::weighted(0.8, 0_u8..4), 4);
    let follows = prop_oneof![4 => Just(0), 1 => 0_usize..3];
    let step = (contents, follows).prop_map(|(contents, follows)| Step { contents, follows });
    prop::collection::vec(step, 2..7)
}

/// The files of a release: every second one has the hash of a bundler in its name.
fn files(contents: &[Option<u8>]) -> Vec<(String, String)> {
    let file = |(number, content): (usize, &Option<u8>)| {
        let content = (*content)?;
        let text = format!("/* file {number} */").repeat(usize::from(content) + 1);
        let name = if number % 2 == 0 {
            format!("f{number}.css")
        } else {
            format!("p{number}-{content}.js")
        };
        Some((name, text))
    };
    contents.iter().enumerate().filter_map(file).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// A release answers every hashed path that the one before it answered, with the same bytes, or
    /// says by which rule it does not.
    #[test]
    fn no_hashed_path_is_lost_in_silence(
        steps in steps(),
        keep_releases in 0_usize..4,
        keep_bytes in prop_oneof![Just(100_000_000), 0_usize..400],
    ) {
        let history = History::new(&format!(
            "prehashed = ['p*']\ncodings = ['gzip']\nkeep_releases = {keep_releases}\n\
             keep_bytes = {keep_bytes}"
        ));
        let mut releases: Vec<(Baked, BTreeSet<String>)> = Vec::new();
        for (number, step) in steps.iter().enumerate() {
            let files = files(&step.contents);
            let files: Vec<_> = files.iter().map(|(name, text)| (&**name, &**text)).collect();
            let before = number.checked_sub(1 + step.follows.min(number.saturating_sub(1)));
            let previous: Vec<_> = before.iter().map(usize::to_string).collect();
            let previous: Vec<_> = previous.iter().map(String::as_str).collect();
            let baked = history.bake(&number.to_string(), &files, &previous);
            let answered = immutable(&baked);
            let carried: Vec<_> = baked.manifest.carried.iter().map(|one| &one.url).collect();
            let own = answered.keys().filter(|path| !carried.contains(path)).cloned().collect();
            if let Some(before) = before {
                let (before, own_before): &(Baked, BTreeSet<_>) = &releases[before];
                for (path, bytes) in immutable(before) {
                    let is_dropped = baked.dropped.iter().any(|one| one.url == path);
                    prop_assert!(answered.get(&path) == Some(&bytes) || is_dropped, "{path}");
                    prop_assert!(!(answered.contains_key(&path) && is_dropped), "{path}");
                }
                for one in &baked.dropped {
                    let is_recent = keep_releases > 0 && own_before.contains(&one.url);
                    prop_assert!(!(is_recent && one.rule.contains("keep_releases")), "{one:?}");
                }
            }
            let room: usize = baked.summary.carried_bytes;
            prop_assert!(room <= keep_bytes);
            prop_assert!(baked.manifest.carried.iter().all(|one| one.age as usize <= keep_releases));
            releases.push((baked, own));
        }
    }
}
