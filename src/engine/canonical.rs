//! The canonical text of a checkpoint's settings, which its fingerprint hashes. Users' caches and sessions are found by
//! it, so its spelling is fixed here and depends on no name in the code: it is the one that version 0.1.0 had, which
//! took it from Rust's `Debug` output.

/// A record: its name and its fields in order, `Name { first: 1, second: 2 }`.
pub(super) fn record(name: &str, fields: &[(&str, String)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(field, value)| format!("{field}: {value}")).collect();
    format!("{name} {{ {} }}", fields.join(", "))
}

/// An optional value: `None` or `Some(value)`.
pub(super) fn option(value: Option<String>) -> String {
    value.map_or_else(|| "None".to_owned(), |value| format!("Some({value})"))
}

/// A list: `[1, 2]`.
pub(super) fn list(values: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", values.into_iter().collect::<Vec<_>>().join(", "))
}

/// A number in single precision: the shortest decimal that reads back as the same number. It has a decimal point or an
/// exponent, and the exponent below 0.0001 and from 10^16 on.
pub(super) fn float(number: f32) -> String {
    let size = number.abs();
    let text = if size.is_finite() && size != 0.0 && !(1e-4..1e16).contains(&size) {
        format!("{number:e}")
    } else {
        number.to_string()
    };
    let is_whole = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if is_whole { format!("{text}.0") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn float_at_each_boundary_has_its_pinned_form() {
        for (number, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (-1.5, "-1.5"),
            (0.0001, "0.0001"),
            (0.000099, "9.9e-5"),
            (1e-12, "1e-12"),
            (-2.5e-30, "-2.5e-30"),
            (123_456_790.0, "123456790.0"),
            (9.9e15, "9900000000000000.0"),
            (1e16, "1e16"),
            (f32::MAX, "3.4028235e38"),
            (f32::MIN_POSITIVE, "1.1754944e-38"),
            (f32::INFINITY, "inf"),
            (f32::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(float(number), expected);
        }
    }

    proptest! {
        /// The first versions wrote what `Debug` writes; where a later compiler's differs, `float` is right.
        #[test]
        fn float_of_any_bits_is_as_debug_wrote_it(bits: u32) {
            let number = f32::from_bits(bits);
            prop_assert_eq!(float(number), format!("{number:?}"));
        }
    }

    #[test]
    fn nested_values_have_their_pinned_form() {
        let inner = option(Some(list([float(1.0), "2".to_owned()])));
        let fields = [("inner", inner), ("none", option(None))];
        assert_eq!(record("Outer", &fields), "Outer { inner: Some([1.0, 2]), none: None }");
    }
}
