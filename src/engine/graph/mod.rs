//! Writing ONNX graphs for checkpoints that have none.
//!
//! A graph is some hundred kilobytes of operators; its weights stay where they are: each is an initialiser with
//! *external data*, a file name, an offset and a length. The operators are those that both ONNX Runtime and tract
//! have (operator set 17), and for ONNX Runtime some of its own, which are faster.

mod builder;
pub mod half;
pub mod int8;
pub mod pictures;
pub mod transformer;

pub use builder::{GraphBuilder, Operators, Value, axis, integer, integer_list, point_outside, trivial};

use std::path::PathBuf;

use tract_onnx::pb::ModelProto;

/// A tower as a graph in memory, whose weights lie in files.
#[derive(Debug)]
pub struct TowerGraph {
    /// The graph.
    pub model: ModelProto,
    /// The folder that the graph's external data is relative to, links resolved.
    pub data_folder: PathBuf,
    /// The export that it was taken from; `None` where the graph is ours.
    pub export: Option<PathBuf>,
}
