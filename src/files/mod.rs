//! Files: finding them, reading and decoding them within limits, and moving them so that nothing is ever lost.

pub mod checksums;
pub mod decode;
pub mod defect;
pub mod destination;
pub mod durable;
pub mod folder;
pub mod folders;
pub mod foreign_files;
pub mod free_name;
mod gif_blocks;
mod jpeg_segments;
pub mod kind;
pub mod lease;
pub mod output_csv;
pub mod page_cache;
mod png_chunks;
pub mod read;
pub mod scan;
pub mod staged_file;
pub mod to_disk;
pub mod transfer;
pub mod watcher;
mod webp_chunks;
pub mod whole;
pub mod writers;
