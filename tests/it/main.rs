//! The tests that need more than one module: one binary, so that it is linked once.

mod decoding;
mod parity;
mod support;
