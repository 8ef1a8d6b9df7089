//! Hands on the optimization level, so that an unoptimized bake can warn of its slowness.

fn main() {
    let level = std::env::var("OPT_LEVEL").unwrap_or_default();
    println!("cargo:rustc-env=HARDTACK_OPT_LEVEL={level}");
    println!("cargo:rerun-if-changed=build.rs");
}
