//! Weights in brain floating point for tract, which does not know them: they are widened to single precision as they
//! are read, which changes no value.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use half::bf16;
use tract_onnx::data_resolver::{MmapDataResolver, ModelDataResolver};
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{ModelProto, TensorProto};
use tract_onnx::prelude::TractResult;

/// Reads external data, and widens what lies at the places noted.
#[derive(Debug, Default)]
pub(super) struct Widening(HashSet<(PathBuf, usize)>);

impl Widening {
    /// Makes every weight in brain floating point one in single precision, and notes where its data lies. `folder` is
    /// what places of data are relative to, links resolved.
    pub(super) fn prepare(model: &mut ModelProto, folder: Option<&str>) -> Widening {
        let mut places = HashSet::new();
        let folder = Path::new(folder.unwrap_or_default());
        for tensor in model.graph.iter_mut().flat_map(|graph| &mut graph.initializer) {
            if tensor.data_type == DataType::Bfloat16 as i32
                && let Some((location, offset)) = place_of(tensor)
            {
                places.insert((folder.join(location), offset));
                tensor.data_type = DataType::Float as i32;
            }
        }
        Widening(places)
    }
}

/// Where a tensor's external data lies.
fn place_of(tensor: &TensorProto) -> Option<(&str, usize)> {
    let entry =
        |key: &str| tensor.external_data.iter().find(|entry| entry.key == key).map(|entry| entry.value.as_str());
    Some((entry("location")?, entry("offset").map_or(Some(0), |offset| offset.parse().ok())?))
}

impl ModelDataResolver for Widening {
    fn read_bytes_from_path(
        &self,
        buffer: &mut Vec<u8>,
        path: &Path,
        offset: usize,
        length: Option<usize>,
    ) -> TractResult<()> {
        if !self.0.contains(&(path.to_owned(), offset)) {
            return MmapDataResolver.read_bytes_from_path(buffer, path, offset, length);
        }
        let mut narrow = Vec::new();
        MmapDataResolver.read_bytes_from_path(&mut narrow, path, offset, length)?;
        buffer.reserve(narrow.len() * 2);
        let values = narrow.chunks_exact(2).map(|bytes| bf16::from_le_bytes([bytes[0], bytes[1]]).to_f32());
        values.for_each(|value| buffer.extend(value.to_le_bytes()));
        Ok(())
    }
}
