//! Work that takes a while: the only place that starts threads. Every job can be stopped, and has joined its threads
//! when it returns, but for one that waits for a model that does not answer: see `answering`.

pub mod apply;
pub mod begin;
pub mod bench;
mod byte_semaphore;
pub mod cancel_token;
pub mod carry_out;
pub mod classified;
pub mod classify;
pub mod decoding;
mod duplicate;
pub mod embedding_cache;
mod file_hashes;
pub mod kept;
pub mod model;
pub mod narrow;
pub mod near_duplicates;
pub mod ranking;
pub mod recover;
pub mod rescore;
mod run_folders;
pub mod scoring;
pub mod session_writer;
pub mod sort;
pub mod stage_clocks;
pub mod tables;
mod threads;
pub mod undo;
pub mod unwanted;
pub mod verify;
pub mod watch;
pub mod watchdog;
