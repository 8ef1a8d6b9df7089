//! Rules of HTTP, written a second time: from the text of the standard, plainly and slowly, and
//! compared with the server over random requests.

use std::ops::Range;

use hardtack::{Body, Bundle, respond};
use hardtack_bundle::{CachePolicy, Coding, Fingerprint, NewAsset, Role, Writer};
use http::{Request, Response};
use http_body_util::BodyExt;
use proptest::prelude::*;

const DATE: u64 = 784_111_777;
const SAME: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

/// A site of one asset at `/a`, with these representations. The bundle is never freed, so the
/// number of cases is what this may cost.
fn site(representations: &[(Coding, Vec<u8>)], is_dated: bool) -> Bundle<'static> {
    let mut writer = Writer::new("/");
    let representations: Vec<_> =
        representations.iter().map(|(coding, bytes)| (*coding, bytes.as_slice())).collect();
    let asset = writer.asset(NewAsset {
        logical_path: "a",
        url: "/a",
        plain_url: None,
        media_type: "text/plain",
        role: Role::Pinned,
        why: "",
        fingerprint: Fingerprint([7; 32]),
        digest: None,
        representations: &representations,
    });
    writer.serve("/a", asset, CachePolicy::revalidate(60));
    if is_dated {
        writer.last_modified(SAME, DATE);
    }
    Bundle::open(writer.finish().expect("it is small").leak()).expect("just written")
}

fn tag(coding: Coding) -> String {
    format!("\"{}-{coding}\"", Fingerprint([7; 32]))
}

fn ask(site: &Bundle<'static>, method: &str, fields: &[(&str, &str)]) -> Response<Body> {
    let mut request = Request::builder().method(method).uri("/a").header("host", "a");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    respond(site, &request.body(()).expect("the values are valid"))
}

fn field<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().expect("we send ASCII"))
}

fn bytes(response: Response<Body>) -> Vec<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("no I/O");
    let collected = runtime.block_on(response.into_body().collect());
    collected.expect("infallible").to_bytes().to_vec()
}

/// RFC 9110 §12.5.3, read aloud.
mod negotiation {
    use super::*;

    /// The codings that may be sent, by the three numbered rules, with their weights in thousandths.
    fn acceptable(members: &[(String, u32)], available: &[Coding]) -> Vec<(Coding, u32)> {
        let weight_of = |name: &str| {
            let named = members.iter().filter(|(member, _)| {
                let member = member.to_ascii_lowercase();
                member == name || (member == "x-gzip" && name == "gzip")
            });
            named.map(|(_, weight)| *weight).min()
        };
        let mut acceptable = Vec::new();
        for coding in available {
            let weight = match (weight_of(coding.name()), weight_of("*"), coding) {
                (Some(weight), _, _) | (None, Some(weight), _) => weight,
                // Acceptable, and without a weight: after all that have one.
                (None, None, Coding::Identity) => 1,
                (None, None, _) => 0,
            };
            if weight > 0 {
                acceptable.push((*coding, weight));
            }
        }
        acceptable
    }

    fn members() -> impl Strategy<Value = Vec<(String, u32)>> {
        let names: &[&str] =
            &["gzip", "x-gzip", "br", "zstd", "identity", "*", "GZip", "deflate", "Br", "x"];
        let name = prop::sample::select(names).prop_map(str::to_owned);
        let weight = prop_oneof![Just(0), Just(1000), Just(1), 0_u32..=1000];
        prop::collection::vec((name, weight), 0..6)
    }

    fn write(members: &[(String, u32)], spaces: bool) -> String {
        let member = |(name, weight): &(String, u32)| {
            let (thin, wide) = if spaces { (" ", " ; ") } else { ("", ";") };
            match weight {
                1000 => format!("{thin}{name}"),
                weight => format!("{thin}{name}{wide}q=0.{weight:03}"),
            }
        };
        members.iter().map(member).collect::<Vec<_>>().join(",")
    }

    fn representations() -> impl Strategy<Value = Vec<(Coding, Vec<u8>)>> {
        let coded = prop::sample::subsequence(&Coding::PLAIN[1..], 0..=3);
        (coded, prop::collection::vec(1_usize..9, 4)).prop_map(|(coded, sizes)| {
            let codings = [Coding::Identity].into_iter().chain(coded);
            codings.zip(sizes).map(|(coding, size)| (coding, vec![b'x'; size])).collect()
        })
    }

    proptest! {
        #[test]
        fn is_as_the_standard_says(
            members in members(),
            representations in representations(),
            spaces: bool,
        ) {
            let available: Vec<_> = representations.iter().map(|(coding, _)| *coding).collect();
            let acceptable = acceptable(&members, &available);
            let highest = acceptable.iter().map(|(_, weight)| *weight).max();
            let preferred = acceptable.iter().filter(|(_, weight)| Some(*weight) == highest);
            let size = |coding: Coding| {
                representations.iter().find(|(other, _)| *other == coding).map(|(_, it)| it.len())
            };
            let smallest = preferred.clone().map(|(coding, _)| size(*coding)).min();

            let accept = write(&members, spaces);
            let site = site(&representations, false);
            let response = ask(&site, "GET", &[("accept-encoding", &accept)]);
            let varies = field(&response, "vary") == Some("Accept-Encoding");
            prop_assert_eq!(varies, available.len() > 1);
            match smallest {
                None => prop_assert_eq!(response.status(), 406),
                Some(smallest) => {
                    prop_assert_eq!(response.status(), 200);
                    let sent = field(&response, "content-encoding").unwrap_or("identity");
                    prop_assert!(preferred.clone().any(|(coding, _)| coding.name() == sent));
                    prop_assert_eq!(Some(bytes(response).len()), smallest);
                }
            }
        }
    }
}

/// RFC 9110 §14, against slicing.
mod ranges {
    use super::*;

    #[derive(Clone, Debug)]
    enum Spec {
        FromTo(usize, usize),
        From(usize),
        Last(usize),
    }

    impl Spec {
        fn write(&self) -> String {
            match self {
                Self::FromTo(first, last) => format!("{first}-{last}"),
                Self::From(first) => format!("{first}-"),
                Self::Last(count) => format!("-{count}"),
            }
        }

        /// The positions that are asked for and exist.
        fn positions(&self, length: usize) -> Range<usize> {
            match *self {
                Self::FromTo(first, last) => first.min(length)..(last + 1).min(length),
                Self::From(first) => first.min(length)..length,
                Self::Last(count) => length.saturating_sub(count)..length,
            }
        }
    }

    fn specs() -> impl Strategy<Value = Vec<Spec>> {
        let spec = prop_oneof![
            (0_usize..50, 0_usize..50).prop_map(|(a, b)| Spec::FromTo(a.min(b), a.max(b))),
            (0_usize..50).prop_map(Spec::From),
            (0_usize..50).prop_map(Spec::Last),
        ];
        prop::collection::vec(spec, 1..6)
    }

    /// The parts of a multipart body, by their own words.
    fn parts(body: &[u8], boundary: &str, length: usize) -> Vec<(Range<usize>, Vec<u8>)> {
        let text = String::from_utf8(body.to_vec()).expect("the asset is ASCII");
        let pieces: Vec<_> = text.split(&format!("\r\n--{boundary}")).collect();
        assert_eq!((pieces[0], pieces[pieces.len() - 1]), ("", "--\r\n"));
        let part = |piece: &&str| {
            let (head, content) = piece.split_once("\r\n\r\n").expect("a head");
            let place = head.split_once("Content-Range: bytes ").expect("a place").1;
            let (range, total) = place.split_once('/').expect("a length");
            let (first, last) = range.split_once('-').expect("a range");
            assert_eq!(total, length.to_string());
            let place = first.parse().expect("a number")..last.parse::<usize>().expect("one") + 1;
            (place, content.as_bytes().to_vec())
        };
        pieces[1..pieces.len() - 1].iter().map(part).collect()
    }

    proptest! {
        #[test]
        fn are_slices(length in 0_usize..40, specs in specs()) {
            let body: Vec<u8> = (0..length).map(|n| b'a' + (n % 26) as u8).collect();
            let asked: Vec<_> = specs.iter().map(Spec::write).collect();
            let wanted: Vec<bool> = (0..length)
                .map(|at| specs.iter().any(|spec| spec.positions(length).contains(&at)))
                .collect();
            let site = site(&[(Coding::Identity, body.clone())], false);
            let range = format!("bytes={}", asked.join(","));
            let response = ask(&site, "GET", &[("range", &range)]);
            let stated = field(&response, "content-length").map(str::to_owned);
            let content_range = field(&response, "content-range").map(str::to_owned);
            let media_type = field(&response, "content-type").unwrap_or_default().to_owned();
            match response.status().as_u16() {
                // An empty representation has no byte that a part could state.
                200 => {
                    prop_assert_eq!(length, 0);
                    prop_assert!(specs.iter().any(|spec| matches!(spec, Spec::Last(1..))));
                }
                416 => {
                    prop_assert!(!wanted.contains(&true));
                    prop_assert_eq!(content_range, Some(format!("bytes */{length}")));
                }
                206 => {
                    let sent = bytes(response);
                    prop_assert_eq!(stated, Some(sent.len().to_string()));
                    let parts = match media_type.strip_prefix("multipart/byteranges; boundary=") {
                        Some(boundary) => parts(&sent, boundary, length),
                        None => {
                            let place = content_range.unwrap_or_default();
                            let (first, rest) = place["bytes ".len()..].split_once('-').unwrap();
                            let (last, total) = rest.split_once('/').unwrap();
                            prop_assert_eq!(total, length.to_string());
                            let range = first.parse().unwrap()..last.parse::<usize>().unwrap() + 1;
                            vec![(range, sent)]
                        }
                    };
                    prop_assert!(media_type.starts_with("multipart") == (parts.len() > 1));
                    // Every byte that was wanted comes, once, and no other does.
                    let mut came = vec![false; length];
                    for (place, content) in parts {
                        prop_assert_eq!(&content[..], &body[place.clone()]);
                        for at in place {
                            prop_assert!(!came[at]);
                            came[at] = true;
                        }
                    }
                    prop_assert_eq!(came, wanted);
                }
                other => prop_assert!(false, "{} for {}", other, range),
            }
        }
    }
}

/// The steps of RFC 9110 §13.2.2, one after the other.
mod preconditions {
    use super::*;

    #[derive(Clone, Debug)]
    struct Asked {
        method: &'static str,
        if_match: Option<String>,
        if_unmodified_since: Option<&'static str>,
        if_none_match: Option<String>,
        if_modified_since: Option<&'static str>,
        range: bool,
        if_range: Option<String>,
    }

    fn tags() -> impl Strategy<Value = String> {
        let ours = tag(Coding::Identity);
        let tags = [ours.clone(), format!("W/{ours}"), "\"x\"".to_owned(), "W/\"y\"".to_owned()];
        let list = prop::collection::vec(prop::sample::select(tags.to_vec()), 1..3);
        prop_oneof![3 => list.prop_map(|tags| tags.join(", ")), 1 => Just("*".to_owned())]
    }

    fn dates() -> impl Strategy<Value = &'static str> {
        prop::sample::select(&[EARLIER, SAME, LATER, "no date"][..])
    }

    fn asked() -> impl Strategy<Value = Asked> {
        let option = prop::option::of::<BoxedStrategy<String>>;
        let if_range = prop_oneof![
            tags().prop_filter("one tag", |it| !it.contains(',') && it != "*"),
            dates().prop_map(str::to_owned)
        ];
        (
            prop::sample::select(&["GET", "HEAD"][..]),
            option(tags().boxed()),
            prop::option::of(dates()),
            option(tags().boxed()),
            prop::option::of(dates()),
            any::<bool>(),
            option(if_range.boxed()),
        )
            .prop_map(
                |(
                    method,
                    if_match,
                    if_unmodified_since,
                    if_none_match,
                    if_modified_since,
                    range,
                    if_range,
                )| {
                    Asked {
                        method,
                        if_match,
                        if_unmodified_since,
                        if_none_match,
                        if_modified_since,
                        range,
                        if_range,
                    }
                },
            )
    }

    fn strong(list: &str) -> bool {
        list == "*" || list.split(", ").any(|theirs| theirs == tag(Coding::Identity))
    }

    fn weak(list: &str) -> bool {
        let plain = list.split(", ").map(|theirs| theirs.trim_start_matches("W/"));
        list == "*" || plain.into_iter().any(|theirs| theirs == tag(Coding::Identity))
    }

    /// The status, by the numbered steps.
    fn status(asked: &Asked, is_dated: bool) -> u16 {
        // 1 and 2
        match (&asked.if_match, asked.if_unmodified_since) {
            (Some(list), _) if !strong(list) => return 412,
            (None, Some(EARLIER)) if is_dated => return 412,
            _ => {}
        }
        // 3 and 4
        match (&asked.if_none_match, asked.if_modified_since) {
            (Some(list), _) if weak(list) => return 304,
            (None, Some(SAME | LATER)) if is_dated => return 304,
            _ => {}
        }
        // 5
        let may_be_part = match &asked.if_range {
            None => true,
            Some(validator) => strong(validator) || (is_dated && validator == SAME),
        };
        if asked.method == "GET" && asked.range && may_be_part { 206 } else { 200 }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn are_evaluated_in_order(asked in asked(), is_dated: bool) {
            let site = site(&[(Coding::Identity, b"0123456789".to_vec())], is_dated);
            let fields = [
                ("if-match", asked.if_match.as_deref()),
                ("if-unmodified-since", asked.if_unmodified_since),
                ("if-none-match", asked.if_none_match.as_deref()),
                ("if-modified-since", asked.if_modified_since),
                ("range", asked.range.then_some("bytes=2-3")),
                ("if-range", asked.if_range.as_deref()),
            ];
            let fields: Vec<_> =
                fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
            let response = ask(&site, asked.method, &fields);
            prop_assert_eq!(response.status().as_u16(), status(&asked, is_dated));
        }
    }
}
