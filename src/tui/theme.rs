//! Colours and marks. What a colour says, a mark or reversed video says too: some terminals have no colours, some people
//! do not see them.

use ratatui::style::{Color, Modifier, Style};

/// How things look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Theme {
    has_colours: bool,
}

impl Theme {
    /// Without colours where `NO_COLOR` is set: <https://no-color.org>.
    pub(super) fn from_environment() -> Theme {
        Theme { has_colours: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) }
    }

    #[cfg(test)]
    pub(super) fn plain() -> Theme {
        Theme { has_colours: false }
    }

    fn coloured(self, style: Style, colour: Color) -> Style {
        if self.has_colours { style.fg(colour) } else { style }
    }

    /// What is chosen.
    pub(super) fn chosen(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// What leads the eye.
    pub(super) fn title(self) -> Style {
        self.coloured(Style::new().add_modifier(Modifier::BOLD), Color::Cyan)
    }

    /// What is beside the point.
    pub(super) fn faint(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// What is right or done.
    pub(super) fn good(self) -> Style {
        self.coloured(Style::new(), Color::Green)
    }

    /// What wants a look.
    pub(super) fn warning(self) -> Style {
        self.coloured(Style::new().add_modifier(Modifier::BOLD), Color::Yellow)
    }

    /// What went wrong.
    pub(super) fn error(self) -> Style {
        self.coloured(Style::new().add_modifier(Modifier::BOLD), Color::Red)
    }
}
