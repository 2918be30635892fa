//! The tree as a FUSE file system.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use fuser::{
    BackgroundSession, BsdFileFlags, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation,
    INodeNo, LockOwner, MountOption, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory,
    ReplyEmpty, ReplyEntry, ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};

use super::super::fuse::{self, KEPT, answer_attributes};
use super::super::machine::unmount;
use super::tree::{Content, Inode, Node, ROOT, Step, Tree};

/// A tree that is mounted.
pub(super) struct Served {
    session: BackgroundSession,
    place: PathBuf,
    tree: Arc<Mutex<Tree>>,
}

impl Served {
    pub(super) fn mount(tree: Tree, place: &Path) -> io::Result<Served> {
        let tree = Arc::new(Mutex::new(tree));
        let options = [MountOption::DefaultPermissions];
        let session = fuse::mount(Server(Arc::clone(&tree)), "strict", place, &options)?;
        Ok(Served { session, place: place.to_owned(), tree })
    }

    /// Unmounts it. Gives the tree, with its log.
    pub(super) fn end(self) -> Tree {
        unmount(&self.place);
        self.session.join().unwrap();
        let tree = self.tree.lock().unwrap();
        tree.clone()
    }
}

struct Server(Arc<Mutex<Tree>>);

impl Server {
    fn tree(&self) -> MutexGuard<'_, Tree> {
        self.0.lock().unwrap()
    }
}

fn attributes(tree: &Tree, inode: Inode) -> Option<FileAttr> {
    let node = tree.node(inode)?;
    let (kind, size) = match &node.content {
        Content::File(bytes) => (FileType::RegularFile, bytes.len()),
        Content::Folder(_) => (FileType::Directory, 4096),
        Content::Link(to) => (FileType::Symlink, to.len()),
    };
    let nlink = if kind == FileType::Directory { 2 } else { tree.names_of(inode) };
    let (atime, mtime, ctime) = (node.accessed, node.modified, node.changed);
    let plain = fuse::attributes(INodeNo(inode), kind, size as u64, node.mode as u16);
    Some(FileAttr { atime, mtime, ctime, crtime: ctime, nlink, ..plain })
}

/// Makes something with a name. Gives its attributes.
fn make(tree: &mut Tree, folder: Inode, name: &OsStr, content: Content, mode: u32) -> Result<FileAttr, Errno> {
    let entries = tree.entries(folder).ok_or(Errno::ENOTDIR)?;
    if entries.contains_key(name) {
        return Err(Errno::EEXIST);
    }
    let inode = tree.next();
    tree.take(Step::Made(inode, Node::new(content, mode & 0o7777)));
    tree.take(Step::Named(vec![(folder, name.to_owned(), Some(inode))]));
    attributes(tree, inode).ok_or(Errno::EIO)
}

fn remove(tree: &mut Tree, folder: Inode, name: &OsStr) -> Result<(), Errno> {
    let inode = tree.look_up(folder, name).ok_or(Errno::ENOENT)?;
    if tree.entries(inode).is_some_and(|entries| !entries.is_empty()) {
        return Err(Errno::ENOTEMPTY);
    }
    tree.take(Step::Named(vec![(folder, name.to_owned(), None)]));
    Ok(())
}

fn rename(
    tree: &mut Tree,
    (folder, name): (Inode, &OsStr),
    (to_folder, to_name): (Inode, &OsStr),
    flags: RenameFlags,
) -> Result<(), Errno> {
    let inode = tree.look_up(folder, name).ok_or(Errno::ENOENT)?;
    let there = tree.look_up(to_folder, to_name);
    if flags.contains(RenameFlags::RENAME_NOREPLACE) && there.is_some() {
        return Err(Errno::EEXIST);
    }
    if flags.intersects(RenameFlags::RENAME_EXCHANGE | RenameFlags::RENAME_WHITEOUT) {
        return Err(Errno::EINVAL);
    }
    if there == Some(inode) {
        return Ok(());
    }
    let names = vec![(folder, name.to_owned(), None), (to_folder, to_name.to_owned(), Some(inode))];
    tree.take(Step::Named(names));
    Ok(())
}

fn answer_entry(made: Result<FileAttr, Errno>, reply: ReplyEntry) {
    match made {
        Ok(attributes) => reply.entry(&KEPT, &attributes, Generation(0)),
        Err(error) => reply.error(error),
    }
}

fn answer(done: Result<(), Errno>, reply: ReplyEmpty) {
    match done {
        Ok(()) => reply.ok(),
        Err(error) => reply.error(error),
    }
}

fn time(time: Option<TimeOrNow>, before: SystemTime) -> SystemTime {
    match time {
        Some(TimeOrNow::SpecificTime(time)) => time,
        Some(TimeOrNow::Now) => SystemTime::now(),
        None => before,
    }
}

impl Filesystem for Server {
    fn lookup(&self, _: &Request, folder: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let tree = self.tree();
        let found = tree.look_up(folder.0, name).and_then(|inode| attributes(&tree, inode));
        answer_entry(found.ok_or(Errno::ENOENT), reply);
    }

    fn getattr(&self, _: &Request, inode: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        answer_attributes(attributes(&self.tree(), inode.0), reply);
    }

    fn setattr(
        &self,
        _: &Request,
        inode: INodeNo,
        mode: Option<u32>,
        _uid: Option<u32>,
        _gid: Option<u32>,
        size: Option<u64>,
        accessed: Option<TimeOrNow>,
        modified: Option<TimeOrNow>,
        _ctime: Option<SystemTime>,
        _handle: Option<FileHandle>,
        _crtime: Option<SystemTime>,
        _chgtime: Option<SystemTime>,
        _bkuptime: Option<SystemTime>,
        _flags: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let mut tree = self.tree();
        if let Some(size) = size {
            tree.take(Step::Cut(inode.0, size as usize));
        }
        let Some(node) = tree.node(inode.0) else { return reply.error(Errno::ENOENT) };
        let mode = mode.map_or(node.mode, |mode| mode & 0o7777);
        let (accessed, modified) = (time(accessed, node.accessed), time(modified, node.modified));
        if (mode, accessed, modified) != (node.mode, node.accessed, node.modified) {
            tree.take(Step::Touched(inode.0, mode, accessed, modified));
        }
        answer_attributes(attributes(&tree, inode.0), reply);
    }

    fn readlink(&self, _: &Request, inode: INodeNo, reply: ReplyData) {
        match self.tree().node(inode.0).map(|node| &node.content) {
            Some(Content::Link(to)) => reply.data(to.as_bytes()),
            _ => reply.error(Errno::EINVAL),
        }
    }

    fn mkdir(&self, _: &Request, folder: INodeNo, name: &OsStr, mode: u32, umask: u32, reply: ReplyEntry) {
        let content = Content::Folder(std::collections::BTreeMap::new());
        answer_entry(make(&mut self.tree(), folder.0, name, content, mode & !umask), reply);
    }

    fn symlink(&self, _: &Request, folder: INodeNo, name: &OsStr, to: &Path, reply: ReplyEntry) {
        answer_entry(make(&mut self.tree(), folder.0, name, Content::Link(to.into()), 0o777), reply);
    }

    fn unlink(&self, _: &Request, folder: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer(remove(&mut self.tree(), folder.0, name), reply);
    }

    fn rmdir(&self, _: &Request, folder: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer(remove(&mut self.tree(), folder.0, name), reply);
    }

    fn rename(
        &self,
        _: &Request,
        folder: INodeNo,
        name: &OsStr,
        to_folder: INodeNo,
        to_name: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        answer(rename(&mut self.tree(), (folder.0, name), (to_folder.0, to_name), flags), reply);
    }

    fn link(&self, _: &Request, inode: INodeNo, folder: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let mut tree = self.tree();
        if tree.look_up(folder.0, name).is_some() {
            return reply.error(Errno::EEXIST);
        }
        tree.take(Step::Named(vec![(folder.0, name.to_owned(), Some(inode.0))]));
        answer_entry(attributes(&tree, inode.0).ok_or(Errno::ENOENT), reply);
    }

    fn create(
        &self,
        _: &Request,
        folder: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        _flags: i32,
        reply: ReplyCreate,
    ) {
        match make(&mut self.tree(), folder.0, name, Content::File(vec![]), mode & !umask) {
            Ok(made) => reply.created(&KEPT, &made, Generation(0), FileHandle(0), FopenFlags::empty()),
            Err(error) => reply.error(error),
        }
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
        match self.tree().node(inode.0).map(|node| &node.content) {
            Some(Content::File(bytes)) => {
                let from = bytes.len().min(offset as usize);
                reply.data(&bytes[from..bytes.len().min(from + size as usize)]);
            }
            _ => reply.error(Errno::EISDIR),
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
        self.tree().take(Step::Written(inode.0, offset as usize, bytes.to_vec()));
        reply.written(bytes.len() as u32);
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn fsync(&self, _: &Request, inode: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        self.tree().take(Step::Synced(inode.0));
        reply.ok();
    }

    fn fsyncdir(&self, _: &Request, inode: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        self.tree().take(Step::FolderSynced(inode.0));
        reply.ok();
    }

    fn readdir(&self, _: &Request, folder: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let tree = self.tree();
        let Some(entries) = tree.entries(folder.0) else { return reply.error(Errno::ENOTDIR) };
        let own = [(OsString::from("."), folder.0), (OsString::from(".."), ROOT)];
        let all = own.into_iter().chain(entries.iter().map(|(name, inode)| (name.clone(), *inode)));
        for (number, (name, inode)) in all.enumerate().skip(offset as usize) {
            let kind = attributes(&tree, inode).map_or(FileType::RegularFile, |found| found.kind);
            if reply.add(INodeNo(inode), number as u64 + 1, kind, name) {
                break;
            }
        }
        reply.ok();
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        reply.statfs(1 << 22, 1 << 21, 1 << 21, 1 << 20, 1 << 20, 4096, 255, 4096);
    }
}
