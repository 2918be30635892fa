//! Comparing many pictures with one direction, with every core.

use half::f16;
use ndarray::{ArrayView1, ArrayView2};

use super::scoring::by_cores;
use crate::domain::ranking::cosines;

/// The cosines that [`cosines`] gives, to the last bit, whatever the number of cores.
pub fn cosines_by_cores(images: ArrayView2<'_, f16>, direction: ArrayView1<'_, f32>, cores: usize) -> Vec<f32> {
    by_cores(images, cores, |images| cosines(images, direction))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::score::{normalise, normalise_to_f16};
    use crate::jobs::scoring::WORTH_A_THREAD;
    use ndarray::Array2;

    #[test]
    fn cores_change_nothing() {
        let value = |r: usize, c: usize| ((r * 31 + c * 7) % 101) as f32 - 50.3;
        let images = Array2::from_shape_fn((3 * WORTH_A_THREAD + 5, 40), |(r, c)| value(r, c));
        let images = normalise_to_f16(images).unwrap();
        let direction = normalise(Array2::from_shape_fn((1, 40), |(r, c)| value(r + 7, c))).unwrap();
        let bits = |cores| cosines_by_cores(images.view(), direction.row(0), cores).into_iter().map(f32::to_bits);
        let one: Vec<u32> = bits(1).collect();
        assert_eq!(one.len(), images.nrows());
        for cores in [0, 2, 3, 16] {
            assert!(bits(cores).eq(one.iter().copied()), "{cores}");
        }
    }
}
