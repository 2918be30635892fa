//! A tree as a loss of power leaves it.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;

use super::tree::{Content, Inode, Name, Node, Step, Tree};
use crate::chance::{Chance, seed};

/// The part that is kept of everything not brought to disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    Nothing,
    /// Half of the changes of names, in any order, and half of the blocks.
    Some,
}

/// The unit in which contents come to disk.
const BLOCK: usize = 4096;

/// Every moment that leaves the tree as no other does: after each step.
pub(super) fn moments(log: &[Step]) -> Vec<(usize, Kept)> {
    let is_change = |step: &Step| !matches!(step, Step::Made(..) | Step::Touched(..));
    let steps = (0..log.len()).filter(|at| is_change(&log[*at]) || at + 1 == log.len());
    steps.flat_map(|at| [(at, Kept::Nothing), (at, Kept::Some)]).collect()
}

/// The tree as it was before, all of it on disk, after a log that ends in the loss of power.
pub(super) fn after_loss(before: &Tree, log: &[Step], kept: Kept) -> Tree {
    let mut chance = Chance::new(seed() ^ ((log.len() as u64) << 20));
    let mut names = Names::default();
    let (mut on_disk, mut in_memory) = (before.clone(), before.clone());
    let mut unsynced: HashSet<Inode> = HashSet::new();
    for step in log {
        in_memory.apply(step);
        match step {
            // A file without a name on disk cannot be found there, whether it came into being or not; it comes empty.
            Step::Made(inode, node) => {
                on_disk.apply(&Step::Made(*inode, node.clone()));
            }
            Step::Named(changed) => names.change(changed),
            Step::FolderSynced(folder) => names.sync(*folder, &mut on_disk),
            Step::Written(inode, ..) | Step::Cut(inode, _) => drop(unsynced.insert(*inode)),
            Step::Touched(..) => on_disk.apply(step),
            Step::Synced(inode) => {
                unsynced.remove(inode);
                if let (Some(to), Some(Node { content: Content::File(from), .. })) =
                    (on_disk.bytes_mut(*inode), in_memory.node(*inode))
                {
                    to.clone_from(from);
                }
            }
        }
    }
    if kept == Kept::Some {
        names.sync_some(&mut chance, &mut on_disk);
        let mut unsynced: Vec<Inode> = unsynced.into_iter().collect();
        unsynced.sort_unstable();
        for inode in unsynced {
            if let (Some(to), Some(Node { content: Content::File(from), .. })) =
                (on_disk.bytes_mut(inode), in_memory.node(inode))
            {
                mix(to, from, &mut chance);
            }
        }
    }
    // Times are those of the files, wherever their contents came from.
    for step in log {
        if let Step::Touched(..) = step {
            on_disk.apply(step);
        }
    }
    on_disk
}

/// Half of the new blocks.
fn mix(on_disk: &mut Vec<u8>, in_memory: &[u8], chance: &mut Chance) {
    if chance.once_in(2) {
        on_disk.resize(in_memory.len(), 0);
    }
    for (number, block) in in_memory.chunks(BLOCK).enumerate() {
        let at = number * BLOCK;
        if chance.once_in(2) && at < on_disk.len() {
            let end = (at + block.len()).min(on_disk.len());
            on_disk[at..end].copy_from_slice(&block[..end - at]);
        }
    }
}

/// Changes of names that are not on disk yet.
#[derive(Default)]
struct Names {
    pending: Vec<(usize, Vec<Name>)>,
    count: usize,
    /// The last change of a name that is on disk: an older one does not undo it.
    on_disk: HashMap<(Inode, OsString), usize>,
}

impl Names {
    fn change(&mut self, names: &[Name]) {
        self.count += 1;
        self.pending.push((self.count, names.to_vec()));
    }

    /// Brings what was changed in a folder to disk, with what has to come there together with it.
    fn sync(&mut self, folder: Inode, tree: &mut Tree) {
        self.bring(tree, &mut |names| names.iter().any(|(of, ..)| *of == folder));
    }

    fn sync_some(&mut self, chance: &mut Chance, tree: &mut Tree) {
        self.bring(tree, &mut |_| chance.once_in(2));
    }

    fn bring(&mut self, tree: &mut Tree, is_chosen: &mut dyn FnMut(&[Name]) -> bool) {
        for (number, names) in std::mem::take(&mut self.pending) {
            if !is_chosen(&names) {
                self.pending.push((number, names));
                continue;
            }
            for (folder, name, inode) in names {
                let last = self.on_disk.entry((folder, name.clone())).or_default();
                if number > *last {
                    *last = number;
                    tree.apply(&Step::Named(vec![(folder, name, inode)]));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::ROOT;
    use super::*;

    fn file(name: &str, bytes: &[u8], tree: &mut Tree) -> Inode {
        let inode = tree.next();
        tree.take(Step::Made(inode, Node::new(Content::File(vec![]), 0o644)));
        tree.take(Step::Named(vec![(ROOT, name.into(), Some(inode))]));
        tree.take(Step::Written(inode, 0, bytes.to_vec()));
        inode
    }

    fn content(tree: &Tree, name: &str) -> Option<Vec<u8>> {
        match &tree.node(tree.look_up(ROOT, name.as_ref())?)?.content {
            Content::File(bytes) => Some(bytes.clone()),
            _ => None,
        }
    }

    #[test]
    fn only_what_was_synced_is_kept() {
        let before = Tree::default();
        let mut tree = before.clone();
        let inode = file("a", b"whole", &mut tree);
        tree.take(Step::Synced(inode));
        let log = |tree: &Tree| tree.clone().take_log();
        assert_eq!(content(&after_loss(&before, &log(&tree), Kept::Nothing), "a"), None);
        tree.take(Step::FolderSynced(ROOT));
        assert_eq!(content(&after_loss(&before, &log(&tree), Kept::Nothing), "a"), Some(b"whole".to_vec()));
        // A rename is whole or not there, and an older change does not undo a newer one.
        tree.take(Step::Named(vec![(ROOT, "a".into(), None), (ROOT, "b".into(), Some(inode))]));
        for kept in [Kept::Nothing, Kept::Some] {
            let after = after_loss(&before, &log(&tree), kept);
            assert_eq!(content(&after, "a").is_some(), content(&after, "b").is_none());
        }
        tree.take(Step::FolderSynced(ROOT));
        let after = after_loss(&before, &log(&tree), Kept::Some);
        assert_eq!((content(&after, "a"), content(&after, "b")), (None, Some(b"whole".to_vec())));
        file("c", b"lost", &mut tree);
        tree.take(Step::FolderSynced(ROOT));
        assert_eq!(content(&after_loss(&before, &log(&tree), Kept::Nothing), "c"), Some(vec![]));
    }
}
