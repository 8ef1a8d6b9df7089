//! The notation of cases in several tables of tests.

use hyper::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};

/// Fields, one a line: `name: value`.
#[track_caller]
pub(super) fn fields(lines: &str) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for line in lines.lines() {
        let (name, value) = line.split_once(':').expect("a field has a colon");
        let name: HeaderName = name.parse().expect("a field's name");
        fields.append(name, HeaderValue::from_bytes(value.trim().as_bytes()).expect("a value"));
    }
    fields
}
