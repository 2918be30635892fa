//! Colours and marks. A mark or reversed video says the same as a colour: some terminals have no colours, some people
//! do not see them.

use ratatui::style::{Color, Modifier, Style};

use crate::config::Preview;

/// How things look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Theme {
    has_colours: bool,
    /// Bright colours cannot be read on a light background.
    is_light: bool,
}

impl Theme {
    /// Without colours where `NO_COLOR` is set: <https://no-color.org>.
    pub(super) fn has_colours_in_environment() -> bool {
        std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
    }

    /// The theme for a background, with the colours that the environment allows.
    pub(super) fn from_environment(is_light: bool) -> Theme {
        Theme { has_colours: Theme::has_colours_in_environment(), is_light }
    }

    /// Whether pictures are drawn: without colours only where somebody has chosen a way of drawing, as a picture
    /// without them is noise.
    pub(super) fn draws_pictures(self, preview: Preview) -> bool {
        match preview {
            Preview::None => false,
            Preview::Auto => self.has_colours,
            _ => true,
        }
    }

    #[cfg(test)]
    pub(super) fn plain() -> Theme {
        Theme { has_colours: false, is_light: false }
    }

    #[cfg(test)]
    pub(super) fn in_colours(is_light: bool) -> Theme {
        Theme { has_colours: true, is_light }
    }

    /// A colour on a dark background, and one on a light one.
    fn coloured(self, style: Style, on_dark: Color, on_light: Color) -> Style {
        match (self.has_colours, self.is_light) {
            (false, _) => style,
            (true, false) => style.fg(on_dark),
            (true, true) => style.fg(on_light),
        }
    }

    /// The style of a choice.
    pub(super) fn chosen(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// The style of letters that match what was typed.
    pub(super) fn found(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
    }

    /// The style that leads the eye.
    pub(super) fn title(self) -> Style {
        self.coloured(Style::new().add_modifier(Modifier::BOLD), Color::Cyan, Color::Blue)
    }

    /// The style of things beside the point.
    pub(super) fn faint(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// The style of things that are right or done.
    pub(super) fn good(self) -> Style {
        self.coloured(Style::new(), Color::Green, Color::Green)
    }

    /// The style of things that want a look.
    pub(super) fn warning(self) -> Style {
        self.coloured(Style::new().add_modifier(Modifier::BOLD), Color::Yellow, Color::Magenta)
    }

    /// The style of errors.
    pub(super) fn error(self) -> Style {
        self.coloured(Style::new().add_modifier(Modifier::BOLD), Color::Red, Color::Red)
    }
}
