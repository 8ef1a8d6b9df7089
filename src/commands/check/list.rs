//! Lists in header fields (RFC 9110 §5.6.1).

use http::{HeaderMap, HeaderName};

/// The members of a list, of all lines of the field.
pub(super) fn members(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|member| !member.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::VARY;

    #[test]
    fn members_of_all_lines() {
        let mut headers = HeaderMap::new();
        for line in ["a, B,,", "", " c"] {
            headers.append(VARY, line.parse().unwrap());
        }
        assert_eq!(members(&headers, VARY).collect::<Vec<_>>(), ["a", "B", "c"]);
    }
}
