//! The form in which a text tower takes sentences, and the tokenizer's files.

/// A whole tokenizer, of whatever kind.
pub const WHOLE: &str = "tokenizer.json";

/// Facts that a tokenizer's own file does not say.
pub const TOKENIZER_CONFIG: &str = "tokenizer_config.json";

/// The largest file of a tokenizer that is read. The largest seen, for 256,000 words, has 35 MB.
pub(super) const LARGEST_FILE: u64 = 100_000_000;

/// How a family's sentences are made ready for its text tower.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextForm {
    /// The most tokens that the tower takes.
    pub longest: usize,
    /// How many different tokens it knows.
    pub vocabulary: usize,
    /// Which tokenizer it has.
    pub kind: Kind,
    /// How sentences are filled up.
    pub padding: Padding,
}

/// The tokenizers that families have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Byte pairs, as CLIP has them.
    Clip,
    /// Word pieces, as BERT has them.
    Bert,
    /// The tokenizer of SigLIP and SigLIP 2.
    Siglip,
}

impl Kind {
    /// The files that a tokenizer can be made of where there is no [`WHOLE`].
    pub fn parts(self) -> &'static [&'static str] {
        match self {
            Kind::Clip => &["vocab.json", "merges.txt"],
            Kind::Bert => &["vocab.txt"],
            Kind::Siglip => &["spiece.model"],
        }
    }

    /// Whether [`TOKENIZER_CONFIG`] has to be there. Without it a SigLIP tower would be told what fills up, as it never
    /// was in its training, and answer nonsense.
    pub fn needs_config(self) -> bool {
        self == Kind::Siglip
    }
}

/// How sentences are filled up to one length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// To the longest of those that go through the tower together. What with does not matter: the tower does not look
    /// at what comes after the sentence.
    ToLongest,
    /// Always to the most that the tower takes.
    Always {
        /// The token to fill up with, where the tokenizer does not name one.
        padding: u32,
    },
}
