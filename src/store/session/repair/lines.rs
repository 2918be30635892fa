//! The sense of a ledger's transfers, as far as a session keeps it.

use std::path::Path;

use crate::domain::transfer::{Ending, TransferResult};
use crate::store::ledger::{TransferEnded, Word};

impl TransferEnded {
    /// False where a transfer came to an end, and the line does not tell where.
    pub(super) fn says_enough(&self) -> bool {
        self.target.is_some() || self.result == Word::Known(TransferResult::Failed)
    }

    /// How it ended.
    pub(super) fn ending(&self, destination: &Path) -> Ending {
        let target = destination.join(self.target.as_deref().unwrap_or(Path::new("")));
        let reason = self.reason.clone().unwrap_or_default();
        match self.result.known() {
            Some(TransferResult::Done) => Ending::Done { target },
            Some(TransferResult::Present) => Ending::Present { target },
            Some(TransferResult::Kept) => Ending::Kept { target, reason },
            Some(TransferResult::Unsynced) => Ending::Unsynced { target, reason },
            Some(TransferResult::Failed) | None => Ending::Failed { reason },
        }
    }
}
