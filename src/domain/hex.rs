//! Bytes as hexadecimal digits: how hashes are written everywhere.

use std::fmt::Write;

/// Two lower-case digits a byte.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut digits, byte| {
        // A string takes whatever is written to it.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_of_any_byte_has_two_digits() {
        assert_eq!(hex(&[0, 7, 0xab, 255]), "0007abff");
    }
}
