//! The two towers of a checkpoint.

/// Which of a checkpoint's two towers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TowerKind {
    /// For pictures.
    Image,
    /// For sentences.
    Text,
}
