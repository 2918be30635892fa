//! A folder of disks that records what is written to them: a FUSE file system whose files are the backing files of loop
//! devices. What a file system sends to its device, and every flush, arrives here in order, over all disks.

use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use fuser::{
    BackgroundSession, Errno, FileAttr, FileHandle, FileType, Filesystem, Generation, INodeNo, LockOwner, OpenFlags,
    ReplyAttr, ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyWrite, Request, WriteFlags,
};

use super::disk::Disk;
use super::fuse::{self, KEPT, answer_attributes};

use crate::skip::{Lacks, skip};

/// An event at a disk, in order.
#[derive(Debug, Clone)]
pub(super) enum Event {
    Write {
        disk: usize,
        offset: u64,
        bytes: Vec<u8>,
    },
    /// Zeros were written, or the range was given up.
    Zeros {
        disk: usize,
        offset: u64,
        length: u64,
    },
    /// Everything that came to this disk before is on it now.
    Flush {
        disk: usize,
    },
    /// The test took note of something.
    Mark(&'static str),
}

/// The folder, while it is mounted.
pub(super) struct Rack {
    // Before the folder goes, so that it is unmounted.
    _session: BackgroundSession,
    folder: tempfile::TempDir,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    disks: Vec<Disk>,
    /// The events since [`Rack::record`].
    events: Option<Vec<Event>>,
}

impl Rack {
    pub(super) fn mount() -> io::Result<Rack> {
        let (folder, shared) = (tempfile::tempdir()?, Arc::<Mutex<Shared>>::default());
        let session = fuse::mount(Files(Arc::clone(&shared)), "disks", folder.path(), &[])?;
        Ok(Rack { _session: session, folder, shared })
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap()
    }

    /// Puts one more disk into the folder. Gives its number.
    pub(super) fn insert(&self, disk: Disk) -> usize {
        let mut shared = self.shared();
        shared.disks.push(disk);
        shared.disks.len() - 1
    }

    /// Forgets what is on a disk that is not needed any more.
    pub(super) fn empty(&self, number: usize) {
        self.shared().disks[number] = Disk::new(0);
    }

    /// The file of a disk.
    pub(super) fn path(&self, number: usize) -> PathBuf {
        self.folder.path().join(number.to_string())
    }

    /// The content of a disk now.
    pub(super) fn disk(&self, number: usize) -> Disk {
        self.shared().disks[number].clone()
    }

    /// Begins to record.
    pub(super) fn record(&self) {
        self.shared().events = Some(vec![]);
    }

    /// Takes note of something in the record.
    pub(super) fn mark(&self, what: &'static str) {
        self.shared().note(Event::Mark(what));
    }

    /// Ends the record.
    pub(super) fn recorded(&self) -> Vec<Event> {
        self.shared().events.take().unwrap_or_default()
    }
}

impl Shared {
    fn note(&mut self, event: Event) {
        if let Some(events) = &mut self.events {
            events.push(event);
        }
    }
}

/// The number of the first disk's file; the folder has 1.
const FIRST: u64 = 2;

struct Files(Arc<Mutex<Shared>>);

impl Files {
    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap()
    }

    /// The number of the disk and its size.
    fn find(&self, inode: u64) -> Option<(usize, u64)> {
        let number = usize::try_from(inode.checked_sub(FIRST)?).ok()?;
        self.shared().disks.get(number).map(|disk| (number, disk.size()))
    }

    fn attributes(&self, inode: INodeNo) -> Option<FileAttr> {
        match inode {
            INodeNo::ROOT => Some(fuse::attributes(inode, FileType::Directory, 0, 0o700)),
            INodeNo(number) => {
                let (_, size) = self.find(number)?;
                Some(fuse::attributes(inode, FileType::RegularFile, size, 0o600))
            }
        }
    }
}

impl Filesystem for Files {
    fn lookup(&self, _: &Request, _: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let number: Option<u64> = name.to_str().and_then(|name| name.parse().ok());
        match number.and_then(|number| self.attributes(INodeNo(number + FIRST))) {
            Some(attributes) => reply.entry(&KEPT, &attributes, Generation(0)),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn getattr(&self, _: &Request, inode: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        answer_attributes(self.attributes(inode), reply);
    }

    fn setattr(
        &self,
        request: &Request,
        inode: INodeNo,
        _mode: Option<u32>,
        _uid: Option<u32>,
        _gid: Option<u32>,
        _size: Option<u64>,
        _atime: Option<fuser::TimeOrNow>,
        _mtime: Option<fuser::TimeOrNow>,
        _ctime: Option<SystemTime>,
        handle: Option<FileHandle>,
        _crtime: Option<SystemTime>,
        _chgtime: Option<SystemTime>,
        _bkuptime: Option<SystemTime>,
        _flags: Option<fuser::BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        // A disk keeps its size; what else a tool for making file systems sets does not matter.
        self.getattr(request, inode, handle, reply);
    }

    fn read(
        &self,
        _: &Request,
        inode: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        match self.find(inode.0) {
            Some((number, _)) => reply.data(&self.shared().disks[number].read(offset, size as usize)),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn write(
        &self,
        _: &Request,
        inode: INodeNo,
        _: FileHandle,
        offset: u64,
        bytes: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let Some((disk, _)) = self.find(inode.0) else { return reply.error(Errno::ENOENT) };
        let mut shared = self.shared();
        shared.disks[disk].write(offset, bytes);
        shared.note(Event::Write { disk, offset, bytes: bytes.to_vec() });
        reply.written(bytes.len() as u32);
    }

    fn fallocate(
        &self,
        _: &Request,
        inode: INodeNo,
        _: FileHandle,
        offset: u64,
        length: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        use rustix::fs::FallocateFlags as Flags;
        let Some((disk, _)) = self.find(inode.0) else { return reply.error(Errno::ENOENT) };
        if !Flags::from_bits_truncate(mode.cast_unsigned()).intersects(Flags::PUNCH_HOLE | Flags::ZERO_RANGE) {
            return reply.error(Errno::EOPNOTSUPP);
        }
        let mut shared = self.shared();
        shared.disks[disk].write_zeros(offset, length);
        shared.note(Event::Zeros { disk, offset, length });
        reply.ok();
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        // A file was closed: that brings nothing to disk.
        reply.ok();
    }

    fn fsync(&self, _: &Request, inode: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        if let Some((disk, _)) = self.find(inode.0) {
            self.shared().note(Event::Flush { disk });
        }
        reply.ok();
    }

    fn readdir(&self, _: &Request, _: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let count = self.shared().disks.len() as u64;
        for number in offset..count {
            if reply.add(INodeNo(number + FIRST), number + 1, FileType::RegularFile, number.to_string()) {
                break;
            }
        }
        reply.ok();
    }
}

/// Says why there is no rack on this machine.
pub(super) fn mount_or_skip() -> Option<Rack> {
    match Rack::mount() {
        Ok(rack) => Some(rack),
        Err(error) => {
            skip(
                Lacks::FileSystem,
                format!("no FUSE file system can be mounted here (/dev/fuse, or fusermount3): {error}"),
            );
            None
        }
    }
}
