//! Any target that an HTTP library lets through.
#![no_main]

use http::{Method, Uri};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|target: &[u8]| {
    if let Ok(uri) = Uri::try_from(target) {
        hardtack_fuzz::ask(&hardtack_fuzz::request(Method::GET, uri));
    }
});
