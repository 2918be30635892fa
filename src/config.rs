//! Defaults: those that are built in, and the user's own file over them, key by key.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::domain::settings::Operation;
use crate::domain::variant::VariantChoice;
use crate::plain_file;

/// The defaults that are built in.
const BUILT_IN: &str = include_str!("../config/defaults.toml");

/// The user's own file, in the program's configuration folder.
const USER_FILE: &str = "settings.toml";

/// The largest file of settings that is read.
const LARGEST_FILE: u64 = 1_000_000;

/// Which language is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum LanguageSetting {
    /// The language of the system, as far as the program speaks it.
    #[default]
    #[serde(rename = "auto")]
    Auto,
    /// English.
    #[serde(rename = "en")]
    English,
    /// Portuguese.
    #[serde(rename = "pt")]
    Portuguese,
}

/// How pictures are drawn on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preview {
    /// As well as the terminal says that it can.
    #[default]
    Auto,
    /// The protocol of kitty.
    Kitty,
    /// The protocol of iTerm2.
    Iterm2,
    /// Sixels.
    Sixel,
    /// In cells of two columns and three rows of dots.
    Sextants,
    /// In cells of two columns and two rows of dots.
    Quadrants,
    /// Half blocks of two colours, which every terminal has.
    Blocks,
    /// Not at all.
    None,
}

/// Which colours can be read on the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Background {
    /// As the terminal says, and dark where it does not.
    #[default]
    Auto,
    /// Light text.
    Dark,
    /// Dark text.
    Light,
}

/// The defaults, where nothing else is said.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    /// Which language is spoken.
    pub language: LanguageSetting,
    /// The model of a command without `--model`: a name on the hub, a folder, or `demo`.
    pub model: String,
    /// The sentence around each prompt, or several, one a line.
    pub template: String,
    /// The lowest score that is acted on.
    pub threshold: f32,
    /// The lowest distance to the second score that is acted on.
    pub margin: f32,
    /// Copy or move.
    pub operation: Operation,
    /// Look into sub-folders.
    pub recursive: bool,
    /// Look at hidden files too.
    pub hidden: bool,
    /// Patterns: where there are any, only what one of them is for is looked at.
    pub include: Vec<String>,
    /// Patterns: what one of them is for is not looked at.
    pub exclude: Vec<String>,
    /// A file that is as it was when it was hashed last, as far as the file system tells, is not read again.
    pub trust_unchanged: bool,
    /// The table of what happened, in the destination.
    pub output_file: PathBuf,
    /// A library of ONNX Runtime, or its folder.
    pub onnxruntime_library: Option<PathBuf>,
    /// The numbers that the image tower computes with.
    pub variant: VariantChoice,
    /// How large the cache of embeddings may grow, in millions of bytes.
    pub embedding_cache_mb: u64,
    /// How pictures are drawn on a terminal.
    pub preview: Preview,
    /// Which colours can be read on the terminal.
    pub background: Background,
    /// The program that opens a picture outside of the app, with its arguments; the file comes last. The system's own
    /// where it is not set.
    pub viewer: Option<String>,
    /// The mouse works in the app. The terminal then marks text only with a key held.
    pub mouse: bool,
}

/// The user's file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path} cannot be used: {detail}")]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// The fault.
    pub detail: String,
}

impl Defaults {
    /// The defaults, with the user's file in `folder` over them where there is one.
    pub fn load(folder: Option<&Path>) -> Result<Defaults, ConfigError> {
        let path = folder.map(|folder| folder.join(USER_FILE)).unwrap_or_default();
        let failed = |detail: String| ConfigError { path: path.clone(), detail };
        let mut table: toml::Table = BUILT_IN.parse().map_err(|error: toml::de::Error| failed(error.to_string()))?;
        match plain_file::read_text(&path, LARGEST_FILE) {
            Ok(text) => {
                let own: toml::Table =
                    text.parse().map_err(|error: toml::de::Error| failed(error.message().to_owned()))?;
                table.extend(own);
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error.to_string())),
        }
        let defaults = Defaults::deserialize(table).map_err(|error| failed(error.message().to_owned()))?;
        match defaults.viewer.as_deref().map(shell_words::split) {
            Some(Err(error)) => Err(failed(format!("viewer: {error}"))),
            _ => Ok(defaults),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_file_overrides_key_by_key() {
        let folder = tempfile::tempdir().unwrap();
        let built_in = Defaults::load(None).unwrap();
        assert_eq!(Defaults::load(Some(folder.path())).unwrap(), built_in);
        let write = |text: &str| std::fs::write(folder.path().join(USER_FILE), text).unwrap();
        write("margin = 0.2\nlanguage = \"pt\"");
        let own = Defaults { margin: 0.2, language: LanguageSetting::Portuguese, ..built_in };
        assert_eq!(Defaults::load(Some(folder.path())).unwrap(), own);
        for wrong in [
            "language = \"fr\"",
            "margin = \"wide\"",
            "marginn = 0.2",
            "margin",
            "variant = \"int4\"",
            "viewer = \"feh '\"",
        ] {
            write(wrong);
            assert!(Defaults::load(Some(folder.path())).is_err(), "{wrong}");
        }
    }
}
