//! Opening a picture outside of the app: a program on this machine, or its path in the clipboard of
//! the person's own machine.

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::model::Outside;

/// The program of the system that opens a file with whatever shows it.
const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

/// How pictures are opened: by the `viewer` of the settings or the system's own, and where nobody would see that, not
/// at all.
pub(super) fn way(viewer: Option<&str>) -> Outside {
    way_in(viewer, &|name| std::env::var_os(name))
}

fn way_in(viewer: Option<&str>, variable: &dyn Fn(&str) -> Option<OsString>) -> Outside {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    let has_display = cfg!(target_os = "macos") || ["DISPLAY", "WAYLAND_DISPLAY"].into_iter().any(is_set);
    if is_set("SSH_CONNECTION") || !has_display {
        return Outside::Clipboard;
    }
    let words = viewer.and_then(|viewer| shell_words::split(viewer).ok()).filter(|words| !words.is_empty());
    Outside::Viewer(words.unwrap_or_else(|| vec![OPENER.to_owned()]))
}

/// Puts a path into the clipboard of the machine that the terminal is on, by OSC 52 of xterm. Terminals that do not
/// know it, or do not allow it, ignore it.
pub(super) fn copy(path: &Path) -> io::Result<()> {
    let is_tmux = std::env::var_os("TMUX").is_some_and(|value| !value.is_empty());
    let mut terminal = io::stdout().lock();
    terminal.write_all(&clipboard(path.as_os_str().as_bytes(), is_tmux))?;
    terminal.flush()
}

/// The sequence; inside tmux a second one goes through to the terminal outside.
fn clipboard(text: &[u8], is_tmux: bool) -> Vec<u8> {
    let plain = format!("\x1b]52;c;{}\x07", STANDARD.encode(text));
    let through = match is_tmux {
        true => format!("\x1bPtmux;\x1b{plain}\x1b\\"),
        false => String::new(),
    };
    format!("{plain}{through}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way_with(viewer: Option<&str>, set: &[&str]) -> Outside {
        way_in(viewer, &|name| set.contains(&name).then(|| "1".into()))
    }

    #[test]
    fn a_viewer_is_started_only_where_somebody_sees_it() {
        let viewer = |words: &[&str]| Outside::Viewer(words.iter().map(|word| (*word).to_owned()).collect());
        assert_eq!(way_with(None, &["DISPLAY"]), viewer(&[OPENER]));
        assert_eq!(way_with(Some("feh --title 'a b'"), &["WAYLAND_DISPLAY"]), viewer(&["feh", "--title", "a b"]));
        assert_eq!(way_with(Some("feh"), &["DISPLAY", "SSH_CONNECTION"]), Outside::Clipboard);
        if !cfg!(target_os = "macos") {
            assert_eq!(way_with(Some("feh"), &[]), Outside::Clipboard);
        }
    }

    #[test]
    fn a_path_goes_to_the_clipboard_of_the_terminal_and_through_tmux() {
        // RFC 4648, section 10.
        assert_eq!(clipboard(b"foobar", false), b"\x1b]52;c;Zm9vYmFy\x07");
        assert_eq!(clipboard(b"foobar", true), b"\x1b]52;c;Zm9vYmFy\x07\x1bPtmux;\x1b\x1b]52;c;Zm9vYmFy\x07\x1b\\");
    }
}
