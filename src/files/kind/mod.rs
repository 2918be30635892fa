//! The kind of a file, by its first bytes. Its name counts only where they say nothing, or too little.

mod boxes;
mod content;
mod format;
mod names;

use std::path::Path;

pub use format::{Format, RAW};

/// The kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A picture that is decoded.
    Picture(Format),
    /// A picture of a format that is not decoded.
    OtherPicture(&'static str),
    /// Named like a picture, but its content begins like none.
    OnlyNamedLikeOne,
    /// No picture.
    Other,
}

/// Bytes at the start that [`Kind::of`] wants to see: the brands of a container may be many.
pub const START: usize = 256;

/// True for a name that pictures have, of a format that is decoded or known.
pub fn has_picture_name(path: &Path) -> bool {
    let extension = names::extension(path);
    names::is_decoded(&extension) || names::other_format(&extension).is_some()
}

impl Kind {
    /// The kind of a file with these first bytes and this name.
    pub fn of(start: &[u8], path: &Path) -> Kind {
        let extension = names::extension(path);
        let by_name = names::other_format(&extension);
        match content::decoded(start) {
            // Cameras keep their raw pictures in a TIFF's clothes.
            Some(Format::Tiff) if names::is_raw(&extension) => return Kind::OtherPicture(RAW),
            Some(format) => return Kind::Picture(format),
            None => {}
        }
        if let Some(name) = content::other_format(start) {
            return Kind::OtherPicture(name);
        }
        let is_named_like_one = names::is_decoded(&extension) || by_name.is_some();
        let is_trusted =
            |hint: &content::Hint| is_named_like_one || extension.is_empty() && hint.is_enough_without_a_name;
        match (content::hinted(start).filter(is_trusted), by_name) {
            (Some(hint), _) => Kind::OtherPicture(hint.format),
            (None, Some(name)) => Kind::OtherPicture(name),
            (None, None) if is_named_like_one => Kind::OnlyNamedLikeOne,
            (None, None) => Kind::Other,
        }
    }
}

#[cfg(test)]
mod tests;
