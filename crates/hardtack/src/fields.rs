//! The changes that a route makes to the header fields of its responses.

use bytes::Bytes;
use hardtack_bundle::{FieldEdit, Route};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::asked::Damaged;

/// Applies the edits of a route, which were checked when the bundle was made.
pub(crate) fn apply(route: &Route<'static>, headers: &mut HeaderMap) -> Result<(), Damaged> {
    for edit in route.fields() {
        match edit? {
            FieldEdit::Set(name, value) => {
                headers.insert(self::name(name)?, self::value(value)?);
            }
            FieldEdit::Append(name, value) => {
                headers.append(self::name(name)?, self::value(value)?);
            }
            FieldEdit::Remove(name) => {
                headers.remove(self::name(name)?);
            }
        }
    }
    Ok(())
}

fn name(name: &str) -> Result<HeaderName, Damaged> {
    HeaderName::from_lowercase(name.as_bytes()).map_err(|_| Damaged)
}

/// A value that borrows the bundle's memory.
pub(crate) fn value(text: &'static str) -> Result<HeaderValue, Damaged> {
    HeaderValue::from_maybe_shared(Bytes::from_static(text.as_bytes())).map_err(|_| Damaged)
}
