//! One table that binds keys to actions. The hint line and the help read it too.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use crossterm::event::KeyEvent;

use super::action::{Action, Section};
use super::key::Key;
use crate::domain::printable::{printable, printable_text};
use crate::file_system::is_gone;
use crate::lang::Language;
use crate::plain_file;

/// The table that is built in.
const BUILT_IN: &str = include_str!("../../config/keys.toml");

/// The user's own table, in the program's configuration folder.
const USER_FILE: &str = "keys.toml";

/// The largest table of keys that is read.
const LARGEST_FILE: u64 = 1_000_000;

/// The keys of every action.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Keys {
    /// In the table's order.
    bound: Vec<(Action, Vec<Key>)>,
}

/// An invalid line of the user's table, or an invalid table. The built-in keys stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum KeysFault {
    /// The file is there and cannot be read, or is no table.
    File { path: PathBuf, detail: String },
    /// There is no such action.
    Action { path: PathBuf, action: String },
    /// No list of keys, or an empty one.
    NoKeys { path: PathBuf, action: Action },
    /// There is no such key.
    Key { path: PathBuf, action: Action, key: String },
    /// The key does something else in the same place.
    Taken { path: PathBuf, action: Action, key: String, by: Action },
}

impl KeysFault {
    /// The sentence.
    pub(super) fn say(&self, language: &Language) -> String {
        let (word, path, values) = match self {
            KeysFault::File { path, detail } => ("app.keys_file", path, vec![("detail", detail.clone())]),
            KeysFault::Action { path, action } => ("app.keys_action", path, vec![("action", action.clone())]),
            KeysFault::NoKeys { path, action } => ("app.keys_no_keys", path, vec![("action", action.to_string())]),
            KeysFault::Key { path, action, key } => {
                ("app.keys_key", path, vec![("action", action.to_string()), ("key", key.clone())])
            }
            KeysFault::Taken { path, action, key, by } => {
                let values = vec![("action", action.to_string()), ("key", key.clone()), ("by", by.to_string())];
                ("app.keys_taken", path, values)
            }
        };
        // Words of a file are shown as they can be.
        let shown: Vec<(&str, String)> =
            values.into_iter().map(|(place, text)| (place, printable_text(&text))).collect();
        let path = printable(path);
        let values = shown.iter().map(|(place, text)| (*place, text as &dyn Display));
        language.say(word, &values.chain([("path", &path as &dyn Display)]).collect::<Vec<_>>())
    }
}

impl Keys {
    /// The built-in table.
    pub(super) fn built_in() -> Keys {
        let table: toml::Table = BUILT_IN.parse().unwrap_or_default();
        let keys_of = |names: &toml::Value| names.as_array().into_iter().flatten().filter_map(named).collect();
        let bound = entries(&table).filter_map(|entry| Some((entry.action()?, keys_of(entry.names)))).collect();
        Keys { bound }
    }

    /// The built-in table with the user's file in `folder` over it, entry by entry, and the entries that are not
    /// obeyed.
    pub(super) fn load(folder: Option<&Path>) -> (Keys, Vec<KeysFault>) {
        let built_in = Keys::built_in();
        let Some(path) = folder.map(|folder| folder.join(USER_FILE)) else { return (built_in, vec![]) };
        let unusable = |detail: String| KeysFault::File { path: path.clone(), detail };
        let table = match plain_file::read_text(&path, LARGEST_FILE) {
            Ok(text) => text.parse::<toml::Table>().map_err(|error| unusable(error.to_string())),
            Err(error) if is_gone(&error) => return (built_in, vec![]),
            Err(error) => Err(unusable(error.to_string())),
        };
        match table {
            Ok(table) => built_in.with(&table, &path),
            Err(fault) => (built_in, vec![fault]),
        }
    }

    /// These with the user's entries over them.
    fn with(self, table: &toml::Table, path: &Path) -> (Keys, Vec<KeysFault>) {
        let mut faults = vec![];
        let mut users = vec![];
        for entry in entries(table) {
            match entry.read(path) {
                Ok(bound) => users.push(bound),
                Err(fault) => faults.push(fault),
            }
        }
        // Two entries may swap their keys, so conflicts are looked for in the whole table.
        loop {
            let mut keys = self.clone();
            for (action, own) in &users {
                keys.bound.iter_mut().filter(|(known, _)| known == action).for_each(|(_, keys)| keys.clone_from(own));
            }
            let taken = users.iter().enumerate().find_map(|(at, (action, _))| Some((at, keys.taken_from(*action)?)));
            let Some((at, (key, by))) = taken else { return (keys, faults) };
            let (action, _) = users.remove(at);
            faults.push(KeysFault::Taken { path: path.to_owned(), action, key: key.name(), by });
        }
    }

    /// A key of an action that does something else where both can be pressed, and what.
    fn taken_from(&self, action: Action) -> Option<(Key, Action)> {
        let own = action.section();
        let meet = |other: Section| other == own || [own, other].contains(&Section::Everywhere);
        let others = self.bound.iter().filter(|(other, _)| *other != action && meet(other.section()));
        let mut pairs = others.flat_map(|(other, keys)| keys.iter().map(move |key| (*key, *other)));
        pairs.find(|(key, _)| self.keys(action).contains(key))
    }

    /// The keys of an action.
    fn keys(&self, action: Action) -> &[Key] {
        self.bound.iter().find(|(known, _)| *known == action).map(|(_, keys)| keys.as_slice()).unwrap_or_default()
    }

    /// The action of a section that a key is bound to.
    pub(super) fn action<A: TryFrom<Action>>(&self, event: KeyEvent) -> Option<A> {
        let key = Key::of(event);
        let pressed = self.bound.iter().filter(|(_, keys)| keys.contains(&key));
        pressed.filter_map(|(action, _)| A::try_from(*action).ok()).next()
    }

    /// The event of pressing an action's first key; of the first that is no letter where text is edited.
    pub(super) fn pressing(&self, action: Action, is_typing: bool) -> Option<KeyEvent> {
        self.keys(action).iter().find(|key| !(is_typing && key.is_letter())).map(|key| key.event())
    }

    /// True where something is bound to a key, in whatever place.
    pub(super) fn is_bound(&self, event: KeyEvent) -> bool {
        let key = Key::of(event);
        self.bound.iter().any(|(_, keys)| keys.contains(&key))
    }

    /// The first key of an action, as people write it.
    pub(super) fn name(&self, action: impl Into<Action>) -> String {
        self.keys(action.into()).first().map(|key| key.name()).unwrap_or_default()
    }

    /// The last key of an action: for panes the one that every terminal hands on.
    pub(super) fn last_name(&self, action: impl Into<Action>) -> String {
        self.keys(action.into()).last().map(|key| key.name()).unwrap_or_default()
    }

    /// All keys of an action.
    pub(super) fn names(&self, action: Action) -> String {
        self.keys(action).iter().map(|key| key.name()).collect::<Vec<_>>().join(" ")
    }

    /// Every action of a section.
    pub(super) fn actions(&self, section: Section) -> impl Iterator<Item = Action> {
        self.bound.iter().map(|(action, _)| *action).filter(move |action| action.section() == section)
    }
}

/// A line of a table: the names of a section and of an action, and the keys for it.
struct Entry<'t> {
    section: &'t str,
    /// None for a line outside of every section.
    name: Option<&'t str>,
    names: &'t toml::Value,
}

impl Entry<'_> {
    fn action(&self) -> Option<Action> {
        Action::named(self.section, self.name?)
    }

    /// The action and the keys that are named for it.
    fn read(&self, path: &Path) -> Result<(Action, Vec<Key>), KeysFault> {
        let path = || path.to_owned();
        let Some(action) = self.action() else {
            let words: Vec<&str> = std::iter::once(self.section).chain(self.name).collect();
            return Err(KeysFault::Action { path: path(), action: words.join(".") });
        };
        let Some(names) = self.names.as_array().filter(|names| !names.is_empty()) else {
            return Err(KeysFault::NoKeys { path: path(), action });
        };
        let key = |name| named(name).ok_or_else(|| KeysFault::Key { path: path(), action, key: name.to_string() });
        Ok((action, names.iter().map(key).collect::<Result<_, _>>()?))
    }
}

/// Each line of a table.
fn entries(table: &toml::Table) -> impl Iterator<Item = Entry<'_>> {
    table.iter().flat_map(|(section, value)| {
        let inside = value.as_table().into_iter().flatten();
        let alone = (!value.is_table()).then_some(Entry { section, name: None, names: value });
        inside.map(move |(name, names)| Entry { section, name: Some(name), names }).chain(alone)
    })
}

fn named(name: &toml::Value) -> Option<Key> {
    name.as_str().and_then(Key::named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyCode, KeyModifiers};

    use crate::tui::action::{AppAction, ReviewAction};

    #[test]
    fn the_built_in_table_binds_every_action_and_names_no_other() {
        let keys = Keys::built_in();
        let table: toml::Table = BUILT_IN.parse().unwrap();
        for entry in entries(&table) {
            let action = entry.action().unwrap_or_else(|| panic!("{}.{:?} is no action", entry.section, entry.name));
            assert_eq!(keys.keys(action).len(), entry.names.as_array().unwrap().len(), "{action}");
        }
        for action in Action::all() {
            assert!(!keys.name(action).is_empty(), "{action} has no key");
        }
    }

    #[test]
    fn a_key_does_one_thing_where_it_is_pressed() {
        let keys = Keys::built_in();
        for section in [Section::List, Section::Review, Section::Exact, Section::Files] {
            let mut seen: Vec<Key> = Vec::new();
            for action in keys.actions(section).chain(keys.actions(Section::Everywhere)) {
                for key in keys.keys(action) {
                    assert!(!seen.contains(key), "{} does two things in {}", key.name(), section.name());
                    seen.push(*key);
                }
            }
        }
    }

    fn of_user(text: &str) -> (Keys, Vec<KeysFault>) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(USER_FILE), text).unwrap();
        Keys::load(Some(folder.path()))
    }

    fn press<A: TryFrom<Action>>(keys: &Keys, character: char) -> Option<A> {
        keys.action(KeyEvent::new(KeyCode::Char(character), KeyModifiers::NONE))
    }

    #[test]
    fn the_users_file_overrides_entry_by_entry() {
        let (keys, faults) = of_user("[review]\naccept = [\"y\"]\n");
        assert_eq!(faults, []);
        assert_eq!(press(&keys, 'y'), Some(ReviewAction::Accept));
        assert_eq!(press::<ReviewAction>(&keys, 'a'), None);
        assert_eq!(press(&keys, 'x'), Some(ReviewAction::NoneOfThese));
        // Two may change their keys.
        let (keys, faults) = of_user("[review]\naccept = [\"x\"]\nnone_of_these = [\"a\"]\n");
        assert_eq!((press(&keys, 'x'), faults.len()), (Some(ReviewAction::Accept), 0));
    }

    #[test]
    fn an_entry_that_makes_no_sense_is_told_of_and_takes_no_key_away() {
        let broken = [
            ("[everywhere", "cannot be used"),
            ("[everywhere]\nquit = \"q\"\n", "everywhere.quit"),
            ("[everywhere]\nquit = []\n", "everywhere.quit"),
            ("[everywhere]\nquit = [\"meta-q\"]\n", "meta-q"),
            ("[everywhere]\nquit = [7]\n", "7"),
            ("[everywhere]\nleave = [\"w\"]\n", "everywhere.leave"),
            ("[everywhere]\nlogg = [\"w\"]\n", "everywhere.logg"),
            ("[files]\naccept = [\"w\"]\n", "files.accept"),
            ("[anywhere]\nquit = [\"w\"]\n", "anywhere.quit"),
            ("quit = [\"w\"]\n", "quit"),
            ("[review]\naccept = [\"q\"]\n", "everywhere.quit"),
            ("[review]\naccept = [\"s\"]\n", "review.skip"),
            ("[everywhere]\nstart = [\"a\"]\n", "review.accept"),
        ];
        let language = Language::english();
        for (text, word) in broken {
            let (keys, faults) = of_user(text);
            assert_eq!(keys, Keys::built_in(), "{text}");
            assert_eq!(press(&keys, 'q'), Some(AppAction::Quit), "{text}");
            let [fault] = &faults[..] else { panic!("{text}: {faults:?}") };
            let said = fault.say(&language);
            assert!(said.contains(word) && said.contains(USER_FILE), "{text}: {said}");
        }
    }

    #[test]
    fn no_word_of_a_file_steers_the_terminal() {
        let (_, faults) = of_user("[review]\n\"a\\u001b[2J\" = [\"y\"]\naccept = [\"\\u001b]0;x\\u0007\"]\n");
        assert_eq!(faults.len(), 2);
        assert!(faults.iter().all(|fault| !fault.say(&Language::english()).contains(char::is_control)), "{faults:?}");
    }

    #[test]
    fn what_is_right_in_a_file_is_obeyed_beside_what_is_not() {
        let (keys, faults) = of_user("[review]\naccept = [\"y\"]\nskip = [\"no such key\"]\n");
        assert_eq!((press(&keys, 'y'), faults.len()), (Some(ReviewAction::Accept), 1));
        assert_eq!(press(&keys, 's'), Some(ReviewAction::Skip));
    }
}
