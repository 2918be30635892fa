//! Comparing names as file systems do that ignore case and Unicode form.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The form in which two such names are equal.
pub fn fold(name: &str) -> String {
    // Small letters first: of the two letters for a sharp s, only the small one has a form in plain capitals.
    name.nfc().collect::<String>().to_lowercase().to_uppercase().to_lowercase().nfc().collect()
}

/// The form of a text in which it is looked for: small letters without accents.
pub fn fold_for_search(text: &str) -> String {
    match text.is_ascii() {
        // Most names are, and need no tables.
        true => text.to_ascii_lowercase(),
        false => {
            let letters = fold(text).nfkd().filter(|c| !is_combining_mark(*c)).collect::<String>();
            // A sigma at the end of a word is one inside of it as soon as a letter more is typed.
            letters.replace('ς', "σ")
        }
    }
}
