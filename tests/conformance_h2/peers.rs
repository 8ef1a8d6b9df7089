//! The same cases, tried against nginx, as a table.

use super::{DEVIATIONS, Deviation, NARROW, all, complaint, files, start};
use crate::{
    case::Case,
    client::{Site, Verdict},
    harness::{self, Peer, case_name, write_page},
};

#[test]
#[ignore = "needs nginx; writes docs/http2-conformance.md"]
fn how_nginx_fares() {
    let (_running, ours) = start(NARROW);
    let nginx = nginx();
    let theirs = Site { address: nginx.address, files: files(), is_wide: false };
    let cases = all();
    let complaints: Vec<_> = cases.iter().filter_map(|case| complaint(&ours, case)).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    let verdicts = |case: &Case| [ours.try_case(case), theirs.try_case(case)];
    let rows: Vec<_> = cases.into_iter().map(|case| (verdicts(&case), case)).collect();
    write_page("http2-conformance.md", &page(&rows, &nginx.version));
}

fn nginx() -> Peer {
    Peer::nginx(&files(), |site, address| {
        let root = site.display();
        format!("listen {address} http2; root {root}; error_page 404 /404.html;")
    })
}

type Row = ([Verdict; 2], Case);

fn page(rows: &[Row], version: &str) -> String {
    let (limits, standard): (Vec<_>, Vec<_>) = rows.iter().partition(|(_, case)| case.ours);
    let (totals, standard, limits) = (totals(&standard), table(&standard), table(&limits));
    let deviations = deviations();
    format!(
        "# HTTP/2, beside nginx\n\n\
         `just conformance-h2` writes this page: the cases of `tests/conformance_h2/`, sent as frames \
         over TCP without TLS to\nHardtack (`--h2c`) and to nginx {version} of Debian, which have the \
         same files. The cases are ours: what this project's\nauthors thought to ask, written from \
         the standards that each of them cites (RFC 9113, RFC 7541, RFC 9110).\n\n\
         - ✓ The server reacts in one of the ways that the standard allows. Where an error of the \
         connection is due, to close it\n  without saying why is one of them (9113 §5.4.1).\n\
         - (✓) It reacts in such a way, but the error's code is another than the standard demands. The \
         stream or the connection\n  ends all the same; a reader of its log might look in the wrong \
         place.\n\
         - ✗ It does something else.\n\
         - – Its settings leave nothing to try.\n\n\
         {totals}\n\
         ## What the standards say\n\n{standard}\n\
         ## Limits against abuse\n\n\
         No standard sets these; they are Hardtack's choice, so they do not count above. nginx has \
         limits of its own.\n\n{limits}\n\
         ## What Hardtack does not meet, and why\n\n{deviations}"
    )
}

fn totals(rows: &[&Row]) -> String {
    let line = |what: &str, marks: &[&str]| {
        let count = |at: usize| {
            rows.iter().filter(|(verdicts, _)| marks.contains(&mark(&verdicts[at]))).count()
        };
        vec![what.to_owned(), count(0).to_string(), count(1).to_string()]
    };
    let lines = [
        line("the reaction is right", &[RIGHT, OTHER_CODE]),
        line("… and the error's code, too", &[RIGHT]),
        line("the reaction is wrong", &[WRONG]),
        line("nothing to try", &[NOTHING]),
    ];
    harness::table(&[&format!("of {}", rows.len()), "Hardtack", "nginx"], lines)
}

const RIGHT: &str = "✓";
const OTHER_CODE: &str = "(✓)";
const WRONG: &str = "✗";
const NOTHING: &str = "–";

fn table(rows: &[&Row]) -> String {
    let rows = rows.iter().map(|(verdicts, case)| {
        let [hardtack, nginx] = verdicts.each_ref().map(|verdict| mark(verdict).to_owned());
        vec![case_name(&case.name), case.section.to_owned(), hardtack, nginx]
    });
    harness::table(&["case", "section", "Hardtack", "nginx"], rows)
}

fn mark(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Passes => RIGHT,
        Verdict::OtherCode(_) => OTHER_CODE,
        Verdict::Fails(_) => WRONG,
        Verdict::NotApplicable => NOTHING,
    }
}

fn deviations() -> String {
    let line = |deviation: &Deviation| {
        format!("- {} Cases: {}.\n", deviation.reason, deviation.cases.join("; "))
    };
    DEVIATIONS.iter().map(line).collect()
}
