//! Digests of files that stand in other files: in `integrity`, in a service worker's list, in a
//! bundler's table, in a Content-Security-Policy.
//!
//! Rewriting a file changes its digests. Where an old digest stands in a text that may be
//! rewritten, the new digest replaces it: a run of this many letters cannot be anything else.
//! Elsewhere, the digested file keeps its bytes and its name.

mod beside;
mod tokens;
mod unescaped;

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet},
    ops::Range,
};

use rayon::prelude::*;

use crate::{
    Role,
    digest::{DigestPlace, Form, Subject, as_parsed},
    graph::{components, edges},
    hosting::Rules,
    media_type::is_compressed,
    references::{Referenced, is_in_link},
    scan::Asset,
};

use beside::{Beside, Paths};
use tokens::{SHORTEST, tokens};

/// Finds the digests in all texts and rules, and freezes each asset with a digest that cannot be
/// corrected.
pub(crate) fn follow_digests(referenced: &mut Referenced, rules: &Rules, at: &str) {
    let paths = Paths::of(referenced, at);
    let texts = (0..referenced.assets.len()).into_par_iter();
    let texts = texts.map(|index| Written::in_asset(referenced, index, &paths));
    let mut texts: Vec<_> = texts.collect();
    let in_rules: Vec<_> =
        rules.header_values().flat_map(|value| tokens(value.as_bytes())).collect();
    let all = texts.iter().flat_map(|written| &written.tokens).chain(&in_rules);
    let wanted = Wanted::new(all.map(|(_, text)| text.as_str()));
    if wanted.texts.is_empty() && texts.iter().all(|written| written.beside.is_empty()) {
        return;
    }
    let mut subjects = subjects(referenced, &texts, &wanted);
    add_short(&mut subjects, referenced, &mut texts);
    for (index, written) in texts.iter().enumerate() {
        for (span, text) in &written.tokens {
            if let Some(found) = subjects.get_mut(text) {
                found.is_elsewhere |= is_of_other_host(referenced, index, span);
            }
        }
    }
    // A frozen asset may pin the target of a link, and then the link's integrity is to be put right
    // here: so the places are noted anew, until nothing more is frozen.
    loop {
        let before = referenced.kept();
        referenced.digests.iter_mut().for_each(Vec::clear);
        for (index, written) in texts.iter().enumerate() {
            for (span, text) in &written.tokens {
                if let Some(found) = subjects.get(text) {
                    place(referenced, (index, written.is_text), span, found);
                }
            }
        }
        break_circles(referenced);
        if before == referenced.kept() {
            break;
        }
    }
    for (_, text) in in_rules {
        if let Some(found) = subjects.get(&text) {
            referenced.digests_in_rules.insert(text, (found.form, found.subjects.clone()));
        }
    }
}

/// The texts in an asset that may be digests, and whether they can be corrected there.
struct Written {
    tokens: Tokens,
    /// Those that need a name beside them, and have it.
    beside: Vec<Beside>,
    is_text: bool,
}

type Tokens = Vec<(Range<usize>, String)>;

impl Written {
    fn in_asset(referenced: &Referenced, index: usize, paths: &Paths<'_>) -> Self {
        let asset = &referenced.assets[index];
        let text = referenced.text(index);
        let is_text = asset.is_text() && str::from_utf8(text).is_ok();
        // A source map has names and sources of others, and running text tells of files as they
        // were published.
        let is_left_alone =
            asset.logical_path.ends_with(".map") || asset.essence() == "text/markdown";
        let tokens = if is_left_alone || (!is_text && is_compressed(&asset.media_type)) {
            Vec::new()
        } else if is_text {
            tokens(text)
        } else {
            tokens_of_data(text)
        };
        let beside = if is_text && !is_left_alone {
            paths.beside(text, &asset.logical_path)
        } else {
            Vec::new()
        };
        Self { tokens, beside, is_text }
    }
}

/// The tokens in data, such as a program, which may have texts of wide characters. These have no
/// place in the data.
fn tokens_of_data(data: &[u8]) -> Tokens {
    let mut found = tokens(data);
    if memchr::memchr_iter(0, data).nth(SHORTEST).is_some() {
        let narrow = without_zeros(data);
        found.extend(tokens(&narrow).into_iter().map(|(_, text)| (0..0, text)));
    }
    found
}

fn without_zeros(data: &[u8]) -> Vec<u8> {
    let (mut narrow, mut begin) = (Vec::with_capacity(data.len()), 0);
    for zero in memchr::memchr_iter(0, data) {
        narrow.extend_from_slice(&data[begin..zero]);
        begin = zero + 1;
    }
    narrow.extend_from_slice(&data[begin..]);
    narrow
}

/// The subjects of a digest that stands somewhere.
struct Found {
    form: Form,
    /// More than one if they have the same bytes.
    subjects: Vec<Subject>,
    /// Those of them whose bytes may change.
    changing: Vec<Subject>,
    /// Whether it is also that of a file on another host, which does not change.
    is_elsewhere: bool,
}

/// Adds the digests of few letters that are those of an asset named beside them, if that may change.
fn add_short(
    subjects: &mut HashMap<String, Found>,
    referenced: &Referenced,
    texts: &mut [Written],
) {
    let forms: Vec<_> = Form::all().collect();
    let mut digests: HashMap<usize, Vec<(String, Form)>> = HashMap::new();
    for written in 0..texts.len() {
        for Beside { span, text, named } in std::mem::take(&mut texts[written].beside) {
            let may_change = |it: &usize| may_change(referenced, texts, *it, &(0..usize::MAX));
            let of = named.into_iter().filter(may_change).find_map(|asset| {
                let bytes = &referenced.assets[asset].bytes;
                let all = digests.entry(asset).or_insert_with(|| Form::each_of(&forms, bytes));
                let all = all.iter().filter(|(digest, _)| digest.starts_with(&text));
                // Letters for URLs can stand anywhere.
                let (_, form) = all.max_by_key(|(_, form)| form.is_for_urls())?;
                Some((Subject::Asset(asset), form.cut(text.len())))
            });
            let Some((subject, form)) = of else { continue };
            subjects.entry(text.clone()).or_insert_with(|| Found {
                form,
                subjects: vec![subject.clone()],
                changing: vec![subject],
                is_elsewhere: false,
            });
            texts[written].tokens.push((span, text));
        }
        texts[written].tokens.sort_by_key(|(span, _)| span.start);
        texts[written].tokens.dedup();
    }
}

/// Whether a part of an asset may be rewritten.
fn may_change(
    referenced: &Referenced,
    texts: &[Written],
    index: usize,
    within: &Range<usize>,
) -> bool {
    let starts_in = |place: &Range<usize>| within.contains(&place.start);
    let references = &referenced.references[index];
    let first = references.partition_point(|it| it.link.span.start < within.start);
    let mut next = references[first..].iter().take(1);
    let module_integrity = referenced.module_integrity.get(&index);
    !referenced.frozen[index]
        && (next.any(|it| starts_in(&it.link.span))
            || module_integrity.is_some_and(|place| starts_in(&place.span))
            || (texts[index].is_text
                && texts[index].tokens.iter().any(|(span, _)| starts_in(span))))
}

/// The assets and inline elements by each of their digests that stands somewhere, if any of those
/// with that digest may change.
fn subjects(
    referenced: &Referenced,
    texts: &[Written],
    wanted: &Wanted<'_>,
) -> HashMap<String, Found> {
    let forms = wanted.forms();
    let may_change =
        |index: usize, within: &Range<usize>| may_change(referenced, texts, index, within);
    let digests = (0..texts.len()).into_par_iter().flat_map_iter(|index| {
        let text = referenced.text(index);
        let inline = referenced.passages[index].inline.iter().filter(|span| !span.is_empty());
        let inline = inline.map(|span| {
            let subject = Subject::Inline(index, span.clone());
            (subject, as_parsed(text, span, &text[span.clone()]), may_change(index, span))
        });
        // Of the others, those count that are as one that changes.
        let whole = may_change(index, &(0..usize::MAX));
        let asset = &referenced.assets[index];
        let whole = whole.then_some((Subject::Asset(index), Cow::Borrowed(&asset.bytes[..]), true));
        // The packed bytes are no longer those of the file.
        let packed = asset.packed.as_deref().map(Cow::Borrowed);
        let packed = packed.map(|packed| (Subject::Asset(index), packed, true));
        let each = whole.into_iter().chain(packed).chain(inline);
        let each = each.flat_map(|(subject, bytes, changes)| {
            let digests = Form::each_of(&forms, &bytes).into_iter();
            let texts = digests.flat_map(|(text, form)| wanted.find(&text, form));
            texts.map(move |(text, form)| (text, form, subject.clone(), changes))
        });
        each.collect::<Vec<_>>()
    });
    let mut subjects: HashMap<String, Found> = HashMap::new();
    for (text, form, subject, changes) in digests.collect::<Vec<_>>() {
        let new =
            || Found { form, subjects: Vec::new(), changing: Vec::new(), is_elsewhere: false };
        let found = subjects.entry(text).or_insert_with(new);
        found.changing.extend(changes.then(|| subject.clone()));
        found.subjects.push(subject);
    }
    subjects.retain(|_, found| !found.changing.is_empty());
    add_twins(&mut subjects, &referenced.assets);
    subjects
}

/// The texts that may be digests.
struct Wanted<'a> {
    texts: HashSet<&'a str>,
    /// Those that may be cut off, by their first letters.
    cut: HashMap<&'a str, Vec<&'a str>>,
}

impl<'a> Wanted<'a> {
    fn new(all: impl Iterator<Item = &'a str>) -> Self {
        let texts: HashSet<_> = all.collect();
        let mut cut: HashMap<_, Vec<_>> = HashMap::new();
        let is_hex = |text: &&&str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        for text in texts.iter().filter(is_hex) {
            cut.entry(&text[..SHORTEST]).or_default().push(*text);
        }
        Self { texts, cut }
    }

    /// The forms in which some of the texts may be.
    fn forms(&self) -> Vec<Form> {
        let lengths: HashSet<usize> = self.texts.iter().map(|text| text.len()).collect();
        let shortest = self.cut.values().flatten().map(|text| text.len()).min();
        let may_be_cut = |form: &Form| {
            form.is_hex() && shortest.is_some_and(|shortest| shortest < form.length())
        };
        Form::all().filter(|form| lengths.contains(&form.length()) || may_be_cut(form)).collect()
    }

    /// The texts that are that digest, or its beginning.
    fn find(&self, digest: &str, form: Form) -> Vec<(String, Form)> {
        let whole = self.texts.contains(digest).then(|| (digest.to_owned(), form));
        let begins = digest.get(..SHORTEST).filter(|_| form.is_hex());
        let cut = begins.and_then(|begin| self.cut.get(begin)).into_iter().flatten();
        let cut = cut.filter(|text| text.len() < digest.len() && digest.starts_with(**text));
        let cut = cut.map(|text| ((*text).to_owned(), form.cut(text.len())));
        whole.into_iter().chain(cut).collect()
    }
}

/// Adds the assets that have the bytes of another, and do not change as that one does.
fn add_twins(subjects: &mut HashMap<String, Found>, assets: &[Asset]) {
    let one_of = |found: &Found| {
        found.subjects.iter().find_map(|subject| match subject {
            Subject::Asset(index) => Some(*index),
            Subject::Inline(..) => None,
        })
    };
    let ones = subjects.values().filter_map(one_of);
    let mut by_bytes: HashMap<&[u8], Vec<usize>> =
        ones.map(|one| (&assets[one].bytes[..], Vec::new())).collect();
    let lengths: HashSet<_> = by_bytes.keys().map(|bytes| bytes.len()).collect();
    for (index, asset) in assets.iter().enumerate() {
        if lengths.contains(&asset.bytes.len())
            && let Some(twins) = by_bytes.get_mut(&asset.bytes[..])
        {
            twins.push(index);
        }
    }
    for found in subjects.values_mut() {
        let twins = one_of(found).map_or(&[][..], |one| &by_bytes[&assets[one].bytes[..]]);
        let subjects = &mut found.subjects;
        let known: HashSet<_> = subjects.iter().map(Subject::asset).collect();
        let new = twins.iter().filter(|twin| !known.contains(twin));
        subjects.extend(new.map(|twin| Subject::Asset(*twin)).collect::<Vec<_>>());
    }
}

/// Whether a digest is of a file on another host: the integrity of such a link, or code that has a
/// URL with a host in the same object or line.
fn is_of_other_host(referenced: &Referenced, index: usize, span: &Range<usize>) -> bool {
    const FAR: usize = 300;
    let passages = &referenced.passages[index];
    if referenced.assets[index].is_page() {
        let is_in = |place: &Range<usize>| place.start <= span.start && span.end <= place.end;
        if !passages.inline.iter().any(is_in) {
            return passages.elsewhere.iter().any(is_in);
        }
    }
    let text = referenced.text(index);
    let ends = |byte: &u8| matches!(byte, b';' | b'{' | b'}' | b'\n');
    let before = &text[span.start.saturating_sub(FAR)..span.start];
    let before = &before[before.iter().rposition(ends).map_or(0, |end| end + 1)..];
    let after = &text[span.end..text.len().min(span.end + FAR)];
    let after = &after[..after.iter().position(ends).unwrap_or(after.len())];
    [before, after].iter().any(|part| memchr::memmem::find(part, b"://").is_some())
}

/// Notes a digest at its place, or has its subjects keep their bytes.
fn place(
    referenced: &mut Referenced,
    (index, is_text): (usize, bool),
    span: &Range<usize>,
    found: &Found,
) {
    let Found { form, subjects, changing, .. } = found;
    let can_follow = is_text && !referenced.frozen[index] && !found.is_elsewhere;
    // In a URL it is a name, or keeps caches from answering; and the URL may be rewritten.
    if is_in_link(&referenced.references[index], span) {
        return;
    }
    // A page's policy is about the page itself, whichever others have the same script.
    let is_own = |it: &&Subject| matches!(it, Subject::Inline(page, _) if *page == index);
    let one = match (subjects.iter().find(is_own), &subjects[..]) {
        (Some(own), _) if !changing.contains(own) => return,
        (Some(own), _) => Some(own),
        (None, [one @ Subject::Asset(of)]) if *of != index => Some(one),
        _ => None,
    };
    match one {
        _ if can_follow && is_integrity_of_link(referenced, index, span) => {}
        Some(subject) if can_follow => {
            let (span, subject) = (span.clone(), subject.clone());
            referenced.digests[index].push(DigestPlace { span, subject, form: *form });
        }
        // To count lines takes time.
        _ if changing.iter().all(|subject| referenced.frozen[subject.asset()]) => {}
        _ => {
            let why = referenced.digest_at(index, span.start, *form);
            changing.iter().for_each(|subject| referenced.freeze(subject.asset(), why.clone()));
        }
    }
}

/// Whether a place is in the integrity of a link to a hashed path, which is written with the link.
fn is_integrity_of_link(referenced: &Referenced, index: usize, span: &Range<usize>) -> bool {
    referenced.references[index].iter().any(|reference| {
        let role = referenced.assets[reference.target].role;
        let place = reference.link.integrity.as_ref();
        let place = place.filter(|_| matches!(role, Role::Hashed | Role::Prehashed));
        place.is_some_and(|place| place.span.start <= span.start && span.end <= place.span.end)
    })
}

/// A file that depends on the digest of another, whose own bytes depend on the first: such a
/// digest can never be put right, so the other keeps its bytes.
fn break_circles(referenced: &mut Referenced) {
    loop {
        let mut component_of = BTreeMap::new();
        for (number, component) in components(&edges(referenced)).into_iter().enumerate() {
            component_of.extend(component.into_iter().map(|index| (index, number)));
        }
        let in_circle = |(index, place): (usize, &DigestPlace)| {
            let subject = place.subject.asset();
            (index != subject && component_of.get(&index) == component_of.get(&subject))
                .then(|| (index, place.clone()))
        };
        let places = referenced.digests.iter().enumerate();
        let places = places.flat_map(|(index, places)| places.iter().map(move |it| (index, it)));
        let in_circles: Vec<_> = places.filter_map(in_circle).collect();
        if in_circles.is_empty() {
            return;
        }
        let mut frozen = HashSet::new();
        for (index, place) in in_circles {
            let why = referenced.digest_at(index, place.span.start, place.form);
            referenced.freeze(place.subject.asset(), why);
            frozen.insert(place.subject.asset());
        }
        // They depend on nothing now, and nothing on their digests.
        for (index, places) in referenced.digests.iter_mut().enumerate() {
            let is_frozen = frozen.contains(&index);
            places.retain(|place| !is_frozen && !frozen.contains(&place.subject.asset()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Settings,
        fingerprint::{Final, fingerprint},
        graph::graph,
        mentions::pin,
        references::references,
        scan::Scanned,
    };

    /// Bakes a site of these files, which are sorted by path, up to its final bytes.
    fn finals(files: &[(&str, &str)]) -> Vec<Final> {
        finals_with(files, &Settings::default())
    }

    fn finals_with(files: &[(&str, &str)], settings: &Settings) -> Vec<Final> {
        finals_of_scanned(Scanned::of(files), settings)
    }

    fn finals_of_scanned(scanned: Scanned, settings: &Settings) -> Vec<Final> {
        let mut referenced = references(scanned, settings, &Rules::default()).unwrap();
        let rules = Rules::default();
        pin(&mut referenced, "/");
        follow_digests(&mut referenced, &rules, "/");
        let components = graph(&referenced);
        fingerprint(referenced, &components, settings, &rules).finals
    }

    fn forms() -> Vec<Form> {
        Form::all().collect()
    }

    const PAGE: &str = "<img src=a.png>";

    #[test]
    fn follow_what_is_rewritten() {
        for (digest, form) in Form::each_of(&forms(), PAGE.as_bytes()) {
            let table = format!("x=[{{url:'/p.html',revision:'{digest}'}}]");
            let baked = finals(&[("a.png", "png"), ("p.html", PAGE), ("sw.js", &table)]);
            let [png, page, worker] = &baked[..] else { panic!("there are three") };
            assert!(str::from_utf8(&page.bytes).unwrap().contains(&png.paths.preferred()[1..]));
            let expected = format!("x=[{{url:'/p.html',revision:'{}'}}]", form.of(&page.bytes));
            assert_eq!(str::from_utf8(&worker.bytes).unwrap(), expected, "{form:?}");
        }
    }

    #[test]
    fn of_few_letters_follow_beside_the_name_of_the_file() {
        let is = |form: Form, letters: usize, list: &dyn Fn(&str) -> String, follows: bool| {
            let page = "<img src=../a.png>";
            let own = list(&form.of(page.as_bytes())[..letters]);
            let baked = finals(&[("a.png", "png"), ("p/index.html", page), ("sw.js", &own)]);
            let expected = list(&form.of(&baked[1].bytes)[..letters]);
            let expected = if follows { expected } else { own };
            assert_eq!(str::from_utf8(&baked[2].bytes).unwrap(), expected);
        };
        let all = forms();
        let hex = all[0];
        let url = *all.iter().find(|it| it.is_for_urls()).unwrap();
        let entry =
            |key: &'static str| move |digest: &str| format!("caches;x=[{{{key}'{digest}'}}]");
        is(hex, 8, &entry("url:'/p/',revision:"), true);
        is(hex, 10, &entry("url:'p/index.html',revision:"), true);
        is(hex, 12, &entry("'/p':"), true);
        is(url, 16, &entry("'/p/index.html':1,rev:"), true);
        is(hex, 8, &entry("'/q/':"), false);
        is(hex, 8, &|digest: &str| format!("x=[{{url:'/p/',revisio:'{digest}'}}]"), false);
        is(hex, 8, &|digest: &str| format!("caches;x=['/p/'];y={{z:'{digest}'}}"), false);
    }

    #[test]
    fn that_cannot_follow_keep_the_file_as_it_is() {
        let table = format!("x='{}'", forms()[0].of(PAGE.as_bytes()));
        let baked = finals(&[("a-DOIkT6lI.js", &table), ("a.png", "png"), ("p.html", PAGE)]);
        assert_eq!(baked[2].bytes, PAGE.as_bytes());
        assert_eq!(baked[1].paths.preferred(), "/a.png");
        assert_eq!(baked[1].why, "p.html:1:10 refers to it, and keeps its bytes");
    }

    #[test]
    fn in_a_circle_keep_the_file_as_it_is() {
        let a = "import './b.js';import './c.js'";
        let b = format!("x='{}'", forms()[12].of(a.as_bytes()));
        let baked = finals(&[("a.js", a), ("b.js", &b), ("c.js", "")]);
        assert_eq!(str::from_utf8(&baked[0].bytes).unwrap(), a);
        assert_eq!(
            (baked[0].role, baked[1].role, baked[2].role),
            (Role::Pinned, Role::Pinned, Role::Pinned)
        );
    }

    #[test]
    fn of_inline_elements_in_the_policy_of_their_page() {
        let script = "import './a.js'";
        let page = |script: &str, digest: &str| {
            format!(
                "<meta http-equiv=content-security-policy content=\"script-src 'sha256-{digest}'\">\
             <script type=module>{script}</script>"
            )
        };
        let form = *forms().iter().find(|form| form.of(b"").starts_with("47DEQ")).unwrap();
        let before = page(script, &form.of(script.as_bytes()));
        let baked = finals(&[("a.js", ""), ("p.html", &before)]);
        let name = &baked[0].paths.preferred()[1..];
        let script = format!("import './{name}'");
        assert_eq!(
            str::from_utf8(&baked[1].bytes).unwrap(),
            page(&script, &form.of(script.as_bytes()))
        );
    }

    #[test]
    fn of_a_page_follow_in_data_that_escapes_slashes() {
        let form = Form::of_integrity("sha512").unwrap();
        let table = |digest: String| format!("{{\"p\":\"sha512-{}\"}}", digest);
        let before = table(form.of(PAGE.as_bytes()).replace('/', "\\/"));
        let baked = finals(&[("a.json", &before), ("a.png", "png"), ("p.html", PAGE)]);
        assert_eq!(str::from_utf8(&baked[0].bytes).unwrap(), table(form.of(&baked[2].bytes)));
    }

    /// It cannot be known of which of the two the digest is.
    #[test]
    fn of_two_files_with_the_same_bytes_keep_both_as_they_are() {
        let table = format!("x='{}'", forms()[0].of(PAGE.as_bytes()));
        // Only one of them changes: beside the other there is no picture.
        let files = [("a.png", "png"), ("b/p.html", PAGE), ("p.html", PAGE), ("sw.js", &table)];
        let settings = Settings {
            missing: crate::Missing::Everywhere(crate::MissingTarget::Warn),
            ..Settings::default()
        };
        let baked = finals_with(&files, &settings);
        assert_eq!(
            (&baked[1].bytes, &baked[2].bytes),
            (&PAGE.as_bytes().into(), &PAGE.as_bytes().into())
        );
        assert_eq!(baked[3].bytes, table.as_bytes());
    }

    /// The copy on the other host has the same bytes, and keeps them.
    #[test]
    fn of_a_file_on_another_host_keep_its_copy_here_as_it_is() {
        let sheet = "a{b:url(b.png)}";
        let digest = Form::of_integrity("sha384").unwrap().of(sheet.as_bytes());
        let link =
            |url: &str| format!("<link rel=stylesheet href={url} integrity=\"sha384-{digest}\">");
        let page = format!("{}{}", link("https://cdn.example/a.css"), link("a.css"));
        let baked = finals(&[("a.css", sheet), ("b.png", "png"), ("p.html", &page)]);
        assert_eq!((baked[0].bytes.as_slice(), baked[0].role), (sheet.as_bytes(), Role::Pinned));
        assert_eq!(str::from_utf8(&baked[2].bytes).unwrap(), page);
        let code = format!("x={{src:'https://cdn.example/a.css',integrity:'sha384-{digest}'}}");
        let baked = finals(&[("a.css", sheet), ("b.png", "png"), ("c.js", &code)]);
        assert_eq!(baked[2].bytes, code.as_bytes());
        let baked = finals(&[("a.css", sheet), ("b.png", "png"), ("z.md", &code)]);
        assert_eq!((baked[0].role, baked[2].bytes.as_slice()), (Role::Hashed, code.as_bytes()));
    }

    #[test]
    fn of_scripts_that_do_not_change_cost_nobody_a_name() {
        let script = "f()";
        let digest = Form::of_integrity("sha256").unwrap().of(script.as_bytes());
        let policy = format!("x=\"'sha256-{digest}'\"");
        let page = format!("<img src=a.png><script>{script}</script>");
        let baked = finals(&[("a.js", &policy), ("a.png", "png"), ("p.html", &page)]);
        assert_eq!(baked[1].role, Role::Hashed);
    }

    /// The file that has the first digest keeps its bytes, so the script that it loads keeps its
    /// name, and the integrity of that is no longer written with its link.
    #[test]
    fn in_integrity_follow_where_the_name_is_kept() {
        let script = "import './b.js'";
        let integrity =
            |of: &[u8]| format!("sha384-{}", Form::of_integrity("sha384").unwrap().of(of));
        let page = |of: &[u8]| format!("<script src=a.js integrity={}></script>", integrity(of));
        let other = "<script src=a.js></script>";
        let table = format!("x='{}'", forms()[0].of(other.as_bytes()));
        let before = page(script.as_bytes());
        let files = [
            ("a.js", script),
            ("b.js", ""),
            ("c-DOIkT6lI.js", &table),
            ("p.html", &before),
            ("z.html", other),
        ];
        let baked = finals(&files);
        assert_eq!((baked[0].role, baked[1].role), (Role::Pinned, Role::Hashed));
        assert_eq!(str::from_utf8(&baked[3].bytes).unwrap(), page(&baked[0].bytes));
    }

    #[test]
    fn the_user_may_rename_what_keeps_its_bytes() {
        let table = format!("x='{}'", forms()[0].of(b"@import 'b.css'"));
        let files = [("a.css", "@import 'b.css'"), ("b.css", ""), ("c-DOIkT6lI.js", &table)];
        let rename = crate::Rename::Listed(crate::Patterns::new(&["*.css"]).unwrap());
        let baked = finals_with(&files, &Settings { rename, ..Settings::default() });
        assert_eq!(
            (baked[0].role, baked[0].bytes.as_slice()),
            (Role::Hashed, files[0].1.as_bytes())
        );
    }

    #[test]
    fn that_are_cut_off_follow() {
        for form in forms().into_iter().filter(|form| form.is_hex()) {
            let cut = form.cut(20);
            let table = |digest: &str| format!("x=[{{url:'/p.html',revision:'{digest}'}}]");
            let before = table(&cut.of(PAGE.as_bytes()));
            let baked = finals(&[("a.png", "png"), ("p.html", PAGE), ("sw.js", &before)]);
            let expected = table(&cut.of(&baked[1].bytes));
            assert_eq!(str::from_utf8(&baked[2].bytes).unwrap(), expected, "{form:?}");
        }
    }

    /// The texts and their bytes, one of which has wide characters.
    fn finals_of(files: &[(&str, Vec<u8>)]) -> Vec<Final> {
        let empty: Vec<_> = files.iter().map(|(path, _)| (*path, "")).collect();
        let mut scanned = Scanned::of(&empty);
        for (asset, (_, bytes)) in scanned.assets.iter_mut().zip(files) {
            asset.bytes.clone_from(bytes);
        }
        finals_of_scanned(scanned, &Settings::default())
    }

    fn wide(text: &str) -> Vec<u8> {
        format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn in_utf16_follow() {
        for path in ["sums.txt", "sums.json", "sums.js", "sums"] {
            let table = |digest: String| wide(&format!("{{\"p\":\"{digest}\"}}"));
            let before = table(forms()[0].of(PAGE.as_bytes()));
            let files = [("a.png", b"png".to_vec()), ("p.html", PAGE.into()), (path, before)];
            let baked = finals_of(&files);
            assert_eq!(baked[2].bytes, table(forms()[0].of(&baked[1].bytes)), "{path}");
            assert_ne!(baked[1].bytes, PAGE.as_bytes());
        }
    }

    #[test]
    fn in_data_keep_the_file_as_it_is() {
        let digest = forms()[0].of(PAGE.as_bytes());
        let narrow = [b"\0asm\xff".to_vec(), digest.clone().into_bytes()].concat();
        let wide = [b"\0asm\xff".to_vec(), wide(&digest)[2..].to_vec()].concat();
        for data in [narrow, wide] {
            let files = [("a.png", b"png".to_vec()), ("p.html", PAGE.into()), ("x.wasm", data)];
            let baked = finals_of(&files);
            assert_eq!((&baked[1].bytes[..], baked[0].role), (PAGE.as_bytes(), Role::Pinned));
        }
    }

    #[test]
    fn of_the_bytes_that_were_unpacked_follow() {
        let svg = "<svg xmlns='http://www.w3.org/2000/svg'/>";
        let table = format!("x='{}'", forms()[0].of(b"packed"));
        let mut scanned = Scanned::of(&[("a.svgz", svg), ("sw.js", &table)]);
        scanned.assets[0].packed = Some(b"packed"[..].into());
        let baked = finals_of_scanned(scanned, &Settings::default());
        let expected = format!("x='{}'", forms()[0].of(svg.as_bytes()));
        assert_eq!(str::from_utf8(&baked[1].bytes).unwrap(), expected);
    }

    /// Each script has the digest of the one before it, and the policy those of all.
    #[test]
    fn of_inline_elements_in_others_follow() {
        let form = Form::of_integrity("sha256").unwrap();
        let page = |name: &str| {
            let mut scripts = vec![format!("import './{name}'")];
            for number in 1..20 {
                let last = form.of(scripts[number - 1].as_bytes());
                scripts.push(format!("check{number}('sha256-{last}')"));
            }
            let digests: Vec<_> = scripts.iter().map(|it| form.of(it.as_bytes())).collect();
            let scripts = scripts.join("</script><script type=module>");
            let policy = format!("'sha256-{}'", digests.join("' 'sha256-"));
            format!(
                "<meta http-equiv=content-security-policy content=\"script-src {policy}\">\
                 <script type=module>{scripts}</script>"
            )
        };
        let baked = finals(&[("a.js", ""), ("p.html", &page("a.js"))]);
        let name = &baked[0].paths.preferred()[1..];
        assert_ne!(name, "a.js");
        assert_eq!(str::from_utf8(&baked[1].bytes).unwrap(), page(name));
    }

    #[test]
    fn of_style_attributes_with_character_references_follow() {
        let form = Form::of_integrity("sha256").unwrap();
        let page = |name: &str| {
            let digest = form.of(format!("a:url(\"{name}\")").as_bytes());
            format!(
                "<meta http-equiv=content-security-policy \
                 content=\"style-src 'unsafe-hashes' 'sha256-{digest}'\">\
                 <p style=\"a:url(&quot;{name}&quot;)\">"
            )
        };
        let baked = finals(&[("a.png", "png"), ("p.html", &page("a.png"))]);
        let name = &baked[0].paths.preferred()[1..];
        assert_ne!(name, "a.png");
        assert_eq!(str::from_utf8(&baked[1].bytes).unwrap(), page(name));
    }

    #[test]
    fn of_event_handlers_follow() {
        let form = Form::of_integrity("sha256").unwrap();
        let page = |script: &[u8]| {
            let handler = format!("f('b.js','sha256-{}')", form.of(script));
            let digest = form.of(handler.as_bytes());
            format!(
                "<meta http-equiv=content-security-policy \
                 content=\"script-src 'unsafe-hashes' 'sha256-{digest}'\"><p onclick=\"{handler}\">"
            )
        };
        let script = "new URL('a.png',import.meta.url)";
        let before = page(script.as_bytes());
        let baked = finals(&[("a.png", "png"), ("b.js", script), ("p.html", &before)]);
        assert_ne!(baked[1].bytes, script.as_bytes());
        assert_eq!(str::from_utf8(&baked[2].bytes).unwrap(), page(&baked[1].bytes));
    }

    #[test]
    fn of_others_are_left_alone() {
        let text = format!("x='{}'", forms()[0].of(b"something else"));
        assert_eq!(finals(&[("a.js", &text)])[0].bytes, text.as_bytes());
    }
}
