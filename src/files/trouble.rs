//! Troubles with one picture. None of them stops a run.

use crate::domain::picture::PictureState;
use crate::domain::variant::Variant;

/// A trouble with one picture.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// It ends too early, or lacks data.
    #[error("the file ends too early, or lacks data")]
    Truncated,
    /// It has no bytes.
    #[error("the file is empty")]
    Empty,
    /// It is named like a picture and is none.
    #[error("the content is no picture")]
    NoPicture,
    /// It cannot be decoded.
    #[error("it cannot be decoded: {detail}")]
    Damaged {
        /// The decoder's error, in English, for the log.
        detail: String,
    },
    /// A format that is not decoded.
    #[error("{format} is not decoded")]
    OtherFormat {
        /// Its name.
        format: &'static str,
    },
    /// A rare form of a format that is decoded otherwise.
    #[error("an unusual form: {detail}")]
    UnusualForm {
        /// The decoder's error, in English, for the log.
        detail: String,
    },
    /// More pixels than are decoded.
    #[error("{width}x{height} pixels are too many")]
    TooManyPixels {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// More bytes than are read.
    #[error("{bytes} bytes are too many")]
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// It was there a moment ago.
    #[error("the file is gone")]
    Vanished,
    /// It changed while it was read.
    #[error("the file changed while it was read")]
    Changed,
    /// The system does not let it be read.
    #[error("it cannot be read")]
    Unreadable(#[source] std::io::Error),
    /// The model had no answer for it.
    #[error("the model failed on it in {variant}: {detail}")]
    ModelFailed {
        /// The numbers that it computed with: some models overflow in half precision.
        variant: Variant,
        /// The fault, in English, for the log.
        detail: String,
    },
}

impl Trouble {
    /// The state that a picture with this trouble is in.
    pub fn state(&self) -> PictureState {
        match self {
            Trouble::Truncated => PictureState::Suspect,
            Trouble::OtherFormat { .. }
            | Trouble::UnusualForm { .. }
            | Trouble::TooManyPixels { .. }
            | Trouble::TooLarge { .. } => PictureState::Unsupported,
            _ => PictureState::Unreadable,
        }
    }
}
