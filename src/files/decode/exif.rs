//! The EXIF data of a picture that people ask for: when it was taken, with which camera, and where (Exif 2.32, sections
//! 4.6.4 to 4.6.6). What is written there anybody can change.

use std::borrow::Cow;

use super::super::jpeg_segments::segments;
use super::super::kind::Format;
use super::orientation;
use super::tags::{Order, width_of};

/// The facts in a picture's EXIF data.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Exif {
    /// When it was taken, by the camera's clock and without a time zone: `2026-03-14 11:02:09`, or as it is written
    /// where it is written otherwise.
    pub taken: Option<String>,
    /// Maker and model of the camera.
    pub camera: Option<String>,
    /// Latitude and longitude in degrees; south and west are below zero.
    pub place: Option<(f64, f64)>,
}

/// The segment of a JPEG with EXIF data.
const APP1: u8 = 0xe1;

/// Characters of a text that are kept.
const LONGEST_TEXT: usize = 200;

/// The tags (Exif 2.32, tables 3, 6, 8 and 15).
const MAKE: u16 = 0x010f;
const MODEL: u16 = 0x0110;
const CHANGED: u16 = 0x0132;
const EXIF_DIRECTORY: u16 = 0x8769;
const GPS_DIRECTORY: u16 = 0x8825;
const TAKEN: u16 = 0x9003;
const DIGITISED: u16 = 0x9004;
const LATITUDE_SIDE: u16 = 1;
const LATITUDE: u16 = 2;
const LONGITUDE_SIDE: u16 = 3;
const LONGITUDE: u16 = 4;

/// A text that ends in a zero byte.
const ASCII: u16 = 2;
/// Two numbers of four bytes, one over the other.
const RATIONAL: u16 = 5;

/// The facts in a file of this format; none of them where it has no EXIF data, or none that can be read.
pub fn exif(bytes: &[u8], format: Format) -> Exif {
    let data = match format {
        Format::Jpeg => {
            let all = segments(bytes);
            let contents = all.iter().filter(|segment| segment.marker == APP1).map(|segment| segment.content);
            orientation::exif_of_jpeg(contents).map(Cow::Owned)
        }
        Format::Png => orientation::exif_of_png(bytes).map(Cow::Owned),
        Format::WebP => orientation::exif_of_webp(bytes).map(Cow::Owned),
        // A TIFF has the form of EXIF data itself.
        Format::Tiff => Some(Cow::Borrowed(bytes)),
        Format::Gif | Format::Bmp => None,
    };
    data.and_then(|data| of_data(&data)).unwrap_or_default()
}

fn of_data(data: &[u8]) -> Option<Exif> {
    let data = data.strip_prefix(orientation::EXIF).unwrap_or(data);
    let order = match data.get(..4)? {
        [b'I', b'I', 42, 0] => Order::Little,
        [b'M', b'M', 0, 42] => Order::Big,
        _ => return None,
    };
    let block = Block { data, order };
    let top = block.directory(block.number(data.get(4..8)?))?;
    let inside = |tag| top.offset(tag).and_then(|at| block.directory(at));
    let (own, gps) = (inside(EXIF_DIRECTORY), inside(GPS_DIRECTORY));
    let text = |directory: &Option<Directory<'_>>, tag| directory.as_ref().and_then(|directory| directory.text(tag));
    let taken = text(&own, TAKEN).or_else(|| text(&own, DIGITISED)).or_else(|| top.text(CHANGED));
    let camera = match (top.text(MAKE), top.text(MODEL)) {
        (Some(make), Some(model)) if !model.to_lowercase().starts_with(&make.to_lowercase()) => {
            Some(format!("{make} {model}"))
        }
        (make, model) => model.or(make),
    };
    let place = gps.and_then(|gps| {
        let latitude = gps.degrees(LATITUDE, LATITUDE_SIDE, b'S', 90.0)?;
        Some((latitude, gps.degrees(LONGITUDE, LONGITUDE_SIDE, b'W', 180.0)?))
    });
    Some(Exif { taken: taken.and_then(|taken| date(&taken)), camera, place })
}

/// A date as people write it; none where the camera's clock was never set.
fn date(written: &str) -> Option<String> {
    let digits = written.chars().filter(char::is_ascii_digit);
    if digits.clone().all(|digit| digit == '0') {
        return None;
    }
    let has_form = written.len() == 19 && written.is_ascii() && digits.count() == 14;
    Some(match has_form {
        true => format!("{} {}", written[..10].replace(':', "-"), &written[11..]),
        false => written.to_owned(),
    })
}

/// EXIF data, which begin as a TIFF does.
#[derive(Clone, Copy)]
struct Block<'b> {
    data: &'b [u8],
    order: Order,
}

impl<'b> Block<'b> {
    fn number(self, bytes: &[u8]) -> usize {
        usize::try_from(self.order.number(bytes)).unwrap_or(usize::MAX)
    }

    /// The directory at an offset, as far as its entries are there.
    fn directory(self, at: usize) -> Option<Directory<'b>> {
        let rest = self.data.get(at..)?;
        let count = self.number(rest.get(..2)?);
        let entries = rest.get(2..)?;
        Some(Directory { block: self, entries: &entries[..entries.len().min(count.saturating_mul(ENTRY))] })
    }
}

/// Bytes of an entry: its tag, the kind and number of its values, and these or where they are.
const ENTRY: usize = 12;

struct Directory<'b> {
    block: Block<'b>,
    entries: &'b [u8],
}

impl<'b> Directory<'b> {
    /// Kind and values of a tag; the first entry counts.
    fn values(&self, tag: u16) -> Option<(u16, &'b [u8])> {
        let number = |bytes: &[u8]| self.block.number(bytes);
        let entry = self.entries.chunks_exact(ENTRY).find(|entry| number(&entry[..2]) == usize::from(tag))?;
        let kind = u16::try_from(number(&entry[2..4])).ok()?;
        let length = width_of(kind)?.checked_mul(number(&entry[4..8]))?;
        let values = match length {
            0..=4 => entry.get(8..8 + length)?,
            _ => self.block.data.get(number(&entry[8..12])..)?.get(..length)?,
        };
        Some((kind, values))
    }

    /// Where another directory begins.
    fn offset(&self, tag: u16) -> Option<usize> {
        let (kind, values) = self.values(tag)?;
        let is_offset = matches!(kind, 4 | 13);
        is_offset.then(|| values.get(..4)).flatten().map(|bytes| self.block.number(bytes))
    }

    /// A text up to its end; none where it is empty.
    fn text(&self, tag: u16) -> Option<String> {
        let (_, values) = self.values(tag).filter(|(kind, _)| *kind == ASCII)?;
        let values = values.split(|byte| *byte == 0).next()?;
        let text: String = String::from_utf8_lossy(values).chars().take(LONGEST_TEXT).collect();
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// Degrees, minutes and seconds as degrees; below zero on the other `side`. None beyond the `most` there can be.
    fn degrees(&self, tag: u16, side_tag: u16, side: u8, most: f64) -> Option<f64> {
        let (_, values) = self.values(tag).filter(|(kind, _)| *kind == RATIONAL)?;
        let parts: Vec<f64> = values.chunks_exact(8).take(3).filter_map(|value| self.rational(value)).collect();
        let &[degrees, minutes, seconds] = parts.as_slice() else { return None };
        let found = degrees + minutes / 60.0 + seconds / 3600.0;
        let (_, written) = self.values(side_tag).filter(|(kind, _)| *kind == ASCII)?;
        let is_other = written.first()?.eq_ignore_ascii_case(&side);
        (found <= most).then_some(if is_other { -found } else { found })
    }

    fn rational(&self, bytes: &[u8]) -> Option<f64> {
        let (above, below) = (self.block.order.number(&bytes[..4]), self.block.order.number(&bytes[4..8]));
        (below != 0).then(|| above as f64 / below as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// EXIF data in the order of big numbers: the top directory, that of the picture and that of the place.
    fn sample() -> Vec<u8> {
        let text = |tag: u16, text: &[u8]| (tag, 2u16, text.len() as u32, text.to_vec());
        let rational = |tag: u16, values: [(u32, u32); 3]| {
            let bytes = values.iter().flat_map(|(above, below)| [above.to_be_bytes(), below.to_be_bytes()].concat());
            (tag, 5, 3, bytes.collect())
        };
        let gps = vec![
            text(LATITUDE_SIDE, b"S\0"),
            rational(LATITUDE, [(33, 1), (51, 1), (3540, 100)]),
            text(LONGITUDE_SIDE, b"E\0"),
            rational(LONGITUDE, [(151, 1), (12, 1), (40, 1)]),
        ];
        let own = vec![text(TAKEN, b"2026:03:14 11:02:09\0")];
        let top = |own_at: u32, gps_at: u32| {
            vec![
                text(MAKE, b"Example\0"),
                text(MODEL, b"Camera 1\0"),
                (EXIF_DIRECTORY, 4, 1, own_at.to_be_bytes().to_vec()),
                (GPS_DIRECTORY, 4, 1, gps_at.to_be_bytes().to_vec()),
            ]
        };
        // Each directory with the values behind it.
        let directory = |at: usize, entries: &[(u16, u16, u32, Vec<u8>)]| {
            let (mut head, mut behind) = ((entries.len() as u16).to_be_bytes().to_vec(), vec![]);
            let values_at = at + 2 + ENTRY * entries.len() + 4;
            for (tag, kind, count, bytes) in entries {
                head.extend([&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes()].concat());
                match bytes.len() {
                    ..=4 => head.extend([bytes.as_slice(), &vec![0; 4 - bytes.len()]].concat()),
                    _ => {
                        head.extend(((values_at + behind.len()) as u32).to_be_bytes());
                        behind.extend(bytes);
                    }
                }
            }
            [head, vec![0; 4], behind].concat()
        };
        let first = directory(8, &top(0, 0)).len();
        let second = directory(8 + first, &own);
        let (own_at, gps_at) = (8 + first, 8 + first + second.len());
        let first = directory(8, &top(own_at as u32, gps_at as u32));
        [b"MM\0*\0\0\0\x08".to_vec(), first, second, directory(gps_at, &gps)].concat()
    }

    #[test]
    fn date_camera_and_place_are_read_in_every_format() {
        let expected = |exif: Exif| {
            assert_eq!(exif.taken.as_deref(), Some("2026-03-14 11:02:09"));
            assert_eq!(exif.camera.as_deref(), Some("Example Camera 1"));
            let (latitude, longitude) = exif.place.unwrap();
            // 33° 51′ 35.4″ S, 151° 12′ 40″ E.
            assert!((latitude + 33.859_833).abs() < 1e-5 && (longitude - 151.211_111).abs() < 1e-5);
        };
        let data = sample();
        let segment = [orientation::EXIF, &data].concat();
        let length = (segment.len() as u16 + 2).to_be_bytes();
        expected(exif(&[&[0xff, 0xd8, 0xff, APP1], &length[..], &segment].concat(), Format::Jpeg));
        let chunk = [&(data.len() as u32).to_be_bytes()[..], b"eXIf", &data, &[0; 4]].concat();
        expected(exif(&[&[0; 8][..], &chunk].concat(), Format::Png));
        let chunk = [b"EXIF", &(data.len() as u32).to_le_bytes()[..], &data, &[0; 1][..data.len() % 2]].concat();
        expected(exif(&[b"RIFF\0\0\0\0WEBP", &chunk[..]].concat(), Format::WebP));
        expected(exif(&data, Format::Tiff));
        assert_eq!(exif(&data, Format::Gif), Exif::default());
    }

    #[test]
    fn what_is_no_date_and_no_place_is_none() {
        assert_eq!(date("0000:00:00 00:00:00"), None);
        assert_eq!(date("    :  :     :  :  "), None);
        assert_eq!(date("14 March"), Some("14 March".to_owned()));
        let mut data = sample();
        // A denominator of zero: the seconds of the latitude.
        let at = data.windows(4).position(|bytes| bytes == 3540u32.to_be_bytes()).unwrap();
        data[at + 4..at + 8].fill(0);
        assert_eq!(exif(&data, Format::Tiff).place, None);
        // A latitude beyond the pole.
        let mut data = sample();
        data[at - 16..at - 12].copy_from_slice(&91u32.to_be_bytes());
        assert_eq!(exif(&data, Format::Tiff).place, None);
    }

    proptest! {
        #[test]
        fn damaged_data_never_panic(at in any::<prop::sample::Index>(), bytes in any::<[u8; 6]>(), cut in any::<usize>()) {
            let mut data = sample();
            let place = at.index(data.len() - bytes.len());
            data[place..place + bytes.len()].copy_from_slice(&bytes);
            data.truncate(cut % (data.len() + 1));
            for format in [Format::Jpeg, Format::Png, Format::WebP, Format::Tiff] {
                exif(&data, format);
            }
        }

        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), little in any::<bool>()) {
            let head = if little { b"II*\0\x08\0\0\0" } else { b"MM\0*\0\0\0\x08" };
            exif(&[head, &bytes[..]].concat(), Format::Tiff);
        }
    }
}
