//! Defects of one picture's file. None of them stops a run.

use crate::domain::picture::PictureState;
use crate::domain::variant::Variant;

/// A defect of one picture's file.
#[derive(Debug, thiserror::Error)]
pub enum PictureDefect {
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
    #[error("an unusual form: {form:?}")]
    UnusualForm {
        /// Which one.
        form: RareForm,
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

/// A rare form of a format that is decoded otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RareForm {
    /// A TIFF that is compressed in a way that is not decoded.
    TiffCompression {
        /// Its proper name.
        name: &'static str,
    },
    /// The same, where nobody here knows its name.
    TiffCompressionNumber {
        /// The number in the file.
        number: u64,
    },
    /// A TIFF whose samples stand for something else than the colours that are decoded.
    TiffColours {
        /// The proper name of what they stand for.
        name: &'static str,
    },
    /// The same, where nobody here knows its name.
    TiffColoursNumber {
        /// The number in the file.
        number: u64,
    },
    /// A TIFF that is JPEG in the way that TIFF 6.0 describes, but not whole JPEG.
    TiffOldJpeg,
    /// A TIFF with JPEGs of so many colours.
    TiffJpegColours {
        /// How many.
        count: usize,
    },
    /// A TIFF that only says which pixels of another page count.
    TiffMask,
    /// A TIFF with complex numbers.
    TiffComplexNumbers,
    /// A TIFF with samples of another width.
    TiffSamples {
        /// The bits of each.
        bits: u16,
        /// They are real numbers.
        is_real: bool,
    },
    /// A TIFF whose samples have several widths.
    TiffUnequalSamples,
    /// A TIFF whose rows were changed before they were compressed in a way that nobody here knows.
    TiffPredictorNumber {
        /// The number in the file.
        number: u64,
    },
    /// A JPEG of several sizes.
    JpegHierarchical,
    /// A JPEG that is without loss and compressed by arithmetic coding.
    JpegArithmeticLossless,
    /// A JPEG with samples of another width.
    JpegSamples {
        /// The bits of each.
        bits: u16,
    },
    /// A JPEG of so many colours.
    JpegColours {
        /// How many.
        count: usize,
    },
    /// A JPEG that tells its height after its pixels.
    JpegLateHeight,
    /// A JPEG whose colours have sizes that are no multiples of each other.
    JpegUnevenColours,
    /// A BMP with pixels of so many bits.
    BmpBits {
        /// How many.
        bits: u32,
    },
    /// A BMP that is compressed in a way that is not decoded.
    BmpCompression {
        /// The number in the file.
        number: u32,
    },
    /// Decoding it would take more memory than there is for one picture.
    TooMuchMemory {
        /// The decoder's error, in English, for the log.
        detail: String,
    },
    /// Another form that its decoder does not know.
    Other {
        /// The decoder's error, in English, for the log.
        detail: String,
    },
}

impl PictureDefect {
    /// The state that a picture with this defect is in.
    pub fn state(&self) -> PictureState {
        match self {
            PictureDefect::Truncated => PictureState::Suspect,
            PictureDefect::OtherFormat { .. }
            | PictureDefect::UnusualForm { .. }
            | PictureDefect::TooManyPixels { .. }
            | PictureDefect::TooLarge { .. } => PictureState::Unsupported,
            _ => PictureState::Unreadable,
        }
    }
}
