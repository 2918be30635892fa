//! The kind of a file, by its first bytes; its name is asked only where they say nothing.

use std::path::Path;

/// A format that is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG, of an animation the default picture.
    Png,
    /// GIF, of an animation the first frame.
    Gif,
    /// WebP, of an animation the first frame.
    WebP,
    /// Windows bitmap.
    Bmp,
    /// TIFF, the first page.
    Tiff,
}

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

/// Bytes at the start that [`Kind::of`] wants to see.
pub const START: usize = 64;

/// Extensions of formats that are decoded.
const DECODED: [&str; 14] =
    ["jpg", "jpeg", "jpe", "jfif", "png", "apng", "gif", "webp", "bmp", "dib", "tif", "tiff", "jfi", "jif"];

/// Extensions of other picture formats and what people call them.
const NOT_DECODED: [(&str, &str); 28] = [
    ("heic", "HEIC"),
    ("heif", "HEIF"),
    ("hif", "HEIF"),
    ("avif", "AVIF"),
    ("ico", "ICO"),
    ("cur", "CUR"),
    ("jxl", "JPEG XL"),
    ("jp2", "JPEG 2000"),
    ("j2k", "JPEG 2000"),
    ("psd", "Photoshop"),
    ("tga", "TGA"),
    ("pbm", "PNM"),
    ("pgm", "PNM"),
    ("ppm", "PNM"),
    ("pnm", "PNM"),
    ("svg", "SVG"),
    ("svgz", "SVG"),
    ("eps", "EPS"),
    ("exr", "OpenEXR"),
    ("hdr", "Radiance HDR"),
    ("qoi", "QOI"),
    ("dds", "DDS"),
    ("xcf", "GIMP"),
    ("cr2", "RAW"),
    ("cr3", "RAW"),
    ("nef", "RAW"),
    ("arw", "RAW"),
    ("dng", "RAW"),
];

/// Brands of the ISO base media container that hold pictures.
const BRANDS: [(&[u8], &str); 9] = [
    (b"heic", "HEIC"),
    (b"heix", "HEIC"),
    (b"heim", "HEIC"),
    (b"hevc", "HEIC"),
    (b"mif1", "HEIF"),
    (b"msf1", "HEIF"),
    (b"avif", "AVIF"),
    (b"avis", "AVIF"),
    (b"crx ", "RAW"),
];

/// First bytes of other picture formats.
const MAGIC: [(&[u8], &str); 11] = [
    (b"\0\0\x01\0", "ICO"),
    (b"\0\0\x02\0", "CUR"),
    (b"8BPS", "Photoshop"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"qoif", "QOI"),
    (b"DDS ", "DDS"),
    (b"gimp xcf", "GIMP"),
];

/// True for a name that pictures have, of a format that is decoded or known.
pub fn has_picture_name(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let extension = extension.as_deref().unwrap_or_default();
    DECODED.contains(&extension) || NOT_DECODED.iter().any(|(known, _)| *known == extension)
}

impl Kind {
    /// The kind of a file with these first bytes and this name.
    pub fn of(start: &[u8], path: &Path) -> Kind {
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
        let extension = extension.as_deref().unwrap_or_default();
        let by_name = NOT_DECODED.iter().find(|(known, _)| *known == extension).map(|(_, name)| *name);
        match format_of(start) {
            // Cameras keep their raw pictures in a TIFF's clothes.
            Some(Format::Tiff) if by_name == Some("RAW") => return Kind::OtherPicture("RAW"),
            Some(format) => return Kind::Picture(format),
            None => {}
        }
        if let Some(name) = other_format_of(start) {
            return Kind::OtherPicture(name);
        }
        match by_name {
            Some(name) => Kind::OtherPicture(name),
            None if DECODED.contains(&extension) => Kind::OnlyNamedLikeOne,
            None => Kind::Other,
        }
    }
}

fn format_of(start: &[u8]) -> Option<Format> {
    match start {
        [0xff, 0xd8, 0xff, ..] => Some(Format::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Format::Png),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Format::Gif),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Format::WebP),
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Some(Format::Tiff),
        // Two letters are little to go by: the size of the header that follows is one of a few.
        [b'B', b'M', rest @ ..] if matches!(rest.get(12), Some(12 | 16 | 40 | 52 | 56 | 64 | 108 | 124)) => {
            Some(Format::Bmp)
        }
        _ => None,
    }
}

fn other_format_of(start: &[u8]) -> Option<&'static str> {
    if start.get(4..8) == Some(b"ftyp") {
        let brand = start.get(8..12)?;
        return BRANDS.iter().find(|(known, _)| *known == brand).map(|(_, name)| *name);
    }
    MAGIC.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_comes_before_the_name() {
        let kind = |start: &[u8], name: &str| Kind::of(start, Path::new(name));
        assert_eq!(kind(b"\xff\xd8\xff\xe0", "picture.png"), Kind::Picture(Format::Jpeg));
        assert_eq!(kind(b"\xff\xd8\xff\xe0", "no extension"), Kind::Picture(Format::Jpeg));
        assert_eq!(kind(b"BM\0\0\0\0\0\0\0\0\0\0\0\0\x28", "x"), Kind::Picture(Format::Bmp));
        assert_eq!(kind(b"BMW owners' manual", "x.txt"), Kind::Other);
        assert_eq!(kind(b"\0\0\0\x18ftypheic", "x.jpg"), Kind::OtherPicture("HEIC"));
        assert_eq!(kind(b"\0\0\0\x18ftypisom", "video.mp4"), Kind::Other);
        assert_eq!(kind(b"II*\0", "x.tif"), Kind::Picture(Format::Tiff));
        assert_eq!(kind(b"II*\0", "x.nef"), Kind::OtherPicture("RAW"));
        assert_eq!(kind(b"", "x.JPG"), Kind::OnlyNamedLikeOne);
        assert_eq!(kind(b"hello", "x.tga"), Kind::OtherPicture("TGA"));
        assert_eq!(kind(b"hello", "notes.md"), Kind::Other);
    }
}
