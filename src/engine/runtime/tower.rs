//! Towers as a runtime sees them: where they are read from, their inputs and shapes.

use std::path::{Path, PathBuf};

use ndarray::ArrayViewD;

use crate::domain::printable::printable;
use crate::engine::graph::TowerGraph;

/// One axis of a tower's input or output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dim {
    /// Always this size.
    Fixed(usize),
    /// As many as there are pictures or sentences.
    Rows,
    /// As many as the longest sentence has tokens.
    Tokens {
        /// The most there can be.
        longest: usize,
    },
}

/// The element type of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputType {
    /// Single precision.
    F32,
    /// 64-bit integers.
    I64,
}

/// An input of a tower.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputSpec {
    /// Its name in the graph.
    pub name: String,
    /// Its element type.
    pub element: InputType,
    /// Its shape.
    pub dims: Vec<Dim>,
}

impl InputSpec {
    /// `pixel_values`: (rows, 3, side, side).
    pub fn pixels(side: usize) -> InputSpec {
        let dims = vec![Dim::Rows, Dim::Fixed(3), Dim::Fixed(side), Dim::Fixed(side)];
        InputSpec { name: "pixel_values".to_owned(), element: InputType::F32, dims }
    }

    /// `input_ids` or `attention_mask`: (rows, tokens).
    pub fn token_ids(name: &str, longest: usize) -> InputSpec {
        let dims = vec![Dim::Rows, Dim::Tokens { longest }];
        InputSpec { name: name.to_owned(), element: InputType::I64, dims }
    }
}

/// A tower that a runtime can open.
#[derive(Debug)]
pub enum Tower {
    /// A graph in memory whose weights lie in files: one of ours, or a part of an export.
    Graph(Box<TowerGraph>),
    /// An ONNX file that has everything in it.
    Export(PathBuf),
}

impl Tower {
    /// Its name in a message.
    pub(super) fn name(&self) -> String {
        match self {
            Tower::Graph(graph) => match &graph.export {
                Some(path) => printable(path),
                None => graph.model.graph.as_ref().map(|g| g.name.clone()).unwrap_or_default(),
            },
            Tower::Export(path) => printable(path),
        }
    }

    /// The file of an export, which a runtime may not be able to read though it is whole.
    pub(super) fn export(&self) -> Option<&Path> {
        match self {
            Tower::Graph(graph) => graph.export.as_deref(),
            Tower::Export(path) => Some(path),
        }
    }
}

/// The values of one input.
#[derive(Debug, Clone)]
pub enum Tensor<'a> {
    /// Single precision.
    F32(ArrayViewD<'a, f32>),
    /// 64-bit integers.
    I64(ArrayViewD<'a, i64>),
}
