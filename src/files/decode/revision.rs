//! The revision of the decoder that decoded a picture. An embedding is made anew where an older one made other pixels,
//! or called a file whole that is not.

use crate::files::kind::{Format, Kind};

const FORMATS: [Format; 6] = [Format::Jpeg, Format::Png, Format::Gif, Format::WebP, Format::Bmp, Format::Tiff];

/// A decoder's name and revision. The revision goes up with each change after which a file of the format decodes to
/// other pixels or another state.
const fn decoder_of(format: Format) -> &'static str {
    match format {
        Format::Jpeg => "jpeg 3",
        Format::Png => "png 3",
        Format::Gif => "gif 2",
        Format::WebP => "webp 3",
        Format::Bmp => "bmp 3",
        Format::Tiff => "tiff 3",
    }
}

impl Kind {
    /// The decoder for this kind of file with its revision; empty for a kind that is not decoded.
    pub fn decoder(self) -> &'static str {
        match self {
            Kind::Picture(format) => decoder_of(format),
            Kind::OtherPicture(_) | Kind::OnlyNamedLikeOne | Kind::Other => "",
        }
    }
}

/// True where a decoder is today's for a kind of file. Those of version 0.1.0, which did not tell of them, are not for
/// any.
pub fn is_current(decoder: &str, kind: Kind) -> bool {
    !decoder.is_empty() && decoder == kind.decoder()
}

/// True where a decoder is today's for some kind of file.
pub fn is_of_today(decoder: &str) -> bool {
    FORMATS.into_iter().any(|format| decoder_of(format) == decoder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revision_is_current_for_unchanged_decoders_only() {
        let kind = |format| Kind::Picture(format);
        assert!(is_current("jpeg 3", kind(Format::Jpeg)) && is_of_today("jpeg 3"));
        assert!(!is_current("jpeg 3", kind(Format::Png)) && !is_current("jpeg 1", kind(Format::Jpeg)));
        // Of before they were told of.
        assert!(!is_current("", kind(Format::Gif)) && !is_current("", Kind::Other));
        assert!(!is_of_today("") && !is_of_today("jpeg 1"));
    }
}
