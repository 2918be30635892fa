//! Formats of pictures: those that are decoded, and the name that raw pictures have.

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

/// The name of pictures as cameras' sensors saw them, whoever made the camera.
pub const RAW: &str = "RAW";
