//! The place of a tensor in a file of weights.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The element types that a tower's weights can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum ElementType {
    /// Half precision.
    F16,
    /// Brain floating point.
    BF16,
    /// Single precision.
    F32,
    /// Double precision, which a scale may have, and no weight of a tower.
    F64,
    /// Anything else: not usable as a weight, but no reason to refuse a file that has one beside the weights.
    #[serde(other)]
    Other,
}

impl ElementType {
    /// Bytes an element, where it is a type that weights can have.
    pub(super) fn bytes(self) -> Option<u64> {
        match self {
            ElementType::F16 | ElementType::BF16 => Some(2),
            ElementType::F32 => Some(4),
            ElementType::F64 => Some(8),
            ElementType::Other => None,
        }
    }
}

/// Where one tensor lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorPlace {
    /// Its element type.
    pub element: ElementType,
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// Its axes as they lie in the file, the one with the largest steps first: `[0, 1, …]` in all but transposed ones.
    /// None of them where it is a view with gaps or repetitions.
    pub order: Vec<usize>,
    /// Where it begins, in bytes from the start of its file.
    pub offset: u64,
    /// Its length in bytes.
    pub length: u64,
    /// Which of the files it lies in.
    pub(super) file: usize,
}

impl TensorPlace {
    /// A tensor of the first file, its axes in their order.
    pub(super) fn new(element: ElementType, shape: Vec<usize>, offset: u64, length: u64) -> TensorPlace {
        TensorPlace { element, order: (0..shape.len()).collect(), shape, offset, length, file: 0 }
    }

    /// True where the axes lie in their order.
    pub fn is_in_order(&self) -> bool {
        self.order.is_sorted()
    }
}

/// The tensors of one file, by name.
pub(super) type Tensors = BTreeMap<String, TensorPlace>;
