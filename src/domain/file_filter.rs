//! Which files of a source are looked at, and the reason for each one left out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::litter::{is_hidden, is_litter, pattern_for};
use super::patterns::{BadPattern, FoldedPath, Named, Patterns};

/// Which files of a source are looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileFilter {
    /// Hidden files and folders too.
    pub hidden: bool,
    /// Patterns that spell out the name of litter bring it back, in addition to all other files. If there are other
    /// patterns, only files that a pattern matches are looked at.
    pub include: Patterns,
    /// Files that match one of these are left out.
    pub exclude: Patterns,
}

/// The reason why a file is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LeftOutReason {
    /// A system left it for itself.
    Litter,
    /// It is hidden, or in a hidden folder.
    Hidden,
    /// A pattern excludes it, or no pattern includes it.
    Excluded,
}

impl LeftOutReason {
    /// All reasons.
    pub const ALL: [LeftOutReason; 3] = [LeftOutReason::Litter, LeftOutReason::Hidden, LeftOutReason::Excluded];

    /// The word for it in JSON and in the ledger.
    pub fn word(self) -> &'static str {
        match self {
            LeftOutReason::Litter => "litter",
            LeftOutReason::Hidden => "hidden",
            LeftOutReason::Excluded => "excluded",
        }
    }
}

impl FileFilter {
    /// The filter for patterns as they were written.
    pub fn new(hidden: bool, include: &[String], exclude: &[String]) -> Result<FileFilter, BadPattern> {
        Ok(FileFilter { hidden, include: Patterns::new(include)?, exclude: Patterns::new(exclude)? })
    }

    /// The reason for leaving out a path in the source because it, or a folder it is in, has the name of litter or a
    /// hidden name; and how many parts of the path there are up to that name. A folder that may hold an included file
    /// is entered.
    pub fn by_name(&self, inside: &Path, is_folder: bool) -> Option<(LeftOutReason, usize)> {
        // All parts but the last are folders.
        let last = inside.iter().count().saturating_sub(1);
        let litter = inside.iter().enumerate().position(|(place, name)| is_litter(name, is_folder || place < last));
        let litter = litter.map(|place| (LeftOutReason::Litter, place + 1));
        let hidden = || {
            let place = inside.iter().position(is_hidden).filter(|_| !self.hidden)?;
            Some((LeftOutReason::Hidden, place + 1))
        };
        let by_name = litter.or_else(hidden)?;
        let spelt_out = match is_folder {
            true => self.include.named(),
            false => self.include.named_for(&FoldedPath::new(inside)),
        };
        match spelt_out {
            Named::Visible => Some(by_name),
            Named::Hidden => litter,
            Named::Litter => None,
        }
    }

    /// The same for the patterns.
    pub fn by_patterns(&self, inside: &Path, is_folder: bool) -> Option<(LeftOutReason, usize)> {
        if self.include.is_empty() && self.exclude.is_empty() {
            return None;
        }
        let path = FoldedPath::new(inside);
        let is_wanted = || is_folder || !self.include.narrow() || self.include.reach(&path).is_some();
        let unwanted = || (!is_wanted()).then(|| inside.iter().count());
        self.exclude.reach(&path).or_else(unwanted).map(|reach| (LeftOutReason::Excluded, reach))
    }
}

/// Files that were left out, counted by the file or folder that is the reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOut(BTreeMap<PathBuf, (LeftOutReason, usize)>);

/// The number of files left out, by reason. The ledger and JSON have these fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct LeftOutCounts {
    /// Because they are litter.
    pub litter: usize,
    /// Because they are hidden.
    pub hidden: usize,
    /// Because of a pattern.
    pub excluded: usize,
}

impl LeftOut {
    /// Counts a file under the file or folder that is the reason.
    pub fn add(&mut self, reason: PathBuf, why: LeftOutReason) {
        self.0.entry(reason).or_insert((why, 0)).1 += 1;
    }

    /// Adds other counts.
    pub fn extend(&mut self, others: LeftOut) {
        self.0.extend(others.0);
    }

    /// Forgets what was left out because of this file or folder.
    pub fn forget(&mut self, reason: &Path) {
        self.0.remove(reason);
    }

    /// Each file or folder that was a reason, and how many files were left out for it.
    pub fn reasons(&self) -> impl Iterator<Item = (&Path, LeftOutReason, usize)> {
        self.0.iter().map(|(path, (why, count))| (path.as_path(), *why, *count))
    }

    /// A pattern that would bring back a part of the litter: a folder, or else files that were once a person's. `None`
    /// for litter that is recognised by its content.
    pub fn pattern_for_litter(&self) -> Option<String> {
        let names = || {
            self.reasons().filter(|(_, why, _)| *why == LeftOutReason::Litter).filter_map(|(path, ..)| path.file_name())
        };
        names()
            .find(|name| is_litter(name, true))
            .or_else(|| names().find(|name| is_litter(name, false)))
            .and_then(pattern_for)
    }

    /// How many files were left out.
    pub fn counts(&self) -> LeftOutCounts {
        let mut counts = LeftOutCounts::default();
        for (_, why, count) in self.reasons() {
            *counts.of_mut(why) += count;
        }
        counts
    }
}

impl LeftOutCounts {
    /// How many for one reason.
    pub fn of(mut self, why: LeftOutReason) -> usize {
        *self.of_mut(why)
    }

    /// Hidden and excluded ones: the files that a person could have asked for.
    pub fn by_choice(self) -> usize {
        self.hidden + self.excluded
    }

    fn of_mut(&mut self, why: LeftOutReason) -> &mut usize {
        match why {
            LeftOutReason::Litter => &mut self.litter,
            LeftOutReason::Hidden => &mut self.hidden,
            LeftOutReason::Excluded => &mut self.excluded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(hidden: bool, include: &[&str], exclude: &[&str]) -> FileFilter {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        FileFilter::new(hidden, &owned(include), &owned(exclude)).unwrap()
    }

    fn leaves_out(choice: &FileFilter, path: &str, is_folder: bool) -> Option<(LeftOutReason, usize)> {
        let path = Path::new(path);
        choice.by_name(path, is_folder).or_else(|| choice.by_patterns(path, is_folder))
    }

    fn file(choice: &FileFilter, path: &str) -> Option<(LeftOutReason, usize)> {
        leaves_out(choice, path, false)
    }

    #[test]
    fn reason_is_litter_before_hidden_before_pattern() {
        let plain = choice(false, &[], &["*.jpg"]);
        assert_eq!(file(&plain, "a/.x/.DS_Store"), Some((LeftOutReason::Litter, 3)));
        assert_eq!(file(&plain, ".Trash-1000/files/a.jpg"), Some((LeftOutReason::Litter, 1)));
        assert_eq!(file(&plain, "a/.x/b.jpg"), Some((LeftOutReason::Hidden, 2)));
        assert_eq!(file(&plain, "a/b.jpg"), Some((LeftOutReason::Excluded, 2)));
        assert_eq!(file(&plain, "a/b.png"), None);
        let hidden = choice(true, &[], &[]);
        assert_eq!(file(&hidden, "a/.x/b.jpg"), None);
        assert_eq!(file(&hidden, "@eaDir/b.jpg"), Some((LeftOutReason::Litter, 1)));
    }

    #[test]
    fn include_brings_back_only_names_it_spells_out() {
        let jpegs = choice(false, &["*.jpg"], &[]);
        assert_eq!(file(&jpegs, "a.jpg"), None);
        assert_eq!(file(&jpegs, "a.png"), Some((LeftOutReason::Excluded, 1)));
        assert_eq!(file(&jpegs, ".trashed-1-a.jpg"), Some((LeftOutReason::Litter, 1)));
        assert_eq!(file(&jpegs, ".a.jpg"), Some((LeftOutReason::Hidden, 1)));
        let bin = choice(false, &["*.jpg", "$RECYCLE.BIN/**/*.jpg", ".kept/**"], &["*secret*"]);
        assert_eq!(file(&bin, "$Recycle.Bin/S-1/a.jpg"), None);
        assert_eq!(file(&bin, "$RECYCLE.BIN/S-1/a.txt"), Some((LeftOutReason::Litter, 1)));
        assert_eq!(file(&bin, "$RECYCLE.BIN/S-1/secret.jpg"), Some((LeftOutReason::Excluded, 3)));
        assert_eq!(file(&bin, ".kept/a.jpg"), None);
        assert_eq!(file(&bin, ".kept/.DS_Store"), Some((LeftOutReason::Litter, 2)));
        assert_eq!(file(&bin, ".other/a.jpg"), Some((LeftOutReason::Hidden, 1)));
        let folder = |path: &str| leaves_out(&bin, path, true);
        assert_eq!(
            (folder("$RECYCLE.BIN"), folder("x"), folder("secrets")),
            (None, None, Some((LeftOutReason::Excluded, 1)))
        );
        assert_eq!(leaves_out(&jpegs, "#recycle", true), Some((LeftOutReason::Litter, 1)));
    }

    #[test]
    fn include_of_litter_adds_to_the_other_files() {
        let bin = choice(false, &["$RECYCLE.BIN", ".trashed-*"], &["*.txt"]);
        for looked_at in ["$RECYCLE.BIN/S-1/a.jpg", "x/.trashed-1-a.jpg", "a.jpg", "x/b.png"] {
            assert_eq!(file(&bin, looked_at), None, "{looked_at}");
        }
        assert_eq!(file(&bin, "#recycle/a.jpg"), Some((LeftOutReason::Litter, 1)));
        assert_eq!(file(&bin, ".a.jpg"), Some((LeftOutReason::Hidden, 1)));
        assert_eq!(file(&bin, "$RECYCLE.BIN/a.txt"), Some((LeftOutReason::Excluded, 2)));
        // Another pattern says what alone is wanted, beside that.
        let jpegs = choice(false, &["$RECYCLE.BIN", "*.jpg"], &[]);
        assert_eq!((file(&jpegs, "$RECYCLE.BIN/a.png"), file(&jpegs, "a.jpg")), (None, None));
        assert_eq!(file(&jpegs, "a.png"), Some((LeftOutReason::Excluded, 1)));
        // So does one that spells out a hidden name: `hidden` looks at them beside the rest.
        let private = choice(false, &[".private"], &[]);
        assert_eq!(
            (file(&private, ".private/a.jpg"), file(&private, "a.jpg")),
            (None, Some((LeftOutReason::Excluded, 1)))
        );
    }

    #[test]
    fn left_out_files_are_counted_by_reason() {
        let mut left_out = LeftOut::default();
        for (reason, why) in
            [("a/.x", LeftOutReason::Hidden), ("a/.x", LeftOutReason::Hidden), (".DS_Store", LeftOutReason::Litter)]
        {
            left_out.add(reason.into(), why);
        }
        assert_eq!(left_out.counts(), LeftOutCounts { litter: 1, hidden: 2, excluded: 0 });
        assert_eq!(left_out.pattern_for_litter().as_deref(), Some(".DS_Store"));
        left_out.add("x/@eaDir".into(), LeftOutReason::Litter);
        assert_eq!(left_out.pattern_for_litter().as_deref(), Some("@eaDir"));
        left_out.forget(Path::new("x/@eaDir"));
        left_out.forget(Path::new("a/.x"));
        assert_eq!(left_out.reasons().collect::<Vec<_>>(), [(Path::new(".DS_Store"), LeftOutReason::Litter, 1)]);
    }
}
