//! Looks at folders while they are typed: counts the files of a source, completes paths, lists models.

use std::mem::discriminant;
use std::path::Path;

use crossbeam_channel::{Receiver, Sender};

use super::{Checked, Event, ModelChoice, Order};
use crate::domain::settings::ModelName;
use crate::files::kind::has_picture_name;
use crate::files::scan::scan;
use crate::jobs::stop::Stop;

/// What a checkpoint's folder has.
const CONFIGURATION: &str = "config.json";

pub(super) fn run(orders: &Receiver<Order>, ending: &Stop, events: &Sender<Event>) {
    while let Ok(first) = orders.recv() {
        for order in newest_of_each(first, orders) {
            if ending.is_requested() {
                return;
            }
            let event = match order {
                Order::Check { number, source, recursive, destination } => {
                    let result = scan(&source, recursive, &destination).map(|found| {
                        let named = |path: &&std::path::PathBuf| has_picture_name(path.as_path());
                        let pictures = found.files.iter().filter(named).count();
                        Checked { pictures, others: found.files.len() - pictures }
                    });
                    Event::Checked { number, result: result.map_err(Into::into) }
                }
                Order::Complete { typed } => {
                    let text = completed(&typed).unwrap_or_else(|| typed.clone());
                    Event::Completed { typed, text }
                }
                Order::ListModels { typed } => Event::Models { found: models(&typed), typed },
                _ => continue,
            };
            if events.send(event).is_err() {
                return;
            }
        }
    }
}

/// Everything that waits; of several orders of one kind only the newest.
fn newest_of_each(first: Order, orders: &Receiver<Order>) -> Vec<Order> {
    let mut waiting: Vec<Order> = vec![first];
    for order in orders.try_iter() {
        waiting.retain(|known| discriminant(known) != discriminant(&order));
        waiting.push(order);
    }
    waiting
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
fn split(text: &str) -> (&str, &str) {
    text.rfind('/').map_or(("", text), |slash| text.split_at(slash + 1))
}

/// Names of the folders in a folder, in order.
fn folders_in(folder: &str) -> Vec<String> {
    let read = if folder.is_empty() { Path::new(".") } else { Path::new(folder) };
    let entries = std::fs::read_dir(read).into_iter().flatten().flatten().filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    names
}

/// The built-in model, and checkpoints in the folder that is typed.
fn models(typed: &str) -> Vec<ModelChoice> {
    let (folder, _) = split(typed);
    let demo = ModelChoice { name: ModelName::Demo.to_string(), is_built_in: true };
    let here = folders_in(folder).into_iter().map(|name| format!("{folder}{name}"));
    let checkpoints = here.filter(|path| Path::new(path).join(CONFIGURATION).is_file());
    std::iter::once(demo).chain(checkpoints.map(|name| ModelChoice { name, is_built_in: false })).collect()
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

    #[test]
    fn checkpoints_beside_what_is_typed_are_listed() {
        let folder = tempfile::tempdir().unwrap();
        for (name, file) in [("clip", "config.json"), ("other", "notes.txt")] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
            std::fs::write(folder.path().join(name).join(file), "{}").unwrap();
        }
        let root = folder.path().to_str().unwrap();
        let names: Vec<String> = models(&format!("{root}/c")).into_iter().map(|choice| choice.name).collect();
        assert_eq!(names, ["demo".to_owned(), format!("{root}/clip")]);
    }

    #[test]
    fn of_one_kind_the_newest_is_done() {
        let (send, receive) = crossbeam_channel::unbounded();
        let complete = |typed: &str| Order::Complete { typed: typed.to_owned() };
        let list = Order::ListModels { typed: String::new() };
        for order in [list, complete("b"), complete("c")] {
            send.send(order).unwrap();
        }
        let done = newest_of_each(complete("a"), &receive);
        assert!(matches!(&done[..], [Order::ListModels { .. }, Order::Complete { typed }] if typed == "c"), "{done:?}");
    }
}
