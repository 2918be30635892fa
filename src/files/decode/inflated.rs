//! Unpacks deflated data (RFC 1950), up to the byte at which they break.

use flate2::{Decompress, FlushDecompress, Status};

/// The reason why unpacking ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The data are over, and add up to their sum.
    End,
    /// The data end before the stream does.
    Cut,
    /// They cannot be understood.
    Broken,
}

/// Unpacks data that lie in several parts.
pub(super) struct Inflated<'b> {
    decoder: Decompress,
    parts: Vec<&'b [u8]>,
    /// The part that comes next, and how much of it was read.
    part: usize,
    at: usize,
    /// From here on the decoder gets one byte at a time.
    careful_from: u64,
}

impl<'b> Inflated<'b> {
    pub(super) fn new(parts: Vec<&'b [u8]>) -> Inflated<'b> {
        Inflated { decoder: Decompress::new(true), parts, part: 0, at: 0, careful_from: u64::MAX }
    }

    /// Fills the buffer. Fewer bytes at the end of the data, with the reason.
    pub(super) fn fill(&mut self, into: &mut [u8]) -> (usize, Option<Stop>) {
        let mut filled = 0;
        while filled < into.len() {
            let (read, written) = (self.decoder.total_in(), self.decoder.total_out());
            match self.step(&mut into[filled..]) {
                Ok(unpacked) => filled += unpacked,
                // The decoder unpacks ahead, and keeps that to itself when it fails.
                Err(Stop::Broken) if !self.is_broken() => {
                    *self = Inflated { careful_from: read, ..Inflated::new(std::mem::take(&mut self.parts)) };
                    self.skip(written);
                }
                Err(stop) => return (filled, Some(stop)),
            }
        }
        (filled, None)
    }

    /// True where the decoder met invalid data, even after the bytes that were asked for.
    pub(super) fn is_broken(&self) -> bool {
        self.careful_from < u64::MAX
    }

    /// Unpacks again up to the former position.
    fn skip(&mut self, mut left: u64) {
        let mut scratch = [0; 1 << 12];
        while left > 0 {
            let length = left.min(scratch.len() as u64) as usize;
            match self.step(&mut scratch[..length]) {
                Ok(unpacked) => left -= unpacked as u64,
                Err(_) => return,
            }
        }
    }

    /// Asks the decoder once.
    fn step(&mut self, into: &mut [u8]) -> Result<usize, Stop> {
        while self.parts.get(self.part).is_some_and(|part| part.len() == self.at) {
            (self.part, self.at) = (self.part + 1, 0);
        }
        let rest = self.parts.get(self.part).map_or(&[][..], |part| &part[self.at..]);
        let (read, written) = (self.decoder.total_in(), self.decoder.total_out());
        let most = usize::try_from(self.careful_from.saturating_sub(read)).unwrap_or(usize::MAX).max(1);
        let status = self.decoder.decompress(&rest[..rest.len().min(most)], into, FlushDecompress::None);
        let read = (self.decoder.total_in() - read) as usize;
        let written = (self.decoder.total_out() - written) as usize;
        self.at += read;
        match status {
            Err(_) => Err(Stop::Broken),
            Ok(Status::StreamEnd) if written == 0 => Err(Stop::End),
            Ok(_) if read == 0 && written == 0 => Err(Stop::Cut),
            Ok(_) => Ok(written),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::ZlibEncoder};
    use std::io::Write;

    fn deflated(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn all(bytes: &[u8]) -> (Vec<u8>, Option<Stop>) {
        let (begin, rest) = bytes.split_at(bytes.len() / 3);
        let mut inflated = Inflated::new(vec![begin, &[], rest]);
        let mut text = vec![0; 200_000];
        let (filled, stop) = inflated.fill(&mut text);
        text.truncate(filled);
        (text, stop)
    }

    #[test]
    fn data_before_the_break_are_unpacked() {
        let text: Vec<u8> = (0..60_000u32).map(|i| ((i * i) >> 7) as u8 ^ (i % 13) as u8).collect();
        let bytes = deflated(&text);
        assert_eq!(all(&bytes), (text.clone(), Some(Stop::End)));
        let (begin, stop) = all(&bytes[..bytes.len() / 2]);
        assert!(stop == Some(Stop::Cut) && text.starts_with(&begin), "{stop:?}");
        let whole_sum = bytes.len() - 1;
        let mut wrong = bytes.clone();
        wrong[whole_sum] ^= 1;
        assert_eq!(all(&wrong), (text.clone(), Some(Stop::Broken)));
        for at in [bytes.len() / 4, bytes.len() / 2, bytes.len() * 3 / 4] {
            let mut broken = bytes.clone();
            broken[at..at + 40].fill(0xff);
            let (unbroken, _) = all(&bytes[..at]);
            let (unpacked, _) = all(&broken);
            assert!(unpacked.len() + 300 >= unbroken.len() && unpacked.starts_with(&unbroken[..unbroken.len() - 300]));
        }
    }
}
