//! Choosing the runtime.

use super::{Notice, RunContext, RunError, RunEvent};
use crate::engine::runtime::select::{Selection, cores, select};
use crate::engine::runtime::{Runtime, RuntimeError};

/// Chooses the runtime, and tells of libraries that were passed over and of where it computes.
pub fn choose(context: &RunContext<'_>) -> Result<Selection, RunError> {
    let machine = context.machine;
    let selected = select(&machine.runtime, &machine.places, &machine.program, cores());
    // A signal ends the process that tries a library too: nothing is to be said of a library then.
    context.check_goes_on()?;
    let selection = match selected {
        Ok(selection) => selection,
        Err(RuntimeError::NoneFound { passed_over }) => {
            passed_over.iter().for_each(|library| context.note(Notice::LibraryPassedOver(library.clone())));
            return Err(RuntimeError::NoneFound { passed_over }.into());
        }
        Err(error) => return Err(error.into()),
    };
    selection.passed_over.iter().for_each(|library| context.note(Notice::LibraryPassedOver(library.clone())));
    selection.notes.iter().for_each(|note| context.note(Notice::Runtime(note.clone())));
    let (name, version) = (selection.runtime.name(), selection.runtime.version());
    tracing::info!(name, version, device = selection.runtime.computes(), "runtime");
    context.tell(RunEvent::RuntimeChosen(&selection));
    Ok(selection)
}

/// The runtime, chosen when it is needed first. Where none can be had, it is looked for again the next time.
#[derive(Default)]
pub struct ChosenRuntime {
    runtime: Option<Runtime>,
    was_tried: bool,
}

impl ChosenRuntime {
    /// The runtime.
    pub fn get(&mut self, context: &RunContext<'_>) -> Result<&Runtime, RunError> {
        self.was_tried = true;
        match &mut self.runtime {
            Some(runtime) => Ok(runtime),
            none => Ok(none.insert(choose(context)?.runtime)),
        }
    }

    /// Chooses it, unless that was tried before.
    pub fn choose_once(&mut self, context: &RunContext<'_>) -> Result<(), RunError> {
        if self.was_tried { Ok(()) } else { self.get(context).map(drop) }
    }
}
