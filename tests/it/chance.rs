//! Chance that can be repeated, and how much of a simulation a run of the tests does.

/// The environment variable with the seed: a number.
pub(crate) const SEED: &str = "SIS_TEST_SEED";

/// Numbers that look random and are the same for the same seed (SplitMix64).
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    /// From a seed.
    pub(crate) fn new(seed: u64) -> Chance {
        Chance(seed)
    }

    /// From the seed that the run of the tests has, and a name, so that two tests do not do the same.
    pub(crate) fn for_test(name: &str) -> Chance {
        let mixed = name.bytes().fold(seed(), |mixed, byte| mixed.wrapping_mul(31).wrapping_add(byte.into()));
        Chance(mixed)
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.number() % end as u64) as usize
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// So many of the items, in their order; all where there are no more.
    pub(crate) fn sample<T>(&mut self, items: Vec<T>, count: usize) -> Vec<T> {
        let mut left = items.len();
        let mut wanted = count.min(left);
        let mut is_chosen = |_: &T| {
            let chosen = self.below(left) < wanted;
            left -= 1;
            wanted -= usize::from(chosen);
            chosen
        };
        items.into_iter().filter(|item| is_chosen(item)).collect()
    }
}

/// The seed of this run of the tests.
pub(crate) fn seed() -> u64 {
    std::env::var(SEED).ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// How much of a simulation is done: what the variable says (`all`, or a number), or a little.
pub(crate) fn amount(variable: &str, little: usize) -> usize {
    match std::env::var(variable).as_deref() {
        Ok("all") => usize::MAX,
        Ok(number) => number.parse().unwrap_or_else(|_| panic!("{variable} is neither a number nor \"all\"")),
        Err(_) => little,
    }
}

/// How a failure is repeated.
pub(crate) fn how_to_repeat(variable: &str, test: &str) -> String {
    let value = std::env::var(variable).map(|value| format!("{variable}={value} ")).unwrap_or_default();
    format!("to repeat: {value}{SEED}={} cargo test --locked --test it {test} -- --nocapture", seed())
}

#[test]
fn a_sample_has_the_size_that_was_asked_for_and_keeps_the_order() {
    let mut chance = Chance::new(7);
    for (there, wanted) in [(0, 3), (3, 5), (10, 4), (100, 100)] {
        let sample = chance.sample((0..there).collect(), wanted);
        assert_eq!(sample.len(), wanted.min(there));
        assert!(sample.is_sorted());
    }
    assert_eq!(Chance::new(7).number(), Chance::new(7).number());
}
