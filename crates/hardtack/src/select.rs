//! Selects the representation of an asset to send, and the part of it (RFC 9110 §12.1, §13, §14).

use std::ops::Range;

use hardtack_bundle::{Action, Asset, Coding, Representation, Route};
use http::{
    HeaderMap, HeaderValue, Method, Response, StatusCode,
    header::{
        ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE,
        CONTENT_TYPE, ETAG, LAST_MODIFIED, RANGE, X_CONTENT_TYPE_OPTIONS,
    },
};

use crate::{
    Body,
    asked::{Answer, Asked, Damaged},
    conditional::{self, Precondition, Validators},
    error_response::NO_STORE,
    fields::{self, value},
    multipart::{content_range, multipart},
    negotiate::{Accepted, negotiate, negotiate_parts},
    range::{self, Requested},
    vary,
    want_digest::{REPR_DIGEST, wants_sha256},
};

/// Answers with an asset.
pub(crate) fn serve(asked: &Asked<'_>, asset: &Asset<'static>, route: &Route<'static>) -> Answer {
    let accepted = Accepted::of(asked.headers);
    let Some(representation) = negotiate(asset, &accepted)? else {
        return Ok(not_acceptable(asked, asset));
    };
    let whole = Selected { asked, asset, route, representation };
    let (selected, requested) = match whole.for_a_part(&accepted)? {
        (_, Requested::Whole) => (whole, Requested::Whole),
        of_a_part => of_a_part,
    };
    match conditional::evaluate(asked.headers, &selected.validators()) {
        Precondition::Holds => selected.part_or_whole(requested),
        Precondition::NotModified => selected.not_modified(),
        Precondition::Failed => {
            Ok(asked.error(StatusCode::PRECONDITION_FAILED, "412 Precondition Failed\n"))
        }
    }
}

/// The asset of a route as the body of a 404, if the client accepts any representation of it.
pub(crate) fn not_found_page(
    asked: &Asked<'_>,
    route: &Route<'static>,
) -> Result<Option<Response<Body>>, Damaged> {
    error_page(asked, route, StatusCode::NOT_FOUND)
}

/// The same, as the body of an error of that status.
pub(crate) fn error_page(
    asked: &Asked<'_>,
    route: &Route<'static>,
    status: StatusCode,
) -> Result<Option<Response<Body>>, Damaged> {
    let (Action::Serve(asset) | Action::Missing(asset)) = &route.action else {
        return Err(Damaged);
    };
    let Some(representation) = negotiate(asset, &Accepted::of(asked.headers))? else {
        return Ok(None);
    };
    let selected = Selected { asked, asset, route, representation };
    let mut response = selected.whole()?;
    *response.status_mut() = status;
    let headers = response.headers_mut();
    selected.describe_content(headers)?;
    headers.remove(ACCEPT_RANGES);
    describe_choice(asset, headers);
    fields::apply(route, headers)?;
    headers.insert(CACHE_CONTROL, NO_STORE);
    Ok(Some(response))
}

/// A request, with the asset and the representation selected for it.
#[derive(Clone, Copy)]
struct Selected<'a> {
    asked: &'a Asked<'a>,
    asset: &'a Asset<'static>,
    route: &'a Route<'static>,
    representation: Representation<'static>,
}

impl Selected<'_> {
    fn validators(&self) -> Validators<'static> {
        Validators {
            entity_tag: self.representation.entity_tag,
            last_modified: self.asked.bundle.last_modified().map(|ours| ours.seconds),
            is_only: self.asset.representation_count() == 1,
        }
    }

    /// The representation that a range is of, and the range. Ranges are defined for `GET` alone
    /// (RFC 9110 §14.2).
    fn for_a_part(self, accepted: &Accepted) -> Result<(Self, Requested), Damaged> {
        if *self.asked.method != Method::GET || !self.asked.headers.contains_key(RANGE) {
            return Ok((self, Requested::Whole));
        }
        let headers = self.asked.headers;
        let is_named = |tag: &str| conditional::is_named(headers, tag);
        let of_parts = negotiate_parts(self.asset, accepted, is_named)?;
        let selected = of_parts.map_or(self, |representation| Self { representation, ..self });
        let requested = if conditional::if_range_holds(headers, &selected.validators()) {
            range::requested(headers, selected.representation.body.len())
        } else {
            Requested::Whole
        };
        Ok((selected, requested))
    }

    /// The response with the whole representation, or with the requested parts.
    fn part_or_whole(&self, requested: Requested) -> Answer {
        let length = self.representation.body.len();
        let mut response = match requested {
            Requested::Whole => self.whole()?,
            Requested::Part(part) => self.part(part)?,
            Requested::Parts(parts) => return self.parts(&parts),
            Requested::Unsatisfiable => return unsatisfiable(self.asked, length),
        };
        self.describe_content(response.headers_mut())?;
        self.describe_selection(response.headers_mut())?;
        fields::apply(self.route, response.headers_mut())?;
        Ok(response)
    }

    fn whole(&self) -> Answer {
        let mut response = self.asked.response(StatusCode::OK);
        let content_length = value(self.representation.content_length)?;
        response.headers_mut().insert(CONTENT_LENGTH, content_length);
        *response.body_mut() = Body::from_static(self.representation.body);
        Ok(response)
    }

    fn part(&self, part: Range<usize>) -> Answer {
        let mut response = self.asked.response(StatusCode::PARTIAL_CONTENT);
        let content_range = content_range(&part, self.representation.body.len());
        response.headers_mut().insert(CONTENT_LENGTH, part.len().into());
        response.headers_mut().insert(CONTENT_RANGE, content_range.try_into()?);
        *response.body_mut() = Body::from_static(&self.representation.body[part]);
        Ok(response)
    }

    fn parts(&self, parts: &[Range<usize>]) -> Answer {
        let multipart = multipart(self.asset, &self.representation, parts);
        let mut response = self.asked.response(StatusCode::PARTIAL_CONTENT);
        let headers = response.headers_mut();
        self.describe_content(headers)?;
        self.describe_selection(headers)?;
        headers.insert(CONTENT_LENGTH, multipart.body.length().into());
        headers.insert(CONTENT_TYPE, multipart.media_type.try_into()?);
        fields::apply(self.route, headers)?;
        *response.body_mut() = multipart.body;
        Ok(response)
    }

    /// 304, with the required fields (RFC 9110 §15.4.5).
    fn not_modified(&self) -> Answer {
        let mut response = self.asked.response(StatusCode::NOT_MODIFIED);
        self.describe_selection(response.headers_mut())?;
        fields::apply(self.route, response.headers_mut())?;
        Ok(response)
    }

    /// Sets the representation metadata (RFC 9110 §8).
    fn describe_content(&self, headers: &mut HeaderMap) -> Result<(), Damaged> {
        headers.insert(CONTENT_TYPE, value(self.asset.media_type)?);
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        if self.representation.coding != Coding::Identity {
            let coding = HeaderValue::from_static(self.representation.coding.name());
            headers.insert(CONTENT_ENCODING, coding);
        }
        if wants_sha256(self.asked.headers) {
            headers.insert(REPR_DIGEST, self.representation.repr_digest().try_into()?);
        }
        Ok(())
    }

    /// Sets the validators and the cache policy.
    fn describe_selection(&self, headers: &mut HeaderMap) -> Result<(), Damaged> {
        headers.insert(ETAG, value(self.representation.entity_tag)?);
        headers.insert(CACHE_CONTROL, value(self.route.cache_control)?);
        if let Some(last_modified) = self.asked.bundle.last_modified() {
            headers.insert(LAST_MODIFIED, value(last_modified.value)?);
        }
        describe_choice(self.asset, headers);
        Ok(())
    }
}

/// Sets `Vary` if there was a choice between representations (RFC 9110 §12.5.5).
fn describe_choice(asset: &Asset<'_>, headers: &mut HeaderMap) {
    if asset.representation_count() > 1 {
        vary::on("Accept-Encoding", headers);
    }
    if asset.has_deltas() {
        vary::on("Available-Dictionary", headers);
    }
}

fn not_acceptable(asked: &Asked<'_>, asset: &Asset<'_>) -> Response<Body> {
    let mut response = asked.error(StatusCode::NOT_ACCEPTABLE, "406 Not Acceptable\n");
    describe_choice(asset, response.headers_mut());
    response
}

/// 416, with the length of the representation (RFC 9110 §15.5.17).
pub(crate) fn unsatisfiable(asked: &Asked<'_>, length: usize) -> Answer {
    let status = StatusCode::RANGE_NOT_SATISFIABLE;
    let mut response = asked.error(status, "416 Range Not Satisfiable\n");
    let content_range = format!("bytes */{length}").try_into()?;
    response.headers_mut().insert(CONTENT_RANGE, content_range);
    Ok(response)
}
