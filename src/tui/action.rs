//! The actions of the app: everything that a key can be bound to, under the names of `keys.toml`.

use std::fmt::{Display, Formatter};

/// Declares the actions of one section, each with its name in the table.
macro_rules! section {
    ($(#[$about:meta])* $kind:ident of $section:ident { $($action:ident = $name:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $kind {
            $($action,)*
        }

        impl $kind {
            const ALL: &[$kind] = &[$($kind::$action,)*];

            fn name(self) -> &'static str {
                match self {
                    $($kind::$action => $name,)*
                }
            }
        }

        impl From<$kind> for Action {
            fn from(action: $kind) -> Action {
                Action::$section(action)
            }
        }

        impl TryFrom<Action> for $kind {
            type Error = OtherSection;

            fn try_from(action: Action) -> Result<$kind, OtherSection> {
                match action {
                    Action::$section(action) => Ok(action),
                    _ => Err(OtherSection),
                }
            }
        }
    };
}

section! {
    /// Keys that act in every pane.
    AppAction of Everywhere {
        Help = "help",
        Quit = "quit",
        NextPane = "next_pane",
        PreviousPane = "previous_pane",
        Setup = "setup",
        Labels = "labels",
        Review = "review",
        Files = "files",
        Log = "log",
        Start = "start",
        Stop = "stop",
        Pause = "pause",
        Trust = "trust",
        GoInside = "go_inside",
        ComeOut = "come_out",
        Suspend = "suspend",
        Packs = "packs",
    }
}

section! {
    /// Keys of lists: the setup pane, and long texts.
    ListAction of List {
        Up = "up",
        Down = "down",
        PageUp = "page_up",
        PageDown = "page_down",
        Enter = "enter",
        Toggle = "toggle",
        Install = "install",
        Repair = "repair",
    }
}

section! {
    /// Keys of the label editor.
    EditorAction of Editor {
        Done = "done",
        Undo = "undo",
        Redo = "redo",
        TakeHint = "take_hint",
    }
}

section! {
    /// Keys of the review pane.
    ReviewAction of Review {
        Next = "next",
        Previous = "previous",
        Accept = "accept",
        NoneOfThese = "none_of_these",
        Skip = "skip",
        Mark = "mark",
        MarkRange = "mark_range",
        Leave = "leave",
        Undo = "undo",
        Redo = "redo",
        NextOpen = "next_open",
        PreviousOpen = "previous_open",
        TenOn = "ten_on",
        TenBack = "ten_back",
        Find = "find",
        LikeThis = "like_this",
        First = "first",
        Last = "last",
        PageOn = "page_on",
        PageBack = "page_back",
        GoTo = "go_to",
        Labels = "labels",
        Decisions = "decisions",
        Whole = "whole",
        Exact = "exact",
        Details = "details",
        OpenOutside = "open_outside",
        Order = "order",
        Filter = "filter",
        FilterBefore = "filter_before",
        Hide = "hide",
        Preview = "preview",
        Grid = "grid",
        Stack = "stack",
    }
}

section! {
    /// Keys of the grid in the review pane.
    GridAction of Grid {
        Left = "left",
        Right = "right",
        Up = "up",
        Down = "down",
        PageOn = "page_on",
        PageBack = "page_back",
        Mark = "mark",
        Letters = "letters",
        AcceptPage = "accept_page",
        Look = "look",
        Leave = "leave",
    }
}

section! {
    /// Keys of the review pane while each pixel is a dot: they outrank those of the pane.
    ExactAction of Exact {
        Left = "left",
        Right = "right",
        Up = "up",
        Down = "down",
        Next = "next",
        Previous = "previous",
    }
}

section! {
    /// Keys of the files pane.
    FilesAction of Files {
        Apply = "apply",
        Undo = "undo",
        Plan = "plan",
    }
}

/// An action, in the section of the table that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Everywhere(AppAction),
    List(ListAction),
    Editor(EditorAction),
    Review(ReviewAction),
    Exact(ExactAction),
    Grid(GridAction),
    Files(FilesAction),
}

/// The action belongs to another section than was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OtherSection;

/// A section of the table: its keys act in one place, and those of `Everywhere` in every one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Everywhere,
    List,
    Editor,
    Review,
    Exact,
    Grid,
    Files,
}

impl Section {
    /// Every section.
    pub(super) const ALL: [Section; 7] = [
        Section::Everywhere,
        Section::List,
        Section::Editor,
        Section::Review,
        Section::Exact,
        Section::Grid,
        Section::Files,
    ];

    /// The name in the table.
    pub(super) fn name(self) -> &'static str {
        match self {
            Section::Everywhere => "everywhere",
            Section::List => "list",
            Section::Editor => "editor",
            Section::Review => "review",
            Section::Exact => "exact",
            Section::Grid => "grid",
            Section::Files => "files",
        }
    }

    /// The key of its heading in the language files.
    pub(super) fn heading(self) -> String {
        format!("keys.section_{}", self.name())
    }

    /// Its actions.
    fn actions(self) -> Vec<Action> {
        fn all<A: Copy + Into<Action>>(actions: &[A]) -> Vec<Action> {
            actions.iter().map(|action| (*action).into()).collect()
        }
        match self {
            Section::Everywhere => all(AppAction::ALL),
            Section::List => all(ListAction::ALL),
            Section::Editor => all(EditorAction::ALL),
            Section::Review => all(ReviewAction::ALL),
            Section::Exact => all(ExactAction::ALL),
            Section::Grid => all(GridAction::ALL),
            Section::Files => all(FilesAction::ALL),
        }
    }
}

impl Action {
    /// Every action.
    pub(super) fn all() -> Vec<Action> {
        Section::ALL.into_iter().flat_map(Section::actions).collect()
    }

    /// The action of a section and a name in the table; none where there is no such action.
    pub(super) fn named(section: &str, name: &str) -> Option<Action> {
        Action::all().into_iter().find(|action| action.section().name() == section && action.name() == name)
    }

    /// The section that it belongs to.
    pub(super) fn section(self) -> Section {
        match self {
            Action::Everywhere(_) => Section::Everywhere,
            Action::List(_) => Section::List,
            Action::Editor(_) => Section::Editor,
            Action::Review(_) => Section::Review,
            Action::Exact(_) => Section::Exact,
            Action::Grid(_) => Section::Grid,
            Action::Files(_) => Section::Files,
        }
    }

    /// The key of the sentence about it in the language files, which the list of keys shows.
    pub(super) fn sentence(self) -> String {
        format!("key_help.{}_{}", self.section().name(), self.name())
    }

    fn name(self) -> &'static str {
        match self {
            Action::Everywhere(action) => action.name(),
            Action::List(action) => action.name(),
            Action::Editor(action) => action.name(),
            Action::Review(action) => action.name(),
            Action::Exact(action) => action.name(),
            Action::Grid(action) => action.name(),
            Action::Files(action) => action.name(),
        }
    }

    /// The key of its word in the language files.
    pub(super) fn word(self) -> String {
        format!("keys.{}_{}", self.section().name(), self.name())
    }
}

/// As people write it: `section.action`.
impl Display for Action {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}", self.section().name(), self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_finds_every_action_by_its_own_name_and_no_other() {
        for action in Action::all() {
            assert_eq!(Action::named(action.section().name(), action.name()), Some(action));
        }
        assert_eq!(Action::named("review", "quit"), None);
        assert_eq!(Action::named("everywhere", ""), None);
    }

    #[test]
    fn an_action_converts_to_its_own_section_alone() {
        assert_eq!(AppAction::try_from(Action::from(AppAction::Log)), Ok(AppAction::Log));
        assert_eq!(FilesAction::try_from(Action::from(ReviewAction::Undo)), Err(OtherSection));
    }
}
