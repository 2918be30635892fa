//! A tree of files in memory, and a log of what was done to it.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::time::SystemTime;

pub(super) type Inode = u64;

/// The root's number.
pub(super) const ROOT: Inode = 1;

#[derive(Debug, Clone)]
pub(super) enum Content {
    File(Vec<u8>),
    Folder(BTreeMap<OsString, Inode>),
    Link(OsString),
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) content: Content,
    /// Permissions.
    pub(super) mode: u32,
    pub(super) accessed: SystemTime,
    pub(super) modified: SystemTime,
    pub(super) changed: SystemTime,
}

/// The inode that a name stands for after a change; none where it is gone.
pub(super) type Name = (Inode, OsString, Option<Inode>);

/// A change, or what brings changes to disk.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// A file, folder or link came into being, which has no name yet.
    Made(Inode, Node),
    /// Names that change together or not at all.
    Named(Vec<Name>),
    Written(Inode, usize, Vec<u8>),
    Cut(Inode, usize),
    /// Mode and times, which are on disk at once: nothing that is judged hangs on them.
    Touched(Inode, u32, SystemTime, SystemTime),
    Synced(Inode),
    FolderSynced(Inode),
}

impl Step {
    /// For a message.
    pub(super) fn name(&self) -> String {
        match self {
            Step::Made(inode, _) => format!("made {inode}"),
            Step::Named(names) => format!("named {names:?}"),
            Step::Written(inode, at, bytes) => format!("{} bytes written into {inode} at {at}", bytes.len()),
            Step::Cut(inode, length) => format!("{inode} cut to {length}"),
            Step::Touched(inode, ..) => format!("touched {inode}"),
            Step::Synced(inode) => format!("synced {inode}"),
            Step::FolderSynced(inode) => format!("synced folder {inode}"),
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Tree {
    nodes: HashMap<Inode, Node>,
    last: Inode,
    log: Vec<Step>,
}

impl Default for Tree {
    fn default() -> Tree {
        let root = Node::new(Content::Folder(BTreeMap::new()), 0o755);
        Tree { nodes: HashMap::from([(ROOT, root)]), last: ROOT, log: vec![] }
    }
}

impl Node {
    pub(super) fn new(content: Content, mode: u32) -> Node {
        let now = SystemTime::now();
        Node { content, mode, accessed: now, modified: now, changed: now }
    }
}

impl Tree {
    pub(super) fn node(&self, inode: Inode) -> Option<&Node> {
        self.nodes.get(&inode)
    }

    /// The content of a folder.
    pub(super) fn entries(&self, folder: Inode) -> Option<&BTreeMap<OsString, Inode>> {
        match &self.node(folder)?.content {
            Content::Folder(entries) => Some(entries),
            _ => None,
        }
    }

    pub(super) fn look_up(&self, folder: Inode, name: &OsStr) -> Option<Inode> {
        self.entries(folder)?.get(name).copied()
    }

    /// How many names a file has.
    pub(super) fn names_of(&self, inode: Inode) -> u32 {
        let folders = self.nodes.values().filter_map(|node| match &node.content {
            Content::Folder(entries) => Some(entries),
            _ => None,
        });
        folders.flat_map(BTreeMap::values).filter(|found| **found == inode).count() as u32
    }

    /// A number for what comes into being.
    pub(super) fn next(&mut self) -> Inode {
        self.last += 1;
        self.last
    }

    /// Does a step, and takes note of it.
    pub(super) fn take(&mut self, step: Step) {
        self.apply(&step);
        self.log.push(step);
    }

    /// Does a step.
    pub(super) fn apply(&mut self, step: &Step) {
        let now = SystemTime::now();
        match step {
            Step::Made(inode, node) => {
                self.last = self.last.max(*inode);
                self.nodes.insert(*inode, node.clone());
            }
            Step::Named(names) => names.iter().for_each(|name| self.set_name(name)),
            Step::Written(inode, at, bytes) => {
                if let Some(content) = self.bytes_mut(*inode) {
                    let end = at + bytes.len();
                    content.resize(content.len().max(end), 0);
                    content[*at..end].copy_from_slice(bytes);
                }
                self.stamp(*inode, now);
            }
            Step::Cut(inode, length) => {
                if let Some(content) = self.bytes_mut(*inode) {
                    content.resize(*length, 0);
                }
                self.stamp(*inode, now);
            }
            Step::Touched(inode, mode, accessed, modified) => {
                if let Some(node) = self.nodes.get_mut(inode) {
                    (node.mode, node.accessed, node.modified, node.changed) = (*mode, *accessed, *modified, now);
                }
            }
            Step::Synced(_) | Step::FolderSynced(_) => {}
        }
    }

    fn stamp(&mut self, inode: Inode, now: SystemTime) {
        if let Some(node) = self.nodes.get_mut(&inode) {
            (node.modified, node.changed) = (now, now);
        }
    }

    fn set_name(&mut self, (folder, name, inode): &Name) {
        let Some(Node { content: Content::Folder(entries), .. }) = self.nodes.get_mut(folder) else { return };
        match inode {
            Some(inode) => entries.insert(name.clone(), *inode),
            None => entries.remove(name),
        };
        self.stamp(*folder, SystemTime::now());
    }

    /// The bytes of a file.
    pub(super) fn bytes_mut(&mut self, inode: Inode) -> Option<&mut Vec<u8>> {
        match &mut self.nodes.get_mut(&inode)?.content {
            Content::File(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Takes the log of what was done.
    pub(super) fn take_log(mut self) -> Vec<Step> {
        std::mem::take(&mut self.log)
    }

    /// Everything done so far is on disk.
    pub(super) fn sync_all(&mut self) {
        self.log.clear();
    }
}
