//! Which errors may come of a damaged download. A published model with one of them is checked and repaired. An error
//! that another copy of the same file would not cure is none of them.

use std::io::{Error, ErrorKind};

use super::EngineError;
use super::checkpoint::error::CheckpointError;
use super::families::FamilyError;
use super::quantised::QuantisingError;
use super::runtime::RuntimeError;
use super::tokenizer::TokenizerError;
use super::weights::WeightsError;
use crate::domain::variant::Variant;

impl EngineError {
    /// True where a file of the checkpoint may be damaged or missing, so that getting it again may help.
    pub fn may_be_damage(&self) -> bool {
        match self {
            EngineError::Checkpoint(error) => checkpoint(error),
            EngineError::Tokenizer(error) => tokenizer(error),
            EngineError::Runtime(RuntimeError::Graph { .. }) => true,
            // Weights that are no numbers give no direction.
            EngineError::NoDirection(_) | EngineError::TowersDiffer { .. } => true,
            EngineError::NoPictures { variant } => *variant == Variant::Fp32,
            EngineError::Runtime(_) | EngineError::LabelTooLong { .. } => false,
        }
    }
}

pub(super) fn checkpoint(error: &CheckpointError) -> bool {
    match error {
        CheckpointError::NoFile { .. } | CheckpointError::NotJson { .. } | CheckpointError::Processor { .. } => true,
        CheckpointError::Unreadable { source, .. } => unreadable(source),
        // Nobody publishes a model of no type under a name that is downloaded.
        CheckpointError::Family { source: FamilyError::Unknown { found, .. }, .. } => found.is_empty(),
        CheckpointError::Family { source: FamilyError::OwnCode { .. }, .. } => false,
        CheckpointError::Family { source: FamilyError::BadValue { .. }, .. } => true,
        CheckpointError::NoWeights { found, .. } => found.is_empty(),
        CheckpointError::Weights(error) => weights(error),
        CheckpointError::Export(error) => unreadable(&error.source),
        CheckpointError::Tokenizer(error) => tokenizer(error),
        CheckpointError::Pointer { .. } => true,
        // It is all there, and of another form.
        CheckpointError::OpenClip { .. } | CheckpointError::Inside { .. } => false,
        CheckpointError::NoFolder { .. } | CheckpointError::NoScale { .. } | CheckpointError::Changed { .. } => false,
        CheckpointError::Quantising(QuantisingError::NotFinite { .. }) => true,
        CheckpointError::OnlyExport { .. }
        | CheckpointError::Quantising(QuantisingError::File { .. })
        | CheckpointError::NowhereToQuantise => false,
    }
}

fn weights(error: &WeightsError) -> bool {
    match error {
        WeightsError::Unreadable { source, .. } => unreadable(source),
        WeightsError::CutShort { .. }
        | WeightsError::BadHeader { .. }
        | WeightsError::NoShard { .. }
        | WeightsError::NoTensor { .. }
        | WeightsError::WrongShape { .. }
        | WeightsError::BadScale { .. } => true,
        // Made so: hostile, old, or of a kind that is not read.
        WeightsError::ShardOutside { .. }
        | WeightsError::Calls { .. }
        | WeightsError::OldTorch { .. }
        | WeightsError::Scattered { .. }
        | WeightsError::NotText { .. }
        | WeightsError::WrongType { .. } => false,
    }
}

fn tokenizer(error: &TokenizerError) -> bool {
    match error {
        TokenizerError::Missing { .. }
        | TokenizerError::NoConfig { .. }
        | TokenizerError::Damaged { .. }
        | TokenizerError::OtherVocabulary { .. } => true,
        TokenizerError::Grows { .. } | TokenizerError::TooLong { .. } | TokenizerError::Failed { .. } => false,
    }
}

/// False for a file that may not be read: nothing shows that it is damaged.
fn unreadable(error: &Error) -> bool {
    error.kind() != ErrorKind::PermissionDenied
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn may_be_damage_of_each_error_tells_damaged_files_from_unsupported_ones() {
        let (folder, path) = (|| "/m".into(), || "/m/model.safetensors".into());
        let unknown = |found: &str| CheckpointError::Family {
            folder: folder(),
            source: FamilyError::Unknown { found: found.to_owned(), known: vec![] },
        };
        let weights = |error: WeightsError| CheckpointError::from(error);
        let io = |kind: ErrorKind| weights(WeightsError::Unreadable { path: path(), source: kind.into() });
        let damage: [CheckpointError; 7] = [
            CheckpointError::Pointer { path: path() },
            unknown(""),
            io(ErrorKind::UnexpectedEof),
            weights(WeightsError::CutShort { path: path(), length: 1, expected: 2 }),
            CheckpointError::NoWeights { folder: folder(), found: vec![] },
            TokenizerError::Damaged { path: path(), source: "it is".into() }.into(),
            TokenizerError::NoConfig { folder: folder() }.into(),
        ];
        for error in damage.map(EngineError::from) {
            assert!(error.may_be_damage(), "{error}");
        }
        let other: [CheckpointError; 8] = [
            CheckpointError::OpenClip { folder: folder() },
            CheckpointError::Inside { folder: folder(), inside: folder() },
            CheckpointError::Family { folder: folder(), source: FamilyError::OwnCode { known: vec![] } },
            unknown("bert"),
            io(ErrorKind::PermissionDenied),
            weights(WeightsError::OldTorch { path: path() }),
            CheckpointError::NoWeights { folder: folder(), found: vec!["flax_model.msgpack".to_owned()] },
            CheckpointError::NoFolder { folder: folder() },
        ];
        let too_long = EngineError::LabelTooLong { label: "a".to_owned(), tokens: 99, limit: 77 };
        let no_runtime = RuntimeError::NoneFound { passed_over: vec![] }.into();
        for error in other.map(EngineError::from).into_iter().chain([too_long, no_runtime]) {
            assert!(!error.may_be_damage(), "{error}");
        }
    }
}
