//! One dictionary for all pages of a site, by the setting `page_dictionary`: the bytes that pages have in
//! common (RFC 9842). A visitor downloads it once, and then of each page what is its own.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use hardtack_bundle::{Fingerprint, encode_path};

use crate::{
    Error, Problem, ProblemKind, Role, Settings, compress::Compressed, deltas::Delta,
    fingerprint::Final, url_paths::UrlPaths,
};

/// The name of its asset.
const NAME: &str = "page-dictionary";

/// The pages that a visitor looks at, in the estimate of what a dictionary saves.
const VISIT: usize = 5;

/// The assets of a release, and what pages have in common.
#[derive(Debug)]
pub(crate) struct WithDictionary {
    pub(crate) assets: Vec<Compressed>,
    /// The index of the dictionary, if there is one.
    pub(crate) dictionary: Option<usize>,
    /// The pages, compressed with it.
    pub(crate) deltas: Vec<Delta>,
    /// A remark if a dictionary was asked for in vain.
    pub(crate) fault: Option<Problem>,
}

/// Adds the dictionary to the assets, if visitors download fewer bytes with it. `compress_pages` takes
/// the assets, the indexes of the pages and that of the dictionary.
///
/// # Errors
///
/// If an asset has its name, or an encoder fails.
pub(crate) fn with_page_dictionary(
    mut assets: Vec<Compressed>,
    settings: &Settings,
    compress: impl Fn(Vec<Final>) -> Result<Vec<Compressed>, Error>,
    compress_pages: impl Fn(&[Compressed], &[usize], usize) -> Result<Vec<Delta>, Error>,
) -> Result<WithDictionary, Error> {
    let without =
        |assets, fault| WithDictionary { assets, dictionary: None, deltas: vec![], fault };
    if !settings.page_dictionary {
        return Ok(without(assets, None));
    }
    if !settings.dictionaries {
        let text = "`page_dictionary` has no effect with `dictionaries = false`, which turns all of them off";
        let fault = ProblemKind::Remark(text.to_owned()).of(&settings.assets);
        return Ok(without(assets, Some(fault)));
    }
    let place = assets.binary_search_by(|other| other.asset.logical_path.as_str().cmp(NAME));
    let Err(index) = place else {
        let message = "`page_dictionary` makes a file of that name: give this one another name";
        return Err(ProblemKind::Setting(message.to_owned()).of(settings.file(NAME)).into());
    };
    let dictionary = compress(vec![dictionary(common(&bytes_of_pages(&assets)), settings)])?;
    assets.splice(index..index, dictionary);
    let pages = (0..assets.len()).filter(|index| is_page(&assets[*index].asset));
    let pages: Vec<_> = pages.collect();
    let deltas = compress_pages(&assets, &pages, index)?;
    if saves_bytes(&assets, pages.len(), index, &deltas) {
        return Ok(WithDictionary { assets, dictionary: Some(index), deltas, fault: None });
    }
    assets.remove(index);
    Ok(without(assets, Some(fault(pages.len(), settings))))
}

fn bytes_of_pages(assets: &[Compressed]) -> Vec<&[u8]> {
    let assets = assets.iter().map(|compressed| &compressed.asset);
    assets.filter(|asset| is_page(asset)).map(|asset| &asset.bytes[..]).collect()
}

fn dictionary(bytes: Vec<u8>, settings: &Settings) -> Final {
    let fingerprint = Fingerprint::of(&bytes);
    let path = format!("{}.{}", settings.url_path(NAME), fingerprint.short());
    Final {
        logical_path: NAME.to_owned(),
        media_type: "application/octet-stream".to_owned(),
        fingerprint,
        digest: fingerprint,
        bytes,
        paths: UrlPaths { hashed: Some(path), plain: None },
        role: Role::Hashed,
        why: String::new(),
        imports: Vec::new(),
    }
}

/// Whether a visitor of a few average pages downloads fewer bytes: the first page without the
/// dictionary, then the dictionary, then the other pages with it.
fn saves_bytes(assets: &[Compressed], pages: usize, dictionary: usize, deltas: &[Delta]) -> bool {
    let mut smallest: HashMap<usize, usize> = HashMap::new();
    for delta in deltas {
        let least = smallest.entry(delta.asset).or_insert(delta.bytes.len());
        *least = delta.bytes.len().min(*least);
    }
    let saved = smallest.iter().map(|(page, delta)| assets[*page].smallest() - delta);
    let later = VISIT.min(pages).saturating_sub(1);
    saved.sum::<usize>() * later > assets[dictionary].smallest() * pages
}

fn fault(pages: usize, settings: &Settings) -> Problem {
    let message = format!(
        "`page_dictionary` is of no use: {pages} pages have too little in common for a visitor of \
         {VISIT} to download fewer bytes, so this release has no dictionary"
    );
    ProblemKind::Remark(message).of(&settings.assets)
}

/// Whether a browser navigates to it.
pub(crate) fn is_page(asset: &Final) -> bool {
    let essence = asset.media_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("text/html") && asset.paths.plain.is_some()
}

/// The field of a page, by which a browser fetches the dictionary when it has nothing else to do (RFC
/// 9842 §3).
pub(crate) fn link(dictionary: &Final) -> String {
    format!("<{}>; rel=\"compression-dictionary\"", encode_path(dictionary.paths.preferred()))
}

/// The bytes that at least a third of the pages has, and two pages at least. The page with the most of
/// them comes first; the pieces that other pages add follow.
///
/// A page is cut before each tag. Common pieces that follow each other are added together, in their
/// order, if one of them is new: so a menu stays whole, and the tags of a table are there once.
fn common(pages: &[&[u8]]) -> Vec<u8> {
    let least = pages.len().div_ceil(3).max(2);
    let counts = counts(pages);
    let is_common = |piece: &&[u8]| counts.get(piece).is_some_and(|count| *count >= least);
    let mut sorted: Vec<_> = pages.to_vec();
    sorted.sort_by_cached_key(|page| {
        let mut common: Vec<_> = pieces(page).filter(is_common).collect();
        common.sort_unstable();
        common.dedup();
        Reverse(common.iter().map(|piece| piece.len()).sum::<usize>())
    });
    let (mut bytes, mut known): (Vec<u8>, HashSet<&[u8]>) = Default::default();
    for page in sorted {
        let pieces: Vec<_> = pieces(page).collect();
        for run in pieces.chunk_by(|a, b| is_common(a) == is_common(b)) {
            if is_common(&run[0]) && run.iter().any(|piece| !known.contains(piece)) {
                bytes.extend(run.concat());
                known.extend(run);
            }
        }
    }
    bytes
}

/// The number of pages that have each piece.
fn counts<'a>(pages: &[&'a [u8]]) -> HashMap<&'a [u8], usize> {
    let mut last_seen: HashMap<&[u8], (usize, usize)> = HashMap::new();
    for (number, page) in (1..).zip(pages) {
        for piece in pieces(page) {
            let (count, last) = last_seen.entry(piece).or_default();
            if *last != number {
                (*count, *last) = (*count + 1, number);
            }
        }
    }
    last_seen.into_iter().map(|(piece, (count, _))| (piece, count)).collect()
}

/// A page, cut before each tag.
fn pieces(page: &[u8]) -> impl Iterator<Item = &[u8]> {
    page.chunk_by(|_, next| *next != b'<')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_cut_before_each_tag() {
        let of = |page: &'static [u8]| pieces(page).collect::<Vec<_>>();
        assert_eq!(of(b"x<p>a<b>"), [&b"x"[..], b"<p>a", b"<b>"]);
        assert_eq!(of(b"<<"), [b"<", b"<"]);
        assert!(of(b"").is_empty());
    }

    #[test]
    fn the_common_pieces_are_there_once_in_their_order() {
        let is = |pages: &[&str], expected: &str| {
            let pages: Vec<_> = pages.iter().map(|page| page.as_bytes()).collect();
            assert_eq!(String::from_utf8(common(&pages)).unwrap(), expected, "{pages:?}");
        };
        is(&[], "");
        is(&["<p>a"], "");
        is(&["<p>a", "<p>b"], "");
        is(&["<i>menu<p>a", "<i>menu<p>b"], "<i>menu");
        is(&["<i>menu<p>a<td><td><td>", "<i>menu<p>b"], "<i>menu");
        is(&["<i>1<p>a<td><p>b<td>", "<i>1<p>c<td>"], "<i>1<td>");
        // Two of four pages are a third of them; one is not. The pieces that another page adds follow.
        is(&["<a>1", "<a>1<b>2<c>3", "<b>2", "<d>4"], "<a>1<b>2");
        is(&["<a>1<b>2<x>", "<a>1<b>2<y>", "<c>3", "<c>3"], "<a>1<b>2<c>3");
        is(&["<a>1", "<b>2", "<c>3", "<d>4", "<e>5", "<f>6", "<a>1"], "");
    }
}
