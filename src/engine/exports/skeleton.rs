//! An ONNX file without its weights: the graph, with every large tensor turned into external data that points back into
//! the file, so that a part of a graph can be run without a copy of its weights.
//!
//! Format: `onnx.proto3` of onnx/onnx; the names of fields are its.

use std::collections::{HashMap, HashSet};
use std::io::{self, BufReader, Read, Seek};
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use prost::Message;
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, TensorProto};

use crate::engine::graph::{TowerGraph, point_outside};
use crate::engine::weights::common_folder;
use crate::engine::wire::{self, Field, Fields};
use crate::plain_file;

/// Tensors with more bytes stay in the file. Smaller ones are shapes and constants, which runtimes want at hand.
const SMALL: u64 = 1024;

/// The most bytes of a graph or a tensor that are read, and the most tensors. Graphs of known models have less than one
/// million bytes and some thousand tensors.
const LARGEST: u64 = 64_000_000;
const MOST_TENSORS: usize = 100_000;

/// `ModelProto.graph`, `GraphProto.initializer`, `TensorProto.raw_data`.
const GRAPH: u64 = 7;
const INITIALIZER: u64 = 5;
const RAW_DATA: u64 = 9;

/// An ONNX file's graph, and where its data lies.
#[derive(Debug, Clone)]
pub(super) struct Skeleton {
    file: PathBuf,
    model: ModelProto,
}

impl Skeleton {
    /// Reads the file at `path`.
    pub(super) fn read(path: &Path) -> io::Result<Skeleton> {
        let file = path.canonicalize()?;
        let opened = plain_file::open(&file)?;
        let length = opened.metadata()?.len();
        let mut reader = BufReader::new(opened);
        let mut graph = GraphProto::default();
        let (mut fields, mut rest) = (Fields::of(0..length), Rest::default());
        while let Some(field) = fields.next(&mut reader)? {
            match field.number {
                GRAPH => graph = read_graph(&mut reader, field.content)?,
                _ => rest.take(&mut reader, field)?,
            }
        }
        let model = ModelProto { graph: Some(graph), ..ModelProto::decode(&*rest.0)? };
        Ok(Skeleton { file: path.to_owned(), model })
    }

    pub(super) fn graph(&self) -> Option<&GraphProto> {
        self.model.graph.as_ref()
    }

    /// The part of the graph that `output` is made of, or all of it, with its data where it is.
    pub(super) fn part(&self, output: Option<&str>) -> io::Result<TowerGraph> {
        let mut model = self.model.clone();
        if let Some((graph, output)) = model.graph.as_mut().zip(output) {
            prune(graph, output);
        }
        let files = self.place_data(&mut model)?;
        let folder = common_folder(files.iter().map(PathBuf::as_path));
        for tensor in initializers(&mut model) {
            let Some(location) = tensor.external_data.iter_mut().find(|entry| entry.key == LOCATION) else { continue };
            let relative = Path::new(&location.value).strip_prefix(&folder).ok().and_then(Path::to_str);
            location.value = relative.ok_or_else(|| invalid("a file's name is not text"))?.to_owned();
        }
        Ok(TowerGraph { model, data_folder: folder, export: Some(self.file.clone()) })
    }

    /// Makes every place of external data an absolute one, links resolved: the export's own file and those beside it.
    /// The files, the export first.
    fn place_data(&self, model: &mut ModelProto) -> io::Result<Vec<PathBuf>> {
        let own = self.file.canonicalize()?;
        let mut files = vec![own.clone()];
        let mut known: HashMap<String, PathBuf> = HashMap::from([(OWN.to_owned(), own)]);
        let mut inside = Vec::new();
        model.graph.iter().for_each(|graph| places_inside(graph, &mut inside));
        inside.into_iter().try_for_each(|location| self.beside(location).map(drop))?;
        for tensor in initializers(model) {
            let Some(location) = tensor.external_data.iter_mut().find(|entry| entry.key == LOCATION) else { continue };
            if !known.contains_key(&location.value) {
                let path = self.beside(&location.value)?;
                files.push(path.clone());
                known.insert(location.value.clone(), path);
            }
            let path = known.get(&location.value).and_then(|path| path.to_str());
            location.value = path.ok_or_else(|| invalid("a file's name is not text"))?.to_owned();
        }
        Ok(files)
    }

    /// The files beside the export that hold data of it, links resolved.
    pub(super) fn data_files(&self) -> io::Result<Vec<PathBuf>> {
        self.place_data(&mut self.model.clone())
    }

    /// A file that the export names, which must lie below the export's folder: a runtime would open whatever it is.
    fn beside(&self, location: &str) -> io::Result<PathBuf> {
        let plain =
            Path::new(location).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        match plain && !location.is_empty() {
            true => {
                let path = self.file.with_file_name(location).canonicalize()?;
                plain_file::open(&path).map(|_| path)
            }
            false => Err(invalid("its data is said to lie outside its folder")),
        }
    }
}

/// The key of a file's name in external data.
const LOCATION: &str = "location";
/// Stands for the export's own file until its place is known. No file has an empty name.
const OWN: &str = "";

fn initializers(model: &mut ModelProto) -> impl Iterator<Item = &mut TensorProto> {
    model.graph.iter_mut().flat_map(|graph| &mut graph.initializer)
}

/// The files that are named by what is not an initializer of the graph itself: constants, and graphs inside it.
fn places_inside<'g>(graph: &'g GraphProto, places: &mut Vec<&'g str>) {
    for attribute in graph.node.iter().flat_map(|node| &node.attribute) {
        let graphs = attribute.g.iter().chain(&attribute.graphs);
        let tensors = attribute.t.iter().chain(&attribute.tensors).chain(graphs.clone().flat_map(|g| &g.initializer));
        let entries = tensors.flat_map(|tensor| &tensor.external_data).filter(|entry| entry.key == LOCATION);
        places.extend(entries.map(|entry| entry.value.as_str()));
        graphs.for_each(|graph| places_inside(graph, places));
    }
}

/// The part of a message that is read: all but the large tensors.
#[derive(Default)]
struct Rest(Vec<u8>);

impl Rest {
    fn take<R: Read + Seek>(&mut self, reader: &mut R, field: Field) -> io::Result<()> {
        let length = field.whole.end - field.whole.start;
        if self.0.len() as u64 + length > LARGEST {
            return Err(invalid("its graph is larger than any known one"));
        }
        self.0.extend(wire::bytes(reader, field.whole)?);
        Ok(())
    }
}

fn read_graph<R: Read + Seek>(reader: &mut R, message: Range<u64>) -> io::Result<GraphProto> {
    let (mut fields, mut rest, mut initializers) = (Fields::of(message), Rest::default(), Vec::new());
    while let Some(field) = fields.next(reader)? {
        match field.number {
            INITIALIZER if initializers.len() == MOST_TENSORS => return Err(invalid("it has too many tensors")),
            INITIALIZER => initializers.push(read_tensor(reader, field.content)?),
            _ => rest.take(reader, field)?,
        }
    }
    Ok(GraphProto { initializer: initializers, ..GraphProto::decode(&*rest.0)? })
}

fn read_tensor<R: Read + Seek>(reader: &mut R, message: Range<u64>) -> io::Result<TensorProto> {
    let (mut fields, mut rest, mut data) = (Fields::of(message), Rest::default(), None);
    while let Some(field) = fields.next(reader)? {
        match field.number == RAW_DATA && field.content.end - field.content.start > SMALL {
            true => data = Some(field.content),
            false => rest.take(reader, field)?,
        }
    }
    let mut tensor = TensorProto::decode(&*rest.0)?;
    if let Some(data) = data {
        point_outside(&mut tensor, OWN, data.start, data.end - data.start);
    }
    Ok(tensor)
}

/// Leaves of a graph what `output` is made of.
fn prune(graph: &mut GraphProto, output: &str) {
    let makers: HashMap<&str, usize> = graph
        .node
        .iter()
        .enumerate()
        .flat_map(|(i, node)| node.output.iter().map(move |name| (name.as_str(), i)))
        .collect();
    let mut needed: HashSet<String> = HashSet::from([output.to_owned()]);
    let mut used: HashSet<usize> = HashSet::new();
    let mut open = vec![output.to_owned()];
    while let Some(value) = open.pop() {
        let Some(&maker) = makers.get(value.as_str()) else { continue };
        if used.insert(maker) {
            let mut inputs = Vec::new();
            inputs_of(&graph.node[maker], &mut inputs);
            open.extend(inputs.into_iter().filter(|input| needed.insert(input.clone())));
        }
    }
    let mut place = 0;
    graph.node.retain(|_| {
        place += 1;
        used.contains(&(place - 1))
    });
    graph.initializer.retain(|tensor| needed.contains(&tensor.name));
    graph.input.retain(|input| needed.contains(&input.name));
    graph.output.retain(|value| value.name == output);
    graph.value_info.retain(|value| needed.contains(&value.name));
}

/// Everything that an operator reads, by itself or in graphs inside it.
fn inputs_of(node: &NodeProto, inputs: &mut Vec<String>) {
    inputs.extend(node.input.iter().cloned());
    for attribute in &node.attribute {
        for graph in attribute.g.iter().chain(&attribute.graphs) {
            graph.node.iter().for_each(|node| inputs_of(node, inputs));
            // A graph inside may give out a value of the graph around it as it is.
            inputs.extend(graph.output.iter().map(|output| output.name.clone()));
        }
    }
}

fn invalid(detail: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, detail)
}
