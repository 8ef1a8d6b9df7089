//! No module of these crates needs another one that needs it: each can be read from top to bottom.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The folders whose modules are looked at. The tests in them do not count.
const CRATES: [&str; 5] = [
    "crates/hardtack-bundle/src",
    "crates/hardtack-build/src",
    "crates/hardtack/src",
    "crates/hardtack-serve/src",
    "src",
];

#[test]
fn no_module_needs_itself() {
    for folder in CRATES {
        let texts = texts(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), "");
        assert!(texts.len() > 10, "{folder} has modules");
        let mut graph = graph(&texts);
        // The root declares all modules.
        graph.values_mut().for_each(|needed| needed.retain(|module| !module.is_empty()));
        if let Some(circle) = circle(&graph) {
            panic!("a circle in {folder}: {}", circle.join(" -> "));
        }
    }
}

/// Modules by their paths, and for each the modules that it names.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// The texts of all modules. The root has an empty path.
fn texts(folder: &Path, prefix: &str) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let name = if prefix.is_empty() { stem.to_owned() } else { format!("{prefix}::{stem}") };
        if path.is_dir() {
            texts.append(&mut self::texts(&path, &name));
        } else if path.extension().is_some_and(|it| it == "rs") && !stem.starts_with("test") {
            let name = if matches!(&*name, "lib" | "main") { String::new() } else { name };
            texts.insert(name, without_tests(&fs::read_to_string(&path).unwrap()));
        }
    }
    texts
}

/// The code without comments, up to the module with its tests.
fn without_tests(text: &str) -> String {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let lines: Vec<_> = code.collect();
    let tests = lines.windows(2).position(|pair| {
        pair[0].starts_with("#[cfg(")
            && pair[0].contains("test")
            && pair[1].ends_with("mod tests {")
    });
    lines[..tests.unwrap_or(lines.len())].join("\n")
}

fn graph(texts: &BTreeMap<String, String>) -> Graph {
    let modules: BTreeSet<_> = texts.keys().map(String::as_str).collect();
    let exports = exports(texts);
    let needs = |(module, text): (&String, &String)| {
        let paths = paths(text);
        let found = paths.iter().map(|path| module_of(path, module, &modules, &exports));
        (module.clone(), found.filter(|found| found != module).collect())
    };
    texts.iter().map(needs).collect()
}

/// The items that modules export from elsewhere: the module and the name there, and the path.
type Exports = BTreeMap<(String, String), String>;

fn exports(texts: &BTreeMap<String, String>) -> Exports {
    let of_module = |(module, text): (&String, &String)| {
        let mut imports = Vec::new();
        for (at, keyword) in text.match_indices("use ") {
            let line = text[..at].rsplit('\n').next().unwrap_or_default().trim();
            if line.starts_with("pub") {
                read_tree(&text[at + keyword.len()..], "", &mut imports);
            }
        }
        let named = imports.into_iter().filter(|import| import.name != import.path);
        named.map(|import| ((module.clone(), import.name), import.path)).collect::<Vec<_>>()
    };
    texts.iter().flat_map(of_module).collect()
}

/// All paths in a text that begin with `crate`, `self` or `super`; the braces of imports are undone.
fn paths(text: &str) -> Vec<String> {
    let is_start = |at: &usize| {
        let before = text[..*at].chars().next_back();
        !before.is_some_and(|it| it.is_alphanumeric() || "_:$".contains(it))
    };
    let keywords = ["crate::", "self::", "super::"].into_iter();
    let starts = keywords.flat_map(|keyword| text.match_indices(keyword).map(|(at, _)| at));
    let starts: BTreeSet<_> = starts.filter(is_start).collect();
    let mut found = Vec::new();
    let mut end = 0;
    for at in starts {
        // In the braces of an import, `super` goes on from the path before them.
        if at >= end {
            end = text.len() - read_tree(&text[at..], "", &mut found).len();
        }
    }
    found.into_iter().map(|import| import.path).collect()
}

/// A path, and the name that it has where it is imported.
struct Import {
    path: String,
    name: String,
}

/// Reads a path, or several in braces. Returns the text behind them.
fn read_tree<'t>(text: &'t str, prefix: &str, found: &mut Vec<Import>) -> &'t str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        while !rest.trim_start().starts_with('}') {
            rest = read_tree(rest, prefix, found);
            rest = rest.trim_start().trim_start_matches(',');
        }
        return rest.trim_start().strip_prefix('}').unwrap();
    }
    let end = text.find(|it: char| !it.is_alphanumeric() && it != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}::{name}") };
    if let Some(rest) = rest.strip_prefix("::")
        && rest.starts_with(|it: char| it.is_alphabetic() || "_{".contains(it))
    {
        return read_tree(rest, &path, found);
    }
    // Past all that cannot be a part of it, such as `as` with another name.
    let next = rest.find([',', '}', ';', '\n', '(', ')', ' ']).unwrap_or(rest.len());
    let Some(renamed) = rest.trim_start().strip_prefix("as ") else {
        found.push(Import { name: name.to_owned(), path });
        return &rest[next..];
    };
    let end = renamed.find(|it: char| !it.is_alphanumeric() && it != '_').unwrap_or(renamed.len());
    found.push(Import { name: renamed[..end].to_owned(), path });
    &renamed[end..]
}

/// The module that a path in a module leads into. An item that a module exports from elsewhere is
/// followed to its own module.
fn module_of(path: &str, module: &str, modules: &BTreeSet<&str>, exports: &Exports) -> String {
    let mut parts: Vec<&str> = module.split("::").filter(|part| !part.is_empty()).collect();
    for part in path.split("::") {
        match part {
            "crate" => parts.clear(),
            "self" => {}
            "super" => drop(parts.pop()),
            name => {
                let here = parts.join("::");
                parts.push(name);
                if !modules.contains(&*parts.join("::"))
                    && let Some(export) = exports.get(&(here.clone(), name.to_owned()))
                {
                    return module_of(export, &here, modules, exports);
                }
            }
        }
    }
    while !modules.contains(&*parts.join("::")) {
        parts.pop();
    }
    parts.join("::")
}

/// A circle, if there is one, from a module to itself.
fn circle(graph: &Graph) -> Option<Vec<String>> {
    let mut done = BTreeSet::new();
    graph.keys().find_map(|module| search(module, graph, &mut Vec::new(), &mut done))
}

fn search(
    module: &str,
    graph: &Graph,
    way: &mut Vec<String>,
    done: &mut BTreeSet<String>,
) -> Option<Vec<String>> {
    if let Some(at) = way.iter().position(|it| it == module) {
        return Some(way[at..].iter().cloned().chain([module.to_owned()]).collect());
    }
    if done.contains(module) {
        return None;
    }
    way.push(module.to_owned());
    let found = graph[module].iter().find_map(|next| search(next, graph, way, done));
    way.pop();
    done.insert(module.to_owned());
    found
}

#[track_caller]
fn needs(module: &str, text: &str, expected: &[&str]) {
    let others = ["", "a", "a::b", "a::c", "d", module];
    let texts = others.map(|it| (it.to_owned(), String::new())).into();
    let mut texts: BTreeMap<_, _> = texts;
    texts.insert(module.to_owned(), without_tests(text));
    assert_eq!(graph(&texts)[module].iter().collect::<Vec<_>>(), expected, "{text}");
}

#[test]
fn imports_are_read() {
    needs("a::b", "use crate::d::Item;", &["d"]);
    needs("a::b", "use super::Item;", &["a"]);
    needs("a::b", "use super::{c::Item, c};\nuse super::super::d::*;", &["a::c", "d"]);
    needs("a::b", "use super::{super::d::Item, c::Item};", &["a::c", "d"]);
    needs(
        "a::b",
        "use crate::{\n    a::{self, c::{Item as Other, More}},\n    d::Item,\n};",
        &["a", "a::c", "d"],
    );
    needs("a", "use self::{b::Item, c};\nuse crate::Root;", &["", "a::b", "a::c"]);
    needs("a::b", "fn x() -> crate::d::Item { self.y(super::c::z()) }", &["a::c", "d"]);
    needs("a::b", "// crate::d\nuse std::fmt;\nuse other_crate::d;", &[]);
    needs("a::b", "#[cfg(test)]\nmod tests {\n    use crate::d;\n}", &[]);
}

#[test]
fn exports_are_followed() {
    let texts = [
        ("", "pub use a::{Item, More as Other};\npub use elsewhere::Thing;"),
        ("a", "pub(crate) use self::b::Item;\nuse self::b::Private;"),
        ("a::b", ""),
        ("c", "use crate::{Item, Thing};\nuse crate::a::Private;"),
        ("d", "fn d() -> crate::Other {}"),
    ];
    let graph = graph(&texts.map(|(module, text)| (module.to_owned(), text.to_owned())).into());
    let needed = |module: &str| graph[module].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(needed("c"), ["", "a", "a::b"]);
    assert_eq!(needed("d"), ["a"]);
}

#[test]
fn circles_are_found() {
    let graph = |edges: &[(&str, &str)]| {
        let mut graph = Graph::new();
        for (from, to) in edges {
            graph.entry(from.to_string()).or_default().insert(to.to_string());
            graph.entry(to.to_string()).or_default();
        }
        circle(&graph).map(|circle| circle.join(" "))
    };
    assert_eq!(graph(&[("a", "b"), ("b", "c"), ("a", "c")]), None);
    assert_eq!(graph(&[("a", "b"), ("b", "c"), ("c", "b")]).as_deref(), Some("b c b"));
}
