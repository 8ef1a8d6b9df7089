//! Bakes the folder `assets`.

fn main() -> std::process::ExitCode {
    hardtack_build::build_script()
}
