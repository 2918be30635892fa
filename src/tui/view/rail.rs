//! Beside the picture: the labels that fit it best, what was decided, and which file it is.

use ratatui::text::Line;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::canvas::{Canvas, padded, shortened};
use super::{details, find};
use crate::domain::decision::Decision;
use crate::domain::printable::{printable, printable_text};
use crate::tui::action::ReviewAction;
use crate::tui::model::Model;

/// The best labels that are shown.
const BEST: usize = 5;

/// Columns between a label's key and its name: the sign of the prediction, the sign of the decision, and a blank.
const SIGNS: usize = 3;

/// Columns of a score, with the blank before it.
const SCORE: usize = 5;

/// Columns of a bar beside a name at most, and at least.
const BARS: (usize, usize) = (10, 3);

/// Columns at most of a bar that has a row of its own.
const LONG_BAR: usize = 20;

/// Rows that a path has at most.
const PATH_ROWS: usize = 3;

/// The signs of the predicted and of the decided label: they say it where no colour does.
const PREDICTED: &str = "▶";
const DECIDED: &str = "✓";

/// A label as a row shows it.
struct Row {
    key: String,
    name: String,
    score: Option<f32>,
    is_predicted: bool,
    is_decided: bool,
}

impl Row {
    fn signs(&self) -> String {
        let sign = |is_so, sign| if is_so { sign } else { " " };
        format!("{}{}", sign(self.is_predicted, PREDICTED), sign(self.is_decided, DECIDED))
    }

    fn number(&self) -> String {
        self.score.map_or_else(String::new, |score| format!("{score:.2}"))
    }
}

/// All that the rail says, in so many columns and at most so many rows.
pub(super) fn lines(canvas: &Canvas<'_>, index: usize, width: usize, height: usize) -> Vec<Line<'static>> {
    let mut lines = judged(canvas, index, width, height);
    let below = match canvas.model.review.details {
        true => {
            let first = canvas.model.scroll.min(last_line(canvas, index, width, height));
            details::lines(canvas, index, width).into_iter().skip(first).collect()
        }
        false => about_file(canvas, index, width),
    };
    // A blank row is between the two, where there is one.
    if lines.len() + below.len() < height || canvas.model.review.details {
        lines.push(Line::raw(""));
    }
    lines.extend(below);
    lines.truncate(height);
    lines
}

/// The line to which the details can be scrolled, so that their end is on the screen.
pub(super) fn last_line(canvas: &Canvas<'_>, index: usize, width: usize, height: usize) -> usize {
    if !canvas.model.review.details {
        return 0;
    }
    let rows = height.saturating_sub(judged(canvas, index, width, height).len() + 1);
    details::lines(canvas, index, width).len().saturating_sub(rows)
}

/// The model's scores of the picture, and a person's decision.
fn judged(canvas: &Canvas<'_>, index: usize, width: usize, height: usize) -> Vec<Line<'static>> {
    let model = canvas.model;
    let Some(entry) = model.collection.entries().get(index) else { return vec![] };
    let mut lines = vec![];
    if let Some(nearness) = find::nearness(canvas, index) {
        lines.push(Line::raw(canvas.say("app.nearness", &[("score", &nearness)])));
    }
    let count = BEST.min(height.saturating_sub(lines.len() + 1)).max(1);
    let rows: Vec<Row> = best_rows(model, index).into_iter().take(count).collect();
    lines.extend(labels(canvas, &rows, width, height));
    if !model.is_scored() {
        lines.extend(wrapped(&canvas.text("app.no_scores_yet"), width).into_iter().map(Line::raw));
    }
    let said = match model.collection.is_replaced(index) {
        true => (canvas.text("app.replaced"), canvas.theme.warning()),
        false => (decided(canvas, entry.decision), canvas.theme.title()),
    };
    lines.extend(wrapped(&said.0, width).into_iter().map(|text| Line::styled(text, said.1)));
    if let Some(best) = model.collection.best(index).filter(|_| model.is_scored()) {
        let margin = format!("{:.2}", best.margin);
        lines.push(Line::styled(canvas.say("app.margin", &[("margin", &margin)]), canvas.theme.faint()));
    }
    let alike = model.collection.others_alike(index);
    if alike > 0 {
        let text = canvas.say("app.same_content", &[("count", &alike)]);
        lines.extend(wrapped(&text, width).into_iter().map(Line::raw));
    }
    let near = model.review.stacks.others(index);
    if near > 0 {
        let key = model.keys.name(ReviewAction::Stack);
        let text = canvas.say("app.stack_near", &[("count", &near), ("key", &key)]);
        lines.extend(wrapped(&text, width).into_iter().map(Line::raw));
    }
    lines
}

/// The trouble with the file, its date and size, and its path.
fn about_file(canvas: &Canvas<'_>, index: usize, width: usize) -> Vec<Line<'static>> {
    let Some(entry) = canvas.model.collection.entries().get(index) else { return vec![] };
    let trouble = entry.trouble.as_deref().map(|trouble| wrapped(&printable_text(trouble), width));
    let trouble = trouble.into_iter().flatten().map(|text| Line::styled(text, canvas.theme.warning()));
    let short = details::in_short(canvas).map(|text| wrapped(&text, width)).into_iter().flatten();
    let path = path_lines(&printable(&entry.path), width, PATH_ROWS);
    let faint = short.chain(path).map(|text| Line::styled(text, canvas.theme.faint()));
    trouble.chain(faint).collect()
}

/// Name, prediction and decision in one line.
pub(super) fn in_one_line(canvas: &Canvas<'_>, index: usize) -> Line<'static> {
    let model = canvas.model;
    let Some(entry) = model.collection.entries().get(index) else { return Line::raw("") };
    let name = entry.path.file_name().map(printable).unwrap_or_default();
    let best = best_rows(model, index).into_iter().find(|row| row.is_predicted);
    let predicted = best.map(|row| format!("{PREDICTED} {} {}", row.name, row.number()));
    let decided = decided(canvas, entry.decision);
    let nearness = find::nearness(canvas, index);
    let nearness = nearness.map(|nearness| canvas.say("app.nearness", &[("score", &nearness)]));
    let parts: Vec<String> = predicted.into_iter().chain(nearness).chain([decided, name]).collect();
    Line::styled(parts.join(" · "), canvas.theme.title())
}

/// The labels, those with the highest scores first; in their own order where there are no scores.
fn best_rows(model: &Model, index: usize) -> Vec<Row> {
    let scores = if model.is_scored() { model.collection.scores(index) } else { &[] };
    let best = model.collection.best(index).filter(|_| model.is_scored()).map(|best| best.label);
    let decided = model.collection.decision(index).and_then(Decision::label);
    let row = |(place, label): (usize, &crate::domain::label::Label)| Row {
        key: key(place),
        name: printable_text(&label.text),
        score: scores.get(place).copied().filter(|score| score.is_finite()),
        is_predicted: best == Some(place),
        is_decided: decided.is_some() && model.labels.numbers.get(place).copied() == decided,
    };
    let mut rows: Vec<Row> = model.labels.current.iter().enumerate().map(row).collect();
    let score = |row: &Row| row.score.unwrap_or(f32::NEG_INFINITY);
    rows.sort_by(|a, b| score(b).total_cmp(&score(a)));
    rows
}

/// The key that gives the label of a place: the digits, then the digits with Shift, then none.
fn key(place: usize) -> String {
    let digit = (place + 1) % 10;
    match place {
        0..10 => digit.to_string(),
        10..20 => format!("⇧{digit}"),
        _ => String::new(),
    }
}

/// A row a label, or two where a name needs the room and there are rows for that.
fn labels(canvas: &Canvas<'_>, rows: &[Row], width: usize, height: usize) -> Vec<Line<'static>> {
    let keys = rows.iter().map(|row| row.key.width()).max().unwrap_or(0).max(1);
    let before = keys + SIGNS;
    let longest = rows.iter().map(|row| row.name.width()).max().unwrap_or(0);
    let (most, least) = BARS;
    let room = width.saturating_sub(before + SCORE);
    let is_narrow = longest + 1 + least > room;
    // As many rows again are left for what comes below.
    let are_double = is_narrow && rows.len() * 4 <= height;
    let bar = if is_narrow { least.min(room / 3) } else { most.min(room.saturating_sub(longest + 1)) };
    let own = room.saturating_sub(bar + 1).min(longest);
    let line = |row: &Row| {
        let head = format!("{}{} ", padded_left(&row.key, keys), row.signs());
        let (number, blank) = (row.number(), " ".repeat(before));
        let share = row.score.unwrap_or(0.0);
        let texts = match are_double || row.is_predicted && row.name.width() > own && height > 2 {
            true => {
                // The prediction is there in full, wherever that can be.
                let names = wrapped(&row.name, width.saturating_sub(before));
                let most = if row.is_predicted { names.len().min((height / 4).max(1)) } else { 1 };
                let name = |at: usize| match at + 1 == most {
                    true => shortened(&names[at..].join(" "), width.saturating_sub(before)),
                    false => names[at].clone(),
                };
                let names = (0..most).map(|at| format!("{}{}", if at == 0 { &head } else { &blank }, name(at)));
                let bar = bar_of(share, width.saturating_sub(before + SCORE).min(LONG_BAR));
                names.chain([format!("{blank}{bar} {number}")]).collect()
            }
            false => vec![format!("{head}{} {} {number}", padded(&row.name, own), bar_of(share, bar))],
        };
        let style = match (row.is_predicted, row.is_decided) {
            (true, _) => Some(canvas.theme.good()),
            (_, true) => Some(canvas.theme.title()),
            _ => None,
        };
        texts.into_iter().map(move |text| style.map_or(Line::raw(text.clone()), |style| Line::styled(text, style)))
    };
    rows.iter().flat_map(line).collect()
}

/// A bar of so many columns, filled to an eighth of one.
fn bar_of(share: f32, columns: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = ((share.clamp(0.0, 1.0) * columns as f32 * 8.0).round() as usize).min(columns * 8);
    let bar = format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8]);
    let missing = columns.saturating_sub(bar.width());
    format!("{bar}{}", "·".repeat(missing))
}

fn padded_left(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(text.width())))
}

pub(super) fn decided(canvas: &Canvas<'_>, decision: Option<Decision>) -> String {
    let label = decision.and_then(Decision::label).and_then(|label| canvas.model.labels.text_of(label));
    let label = label.map(printable_text).unwrap_or_default();
    match decision {
        None => canvas.text("app.undecided"),
        Some(Decision::Accepted(_)) => canvas.say("app.accepted", &[("label", &label)]),
        Some(Decision::Reassigned(_)) => canvas.say("app.reassigned", &[("label", &label)]),
        Some(Decision::NoneInside(_)) => canvas.say("app.decided_none_inside", &[("label", &label)]),
        Some(Decision::NoneOfThese) => canvas.text("app.decided_none"),
        Some(Decision::Skipped) => canvas.text("app.skipped"),
    }
}

/// A text in lines of at most so many columns, broken between words; a word that is longer is broken itself.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    filled(text.split_inclusive(' '), width).into_iter().map(|line| line.trim_end().to_owned()).collect()
}

/// A path in at most so many lines, broken between folders. Where it is longer, whole folders are left out at its
/// front.
pub(super) fn path_lines(path: &str, width: usize, rows: usize) -> Vec<String> {
    let parts: Vec<&str> = path.split_inclusive('/').collect();
    for first in 0..parts.len() {
        let cut = if first == 0 { None } else { Some("…/") };
        let lines = filled(cut.into_iter().chain(parts[first..].iter().copied()), width);
        if lines.len() <= rows {
            return lines;
        }
    }
    // A name that alone is too long keeps its end, which tells the kind of the file.
    let lines = filled(parts.last().copied().into_iter(), width);
    lines[lines.len().saturating_sub(rows)..].to_vec()
}

/// Pieces one after the other in lines of at most so many columns.
fn filled<'t>(pieces: impl Iterator<Item = &'t str>, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for piece in pieces {
        let is_full = |line: &String| !line.is_empty() && line.width() + piece.trim_end().width() > width;
        if lines.last().is_some_and(is_full) {
            lines.push(String::new());
        }
        for grapheme in piece.graphemes(true) {
            let is_full = |line: &String| !line.is_empty() && line.width() + grapheme.width() > width;
            if lines.last().is_some_and(is_full) && grapheme != " " {
                lines.push(String::new());
            }
            if let Some(line) = lines.last_mut() {
                line.push_str(grapheme);
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_cut_in_front_and_between_folders() {
        let path = "/home/me/pictures/telegram/chat03/IMG_0412.jpg";
        assert_eq!(path_lines(path, 60, 3), [path]);
        assert_eq!(path_lines(path, 24, 3), ["/home/me/pictures/", "telegram/chat03/", "IMG_0412.jpg"]);
        assert_eq!(path_lines(path, 24, 2), ["…/me/pictures/telegram/", "chat03/IMG_0412.jpg"]);
        assert_eq!(path_lines(path, 24, 1), ["…/chat03/IMG_0412.jpg"]);
        assert_eq!(path_lines("/a/abcdefghij.jpg", 5, 2), ["fghij", ".jpg"]);
    }

    #[test]
    fn text_is_broken_between_words_and_loses_none() {
        assert_eq!(wrapped("the file ends too early", 10), ["the file", "ends too", "early"]);
        assert_eq!(wrapped("incomprehensible", 10), ["incomprehe", "nsible"]);
        assert_eq!(wrapped("", 10), [""]);
    }

    #[test]
    fn a_bar_grows_by_eighths_of_a_column() {
        assert_eq!([0.0, 0.5, 1.0, 0.05].map(|share| bar_of(share, 4)), ["····", "██··", "████", "▎···"]);
    }

    #[test]
    fn each_label_keeps_its_key_wherever_it_is_listed() {
        assert_eq!([0, 8, 9, 10, 19, 20].map(key), ["1", "9", "0", "⇧1", "⇧0", ""]);
    }
}
