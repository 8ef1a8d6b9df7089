//! The tables of the report.

use std::{
    collections::BTreeMap,
    fmt::{self, Write},
};

use hardtack_bundle::{Coding, Role, Size, manifest::Entry};

use super::File;
use crate::escaped::Escaped;

/// Writes all tables. The files are sorted by size, the largest first.
pub(super) fn write(page: &mut String, files: &[File<'_>], carried: &[Entry]) -> fmt::Result {
    write_files(page, files)?;
    write_deltas(page, files, carried)?;
    write_duplicates(page, files)?;
    write_changeable(page, files)?;
    write_carried(page, carried)
}

/// A section with a table, or with a sentence if it has no row.
fn write_section(
    page: &mut String,
    id: &str,
    title: &str,
    columns: &[&str],
    rows: &[String],
    if_empty: &str,
) -> fmt::Result {
    writeln!(page, "<section aria-labelledby=\"{id}\"><h2 id=\"{id}\">{title}</h2>")?;
    if rows.is_empty() {
        return writeln!(page, "<p>{if_empty}</p></section>");
    }
    // A reader who uses the keyboard alone scrolls it.
    write!(page, "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-labelledby=\"{id}\">")?;
    write!(page, "<table aria-labelledby=\"{id}\"><thead><tr>")?;
    for column in columns {
        let (class, name) = match column.strip_prefix('#') {
            Some(name) => (" class=\"number\"", name),
            None => ("", *column),
        };
        write!(page, "<th scope=\"col\"{class}>{name}</th>")?;
    }
    writeln!(page, "</tr></thead><tbody>\n{}</tbody></table></div></section>", rows.concat())
}

fn number(bytes: Option<usize>) -> String {
    let text = bytes.map_or("–".to_owned(), |bytes| bytes.to_string());
    format!("<td class=\"number\">{text}</td>")
}

/// The bytes in a coding; of several dictionaries, with the one that fits best.
fn bytes(entry: &Entry, coding: Coding) -> Option<usize> {
    let of_coding = entry.representations.iter().filter(|one| one.coding == coding.name());
    of_coding.map(|one| one.bytes).min()
}

fn write_files(page: &mut String, files: &[File<'_>]) -> fmt::Result {
    let row = |(index, file): (usize, &File<'_>)| {
        let codings: String =
            Coding::ALL.iter().map(|coding| number(bytes(file.entry, *coding))).collect();
        format!(
            "<tr id=\"f{}\"><th scope=\"row\">{}</th><td>{}</td><td>{}</td>{}{codings}</tr>\n",
            index + 1,
            Escaped(file.path()),
            file.kind.name(),
            file.entry.role,
            number(Some(file.wire)),
        )
    };
    let rows: Vec<_> = files.iter().enumerate().map(row).collect();
    let names = Coding::ALL.map(|coding| format!("#{coding}"));
    let columns = ["file", "kind", "role", "#on the wire"].into_iter();
    let columns: Vec<_> = columns.chain(names.iter().map(String::as_str)).collect();
    write_section(page, "files", "Files, the largest first", &columns, &rows, "There is no file.")
}

fn write_deltas(page: &mut String, files: &[File<'_>], carried: &[Entry]) -> fmt::Result {
    // A file's fingerprint is the SHA-256 of its bytes, unless it is in a circle of references.
    let mut urls: BTreeMap<&str, &str> = BTreeMap::new();
    for one in carried.iter().chain(files.iter().map(|file| file.entry)) {
        urls.entry(&one.fingerprint).or_insert(&one.url);
    }
    let mut rows = Vec::new();
    for file in files {
        for delta in &file.entry.representations {
            let Some(dictionary) = &delta.dictionary else { continue };
            let version = urls.get(dictionary.as_str()).copied().unwrap_or(dictionary);
            let percent = (delta.bytes * 100).checked_div(file.wire).unwrap_or(100);
            rows.push(format!(
                "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td>{}{}<td class=\"number\">{percent} %</td></tr>\n",
                Escaped(file.path()),
                Escaped(version),
                delta.coding,
                number(Some(delta.bytes)),
                number(Some(file.wire)),
            ));
        }
    }
    let columns = ["file", "file that the browser has", "coding", "#delta", "#whole", "#share"];
    let none = "No file has one: the release carries no earlier version of a file, and has no dictionary of its pages.";
    write_section(page, "deltas", "Deltas", &columns, &rows, none)
}

fn write_duplicates(page: &mut String, files: &[File<'_>]) -> fmt::Result {
    let mut alike: BTreeMap<&str, Vec<&File<'_>>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.wire > 0) {
        alike.entry(&file.entry.integrity).or_default().push(file);
    }
    let mut alike: Vec<_> = alike.into_values().filter(|files| files.len() > 1).collect();
    alike.sort_by_key(|files| std::cmp::Reverse(files[0].wire * (files.len() - 1)));
    let row = |files: &Vec<&File<'_>>| {
        let paths: Vec<_> = files.iter().map(|file| Escaped(file.path()).to_string()).collect();
        let again = files[0].wire * (files.len() - 1);
        format!("<tr><th scope=\"row\">{}</th>{}</tr>\n", paths.join(", "), number(Some(again)))
    };
    let rows: Vec<_> = alike.iter().map(row).collect();
    let columns = ["files with the same bytes", "#downloaded again"];
    let none = "No file has the bytes of another.";
    write_section(page, "duplicates", "Duplicates", &columns, &rows, none)
}

fn write_changeable(page: &mut String, files: &[File<'_>]) -> fmt::Result {
    let may_change = |file: &&File<'_>| matches!(file.entry.role, Role::Pinned | Role::EntryPoint);
    let row = |file: &File<'_>| {
        let why = match &file.entry.why[..] {
            "" => "it was made to be found at its path",
            why => why,
        };
        let (path, role) = (Escaped(file.path()), file.entry.role);
        let wire = number(Some(file.wire));
        format!(
            "<tr><th scope=\"row\">{path}</th><td>{role}</td>{wire}<td>{}</td></tr>\n",
            Escaped(why)
        )
    };
    let rows: Vec<_> = files.iter().filter(may_change).map(row).collect();
    let columns = ["file", "role", "#on the wire", "why"];
    let title = "Not immutable: browsers ask again";
    write_section(page, "changeable", title, &columns, &rows, "Every file is immutable.")
}

fn write_carried(page: &mut String, carried: &[Entry]) -> fmt::Result {
    let row = |entry: &Entry| {
        let (url, age) = (Escaped(&entry.url), number(Some(entry.age as usize)));
        let size = Size(entry.representations.iter().map(|one| one.bytes).sum());
        format!("<tr><th scope=\"row\">{url}</th>{age}<td class=\"number\">{size}</td></tr>\n")
    };
    let rows: Vec<_> = carried.iter().map(row).collect();
    let columns = ["path", "#releases old", "#bytes in the bundle, all codings"];
    write_section(page, "carried", "Of earlier releases", &columns, &rows, "It carries none.")
}
