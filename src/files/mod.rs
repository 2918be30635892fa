//! Files: finding them, reading and decoding them within limits, and moving them so that nothing is ever lost.

pub mod decode;
pub mod destination;
pub mod durable;
pub mod kind;

pub mod read;
pub mod scan;
pub mod trouble;

pub mod output_csv;
pub mod transfer;
pub mod whole;
