//! The tests that need more than one module: one binary, so that it is linked once.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "in a test, that is how it fails or says what it skips"
)]

mod appliers;
mod backend;
mod bad_checkpoints;
mod bad_input;
mod bench;
#[cfg(target_os = "linux")]
mod call_order;
mod chance;
mod crash;
mod decoding;
mod demo;
#[cfg(target_os = "linux")]
mod every_disk;
#[cfg(target_os = "linux")]
mod evidence;
mod faces;
#[cfg(target_os = "linux")]
mod faults;
mod file_systems;
mod find;
mod foreseen;
mod forms;
#[path = "../fuzz/mod.rs"]
mod fuzz;
mod golden;
mod golden_sessions;
mod house;
mod hub;
mod interrupt;
mod json;
#[cfg(target_os = "linux")]
mod judge;
mod labels;
mod languages;
mod layers;
mod ledger;
mod litter;
mod live;
mod memory;
mod model_folders;
mod mutated;
mod names;
mod narrow;
mod near_duplicates;
mod own_work;
mod parity;
#[path = "../../benches/planted/mod.rs"]
mod planted;
#[cfg(target_os = "linux")]
mod power;
mod privacy;
mod properties;
#[cfg(target_os = "linux")]
mod races;
mod relay;
mod remembered;
mod repair;
mod replaced_model;
mod runtime;
mod rust_source;
#[cfg(target_os = "linux")]
mod scene;
mod second_thoughts;
mod session;
mod session_files;
mod skip;
mod slow_line;
mod sorting;
mod stuck;
mod support;
mod terminal;
mod tmux;
#[cfg(target_os = "linux")]
mod told;
mod tools;
mod tree;
mod trust;
mod unchanged;
mod undo;
mod unended_moves;
mod variants;
mod verify;
mod watch;
mod weights;
mod working;
