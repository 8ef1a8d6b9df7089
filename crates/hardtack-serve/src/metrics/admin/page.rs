//! The page of the admin listener: the figures, and the assets of the bundle. It loads no other file.

use std::fmt::{self, Write};

use axum::http::HeaderValue;
use hardtack_bundle::{Coding, Integrity, Size, manifest::Entry};

use crate::{
    escaped::Escaped,
    metrics::status::{Counts, Quantiles, Report, Status},
    report,
};

const STYLE: &str = concat!(include_str!("../../pages.css"), include_str!("page.css"));

/// The value of `Content-Security-Policy`: the styles of this page and of the report, and nothing
/// else.
pub(super) fn content_security_policy() -> HeaderValue {
    let style = Integrity::of(STYLE.as_bytes());
    let report = report::style_digest();
    let policy = format!(
        "default-src 'none'; style-src '{style}' '{report}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    policy.try_into().expect("base64 is valid in a header field")
}

/// The page in HTML.
pub(super) fn page(status: &Status) -> String {
    let mut page = String::new();
    write_page(&mut page, status).expect("writing to a string does not fail");
    page
}

fn write_page(page: &mut String, status: &Status) -> fmt::Result {
    let state = if status.is_draining { "draining" } else { "ready" };
    let release = &status.bundle.manifest.release_id;
    write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>hardtack: {state}</title>\n<style>{STYLE}</style>\n\
         <h1>hardtack {version} <span class=\"{state}\">{state}</span></h1>\n\
         <p>Release {release}, <a href=\"/report\">its report</a></p>\n<p>Sandbox: {sandbox}</p>\n",
        version = status.version,
        release = Escaped(release),
        sandbox = Escaped(&status.sandbox),
    )?;
    write_figures(page, status)?;
    write_counts(page, status)?;
    write_report(page, &status.bundle)
}

fn write_figures(page: &mut String, status: &Status) -> fmt::Result {
    let Quantiles { p50, p90, p99 } = &status.duration_seconds;
    let ratio = status.requests.not_modified_ratio;
    let ratio = ratio.map_or(NONE.to_owned(), |ratio| format!("{:.1} %", ratio * 100.0));
    let bytes = usize::try_from(status.requests.response_bytes).unwrap_or(usize::MAX);
    page.push_str("<dl class=\"figures\">\n");
    for (name, value) in [
        ("up", uptime(status.uptime_seconds)),
        ("old workers", status.old_workers.to_string()),
        ("open connections", status.connections.open.to_string()),
        ("accepted", status.connections.accepted.to_string()),
        ("requests", status.requests.total.to_string()),
        ("sent", Size(bytes).to_string()),
        ("304 ratio", ratio),
        ("p50", duration(*p50)),
        ("p90", duration(*p90)),
        ("p99", duration(*p99)),
    ] {
        writeln!(page, "<div><dt>{name}</dt><dd>{value}</dd></div>")?;
    }
    page.write_str("</dl>\n")
}

/// Stands for a value that is not known yet, or does not exist.
const NONE: &str = "–";

fn write_counts(page: &mut String, status: &Status) -> fmt::Result {
    page.push_str("<div class=\"tables\">\n");
    for (caption, counts) in [
        ("Requests by status", &status.requests.by_status),
        ("Requests by coding", &status.requests.by_coding),
        ("Requests by cache policy", &status.requests.by_policy),
        ("Requests by protocol", &status.requests.by_protocol),
        ("Connections refused", &status.connections.refused),
        ("TLS handshakes", &status.tls_handshakes),
        ("Timeouts", &status.timeouts),
        ("Requests to the upstream", &status.upstream_requests),
        ("Log lines dropped", &status.log_lines_dropped),
    ] {
        write_table_of_counts(page, caption, counts)?;
    }
    page.write_str("</div>\n")
}

fn write_table_of_counts(page: &mut String, caption: &str, counts: &Counts) -> fmt::Result {
    writeln!(page, "<table><caption>{caption}</caption>")?;
    for (name, count) in &counts.0 {
        let name = Escaped(name);
        writeln!(page, "<tr><th scope=\"row\">{name}</th><td class=\"number\">{count}</td></tr>")?;
    }
    page.write_str("</table>\n")
}

fn write_report(page: &mut String, report: &Report) -> fmt::Result {
    let at = Escaped(&report.manifest.at);
    writeln!(page, "<h2>The bundle</h2>\n<p>{} at {at}</p>", report.totals)?;
    page.push_str("<div class=\"wide\"><table>\n<thead><tr>");
    for column in ["logical path", "URL", "type"] {
        write!(page, "<th scope=\"col\">{column}</th>")?;
    }
    for coding in Coding::PLAIN {
        write!(page, "<th scope=\"col\" class=\"number\">{coding}</th>")?;
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    report.manifest.assets.iter().try_for_each(|asset| write_asset(page, asset))?;
    page.write_str("</tbody></table></div>\n</html>\n")
}

fn write_asset(page: &mut String, asset: &Entry) -> fmt::Result {
    write!(page, "<tr><th scope=\"row\">{}</th>", Escaped(&asset.logical_path))?;
    write!(page, "<td>{}</td><td>{}</td>", Escaped(&asset.url), Escaped(&asset.media_type))?;
    for coding in Coding::PLAIN {
        let mut representations = asset.representations.iter();
        let found = representations.find(|one| one.coding == coding.name());
        let bytes = found.map_or(NONE.to_owned(), |one| one.bytes.to_string());
        write!(page, "<td class=\"number\">{bytes}</td>")?;
    }
    page.write_str("</tr>\n")
}

/// Seconds, in the two largest units that they fill.
fn uptime(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    match () {
        () if days > 0 => format!("{days} d {} h", hours % 24),
        () if hours > 0 => format!("{hours} h {} min", minutes % 60),
        () if minutes > 0 => format!("{minutes} min {} s", seconds % 60),
        () => format!("{seconds} s"),
    }
}

/// Seconds, in the unit that suits them.
fn duration(seconds: Option<f64>) -> String {
    match seconds {
        None => NONE.to_owned(),
        Some(seconds) if seconds < 0.001 => format!("{:.0} µs", seconds * 1e6),
        Some(seconds) if seconds < 1.0 => format!("{:.1} ms", seconds * 1e3),
        Some(seconds) => format!("{seconds:.1} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uptimes() {
        for (seconds, expected) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min 0 s"),
            (3599, "59 min 59 s"),
            (3600, "1 h 0 min"),
            (86_399, "23 h 59 min"),
            (90_000, "1 d 1 h"),
            (864_000_000, "10000 d 0 h"),
        ] {
            assert_eq!(uptime(seconds), expected);
        }
    }

    #[test]
    fn durations() {
        for (seconds, expected) in [
            (None, "–"),
            (Some(0.000_05), "50 µs"),
            (Some(0.001), "1.0 ms"),
            (Some(0.25), "250.0 ms"),
            (Some(2.5), "2.5 s"),
        ] {
            assert_eq!(duration(seconds), expected);
        }
    }
}
