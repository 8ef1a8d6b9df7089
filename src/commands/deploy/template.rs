//! A CloudFormation template of a distribution (AWS::CloudFront::Distribution and its kin).

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::{
    behaviours::{Behaviours, FORBID_FUNCTION, NORMALISE_FUNCTION},
    functions::{FORBID, normalise},
    origins::origins,
    parameters::{conditions, only_if, parameters},
    plan::{Plan, Rest},
    policies::{CACHE_POLICY, HEADERS_POLICY, cache_policy, headers_policy},
};
use crate::settings::Settings;

/// A template that depends on the plan and on the defaults of `serve` alone: two runs yield the same
/// bytes.
///
/// # Errors
///
/// If a function would be too long.
pub(super) fn template(plan: &Plan, defaults: &Settings) -> Result<Value> {
    Ok(json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Static files behind CloudFront, from a Hardtack server; made by `hardtack deploy cloudfront`",
        "Parameters": parameters(plan),
        "Conditions": conditions(),
        "Resources": resources(plan, defaults)?,
        "Outputs": {
            "DistributionId": {
                "Description": "For invalidations",
                "Value": { "Ref": DISTRIBUTION },
            },
            "DistributionDomainName": {
                "Description": "The name that the names of the site point to, by CNAME or alias record",
                "Value": { "Fn::GetAtt": [DISTRIBUTION, "DomainName"] },
            },
        },
    }))
}

const DISTRIBUTION: &str = "Distribution";

fn resources(plan: &Plan, defaults: &Settings) -> Result<Map<String, Value>> {
    let normalise = normalise(plan)?;
    let behaviours = Behaviours::of(plan, normalise.is_some());
    let mut resources = Map::new();
    let mut add = |name: &str, resource| resources.insert(name.to_owned(), resource);
    add(CACHE_POLICY, cache_policy(plan));
    add(HEADERS_POLICY, headers_policy());
    if let Some(source) = normalise {
        let comment = "Few values of the fields that the cache is keyed by";
        add(NORMALISE_FUNCTION, function("normalise", comment, &source));
    }
    if plan.rest == Rest::Forbidden {
        let comment = "403 for all paths but those of static files";
        add(FORBID_FUNCTION, function("forbid", comment, FORBID));
    }
    add(DISTRIBUTION, distribution(plan, behaviours, origins(plan, defaults)));
    Ok(resources)
}

fn function(name: &str, comment: &str, source: &str) -> Value {
    json!({
        "Type": "AWS::CloudFront::Function",
        "Properties": {
            "Name": { "Fn::Sub": format!("${{AWS::StackName}}-{name}") },
            "AutoPublish": true,
            "FunctionCode": source,
            "FunctionConfig": { "Comment": comment, "Runtime": "cloudfront-js-2.0" },
        },
    })
}

fn distribution(plan: &Plan, behaviours: Behaviours, origins: Vec<Value>) -> Value {
    let mut config = towards_viewers();
    config["Enabled"] = json!(true);
    config["Comment"] = json!({ "Fn::Sub": "${AWS::StackName}: static files" });
    config["Origins"] = json!(origins);
    config["DefaultCacheBehavior"] = behaviours.default;
    config["CustomErrorResponses"] =
        json!(ERRORS.map(|status| json!({ "ErrorCode": status, "ErrorCachingMinTTL": 0 })));
    if !behaviours.by_path.is_empty() {
        config["CacheBehaviors"] = json!(behaviours.by_path);
    }
    if let Some(field) = &plan.cache_tags {
        config["CacheTagConfig"] = json!({ "HeaderName": field });
    }
    let properties = json!({ "DistributionConfig": config });
    json!({ "Type": "AWS::CloudFront::Distribution", "Properties": properties })
}

/// All errors for which CloudFront has a setting: by default it keeps them for ten seconds.
const ERRORS: [u16; 11] = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];

/// Names, certificate, protocols and logs.
fn towards_viewers() -> Value {
    json!({
        "Aliases": only_if("HasAliases", json!({ "Ref": "Aliases" })),
        "HttpVersion": "http2and3",
        "IPV6Enabled": true,
        "PriceClass": { "Ref": "PriceClass" },
        "ViewerCertificate": { "Fn::If": ["HasCertificate", {
            "AcmCertificateArn": { "Ref": "CertificateArn" },
            "MinimumProtocolVersion": "TLSv1.2_2021",
            "SslSupportMethod": "sni-only",
        }, { "CloudFrontDefaultCertificate": true }] },
        "Logging": only_if("HasLogBucket", json!({
            "Bucket": { "Fn::Sub": "${LogBucket}.s3.${AWS::URLSuffix}" },
            "IncludeCookies": false,
            "Prefix": { "Fn::Sub": "${AWS::StackName}/" },
        })),
    })
}
