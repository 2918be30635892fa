//! Unpacks LZW, as TIFF (TIFF 6.0, section 13) and GIF (GIF89a, appendix F) have it.

use std::io::{ErrorKind, Read, Result};

use weezl::decode::{Configuration, Decoder};
use weezl::{BitOrder, LzwStatus};

/// A reader of the unpacked data. An undefined code is an error.
pub(super) struct Lzw<'b> {
    decoder: Decoder,
    bytes: &'b [u8],
    /// The decoder met an undefined code. It would continue after it.
    is_broken: bool,
}

impl<'b> Lzw<'b> {
    /// A strip of a TIFF: with the highest bit of a code first, or, as the first programs wrote it, the lowest.
    pub(super) fn of_tiff(bytes: &'b [u8]) -> Lzw<'b> {
        let is_old = matches!(bytes, [0, second, ..] if second & 1 == 1);
        let configuration = match is_old {
            true => Configuration::new(BitOrder::Lsb, 8),
            false => Configuration::with_tiff_size_switch(BitOrder::Msb, 8),
        };
        Lzw { decoder: configuration.build(), bytes, is_broken: false }
    }

    /// A frame of a GIF, with `bits` bits a colour, at most eleven.
    pub(super) fn of_gif(bytes: &'b [u8], bits: u8) -> Lzw<'b> {
        Lzw { decoder: Configuration::new(BitOrder::Lsb, bits.min(11)).build(), bytes, is_broken: bits > 11 }
    }
}

impl Read for Lzw<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        // Once it may get nowhere while it still holds a code.
        let mut tries = 0;
        while !self.is_broken {
            let result = self.decoder.decode_bytes(self.bytes, buffer);
            self.bytes = &self.bytes[result.consumed_in..];
            self.is_broken = result.status.is_err();
            match result.status {
                _ if result.consumed_out > 0 => return Ok(result.consumed_out),
                Ok(LzwStatus::Done) => return Ok(0),
                Ok(_) if result.consumed_in > 0 => tries = 0,
                Ok(_) if tries > 0 => return Ok(0),
                Ok(_) => tries += 1,
                Err(_) => {}
            }
        }
        Err(ErrorKind::InvalidData.into())
    }
}
