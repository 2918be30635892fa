//! The samples of a row: what was done to them before they were compressed is undone, and each becomes eight bits.

use super::form::{Colours, Form, Predictor, Sample};
use crate::files::decode::tags::Order;

/// Undoes the differences of a row.
pub(super) fn undo(form: &Form<'_>, row: &mut [u8], scratch: &mut Vec<u8>) {
    let together = form.samples_together();
    match (form.predictor, form.bits) {
        (Predictor::None, _) => {}
        (Predictor::Differences, 8) => add_bytes(row, together),
        (Predictor::Differences, bits) => add_numbers(row, together, usize::from(bits / 8), form.directory.order),
        (Predictor::RealDifferences, bits) => {
            add_bytes(row, together);
            scratch.clear();
            scratch.extend_from_slice(row);
            let width = usize::from(bits / 8);
            let count = row.len() / width;
            for (i, number) in row.chunks_exact_mut(width).enumerate() {
                for (byte, place) in number.iter_mut().enumerate() {
                    // The highest bytes of all numbers come first.
                    let from = if form.directory.order == Order::Big { byte } else { width - 1 - byte };
                    *place = scratch[from * count + i];
                }
            }
        }
    }
}

fn add_bytes(row: &mut [u8], together: usize) {
    for i in together..row.len() {
        row[i] = row[i].wrapping_add(row[i - together]);
    }
}

fn add_numbers(row: &mut [u8], together: usize, width: usize, order: Order) {
    for at in (together * width..(row.len() + 1).saturating_sub(width)).step_by(width) {
        let before = at - together * width;
        let sum = order.number(&row[at..at + width]).wrapping_add(order.number(&row[before..before + width]));
        let (little, big) = (sum.to_le_bytes(), sum.to_be_bytes());
        let sum = if order == Order::Little { &little[..width] } else { &big[8 - width..] };
        row[at..at + width].copy_from_slice(sum);
    }
}

/// Makes eight bits of each sample of a row, and puts one at every `step` of the target.
pub(super) fn narrow<'t>(form: &Form<'_>, row: &[u8], target: impl Iterator<Item = &'t mut u8>) {
    let order = form.directory.order;
    let is_grey = matches!(form.colours, Colours::Grey { .. });
    let is_lab = matches!(form.colours, Colours::Lab { .. });
    let width = usize::from(form.bits / 8);
    let numbers = || row.chunks_exact(width.max(1)).map(|bytes| order.number(bytes));
    let clipped = |number: i64| number.clamp(0, 255) as u8;
    match (form.sample, form.bits) {
        (Sample::Whole | Sample::Signed, 8) => put(row.iter().copied(), target),
        (Sample::Signed, 16) if !is_lab => put(numbers().map(|number| clipped((number as i16).into())), target),
        (_, 16) if form.sample != Sample::Real => put(numbers().map(|number| (number >> 8) as u8), target),
        (Sample::Whole | Sample::Signed, 32) if is_grey => {
            put(numbers().map(|number| clipped((number as i32).into())), target);
        }
        (Sample::Whole, 32) => put(numbers().map(|number| (number >> 24) as u8), target),
        (Sample::Real, bits) => {
            let scale = if is_grey { 1.0 } else { 255.0 };
            let half = if is_grey { 0.0 } else { 0.5 };
            put(numbers().map(|number| (real(number, bits) * scale + half) as u8), target);
        }
        (_, bits) => {
            let most = (1u32 << bits) - 1;
            let is_number = matches!(form.colours, Colours::Palette(_));
            let scaled = |value: u32| match bits {
                _ if is_number => value as u8,
                0..=8 => (value * 255 / most) as u8,
                _ => (value >> (bits - 8)) as u8,
            };
            put(packed(row, bits.into()).map(scaled), target);
        }
    }
}

fn put<'t>(values: impl Iterator<Item = u8>, target: impl Iterator<Item = &'t mut u8>) {
    target.zip(values).for_each(|(place, value)| *place = value);
}

fn real(number: u64, bits: u16) -> f32 {
    match bits {
        16 => half::f16::from_bits(number as u16).to_f32(),
        32 => f32::from_bits(number as u32),
        _ => f64::from_bits(number) as f32,
    }
}

/// Numbers of at most sixteen bits without gaps between them.
fn packed(row: &[u8], bits: usize) -> impl Iterator<Item = u32> {
    let byte = |at: usize| u32::from(row.get(at).copied().unwrap_or(0));
    (0..row.len() * 8 / bits).map(move |i| {
        let at = i * bits;
        let three = byte(at / 8) << 16 | byte(at / 8 + 1) << 8 | byte(at / 8 + 2);
        three << (8 + at % 8) >> (32 - bits)
    })
}
