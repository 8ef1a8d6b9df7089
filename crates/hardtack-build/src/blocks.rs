//! Problems as blocks of lines. Problems that are alike are printed once.

use std::collections::HashMap;

use crate::Problem;

/// Formats problems as blocks, each of one or more lines. Problems of one kind are adjacent.
/// Problems with equal messages are one block: the message, and below it their places.
///
/// `most` limits the messages of a kind and the places of a message; the rest is counted.
pub fn blocks(problems: &[Problem], most: usize) -> Vec<String> {
    let by_kind = grouped(problems.iter(), |problem| problem.kind.name().to_owned());
    by_kind.into_iter().flat_map(|(kind, problems)| of_kind(&kind, problems, most)).collect()
}

/// The number of problems of each kind, most frequent first. Each missing reference counts.
pub fn count_by_kind(problems: &[Problem]) -> Vec<(String, usize)> {
    let by_kind = grouped(problems.iter(), |problem| problem.kind.name().to_owned());
    let mut counts: Vec<_> = by_kind.into_iter().map(|(kind, of)| (kind, count(&of))).collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

/// Groups problems by key, in the order of each key's first occurrence.
fn grouped<'a>(
    problems: impl IntoIterator<Item = &'a Problem>,
    key: impl Fn(&Problem) -> String,
) -> Vec<(String, Vec<&'a Problem>)> {
    let mut groups: Vec<(String, Vec<_>)> = Vec::new();
    let mut places = HashMap::new();
    for problem in problems {
        let key = key(problem);
        let place = *places.entry(key.clone()).or_insert(groups.len());
        if place == groups.len() {
            groups.push((key, Vec::new()));
        }
        groups[place].1.push(problem);
    }
    groups
}

fn of_kind(kind: &str, problems: Vec<&Problem>, most: usize) -> Vec<String> {
    let by_message = grouped(problems, |problem| problem.kind.to_string());
    let mut blocks: Vec<_> = by_message.iter().take(most).map(|of| of_message(of, most)).collect();
    let rest: usize = by_message.iter().skip(most).map(|(_, problems)| count(problems)).sum();
    if rest > 0 {
        blocks.push(format!("{rest} more of this kind ({kind})"));
    }
    blocks
}

fn count(problems: &[&Problem]) -> usize {
    problems.iter().map(|problem| problem.parts().len()).sum()
}

fn of_message((message, problems): &(String, Vec<&Problem>), most: usize) -> String {
    if let [problem] = &problems[..] {
        return problem.to_string();
    }
    let mut block = format!("{} × {message}", problems.len());
    for problem in problems.iter().take(most) {
        block += &format!("\n  {}", problem.location());
    }
    match problems.len().saturating_sub(most) {
        0 => block,
        rest => format!("{block}\n  and {rest} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MissingReference, Place, ProblemKind};

    fn problem(file: &str, line: usize, kind: ProblemKind) -> Problem {
        Problem { file: file.into(), place: Some(Place { line, column: 1 }), kind }
    }

    fn remark(file: &str, line: usize, text: &str) -> Problem {
        problem(file, line, ProblemKind::Remark(text.to_owned()))
    }

    #[test]
    fn one_stands_in_one_line() {
        assert_eq!(blocks(&[remark("a", 1, "x")], 9), ["a:1:1: x"]);
        assert!(blocks(&[], 9).is_empty());
    }

    #[test]
    fn what_is_alike_is_told_once() {
        let syntax = problem("c", 7, ProblemKind::Syntax("y".to_owned()));
        let problems = [remark("a", 1, "x"), syntax, remark("b", 2, "x"), remark("b", 3, "z")];
        assert_eq!(blocks(&problems, 9), ["2 × x\n  a:1:1\n  b:2:1", "b:3:1: z", "c:7:1: y"]);
        let counts = [("remark".to_owned(), 3), ("syntax".to_owned(), 1)];
        assert_eq!(count_by_kind(&problems), counts);
    }

    #[test]
    fn references_that_are_missing_count_each() {
        let reference = |line| MissingReference {
            place: Place { line, column: 2 },
            text: "a".to_owned(),
            resolved: "a".to_owned(),
            near: Vec::new(),
            other_form: None,
        };
        let missing = ProblemKind::Missing(vec![reference(3), reference(5)]);
        let problems = [problem("a", 3, missing), remark("b", 1, "x")];
        let counts = [("missing".to_owned(), 2), ("remark".to_owned(), 1)];
        assert_eq!(count_by_kind(&problems), counts);
        let lines: Vec<_> = problems[0].parts().iter().map(|(at, _)| at.unwrap().line).collect();
        assert_eq!(lines, [3, 5]);
    }

    #[test]
    fn what_is_too_much_is_counted() {
        let alike: Vec<_> = (1..6).map(|line| remark("a", line, "x")).collect();
        assert_eq!(blocks(&alike, 2), ["5 × x\n  a:1:1\n  a:2:1\n  and 3 more"]);
        let others: Vec<_> = (1..6).map(|line| remark("a", line, &line.to_string())).collect();
        assert_eq!(blocks(&others, 2), ["a:1:1: 1", "a:2:1: 2", "3 more of this kind (remark)"]);
    }
}
