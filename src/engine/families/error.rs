//! Errors of reading a model's configuration.

/// A configuration names no family that can be used.
#[derive(Debug, thiserror::Error)]
pub enum FamilyError {
    /// `model_type` is none that the program knows.
    #[error("model type {found:?} is not one of {known:?}")]
    Unknown {
        /// `model_type`; empty where there is none.
        found: String,
        /// The kinds that are known.
        known: Vec<&'static str>,
    },
    /// There is no `model_type`, but code that came with the model and is never run.
    #[error("the configuration names code of its own and none of {known:?}")]
    OwnCode {
        /// The kinds that are known.
        known: Vec<&'static str>,
    },
    /// The configuration of a known family does not make sense.
    #[error("{key} in config.json is {found}")]
    BadValue {
        /// The key.
        key: String,
        /// Its content.
        found: String,
    },
}
