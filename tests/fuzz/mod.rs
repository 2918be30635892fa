//! Strangers' bytes, damaged by chance: whatever reads them ends soon, without a panic, and takes memory in proportion
//! to what it was given. Where there is another way to know the answer, it is the same.
//!
//! A short run is part of the tests. `SIS_TEST_FUZZ` says how many times as many inputs are tried, and `SIS_TEST_SEED`
//! which; an input that fails is kept and named.

mod graphs;
mod memory;
mod models;
mod pickles;
mod pictures;
mod records;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::chance::{Chance, amount, how_to_repeat};

/// How many times as many inputs are tried as in a short run.
const TIMES: &str = "SIS_TEST_FUZZ";

/// How long one input may take, on a machine that is busy with other things.
const LONGEST: Duration = Duration::from_secs(20);

/// Numbers that are likely to be sizes, counts and offsets, or their limits.
const NUMBERS: [u64; 12] =
    [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff, i64::MAX as u64, u64::MAX];

/// What is tried on one reader.
pub(crate) struct Fuzz<'f> {
    /// The name of the test.
    pub(crate) name: &'f str,
    /// Inputs that it takes: each is damaged in many ways.
    pub(crate) corpus: Vec<Vec<u8>>,
    /// Pieces that mean something to it.
    pub(crate) words: &'f [&'f [u8]],
    /// How many inputs a short run tries.
    pub(crate) inputs: usize,
}

/// What a reader made of an input.
pub(crate) struct Answer {
    /// It read it.
    pub(crate) is_taken: bool,
    /// The most bytes of memory that it is right to take for it.
    pub(crate) right: u64,
}

impl Answer {
    /// So many bytes for each of the input, and so many megabytes.
    fn of(is_taken: bool, input: &[u8], each: u64, megabytes: u64) -> Answer {
        Answer { is_taken, right: (megabytes << 20) + each * input.len() as u64 }
    }
}

/// A folder for inputs, in memory where a machine has one there: each input is written to a file.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

impl Fuzz<'_> {
    /// Tries the corpus, and damaged inputs, of which some must be taken and some refused.
    pub(crate) fn run(&self, check: impl Fn(&[u8]) -> Answer) {
        let mut chance = Chance::for_test(self.name);
        let damaged = (0..self.inputs.saturating_mul(amount(TIMES, 1))).map(|_| self.damaged(&mut chance));
        let (mut taken, mut refused) = (0, 0);
        for input in self.corpus.iter().cloned().chain(damaged) {
            match self.try_one(&input, &check) {
                true => taken += 1,
                false => refused += 1,
            }
        }
        println!("{}: {taken} taken, {refused} refused", self.name);
        assert!(taken > 0 && refused > 0, "{}: {taken} taken, {refused} refused", self.name);
    }

    fn try_one(&self, input: &[u8], check: impl Fn(&[u8]) -> Answer) -> bool {
        let began = Instant::now();
        let (ended, most) = memory::most_during(|| catch_unwind(AssertUnwindSafe(|| check(input))));
        let took = began.elapsed();
        let fault = match ended {
            Err(_) => "it panicked, as told above".to_owned(),
            Ok(answer) if most > answer.right => format!("it took {most} bytes of memory, {} are right", answer.right),
            Ok(_) if took > LONGEST => format!("it took {took:?}"),
            Ok(answer) => return answer.is_taken,
        };
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.input", self.name));
        std::fs::write(&kept, input).unwrap();
        let repeat = how_to_repeat(TIMES, &format!("fuzz:: {}", self.name));
        panic!("{}: {fault}; the input is kept in {}; {repeat}", self.name, kept.display());
    }

    fn damaged(&self, chance: &mut Chance) -> Vec<u8> {
        let mut bytes = self.corpus[chance.below(self.corpus.len())].clone();
        for _ in 0..=chance.below(6) {
            self.spoil(&mut bytes, chance);
        }
        bytes
    }

    fn spoil(&self, bytes: &mut Vec<u8>, chance: &mut Chance) {
        let at = chance.below(bytes.len() + 1);
        let some = (1 + chance.below(40)).min(bytes.len() - at);
        match chance.below(10) {
            0 if some > 0 => bytes[at] ^= 1 << chance.below(8),
            1 if some > 0 => bytes[at] = chance.number() as u8,
            2 => put(bytes, at, &number(chance)),
            3 => drop(bytes.splice(at..at, number(chance))),
            4 => drop(bytes.drain(at..at + some)),
            5 => {
                let again = bytes[at..at + some].to_vec();
                bytes.splice(at..at, again);
            }
            6 => bytes[at..at + some].fill(0),
            7 if chance.once_in(4) => bytes.truncate(at),
            8 if !self.words.is_empty() => put(bytes, at, self.words[chance.below(self.words.len())]),
            9 if !self.words.is_empty() => {
                bytes.splice(at..at, self.words[chance.below(self.words.len())].iter().copied());
            }
            _ => {
                let other = &self.corpus[chance.below(self.corpus.len())];
                let from = chance.below(other.len() + 1);
                put(bytes, at, &other[from..other.len().min(from + some)]);
            }
        }
    }
}

/// A number in one to eight bytes, the lowest or the highest first; sometimes one more or less.
fn number(chance: &mut Chance) -> Vec<u8> {
    let number = NUMBERS[chance.below(NUMBERS.len())].wrapping_add(chance.below(3) as u64).wrapping_sub(1);
    let mut bytes = number.to_le_bytes()[..1 << chance.below(4)].to_vec();
    if chance.once_in(2) {
        bytes.reverse();
    }
    bytes
}

/// Writes over what is there, and past the end.
fn put(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    let end = bytes.len().min(at + piece.len());
    bytes.splice(at..end, piece.iter().copied());
}

/// A reader that panics, hangs or takes too much would be found.
#[test]
fn fuzz_finds_a_reader_that_trusts_a_length() {
    let fuzz = Fuzz { name: "trusting", corpus: vec![vec![4, 1, 2, 3, 4]], words: &[], inputs: 500 };
    let is_found = |reader: fn(&[u8])| {
        let run = || {
            fuzz.run(|input| {
                reader(input);
                Answer { is_taken: input[..] == fuzz.corpus[0], right: 100_000 }
            });
        };
        let ended = catch_unwind(AssertUnwindSafe(run));
        ended.is_err_and(|said| said.downcast_ref::<String>().unwrap().contains("the input is kept"))
    };
    assert!(is_found(|input| assert!(input.first().is_none_or(|length| input.len() > usize::from(*length)))));
    assert!(is_found(|input| drop(Vec::<u8>::with_capacity(input.iter().map(|byte| usize::from(*byte) << 12).sum()))));
    assert!(!is_found(|input| drop(input.to_vec())));
}
