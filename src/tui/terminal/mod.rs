//! The terminal: what it can, what comes from it, and what goes to it.

mod abilities;
mod answers;
mod encode;
mod input;
mod line_speed;
mod parse;
mod pieces;
mod queue;
mod rough;
mod screen;

pub(super) use abilities::Known;
pub(super) use answers::{Answers, is_state};
#[cfg(test)]
pub(super) use encode::{Encoder, Palette};
pub(super) use input::{Input, Reader};
pub(super) use screen::Screen;
