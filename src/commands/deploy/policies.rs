//! The policies of the distribution (AWS::CloudFront::CachePolicy, AWS::CloudFront::ResponseHeadersPolicy).

use hardtack_bundle::CachePolicy;
use serde_json::{Value, json};

use super::plan::{Pages, Plan};

/// The names of both in the template.
pub(super) const CACHE_POLICY: &str = "FilesCachePolicy";
pub(super) const HEADERS_POLICY: &str = "FilesHeadersPolicy";

/// The lifetime of a response is what its `Cache-Control` says. A minimum above zero would keep the
/// 404 of a file that the next instance of a rolling deploy has.
pub(super) fn cache_policy(plan: &Plan) -> Value {
    let by_itself = plan.dictionaries.is_none();
    let names = [
        (!by_itself, "Accept-Encoding"),
        (!by_itself, "Available-Dictionary"),
        (plan.has_navigations, "Accept"),
        (plan.origins == Pages::Listed, "Origin"),
    ];
    let names: Vec<_> = names.iter().filter_map(|(is_in, name)| is_in.then_some(name)).collect();
    let headers = if names.is_empty() {
        json!({ "HeaderBehavior": "none" })
    } else {
        json!({ "HeaderBehavior": "whitelist", "Headers": names })
    };
    json!({
        "Type": "AWS::CloudFront::CachePolicy",
        "Properties": { "CachePolicyConfig": {
            "Name": { "Fn::Sub": "${AWS::StackName}-files" },
            "Comment": "As long as Cache-Control says; a copy for each content coding",
            "MinTTL": 0,
            "DefaultTTL": 0,
            "MaxTTL": CachePolicy::YEAR,
            "ParametersInCacheKeyAndForwardedToOrigin": {
                "EnableAcceptEncodingBrotli": by_itself,
                "EnableAcceptEncodingGzip": by_itself,
                "HeadersConfig": headers,
                "CookiesConfig": { "CookieBehavior": "none" },
                "QueryStringsConfig": { "QueryStringBehavior": "none" },
            },
        } },
    })
}

/// HTTPS for good; the fields that depend on the site are rules of its own.
pub(super) fn headers_policy() -> Value {
    json!({
        "Type": "AWS::CloudFront::ResponseHeadersPolicy",
        "Properties": { "ResponseHeadersPolicyConfig": {
            "Name": { "Fn::Sub": "${AWS::StackName}-files" },
            "Comment": "Strict-Transport-Security, unless the origin sends it",
            "SecurityHeadersConfig": {
                "StrictTransportSecurity": {
                    "AccessControlMaxAgeSec": CachePolicy::YEAR,
                    "IncludeSubdomains": false,
                    "Preload": false,
                    "Override": false,
                },
            },
        } },
    })
}
