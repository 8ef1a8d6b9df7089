//! Any value of `if-none-match`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|value: &[u8]| {
    for path in ["/a.css", "/b%20b.png", "/empty"] {
        hardtack_fuzz::get(path, "if-none-match", value);
    }
});
