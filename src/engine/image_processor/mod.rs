//! From a decoded picture to the input of the image tower, as Pillow and transformers' image processors do it: resize
//! 8-bit pixels with an antialiasing filter, crop the centre, scale, normalise.

mod settings;

use image::RgbImage;
use ndarray::Array4;
use serde_json::Value as Json;

use self::settings::Settings;
use super::canonical;
use super::resample::{self, Axis, Filter};

/// The file that says how pictures are prepared.
pub const FILE: &str = "preprocessor_config.json";

/// The file that may say it too, under a key of its own, and then comes first.
pub const OUTER_FILE: &str = "processor_config.json";

/// The part of `processor_config.json` about pictures; none where it speaks of other things only, as older ones do.
pub fn nested(outer: &Json) -> Option<&Json> {
    outer.get("image_processor").filter(|config| !config.is_null())
}

/// How the size of the resized picture is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    /// The shorter side gets this many pixels, the longer keeps the proportion.
    ShortestEdge(u32),
    /// Exactly this, whatever the proportion.
    Exact { height: u32, width: u32 },
}

/// A checkpoint's preprocessing.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageProcessor {
    resize: Option<(Size, Filter)>,
    crop: Option<(u32, u32)>,
    /// For each channel, what each of the 256 levels becomes.
    levels: Box<[[f32; 256]; 3]>,
    side: u32,
}

/// A picture resized and cut, one byte a channel, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedPicture(Vec<u8>);

impl PreparedPicture {
    /// A grey picture of the same size: any model that works has an answer for it.
    pub fn grey_instead(&self) -> PreparedPicture {
        PreparedPicture(vec![128; self.0.len()])
    }
}

/// A key of the processor's file is missing or makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} is {found}")]
pub struct ProcessorError {
    /// The key.
    pub key: String,
    /// Its content.
    pub found: String,
}

impl ImageProcessor {
    /// Reads `preprocessor_config.json`, or what `processor_config.json` holds under `image_processor`, for a model of
    /// a family. `side` is what the image tower takes; a processor that makes something else is refused.
    pub fn from_config(config: &Json, family: &str, side: usize) -> Result<ImageProcessor, ProcessorError> {
        let settings = Settings::new(config, family);
        let (resize, crop) = (settings.resize()?, settings.crop()?);
        let side = u32::try_from(side).unwrap_or(u32::MAX);
        let made = match (crop, resize) {
            (Some(crop), _) => Some(crop),
            (None, Some((Size::Exact { height, width }, _))) => Some((height, width)),
            (None, _) => None,
        };
        if made != Some((side, side)) {
            let found = made.map_or_else(|| "no fixed size".to_owned(), |(height, width)| format!("{width}x{height}"));
            return Err(ProcessorError { key: "size".to_owned(), found });
        }
        Ok(ImageProcessor { resize, crop, levels: settings.levels()?, side })
    }

    /// The text that the fingerprint hashes.
    pub(super) fn canonical(&self) -> String {
        let resize = self.resize.map(|(size, filter)| format!("({}, {})", size.canonical(), filter.canonical()));
        let crop = self.crop.map(|(height, width)| format!("({height}, {width})"));
        let levels = self.levels.iter().map(|table| canonical::list(table.iter().copied().map(canonical::float)));
        let fields = [
            ("resize", canonical::option(resize)),
            ("crop", canonical::option(crop)),
            ("levels", canonical::list(levels)),
            ("side", self.side.to_string()),
        ];
        canonical::record("ImageProcessor", &fields)
    }

    /// Resizes and cuts a picture. Only the part that is kept is ever made, so that a picture of 20000x1 costs no more
    /// than any other.
    pub fn prepare(&self, picture: &RgbImage) -> PreparedPicture {
        let (width, height) = picture.dimensions();
        let ((new_height, new_width), filter) = match self.resize {
            Some((size, filter)) => (size.for_picture(height, width), filter),
            None => ((height, width), Filter::Box),
        };
        let (crop_height, crop_width) = self.crop.unwrap_or((new_height, new_width));
        let (rows, columns) = (CropRange::of(new_height, crop_height), CropRange::of(new_width, crop_width));
        let part = resample::resize(picture, rows.axis(height, new_height), columns.axis(width, new_width), filter);
        PreparedPicture(padded(part, &rows, &columns))
    }

    /// Pixel values of a batch: (rows, 3, side, side), normalised.
    pub fn batch(&self, pictures: &[&PreparedPicture]) -> Array4<f32> {
        let side = self.side as usize;
        let mut batch = Array4::zeros((pictures.len(), 3, side, side));
        for (picture, mut out) in pictures.iter().zip(batch.outer_iter_mut()) {
            for (channel, mut plane) in out.outer_iter_mut().enumerate() {
                let levels = &self.levels[channel];
                let values = picture.0.iter().skip(channel).step_by(3);
                plane.iter_mut().zip(values).for_each(|(out, level)| *out = levels[usize::from(*level)]);
            }
        }
        batch
    }
}

impl Size {
    fn canonical(self) -> String {
        match self {
            Size::ShortestEdge(edge) => format!("ShortestEdge({edge})"),
            Size::Exact { height, width } => {
                canonical::record("Exact", &[("height", height.to_string()), ("width", width.to_string())])
            }
        }
    }

    /// Height and width of the resized picture.
    fn for_picture(self, height: u32, width: u32) -> (u32, u32) {
        match self {
            Size::Exact { height, width } => (height, width),
            Size::ShortestEdge(edge) => {
                // transformers: `int(size * long / short)`, at least one pixel here.
                let longer = |long: u32, short: u32| {
                    let pixels = u64::from(edge) * u64::from(long) / u64::from(short.max(1));
                    u32::try_from(pixels).unwrap_or(u32::MAX).max(1)
                };
                if width <= height { (longer(height, width), edge) } else { (edge, longer(width, height)) }
            }
        }
    }
}

/// The part of one axis that a centre crop keeps, and how much black it adds where the picture is too small.
struct CropRange {
    start: u32,
    length: u32,
    before: u32,
    after: u32,
}

impl CropRange {
    fn of(size: u32, crop: u32) -> CropRange {
        if crop <= size {
            return CropRange { start: (size - crop) / 2, length: crop, before: 0, after: 0 };
        }
        let before = (crop - size).div_ceil(2);
        CropRange { start: 0, length: size, before, after: crop - size - before }
    }

    fn axis(&self, from: u32, to: u32) -> Axis {
        Axis { from, to, start: self.start, length: self.length }
    }
}

/// `part` with black around it where the crop is larger than the picture.
fn padded(part: Vec<u8>, rows: &CropRange, columns: &CropRange) -> Vec<u8> {
    if [rows, columns].iter().all(|kept| kept.before + kept.after == 0) {
        return part;
    }
    let line = columns.length as usize * 3;
    let whole_line = (columns.before + columns.length + columns.after) as usize * 3;
    let mut whole = vec![0; whole_line * (rows.before + rows.length + rows.after) as usize];
    for (row, pixels) in part.chunks_exact(line.max(1)).enumerate() {
        let start = (row + rows.before as usize) * whole_line + columns.before as usize * 3;
        whole[start..start + line].copy_from_slice(pixels);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn config() -> Json {
        json!({
            "size": {"shortest_edge": 8}, "crop_size": {"height": 8, "width": 8}, "do_center_crop": true,
            "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5],
        })
    }

    #[test]
    fn resized_size_equals_that_of_transformers() {
        let edge = Size::ShortestEdge(224);
        assert_eq!(edge.for_picture(480, 640), (224, 298));
        assert_eq!(edge.for_picture(640, 480), (298, 224));
        assert_eq!(edge.for_picture(1, 20_000), (224, 4_480_000));
        assert_eq!(edge.for_picture(7, 7), (224, 224));
    }

    #[test]
    fn old_and_new_spelling_of_sizes_are_equal() {
        let mut old = config();
        old["size"] = json!(8);
        old["crop_size"] = json!(8);
        assert_eq!(ImageProcessor::from_config(&old, "clip", 8), ImageProcessor::from_config(&config(), "clip", 8));
    }

    #[test]
    fn bad_value_is_refused_by_its_key() {
        for (key, value, named) in [
            ("size", json!("large"), "size"),
            ("size", json!({"shortest_edge": 0}), "size.shortest_edge"),
            ("crop_size", json!({"height": 8}), "crop_size.width"),
            ("crop_size", json!({"height": 9, "width": 8}), "size"),
            ("image_mean", json!([0.5]), "image_mean"),
            ("image_std", json!([0.5, 0.0, 0.5]), "image_std"),
            ("resample", json!(17), "resample"),
        ] {
            let mut config = config();
            config[key] = value;
            assert_eq!(ImageProcessor::from_config(&config, "clip", 8).unwrap_err().key, named);
        }
    }

    #[test]
    fn picture_of_any_proportion_becomes_a_square() {
        let processor = ImageProcessor::from_config(&config(), "clip", 8).unwrap();
        for (width, height) in [(1, 1), (20_000, 1), (1, 20_000), (8, 8), (9, 8), (640, 480)] {
            let prepared = processor.prepare(&RgbImage::from_pixel(width, height, image::Rgb([255, 0, 128])));
            let batch = processor.batch(&[&prepared]);
            assert_eq!(batch.shape(), [1, 3, 8, 8]);
            assert!(batch.slice(ndarray::s![0, 0, .., ..]).iter().all(|v| *v == 1.0), "{width}x{height}");
            assert!(batch.slice(ndarray::s![0, 1, .., ..]).iter().all(|v| *v == -1.0));
        }
    }

    #[test]
    fn crop_larger_than_the_picture_is_padded_with_black() {
        let mut config = config();
        config["size"] = json!({"shortest_edge": 5});
        let processor = ImageProcessor::from_config(&config, "clip", 8).unwrap();
        let prepared = processor.prepare(&RgbImage::from_pixel(10, 10, image::Rgb([255; 3])));
        let lit: Vec<bool> = prepared.0.iter().step_by(3).map(|level| *level == 255).collect();
        // transformers puts the odd line of padding first.
        assert!(!lit[8 + 2] && lit[2 * 8 + 2] && lit[6 * 8 + 6] && !lit[7 * 8 + 6]);
    }
}
