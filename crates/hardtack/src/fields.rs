//! The changes that a route makes to the header fields of its responses.

use hardtack_bundle::{FieldEdit, Route};

use crate::reply::{Damaged, ResponseFields, Value};

/// Applies the edits of a route, which were checked when the bundle was made.
pub(crate) fn apply(
    route: &Route<'static>,
    fields: &mut ResponseFields<'_>,
) -> Result<(), Damaged> {
    for edit in route.fields() {
        match edit? {
            FieldEdit::Set(name, value) => fields.insert(name, Value::Static(value)),
            FieldEdit::Append(name, value) => fields.append(name, Value::Static(value)),
            FieldEdit::Remove(name) => fields.remove(name),
        }
    }
    Ok(())
}
