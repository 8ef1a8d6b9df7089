//! `Vary` (RFC 9110 §12.5.5): the request fields that a response depends on.

use crate::reply::{ResponseFields, Value};

/// Adds the name of a field, or a list of names.
pub(crate) fn on(field: &'static str, response: &mut ResponseFields<'_>) {
    match response.lines("vary") {
        [(_, others), ..] => {
            let list = with(others, field);
            response.insert("vary", list);
        }
        [] => response.add("vary", Value::Static(field)),
    }
}

/// A list with more names. The lists that our own rules make need no memory of their own.
fn with(list: &Value<'_>, field: &'static str) -> Value<'static> {
    let Value::Static(known) = *list else { return Value::Made(format!("{list}, {field}")) };
    let is_longer = |longer: &&str| {
        let rest = longer.strip_prefix(known).and_then(|rest| rest.strip_prefix(", "));
        rest == Some(field)
    };
    match LISTS.into_iter().find(is_longer) {
        Some(longer) => Value::Static(longer),
        None => Value::Made(format!("{known}, {field}")),
    }
}

/// The lists of several names that our own rules make.
const LISTS: [&str; 8] = [
    "Origin, Accept-Encoding",
    "Origin, Accept-Encoding, Available-Dictionary",
    "Origin, Accept-Encoding, Available-Dictionary, Accept",
    "Origin, Accept-Encoding, Accept",
    "Origin, Accept",
    "Accept-Encoding, Available-Dictionary",
    "Accept-Encoding, Available-Dictionary, Accept",
    "Accept-Encoding, Accept",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is_on(fields: &[&'static str], expected: &str) {
        let mut response = ResponseFields::default();
        fields.iter().for_each(|field| on(field, &mut response));
        let [(_, Value::Static(list))] = response.lines("vary") else {
            panic!("{:?}", response.lines("vary"))
        };
        assert_eq!(*list, expected);
    }

    #[test]
    fn names_are_one_list() {
        let [origin, coding, dictionary, accept] =
            ["Origin", "Accept-Encoding", "Available-Dictionary", "Accept"];
        is_on(&[coding], "Accept-Encoding");
        is_on(&[origin, coding], "Origin, Accept-Encoding");
        is_on(&[coding, dictionary], "Accept-Encoding, Available-Dictionary");
        is_on(&[coding, dictionary, accept], "Accept-Encoding, Available-Dictionary, Accept");
        is_on(&[coding, accept], "Accept-Encoding, Accept");
        is_on(&[origin, accept], "Origin, Accept");
        is_on(&[origin, coding, accept], "Origin, Accept-Encoding, Accept");
        let all = [origin, coding, dictionary, accept];
        is_on(&all[..3], "Origin, Accept-Encoding, Available-Dictionary");
        is_on(&[origin, "Accept-Encoding, Available-Dictionary"], all[..3].join(", ").as_str());
        is_on(&all, "Origin, Accept-Encoding, Available-Dictionary, Accept");
    }

    #[test]
    fn any_other_name_is_added_too() {
        let mut response = ResponseFields::default();
        on("Cookie", &mut response);
        on("Accept", &mut response);
        on("Origin", &mut response);
        let lines = response.lines("vary");
        assert!(matches!(lines, [(_, Value::Made(list))] if list == "Cookie, Accept, Origin"));
    }
}
