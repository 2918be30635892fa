//! Files that `torch.save` wrote, such as `pytorch_model.bin`: a ZIP archive with a pickle that describes the tensors,
//! and one stored member for the bytes of each storage. Nothing in it is ever run: see `pickle`.

use super::error::WeightsError;
use super::file::WeightFile;
use super::pickle::{self, PickleError, PickledTensor};
use super::tensor::{TensorPlace, Tensors};
use super::zip::{self, Member};

/// How the files of PyTorch before 1.6 begin: a pickled number (`MAGIC_NUMBER` in `torch/serialization.py`).
const OLD_MAGIC: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e";

/// The member with the pickle, below the archive's own folder.
const PICKLE: &str = "/data.pkl";

/// Where the tensors of a file lie.
pub(super) fn tensors(file: &WeightFile) -> Result<Tensors, WeightsError> {
    if file.length >= OLD_MAGIC.len() as u64 && file.bytes(0, OLD_MAGIC.len())? == OLD_MAGIC {
        return Err(WeightsError::OldTorch { path: file.name.clone() });
    }
    if !file.bytes(0, 4)?.starts_with(b"PK\x03\x04") {
        return Err(file.bad_header("it is no archive of torch.save"));
    }
    let members = zip::members(file)?;
    let found = members.iter().find_map(|(name, member)| name.strip_suffix(PICKLE).map(|folder| (folder, *member)));
    let (folder, pickled) = found.ok_or_else(|| file.bad_header("it has no stored data.pkl"))?;
    if let Some(order) = members.get(&format!("{folder}/byteorder"))
        && content(file, *order, 16)? != b"little"
    {
        return Err(file.bad_header("its numbers are not little-endian"));
    }
    let described = pickle::tensors(&content(file, pickled, pickle::LONGEST)?).map_err(|error| match error {
        PickleError::Calls(called) => WeightsError::Calls { path: file.name.clone(), called },
        PickleError::Bad(detail) => file.bad_header(format!("its pickle: {detail}")),
    })?;
    let mut tensors = Tensors::new();
    for (name, tensor) in described {
        let member = members.get(&format!("{folder}/data/{}", tensor.storage));
        let member = member.ok_or_else(|| file.bad_header(format!("{name} has no stored data")))?;
        let place = place_of(file, &name, &tensor, *member)?;
        tensors.insert(name.to_string(), place);
    }
    Ok(tensors)
}

/// A small member's content.
fn content(file: &WeightFile, member: Member, longest: u64) -> Result<Vec<u8>, WeightsError> {
    if member.length > longest {
        return Err(file.bad_header(format!("a member has {} bytes, {longest} at most", member.length)));
    }
    file.bytes(zip::content_start(file, member)?, member.length as usize)
}

fn place_of(
    file: &WeightFile,
    name: &str,
    tensor: &PickledTensor,
    member: Member,
) -> Result<TensorPlace, WeightsError> {
    let start = zip::content_start(file, member)?;
    let shape = tensor.shape.iter().map(|side| usize::try_from(*side).ok()).collect::<Option<Vec<_>>>();
    let outside = || file.bad_header(format!("{name} does not fit its storage"));
    let shape = shape.ok_or_else(outside)?;
    let Some(bytes) = tensor.element.bytes() else {
        return Ok(TensorPlace::new(tensor.element, shape, start, member.length));
    };
    let elements =
        tensor.shape.iter().try_fold(1u64, |product, side| product.checked_mul(*side)).ok_or_else(outside)?;
    let length = elements.checked_mul(bytes).ok_or_else(outside)?;
    let offset = tensor.offset.checked_mul(bytes).ok_or_else(outside)?;
    if offset.checked_add(length).is_none_or(|end| end > member.length) {
        return Err(outside());
    }
    let order = order_of(&tensor.shape, &tensor.strides).unwrap_or_default();
    Ok(TensorPlace { order, ..TensorPlace::new(tensor.element, shape, start + offset, length) })
}

/// The axes of a tensor as they lie in memory, the one with the largest steps first. `None` where its elements have
/// gaps between them, or share a place.
fn order_of(shape: &[u64], strides: &[u64]) -> Option<Vec<usize>> {
    if shape.contains(&0) {
        return Some((0..shape.len()).collect());
    }
    let mut order: Vec<usize> = (0..shape.len()).collect();
    // The steps of an axis with one element mean nothing; PyTorch puts all kinds of numbers there. Such an axis stays
    // where it is by taking the steps that it would have if the tensor lay in order.
    let mut steps = strides.to_vec();
    let mut next = 1;
    for axis in (0..shape.len()).rev() {
        if shape[axis] == 1 {
            steps[axis] = next;
        }
        next = steps[axis].checked_mul(shape[axis])?;
    }
    order.sort_by_key(|axis| std::cmp::Reverse((steps[*axis], shape[*axis])));
    let mut expected = 1;
    for axis in order.iter().rev().copied() {
        if shape[axis] > 1 && strides[axis] != expected {
            return None;
        }
        expected *= shape[axis];
    }
    Some(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_of_axes_follows_the_strides() {
        for (shape, strides, order) in [
            (&[][..], &[][..], Some(vec![])),
            (&[2, 3], &[3, 1], Some(vec![0, 1])),
            (&[2, 3], &[1, 2], Some(vec![1, 0])),
            (&[2, 3, 4], &[1, 8, 2], Some(vec![1, 2, 0])),
            (&[1, 3], &[1, 1], Some(vec![0, 1])),
            (&[3, 1], &[1, 77], Some(vec![0, 1])),
            (&[1, 1, 5], &[5, 5, 1], Some(vec![0, 1, 2])),
            (&[0, 3], &[3, 1], Some(vec![0, 1])),
            (&[2, 3], &[0, 1], None),
            (&[2, 3], &[6, 2], None),
            (&[2, 2], &[1, 1], None),
            (&[2, 3], &[u64::MAX, 1], None),
        ] {
            assert_eq!(order_of(shape, strides), order, "{shape:?} {strides:?}");
        }
    }
}
