//! Reads the pickle of a state dictionary without running it.
//!
//! A pickle is a program for a machine with a stack: in Python it may call anything. This reader has the few
//! instructions that `torch.save` uses for a dictionary of tensors, and knows five things to call; none of them does
//! more here than to note where a tensor lies. Everything else is refused by its name.
//!
//! Instructions: Python's `pickletools`, protocols 2 to 5. Calls: `torch._utils`.

mod machine;

use std::rc::Rc;

use super::tensor::ElementType;
use machine::{Id, Machine, Value};

/// The longest pickle that is read: one tensor takes some two hundred bytes, so that this is ten thousand of them. It
/// also bounds memory. The dearest instruction, which makes a tensor of values that were noted, takes five bytes of the
/// pickle and two hundred of ours.
pub(super) const LONGEST: u64 = 2_000_000;

/// The longest name, the most arguments of a call and the most axes of a tensor. A pickle can refer to a value any
/// number of times at two bytes each: these bounds keep small what each time may cost.
const LONGEST_NAME: usize = 4096;
const MOST_ARGUMENTS: usize = 16;
const MOST_AXES: usize = 8;

/// A pickle was refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PickleError {
    /// It calls something that has no business in a dictionary of tensors.
    Calls(String),
    /// It is damaged, or does what such a dictionary does not need.
    Bad(&'static str),
}

/// A tensor as a pickle describes it, in elements of its storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PickledTensor {
    pub(super) element: ElementType,
    /// The storage's name in the archive.
    pub(super) storage: Rc<str>,
    pub(super) offset: u64,
    pub(super) shape: Vec<u64>,
    pub(super) strides: Vec<u64>,
}

/// Something that a pickle may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Callable {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    Storage(ElementType),
}

impl Callable {
    fn named(module: &str, name: &str) -> Option<Callable> {
        Some(match (module, name) {
            ("collections", "OrderedDict") => Callable::OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2") => Callable::RebuildTensor,
            ("torch._utils", "_rebuild_parameter") => Callable::RebuildParameter,
            ("torch", "FloatStorage") => Callable::Storage(ElementType::F32),
            ("torch", "HalfStorage") => Callable::Storage(ElementType::F16),
            ("torch", "DoubleStorage") => Callable::Storage(ElementType::F64),
            ("torch", "BFloat16Storage") => Callable::Storage(ElementType::BF16),
            (
                "torch",
                "LongStorage" | "IntStorage" | "ShortStorage" | "CharStorage" | "ByteStorage" | "BoolStorage",
            ) => Callable::Storage(ElementType::Other),
            _ => return None,
        })
    }
}

/// The tensors of a pickled dictionary, by name.
pub(super) fn tensors(pickle: &[u8]) -> Result<Vec<(Rc<str>, PickledTensor)>, PickleError> {
    let mut machine = Machine::new(pickle);
    let top = machine.run()?;
    let Value::Dictionary(entries) = machine.value(top) else {
        return Err(PickleError::Bad("it holds no dictionary"));
    };
    let pair = |(key, value): &(Id, Id)| match (machine.value(*key), machine.value(*value)) {
        (Value::Text(name), Value::Tensor(tensor)) => Some((name.clone(), tensor.clone())),
        _ => None,
    };
    Ok(entries.iter().filter_map(pair).collect())
}

const CUT_SHORT: PickleError = PickleError::Bad("it ends too early");
const NOT_A_TENSOR: PickleError = PickleError::Bad("a tensor is described in a way that is not known");

impl Machine<'_> {
    /// Runs to the end; the value that is left.
    fn run(&mut self) -> Result<Id, PickleError> {
        loop {
            let [instruction] = self.take_array()?;
            if instruction == b'.' {
                return self.pop();
            }
            self.step(instruction)?;
        }
    }

    fn step(&mut self, instruction: u8) -> Result<(), PickleError> {
        match instruction {
            0x80 => self.take(1).map(|_| ()),
            0x95 => self.take(8).map(|_| ()),
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            b'N' => self.push(Value::Nothing),
            0x88 | 0x89 => self.push(Value::Number(i64::from(instruction == 0x88))),
            b'K' | b'M' | b'J' | 0x8a => self.number(instruction),
            b'G' => self.take(8).map(|_| ()).and_then(|()| self.push(Value::Nothing)),
            b'X' | 0x8c => self.text(instruction),
            b')' | b']' => self.push(Value::Sequence(vec![])),
            b't' | 0x85 | 0x86 | 0x87 => self.tuple(instruction),
            b'a' | b'e' => self.append(instruction),
            b'}' => self.push(Value::Dictionary(vec![])),
            b's' | b'u' => self.set_items(instruction),
            b'q' | b'r' | 0x94 => self.remember(instruction),
            b'h' | b'j' => self.recall(instruction),
            b'c' | 0x93 => self.callable(instruction),
            b'Q' => self.storage(),
            b'R' => self.call(),
            // Data that a dictionary carries beside its entries, such as the versions of layers.
            b'b' => self.pop().map(drop),
            b'i' | b'o' | 0x81 | 0x92 => Err(PickleError::Calls("a class".to_owned())),
            0x82..=0x84 => Err(PickleError::Calls("an extension".to_owned())),
            _ => Err(PickleError::Bad("it has an instruction that weights do not need")),
        }
    }

    fn number(&mut self, instruction: u8) -> Result<(), PickleError> {
        let value = match instruction {
            b'K' => i64::from(u8::from_le_bytes(self.take_array()?)),
            b'M' => i64::from(u16::from_le_bytes(self.take_array()?)),
            b'J' => i64::from(i32::from_le_bytes(self.take_array()?)),
            _ => {
                let [length] = self.take_array()?;
                let bytes = self.take(usize::from(length))?;
                if bytes.len() > 8 {
                    return Err(PickleError::Bad("it has a number of more than 64 bits"));
                }
                let unused = 64 - 8 * bytes.len() as u32;
                let number = bytes.iter().rev().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
                // Moved up and down again, so that the sign comes along.
                number.checked_shl(unused).map_or(0, |number| number as i64 >> unused)
            }
        };
        self.push(Value::Number(value))
    }

    fn text(&mut self, instruction: u8) -> Result<(), PickleError> {
        let length = match instruction {
            b'X' => u32::from_le_bytes(self.take_array()?),
            _ => u32::from(u8::from_le_bytes(self.take_array()?)),
        };
        let text =
            std::str::from_utf8(self.take(length as usize)?).map_err(|_| PickleError::Bad("a name is not text"))?;
        if text.len() > LONGEST_NAME {
            return Err(PickleError::Bad("a name is too long"));
        }
        let text = text.into();
        self.push(Value::Text(text))
    }

    fn tuple(&mut self, instruction: u8) -> Result<(), PickleError> {
        let members = match instruction {
            b't' => self.since_mark()?,
            _ => {
                let start = self.stack.len().checked_sub(usize::from(instruction - 0x84)).ok_or(CUT_SHORT)?;
                self.stack.split_off(start)
            }
        };
        self.push(Value::Sequence(members))
    }

    fn append(&mut self, instruction: u8) -> Result<(), PickleError> {
        let members = if instruction == b'e' { self.since_mark()? } else { vec![self.pop()?] };
        match self.top()? {
            Value::Sequence(sequence) => sequence.extend(members),
            _ => return Err(PickleError::Bad("it appends to what is no list")),
        }
        Ok(())
    }

    fn set_items(&mut self, instruction: u8) -> Result<(), PickleError> {
        let members = match instruction {
            b'u' => self.since_mark()?,
            _ => {
                let value = self.pop()?;
                vec![self.pop()?, value]
            }
        };
        match self.top()? {
            Value::Dictionary(entries) => entries.extend(members.chunks_exact(2).map(|pair| (pair[0], pair[1]))),
            _ => return Err(PickleError::Bad("it sets entries of what is no dictionary")),
        }
        Ok(())
    }

    /// Notes the value on top under a number.
    fn remember(&mut self, instruction: u8) -> Result<(), PickleError> {
        let number = match instruction {
            b'q' => usize::from(u8::from_le_bytes(self.take_array()?)),
            b'r' => u32::from_le_bytes(self.take_array()?) as usize,
            _ => self.memo.len(),
        };
        // Numbers are given one after the other, and every one has an instruction of its own.
        if number > self.values.len() {
            return Err(PickleError::Bad("it numbers what it does not have"));
        }
        let top = *self.stack.last().ok_or(CUT_SHORT)?;
        if self.memo.len() <= number {
            self.memo.resize(number + 1, None);
        }
        self.memo[number] = Some(top);
        Ok(())
    }

    fn recall(&mut self, instruction: u8) -> Result<(), PickleError> {
        let number = match instruction {
            b'h' => usize::from(u8::from_le_bytes(self.take_array()?)),
            _ => u32::from_le_bytes(self.take_array()?) as usize,
        };
        let known = self.memo.get(number).copied().flatten();
        self.stack.push(known.ok_or(PickleError::Bad("it recalls what it never noted"))?);
        Ok(())
    }

    /// The name of something to call: on two lines, or on the stack.
    fn callable(&mut self, instruction: u8) -> Result<(), PickleError> {
        let (module, name) = match instruction {
            b'c' => (self.line()?.into(), self.line()?.into()),
            _ => {
                let name = self.pop_text()?;
                (self.pop_text()?, name)
            }
        };
        match Callable::named(&module, &name) {
            Some(callable) => self.push(Value::Callable(callable)),
            None => Err(PickleError::Calls(format!("{module}.{name}"))),
        }
    }

    /// `('storage', type, name, device, elements)` becomes the storage that it stands for.
    fn storage(&mut self) -> Result<(), PickleError> {
        let members = self.pop_sequence()?;
        let [_, kind, name, ..] = members[..] else { return Err(NOT_A_TENSOR) };
        match (self.value(kind), self.value(name)) {
            (Value::Callable(Callable::Storage(element)), Value::Text(name)) => {
                let storage = Value::Storage(*element, name.clone());
                self.push(storage)
            }
            _ => Err(NOT_A_TENSOR),
        }
    }

    fn call(&mut self) -> Result<(), PickleError> {
        let arguments = self.pop_sequence()?;
        let callable = self.pop()?;
        let Value::Callable(callable) = self.value(callable) else {
            return Err(PickleError::Calls("a value".to_owned()));
        };
        match (callable, &arguments[..]) {
            (Callable::OrderedDict, []) => self.push(Value::Dictionary(vec![])),
            (Callable::RebuildTensor, [storage, offset, shape, strides, ..]) => {
                let tensor = self.tensor([*storage, *offset, *shape, *strides]).ok_or(NOT_A_TENSOR)?;
                self.push(Value::Tensor(tensor))
            }
            (Callable::RebuildParameter, [tensor, ..]) => {
                self.stack.push(*tensor);
                Ok(())
            }
            _ => Err(NOT_A_TENSOR),
        }
    }

    fn tensor(&self, [storage, offset, shape, strides]: [Id; 4]) -> Option<PickledTensor> {
        let Value::Storage(element, storage) = self.value(storage) else { return None };
        let (shape, strides) = (self.numbers(shape)?, self.numbers(strides)?);
        let offset = self.count(offset)?;
        let tensor = PickledTensor { element: *element, storage: storage.clone(), offset, shape, strides };
        (tensor.shape.len() == tensor.strides.len()).then_some(tensor)
    }

    fn numbers(&self, id: Id) -> Option<Vec<u64>> {
        match self.value(id) {
            Value::Sequence(members) if members.len() <= MOST_AXES => {
                members.iter().map(|member| self.count(*member)).collect()
            }
            _ => None,
        }
    }

    fn count(&self, id: Id) -> Option<u64> {
        match self.value(id) {
            Value::Number(number) => u64::try_from(*number).ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
