//! Near-duplicates: pictures that are nearly the same for the eye and for the model. Both have to agree.
//!
//! Candidates are found by the coarse part of their perceptual hashes, cut into bands: two that differ in few bits
//! differ in fewer in at least one band (M. Norouzi, A. Punjani and D. Fleet, Fast Search in Hamming Space with
//! Multi-Index Hashing, 2012). None within the distance is missed.

use super::perceptual_hash::PerceptualHash;

/// Bands of the coarse part.
const BANDS: usize = 4;

/// Bits of a band.
const BITS: usize = 16;

/// Bits in which a band may differ. Pictures within [`MOST_COARSE`] differ by no more in one of their bands.
const RADIUS: u32 = 2;

/// Bits in which the low frequencies may differ.
pub const MOST_COARSE: u32 = BANDS as u32 * (RADIUS + 1) - 1;

/// How near two pictures have to be. The values were measured, with copies that were planted among other pictures and
/// with different pages of one style: `docs/performance.md`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nearness {
    /// The share of [`PerceptualHash::distance`] at most.
    pub distance: f32,
    /// Levels of [`PerceptualHash::brightness_distance`] at most.
    pub brightness: f32,
    /// The cosine of the embeddings at least.
    pub cosine: f32,
}

impl Default for Nearness {
    fn default() -> Nearness {
        Nearness { distance: 0.25, brightness: 6.0, cosine: 0.85 }
    }
}

impl Nearness {
    /// True for two pictures that the eye takes for nearly the same.
    pub fn looks_alike(&self, one: &PerceptualHash, other: &PerceptualHash) -> bool {
        one.coarse_distance(other) <= MOST_COARSE
            && one.distance(other) <= self.distance
            && one.brightness_distance(other) <= self.brightness
    }
}

/// Perceptual hashes by the bands of their coarse parts.
pub struct HashIndex<'h> {
    hashes: &'h [PerceptualHash],
    nearness: Nearness,
    /// For each band where the hashes of each value begin, and the hashes in that order.
    bands: [(Vec<u32>, Vec<u32>); BANDS],
    /// Values that differ from zero in no more bits than a band may.
    flips: Vec<u16>,
}

impl<'h> HashIndex<'h> {
    /// An index of these. It takes 16 bytes a hash beside them, and a megabyte.
    pub fn of(hashes: &'h [PerceptualHash], nearness: Nearness) -> HashIndex<'h> {
        let bands = std::array::from_fn(|band| {
            let mut begins = vec![0u32; (1 << BITS) + 1];
            hashes.iter().for_each(|hash| begins[usize::from(band_of(hash, band)) + 1] += 1);
            for value in 1..begins.len() {
                begins[value] += begins[value - 1];
            }
            let (mut next, mut members) = (begins.clone(), vec![0u32; hashes.len()]);
            for (place, hash) in hashes.iter().enumerate() {
                let at = &mut next[usize::from(band_of(hash, band))];
                members[*at as usize] = place as u32;
                *at += 1;
            }
            (begins, members)
        });
        let flips = (0..=u16::MAX).filter(|flip| flip.count_ones() <= RADIUS).collect();
        HashIndex { hashes, nearness, bands, flips }
    }

    /// The places of those that look like the one at a place, itself not among them, as long as `takes` says yes; each
    /// may come several times.
    fn each_alike(&self, place: usize, mut takes: impl FnMut(usize) -> bool) {
        let hash = &self.hashes[place];
        for (band, (begins, members)) in self.bands.iter().enumerate() {
            let own = band_of(hash, band);
            for flip in &self.flips {
                let value = usize::from(own ^ flip);
                for member in &members[begins[value] as usize..begins[value + 1] as usize] {
                    let other = *member as usize;
                    if other != place && self.nearness.looks_alike(hash, &self.hashes[other]) && !takes(other) {
                        return;
                    }
                }
            }
        }
    }

    /// True where another looks like the one at a place: only of those the embeddings are asked for.
    pub fn has_alike(&self, place: usize) -> bool {
        let mut is_any = false;
        self.each_alike(place, |_| {
            is_any = true;
            false
        });
        is_any
    }

    /// Stacks among some of the places, in their order, each with two members or more in order. All members are near
    /// the first one, so that no chain leads from one picture to a different one; a picture is in one stack at most.
    /// `cosine` gives that of two embeddings, where both are known; `go_on` is asked before each of them and may end
    /// the search, which then has no answer.
    pub fn stacks(
        &self,
        among: &[usize],
        cosine: impl Fn(usize, usize) -> Option<f32>,
        mut go_on: impl FnMut(usize) -> bool,
    ) -> Option<Vec<Vec<usize>>> {
        let mut taken = vec![false; self.hashes.len()];
        let mut stacks = Vec::new();
        for (step, first) in among.iter().copied().enumerate() {
            if !go_on(step) {
                return None;
            }
            if taken[first] {
                continue;
            }
            let mut stack = vec![first];
            self.each_alike(first, |other| {
                let is_new = other > first && !taken[other];
                if is_new && cosine(first, other).is_some_and(|cosine| cosine >= self.nearness.cosine) {
                    taken[other] = true;
                    stack.push(other);
                }
                true
            });
            if stack.len() > 1 {
                stack.sort_unstable();
                stacks.push(stack);
            }
        }
        Some(stacks)
    }
}

/// Every fourth bit: each band has its share of the higher frequencies, which many pictures lack.
fn band_of(hash: &PerceptualHash, band: usize) -> u16 {
    let mut bits = hash.coarse() >> band & 0x1111_1111_1111_1111;
    // Brought together by halves (H. Warren, Hacker's Delight, section 7-2).
    for (by, mask) in [
        (3, 0x0303_0303_0303_0303),
        (6, 0x000f_000f_000f_000f),
        (12, 0x0000_00ff_0000_00ff),
        (24, 0x0000_0000_0000_ffff),
    ] {
        bits = (bits | bits >> by) & mask;
    }
    bits as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look like chance: a linear congruential generator with Knuth's constants.
    struct Chance(u64);

    impl Chance {
        fn number(&mut self) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            self.0 ^ self.0 >> 29
        }
    }

    /// A hash with these frequencies positive and all others negative, and of one brightness.
    fn hash(bits: [u64; 4]) -> PerceptualHash {
        let mut bytes = [1; PerceptualHash::BYTES];
        for (place, word) in bits.iter().copied().chain(bits.map(|word| !word)).enumerate() {
            bytes[1 + place * 8..9 + place * 8].copy_from_slice(&word.to_le_bytes());
        }
        PerceptualHash::from_bytes(&bytes).unwrap()
    }

    const ANY: Nearness = Nearness { distance: 1.0, brightness: 255.0, cosine: 0.9 };

    #[test]
    fn no_pair_within_the_distance_is_missed() {
        let mut chance = Chance(3);
        let mut hashes = Vec::new();
        for _ in 0..200 {
            let word = chance.number();
            hashes.push(hash([word, 0, 0, 0]));
            // One that differs in up to fourteen bits, wherever they are.
            let mut other = word;
            for _ in 0..chance.number() % 15 {
                other ^= 1 << (chance.number() % 64);
            }
            hashes.push(hash([other, 0, 0, 0]));
        }
        let index = HashIndex::of(&hashes, ANY);
        let mut pairs = 0;
        for one in 0..hashes.len() {
            let mut found = vec![];
            index.each_alike(one, |other| {
                found.push(other);
                true
            });
            found.sort_unstable();
            found.dedup();
            let near = |other: &usize| *other != one && hashes[one].coarse_distance(&hashes[*other]) <= MOST_COARSE;
            let all: Vec<usize> = (0..hashes.len()).filter(near).collect();
            assert_eq!(found, all);
            assert_eq!(index.has_alike(one), !all.is_empty());
            pairs += all.len();
        }
        assert!(pairs > 100, "{pairs}");
    }

    #[test]
    fn each_bit_is_in_one_band() {
        for bit in 0..64 {
            let one = hash([1 << bit, 0, 0, 0]);
            let bands: Vec<u16> = (0..BANDS).map(|band| band_of(&one, band)).collect();
            assert_eq!(bands.iter().map(|band| band.count_ones()).sum::<u32>(), 1, "{bit}: {bands:?}");
            assert_eq!(bands[bit % BANDS], 1 << (bit / BANDS), "{bit}");
        }
    }

    #[test]
    fn hash_and_embedding_have_to_agree() {
        let nearness = Nearness { distance: 0.04, brightness: 6.0, cosine: 0.9 };
        // The first two look alike, the third differs in fine shapes alone.
        let hashes = [hash([5, 0, 0, 0]), hash([4, 3, 0, 0]), hash([5, u64::MAX, 0, 0])];
        let index = HashIndex::of(&hashes, nearness);
        let with = |cosine: Option<f32>| index.stacks(&[0, 1, 2], |_, _| cosine, |_| true).unwrap();
        assert_eq!(with(Some(0.95)), [[0, 1]]);
        assert!(with(Some(0.85)).is_empty() && with(None).is_empty());
        assert_eq!(index.stacks(&[0, 1, 2], |_, _| Some(1.0), |step| step < 2), None, "it was stopped");
    }

    #[test]
    fn a_chain_leads_from_no_picture_to_a_different_one() {
        // Each is near the next, and the ends are far from each other.
        let nearness = Nearness { distance: 8.0 / 256.0, brightness: 6.0, cosine: 0.9 };
        let hashes: Vec<_> = (0..5).map(|step| hash([0, (1u64 << (step * 6)) - 1, 0, 0])).collect();
        let stacks = HashIndex::of(&hashes, nearness).stacks(&[0, 1, 2, 3, 4], |_, _| Some(1.0), |_| true).unwrap();
        assert_eq!(stacks, [[0, 1], [2, 3]]);
        for stack in stacks {
            assert!(stack.iter().all(|member| hashes[stack[0]].distance(&hashes[*member]) <= nearness.distance));
        }
    }

    #[test]
    fn many_of_one_are_one_stack() {
        let hashes = vec![hash([7, 7, 7, 7]); 2_000];
        let stacks =
            HashIndex::of(&hashes, ANY).stacks(&(0..2_000).collect::<Vec<_>>(), |_, _| Some(1.0), |_| true).unwrap();
        assert_eq!((stacks.len(), stacks[0].len()), (1, 2_000));
    }
}
