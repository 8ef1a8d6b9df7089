//! Selects the representation of an asset to send, and the part of it (RFC 9110 §12.1, §13, §14).

use std::ops::Range;

use hardtack_bundle::{Action, Asset, Coding, Representation, Route};
use http::{Method, StatusCode, header::RANGE};

use crate::{
    asked::{Answer, Asked},
    conditional::{self, Precondition, Validators},
    content_range::ContentRange,
    fields,
    multipart::multipart,
    negotiate::{Accepted, negotiate, negotiate_parts},
    range::{self, Requested},
    reply::{Content, Damaged, NO_STORE, Reply, ResponseFields, Value},
    vary,
    want_digest::wants_sha256,
};

/// Answers with an asset.
pub(crate) fn serve<'a>(
    asked: &Asked<'a>,
    asset: &Asset<'static>,
    route: &Route<'static>,
) -> Answer<'a> {
    let accepted = Accepted::of(asked.fields);
    let Some(representation) = negotiate(asset, &accepted)? else {
        return Ok(not_acceptable(asked, asset));
    };
    let whole = Selected { asked, asset, route, representation };
    let (selected, requested) = match whole.for_a_part(&accepted)? {
        (_, Requested::Whole) => (whole, Requested::Whole),
        of_a_part => of_a_part,
    };
    match conditional::evaluate(asked.fields, &selected.validators()) {
        Precondition::Holds => selected.part_or_whole(requested),
        Precondition::NotModified => selected.not_modified(),
        Precondition::Failed => {
            Ok(asked.error(StatusCode::PRECONDITION_FAILED, "412 Precondition Failed\n"))
        }
    }
}

/// The asset of a route as the body of a 404, if the client accepts any representation of it.
pub(crate) fn not_found_page<'a>(
    asked: &Asked<'a>,
    route: &Route<'static>,
) -> Result<Option<Reply<'a>>, Damaged> {
    error_page(asked, route, StatusCode::NOT_FOUND)
}

/// The asset of a route as the body of an error of that status, if the client accepts any
/// representation of it.
pub(crate) fn error_page<'a>(
    asked: &Asked<'a>,
    route: &Route<'static>,
    status: StatusCode,
) -> Result<Option<Reply<'a>>, Damaged> {
    let (Action::Serve(asset) | Action::Missing(asset)) = &route.action else {
        return Err(Damaged);
    };
    let Some(representation) = negotiate(asset, &Accepted::of(asked.fields))? else {
        return Ok(None);
    };
    let selected = Selected { asked, asset, route, representation };
    let mut reply = selected.whole();
    reply.status = status;
    selected.describe_content(&mut reply.fields);
    reply.fields.remove("accept-ranges");
    describe_choice(asset, &mut reply.fields);
    fields::apply(route, &mut reply.fields)?;
    reply.fields.insert("cache-control", NO_STORE);
    Ok(Some(reply))
}

/// A request, with the asset and the representation selected for it.
#[derive(Clone, Copy)]
struct Selected<'s, 'a> {
    asked: &'s Asked<'a>,
    asset: &'s Asset<'static>,
    route: &'s Route<'static>,
    representation: Representation<'static>,
}

impl<'a> Selected<'_, 'a> {
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
        if *self.asked.method != Method::GET || !self.asked.fields.has(RANGE) {
            return Ok((self, Requested::Whole));
        }
        let fields = self.asked.fields;
        let is_named = |tag: &str| conditional::is_named(fields, tag);
        let of_parts = negotiate_parts(self.asset, accepted, is_named)?;
        let selected = of_parts.map_or(self, |representation| Self { representation, ..self });
        let requested = if conditional::if_range_holds(fields, &selected.validators()) {
            range::requested(fields, selected.representation.body.len())
        } else {
            Requested::Whole
        };
        Ok((selected, requested))
    }

    /// The response with the whole representation, or with the requested parts.
    fn part_or_whole(&self, requested: Requested) -> Answer<'a> {
        let length = self.representation.body.len();
        let mut reply = match requested {
            Requested::Whole => self.whole(),
            Requested::Part(part) => self.part(part),
            Requested::Parts(parts) => return self.parts(&parts),
            Requested::Unsatisfiable => return Ok(unsatisfiable(self.asked, length)),
        };
        self.describe_content(&mut reply.fields);
        self.describe_selection(&mut reply.fields);
        fields::apply(self.route, &mut reply.fields)?;
        Ok(reply)
    }

    fn whole(&self) -> Reply<'a> {
        let mut reply = self.asked.reply(StatusCode::OK);
        let content_length = Value::Static(self.representation.content_length);
        reply.fields.add("content-length", content_length);
        reply.content = Content::Static(self.representation.body);
        reply
    }

    fn part(&self, part: Range<usize>) -> Reply<'a> {
        let mut reply = self.asked.reply(StatusCode::PARTIAL_CONTENT);
        let content_range = ContentRange::Part(part.clone(), self.representation.body.len());
        reply.fields.add("content-length", Value::Number(part.len()));
        reply.fields.add("content-range", Value::Range(content_range));
        reply.content = Content::Static(&self.representation.body[part]);
        reply
    }

    fn parts(&self, parts: &[Range<usize>]) -> Answer<'a> {
        let multipart = multipart(self.asset, &self.representation, parts);
        let mut reply = self.asked.reply(StatusCode::PARTIAL_CONTENT);
        self.describe_content(&mut reply.fields);
        self.describe_selection(&mut reply.fields);
        reply.fields.insert("content-length", Value::Number(multipart.body.length()));
        reply.fields.insert("content-type", Value::Made(multipart.media_type));
        fields::apply(self.route, &mut reply.fields)?;
        reply.content = Content::Made(multipart.body);
        Ok(reply)
    }

    /// 304, with the required fields (RFC 9110 §15.4.5).
    fn not_modified(&self) -> Answer<'a> {
        let mut reply = self.asked.reply(StatusCode::NOT_MODIFIED);
        self.describe_selection(&mut reply.fields);
        fields::apply(self.route, &mut reply.fields)?;
        Ok(reply)
    }

    /// Sets the representation metadata (RFC 9110 §8).
    fn describe_content(&self, fields: &mut ResponseFields<'_>) {
        fields.add("content-type", Value::Static(self.asset.media_type));
        fields.add("x-content-type-options", Value::Static("nosniff"));
        fields.add("accept-ranges", Value::Static("bytes"));
        if self.representation.coding != Coding::Identity {
            let coding = Value::Static(self.representation.coding.name());
            fields.add("content-encoding", coding);
        }
        if wants_sha256(self.asked.fields) {
            fields.add("repr-digest", Value::Made(self.representation.repr_digest()));
        }
    }

    /// Sets the validators and the cache policy.
    fn describe_selection(&self, fields: &mut ResponseFields<'_>) {
        fields.add("etag", Value::Static(self.representation.entity_tag));
        fields.add("cache-control", Value::Static(self.route.cache_control));
        if let Some(last_modified) = self.asked.bundle.last_modified() {
            fields.add("last-modified", Value::Static(last_modified.value));
        }
        describe_choice(self.asset, fields);
    }
}

/// Sets `Vary` if there was a choice between representations (RFC 9110 §12.5.5).
fn describe_choice(asset: &Asset<'_>, fields: &mut ResponseFields<'_>) {
    if asset.has_deltas() {
        vary::on("Accept-Encoding, Available-Dictionary", fields);
    } else if asset.representation_count() > 1 {
        vary::on("Accept-Encoding", fields);
    }
}

fn not_acceptable<'a>(asked: &Asked<'a>, asset: &Asset<'_>) -> Reply<'a> {
    let mut reply = asked.error(StatusCode::NOT_ACCEPTABLE, "406 Not Acceptable\n");
    describe_choice(asset, &mut reply.fields);
    reply
}

/// 416, with the length of the representation (RFC 9110 §15.5.17).
pub(crate) fn unsatisfiable<'a>(asked: &Asked<'a>, length: usize) -> Reply<'a> {
    let status = StatusCode::RANGE_NOT_SATISFIABLE;
    let mut reply = asked.error(status, "416 Range Not Satisfiable\n");
    reply.fields.insert("content-range", Value::Range(ContentRange::Unsatisfied(length)));
    reply
}
