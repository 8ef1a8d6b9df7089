//! The parameters of the template: names and secrets that are an account's, and not the site's.

use serde_json::{Value, json};

use super::plan::{Plan, Rest};

const NAME_OF_HOST: &str =
    "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+";

pub(super) fn parameters(plan: &Plan) -> Value {
    let mut parameters = json!({
        "OriginDomainName": {
            "Type": "String",
            "Description": "Name of the server or load balancer, for which it has a valid certificate",
            "AllowedPattern": NAME_OF_HOST,
            "ConstraintDescription": "a name with a dot, without https:// and without a port",
        },
        "OriginSecret": {
            "Type": "String",
            "NoEcho": true,
            "Description": "HARDTACK_CDN_SECRET of the server: made by `openssl rand -hex 32`",
            "MinLength": 16,
            "MaxLength": 256,
            "AllowedPattern": "[!-+\\--~]*",
            "ConstraintDescription": "16 to 256 visible ASCII characters, and no comma",
        },
        "CertificateArn": {
            "Type": "String",
            "Default": "",
            "Description": "Certificate of ACM in us-east-1 for Aliases; empty for the name of CloudFront alone",
            "AllowedPattern": "(arn:aws[a-z-]*:acm:us-east-1:[0-9]+:certificate/.+)?",
            "ConstraintDescription": "the ARN of a certificate in us-east-1, or nothing",
        },
        "Aliases": {
            "Type": "CommaDelimitedList",
            "Default": "",
            "Description": "Names of the site at CloudFront, separated by commas; they need CertificateArn",
        },
        "LogBucket": {
            "Type": "String",
            "Default": "",
            "Description": "Bucket of S3 for standard logs, with ACLs enabled; empty for no logs",
            "AllowedPattern": "([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?",
            "ConstraintDescription": "the name of a bucket, or nothing",
        },
        "PriceClass": {
            "Type": "String",
            "Default": "PriceClass_All",
            "AllowedValues": ["PriceClass_100", "PriceClass_200", "PriceClass_All"],
            "Description": "100: North America, Europe, Israel; 200: not South America, Australia, New Zealand",
        },
    });
    if plan.rest == Rest::Site {
        parameters["SiteDomainName"] = json!({
            "Type": "String",
            "Description": "Name at which the application is reached; its certificate is for Aliases, which it gets as Host",
            "AllowedPattern": NAME_OF_HOST,
            "ConstraintDescription": "a name with a dot, without https:// and without a port",
        });
    }
    parameters
}

/// Whether each parameter that may be empty has a value.
pub(super) fn conditions() -> Value {
    json!({
        "HasAliases": is_not_empty(json!({ "Fn::Join": ["", { "Ref": "Aliases" }] })),
        "HasCertificate": is_not_empty(json!({ "Ref": "CertificateArn" })),
        "HasLogBucket": is_not_empty(json!({ "Ref": "LogBucket" })),
    })
}

fn is_not_empty(value: Value) -> Value {
    json!({ "Fn::Not": [{ "Fn::Equals": [value, ""] }] })
}

/// A property that is left out without that condition.
pub(super) fn only_if(condition: &str, value: Value) -> Value {
    json!({ "Fn::If": [condition, value, { "Ref": "AWS::NoValue" }] })
}
