//! A disk in memory. Only what was written takes room, and a clone shares it.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// The bytes that a disk writes whole or not at all.
pub(super) const SECTOR: usize = 512;

const BLOCK: usize = 4096;

#[derive(Debug, Clone)]
pub(super) struct Disk {
    size: u64,
    /// Blocks that are not all zeros, by their number.
    blocks: HashMap<u64, Arc<[u8; BLOCK]>>,
}

impl Disk {
    pub(super) fn new(size: u64) -> Disk {
        Disk { size, blocks: HashMap::new() }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn read(&self, offset: u64, length: usize) -> Vec<u8> {
        let length = length.min(self.size.saturating_sub(offset) as usize);
        let mut bytes = vec![0; length];
        for part in parts(offset, length) {
            if let Some(block) = self.blocks.get(&part.block) {
                bytes[part.at..part.at + part.length].copy_from_slice(&block[part.from..part.from + part.length]);
            }
        }
        bytes
    }

    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) {
        for part in parts(offset, bytes.len()) {
            let bytes = &bytes[part.at..part.at + part.length];
            if part.length == BLOCK && bytes.iter().all(|byte| *byte == 0) {
                self.blocks.remove(&part.block);
                continue;
            }
            let block = self.blocks.entry(part.block).or_insert_with(|| Arc::new([0; BLOCK]));
            Arc::make_mut(block)[part.from..part.from + part.length].copy_from_slice(bytes);
        }
    }

    pub(super) fn write_zeros(&mut self, offset: u64, length: u64) {
        for part in parts(offset, length as usize) {
            match part.length {
                BLOCK => drop(self.blocks.remove(&part.block)),
                length => {
                    if let Some(block) = self.blocks.get_mut(&part.block) {
                        Arc::make_mut(block)[part.from..part.from + length].fill(0);
                    }
                }
            }
        }
    }

    /// Writes it into a file, so that it can be looked at.
    pub(super) fn save(&self, path: &Path) -> io::Result<()> {
        let file = File::create(path)?;
        file.set_len(self.size)?;
        self.blocks.iter().try_for_each(|(number, block)| file.write_all_at(&block[..], number * BLOCK as u64))
    }
}

/// A range, as far as it is in one block.
struct Part {
    block: u64,
    /// Where it begins in the block.
    from: usize,
    /// Where it begins in the range.
    at: usize,
    length: usize,
}

fn parts(offset: u64, length: usize) -> impl Iterator<Item = Part> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (block, from) = ((offset + at as u64) / BLOCK as u64, (offset + at as u64) as usize % BLOCK);
        let part = Part { block, from, at, length: (BLOCK - from).min(length - at) };
        at += part.length;
        (part.length > 0).then_some(part)
    })
}

#[test]
fn it_holds_what_was_written_and_a_clone_keeps_what_it_had() {
    let mut disk = Disk::new(1 << 20);
    disk.write(4000, &[7; 5000]);
    let before = disk.clone();
    disk.write_zeros(4096, 4500);
    assert_eq!(disk.read(4090, 8), [7, 7, 7, 7, 7, 7, 0, 0]);
    assert_eq!(disk.read(8590, 4), [0, 0, 0, 0]);
    assert_eq!(disk.read(8596, 2), [7, 7]);
    assert_eq!(before.read(3999, 5002), [vec![0], vec![7; 5000], vec![0]].concat());
    assert_eq!(disk.read((1 << 20) - 1, 10), [0]);
}
