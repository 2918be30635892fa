//! The limit of a run, in words.

use super::Language;
use crate::domain::limit::Stage;
use crate::engine::runtime::Device;

/// The stage that limits; where the model is not on the processor, with the name of the device that it is on.
pub fn limit(language: &Language, stage: Stage, device: &str) -> String {
    match stage {
        Stage::Reading => language.text("limit.reading"),
        Stage::Decoding => language.text("limit.decoding"),
        // As in CPU (int8).
        Stage::Model if device.starts_with(&Device::Cpu.to_string()) => language.text("limit.model"),
        Stage::Model => language.say("limit.model_on", &[("device", &device)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_device_is_named_where_it_is_not_the_processor() {
        let said = |stage, device: Device| limit(&Language::english(), stage, &device.to_string());
        assert_eq!(said(Stage::Model, Device::Cpu), "the model limits");
        assert_eq!(said(Stage::Model, Device::Cuda([1].into())), "the model on CUDA:1 limits");
        assert_eq!(limit(&Language::english(), Stage::Model, "CPU (int8)"), "the model limits");
        assert_eq!(said(Stage::Reading, Device::Cuda([1].into())), "reading limits");
    }
}
