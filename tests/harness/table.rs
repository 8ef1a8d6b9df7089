//! Tables in Markdown.

/// A table: its head, and then its rows, each of as many cells.
pub(crate) fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let head: Vec<_> = head.iter().map(|cell| (*cell).to_owned()).collect();
    let rule = format!("|{}\n", "---|".repeat(head.len()));
    let rows: String = rows.into_iter().map(|row| line(&row)).collect();
    line(&head) + &rule + &rows
}

/// The name of a case, as the text of a cell.
pub(crate) fn case_name(name: &str) -> String {
    name.replace('|', "\\|")
}
