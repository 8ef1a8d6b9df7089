//! The fields of a response by which an application tells the server in front of it what to do, as
//! nginx, Apache and LiteSpeed understand them. They are not for clients: they name files of the
//! inside.

use hyper::{HeaderMap, header::HeaderName};

use super::failure::Failure;

/// Takes the directives off a response.
///
/// # Errors
///
/// If one asks for a file to be sent in the place of the response, which is then empty: this server
/// has no folder to send it from.
pub(super) fn take_off(fields: &mut HeaderMap) -> Result<(), Failure> {
    let names: Vec<HeaderName> =
        fields.keys().filter(|name| is_directive(name.as_str())).cloned().collect();
    for name in &names {
        fields.remove(name);
    }
    match names.iter().find(|name| sends_file(name.as_str())) {
        Some(name) => Err(Failure::Bad(format!(
            "its response has the field {name}, by which a web server would send a file in its \
             place; let the application send the file itself"
        ))),
        None => Ok(()),
    }
}

fn is_directive(name: &str) -> bool {
    sends_file(name) || name.starts_with("x-accel-") || name.starts_with("x-litespeed-")
}

/// Whether the content is to come from another place than the response.
fn sends_file(name: &str) -> bool {
    matches!(name, "x-accel-redirect" | "x-litespeed-location" | "x-reproxy-file" | "x-reproxy-url")
        || ["sendfile", "send-file"].iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::{super::testing::fields, *};

    #[track_caller]
    fn is_left(name: &str, status: Option<u16>) {
        let mut message = fields(&format!("{name}: /private/a.pdf\netag: x"));
        let taken = take_off(&mut message);
        let failed = taken.err().map(|failure| {
            assert!(failure.to_string().contains(&name.to_ascii_lowercase()), "{failure}");
            failure.response(&hyper::Method::GET).status().as_u16()
        });
        assert_eq!((failed, message), (status, fields("etag: x")), "{name}");
    }

    #[test]
    fn a_file_is_asked_for() {
        for name in ["X-Accel-Redirect", "X-Sendfile", "X-Sendfile2", "X-LIGHTTPD-send-file"] {
            is_left(name, Some(502));
        }
        for name in ["X-LiteSpeed-Location", "X-Sendfile-Temporary", "X-Reproxy-URL"] {
            is_left(name, Some(502));
        }
    }

    #[test]
    fn something_else_is_asked_for() {
        for name in ["X-Accel-Buffering", "X-Accel-Expires", "X-LiteSpeed-Cache-Control"] {
            is_left(name, None);
        }
    }

    #[test]
    fn other_fields_stay() {
        let mut message = fields("x-accelerated: 1\nlocation: /a\nset-cookie: a=b");
        let before = message.clone();
        take_off(&mut message).unwrap();
        assert_eq!(message, before);
    }
}
