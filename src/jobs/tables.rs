//! The files in a destination that mirror its session: the table, and the list of checksums.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::crash::{self, Moment};
use crate::domain::decision::{Decision, LabelId, Standing};
use crate::domain::label_tree::path_text;
use crate::domain::picture::ContentHash;
use crate::domain::score::SureRule;
use crate::files::checksums;
use crate::files::kind::has_picture_name;
use crate::files::output_csv::{Row, Table};
use crate::files::staged_file::StagedFile;
use crate::store::StoreError;
use crate::store::ledger::{Chain, FileEvent};
use crate::store::session::{
    ASIDE, BestInside, LabelSet, OWN, Session, SessionPicture, SessionTree, TABLE_NAME, Which,
};

/// A table that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The session.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file.
    #[error("{path} cannot be written")]
    File {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

/// The files that were written.
#[derive(Debug, Default)]
pub struct Written {
    /// The table.
    pub table: PathBuf,
    /// Files of somebody else's that had the place of one of ours, under their new names.
    pub kept_aside: Vec<PathBuf>,
}

/// The table's name in a session. A name that leads out of the destination or is a picture's counts as none: somebody
/// else has put it there.
pub fn table_name(session: &Session) -> Result<Option<PathBuf>, StoreError> {
    let name = session.value(TABLE_NAME)?.map(|name| PathBuf::from(OsStr::from_bytes(&name)));
    Ok(name.filter(|name| name.file_name() == Some(name.as_os_str()) && !has_picture_name(name)))
}

/// Names of files at the top of the destination that are no pictures.
#[derive(Debug, Default)]
pub struct TopFiles {
    /// Files that mirror the session, earlier tables too.
    pub own: Vec<String>,
    /// Files of somebody else's that had the place of one of these, as runs named them.
    pub asides: Vec<String>,
}

/// The files at the top of a destination. The ledger tells of them, as anybody can put a name into the session; of
/// version 0.1.0 the session alone does. A picture's name is none of them.
pub fn top_files(session: &Session, chain: &Chain) -> Result<TopFiles, StoreError> {
    let mut files = match chain.tables.is_empty() {
        true => TopFiles { own: session.keys_after(OWN)?, asides: session.keys_after(ASIDE)? },
        false => {
            TopFiles { own: chain.tables.iter().cloned().collect(), asides: chain.asides.iter().cloned().collect() }
        }
    };
    files.own.retain(|name| !has_picture_name(Path::new(name)));
    files.own.push(checksums::FILE_NAME.to_owned());
    Ok(files)
}

/// Writes the table and the list of checksums from the session. A table under another name than before leaves the
/// earlier one as it is.
pub fn write(
    session: &mut Session,
    name: &Path,
    set: Option<&LabelSet>,
    sure: SureRule,
) -> Result<Written, TableError> {
    session.set_value(TABLE_NAME, name.as_os_str().as_bytes())?;
    crash::point(Moment::BeforeTables);
    let mut written = Written { table: session.destination().join(name), ..Written::default() };
    let table = written.table.clone();
    let labels = TableLabels::read(session, set, sure)?;
    let aside = replace(session, &table, |session, out| write_rows(session, out, &labels))?;
    written.kept_aside.extend(aside);
    let list = session.destination().join(checksums::FILE_NAME);
    let aside = replace(session, &list, |session, out| {
        let mut placed: Vec<(PathBuf, ContentHash)> = session
            .placed()?
            .into_iter()
            .map(|placed| (Path::new(&placed.place.folder).join(placed.place.file_name), placed.hash))
            .collect();
        placed.dedup();
        checksums::write(out, placed.iter().map(|(path, hash)| (path.as_path(), *hash)))
    })?;
    written.kept_aside.extend(aside);
    Ok(written)
}

/// Writes them again where they were written before. A session that was made anew from its ledger has no scores, and
/// its table neither.
pub fn rewrite(session: &mut Session) -> Result<Option<Written>, TableError> {
    let Some(name) = table_name(session)? else { return Ok(None) };
    let sorting = session.sorting()?;
    let sure = sorting.as_ref().map_or(SureRule { threshold: 0.0, margin: 0.0 }, |(sorting, _)| sorting.sure());
    write(session, &name, sorting.as_ref().map(|(_, set)| set), sure).map(Some)
}

/// The labels that the rows of a table tell of.
struct TableLabels {
    /// The labels that pictures are sorted by now.
    tree: SessionTree,
    /// Labels as people read them.
    names: HashMap<LabelId, String>,
    /// The labels of each label set of the root.
    by_set: HashMap<i64, Vec<String>>,
}

impl TableLabels {
    fn read(session: &Session, set: Option<&LabelSet>, sure: SureRule) -> Result<TableLabels, StoreError> {
        let none = LabelSet { id: 0, labels: vec![] };
        let set = set.unwrap_or(&none);
        let (tree, names) = session.named_tree(set, sure)?;
        let mut by_set = session.labels_by_set()?;
        if tree.labels.is_narrowed() {
            by_set.values_mut().flatten().for_each(|text| *text = path_text(&[text.as_str()]));
        }
        Ok(TableLabels { tree, names, by_set })
    }
}

fn write_rows(session: &Session, out: &mut dyn Write, labels: &TableLabels) -> io::Result<()> {
    let mut table = Table::begin(out)?;
    let mut outcome = Ok(());
    session.for_each_picture(None, Which::All, |picture| {
        if outcome.is_ok() {
            let inside = session.best_inside(picture.id, &labels.tree).map_err(io::Error::other);
            outcome = inside.and_then(|inside| table.add(&row(session, picture, &inside, labels)));
        }
    })?;
    outcome?;
    table.end()
}

fn row(session: &Session, picture: SessionPicture, inside: &[BestInside], labels: &TableLabels) -> Row {
    let TableLabels { tree, names, by_set } = labels;
    let standing = tree.standing(&picture, inside);
    let prediction = picture.picture.prediction.as_ref();
    let decided = picture.decision.and_then(Decision::label).and_then(|label| names.get(&label).cloned());
    let own_labels = picture.label_set.and_then(|set| by_set.get(&set));
    let predicted = prediction.and_then(|prediction| own_labels?.get(prediction.label).cloned());
    // Further inside than the root a picture's label is the one that it stands for.
    let is_narrowed = tree.labels.is_narrowed() && picture.label_set == Some(tree.root.id);
    let at = standing.label().filter(|_| is_narrowed);
    let level = at.and_then(|at| tree.labels.level_of(at));
    let best = inside.iter().find(|found| Some(found.level) == level).map(|found| found.best);
    let status = match (&picture.placed_how, &picture.failure, standing) {
        (Some(how), _, _) => how,
        (None, Some(_), _) => "failed",
        (None, None, Standing::Label(_) | Standing::UnsureInside(_)) => "not transferred",
        (None, None, Standing::Unsure) => "unsure",
        (None, None, Standing::NoneOfThese) => "none of these",
        (None, None, Standing::LabelRemoved) => "label removed",
        (None, None, Standing::NotOk(state)) => state.word(),
    };
    let place = picture.place.as_ref();
    Row {
        path: picture.shown,
        label: at.map(|at| tree.labels.name(at)).or(decided).or(predicted),
        score: best.map(|best| best.score).or(prediction.map(|prediction| prediction.score)),
        margin: best.map(|best| best.margin).or(prediction.map(|prediction| prediction.margin)),
        destination: place.map(|place| session.destination().join(&place.folder).join(&place.file_name)),
        status: status.to_owned(),
        hash: picture.picture.hash,
        decision: picture.decision.map(Decision::word),
        reason: picture.failure.or(picture.trouble),
    }
}

/// Replaces a file of the program's own. Its content is in the session before it is in its place. One of which nothing
/// proves that the program wrote it is kept.
fn replace(
    session: &mut Session,
    path: &Path,
    content: impl FnOnce(&Session, &mut dyn Write) -> io::Result<()>,
) -> Result<Vec<PathBuf>, TableError> {
    let failed = |source| TableError::File { path: path.to_owned(), source };
    let fresh = StagedFile::write(path, &session.folder(), |out| content(session, out)).map_err(failed)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let key = format!("{OWN}{name}");
    let known: Vec<ContentHash> =
        session.proved_value(&key)?.unwrap_or_default().chunks_exact(32).map(content_hash).collect();
    // The one that is there now and the one that will be: whichever a killed program leaves is known.
    let last = known.last().copied().into_iter().chain([fresh.hash]);
    session.set_proved_value(&key, &last.flat_map(|hash| hash.0).collect::<Vec<u8>>())?;
    session.tell_of_file(FileEvent::Table, &name)?;
    let asides = fresh.put_in_place(&known).map_err(failed)?;
    for aside in &asides {
        let name = aside.file_name().unwrap_or_default().to_string_lossy();
        session.set_value(&format!("{ASIDE}{name}"), b"")?;
        session.tell_of_file(FileEvent::Aside, &name)?;
    }
    Ok(asides)
}

fn content_hash(bytes: &[u8]) -> ContentHash {
    ContentHash(<[u8; 32]>::try_from(bytes).unwrap_or([0; 32]))
}
