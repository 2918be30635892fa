//! Settings of an image processor: from its file, and from transformers' class of its name where the file says nothing.

use serde_json::Value as Json;

use super::{ProcessorError, Size};
use crate::engine::resample::Filter;

/// Mean and standard deviation of the pictures that CLIP was trained on (transformers, `OPENAI_CLIP_MEAN`).
const CLIP_COLOURS: [[f64; 3]; 2] = [[0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]];

/// Means and deviations that bring levels to between -1 and 1 (transformers, `IMAGENET_STANDARD_MEAN`).
const HALVES: [[f64; 3]; 2] = [[0.5; 3]; 2];

/// The defaults of a class, where its file says nothing. All three resize, with a bicubic filter, scale and normalise.
#[derive(Debug, Clone, Copy)]
struct Class {
    size: Size,
    crop: Option<(u32, u32)>,
    /// Mean and standard deviation.
    colours: [[f64; 3]; 2],
}

/// `CLIPImageProcessor` and `ChineseCLIPImageProcessor`.
const CLIP: Class = Class { size: Size::ShortestEdge(224), crop: Some((224, 224)), colours: CLIP_COLOURS };

/// `SiglipImageProcessor`.
const SIGLIP: Class = Class { size: Size::Exact { height: 224, width: 224 }, crop: None, colours: HALVES };

impl Class {
    /// The class that reads a file: the one it names, in the spellings that there were; else the one of the model's
    /// family. The defaults of any other class are not known.
    fn of(config: &Json, family: &str) -> Option<Class> {
        let named =
            ["image_processor_type", "feature_extractor_type"].iter().find_map(|key| config.get(*key)?.as_str());
        let Some(named) = named else {
            return Some(if family == "siglip" { SIGLIP } else { CLIP });
        };
        let name = named.strip_suffix("Fast").or_else(|| named.strip_suffix("Pil")).unwrap_or(named);
        match name.strip_suffix("ImageProcessor").or_else(|| name.strip_suffix("FeatureExtractor"))? {
            "CLIP" | "ChineseCLIP" => Some(CLIP),
            "Siglip" => Some(SIGLIP),
            _ => None,
        }
    }
}

/// A processor's file, read with the defaults of its class.
pub(super) struct Settings<'c> {
    config: &'c Json,
    class: Option<Class>,
}

impl<'c> Settings<'c> {
    pub(super) fn new(config: &'c Json, family: &str) -> Settings<'c> {
        Settings { config, class: Class::of(config, family) }
    }

    /// The value under a key, `null` included: the class's default takes its place only where the key is left out.
    fn get(&self, key: &str) -> Option<&'c Json> {
        self.config.get(key)
    }

    /// The class's default, where the file is silent on a key that has no other meaning.
    fn by_class<T>(&self, key: &str, default: impl Fn(&Class) -> Option<T>) -> Result<T, ProcessorError> {
        self.class.as_ref().and_then(default).ok_or_else(|| bad(key, None))
    }

    /// Whether a step is taken; of `null`, it is not.
    fn flag(&self, key: &str, default: bool) -> bool {
        match self.get(key) {
            Some(Json::Null) => false,
            said => said.and_then(Json::as_bool).unwrap_or(default),
        }
    }

    /// The size that pictures are resized to and how, where they are.
    pub(super) fn resize(&self) -> Result<Option<(Size, Filter)>, ProcessorError> {
        self.flag("do_resize", true).then(|| Ok((self.size()?, self.filter()?))).transpose()
    }

    /// Height and width of what is cut out, where something is.
    pub(super) fn crop(&self) -> Result<Option<(u32, u32)>, ProcessorError> {
        let key = "crop_size";
        let crops = match self.class {
            Some(class) => class.crop.is_some(),
            None => self.get(key).is_some_and(|said| !said.is_null()),
        };
        self.flag("do_center_crop", crops)
            .then(|| match self.get(key) {
                Some(said) => rectangle(key, said),
                None => self.by_class(key, |class| class.crop),
            })
            .transpose()
    }

    fn size(&self) -> Result<Size, ProcessorError> {
        let key = "size";
        match self.get(key) {
            None => self.by_class(key, |class| Some(class.size)),
            // One number is what the class makes of it: SigLIP's a square, CLIP's the shorter side.
            Some(edge @ Json::Number(_)) => match self.class.map(|class| class.size) {
                Some(Size::Exact { .. }) => pixels(key, edge).map(|side| Size::Exact { height: side, width: side }),
                _ => pixels(key, edge).map(Size::ShortestEdge),
            },
            Some(said) => match said.get("shortest_edge").filter(|edge| !edge.is_null()) {
                Some(edge) => pixels("size.shortest_edge", edge).map(Size::ShortestEdge),
                None => rectangle(key, said).map(|(height, width)| Size::Exact { height, width }),
            },
        }
    }

    /// Pillow's resampling filters, by the numbers it gives them.
    fn filter(&self) -> Result<Filter, ProcessorError> {
        let key = "resample";
        let Some(said) = self.get(key) else { return self.by_class(key, |_| Some(Filter::Bicubic)) };
        match said.as_u64() {
            Some(1) => Ok(Filter::Lanczos),
            Some(2) => Ok(Filter::Bilinear),
            Some(3) => Ok(Filter::Bicubic),
            Some(4) => Ok(Filter::Box),
            Some(5) => Ok(Filter::Hamming),
            _ => Err(bad(key, Some(said))),
        }
    }

    /// `(level * rescale_factor - mean) / std` for each channel and level.
    pub(super) fn levels(&self) -> Result<Box<[[f32; 256]; 3]>, ProcessorError> {
        let factor = match self.get("rescale_factor") {
            _ if !self.flag("do_rescale", true) => 1.0,
            None => 1.0 / 255.0,
            Some(factor) => factor.as_f64().ok_or_else(|| bad("rescale_factor", Some(factor)))?,
        };
        let [mean, std] = match self.flag("do_normalize", true) {
            true => [self.colours("image_mean", 0)?, self.colours("image_std", 1)?],
            false => [[0.0; 3], [1.0; 3]],
        };
        let mut levels = Box::new([[0.0; 256]; 3]);
        for (channel, table) in levels.iter_mut().enumerate() {
            for (level, value) in table.iter_mut().enumerate() {
                *value = ((level as f64 * factor - mean[channel]) / std[channel]) as f32;
            }
        }
        match levels.iter().flatten().all(|value| value.is_finite()) {
            true => Ok(levels),
            false => Err(bad("image_std", self.get("image_std"))),
        }
    }

    /// A number for each channel.
    fn colours(&self, key: &str, which: usize) -> Result<[f64; 3], ProcessorError> {
        let Some(said) = self.get(key) else { return self.by_class(key, |class| class.colours.get(which).copied()) };
        let numbers = said.as_array().map(|list| list.iter().filter_map(Json::as_f64).collect::<Vec<_>>());
        numbers.and_then(|numbers| numbers.try_into().ok()).ok_or_else(|| bad(key, Some(said)))
    }
}

/// Height and width, from an object or, in old files, a list of both or one number for both.
fn rectangle(key: &str, said: &Json) -> Result<(u32, u32), ProcessorError> {
    match said {
        Json::Number(_) => pixels(key, said).map(|side| (side, side)),
        Json::Array(sides) if sides.len() == 2 => Ok((pixels(key, &sides[0])?, pixels(key, &sides[1])?)),
        Json::Object(sides) => {
            let side = |name: &str| pixels(&format!("{key}.{name}"), sides.get(name).unwrap_or(&Json::Null));
            Ok((side("height")?, side("width")?))
        }
        _ => Err(bad(key, Some(said))),
    }
}

fn pixels(key: &str, value: &Json) -> Result<u32, ProcessorError> {
    let count = value.as_u64().filter(|count| (1..=4096).contains(count));
    count.map(|count| count as u32).ok_or_else(|| bad(key, Some(value)))
}

fn bad(key: &str, found: Option<&Json>) -> ProcessorError {
    let found = found.map_or_else(|| "missing".to_owned(), Json::to_string);
    ProcessorError { key: key.to_owned(), found }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::ImageProcessor;
    use super::*;

    /// The files that transformers 5.23 writes for `CLIPImageProcessor()` and `SiglipImageProcessor()`, as far as it is
    /// read here.
    fn written_out(class: &str) -> Json {
        let whole = json!({"height": 224, "width": 224});
        let mut config = json!({
            "do_resize": true, "do_rescale": true, "do_normalize": true, "resample": 3, "rescale_factor": 1.0 / 255.0,
            "image_processor_type": class, "size": whole, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5],
        });
        if class != "SiglipImageProcessor" {
            config["size"] = json!({"shortest_edge": 224});
            config["crop_size"] = whole;
            config["do_center_crop"] = json!(true);
            config["image_mean"] = json!([0.48145466, 0.4578275, 0.40821073]);
            config["image_std"] = json!([0.26862954, 0.26130258, 0.27577711]);
        }
        config
    }

    #[test]
    fn missing_key_has_the_default_of_the_class() {
        for (class, family) in [
            ("CLIPImageProcessor", "clip"),
            ("SiglipImageProcessor", "siglip"),
            ("ChineseCLIPImageProcessor", "chinese_clip"),
        ] {
            let whole = ImageProcessor::from_config(&written_out(class), family, 224).unwrap();
            assert_eq!(ImageProcessor::from_config(&json!({}), family, 224), Ok(whole.clone()), "by the family");
            let written = written_out(class);
            for key in written.as_object().unwrap().keys() {
                let mut less = written.clone();
                less.as_object_mut().unwrap().remove(key);
                assert_eq!(ImageProcessor::from_config(&less, family, 224), Ok(whole.clone()), "{class} {key}");
            }
            let old = class.replace("ImageProcessor", "FeatureExtractor");
            for named in [
                json!({"image_processor_type": class}),
                json!({"image_processor_type": format!("{class}Fast")}),
                json!({"image_processor_type": format!("{class}Pil")}),
                json!({"image_processor_type": old}),
                json!({"feature_extractor_type": old}),
            ] {
                // The class that is named counts, and not the family.
                let other = if family == "siglip" { "clip" } else { "siglip" };
                assert_eq!(ImageProcessor::from_config(&named, other, 224), Ok(whole.clone()), "{named}");
            }
        }
    }

    #[test]
    fn missing_size_is_224_and_fits_no_other_tower() {
        let refused = ImageProcessor::from_config(&json!({}), "clip", 336).unwrap_err();
        assert_eq!((refused.key.as_str(), refused.found.as_str()), ("size", "224x224"));
    }

    #[test]
    fn siglip_without_a_crop_flag_crops_nothing() {
        let config = json!({"crop_size": {"height": 224, "width": 224}});
        let whole = ImageProcessor::from_config(&written_out("SiglipImageProcessor"), "siglip", 224);
        assert_eq!(ImageProcessor::from_config(&config, "siglip", 224), whole);
        let told = json!({"do_center_crop": true});
        assert_eq!(ImageProcessor::from_config(&told, "siglip", 224).unwrap_err().key, "crop_size");
    }

    #[test]
    fn unknown_class_has_no_defaults() {
        let mut config = written_out("ViTImageProcessor");
        assert!(ImageProcessor::from_config(&config, "clip", 224).is_ok());
        for key in ["size", "resample", "image_mean", "image_std"] {
            let said = config.as_object_mut().unwrap().remove(key).unwrap();
            let refused = ImageProcessor::from_config(&config, "clip", 224).unwrap_err();
            assert_eq!((refused.key.as_str(), refused.found.as_str()), (key, "missing"));
            config[key] = said;
        }
    }

    /// As transformers has it: a step that is `null` is not taken, a value that is `null` is none.
    #[test]
    fn null_value_is_not_replaced_by_a_default() {
        let read = |config: Json, family: &str| ImageProcessor::from_config(&config, family, 224);
        for key in ["size", "resample", "crop_size", "rescale_factor", "image_mean", "image_std"] {
            assert_eq!(read(json!({key: null}), "clip").unwrap_err().found, "null", "{key}");
        }
        for step in ["do_resize", "do_rescale", "do_normalize"] {
            assert_eq!(read(json!({step: null}), "clip"), read(json!({step: false}), "clip"), "{step}");
        }
        assert_eq!(read(json!({"do_center_crop": null}), "clip").unwrap_err().found, "no fixed size");
        assert_eq!(read(json!({"do_center_crop": null, "crop_size": null}), "siglip"), read(json!({}), "siglip"));
    }

    #[test]
    fn size_as_one_number_is_read() {
        for family in ["siglip", "clip"] {
            let config = json!({"size": 224});
            let plain = ImageProcessor::from_config(&json!({}), family, 224);
            assert_eq!(ImageProcessor::from_config(&config, family, 224), plain, "{family}");
        }
    }

    #[test]
    fn size_as_a_list_is_read() {
        let config = json!({"size": [224, 224]});
        assert_eq!(
            ImageProcessor::from_config(&config, "siglip", 224),
            ImageProcessor::from_config(&json!({}), "siglip", 224)
        );
    }
}
