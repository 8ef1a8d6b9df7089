//! Parts of logical paths.

/// The last segment.
pub(crate) fn file_name(path: &str) -> &str {
    &path[folder(path).len()..]
}

/// Everything up to the last slash; empty at the top.
pub(crate) fn folder(path: &str) -> &str {
    &path[..path.rfind('/').map_or(0, |slash| slash + 1)]
}

/// Whether a part of a URL path has a slash in it, and not behind it (RFC 3986 §2.2). No file has such
/// a name.
pub(crate) fn has_escaped_slash(path: &str) -> bool {
    ["%2f", "%5c"].iter().any(|slash| path.to_ascii_lowercase().contains(slash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_names() {
        let are = |path, expected| assert_eq!((folder(path), file_name(path)), expected, "{path}");
        are("a/b/c.js", ("a/b/", "c.js"));
        are("c.js", ("", "c.js"));
        are("a/", ("a/", ""));
        are("", ("", ""));
    }
}
