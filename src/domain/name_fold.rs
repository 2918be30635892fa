//! Comparing names as file systems do that ignore case and Unicode form.

use unicode_normalization::UnicodeNormalization;

/// The form in which two such names are equal.
pub fn fold(name: &str) -> String {
    // Small letters first: of the two letters for a sharp s, only the small one has a form in plain capitals.
    name.nfc().collect::<String>().to_lowercase().to_uppercase().to_lowercase().nfc().collect()
}
