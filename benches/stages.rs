//! The stages of the pipeline, one by one: decoding and resizing a photograph, the towers, the scoring product,
//! and the ranking by one direction.
//!
//! The tower is that of the small test checkpoint, in every runtime there is: `ORT_DYLIB_PATH` names a library of ONNX
//! Runtime. `SIS_BENCH_MODEL` names another checkpoint.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot run should say so and end")]

use std::io::Cursor;
use std::path::{Path, PathBuf};

use divan::Bencher;
use divan::counter::ItemsCount;
use half::f16;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use ndarray::Array2;
use smart_image_sorter::domain::ranking::Ranking;
use smart_image_sorter::domain::score::{Activation, ScoreRule, normalise};
use smart_image_sorter::engine::checkpoint::Checkpoint;
use smart_image_sorter::engine::encoder::{ImageEncoder, TextEncoder};
use smart_image_sorter::engine::runtime::select::cores;
use smart_image_sorter::engine::runtime::{OnnxRuntime, Runtime, Workload};
use smart_image_sorter::files::decode::decode;
use smart_image_sorter::files::kind::{Format, Kind};
use smart_image_sorter::jobs::ranking::cosines_by_cores;
use smart_image_sorter::jobs::scoring::scores_by_cores;

fn main() {
    divan::main();
}

/// A picture of the size that messengers send, with enough detail that its JPEG is as large as a photograph's.
fn photograph() -> Vec<u8> {
    let picture = RgbImage::from_fn(1280, 960, |x, y| {
        let wave = (f64::from(x) / 37.0).sin() * (f64::from(y) / 23.0).cos() * 90.0 + 128.0;
        let grain = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)) >> 13 & 31;
        Rgb([wave as u8, (wave as u8).wrapping_add(grain as u8), (x / 5) as u8])
    });
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(picture).write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}

fn checkpoint() -> Checkpoint {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/clip");
    Checkpoint::open(&std::env::var_os("SIS_BENCH_MODEL").map_or_else(own, PathBuf::from)).unwrap()
}

/// Decoding alone, the plain loop that decoding and resizing is held against.
#[divan::bench]
fn decode_jpeg_of_1280x960(bencher: Bencher<'_, '_>) {
    let bytes = photograph();
    bencher.counter(ItemsCount::new(1usize)).bench(|| decode(&bytes, Kind::Picture(Format::Jpeg)).unwrap());
}

#[divan::bench]
fn decode_and_resize_jpeg_of_1280x960(bencher: Bencher<'_, '_>) {
    let (bytes, checkpoint) = (photograph(), checkpoint());
    let processor = checkpoint.processor();
    let prepare = || processor.prepare(&decode(&bytes, Kind::Picture(Format::Jpeg)).unwrap().pixels);
    bencher.counter(ItemsCount::new(1usize)).bench(prepare);
}

#[divan::bench(sample_count = 20)]
fn image_tower_in_tract(bencher: Bencher<'_, '_>) {
    image_tower(bencher, &Runtime::Tract, 1);
}

#[divan::bench(sample_count = 20, args = [1, 8])]
fn image_tower_in_onnx_runtime(bencher: Bencher<'_, '_>, batch: usize) {
    let Some(library) = std::env::var_os("ORT_DYLIB_PATH").map(PathBuf::from) else { return };
    let runtime = OnnxRuntime::start(&library, "", 2).unwrap();
    image_tower(bencher, &Runtime::OnnxRuntime(runtime), batch);
}

fn image_tower(bencher: Bencher<'_, '_>, runtime: &Runtime, batch: usize) {
    let checkpoint = checkpoint();
    let mut encoder = ImageEncoder::open(&checkpoint, runtime, 1, Workload::Many).unwrap().remove(0);
    let picture = decode(&photograph(), Kind::Picture(Format::Jpeg)).unwrap().pixels;
    let pictures = vec![checkpoint.processor().prepare(&picture); batch];
    bencher
        .counter(ItemsCount::new(batch))
        .bench_local(|| encoder.encode(&pictures.iter().collect::<Vec<_>>()).unwrap());
}

/// Both towers opened, from the files to where a picture and a sentence can go in.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn open_both_towers_in_tract() -> (Vec<ImageEncoder>, TextEncoder) {
    open_both_towers(&Runtime::Tract, Workload::Many)
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn open_both_towers_in_onnx_runtime() -> Option<(Vec<ImageEncoder>, TextEncoder)> {
    open_in_onnx_runtime(Workload::Many)
}

/// As for a few pictures: weights are left as they lie in the file.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn open_both_towers_in_onnx_runtime_for_few() -> Option<(Vec<ImageEncoder>, TextEncoder)> {
    open_in_onnx_runtime(Workload::Few)
}

fn open_in_onnx_runtime(uses: Workload) -> Option<(Vec<ImageEncoder>, TextEncoder)> {
    let library = std::env::var_os("ORT_DYLIB_PATH").map(PathBuf::from)?;
    let runtime = OnnxRuntime::start(&library, "", 2).unwrap();
    Some(open_both_towers(&Runtime::OnnxRuntime(runtime), uses))
}

fn open_both_towers(runtime: &Runtime, uses: Workload) -> (Vec<ImageEncoder>, TextEncoder) {
    let checkpoint = checkpoint();
    (ImageEncoder::open(&checkpoint, runtime, 1, uses).unwrap(), TextEncoder::open(&checkpoint, runtime).unwrap())
}

/// Scores of embeddings of 512 dimensions for ten labels.
#[divan::bench(sample_count = 20, sample_size = 1, args = [1_000, 100_000, 1_000_000])]
fn score_for_ten_labels_by_one_core(bencher: Bencher<'_, '_>, pictures: usize) {
    score(bencher, pictures, 1);
}

#[divan::bench(sample_count = 20, sample_size = 1, args = [1_000, 100_000, 1_000_000])]
fn score_for_ten_labels_by_all_cores(bencher: Bencher<'_, '_>, pictures: usize) {
    score(bencher, pictures, cores());
}

fn score(bencher: Bencher<'_, '_>, pictures: usize, cores: usize) {
    let values = |row: usize, column: usize| ((row * 31 + column * 17) % 101) as f32 - 50.0;
    // Of length one, about: a million in single precision first would be two gigabytes.
    let images = Array2::from_shape_fn((pictures, 512), |(r, c)| f16::from_f32(values(r, c) / 660.0));
    let labels = normalise(Array2::from_shape_fn((10, 512), |(r, c)| values(r + 7, c))).unwrap();
    let rule = ScoreRule { scale: 100.0, bias: 0.0, activation: Activation::Softmax };
    bencher.counter(ItemsCount::new(pictures)).bench(|| scores_by_cores(images.view(), labels.view(), rule, cores));
}

/// The search for a sentence whose embedding is there, or for likeness to a picture: 768 dimensions, as the large
/// models have, and every picture in its place.
#[divan::bench(sample_count = 20, sample_size = 1, args = [1_000, 100_000])]
fn rank_by_one_core(bencher: Bencher<'_, '_>, pictures: usize) {
    rank(bencher, pictures, 1);
}

#[divan::bench(sample_count = 20, sample_size = 1, args = [1_000, 100_000])]
fn rank_by_all_cores(bencher: Bencher<'_, '_>, pictures: usize) {
    rank(bencher, pictures, cores());
}

fn rank(bencher: Bencher<'_, '_>, pictures: usize, cores: usize) {
    let values = |r: usize, c: usize| ((r * 31 + c * 7) % 101) as f32 - 50.0;
    let images = Array2::from_shape_fn((pictures, 768), |(r, c)| f16::from_f32(values(r, c) / 810.0));
    let direction = normalise(Array2::from_shape_fn((1, 768), |(r, c)| values(r + 7, c))).unwrap();
    let rank = || Ranking::of(cosines_by_cores(images.view(), direction.row(0), cores), None);
    bencher.counter(ItemsCount::new(pictures)).bench(rank);
}
