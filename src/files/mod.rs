//! Files: finding them, reading and decoding them within limits, and moving them so that nothing is ever lost.

pub mod decode;
pub mod kind;

pub mod read;
pub mod scan;
pub mod trouble;

pub mod whole;
