//! Numbers of colours in runs of equal ones, as Pillow unpacks them.

/// The numbers of a picture, row after row, and how many of them the runs told.
pub(super) struct Unpacked {
    pub(super) indices: Vec<u8>,
    pub(super) filled: usize,
}

/// Unpacks the runs that begin at `start`; half bytes where `is_half`.
pub(super) fn unpack(bytes: &[u8], start: usize, is_half: bool, width: usize, height: usize) -> Unpacked {
    let unpacked = Runs { bytes, at: start, is_half, width, goes_on: false }.unpack(height);
    if unpacked.filled == unpacked.indices.len() {
        return unpacked;
    }
    // Some programs leave out all ends of lines; for others that would move the rest of a line that is too long.
    let without_ends = Runs { bytes, at: start, is_half, width, goes_on: true }.unpack(height);
    if without_ends.filled == without_ends.indices.len() { without_ends } else { unpacked }
}

struct Runs<'b> {
    bytes: &'b [u8],
    at: usize,
    is_half: bool,
    width: usize,
    /// After a full line comes the next one, and no end of a line is told.
    goes_on: bool,
}

impl<'b> Runs<'b> {
    fn unpack(mut self, height: usize) -> Unpacked {
        let width = self.width;
        let mut indices = vec![0; width * height];
        let (mut filled, mut across) = (0, 0);
        while filled < indices.len() {
            let Some(&[count, value]) = self.take(2).and_then(|pair| pair.first_chunk()) else { break };
            let left = indices.len() - filled;
            let told = match (count, value) {
                // The end of a line, and of the picture.
                (0, 0) if !self.goes_on => {
                    across = 0;
                    filled = filled.next_multiple_of(width);
                    continue;
                }
                (0, 0 | 1) => break,
                // A place further on.
                (0, 2) => {
                    let Some(&[right, up]) = self.take(2).and_then(|pair| pair.first_chunk()) else { break };
                    filled += (usize::from(right) + usize::from(up) * width).min(left);
                    across = filled % width;
                    continue;
                }
                (0, count) => {
                    let told = usize::from(count).min(left);
                    let length = if self.is_half { told.div_ceil(2) } else { told };
                    let Some(values) = self.take(length) else { break };
                    self.at = self.at.next_multiple_of(2);
                    self.write(&mut indices[filled..filled + told], |i| values[i]);
                    across += usize::from(count);
                    told
                }
                (count, value) => {
                    if self.goes_on && across >= width {
                        across = 0;
                    }
                    let told = usize::from(count).min(width.saturating_sub(across)).min(left);
                    self.write(&mut indices[filled..filled + told], |_| value);
                    across += told;
                    told
                }
            };
            filled += told;
        }
        Unpacked { indices, filled }
    }

    /// Bytes that are all there.
    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(taken)
    }

    /// Writes the numbers that the bytes hold, each of which has two where they are half bytes.
    fn write(&self, into: &mut [u8], value: impl Fn(usize) -> u8) {
        for (i, index) in into.iter_mut().enumerate() {
            *index = match (self.is_half, i % 2) {
                (false, _) => value(i),
                (true, 0) => value(i / 2) >> 4,
                (true, _) => value(i / 2) & 15,
            };
        }
    }
}
