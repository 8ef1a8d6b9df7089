//! The content of a response, compared with the release.

use hardtack_bundle::{Coding, Representation};
use http::header::{CONTENT_ENCODING, ETAG};

use super::subject::Subject;
use crate::client::Answer;

/// The content of a 200 for an asset. Each rule judges some of these, and no two the same.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// The bytes of a representation, in the coding that the response names.
    Exact(Representation<'static>),
    /// The bytes of a representation whose coding the response does not name.
    Undeclared(Coding),
    /// Other bytes of the named coding, which decode to the asset.
    Recoded(Coding),
    /// The beginning of a representation.
    Cut,
    /// Content of an asset that was baked with another content.
    OtherRelease,
    Other,
}

impl Content {
    pub(super) fn of(subject: &Subject, answer: &Answer) -> Self {
        let body = &*answer.body;
        if answer.is_cut {
            return Self::Cut;
        }
        let all = subject.representations();
        let named = named_coding(answer);
        let of_named = || all.iter().filter(|it| Some(it.coding) == named);
        if let Some(exact) = of_named().find(|it| it.body == body) {
            return Self::Exact(*exact);
        }
        if let Some(other) = all.iter().find(|it| it.body == body) {
            return Self::Undeclared(other.coding);
        }
        let is_of_another_release = is_of_another_release(subject, answer);
        if !is_of_another_release && of_named().any(|it| it.body.starts_with(body)) {
            return Self::Cut;
        }
        let asset = all.first().map(|identity| identity.body).unwrap_or_default();
        match named {
            Some(coding)
                if coding != Coding::Identity
                    && hardtack_build::decodes_to(coding, body, asset) =>
            {
                Self::Recoded(coding)
            }
            _ if is_of_another_release => Self::OtherRelease,
            _ => Self::Other,
        }
    }

    /// The coding of the asset's representation, if the content is one.
    pub(super) fn coding(&self) -> Option<Coding> {
        match self {
            Self::Exact(representation) => Some(representation.coding),
            Self::Recoded(coding) => Some(*coding),
            _ => None,
        }
    }

    pub(super) fn is_identity(&self) -> bool {
        matches!(self, Self::Exact(it) if it.coding == Coding::Identity)
    }
}

/// The coding that the response names; none if it is none of ours.
fn named_coding(answer: &Answer) -> Option<Coding> {
    let mut lines = answer.headers.get_all(CONTENT_ENCODING).iter();
    let Some(value) = lines.next() else { return Some(Coding::Identity) };
    let value = value.to_str().ok().filter(|_| lines.next().is_none())?.trim();
    Coding::ALL.into_iter().find(|coding| coding.name().eq_ignore_ascii_case(value))
}

/// Whether the entity tag is formed as those of a release, with another fingerprint.
fn is_of_another_release(subject: &Subject, answer: &Answer) -> bool {
    let tag = answer.headers.get(ETAG).and_then(|tag| tag.to_str().ok()).unwrap_or_default();
    let opaque = tag.trim_start_matches("W/").trim_matches('"');
    let is_hash = |it: &str| it.len() == 64 && it.bytes().all(|byte| byte.is_ascii_hexdigit());
    let Some((fingerprint, _)) = opaque.split_once('-').filter(|(it, _)| is_hash(it)) else {
        return false;
    };
    subject.asset().is_some_and(|asset| asset.fingerprint.to_string() != fingerprint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::check::{ask::Ask, testing};
    use http::HeaderValue;

    #[track_caller]
    fn is(change: impl FnOnce(&mut Answer), expected: &str) {
        let subject = testing::asset("/app.css");
        let mut answer = testing::answer(&subject, &Ask::accepting("gzip"));
        change(&mut answer);
        let content = format!("{:?}", Content::of(&subject, &answer));
        assert!(content.starts_with(expected), "{content}, not {expected}");
    }

    #[test]
    fn contents() {
        is(|_| {}, "Exact");
        is(|it| drop(it.headers.remove(CONTENT_ENCODING)), "Undeclared(Gzip)");
        is(|it| it.body = testing::STYLE.into(), "Undeclared(Identity)");
        is(
            |it| {
                it.headers.append(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            },
            "Undeclared(Gzip)",
        );
        is(|it| it.body = testing::recoded().into(), "Recoded(Gzip)");
        is(|it| it.body.to_mut().truncate(20), "Cut");
        is(|it| it.body.to_mut().clear(), "Cut");
        is(|it| it.is_cut = true, "Cut");
        is(|it| it.body.to_mut().push(0), "Other");
        is(|it| it.body = b"<p>".into(), "Other");
        is(
            |it| {
                it.body = b"old".into();
                let tag = format!("W/\"{}-gzip\"", "0".repeat(64));
                it.headers.insert(ETAG, tag.parse().unwrap());
            },
            "OtherRelease",
        );
        is(
            |it| {
                it.headers.remove(CONTENT_ENCODING);
                it.body = testing::STYLE.into();
            },
            "Exact",
        );
    }
}
