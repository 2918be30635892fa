//! The ISO base media container (ISO/IEC 14496-12): pictures, raw pictures and videos, told apart by their brands.

use super::format::RAW;

/// Brands that hold pictures. Where a file has several, the first of this list counts: `mif1` only says that there is
/// a picture, others say how it is compressed.
const BRANDS: [(&[u8], &str); 25] = [
    (b"crx ", RAW),
    (b"avif", "AVIF"),
    (b"avis", "AVIF"),
    (b"avio", "AVIF"),
    (b"heic", "HEIC"),
    (b"heix", "HEIC"),
    (b"heim", "HEIC"),
    (b"heis", "HEIC"),
    (b"hevc", "HEIC"),
    (b"hevx", "HEIC"),
    (b"hevm", "HEIC"),
    (b"hevs", "HEIC"),
    (b"jxl ", "JPEG XL"),
    (b"jp2 ", "JPEG 2000"),
    (b"jpx ", "JPEG 2000"),
    (b"jpm ", "JPEG 2000"),
    (b"jph ", "JPEG 2000"),
    (b"mif1", "HEIF"),
    (b"mif2", "HEIF"),
    (b"mif3", "HEIF"),
    (b"msf1", "HEIF"),
    (b"miaf", "HEIF"),
    (b"avci", "HEIF"),
    (b"vvic", "HEIF"),
    (b"jpeg", "HEIF"),
];

/// The picture format that a container's brands tell, major or compatible.
pub(super) fn format(start: &[u8]) -> Option<&'static str> {
    if start.get(4..8)? != b"ftyp" {
        return None;
    }
    let length = u32::from_be_bytes(start.get(..4)?.try_into().ok()?) as usize;
    // A length of one is followed by a longer one; of zero, the box has the rest of the file.
    let (brands_at, end) = match length {
        0 => (8, start.len()),
        1 => (16, usize::try_from(u64::from_be_bytes(start.get(8..16)?.try_into().ok()?)).ok()?),
        length => (8, length),
    };
    let brands = start.get(brands_at..end.min(start.len()))?;
    // After the major brand comes its version.
    let has = |wanted: &[u8]| brands.chunks_exact(4).enumerate().any(|(i, brand)| i != 1 && brand == wanted);
    BRANDS.iter().find(|(brand, _)| has(brand)).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_brands(brands: &[&[u8; 4]]) -> Vec<u8> {
        let length = 8 + 4 * (brands.len() as u32 + 1);
        let (major, compatible) = brands.split_first().unwrap();
        let compatible: Vec<u8> = compatible.iter().flat_map(|brand| **brand).collect();
        [&length.to_be_bytes()[..], b"ftyp", *major, &[0; 4], &compatible, b"\0\0\0\x08mdat"].concat()
    }

    #[test]
    fn container_with_any_picture_brand_is_that_format() {
        let cases: [(&[&[u8; 4]], Option<&str>); 13] = [
            (&[b"heic", b"mif1", b"heic"], Some("HEIC")),
            (&[b"hevm", b"mif1", b"heic", b"miaf"], Some("HEIC")),
            (&[b"hevx"], Some("HEIC")),
            (&[b"mif1", b"heic"], Some("HEIC")),
            (&[b"mif1", b"miaf", b"avif"], Some("AVIF")),
            (&[b"miaf", b"avif", b"mif1"], Some("AVIF")),
            (&[b"mp42", b"isom", b"mif1", b"heix"], Some("HEIC")),
            (&[b"msf1", b"isom"], Some("HEIF")),
            (&[b"1pic", b"mif1"], Some("HEIF")),
            (&[b"crx ", b"isom"], Some("RAW")),
            (&[b"isom", b"iso2", b"avc1", b"mp41"], None),
            (&[b"qt  "], None),
            (&[b"M4A ", b"mp42"], None),
        ];
        for (brands, expected) in cases {
            assert_eq!(format(&with_brands(brands)), expected, "{brands:?}");
        }
    }

    #[test]
    fn bytes_after_the_brands_are_no_brand() {
        let mut video = with_brands(&[b"isom", b"mp41"]);
        video.extend(b"mif1heic");
        assert_eq!(format(&video), None);
        // Its version may look like one.
        assert_eq!(format(b"\0\0\0\x10ftypisommif1"), None);
        assert_eq!(format(b"\0\0\0\x01ftyp\0\0\0\0\0\0\0\x1cavif\0\0\0\0mif1"), Some("AVIF"));
    }
}
