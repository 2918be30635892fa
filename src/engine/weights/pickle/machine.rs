//! The machine that a pickle is a program for: its values and its stack.

use std::rc::Rc;

use super::{CUT_SHORT, Callable, MOST_ARGUMENTS, NOT_A_TENSOR, PickleError, PickledTensor};
use crate::engine::weights::ElementType;

/// A value's place among all values. Values refer to others by number, so that no depth of nesting can exhaust the
/// stack of this program when they are dropped.
pub(super) type Id = usize;

#[derive(Debug, Clone)]
pub(super) enum Value {
    Nothing,
    Number(i64),
    Text(Rc<str>),
    Sequence(Vec<Id>),
    Dictionary(Vec<(Id, Id)>),
    Callable(Callable),
    Storage(ElementType, Rc<str>),
    Tensor(PickledTensor),
}

/// The machine: what is left of the pickle, all values, the stack, the marks on it, and what was noted.
pub(super) struct Machine<'p> {
    pub(super) rest: &'p [u8],
    pub(super) values: Vec<Value>,
    pub(super) stack: Vec<Id>,
    pub(super) marks: Vec<usize>,
    pub(super) memo: Vec<Option<Id>>,
}

impl<'p> Machine<'p> {
    pub(super) fn new(pickle: &'p [u8]) -> Machine<'p> {
        Machine { rest: pickle, values: vec![], stack: vec![], marks: vec![], memo: vec![] }
    }

    pub(super) fn value(&self, id: Id) -> &Value {
        self.values.get(id).unwrap_or(&Value::Nothing)
    }

    pub(super) fn push(&mut self, value: Value) -> Result<(), PickleError> {
        self.stack.push(self.values.len());
        self.values.push(value);
        Ok(())
    }

    /// Takes the value on top. Values below a mark are not reached.
    pub(super) fn pop(&mut self) -> Result<Id, PickleError> {
        match self.stack.len() > self.marks.last().copied().unwrap_or(0) {
            true => self.stack.pop().ok_or(CUT_SHORT),
            false => Err(CUT_SHORT),
        }
    }

    pub(super) fn pop_text(&mut self) -> Result<Rc<str>, PickleError> {
        let id = self.pop()?;
        match self.value(id) {
            Value::Text(text) => Ok(text.clone()),
            _ => Err(PickleError::Bad("a name is not text")),
        }
    }

    pub(super) fn pop_sequence(&mut self) -> Result<Vec<Id>, PickleError> {
        let id = self.pop()?;
        match self.value(id) {
            Value::Sequence(members) if members.len() <= MOST_ARGUMENTS => Ok(members.clone()),
            Value::Sequence(_) => Err(NOT_A_TENSOR),
            _ => Err(PickleError::Bad("it calls something without a list of arguments")),
        }
    }

    pub(super) fn top(&mut self) -> Result<&mut Value, PickleError> {
        let id = *self.stack.last().ok_or(CUT_SHORT)?;
        self.values.get_mut(id).ok_or(CUT_SHORT)
    }

    /// Everything on the stack since the last mark.
    pub(super) fn since_mark(&mut self) -> Result<Vec<Id>, PickleError> {
        let mark = self.marks.pop().ok_or(CUT_SHORT)?;
        if mark > self.stack.len() {
            return Err(CUT_SHORT);
        }
        Ok(self.stack.split_off(mark))
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&[u8], PickleError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(CUT_SHORT)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn take_array<const N: usize>(&mut self) -> Result<[u8; N], PickleError> {
        self.take(N)?.try_into().map_err(|_| CUT_SHORT)
    }

    /// A line, without its end.
    pub(super) fn line(&mut self) -> Result<String, PickleError> {
        let end = self.rest.iter().position(|byte| *byte == b'\n').ok_or(CUT_SHORT)?;
        let line = String::from_utf8_lossy(self.take(end)?).into_owned();
        self.take(1)?;
        Ok(line)
    }
}
