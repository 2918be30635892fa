//! The app on a full screen: model, message, update, view (The Elm Architecture). `update` is pure; what is to be done
//! outside goes as effects to the backend, and `view` only reads.

mod action;
mod effect;
mod event_loop;
mod grid_layout;
pub mod headless;
mod input_line;
mod key;
mod key_positions;
mod keys;
mod last_settings;
mod layout;
mod message;
mod model;
mod outside;
mod preview;
mod samples;
mod terminal;
#[cfg(test)]
mod tests;
mod theme;
mod update;
mod view;
mod wake;

use crate::domain::settings::ModelName;

pub use event_loop::run;

/// The model's name of the samples.
const SAMPLES_MODEL: ModelName = ModelName::Demo;
