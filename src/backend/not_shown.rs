//! Why a picture that was asked for is not shown.

use crate::files::defect::PictureDefect;

/// Why a picture that was asked for is not shown.
#[derive(Debug, thiserror::Error)]
pub enum NotShown {
    /// It is neither where it was found nor where it was put.
    #[error("it is gone")]
    Gone,
    /// Another content is where it was found, and its own is nowhere.
    #[error("another content has its place")]
    OtherContent,
    /// Its content could not be read when it was found, so that nobody can tell whether it is still the same.
    #[error("its content is not known")]
    NeverRead,
    /// Its file is there and cannot be read or decoded.
    #[error("it has a defect")]
    Defect(#[source] PictureDefect),
    /// It was decoded, but the terminal's way of drawing has no form for it.
    #[error("it cannot be painted")]
    NotPainted,
    /// Only the facts about its file were asked for.
    #[error("it was not to be painted")]
    NotWanted,
}

impl NotShown {
    /// True where its content is nowhere any more: whoever decides about it decides about nothing that can be seen.
    pub fn is_lost(&self) -> bool {
        matches!(self, NotShown::Gone | NotShown::OtherContent)
    }
}
