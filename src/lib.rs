//! Smart Image Sorter.

#[cfg(not(unix))]
compile_error!("sis runs on Linux and macOS. On Windows, build and run it in the Windows Subsystem for Linux.");

pub mod app_start;
pub mod backend;
pub mod built_in;
pub mod cli;
pub mod config;
pub mod crash;
pub mod domain;
pub mod engine;
pub mod file_system;
pub mod files;
pub mod jobs;
pub mod lang;
pub mod panics;
pub mod plain_file;
pub mod rights;
pub mod store;
pub mod tui;
pub mod use_cases;

#[cfg(test)]
#[path = "../tests/it/skip.rs"]
#[allow(dead_code, reason = "the tests beside the code need less of it than those in tests")]
mod skip;
