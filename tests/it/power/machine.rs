//! Disks with a file system each, mounted from a rack: on again and off again as a machine whose power fails.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::disk::Disk;
use super::rack::{Rack, mount_or_skip};
use crate::skip::{Lacks, require, skip};
use crate::tools::run;

/// A file system that is made and mounted here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Ext4,
    /// Its journal does not order contents and names.
    Ext4Writeback,
    Xfs,
    Btrfs,
}

impl Kind {
    fn size(self) -> u64 {
        match self {
            Kind::Ext4 | Kind::Ext4Writeback => 64 << 20,
            Kind::Xfs => 304 << 20,
            Kind::Btrfs => 256 << 20,
        }
    }

    fn make(self) -> &'static [&'static str] {
        match self {
            Kind::Ext4 | Kind::Ext4Writeback => {
                &["mkfs.ext4", "-q", "-F", "-E", "nodiscard,lazy_itable_init=0,lazy_journal_init=0"]
            }
            Kind::Xfs => &["mkfs.xfs", "-q", "-f", "-K"],
            Kind::Btrfs => &["mkfs.btrfs", "-q", "-f", "-K"],
        }
    }

    fn options(self) -> &'static str {
        match self {
            Kind::Ext4 | Kind::Btrfs => "loop",
            Kind::Ext4Writeback => "loop,data=writeback",
            Kind::Xfs => "loop,nouuid",
        }
    }
}

pub(super) struct Machine {
    kind: Kind,
    /// Where the disks are mounted, the same at every start.
    folder: tempfile::TempDir,
    rack: Rack,
    /// The numbers of its disks in the rack.
    disks: Vec<usize>,
    /// How many of them are mounted.
    mounted: usize,
}

impl Machine {
    /// With so many disks, formatted and mounted; none where that cannot be, which is said.
    pub(super) fn new(kind: Kind, disks: usize) -> Option<Machine> {
        let rack = mount_or_skip()?;
        let disks: Vec<usize> = (0..disks).map(|_| rack.insert(Disk::new(kind.size()))).collect();
        for disk in &disks {
            let make = kind.make();
            if !require(make[0]) {
                return None;
            }
            if let Err(said) = run(Command::new(make[0]).args(&make[1..]).arg(rack.path(*disk))) {
                skip(Lacks::FileSystem, format!("{} is not possible here: {said}", make[0]));
                return None;
            }
        }
        let mut machine = Machine { kind, folder: tempfile::tempdir().unwrap(), rack, disks, mounted: 0 };
        if let Err(said) = machine.start() {
            skip(Lacks::FileSystem, format!("{kind:?} cannot be mounted here: {said}"));
            return None;
        }
        Some(machine)
    }

    /// Where a disk is mounted.
    pub(super) fn place(&self, number: usize) -> PathBuf {
        self.folder.path().join(number.to_string())
    }

    pub(super) fn rack(&self) -> &Rack {
        &self.rack
    }

    /// The content of the disks now.
    pub(super) fn contents(&self) -> Vec<Disk> {
        self.disks.iter().map(|disk| self.rack.disk(*disk)).collect()
    }

    /// Puts these disks in place of those that it has, and mounts them.
    pub(super) fn start_with(&mut self, disks: Vec<Disk>) -> Result<(), String> {
        self.stop();
        self.disks.iter().for_each(|disk| self.rack.empty(*disk));
        self.disks = disks.into_iter().map(|disk| self.rack.insert(disk)).collect();
        self.start()
    }

    fn start(&mut self) -> Result<(), String> {
        for number in 0..self.disks.len() {
            let place = self.place(number);
            std::fs::create_dir_all(&place).unwrap();
            let file = self.rack.path(self.disks[number]);
            run(Command::new("mount").args(["-o", self.kind.options()]).arg(file).arg(place))?;
            self.mounted = number + 1;
        }
        Ok(())
    }

    /// Brings everything to the disks.
    pub(super) fn sync(&self) {
        for number in 0..self.mounted {
            run(Command::new("sync").arg("--file-system").arg(self.place(number))).unwrap();
        }
    }

    /// Unmounts the disks, the first one first: what was removed there is on disk before what came to the others is.
    pub(super) fn stop(&mut self) {
        for number in 0..std::mem::take(&mut self.mounted) {
            unmount(&self.place(number));
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Unmounts; where something still has a file open there, as soon as it is closed.
pub(super) fn unmount(place: &Path) {
    if run(Command::new("umount").arg(place)).is_err() {
        let _ = run(Command::new("umount").arg("--lazy").arg(place));
    }
}
