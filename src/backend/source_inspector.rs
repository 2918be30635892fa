//! Looks at folders while they are typed: counts the files of a source, completes paths.

use std::path::Path;

use crossbeam_channel::{Receiver, Sender};

use super::newest::answer_newest;
use super::{Checked, Event, Order};
use crate::files::kind::has_picture_name;
use crate::files::scan::{Kept, Scan, Scope};
use crate::jobs::stop::Stop;

pub(super) fn run(orders: &Receiver<Order>, ending: &Stop, events: &Sender<Event>) {
    answer_newest(orders, ending, events, |order| match order {
        Order::Check { number, source, recursive, choice, destination } => {
            // Anything typed meanwhile makes the count stale.
            let goes_on = || !ending.is_requested() && orders.is_empty();
            let kept = Kept::new();
            let scope = Scope { source: &source, recursive, destination: &destination, choice: &choice, kept: &kept };
            let result = match scope.scan_while(&goes_on) {
                Ok(None) => return None,
                Ok(Some(found)) => Ok(counted(&found)),
                Err(error) => Err(error.into()),
            };
            Some(Event::Checked { number, result })
        }
        Order::Complete { typed } => {
            let text = completed(&typed).unwrap_or_else(|| typed.clone());
            Some(Event::Completed { typed, text })
        }
        _ => None,
    });
}

fn counted(found: &Scan) -> Checked {
    let pictures = found.files.iter().filter(|path| has_picture_name(path)).count();
    let left_out = found.left_out.counts();
    Checked { pictures, others: found.files.len() - pictures, left_out }
}

/// The path with what all folders that begin like it have in common.
fn completed(text: &str) -> Option<String> {
    let (folder, begun) = split(text);
    let mut names = folders_in(folder);
    names.retain(|name| name.starts_with(begun) && (!begun.is_empty() || !name.starts_with('.')));
    let (first, last) = (names.first()?, names.last()?);
    let common: String = first.chars().zip(last.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect();
    let ending = if names.len() == 1 { "/" } else { "" };
    Some(format!("{folder}{common}{ending}"))
}

/// The folder that is typed already, with its slash, and what is typed of a name in it.
pub(super) fn split(text: &str) -> (&str, &str) {
    text.rfind('/').map_or(("", text), |slash| text.split_at(slash + 1))
}

/// Names of the folders in a folder, in order.
pub(super) fn folders_in(folder: &str) -> Vec<String> {
    let read = if folder.is_empty() { Path::new(".") } else { Path::new(folder) };
    let entries = std::fs::read_dir(read).into_iter().flatten().flatten().filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_completed_as_far_as_they_are_alike() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["alpha", "alpine", "beta", ".hidden"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        std::fs::write(folder.path().join("beta.txt"), "").unwrap();
        let root = folder.path().to_str().unwrap();
        let complete =
            |typed: &str| completed(&format!("{root}/{typed}")).map(|text| text[root.len() + 1..].to_owned());
        assert_eq!(complete("a").unwrap(), "alp");
        assert_eq!(complete("alph").unwrap(), "alpha/");
        assert_eq!(complete("b").unwrap(), "beta/");
        assert_eq!(complete(".").unwrap(), ".hidden/");
        assert_eq!(complete("x"), None);
    }
}
