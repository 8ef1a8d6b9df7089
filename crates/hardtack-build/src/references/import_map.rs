//! Links in an import map (WHATWG HTML §8.1.6.2): the addresses, and the keys that are URLs; and
//! the places for additions.

use super::{
    Found, IfMissing, IntegrityPlace, Link, Literal, LiteralKind, javascript::is_path, json,
    json::Value,
};

/// The places for additions to an import map.
#[derive(Debug, Default)]
pub(crate) struct ImportMap {
    /// The mappings of whole folders. Of two that fit a specifier, the longer name counts.
    pub(super) folders: Vec<FolderMapping>,
    /// The place for the integrity of all modules.
    pub(super) integrity: Option<IntegrityPlace>,
}

/// A mapping such as `"lib/": "./vendor/lib/"`.
#[derive(Debug)]
pub(super) struct FolderMapping {
    pub(super) name: String,
    pub(super) address: String,
    /// The place for another mapping beside it.
    pub(super) offset: usize,
}

impl ImportMap {
    pub(super) fn shift(mut self, offset: usize) -> Self {
        self.folders.iter_mut().for_each(|folder| folder.offset += offset);
        self.integrity = self.integrity.map(|place| place.shift(offset));
        self
    }
}

/// The links in an import map. A map that is not JSON has none, but a remark.
pub(super) fn find(text: &str, adds_integrity: bool) -> Found {
    let found = json::parse(text, |map| {
        let known = map.member("integrity").map(Value::members).unwrap_or_default();
        let links = mappings(map).into_iter().flatten().flat_map(links_of);
        let links = links.chain(known.into_iter().filter_map(known_integrity)).collect();
        let integrity = adds_integrity.then(|| integrity_section(map)).flatten();
        let import_map = Some(ImportMap { folders: folders(map), integrity });
        // The scripts of a scope are known by their names, in a key that no address is for.
        let scopes = map.member("scopes").map(Value::members).unwrap_or_default().into_iter();
        let literals =
            scopes.map(|(key, _)| Literal { span: key.span, kind: LiteralKind::String }).collect();
        Found { links, import_map, literals, ..Found::default() }
    });
    found.unwrap_or_else(|| Found::remark(0, "this import map is left as it is: not JSON"))
}

/// The mappings for all modules, and those for the modules of each scope.
fn mappings(map: Value<'_>) -> Vec<Vec<(Link, Value<'_>)>> {
    objects(map).into_iter().map(Value::members).collect()
}

fn objects(map: Value<'_>) -> Vec<Value<'_>> {
    let scopes = map.member("scopes").map(Value::members).unwrap_or_default();
    map.member("imports").into_iter().chain(scopes.into_iter().map(|(_, scope)| scope)).collect()
}

/// A key that is a URL, and the address that it is mapped to. A folder is no asset.
fn links_of((key, address): (Link, Value<'_>)) -> impl Iterator<Item = Link> {
    let key =
        Some(key).filter(|key| is_path(&key.url)).map(|key| key.if_missing(IfMissing::Ignore));
    let address = address.link().filter(|address| is_path(&address.url));
    key.into_iter().chain(address).filter(|link| !link.url.ends_with('/'))
}

/// Bare names of folders, shorter ones first.
fn folders(map: Value<'_>) -> Vec<FolderMapping> {
    let mut folders = Vec::new();
    for object in objects(map) {
        let Some(offset) = object.inside() else { continue };
        for (key, address) in object.members() {
            let Some(address) = address.link().filter(|address| is_path(&address.url)) else {
                continue;
            };
            if key.url.ends_with('/') && address.url.ends_with('/') && !is_path(&key.url) {
                folders.push(FolderMapping { name: key.url, address: address.url, offset });
            }
        }
    }
    folders.sort_by_key(|folder| folder.name.len());
    folders
}

fn known_integrity((mut key, value): (Link, Value<'_>)) -> Option<Link> {
    let span = value.link()?.span;
    key.integrity = Some(IntegrityPlace::new(span, ("", "")));
    Some(key.if_missing(IfMissing::Ignore))
}

/// The place for the section, unless its author wrote one.
fn integrity_section(map: Value<'_>) -> Option<IntegrityPlace> {
    let at = map.inside()?;
    let members = map.members();
    let has_section = members.iter().any(|(name, _)| name.url == "integrity");
    let end = if members.is_empty() { "}" } else { "}," };
    let place = IntegrityPlace::new(at..at, ("\"integrity\":{", end));
    Some(place).filter(|_| !has_section)
}

#[cfg(test)]
mod tests {
    use super::{super::assert_plain_links, *};
    use crate::rewrite::splice;

    #[track_caller]
    fn plain(text: &str, urls: &[&str]) {
        assert_plain_links(text, find(text, false).links, urls);
    }

    #[test]
    fn addresses_and_keys_that_are_urls() {
        plain(
            r#"{"imports":{"a":"./a.js","b":"../b.js","c":"/c.js"}}"#,
            &["./a.js", "../b.js", "/c.js"],
        );
        plain(r#"{"imports":{"./a.js":"./b.js"}}"#, &["./a.js", "./b.js"]);
        plain(r#"{"imports":{"a/b.js":"./b.js"}}"#, &["./b.js"]);
        plain(r#"{"scopes":{"/x/":{"a":"/a.js"},"/y/":{"a":"/b.js"}}}"#, &["/a.js", "/b.js"]);
        plain(r#"{"imports":{"a":"./a.js"},"scopes":{"./x.js":{}}}"#, &["./a.js"]);
        plain(r#"{"integrity":{"./a.js":"sha384-x"}}"#, &["./a.js"]);
        plain("\r\n{ \"imports\" :\t{ \"a\" : \"./a.js\" } }", &["./a.js"]);
    }

    #[test]
    fn what_is_no_link() {
        plain(r#"{"imports":{"a":"https://cdn/a.js","b":null,"c":1,"d":"d.js"}}"#, &[]);
        plain(r#"{"imports":{"a/":"./a/"}}"#, &[]);
        plain(r#"{"imports":["./a.js"],"scopes":"./b.js","x":{"a":"./c.js"}}"#, &[]);
        plain("{}", &[]);
        plain("[]", &[]);
    }

    #[test]
    fn what_is_not_json_is_a_remark() {
        assert_eq!(find("{", false).remarks.len(), 1);
        assert_eq!(find("", false).remarks.len(), 1);
    }

    #[test]
    fn names_of_folders() {
        let text = r#"{"imports":{"lib/a/":"./a/","lib/":"/l/","b/":"./b.js","./c/":"./d/"}}"#;
        let folders = find(text, false).import_map.unwrap().folders;
        let names: Vec<_> = folders.iter().map(|it| (&*it.name, &*it.address)).collect();
        assert_eq!(names, [("lib/", "/l/"), ("lib/a/", "./a/")]);
        assert!(text[folders[0].offset..].starts_with("\"lib/a/\":"));
    }

    #[test]
    fn the_integrity_section() {
        let with = |text: &str| {
            let place = find(text, true).import_map.unwrap().integrity?;
            let section = format!("{}#{}", place.around.0, place.around.1);
            Some(String::from_utf8(splice(text.as_bytes(), &[(place.span, section)])).unwrap())
        };
        let is = |text: &str, expected: Option<&str>| assert_eq!(with(text).as_deref(), expected);
        is("{}", Some("{\"integrity\":{#}}"));
        is("{ \"imports\":{}}", Some("{\"integrity\":{#}, \"imports\":{}}"));
        is("{\"integrity\":{}}", None);
        is("[]", None);
        assert!(find("{}", false).import_map.unwrap().integrity.is_none());
    }
}
