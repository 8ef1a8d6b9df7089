//! Bakes `assets/`, or the folder that `HARDTACK_ASSETS` names, into the binary.

fn main() -> std::process::ExitCode {
    hardtack_build::build_script()
}
