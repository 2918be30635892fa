//! Pictures by how near they are to one direction: the embedding of a sentence, or of another picture.
//!
//! The measure is the cosine of the two embeddings, from -1 to 1. A model's score for a sentence is
//! `activation(scale * cosine + bias)` with a scale above zero, so that the order by the cosine is the order by that
//! score. A share, such as softmax makes of it, would depend on other sentences to compare with, and there are none.

use half::f16;
use ndarray::{ArrayView1, ArrayView2, Axis};

use super::score::to_single;

/// How many pictures are brought back to single precision at a time: the block stays in the processor's cache.
const BLOCK: usize = 256;

/// All pictures by how near they are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ranking {
    /// The cosine of each picture, by its position; not a number where its embedding is not known.
    pub cosines: Vec<f32>,
    /// The positions, the nearest first.
    pub order: Vec<usize>,
}

impl Ranking {
    /// The ranking that these cosines make: equal ones in the order of their positions, those that are not numbers
    /// last. The picture that others are compared with comes `first` in any case: in half precision another one may
    /// have a larger product with it than itself.
    pub fn of(cosines: Vec<f32>, first: Option<usize>) -> Ranking {
        let mut keys: Vec<u64> = cosines.iter().enumerate().map(|(position, cosine)| key(*cosine, position)).collect();
        keys.sort_unstable();
        let mut order: Vec<usize> = keys.into_iter().map(|key| (key & u64::from(u32::MAX)) as usize).collect();
        if let Some(first) = first.filter(|first| *first < cosines.len()) {
            order.retain(|position| *position != first);
            order.insert(0, first);
        }
        Ranking { cosines, order }
    }

    /// A picture's cosine, where its embedding is known.
    pub fn cosine(&self, position: usize) -> Option<f32> {
        self.cosines.get(position).copied().filter(|cosine| !cosine.is_nan())
    }

    /// How many pictures have one.
    pub fn known(&self) -> usize {
        self.cosines.iter().filter(|cosine| !cosine.is_nan()).count()
    }
}

/// A number that is the smaller the nearer a picture is, and with its position in the lower half, so that no two are
/// equal: the bits of a positive number grow with it, and those of a negative one with its size.
fn key(cosine: f32, position: usize) -> u64 {
    // Nought has two signs, and they are equal.
    let bits = (cosine + 0.0).to_bits();
    let growing = if bits >> 31 == 0 { bits | 1 << 31 } else { !bits };
    let falling = if cosine.is_nan() { u32::MAX } else { !growing };
    u64::from(falling) << 32 | position as u64
}

/// The cosine of each picture to a direction. `images` is pictures x dimensions and normalised, as embeddings are kept;
/// `direction` is normalised and has the same dimensions. A picture's cosine depends on no other picture. It is exact
/// to 2^-11 of itself, by which half precision changes the length of an embedding.
pub fn cosines(images: ArrayView2<'_, f16>, direction: ArrayView1<'_, f32>) -> Vec<f32> {
    let mut cosines = Vec::with_capacity(images.nrows());
    let mut block = Vec::new();
    for images in images.axis_chunks_iter(Axis(0), BLOCK) {
        let shape = images.raw_dim();
        to_single(images, &mut block);
        // The buffer holds rows x columns values: it has that shape.
        if let Ok(wide) = ArrayView2::from_shape(shape, &block) {
            cosines.extend(wide.rows().into_iter().map(|row| row.dot(&direction)));
        }
    }
    cosines
}

#[cfg(test)]
mod tests {
    use super::super::score::{normalise, normalise_to_f16};
    use super::*;
    use ndarray::{Array2, array};
    use proptest::prelude::*;

    #[test]
    fn the_nearest_come_first_and_what_is_not_known_last() {
        let cosines = vec![0.1, f32::NAN, 0.9, 0.1, -0.5, f32::NAN, 0.9];
        let ranking = Ranking::of(cosines.clone(), None);
        assert_eq!(ranking.order, [2, 6, 0, 3, 4, 1, 5]);
        assert_eq!((ranking.known(), ranking.cosine(4), ranking.cosine(5)), (5, Some(-0.5), None));
        assert_eq!(Ranking::of(cosines.clone(), Some(3)).order, [3, 2, 6, 0, 4, 1, 5]);
        assert_eq!(Ranking::of(cosines, Some(7)).order, [2, 6, 0, 3, 4, 1, 5]);
        assert_eq!(Ranking::of(vec![-0.0, 0.0], None).order, [0, 1], "equal ones keep their order");
        assert_eq!(Ranking::of(vec![], Some(0)), Ranking::default());
        let odd = vec![-1.0, f32::NEG_INFINITY, f32::MIN_POSITIVE, f32::INFINITY, -f32::NAN, -1e-30, 1.0];
        assert_eq!(Ranking::of(odd, None).order, [3, 6, 2, 5, 0, 1, 4]);
    }

    #[test]
    fn a_picture_is_the_nearest_to_itself() {
        let images = normalise_to_f16(array![[3.0, 4.0], [-3.0, -4.0], [4.0, -3.0]]).unwrap();
        let own = images.row(0).mapv(f16::to_f32);
        let near = cosines(images.view(), own.view());
        for (near, exact) in near.iter().zip([1.0, -1.0, 0.0]) {
            assert!((near - exact).abs() < 1e-3, "{near} {exact}");
        }
    }

    proptest! {
        #[test]
        fn the_order_is_that_of_the_products_one_by_one(
            rows in 1usize..700, width in 1usize..70, seed in 0usize..1000
        ) {
            let value = |r: usize, c: usize| ((r * 31 + c * 7 + seed * 13) % 29) as f32 - 13.4;
            let images = normalise_to_f16(Array2::from_shape_fn((rows, width), |(r, c)| value(r, c))).unwrap();
            let direction = normalise(Array2::from_shape_fn((1, width), |(_, c)| value(c, 3))).unwrap();
            let direction = direction.row(0);
            let ranking = Ranking::of(cosines(images.view(), direction), None);
            for (row, cosine) in images.rows().into_iter().zip(&ranking.cosines) {
                let exact: f64 = row.iter().zip(direction).map(|(a, b)| a.to_f64() * f64::from(*b)).sum();
                prop_assert!((f64::from(*cosine) - exact).abs() < 1e-5);
            }
            let sorted = |pair: &[usize]| {
                let (one, other) = (ranking.cosines[pair[0]], ranking.cosines[pair[1]]);
                one > other || one == other && pair[0] < pair[1]
            };
            prop_assert!(ranking.order.windows(2).all(sorted));
            let mut all = ranking.order.clone();
            all.sort_unstable();
            prop_assert!(all.into_iter().eq(0..rows));
            // Alone it has the same cosine to the last bit.
            let last = cosines(images.slice(ndarray::s![rows - 1.., ..]), direction);
            prop_assert_eq!(last[0].to_bits(), ranking.cosines[rows - 1].to_bits());
        }
    }
}
