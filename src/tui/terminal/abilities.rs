//! The abilities of a terminal, from its answers and from the environment.

use crate::tui::preview::{Abilities, Dots, Graphics};

use super::pieces::ESCAPE;

/// The environment's word on the terminal.
#[derive(Debug, Clone, Default)]
pub(super) struct Environment {
    /// Its kind: `TERM`.
    pub(super) term: String,
    /// Its name: `TERM_PROGRAM`, and `LC_TERMINAL`, which comes through ssh.
    pub(super) program: String,
    /// It is, or is made with, one of these, each by a variable of its own.
    pub(super) is_wezterm: bool,
    pub(super) is_konsole: bool,
    pub(super) is_vte: bool,
    pub(super) is_iterm2: bool,
    /// The program runs in tmux.
    pub(super) is_tmux: bool,
    /// Text is UTF-8.
    pub(super) is_utf8: bool,
}

impl Environment {
    pub(super) fn of_process() -> Environment {
        let variable = |name: &str| std::env::var(name).unwrap_or_default();
        let has = |name: &str| !variable(name).is_empty();
        let (term, program) = (variable("TERM"), variable("TERM_PROGRAM"));
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().map(variable).find(|value| !value.is_empty());
        let locale = locale.unwrap_or_default().to_lowercase();
        Environment {
            is_tmux: term.starts_with("tmux") || program == "tmux",
            is_wezterm: has("WEZTERM_EXECUTABLE"),
            is_konsole: has("KONSOLE_VERSION"),
            is_vte: has("VTE_VERSION"),
            is_iterm2: has("ITERM_SESSION_ID"),
            // A locale that names no encoding, as `C` or none at all, says nothing of the terminal.
            is_utf8: !locale.contains('.') || locale.contains("utf"),
            program: format!("{program} {}", variable("LC_TERMINAL")),
            term,
        }
    }
}

/// The abilities of the terminal, as far as they are known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::tui) struct Known {
    /// For drawing pictures.
    pub(in crate::tui) abilities: Abilities,
    /// The ways in which it takes pixels, the best first.
    pub(in crate::tui) takes: Vec<Graphics>,
    /// Its background is light.
    pub(in crate::tui) is_light: bool,
    /// It can describe each key, with its place on the keyboard.
    pub(in crate::tui) describes_keys: bool,
}

/// Terminals that take graphics of iTerm2, by `TERM_PROGRAM` or their own name.
const TAKE_ITERM2: [&str; 9] =
    ["iterm", "wezterm", "mintty", "vscode", "tabby", "hyper", "rio", "bobcat", "warpterminal"];

/// Terminals that draw sextants by themselves, whatever the font, by their name or the beginning of `TERM`.
const DRAW_SEXTANTS: [&str; 8] = ["kitty", "foot", "wezterm", "ghostty", "alacritty", "konsole", "iterm", "vte"];

/// The first version of kitty that has places of pictures as text:
/// <https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders>.
const KITTY_WITH_PLACES: (u32, u32) = (0, 28);

/// The abilities by these answers. `pixels` is the size of a cell as the system knows it: some terminals tell it alone.
/// An answer that is missing takes none of the others away.
pub(super) fn known(answers: &[Vec<u8>], environment: &Environment, pixels: Option<(u16, u16)>) -> Known {
    let answers: Vec<Said> = answers.iter().filter_map(|answer| said(answer)).collect();
    let has = |wanted: &Said| answers.contains(wanted);
    let name = answers.iter().find_map(|said| match said {
        Said::Name(name) => Some(name.to_lowercase()),
        _ => None,
    });
    let is_named = |part: &str| name.as_ref().is_some_and(|name| name.starts_with(part));
    let cell = answers.iter().find_map(|said| match said {
        Said::Cell(cell) => Some(*cell),
        _ => None,
    });
    let program = environment.program.to_lowercase();
    let is_wezterm = environment.is_wezterm || is_named("wezterm");
    let is_konsole = environment.is_konsole || is_named("konsole");
    let is_of_iterm2 = is_named("iterm2")
        || TAKE_ITERM2.iter().any(|known| program.contains(known))
        || environment.is_tmux && environment.is_iterm2;
    // WezTerm and Konsole have no places of pictures as text, though both answer; and sixels of Konsole are faulty.
    let is_honest = !is_wezterm && !is_konsole;
    let takes: Vec<Graphics> = [
        (Graphics::Iterm2, is_wezterm),
        (Graphics::Kitty, is_honest && has(&Said::Kitty) && has_places(name.as_deref(), environment)),
        (Graphics::Sixel, !is_konsole && has(&Said::Sixels)),
        (Graphics::Iterm2, !is_wezterm && !is_konsole && is_of_iterm2),
    ]
    .into_iter()
    .filter_map(|(graphics, is_taken)| is_taken.then_some(graphics))
    .collect();
    let graphics = takes.first().copied();
    let draws = |known: &str| {
        is_named(known) || environment.term.trim_start_matches("xterm-").starts_with(known) || program.contains(known)
    };
    let dots = match () {
        () if environment.term == "linux" || !environment.is_utf8 => Dots::Halves,
        () if is_wezterm || is_konsole || environment.is_vte || DRAW_SEXTANTS.into_iter().any(draws) => Dots::Sextants,
        () => Dots::Quadrants,
    };
    let cell = cell.or(pixels).unwrap_or(Abilities::default().cell);
    let abilities = Abilities { graphics, dots, cell, is_tmux: environment.is_tmux, unpacks: has(&Said::KittyUnpacks) };
    Known { abilities, takes, is_light: has(&Said::Light), describes_keys: has(&Said::Keys) }
}

/// Whether a terminal that takes kitty's graphics has places of pictures as text, as far as is known: those that came
/// after kitty's do.
fn has_places(name: Option<&str>, environment: &Environment) -> bool {
    let Some(name) = name else { return !environment.term.contains("kitty") };
    let Some(version) = name.strip_prefix("kitty") else { return true };
    let mut numbers = version.trim_start_matches(['(', ' ']).split(|c: char| !c.is_ascii_digit());
    let mut number = || numbers.next().and_then(|number| number.parse().ok()).unwrap_or(0);
    (number(), number()) >= KITTY_WITH_PLACES
}

/// An answer's meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Said {
    Kitty,
    KittyUnpacks,
    Sixels,
    Light,
    Keys,
    Name(String),
    /// Width and height.
    Cell((u16, u16)),
}

/// Larger cells are somebody's mistake.
const LARGEST_CELL: u16 = 400;

fn said(answer: &[u8]) -> Option<Said> {
    let text = String::from_utf8_lossy(answer);
    let text = text.trim_end_matches("\u{1b}\\").trim_end_matches('\u{7}');
    match answer {
        [ESCAPE, b'_', ..] if text.ends_with(";OK") && text.contains("i=31") => Some(Said::Kitty),
        [ESCAPE, b'_', ..] if text.ends_with(";OK") && text.contains("i=32") => Some(Said::KittyUnpacks),
        [ESCAPE, b'P', b'>', b'|', ..] => text.get(4..).map(|name| Said::Name(name.to_owned())),
        [ESCAPE, b'[', b'?', .., b'u'] => Some(Said::Keys),
        // The first number is the kind of terminal, the others are what it can.
        [ESCAPE, b'[', b'?', .., b'c'] => {
            let numbers = text.trim_start_matches("\u{1b}[?").trim_end_matches('c');
            numbers.split(';').skip(1).any(|number| number == "4").then_some(Said::Sixels)
        }
        [ESCAPE, b'[', b'6', b';', .., b't'] => {
            let mut numbers = text.trim_end_matches('t').split(';').skip(1).map(|number| number.parse::<u16>().ok());
            let (height, width) = (numbers.next()??, numbers.next()??);
            [width, height].iter().all(|side| (1..=LARGEST_CELL).contains(side)).then_some(Said::Cell((width, height)))
        }
        [ESCAPE, b']', b'1', b'1', b';', ..] => is_light(text.get(5..)?).then_some(Said::Light),
        _ => None,
    }
}

/// Whether a colour as X11 writes it, `rgb:ffff/ffff/ffff`, is light: its luma (ITU-R BT.601) is above the middle.
fn is_light(colour: &str) -> bool {
    let Some((_, channels)) = colour.split_once(':') else { return false };
    let share = |digits: &str| {
        let most = 16f64.powi(i32::try_from(digits.len()).unwrap_or(1)) - 1.0;
        u64::from_str_radix(digits, 16).map_or(0.0, |value| value as f64 / most)
    };
    let shares: Vec<f64> = channels.split('/').map(share).collect();
    matches!(shares[..], [r, g, b, ..] if 0.299 * r + 0.587 * g + 0.114 * b > 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf8(term: &str) -> Environment {
        Environment { term: term.to_owned(), is_utf8: true, ..Environment::default() }
    }

    fn of(answers: &[&str], environment: &Environment, pixels: Option<(u16, u16)>) -> Known {
        known(&answers.iter().map(|answer| answer.as_bytes().to_vec()).collect::<Vec<_>>(), environment, pixels)
    }

    /// The answers of `xterm -ti vt340` in Debian 13: no size of a cell.
    const XTERM: [&str; 4] = [
        "\u{1b}P>|XTerm(398)\u{1b}\\",
        "\u{1b}[?63;1;2;4;6;9;15;16;22;28c",
        "\u{1b}]11;rgb:ffff/ffff/ffff\u{7}",
        "\u{1b}[0n",
    ];

    #[test]
    fn an_answer_that_is_missing_takes_no_other_away() {
        let xterm = of(&XTERM, &utf8("xterm-256color"), Some((6, 13)));
        let abilities = xterm.abilities;
        assert_eq!((abilities.graphics, abilities.cell), (Some(Graphics::Sixel), (6, 13)));
        assert_eq!((abilities.dots, xterm.is_light, xterm.describes_keys), (Dots::Quadrants, true, false));
        // Nor does the system's.
        let abilities = of(&XTERM, &utf8("xterm-256color"), None).abilities;
        assert_eq!((abilities.graphics, abilities.cell), (Some(Graphics::Sixel), (10, 20)));
        // The terminal knows best.
        let said = of(&[XTERM[1], "\u{1b}[6;20;9t"], &utf8("xterm"), Some((6, 13)));
        assert_eq!(said.abilities.cell, (9, 20));
        assert_eq!(of(&["\u{1b}[6;0;9t"], &utf8("xterm"), None).abilities.cell, (10, 20));
    }

    #[test]
    fn kitty_is_asked_for_its_version() {
        let kitty = |name: &str| {
            let named = format!("\u{1b}P>|{name}\u{1b}\\");
            let answers = ["\u{1b}_Gi=31;OK\u{1b}\\", named.as_str(), "\u{1b}[?62;c", "\u{1b}[6;18;9t"];
            of(&answers, &utf8("xterm-kitty"), None).abilities
        };
        for (name, expected) in [
            ("kitty(0.26.5)", None),
            ("kitty(0.27.1)", None),
            ("kitty(0.28.0)", Some(Graphics::Kitty)),
            ("kitty(0.41.1)", Some(Graphics::Kitty)),
            ("kitty(1.2.0)", Some(Graphics::Kitty)),
            ("ghostty 1.1.0", Some(Graphics::Kitty)),
        ] {
            assert_eq!(kitty(name).graphics, expected, "{name}");
            assert_eq!(kitty(name).dots, Dots::Sextants, "{name}");
        }
        // One that does not say is taken for an old one.
        assert_eq!(of(&["\u{1b}_Gi=31;OK\u{1b}\\"], &utf8("xterm-kitty"), None).abilities.graphics, None);
    }

    #[test]
    fn terminals_that_claim_more_than_they_can_are_known() {
        let claims = ["\u{1b}_Gi=31;OK\u{1b}\\", "\u{1b}[?62;4;22c"];
        let named = |name: &str| {
            let named = format!("\u{1b}P>|{name}\u{1b}\\");
            of(&[claims[0], claims[1], &named], &utf8("xterm-256color"), None).abilities
        };
        assert_eq!(named("WezTerm 20240203").graphics, Some(Graphics::Iterm2));
        assert_eq!(named("Konsole 23.08.5").graphics, None);
        assert_eq!(
            (named("Konsole 23.08.5").dots, named("foot(1.21.0)").graphics),
            (Dots::Sextants, Some(Graphics::Kitty))
        );
        let environment = Environment { is_konsole: true, ..utf8("xterm-256color") };
        assert_eq!(of(&claims, &environment, None).abilities.graphics, None);
    }

    #[test]
    fn without_an_answer_cells_have_the_dots_that_are_sure() {
        let dots = |environment: &Environment| of(&[], environment, None).abilities.dots;
        assert_eq!(dots(&utf8("linux")), Dots::Halves);
        assert_eq!(dots(&utf8("xterm-256color")), Dots::Quadrants);
        assert_eq!(dots(&utf8("alacritty")), Dots::Sextants);
        assert_eq!(dots(&utf8("foot-extra")), Dots::Sextants);
        assert_eq!(dots(&Environment { is_vte: true, ..utf8("xterm-256color") }), Dots::Sextants);
        assert_eq!(dots(&Environment { is_utf8: false, ..utf8("xterm-kitty") }), Dots::Halves);
        let program = Environment { program: "iTerm.app iTerm2".to_owned(), ..utf8("xterm-256color") };
        assert_eq!(
            (dots(&program), of(&[], &program, None).abilities.graphics),
            (Dots::Sextants, Some(Graphics::Iterm2))
        );
    }

    #[test]
    fn colours_are_read_in_every_length() {
        for (colour, expected) in [
            ("rgb:ffff/ffff/ffff", true),
            ("rgb:00/00/00", false),
            ("rgb:f/f/f", true),
            ("rgba:1e1e/1e1e/2e2e/ffff", false),
            ("rgb:fdfd/f6f6/e3e3", true),
            ("rgb:x/y/z", false),
            ("", false),
        ] {
            assert_eq!(is_light(colour), expected, "{colour}");
        }
    }
}
