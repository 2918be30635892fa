//! A picture that was asked for, and all that is known of its file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Part, RenderedPreview};
use crate::files::decode::{Exif, exif};
use crate::files::kind::Kind;
use crate::files::read::FileContent;

/// A picture that was asked for.
#[derive(Debug, Clone)]
pub struct Viewed {
    /// The part of it that is drawn.
    pub painted: RenderedPreview,
    /// The part that this is: no further to a side than the picture goes.
    pub part: Part,
    /// Facts about its file.
    pub facts: Arc<PictureFacts>,
}

/// All that is known of a picture's file.
#[derive(Debug, Clone, PartialEq)]
pub struct PictureFacts {
    /// Where it lies now.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// When the file last changed, in nanoseconds since 1970.
    pub modified_ns: i128,
    /// Pixels across and down, as it is looked at; none where it was not decoded.
    pub pixels: Option<(u32, u32)>,
    /// Date, camera and place, as they are written in it.
    pub exif: Exif,
}

impl PictureFacts {
    /// The facts of a content that was read there.
    pub(super) fn of(content: &FileContent, path: &Path) -> PictureFacts {
        let exif = match content.kind {
            Kind::Picture(format) => exif(&content.bytes, format),
            Kind::OtherPicture(_) | Kind::OnlyNamedLikeOne | Kind::Other => Exif::default(),
        };
        let (bytes, modified_ns) = (content.stamp.size, content.stamp.modified_ns);
        PictureFacts { path: path.to_owned(), bytes, modified_ns, pixels: None, exif }
    }
}
