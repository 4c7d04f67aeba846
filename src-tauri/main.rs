//! The binary `sheaf-desktop`. Everything is in the library, which tests link too.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

fn main() -> std::process::ExitCode {
    sheaf_desktop::main()
}
