//! The tables of a session. A version is never changed once it was released: the next one is added.
//!
//! Paths are bytes. One inside the destination is kept relative to it, so that the folder can be handed on; all others
//! are absolute. Times are in milliseconds since 1970, UTC; those of files in nanoseconds.

use std::time::Duration;

use super::database::Kind;

/// The session's database: "sis1".
pub(super) const SESSION: Kind = Kind {
    application_id: 0x7369_7331,
    patience: Duration::from_secs(30),
    migrations: &[VERSION_1, VERSION_2, VERSION_3, VERSION_4, VERSION_5, VERSION_6, VERSION_7],
};

const VERSION_1: &str = "
CREATE TABLE session (
    key   TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE runs (
    id       INTEGER PRIMARY KEY,
    kind     TEXT NOT NULL,      -- classify, apply, undo, redo
    reverses INTEGER REFERENCES runs,
    label_set INTEGER REFERENCES label_sets,
    began    INTEGER NOT NULL,
    ended    INTEGER,            -- null while it goes on, and for ever if it was killed
    settings TEXT NOT NULL       -- JSON
);

CREATE TABLE labels (
    id   INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
);

-- What predictions were made with: labels, prompts, template, model. Two runs with the same have one.
CREATE TABLE label_sets (
    id     INTEGER PRIMARY KEY,
    key    TEXT NOT NULL UNIQUE, -- JSON
    labels TEXT NOT NULL         -- JSON: label numbers in order
);

-- A path with one content. The same path with another content is another picture.
CREATE TABLE pictures (
    id        INTEGER PRIMARY KEY,
    path      BLOB NOT NULL,
    shown     BLOB NOT NULL,     -- the path as it was given
    hash      BLOB NOT NULL,     -- SHA-256; empty where it could not be read
    device    INTEGER,
    inode     INTEGER,
    size      INTEGER,
    modified  TEXT,
    state     TEXT NOT NULL,
    trouble   TEXT,              -- what is wrong, in words
    seen      INTEGER NOT NULL REFERENCES runs,
    label_set INTEGER REFERENCES label_sets,
    label     INTEGER,           -- position in the label set
    score     REAL,
    margin    REAL,
    scores    BLOB,              -- little-endian 32-bit floats, one a label
    decision  TEXT,
    decided   INTEGER REFERENCES labels,
    placed    BLOB,              -- where its content is in the destination
    placed_by INTEGER REFERENCES transfers,
    failure   TEXT,              -- why its last transfer failed, in words
    replaced  INTEGER NOT NULL DEFAULT 0, -- its path has another content now, and nothing was done with this one
    UNIQUE (path, hash)
);
CREATE INDEX pictures_seen ON pictures (seen);
CREATE INDEX pictures_placed ON pictures (placed) WHERE placed IS NOT NULL;

-- Every decision that was ever made; the last one of a picture is in its row.
CREATE TABLE decisions (
    id       INTEGER PRIMARY KEY,
    picture  INTEGER NOT NULL REFERENCES pictures,
    decision TEXT,               -- null where an earlier one was taken back
    label    INTEGER REFERENCES labels,
    at       INTEGER NOT NULL
);

CREATE TABLE transfers (
    id         INTEGER PRIMARY KEY,
    run        INTEGER NOT NULL REFERENCES runs,
    picture    INTEGER NOT NULL REFERENCES pictures,
    action     TEXT NOT NULL,    -- copy, move, remove
    source     BLOB NOT NULL,
    folder     BLOB NOT NULL,
    names      BLOB NOT NULL,    -- tried in this order, with NUL between them
    hash       BLOB NOT NULL,
    size       INTEGER NOT NULL,
    step       TEXT NOT NULL,    -- planned, copied, published; then done, present, failed, kept
    inode      INTEGER,          -- of the copy
    target     BLOB,
    was_placed BLOB,             -- the picture's place before
    was_by     INTEGER,
    reverses   INTEGER REFERENCES transfers,
    undone_by  INTEGER REFERENCES transfers
);
CREATE INDEX transfers_run ON transfers (run);
CREATE INDEX transfers_picture ON transfers (picture);
CREATE INDEX transfers_source ON transfers (source);
CREATE INDEX transfers_target ON transfers (target) WHERE target IS NOT NULL;
CREATE INDEX transfers_unfinished ON transfers (step) WHERE step IN ('planned', 'copied', 'published');

-- Folders that a run found missing and made, or changed the times of.
CREATE TABLE folders (
    run      INTEGER NOT NULL REFERENCES runs,
    path     BLOB NOT NULL,
    made     INTEGER NOT NULL,
    modified TEXT,               -- before the run
    left     TEXT,               -- after it
    restores INTEGER NOT NULL DEFAULT 0, -- nobody else changed it since: an undo gives it its time back
    PRIMARY KEY (run, path)
) WITHOUT ROWID;

-- Lines that are not yet known to be in the ledger's file, and what is known of those that are.
CREATE TABLE ledger_lines (
    number INTEGER PRIMARY KEY,
    line   TEXT NOT NULL
);
CREATE TABLE ledger (
    lines   INTEGER NOT NULL,    -- in all
    head    TEXT NOT NULL,       -- SHA-256 of the last line
    written INTEGER NOT NULL     -- bytes that are known to be in the file
);
INSERT INTO ledger VALUES (0, '', 0);
";

/// Decisions that were made at once are a step, so that they can be taken back at once, in a later start too.
const VERSION_2: &str = "
ALTER TABLE decisions ADD COLUMN step INTEGER;  -- the id of the step's first row; null where each row is a step
ALTER TABLE decisions ADD COLUMN kind TEXT NOT NULL DEFAULT 'decide'; -- decide, undo, redo
";

/// Others follow a session that one process works in: every change of a picture gets a higher number, which they ask
/// for. A failed transfer is none, so that what follows changes does not try it again and again. A watch remembers
/// which files are no pictures, and which commands it owes to arrivals.
const VERSION_3: &str = "
ALTER TABLE pictures ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
CREATE INDEX pictures_revision ON pictures (revision);
CREATE TRIGGER picture_came AFTER INSERT ON pictures BEGIN
    UPDATE pictures SET revision = (SELECT max(revision) + 1 FROM pictures) WHERE id = NEW.id;
END;
CREATE TRIGGER picture_changed AFTER UPDATE OF shown, state, trouble, label_set, label, score, decision, decided, placed, replaced
    ON pictures
    WHEN NEW.shown IS NOT OLD.shown OR NEW.state IS NOT OLD.state OR NEW.trouble IS NOT OLD.trouble
        OR NEW.label_set IS NOT OLD.label_set OR NEW.label IS NOT OLD.label OR NEW.score IS NOT OLD.score
        OR NEW.decision IS NOT OLD.decision OR NEW.decided IS NOT OLD.decided OR NEW.placed IS NOT OLD.placed
        OR NEW.replaced IS NOT OLD.replaced
BEGIN
    UPDATE pictures SET revision = (SELECT max(revision) + 1 FROM pictures) WHERE id = NEW.id;
END;

-- Files of a watched folder that are no pictures, as they were when they were looked at.
CREATE TABLE others (
    path     BLOB PRIMARY KEY,
    inode    INTEGER NOT NULL,
    size     INTEGER NOT NULL,
    modified TEXT NOT NULL
) WITHOUT ROWID;

-- Commands that are to be run for arrivals.
CREATE TABLE alerts (
    picture INTEGER PRIMARY KEY REFERENCES pictures,
    label   TEXT NOT NULL,
    ended   TEXT                 -- how it ended, in a word; null while it waits
);
CREATE INDEX alerts_waiting ON alerts (picture) WHERE ended IS NULL;
";

/// A transfer may be done and not on disk: `unsynced`. It waits to be brought there, as others wait to be finished.
const VERSION_4: &str = "
DROP INDEX transfers_unfinished;
CREATE INDEX transfers_unfinished ON transfers (step) WHERE step IN ('planned', 'copied', 'published', 'unsynced');
";

/// The metadata that a copy could not be given is kept: an undo gives it back, where the disk that the file comes back
/// to has room for it.
const VERSION_5: &str = "
ALTER TABLE transfers ADD COLUMN unkept TEXT; -- JSON: what the file had and the copy has not; null where that is nothing
";

/// One decision holds for each picture of its content, and an undo asks where a content is: both look up by its hash,
/// for which every row was read.
const VERSION_6: &str = "
CREATE INDEX pictures_hash ON pictures (hash);
";

/// A label may be inside another one, and a run may sort the pictures of one label by labels inside it. Their texts are
/// one only beside one another, for which the table of labels is made anew: its numbers stay.
const VERSION_7: &str = "
CREATE TABLE labels_of_7 (
    id     INTEGER PRIMARY KEY,
    within INTEGER NOT NULL DEFAULT 0, -- the label that it is inside; 0 at the root
    text   TEXT NOT NULL,
    UNIQUE (within, text)
);
INSERT INTO labels_of_7 (id, text) SELECT id, text FROM labels;
DROP TABLE labels;
ALTER TABLE labels_of_7 RENAME TO labels;

ALTER TABLE runs ADD COLUMN within INTEGER REFERENCES labels; -- it sorted inside this label; null at the root
CREATE INDEX runs_within ON runs (within) WHERE within IS NOT NULL;

-- What the model said of a picture among the labels inside one.
CREATE TABLE scores_within (
    picture   INTEGER NOT NULL REFERENCES pictures,
    within    INTEGER NOT NULL REFERENCES labels,
    label_set INTEGER NOT NULL REFERENCES label_sets,
    label     INTEGER NOT NULL,  -- position in the label set
    score     REAL NOT NULL,
    margin    REAL NOT NULL,
    scores    BLOB NOT NULL,     -- little-endian 32-bit floats, one a label
    PRIMARY KEY (picture, within)
) WITHOUT ROWID;
CREATE TRIGGER picture_scored_within AFTER INSERT ON scores_within BEGIN
    UPDATE pictures SET revision = (SELECT max(revision) + 1 FROM pictures) WHERE id = NEW.picture;
END;
CREATE TRIGGER picture_scored_anew_within AFTER UPDATE ON scores_within
    WHEN NEW.label_set IS NOT OLD.label_set OR NEW.label IS NOT OLD.label OR NEW.score IS NOT OLD.score
        OR NEW.margin IS NOT OLD.margin
BEGIN
    UPDATE pictures SET revision = (SELECT max(revision) + 1 FROM pictures) WHERE id = NEW.picture;
END;
";
