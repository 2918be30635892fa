//! A picture that went through the pipeline.

use half::f16;
use ndarray::Array1;

use crate::domain::picture::Picture;
use crate::files::defect::PictureDefect;

/// A picture and what is wrong with it.
#[derive(Debug)]
pub struct Classified {
    /// The picture.
    pub picture: Picture,
    /// The trouble, where the state is not ok.
    pub trouble: Option<PictureDefect>,
    /// Its embedding, where it has pixels.
    pub embedding: Option<Array1<f16>>,
}
