//! The cache behaviours of the distribution: which paths lead where.

use serde_json::{Value, json};

use super::{
    origins::{FILES, SITE},
    plan::{Pages, Plan, Rest},
    policies::{CACHE_POLICY, HEADERS_POLICY},
};

/// The names of the functions in the template.
pub(super) const FORBID_FUNCTION: &str = "ForbidFunction";
pub(super) const NORMALISE_FUNCTION: &str = "NormaliseFunction";

/// All behaviours of a distribution.
pub(super) struct Behaviours {
    pub(super) default: Value,
    /// In the order in which they are tried.
    pub(super) by_path: Vec<Value>,
}

impl Behaviours {
    /// `normalises` if there is a function for requests of static files.
    pub(super) fn of(plan: &Plan, normalises: bool) -> Self {
        let files = files_behaviour(plan, normalises.then_some(NORMALISE_FUNCTION));
        let by_path = plan.static_paths.iter().map(|path| {
            let mut behaviour = files.clone();
            behaviour["PathPattern"] = json!(path);
            behaviour
        });
        let by_path = by_path.collect();
        let default = match plan.rest {
            Rest::Forbidden => files_behaviour(plan, Some(FORBID_FUNCTION)),
            Rest::Bundle => files,
            Rest::Site => site_behaviour(),
        };
        Self { default, by_path }
    }
}

/// The managed origin request policy CORS-S3Origin: `Origin` and the two fields of a preflight. No
/// response that is cached depends on them, unless they are in the cache key.
const PREFLIGHTS: &str = "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf";

fn files_behaviour(plan: &Plan, function: Option<&str>) -> Value {
    let mut behaviour = json!({
        "TargetOriginId": FILES,
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": ["GET", "HEAD", "OPTIONS"],
        "CachedMethods": ["GET", "HEAD"],
        "Compress": false,
        "CachePolicyId": { "Ref": CACHE_POLICY },
        "ResponseHeadersPolicyId": { "Ref": HEADERS_POLICY },
    });
    if plan.origins != Pages::Own {
        behaviour["OriginRequestPolicyId"] = json!(PREFLIGHTS);
    }
    if let Some(function) = function {
        behaviour["FunctionAssociations"] = json!([{
            "EventType": "viewer-request",
            "FunctionARN": { "Fn::GetAtt": [function, "FunctionARN"] },
        }]);
    }
    behaviour
}

/// The managed cache policy CachingDisabled.
const CACHING_DISABLED: &str = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";
/// The managed origin request policy AllViewer: fields, cookies and query as they come.
const ALL_VIEWER: &str = "216adef6-5c7f-47e4-b989-5492eafa07d3";

fn site_behaviour() -> Value {
    json!({
        "TargetOriginId": SITE,
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"],
        "CachedMethods": ["GET", "HEAD"],
        "Compress": false,
        "CachePolicyId": CACHING_DISABLED,
        "OriginRequestPolicyId": ALL_VIEWER,
    })
}
