//! Kinds by the extension of a name.

use std::path::Path;

use super::format::RAW;

/// Extensions of formats that are decoded.
const DECODED: [&str; 14] =
    ["jpg", "jpeg", "jpe", "jfif", "png", "apng", "gif", "webp", "bmp", "dib", "tif", "tiff", "jfi", "jif"];

/// Extensions of other picture formats and what people call them.
const NOT_DECODED: [(&str, &str); 31] = [
    ("heic", "HEIC"),
    ("heics", "HEIC"),
    ("heif", "HEIF"),
    ("heifs", "HEIF"),
    ("hif", "HEIF"),
    ("avif", "AVIF"),
    ("avifs", "AVIF"),
    ("ico", "ICO"),
    ("cur", "CUR"),
    ("jxl", "JPEG XL"),
    ("jxr", "JPEG XR"),
    ("jp2", "JPEG 2000"),
    ("j2k", "JPEG 2000"),
    ("jpf", "JPEG 2000"),
    ("jpx", "JPEG 2000"),
    ("psd", "Photoshop"),
    ("psb", "Photoshop"),
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
    ("icns", "ICNS"),
];

/// Extensions that cameras, and nothing else, give their raw pictures.
const RAW_NAMES: [&str; 26] = [
    "3fr", "arw", "cr2", "cr3", "crw", "dcr", "dng", "erf", "gpr", "iiq", "k25", "kdc", "mef", "mrw", "nef", "nrw",
    "orf", "pef", "raf", "rw2", "rwl", "rwz", "sr2", "srf", "srw", "x3f",
];

/// Extensions that cameras give their raw pictures and others give other files: raw where the content is a TIFF.
const RAW_NAMES_OF_OTHERS_TOO: [&str; 12] =
    ["ari", "bay", "cap", "dcs", "drf", "fff", "mdc", "mos", "ori", "ptx", "pxn", "raw"];

/// A name's extension, in small letters; empty where it has none.
pub(super) fn extension(path: &Path) -> String {
    path.extension().map(|extension| extension.to_string_lossy().to_lowercase()).unwrap_or_default()
}

pub(super) fn is_decoded(extension: &str) -> bool {
    DECODED.contains(&extension)
}

/// The format that is not decoded whose files are named like this.
pub(super) fn other_format(extension: &str) -> Option<&'static str> {
    let raw = RAW_NAMES.contains(&extension).then_some(RAW);
    raw.or_else(|| NOT_DECODED.iter().find(|(known, _)| *known == extension).map(|(_, name)| *name))
}

/// True for the extension of a raw picture whose content looks like a TIFF.
pub(super) fn is_raw(extension: &str) -> bool {
    RAW_NAMES.contains(&extension) || RAW_NAMES_OF_OTHERS_TOO.contains(&extension)
}
