//! Letters of other alphabets and the Latin ones at the same place of an American keyboard, for terminals that do not
//! tell the place themselves.

/// Keys of other layouts, and those at the same places: Russian and Ukrainian, Greek, Hebrew (SI 1452).
const PAIRS: [(&str, &str); 4] = [
    ("йцукенгшщзхъфывапролджэячсмитьбюё", "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"),
    ("іїєґ", "s]'\\"),
    ("ςερτυθιοπασδφγηξκλζχψωβνμ", "wertyuiopasdfghjklzxcvbnm"),
    ("קראטוןםפשדגכעיחלךףזסבהנמצתץ", "ertyuiopasdfghjkl;zxcvbnm,."),
];

/// Signs with Shift held, where they are no capital letters.
const SHIFTED: (&str, &str) = ("[];',.`\\", "{}:\"<>~|");

/// The digits' keys of a French keyboard, without Shift, from 1 on.
const FRENCH_DIGITS: (&str, &str) = ("&é\"'(-è_çà", "1234567890");

/// The Latin letter or sign at a letter's place; none for letters of no known layout.
pub(super) fn at_place_of(letter: char) -> Option<char> {
    let mut lower = letter.to_lowercase();
    let small = lower.next().filter(|_| lower.next().is_none())?;
    let latin = PAIRS.iter().find_map(|(letters, latin)| partner(small, letters, latin))?;
    Some(if small == letter { latin } else { shifted(latin) })
}

/// The digit of a French keyboard's key.
pub(super) fn french_digit(sign: char) -> Option<char> {
    partner(sign, FRENCH_DIGITS.0, FRENCH_DIGITS.1)
}

/// A key of an American keyboard with Shift held.
pub(super) fn shifted(key: char) -> char {
    partner(key, SHIFTED.0, SHIFTED.1).unwrap_or_else(|| key.to_ascii_uppercase())
}

fn partner(wanted: char, from: &str, to: &str) -> Option<char> {
    from.chars().zip(to.chars()).find(|(one, _)| *one == wanted).map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_letter_has_one_place() {
        for (letters, latin) in PAIRS {
            assert_eq!(letters.chars().count(), latin.chars().count());
            let places: BTreeSet<char> = latin.chars().collect();
            assert_eq!(places.len(), latin.len(), "{letters}");
        }
        assert_eq!(FRENCH_DIGITS.0.chars().count(), 10);
    }

    #[test]
    fn letters_have_the_places_that_keyboards_give_them() {
        let places = [('ф', 'a'), ('Ф', 'A'), ('х', '['), ('Х', '{'), ('ъ', ']'), ('і', 's'), ('α', 'a'), ('Ω', 'V')];
        let places = places.into_iter().chain([('ש', 'a'), ('ח', 'j'), ('ס', 'x'), ('ю', '.'), ('н', 'y')]);
        for (letter, latin) in places {
            assert_eq!(at_place_of(letter), Some(latin), "{letter}");
        }
        for letter in ['a', 'é', 'ß', '漢', '?', 'İ'] {
            assert_eq!(at_place_of(letter), None, "{letter}");
        }
        assert_eq!((french_digit('&'), french_digit('à'), french_digit('a')), (Some('1'), Some('0'), None));
    }
}
