//! The values of arguments that are neither text nor numbers, and how they are read.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::domain::settings::Operation;
use crate::domain::variant::VariantChoice;
use crate::engine::runtime::select::{DeviceChoice, RuntimeChoice};

/// The operation on pictures.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum OperationName {
    Copy,
    Move,
}

impl From<OperationName> for Operation {
    fn from(name: OperationName) -> Operation {
        match name {
            OperationName::Copy => Operation::Copy,
            OperationName::Move => Operation::Move,
        }
    }
}

/// The runtime that runs the model.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(super) enum RuntimeName {
    #[default]
    Auto,
    #[value(name = "onnxruntime")]
    OnnxRuntime,
    Tract,
}

impl From<RuntimeName> for RuntimeChoice {
    fn from(name: RuntimeName) -> RuntimeChoice {
        match name {
            RuntimeName::Auto => RuntimeChoice::Auto,
            RuntimeName::OnnxRuntime => RuntimeChoice::OnnxRuntime,
            RuntimeName::Tract => RuntimeChoice::Tract,
        }
    }
}

/// Where and how the model is run.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct RuntimeOptions {
    #[arg(long, value_name = "DEVICE", default_value = "auto", env = "SIS_DEVICE")]
    pub(super) device: DeviceChoice,
    #[arg(long, value_name = "RUNTIME", default_value = "auto", env = "SIS_RUNTIME")]
    pub(super) runtime: RuntimeName,
    #[arg(long, value_name = "VARIANT", env = "SIS_VARIANT")]
    pub(super) variant: Option<VariantChoice>,
}

/// A length of time: from a tenth of a second to a day.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.1..=86_400.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "give seconds, 0.1 to 86400".to_owned())
}

/// A yes or a no, in the words of the Python tool too.
pub(super) fn yes_or_no(text: &str) -> Result<bool, String> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err("give true or false".to_owned()),
    }
}
