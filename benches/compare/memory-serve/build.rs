//! `COMPARE_FOLDER` is a folder instead of the site's.

fn main() {
    let folder = std::env::var("COMPARE_FOLDER");
    println!("cargo::rerun-if-env-changed=COMPARE_FOLDER");
    memory_serve::load_directory(folder.as_deref().unwrap_or("../target/site/plain"));
}
