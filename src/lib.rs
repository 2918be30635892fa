//! Smart Image Sorter.

pub mod built_in;
pub mod cli;
pub mod config;
pub mod domain;
pub mod engine;
pub mod files;
pub mod jobs;
pub mod lang;
pub mod panics;
