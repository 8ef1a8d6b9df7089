//! Parts of logical paths.

/// The last segment.
pub(crate) fn file_name(path: &str) -> &str {
    &path[folder(path).len()..]
}

/// Everything up to the last slash; empty at the top.
pub(crate) fn folder(path: &str) -> &str {
    &path[..path.rfind('/').map_or(0, |slash| slash + 1)]
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
