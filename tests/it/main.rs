//! The tests that need more than one module: one binary, so that it is linked once.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "in a test, that is how it fails")]

mod decoding;
mod parity;
mod support;
