//! Writing ONNX graphs for checkpoints that have none.
//!
//! A graph is some hundred kilobytes of operators; its weights stay where they are: each is an initialiser with
//! *external data*, a file name, an offset and a length. The operators are those that both ONNX Runtime and tract
//! have (operator set 17).

mod builder;
pub mod transformer;

pub use builder::{GraphBuilder, Value, axis, integer_list, trivial};

use std::path::PathBuf;

use tract_onnx::pb::ModelProto;

/// A tower as a graph of ours and the folder of the file that its weights lie in.
#[derive(Debug)]
pub struct WrittenGraph {
    /// The graph.
    pub model: ModelProto,
    /// The folder that the graph's external data is relative to.
    pub weights_folder: PathBuf,
}
