//! A picture and the state its bytes are in.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::hex::hex;
use super::score::Prediction;

/// The result of decoding a picture. Only [`PictureState::Ok`] pictures are copied or moved by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PictureState {
    /// Whole and decoded.
    Ok,
    /// The file ends too early or lacks data: a half-written or damaged picture. Scored where it could be decoded all
    /// the same.
    Suspect,
    /// An image, but of a kind or size that this program does not decode.
    Unsupported,
    /// Named like an image or beginning like one, but it cannot be decoded.
    Unreadable,
}

impl PictureState {
    /// The word used in `output.csv` and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            PictureState::Ok => "ok",
            PictureState::Suspect => "suspect",
            PictureState::Unsupported => "unsupported",
            PictureState::Unreadable => "unreadable",
        }
    }
}

impl PictureState {
    /// Every state.
    pub const ALL: [PictureState; 4] =
        [PictureState::Ok, PictureState::Suspect, PictureState::Unsupported, PictureState::Unreadable];

    /// The state that a word stands for.
    pub fn from_word(word: &str) -> Option<PictureState> {
        PictureState::ALL.into_iter().find(|state| state.word() == word)
    }
}

impl fmt::Display for PictureState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A picture's number in a session: a path with one content. The same path with another content is another picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PictureId(pub i64);

/// SHA-256 of a file's content.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentHash(pub [u8; 32]);

impl ContentHash {
    /// The hash that 64 hexadecimal digits tell.
    pub fn from_digits(digits: &str) -> Option<ContentHash> {
        let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let bytes: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(pair).collect();
        bytes?.try_into().ok().map(ContentHash)
    }

    /// The first eight hexadecimal digits, added to a file name that is taken.
    pub fn short(&self) -> String {
        self.to_string()[..8].to_owned()
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
    }
}

/// The state of a file when it was read, to notice later that it has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileStamp {
    /// The file system it lives on.
    pub device: u64,
    /// Its number on that file system.
    pub inode: u64,
    /// Its length in bytes.
    pub size: u64,
    /// When its content last changed, in nanoseconds since 1970.
    pub modified_ns: i128,
}

/// A picture after classification, with all that is known of it.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Where it is: the source folder joined with its place in it.
    pub path: PathBuf,
    /// Its content, where it could be read.
    pub hash: Option<ContentHash>,
    /// The file as it was when read, where it could be read.
    pub stamp: Option<FileStamp>,
    /// The result of decoding it.
    pub state: PictureState,
    /// Its scores, where it has pixels.
    pub prediction: Option<Prediction>,
}

impl Picture {
    /// The last part of its path.
    pub fn file_name(&self) -> &std::ffi::OsStr {
        Path::new(&self.path).file_name().unwrap_or(self.path.as_os_str())
    }
}
