//! Transfers: the words that all who plan, carry out, record and tell of them have in common.

/// How a transfer ended, as the session and the ledger have a word for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransferResult {
    /// The file is there now; or it was removed, and its content is whole in the witness.
    Done,
    /// The same content was there before.
    Present,
    /// It was to be moved, and the source could not be removed.
    Kept,
    /// It is done, and the disk has not taken it.
    Unsynced,
    /// Nothing was done.
    Failed,
}

impl TransferResult {
    const ALL: [TransferResult; 5] = [
        TransferResult::Done,
        TransferResult::Present,
        TransferResult::Kept,
        TransferResult::Unsynced,
        TransferResult::Failed,
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            TransferResult::Done => "done",
            TransferResult::Present => "present",
            TransferResult::Kept => "kept",
            TransferResult::Unsynced => "unsynced",
            TransferResult::Failed => "failed",
        }
    }

    /// The result that a word stands for.
    pub fn from_word(word: &str) -> Option<TransferResult> {
        TransferResult::ALL.into_iter().find(|result| result.word() == word)
    }
}
