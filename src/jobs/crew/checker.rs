//! Looks at folders while they are typed: counts the files of a source, completes paths.

use std::mem::discriminant;
use std::path::Path;

use crossbeam_channel::{Receiver, Sender};

use super::{Checked, Event, Order};
use crate::files::kind::has_picture_name;
use crate::files::scan::{Scan, scan_while};
use crate::jobs::stop::Stop;

pub(super) fn run(orders: &Receiver<Order>, ending: &Stop, events: &Sender<Event>) {
    while let Ok(first) = orders.recv() {
        for order in newest_of_each(first, orders) {
            if ending.is_requested() {
                return;
            }
            let event = match order {
                Order::Check { number, source, recursive, destination } => {
                    // What is typed meanwhile makes the count stale.
                    let goes_on = || !ending.is_requested() && orders.is_empty();
                    let result = match scan_while(&source, recursive, &destination, &goes_on) {
                        Ok(None) => continue,
                        Ok(Some(found)) => Ok(counted(&found)),
                        Err(error) => Err(error.into()),
                    };
                    Event::Checked { number, result }
                }
                Order::Complete { typed } => {
                    let text = completed(&typed).unwrap_or_else(|| typed.clone());
                    Event::Completed { typed, text }
                }
                _ => continue,
            };
            if events.send(event).is_err() {
                return;
            }
        }
    }
}

fn counted(found: &Scan) -> Checked {
    let pictures = found.files.iter().filter(|path| has_picture_name(path)).count();
    Checked { pictures, others: found.files.len() - pictures }
}

/// Everything that waits; of several orders of one kind only the newest.
pub(super) fn newest_of_each(first: Order, orders: &Receiver<Order>) -> Vec<Order> {
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

    #[test]
    fn of_one_kind_the_newest_is_done() {
        let (send, receive) = crossbeam_channel::unbounded();
        let complete = |typed: &str| Order::Complete { typed: typed.to_owned() };
        let (source, destination) = (std::path::PathBuf::new(), std::path::PathBuf::new());
        let check = Order::Check { number: 1, source, recursive: true, destination };
        for order in [check, complete("b"), complete("c")] {
            send.send(order).unwrap();
        }
        let done = newest_of_each(complete("a"), &receive);
        assert!(matches!(&done[..], [Order::Check { .. }, Order::Complete { typed }] if typed == "c"), "{done:?}");
    }
}
