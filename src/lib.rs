//! Smart Image Sorter.

pub mod domain;
pub mod engine;
pub mod files;
pub mod panics;
