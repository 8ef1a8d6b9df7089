//! The figures for Prometheus.
//!
//! Names and units are as Prometheus wants them: a prefix, base units, `_total` behind what only
//! grows. A label has few values: nothing that a client chooses is one.

use std::{
    borrow::Cow,
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use hyper::{HeaderMap, header::ACCEPT};
use prometheus_client::{
    collector::Collector,
    encoding::{
        DescriptorEncoder, EncodeGaugeValue, EncodeLabelSet, NoLabelSet, prometheus_text, text,
    },
    metrics::MetricType,
    registry::{Registry, Unit},
};

use crate::metrics::{durations::Durations, reading::Reading};

/// A format that scrapers read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exposition {
    /// Prometheus' text format, which all of them read.
    Text,
    /// Its successor.
    OpenMetrics,
}

const OPEN_METRICS: &str = "application/openmetrics-text";

impl Exposition {
    /// The one that a scraper prefers (RFC 9110 §12.5.1).
    pub(crate) fn wanted(headers: &HeaderMap) -> Self {
        let quality = |media_type| {
            let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
            let mut ranges = values.flat_map(|value| value.split(','));
            ranges.find_map(|range| quality(range, media_type))
        };
        let open_metrics = quality(OPEN_METRICS).unwrap_or(0.0);
        let is_wanted = open_metrics > 0.0 && open_metrics >= quality("text/plain").unwrap_or(0.0);
        if is_wanted { Self::OpenMetrics } else { Self::Text }
    }

    /// The value of `Content-Type`.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Text => prometheus_text::CONTENT_TYPE,
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// How much a media range wants this type, if it is of it.
fn quality(range: &str, media_type: &str) -> Option<f32> {
    let mut parts = range.split(';').map(str::trim);
    parts.next().filter(|name| name.eq_ignore_ascii_case(media_type))?;
    let quality = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
    quality.map_or(Some(1.0), |quality| quality.parse().ok())
}

/// The figures in a format.
pub(crate) fn encode(reading: Reading, format: Exposition) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(reading));
    let mut metrics = String::new();
    match format {
        Exposition::Text => prometheus_text::encode(&mut metrics, &registry),
        Exposition::OpenMetrics => text::encode(&mut metrics, &registry),
    }
    .expect("writing to a string does not fail");
    metrics
}

impl Collector for Reading {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut families = Families(&mut encoder);
        self.encode_process(&mut families)?;
        self.encode_requests(&mut families)?;
        self.encode_connections(&mut families)
    }
}

impl Reading {
    fn encode_process(&self, families: &mut Families<'_, '_>) -> fmt::Result {
        families.info(
            ("hardtack", "The version of the server and the release that it carries."),
            &[("version", self.version), ("release", &self.release)],
        )?;
        families.gauge(
            ("hardtack_uptime", "How long the process has been serving."),
            Some(&Unit::Seconds),
            self.uptime.as_secs_f64(),
        )?;
        let began = SystemTime::now().checked_sub(self.uptime).unwrap_or(UNIX_EPOCH);
        families.gauge(
            (
                "process_start_time",
                "When this worker began, in Unix time. A restart and an upgrade begin another one, whose \
                 counters begin at 0.",
            ),
            Some(&Unit::Seconds),
            began.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64(),
        )?;
        families.gauge(
            ("hardtack_draining", "1 while the last responses finish before the end, 0 before."),
            None,
            u32::from(self.is_draining),
        )?;
        families.gauge(
            (
                "hardtack_old_workers",
                "Workers of earlier upgrades that finish what goes on in them.",
            ),
            None,
            self.old_workers,
        )?;
        families.counters(
            ("hardtack_log_lines_dropped", "Lines that a log had no room for."),
            by("log", &self.dropped_lines),
        )
    }

    fn encode_requests(&self, families: &mut Families<'_, '_>) -> fmt::Result {
        families.counters(("hardtack_requests", "Requests that were answered."), self.series())?;
        families.counters(
            ("hardtack_protocol_requests", "Requests that were answered, by version of HTTP."),
            by("protocol", &self.tally.protocols()),
        )?;
        families.counter(
            ("hardtack_response", "Bytes of the responses' bodies."),
            Some(&Unit::Bytes),
            self.tally.body_bytes(),
        )?;
        families.durations(
            ("hardtack_request_duration", "From a request's header to the end of its response."),
            self.tally.durations(),
        )?;
        if let Some(ratio) = self.tally.not_modified_ratio() {
            let help = "The share of 304 among 304 and 200, from 0 to 1.";
            let unit = Unit::Other("ratio".to_owned());
            families.gauge(("hardtack_not_modified", help), Some(&unit), ratio)?;
        }
        families.counters(
            ("hardtack_upstream_requests", "Requests to the upstream, by their outcome."),
            by("result", &self.tally.upstream_requests()),
        )?;
        families.durations(
            (
                "hardtack_upstream_duration",
                "From a request to the upstream, with its content, to the header of the response.",
            ),
            self.tally.upstream_durations(),
        )
    }

    fn encode_connections(&self, families: &mut Families<'_, '_>) -> fmt::Result {
        families.counter(
            ("hardtack_connections", "Connections that were accepted."),
            None,
            self.tally.accepted(),
        )?;
        families.gauge(
            ("hardtack_connections_open", "Connections that are open."),
            None,
            self.tally.open(),
        )?;
        families.gauge(
            (
                "hardtack_connections_dormant",
                "Open connections that have waited for a request for long, and take little memory.",
            ),
            None,
            self.tally.dormant(),
        )?;
        families.counters(
            ("hardtack_connections_refused", "Connections that were closed at once, and why."),
            by("reason", &self.tally.refusals()),
        )?;
        families.counter(
            (
                "hardtack_connections_displaced",
                "Connections without a request that were closed for new clients in a full house.",
            ),
            None,
            self.displaced,
        )?;
        if let Some(not_after) = self.certificate_not_after {
            let help = "The end of the certificate's validity, or its chain's, in Unix time.";
            let name = "hardtack_tls_certificate_not_after";
            families.gauge((name, help), Some(&Unit::Seconds), not_after)?;
        }
        families.counters(
            ("hardtack_tls_handshakes", "TLS handshakes, by their outcome."),
            by("result", &self.tally.handshakes()),
        )?;
        families.counters(
            ("hardtack_timeouts", "Connections and streams that a timeout ended, by timeout."),
            by("kind", &self.tally.timeouts()),
        )
    }

    fn series(&self) -> impl Iterator<Item = ([Label; 3], u64)> {
        self.tally.requests().into_iter().map(|series| {
            let status = series.status.map_or("other".into(), |status| status.to_string().into());
            let labels = [
                ("status", status),
                ("coding", series.coding.name().into()),
                ("policy", series.policy.name().into()),
            ];
            (labels, series.count)
        })
    }
}

type Label = (&'static str, Cow<'static, str>);

/// A family with one label.
fn by(
    label: &'static str,
    counts: &[(&'static str, u64)],
) -> impl Iterator<Item = ([Label; 1], u64)> {
    counts.iter().map(move |(name, count)| ([(label, (*name).into())], *count))
}

/// A family's name, without the suffixes of its unit and type, and its help text.
type Described<'a> = (&'a str, &'a str);

/// Writes families of metrics.
struct Families<'a, 'e>(&'a mut DescriptorEncoder<'e>);

impl Families<'_, '_> {
    fn info(&mut self, (name, help): Described<'_>, labels: &impl EncodeLabelSet) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Info)?;
        family.encode_info(labels)
    }

    fn gauge(
        &mut self,
        (name, help): Described<'_>,
        unit: Option<&Unit>,
        value: impl EncodeGaugeValue,
    ) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, unit, MetricType::Gauge)?;
        family.encode_gauge(&value)
    }

    fn counter(
        &mut self,
        (name, help): Described<'_>,
        unit: Option<&Unit>,
        value: u64,
    ) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, unit, MetricType::Counter)?;
        family.encode_counter::<NoLabelSet, _, f64>(&value, None)
    }

    fn counters<S: EncodeLabelSet>(
        &mut self,
        (name, help): Described<'_>,
        counts: impl Iterator<Item = (S, u64)>,
    ) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (labels, count) in counts {
            let mut series = family.encode_family(&labels)?;
            series.encode_counter::<NoLabelSet, _, f64>(&count, None)?;
        }
        Ok(())
    }

    fn durations(&mut self, (name, help): (&str, &str), durations: &Durations) -> fmt::Result {
        let unit = Some(&Unit::Seconds);
        let (sum, count) = (durations.sum_seconds(), durations.count());
        let mut family = self.0.encode_descriptor(name, help, unit, MetricType::Histogram)?;
        family.encode_histogram::<NoLabelSet>(sum, count, &durations.buckets(), None)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        time::Duration,
    };

    use super::*;
    use crate::metrics::{
        labels::{Coding, HttpVersion, Policy, Refusal},
        tally::{Outcome, Tally},
    };

    #[track_caller]
    fn wanted(accept: &str, expected: Exposition) {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().unwrap());
        assert_eq!(Exposition::wanted(&headers), expected, "{accept}");
    }

    #[test]
    fn formats() {
        assert_eq!(Exposition::wanted(&HeaderMap::new()), Exposition::Text);
        wanted("*/*", Exposition::Text);
        wanted("text/html, text/plain;q=0.5", Exposition::Text);
        wanted("application/openmetrics-text", Exposition::OpenMetrics);
        wanted("application/openmetrics-text;q=0", Exposition::Text);
        wanted(
            "Application/OpenMetrics-Text; version=1.0.0, text/plain;q=0.9",
            Exposition::OpenMetrics,
        );
        wanted("application/openmetrics-text;q=0.4,text/plain;q=0.5", Exposition::Text);
        wanted("application/openmetrics-texture", Exposition::Text);
        let prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                          text/plain;version=0.0.4;q=0.4,*/*;q=0.1";
        wanted(prometheus, Exposition::OpenMetrics);
    }

    const OUTCOME: Outcome = Outcome {
        status: 200,
        coding: Coding::Br,
        policy: Policy::Immutable,
        version: HttpVersion::H2,
        bytes: 1000,
        duration: Duration::from_micros(200),
    };

    fn reading(outcomes: &[Outcome]) -> Reading {
        let tally = Tally::default();
        outcomes.iter().for_each(|outcome| tally.request(outcome));
        tally.refused(Refusal::ProxyHeader);
        tally.set_dormant(4);
        Reading {
            version: "1.2.3",
            release: "c0ffee".to_owned(),
            uptime: Duration::from_millis(1500),
            is_draining: true,
            old_workers: 2,
            sandbox: String::new(),
            tally,
            displaced: 3,
            certificate_not_after: Some(1_780_272_000),
            dropped_lines: vec![("access", 7), ("process", 0)],
        }
    }

    /// The samples of a text, each a name with labels and a value; panics where it is not valid.
    #[track_caller]
    fn samples(text: &str) -> BTreeMap<String, f64> {
        assert!(text.ends_with('\n'));
        let (mut families, mut samples) = (BTreeSet::new(), BTreeMap::new());
        for line in text.lines() {
            if let Some(comment) = line.strip_prefix("# TYPE ") {
                let (name, kind) = comment.split_once(' ').unwrap();
                assert!(["counter", "gauge", "histogram", "info"].contains(&kind), "{line}");
                assert!(families.insert(name.to_owned()), "a second {line}");
            } else if let Some(comment) = line.strip_prefix("# HELP ") {
                let (_, help) = comment.split_once(' ').unwrap();
                assert!(help.ends_with('.'), "{line}");
            } else if !line.starts_with("# UNIT ") && line != "# EOF" {
                let (series, value) = line.rsplit_once(' ').unwrap();
                assert_is_series(series, &families);
                let value = value.parse().unwrap();
                assert!(samples.insert(series.to_owned(), value).is_none(), "a second {series}");
            }
        }
        samples
    }

    /// A family's name with the suffix of its type, and labels that need no escaping.
    #[track_caller]
    fn assert_is_series(series: &str, families: &BTreeSet<String>) {
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let suffixes = ["", "_total", "_info", "_bucket", "_sum", "_count"];
        let mut family = suffixes.iter().filter_map(|suffix| name.strip_suffix(suffix));
        assert!(family.any(|family| families.contains(family)), "{series} is of no family");
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{series}");
        let labels = labels.strip_suffix('}').unwrap();
        for label in labels.split(',').filter(|label| !label.is_empty()) {
            let (key, value) = label.split_once("=\"").unwrap();
            let value = value.strip_suffix('"').unwrap();
            assert!(key.bytes().all(|byte| byte.is_ascii_lowercase()), "{series}");
            assert!(!value.contains(['"', '\\']), "{series}");
        }
    }

    #[test]
    fn what_was_tallied_in_both_formats() {
        let not_modified = Outcome { status: 304, coding: Coding::None, bytes: 0, ..OUTCOME };
        let outcomes =
            [OUTCOME, OUTCOME, OUTCOME, not_modified, Outcome { status: 999, ..OUTCOME }];
        for format in [Exposition::Text, Exposition::OpenMetrics] {
            let samples = samples(&encode(reading(&outcomes), format));
            for (series, expected) in [
                ("hardtack_info{version=\"1.2.3\",release=\"c0ffee\"}", 1.0),
                ("hardtack_uptime_seconds", 1.5),
                ("hardtack_draining", 1.0),
                ("hardtack_old_workers", 2.0),
                ("hardtack_log_lines_dropped_total{log=\"access\"}", 7.0),
                ("hardtack_tls_certificate_not_after_seconds", 1_780_272_000.0),
                ("hardtack_requests_total{status=\"200\",coding=\"br\",policy=\"immutable\"}", 3.0),
                (
                    "hardtack_requests_total{status=\"304\",coding=\"none\",policy=\"immutable\"}",
                    1.0,
                ),
                (
                    "hardtack_requests_total{status=\"other\",coding=\"br\",policy=\"immutable\"}",
                    1.0,
                ),
                ("hardtack_protocol_requests_total{protocol=\"h2\"}", 5.0),
                ("hardtack_response_bytes_total", 4000.0),
                ("hardtack_not_modified_ratio", 0.25),
                ("hardtack_request_duration_seconds_bucket{le=\"0.0001\"}", 0.0),
                ("hardtack_request_duration_seconds_bucket{le=\"0.00025\"}", 5.0),
                ("hardtack_request_duration_seconds_bucket{le=\"+Inf\"}", 5.0),
                ("hardtack_request_duration_seconds_sum", 0.001),
                ("hardtack_request_duration_seconds_count", 5.0),
                ("hardtack_connections_total", 0.0),
                ("hardtack_connections_open", 0.0),
                ("hardtack_connections_dormant", 4.0),
                ("hardtack_connections_displaced_total", 3.0),
                ("hardtack_connections_refused_total{reason=\"proxy_header\"}", 1.0),
                ("hardtack_tls_handshakes_total{result=\"failed\"}", 0.0),
                ("hardtack_timeouts_total{kind=\"idle\"}", 0.0),
                ("hardtack_upstream_requests_total{result=\"timed_out\"}", 0.0),
                ("hardtack_upstream_duration_seconds_count", 0.0),
            ] {
                assert_eq!(samples.get(series), Some(&expected), "{series} in {format:?}");
            }
            let began = samples["process_start_time_seconds"];
            assert!(began > 1_700_000_000.0, "{began}");
            let requests = samples.keys().filter(|key| key.starts_with("hardtack_requests_total"));
            assert_eq!(requests.count(), 3);
        }
    }

    #[test]
    fn no_ratio_without_a_request() {
        let samples = samples(&encode(reading(&[]), Exposition::Text));
        assert!(!samples.keys().any(|series| series.starts_with("hardtack_not_modified")));
    }

    #[test]
    fn the_end_of_open_metrics() {
        assert!(encode(reading(&[]), Exposition::OpenMetrics).ends_with("\n# EOF\n"));
        assert!(!encode(reading(&[]), Exposition::Text).contains("# EOF"));
    }
}
