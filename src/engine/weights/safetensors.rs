//! The header of a safetensors file.
//!
//! Format: eight bytes, the header's length as a little-endian integer; the header, a JSON object from names to
//! `{"dtype", "shape", "data_offsets"}`; then the data. The format allows neither gaps nor overlaps; gaps do no harm
//! and are let pass.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::error::WeightsError;
use super::file::WeightFile;
use super::tensor::{ElementType, TensorPlace, Tensors};

/// The longest header that is read. The format allows ten times as much; but an entry has some hundred bytes, the
/// largest models have a few thousand of them, and what is read takes several times as much memory.
const LONGEST_HEADER: u64 = 10_000_000;

/// The most axes of a tensor: PyTorch has no more. Two bytes of a header can be one, which takes sixteen bytes of
/// memory and more.
const MOST_AXES: usize = 64;

/// A tensor's entry in the header.
#[derive(Deserialize)]
struct Entry {
    dtype: ElementType,
    shape: Shape,
    data_offsets: (u64, u64),
}

/// A tensor's dimensions.
struct Shape(Vec<u64>);

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Shape, D::Error> {
        deserializer.deserialize_seq(ShapeVisitor)
    }
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of dimensions")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Shape, S::Error> {
        let mut sides = Vec::new();
        while let Some(side) = list.next_element()? {
            if sides.len() == MOST_AXES {
                return Err(S::Error::custom(format!("more than {MOST_AXES} axes")));
            }
            sides.push(side);
        }
        Ok(Shape(sides))
    }
}

/// The header without its notes, which may be anything and are skipped without being kept.
struct Header(Vec<(String, Entry)>);

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Header, D::Error> {
        deserializer.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with one entry a tensor")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Header, M::Error> {
        let mut entries = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if name == "__metadata__" {
                map.next_value::<IgnoredAny>()?;
            } else {
                entries.push((name, map.next_value()?));
            }
        }
        Ok(Header(entries))
    }
}

/// Reads and checks the header.
pub(super) fn tensors(file: &WeightFile) -> Result<Tensors, WeightsError> {
    let length = file.bytes(0, 8)?.try_into().map(u64::from_le_bytes).unwrap_or_default();
    if length > LONGEST_HEADER {
        return Err(file.bad_header(format!("it claims {length} bytes")));
    }
    let header = file.bytes(8, length as usize)?;
    let Header(entries) = serde_json::from_slice(&header).map_err(|error| file.bad_header(error.to_string()))?;
    let mut tensors = Tensors::new();
    for (name, entry) in entries {
        let place = place_of(&entry, 8 + length)
            .ok_or_else(|| file.bad_header(format!("{name}: its offsets do not fit its shape")))?;
        if tensors.contains_key(&name) {
            return Err(file.bad_header(format!("{name} is there twice")));
        }
        tensors.insert(name, place);
    }
    let end = tensors.values().map(|place| place.offset + place.length).max().unwrap_or_default();
    if end > file.length {
        return Err(file.cut_short(end));
    }
    let mut places: Vec<_> = tensors.iter().collect();
    places.sort_by_key(|(_, place)| (place.offset, place.length));
    match places.windows(2).find(|pair| pair[0].1.offset + pair[0].1.length > pair[1].1.offset) {
        Some(pair) => Err(file.bad_header(format!("{} and {} overlap", pair[0].0, pair[1].0))),
        None => Ok(tensors),
    }
}

/// A tensor's place in the file; `None` where its offsets run backwards, overflow, or do not fit its shape.
fn place_of(entry: &Entry, data_start: u64) -> Option<TensorPlace> {
    let (begin, end) = entry.data_offsets;
    let length = end.checked_sub(begin)?;
    let offset = data_start.checked_add(begin)?;
    offset.checked_add(length)?;
    let elements = entry.shape.0.iter().try_fold(1u64, |product, side| product.checked_mul(*side))?;
    if let Some(bytes) = entry.dtype.bytes()
        && elements.checked_mul(bytes)? != length
    {
        return None;
    }
    let shape = entry.shape.0.iter().map(|side| usize::try_from(*side).ok()).collect::<Option<_>>()?;
    Some(TensorPlace::new(entry.dtype, shape, offset, length))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use half::f16;
    use proptest::prelude::*;

    use super::super::Weights;
    use super::*;

    /// A file with these bytes, and the folder that goes with it.
    struct Made(tempfile::TempDir);

    impl Made {
        fn path(&self) -> PathBuf {
            self.0.path().join("model.safetensors")
        }
    }

    fn file_of(header: &str, data: &[u8]) -> Made {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        raw_file(&bytes)
    }

    fn raw_file(bytes: &[u8]) -> Made {
        let made = Made(tempfile::tempdir().unwrap());
        std::fs::write(made.path(), bytes).unwrap();
        made
    }

    #[test]
    fn tensors_have_the_places_of_the_header() {
        let header = r#"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},
            "b":{"dtype":"F16","shape":[1],"data_offsets":[4,6]},"ids":{"dtype":"I64","shape":[1],"data_offsets":[6,14]}}"#;
        let mut data = 4.5f32.to_le_bytes().to_vec();
        data.extend(f16::from_f32(2.0).to_le_bytes());
        data.extend([0; 8]);
        let file = file_of(header, &data);
        let weights = Weights::open(&file.path()).unwrap();
        assert_eq!(weights.scalar("a").unwrap(), 4.5);
        assert_eq!(weights.scalar("b").unwrap(), 2.0);
        assert_eq!(weights.tensor("a", &[]).unwrap().offset, 8 + header.len() as u64);
        assert!(matches!(weights.tensor("c", &[]), Err(WeightsError::NoTensor { .. })));
        assert!(matches!(weights.tensor("a", &[2]), Err(WeightsError::WrongShape { .. })));
        assert!(matches!(weights.tensor("ids", &[1]), Err(WeightsError::WrongType { .. })));
    }

    #[test]
    fn damaged_header_is_refused() {
        let entry = |offsets: &str| format!(r#"{{"a":{{"dtype":"F32","shape":[2],"data_offsets":{offsets}}}}}"#);
        for (case, header, data) in [("offsets out of range", entry("[4,12]"), 8), ("cut short", entry("[0,8]"), 7)] {
            let file = file_of(&header, &vec![0; data]);
            assert!(matches!(Weights::open(&file.path()), Err(WeightsError::CutShort { .. })), "{case}");
        }
        for (case, header) in [
            ("backwards", entry("[8,0]")),
            ("not its shape", entry("[0,4]")),
            ("overflow", entry("[18446744073709551608,18446744073709551615]")),
            ("not JSON", "{".to_owned()),
            ("a list", "[]".to_owned()),
            ("more axes than there are", {
                let axes = vec!["1"; MOST_AXES + 1].join(",");
                format!(r#"{{"a":{{"dtype":"F32","shape":[{axes}],"data_offsets":[0,4]}}}}"#)
            }),
            ("huge shape", r#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}"#.to_owned()),
            (
                "overlap",
                r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}"#
                    .to_owned(),
            ),
        ] {
            let file = file_of(&header, &[0; 16]);
            assert!(matches!(Weights::open(&file.path()), Err(WeightsError::BadHeader { .. })), "{case}");
        }
        assert!(matches!(Weights::open(&raw_file(b"").path()), Err(WeightsError::CutShort { .. })));
        let claims_100_gb = raw_file(&100_000_000_000u64.to_le_bytes());
        assert!(matches!(Weights::open(&claims_100_gb.path()), Err(WeightsError::BadHeader { .. })));
        let too_long = raw_file(&(LONGEST_HEADER + 1).to_le_bytes());
        assert!(matches!(Weights::open(&too_long.path()), Err(WeightsError::BadHeader { .. })));
        let longer_than_the_file = raw_file(&1000u64.to_le_bytes());
        assert!(matches!(Weights::open(&longer_than_the_file.path()), Err(WeightsError::CutShort { .. })));
    }

    /// The largest models have a tenth of these tensors, and notes of some hundred bytes.
    #[test]
    fn large_header_is_read() {
        let notes = "a note ".repeat(500_000);
        let tensors = (0..20_000).map(|number| {
            format!(
                r#""layers.{number}.weight":{{"dtype":"F32","shape":[1,1],"data_offsets":[{},{}]}}"#,
                number * 4,
                number * 4 + 4
            )
        });
        let tensors: Vec<String> = tensors.collect();
        let padding = " ".repeat(1000);
        let header = format!(r#"{{"__metadata__":{{"notes":"{notes}"}},{}}}{padding}"#, tensors.join(","));
        let file = file_of(&header, &vec![0; 80_000]);
        let weights = Weights::open(&file.path()).unwrap();
        assert_eq!(weights.tensor("layers.19999.weight", &[1, 1]).unwrap().offset, 8 + header.len() as u64 + 79_996);
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Weights::open(&raw_file(&bytes).path());
        }
    }
}
