//! The origins of the distribution.

use hardtack::CdnGuard;
use serde_json::{Value, json};

use super::plan::{Plan, Rest};
use crate::settings::Settings;

/// The origin of the static files, and that of the application.
pub(super) const FILES: &str = "files";
pub(super) const SITE: &str = "site";

pub(super) fn origins(plan: &Plan, defaults: &Settings) -> Vec<Value> {
    let site = (plan.rest == Rest::Site).then(|| site_origin(defaults));
    [files_origin(plan, defaults)].into_iter().chain(site).collect()
}

fn files_origin(plan: &Plan, defaults: &Settings) -> Value {
    let timeout = defaults.worker.timeouts.write.timeout.as_secs();
    let mut config = origin_config(timeout, defaults);
    if plan.speaks_http2 {
        config["OriginHttpVersion"] = json!("http2");
    }
    json!({
        "Id": FILES,
        "DomainName": { "Ref": "OriginDomainName" },
        "CustomOriginConfig": config,
        "OriginCustomHeaders": [{
            "HeaderName": CdnGuard::HEADER.as_str(),
            "HeaderValue": { "Ref": "OriginSecret" },
        }],
    })
}

/// It does not get the secret, since the guard refuses all but static files to the CDN.
fn site_origin(defaults: &Settings) -> Value {
    let upstream = &defaults.worker.forwarding.timeouts;
    let timeout = (upstream.connect + upstream.read).as_secs();
    json!({
        "Id": SITE,
        "DomainName": { "Ref": "SiteDomainName" },
        "CustomOriginConfig": origin_config(timeout, defaults),
    })
}

/// Bounds of CloudFront's timeouts in seconds.
const LONGEST_TIMEOUT: u64 = 120;
/// The seconds that the server keeps an idle connection for longer than CloudFront does, so that no
/// request meets its end.
const MARGIN: u64 = 15;

fn origin_config(read_timeout: u64, defaults: &Settings) -> Value {
    let idle = defaults.worker.timeouts.idle.as_secs();
    json!({
        "HTTPPort": 80,
        "HTTPSPort": 443,
        "OriginProtocolPolicy": "https-only",
        "OriginSSLProtocols": ["TLSv1.2"],
        "OriginKeepaliveTimeout": idle.saturating_sub(MARGIN).clamp(1, LONGEST_TIMEOUT),
        "OriginReadTimeout": read_timeout.clamp(1, LONGEST_TIMEOUT),
    })
}
