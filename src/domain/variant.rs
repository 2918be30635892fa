//! Variants: the precision in which the image tower computes.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error};

/// The numbers that the image tower computes with. The text tower, which answers for a few labels, computes in single
/// precision always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variant {
    /// Single precision, as the reference pipeline computes.
    Fp32,
    /// Half precision.
    Fp16,
    /// Matrix products in 8-bit integers, everything between them in single precision.
    Int8,
}

impl Variant {
    /// All of them.
    pub const ALL: [Variant; 3] = [Variant::Fp32, Variant::Fp16, Variant::Int8];

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Variant::Fp32 => "fp32",
            Variant::Fp16 => "fp16",
            Variant::Int8 => "int8",
        }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which variant is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VariantChoice {
    /// Single precision on a processor, half precision on a GPU.
    #[default]
    Auto,
    /// This one or nothing.
    Only(Variant),
}

impl<'de> Deserialize<'de> for VariantChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<VariantChoice, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl FromStr for VariantChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<VariantChoice, String> {
        let known = Variant::ALL.into_iter().find(|variant| variant.name() == text);
        match (text, known) {
            ("auto", _) => Ok(VariantChoice::Auto),
            (_, Some(variant)) => Ok(VariantChoice::Only(variant)),
            _ => Err(format!("{text:?} is none of auto, fp32, fp16 and int8")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variant_is_parsed_from_its_name() {
        assert_eq!("auto".parse(), Ok(VariantChoice::Auto));
        for variant in Variant::ALL {
            assert_eq!(variant.to_string().parse(), Ok(VariantChoice::Only(variant)));
        }
        assert!("fp8".parse::<VariantChoice>().is_err());
    }
}
