//! Decisions of one session for the same pictures in another one: what a person said of a picture goes with it when its
//! destination changes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::context::RunnerContext;
use super::session_rows::{by_number, by_text, label_keys};
use super::{DecisionStep, Event, NamedDecision};
use crate::domain::history::StepKind;
use crate::domain::picture::ContentHash;
use crate::store::StoreError;
use crate::store::known::KnownSessions;
use crate::store::session::{Session, Which};

/// Imports them, and tells the app.
pub(super) fn import_decisions(context: &RunnerContext, from: &Path, session: &mut Session) {
    context.tell_in_order(match take_over(from, session, &context.machine.known_sessions()) {
        Ok(step) => Event::TakenOver { step },
        Err(error) => Event::NotTakenOver { error: error.into() },
    });
}

/// Takes over what was decided in the session of `from` for pictures that nobody decided in this one. A picture is the
/// same where path and content are, or where all with its content were decided alike.
fn take_over(from: &Path, session: &mut Session, user: &KnownSessions) -> Result<DecisionStep, StoreError> {
    let known = Known::read(from, user)?;
    let mut said: Vec<_> = Vec::new();
    session.for_each_picture(None, Which::All, |found| {
        if let (None, Some(hash)) = (found.decision, found.picture.hash)
            && let Some(decision) = known.of(&found.picture.path, hash)
        {
            said.push((found.id, Some(decision)));
        }
    })?;
    let step = DecisionStep { kind: StepKind::Decide, said };
    if !step.said.is_empty() {
        let step = by_number(session, &step)?;
        session.decide(&step)?;
    }
    Ok(step)
}

/// The decisions of a session.
#[derive(Default)]
struct Known {
    by_file: HashMap<(PathBuf, ContentHash), NamedDecision>,
    /// None where those with one content were decided differently.
    by_content: HashMap<ContentHash, Option<NamedDecision>>,
}

impl Known {
    fn read(destination: &Path, user: &KnownSessions) -> Result<Known, StoreError> {
        let session = Session::open_to_review(destination, user)?;
        let texts = label_keys(&session)?;
        let mut known = Known::default();
        session.for_each_picture(None, Which::All, |found| {
            let said = found.decision.and_then(|decision| by_text(decision, &texts));
            if let (Some(said), Some(hash)) = (said, found.picture.hash) {
                let alike = known.by_content.entry(hash).or_insert_with(|| Some(said.clone()));
                if alike.as_ref() != Some(&said) {
                    *alike = None;
                }
                known.by_file.insert((found.picture.path, hash), said);
            }
        })?;
        Ok(known)
    }

    fn of(&self, path: &Path, hash: ContentHash) -> Option<NamedDecision> {
        let same_file = self.by_file.get(&(path.to_owned(), hash));
        same_file.or_else(|| self.by_content.get(&hash)?.as_ref()).cloned()
    }
}
