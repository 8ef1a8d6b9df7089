//! Bakes `assets/`, or the folder that `HARDTACK_ASSETS` names, into the binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    if cfg!(feature = "site") {
        return hardtack_build::build_script();
    }
    println!("cargo::rerun-if-changed=build.rs");
    ExitCode::SUCCESS
}
