//! `deploy cloudfront`: the template, its check by other programs, and its functions.

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use common::{
    folder, hardtack, of_venv,
    releases::{Releases, sheet},
    run, stderr, stdout,
};
use serde_json::{Value, json};

/// A release of a page and a style sheet.
fn release(name: &str, toml: &str, options: &[&str]) -> Releases {
    let releases = Releases::new();
    fs::write(releases.file("hardtack.toml"), toml).unwrap();
    releases.pack(name, &sheet(1), &[], options);
    releases
}

/// The second of two releases at `/static/`, which has differences to the first.
fn with_deltas() -> Releases {
    let releases = release("1", "", &["--at", "/static/"]);
    releases.pack("2", &sheet(2), &["1"], &["--at", "/static/"]);
    releases
}

fn deploy(file: &Path, options: &[&str]) -> Command {
    let mut command = hardtack();
    command.args(["deploy", "cloudfront"]).arg(file).args(options);
    command
}

fn template(file: &Path, options: &[&str]) -> Value {
    serde_json::from_str(&stdout(&mut deploy(file, options))).expect("it is JSON")
}

fn config(template: &Value) -> &Value {
    &template["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
}

fn key(template: &Value) -> &Value {
    let policy = &template["Resources"]["FilesCachePolicy"]["Properties"]["CachePolicyConfig"];
    assert_eq!((&policy["MinTTL"], &policy["MaxTTL"]), (&0.into(), &31_536_000.into()));
    &policy["ParametersInCacheKeyAndForwardedToOrigin"]
}

fn paths(template: &Value) -> Vec<&str> {
    let behaviours = config(template)["CacheBehaviors"].as_array();
    let paths = behaviours.into_iter().flatten().map(|it| it["PathPattern"].as_str().unwrap());
    paths.collect()
}

/// Every behaviour, the default one first.
fn behaviours(template: &Value) -> impl Iterator<Item = &Value> {
    let config = config(template);
    let others = config["CacheBehaviors"].as_array().into_iter().flatten();
    [&config["DefaultCacheBehavior"]].into_iter().chain(others)
}

fn function_of(behaviour: &Value) -> &Value {
    &behaviour["FunctionAssociations"][0]["FunctionARN"]["Fn::GetAtt"][0]
}

/// The demands of CloudFront's documentation that cfn-lint does not check, and those of this project.
#[track_caller]
fn is_sound(template: &Value) {
    for behaviour in behaviours(template) {
        assert_eq!(behaviour["ViewerProtocolPolicy"], "redirect-to-https");
        assert_eq!(behaviour["Compress"], false);
        assert!(!behaviour["CachePolicyId"].is_null());
        for function in behaviour["FunctionAssociations"].as_array().into_iter().flatten() {
            assert_eq!(function["EventType"], "viewer-request");
            let name = function["FunctionARN"]["Fn::GetAtt"][0].as_str().unwrap();
            assert!(template["Resources"][name]["Properties"]["FunctionCode"].is_string());
        }
        if behaviour["TargetOriginId"] == "files" {
            assert_eq!(behaviour["AllowedMethods"], json!(["GET", "HEAD", "OPTIONS"]));
        }
    }
    for origin in config(template)["Origins"].as_array().unwrap() {
        let origin = &origin["CustomOriginConfig"];
        assert_eq!(origin["OriginProtocolPolicy"], "https-only");
        let seconds = |name: &str| origin[name].as_u64().unwrap();
        assert!((1..=120).contains(&seconds("OriginReadTimeout")));
        // The server closes an idle connection after 75 s, and CloudFront has to be the first.
        assert_eq!(seconds("OriginKeepaliveTimeout"), 60);
    }
    let errors = config(template)["CustomErrorResponses"].as_array().unwrap();
    for status in [403, 404, 414, 500, 502, 503, 504] {
        let error = errors.iter().find(|error| error["ErrorCode"] == status).unwrap();
        assert_eq!(error["ErrorCachingMinTTL"], 0);
    }
    assert_eq!(config(template)["HttpVersion"], "http2and3");
    assert_eq!(template["Parameters"]["OriginSecret"]["NoEcho"], true);
    assert!(template["Parameters"]["OriginSecret"].get("Default").is_none());
}

#[test]
fn static_paths_are_passed_on_and_all_others_refused() {
    let releases = release("site", "", &["--at", "/static/"]);
    let template = template(&releases.file("site"), &[]);
    is_sound(&template);
    assert_eq!(paths(&template), ["/static", "/static/*"]);
    assert_eq!(function_of(&config(&template)["DefaultCacheBehavior"]), "ForbidFunction");
    let origins = config(&template)["Origins"].as_array().unwrap();
    assert_eq!(origins.len(), 1);
    let secret =
        json!([{ "HeaderName": "x-origin-verify", "HeaderValue": { "Ref": "OriginSecret" } }]);
    assert_eq!(origins[0]["OriginCustomHeaders"], secret);
    assert_eq!(origins[0]["CustomOriginConfig"]["OriginHttpVersion"], "http2");
    assert_eq!(origins[0]["CustomOriginConfig"]["OriginReadTimeout"], 60);
    let key = key(&template);
    assert_eq!(
        (&key["EnableAcceptEncodingGzip"], &key["EnableAcceptEncodingBrotli"]),
        (&true.into(), &true.into())
    );
    assert_eq!(key["HeadersConfig"], json!({ "HeaderBehavior": "none" }));
    assert_eq!(config(&template)["CacheTagConfig"], Value::Null);
    assert_eq!(template["Resources"]["NormaliseFunction"], Value::Null);
}

#[test]
fn a_site_at_the_root_is_the_bundles() {
    let releases = release("site", "", &[]);
    let template = template(&releases.file("site"), &[]);
    is_sound(&template);
    assert_eq!(paths(&template), [""; 0]);
    let default = &config(&template)["DefaultCacheBehavior"];
    assert_eq!((&default["TargetOriginId"], function_of(default)), (&"files".into(), &Value::Null));
    let error = stderr(&mut deploy(&releases.file("site"), &["--site"]), 1);
    assert!(error.contains("cannot be told apart"), "{error}");
}

#[test]
fn the_application_gets_the_rest_uncached_and_without_the_secret() {
    let releases = release("site", "", &["--at", "/static/"]);
    let template = template(&releases.file("site"), &["--site"]);
    is_sound(&template);
    let default = &config(&template)["DefaultCacheBehavior"];
    assert_eq!(default["TargetOriginId"], "site");
    assert_eq!(default["CachePolicyId"], "4135ea2d-6df8-44a3-9df3-4b5a84be39ad");
    assert!(default["AllowedMethods"].as_array().unwrap().contains(&"POST".into()));
    let site = &config(&template)["Origins"][1];
    assert_eq!((&site["Id"], &site["OriginCustomHeaders"]), (&"site".into(), &Value::Null));
    // More than the 60 s after which the server gives the application up, and answers by itself.
    assert_eq!(site["CustomOriginConfig"]["OriginReadTimeout"], 65);
    assert!(template["Parameters"]["SiteDomainName"].is_object());
}

/// A pattern is a path with a star behind it, and has at most 255 characters.
#[test]
fn a_prefix_that_is_too_long_is_an_error() {
    let of = |length: usize| format!("/{}/", "x".repeat(length - 3));
    let releases = release("site", "", &["--at", &of(255)]);
    assert_eq!(paths(&template(&releases.file("site"), &[]))[1].len(), 255);
    let releases = release("site", "", &["--at", &of(256)]);
    for options in [&[][..], &["--site"]] {
        let error = stderr(&mut deploy(&releases.file("site"), options), 1);
        assert!(
            error.contains("at most 255 characters") && error.contains(" has 256: "),
            "{error}"
        );
        assert!(error.contains("bake that folder at a shorter prefix"), "{error}");
    }
    is_sound(&template(&releases.file("site"), &["--whole-site"]));
}

#[test]
fn a_folder_at_the_root_beside_another_is_mentioned() {
    let root = folder(&[("robots.txt", b"")]);
    let at_root = format!("/={}", root.path().display());
    let releases = release("site", "", &["--at", "/static/", "--folder", &at_root]);
    let file = releases.file("site");
    let output = run(&mut deploy(&file, &[]));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--whole-site"));
    let whole = template(&file, &["--whole-site"]);
    is_sound(&whole);
    assert_eq!(paths(&whole), [""; 0]);
    assert_eq!(paths(&template(&file, &["--site"])), ["/static", "/static/*"]);
}

#[test]
fn dictionaries_are_in_the_cache_key_and_in_the_function() {
    let releases = with_deltas();
    let template = template(&releases.file("2"), &["--dictionaries"]);
    is_sound(&template);
    let key = key(&template);
    assert_eq!(key["EnableAcceptEncodingGzip"], false);
    assert_eq!(key["EnableAcceptEncodingBrotli"], false);
    let headers = json!(["Accept-Encoding", "Available-Dictionary"]);
    assert_eq!(key["HeadersConfig"]["Headers"], headers);
    for behaviour in config(&template)["CacheBehaviors"].as_array().unwrap() {
        assert_eq!(function_of(behaviour), "NormaliseFunction");
    }
    let source = &template["Resources"]["NormaliseFunction"]["Properties"]["FunctionCode"];
    let source = source.as_str().unwrap();
    assert!(source.len() < 10_240);
    assert!(source.contains("const CODINGS = [\"dcz\",\"dcb\",\"zstd\",\"br\",\"gzip\"];\n"));
    let list = source.split("const DICTIONARIES = ").nth(1).unwrap().lines().next().unwrap();
    let list: Vec<String> = serde_json::from_str(list.trim_end_matches(';')).unwrap();
    assert_eq!((list.len(), list[0].len()), (1, 46));
    // The origin answers that value with a difference.
    let accepted = [("Accept-Encoding", "dcb, dcz"), ("Available-Dictionary", &*list[0])];
    let response = releases.server("2").get(&releases.url("2"), &accepted);
    assert!(response.header("content-encoding").unwrap().starts_with("dc"));
    let warned = run(&mut deploy(&releases.file("1"), &["--dictionaries"]));
    assert!(String::from_utf8_lossy(&warned.stderr).contains("no differences to earlier ones"));
}

#[test]
fn what_responses_depend_on_is_in_the_cache_key() {
    for (toml, expected) in [
        ("spa = 'index.html'", json!(["Accept"])),
        ("cors = ['https://a.example']", json!(["Origin"])),
        ("cors = ['https://a.example']\nspa = 'index.html'", json!(["Accept", "Origin"])),
        ("cors = false", Value::Null),
    ] {
        let releases = release("site", toml, &["--at", "/static/"]);
        let template = template(&releases.file("site"), &[]);
        is_sound(&template);
        assert_eq!(key(&template)["HeadersConfig"]["Headers"], expected, "{toml}");
        let function = function_of(&config(&template)["CacheBehaviors"][0]);
        let is_app = toml.contains("spa");
        assert_eq!(function, &if is_app { "NormaliseFunction".into() } else { Value::Null });
    }
}

#[test]
fn cache_tags_have_the_field_of_the_server() {
    let releases = release("site", "", &[]);
    let file = releases.file("site");
    let template = template(&file, &["--cache-tags", "Cache-Tag", "--origin-http", "http1.1"]);
    assert_eq!(config(&template)["CacheTagConfig"], json!({ "HeaderName": "cache-tag" }));
    let origin = &config(&template)["Origins"][0]["CustomOriginConfig"];
    assert_eq!(origin["OriginHttpVersion"], Value::Null);
    let by_variable = stdout(deploy(&file, &[]).env("HARDTACK_CACHE_TAGS", "Cache-Tag"));
    assert!(by_variable.contains("cache-tag"));
    let empty = stdout(deploy(&file, &[]).env("HARDTACK_CACHE_TAGS", ""));
    assert!(!empty.contains("cache-tag"));
    let error = stderr(&mut deploy(&file, &["--cache-tags", "xkey"]), 1);
    assert!(error.contains("CloudFront expects commas"), "{error}");
}

#[test]
fn two_runs_print_the_same() {
    let releases = with_deltas();
    let print = |name: &str, options: &[&str]| stdout(&mut deploy(&releases.file(name), options));
    let options = ["--dictionaries", "--cache-tags", "Cache-Tag"];
    assert_eq!(print("2", &options), print("2", &options));
    // Without dictionaries it does not depend on the files.
    assert_eq!(print("1", &[]), print("2", &[]));
    // Variables of the server are not those of this machine.
    let elsewhere = stdout(deploy(&releases.file("1"), &[]).env("HARDTACK_IDLE_TIMEOUT", "5"));
    assert_eq!(elsewhere, print("1", &[]));
}

/// The templates for which other programs are asked.
fn templates() -> Vec<(&'static str, Value)> {
    let (deltas, app) = (with_deltas(), release("app", "spa = 'index.html'", &[]));
    let listed = release("listed", "cors = ['https://a.example']", &["--at", "/static/"]);
    vec![
        (
            "dictionaries",
            template(&deltas.file("2"), &["--dictionaries", "--cache-tags", "Cache-Tag"]),
        ),
        ("site", template(&deltas.file("2"), &["--site"])),
        ("app", template(&app.file("app"), &[])),
        ("http1", template(&listed.file("listed"), &["--origin-http", "http1.1"])),
    ]
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// cfn-lint knows all but one property, and the API's model knows them all.
#[test]
#[ignore = "needs corpora/venv with cfn-lint and botocore"]
fn cfn_lint_and_the_model_of_the_api_agree() {
    let files = tempfile::tempdir().unwrap();
    for (name, template) in templates() {
        let file = files.path().join(name);
        fs::write(&file, template.to_string()).unwrap();
        let said =
            stdout(Command::new(of_venv("python")).arg(script("cloudfront_model.py")).arg(&file));
        let unknown =
            if name == "http1" { "" } else { "cfn-lint does not know OriginHttpVersion\n" };
        assert_eq!(said, format!("{unknown}as the API has it\n"), "{name}");
    }
}

#[test]
#[ignore = "needs node"]
fn the_functions_do_what_they_say() {
    let files = tempfile::tempdir().unwrap();
    for (name, template) in templates().into_iter().chain([("none", none())]) {
        let file = files.path().join(name);
        fs::write(&file, template.to_string()).unwrap();
        let said = stdout(Command::new("node").arg(script("cloudfront_functions.mjs")).arg(&file));
        assert!(said.ends_with("as expected\n"), "{name}: {said}");
    }
}

fn none() -> Value {
    template(&release("none", "", &["--at", "/static/"]).file("none"), &[])
}
