//! Comparing names as file systems do that ignore case and Unicode form.

use unicode_normalization::UnicodeNormalization;

/// The form in which two such names are equal.
pub fn fold(name: &str) -> String {
    name.nfc().collect::<String>().to_uppercase().to_lowercase().nfc().collect()
}
