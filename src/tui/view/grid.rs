//! The grid in the review pane: small pictures, each with a line of what counts for it.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::canvas::{Canvas, nothing_yet, padded, paragraph, shortened};
use crate::config::Preview;
use crate::domain::decision::Decision;
use crate::domain::printable::{printable, printable_text};
use crate::tui::action::{Action, GridAction, ReviewAction};
use crate::tui::grid_layout::{grid_areas, page_length, tile};
use crate::tui::model::{Grid, Model, Tile};
use crate::tui::preview;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>) {
    let model = canvas.model;
    let areas = grid_areas(area);
    paragraph(frame, areas.head, vec![heading(canvas, areas.head.width)]);
    if model.review.queue.is_empty() {
        let text = match model.collection.is_empty() {
            true => nothing_yet(canvas),
            false => canvas.with_keys("app.filter_empty", &[("key", ReviewAction::Filter.into())]),
        };
        return paragraph(frame, areas.tiles, vec![Line::raw(""), Line::raw(text)]);
    }
    let first = first_place(model);
    for (place, (index, shown)) in model.review.grid.tiles.iter().enumerate() {
        let (picture, line) = tile(areas.tiles, model.size, place);
        draw_tile(frame, picture, canvas, shown);
        let text = caption(canvas, *index, place, usize::from(line.width));
        let style = match first + place == model.review.at {
            true => canvas.theme.chosen(),
            false if model.review.marked.contains(index) => canvas.theme.warning(),
            false => canvas.theme.faint(),
        };
        paragraph(frame, line, vec![Line::styled(text, style)]);
    }
    if let Some(index) = model.review.current() {
        paragraph(frame, areas.foot, vec![about(canvas, index, usize::from(areas.foot.width))]);
    }
    paragraph(frame, areas.labels, vec![labels(canvas, usize::from(areas.labels.width))]);
}

/// The place in the queue of a cell's picture.
pub(super) fn place_at(model: &Model, pane: Rect, column: u16, row: u16) -> Option<usize> {
    let areas = grid_areas(pane);
    let place = (0..model.review.grid.tiles.len()).find(|place| {
        let (picture, line) = tile(areas.tiles, model.size, *place);
        picture.union(line).contains((column, row).into())
    })?;
    Some(first_place(model) + place)
}

fn first_place(model: &Model) -> usize {
    let length = page_length(model.size);
    model.review.at / length * length
}

pub(super) fn draw_tile(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>, shown: &Tile) {
    let review = &canvas.model.review;
    let is_covered = canvas.popup_area(frame.area()).is_some_and(|popup| popup.intersects(area));
    let said = match shown {
        _ if review.hidden => canvas.text("app.tile_hidden"),
        _ if review.preview == Preview::None => String::new(),
        // Without colours a picture is noise.
        Tile::Painted(_) if !canvas.model.draws_tiles() => String::new(),
        // As for the picture in hand, the terminal's own graphics give way to a popup.
        Tile::Painted(painted) if is_covered => return preview::draw_in_cells(frame, area, painted),
        Tile::Painted(painted) => return preview::draw(frame, area, painted),
        Tile::Waits => "…".to_owned(),
        Tile::Gone => canvas.text("app.tile_gone"),
        Tile::Broken => canvas.text("app.tile_broken"),
    };
    paragraph(frame, area, vec![Line::styled(said, canvas.theme.faint())]);
}

fn heading(canvas: &Canvas<'_>, width: u16) -> Line<'static> {
    let model = canvas.model;
    let review = &model.review;
    if review.grid.stack.is_some() {
        let out = review.queue.iter().filter(|index| review.stacks.is_taken_out(**index)).count();
        let values: crate::lang::Values<'_> = &[("count", &review.queue.len()), ("out", &out)];
        return Line::styled(canvas.say("app.stack_head", values), canvas.theme.title());
    }
    let length = page_length(model.size);
    let (filter, order) = (model.filter_name(), model.order_name());
    let is_open = |index: &&usize| model.collection.decision(**index).is_none();
    let open = review.queue.iter().filter(is_open).count();
    let (page, pages) = (review.at / length + 1, review.queue.len().div_ceil(length).max(1));
    let values: crate::lang::Values<'_> = &[
        ("filter", &filter),
        ("order", &order),
        ("page", &page),
        ("pages", &pages),
        ("open", &open),
        ("total", &review.queue.len()),
    ];
    let marked = match review.marked.len() {
        0 => String::new(),
        count => format!(" · {}", canvas.say("app.grid_marked", &[("count", &count)])),
    };
    let width = usize::from(width).saturating_sub(marked.width());
    let whole = canvas.say("app.grid_head", values);
    let head = if whole.width() <= width { whole } else { canvas.say("app.grid_head_short", values) };
    let head = Span::styled(shortened(&head, width), canvas.theme.title());
    let mut spans = vec![head, Span::styled(marked, canvas.theme.warning())];
    if let Some(percent) = review.stacks.percent {
        let looking = canvas.say("app.grid_looking", &[("percent", &percent)]);
        spans.push(Span::styled(format!(" · {looking}"), canvas.theme.faint()));
    }
    Line::from(spans)
}

/// The line under a tile: its letter, a sign for marks and decisions, the label that counts, its score.
fn caption(canvas: &Canvas<'_>, index: usize, place: usize, width: usize) -> String {
    let model = canvas.model;
    // Inside a label, that it is this label decides nothing yet.
    let decision = model.collection.decision(index);
    let is_out = model.review.grid.stack.is_some() && model.review.stacks.is_taken_out(index);
    let sign = match (model.review.marked.contains(&index), decision) {
        _ if model.collection.is_replaced(index) => "~",
        _ if is_out => "✗",
        (true, _) => "*",
        (_, Some(Decision::Skipped)) => "-",
        (_, Some(_)) => "✓",
        _ => " ",
    };
    let letter = if model.review.grid.has_letters { Grid::letter(place) } else { None };
    let letter = letter.map(|letter| format!("{letter} ")).unwrap_or_default();
    let best = model.collection.best(index).filter(|_| model.is_scored());
    let label = match decision {
        Some(Decision::Accepted(label) | Decision::Reassigned(label) | Decision::NoneInside(label)) => {
            model.labels.text_of(label).map(printable_text).unwrap_or_default()
        }
        Some(Decision::NoneOfThese) => canvas.text("app.row_none"),
        Some(Decision::Skipped) | None => best
            .and_then(|best| model.labels.current.get(best.label))
            .map(|label| printable_text(&label.text))
            .unwrap_or_default(),
    };
    let score = match decision {
        None | Some(Decision::Skipped) => best.map(|best| format!(" {:.2}", best.score)).unwrap_or_default(),
        _ => String::new(),
    };
    let alike = match model.collection.others_alike(index) {
        0 => String::new(),
        count => format!(" +{count}"),
    };
    let near = match model.review.grid.with.get(&index).map_or(0, Vec::len) {
        0 => String::new(),
        count => format!(" ≈{}", count + 1),
    };
    let end = format!("{near}{alike}{score}");
    let begin = format!("{letter}{sign}{label}");
    format!("{}{end}", padded(&begin, width.saturating_sub(end.width())))
}

/// The picture in hand: its name, what it counts for, how many more of its content there are.
fn about(canvas: &Canvas<'_>, index: usize, width: usize) -> Line<'static> {
    let model = canvas.model;
    let Some(entry) = model.collection.entries().get(index) else { return Line::raw("") };
    let name = entry.path.file_name().map(printable).unwrap_or_default();
    let said = match model.collection.is_replaced(index) {
        true => canvas.text("app.replaced"),
        false => model.decision_name(model.collection.decision(index)),
    };
    let mut parts = vec![name, said];
    let count = model.collection.others_alike(index);
    if count > 0 {
        parts.push(canvas.say("app.same_content", &[("count", &count)]));
    }
    parts.extend(entry.trouble.as_deref().map(printable_text));
    Line::raw(shortened(&parts.join(" · "), width))
}

/// The labels with the digits that give them; while letters mark, how that ends.
fn labels(canvas: &Canvas<'_>, width: usize) -> Line<'static> {
    if canvas.model.review.grid.stack.is_some() {
        let keys = [GridAction::Mark, GridAction::AcceptPage, GridAction::Leave].map(Action::from);
        let keys = [("take", keys[0]), ("accept", keys[1]), ("leave", keys[2])];
        return Line::styled(shortened(&canvas.with_keys("app.stack_keys", &keys), width), canvas.theme.warning());
    }
    if canvas.model.review.grid.has_letters {
        let keys = [("accept", GridAction::AcceptPage.into()), ("leave", GridAction::Leave.into())];
        return Line::styled(shortened(&canvas.with_keys("app.grid_letters", &keys), width), canvas.theme.warning());
    }
    let texts = canvas.model.labels.current.iter().take(10).map(|label| printable_text(&label.text)).collect();
    Line::styled(in_a_row(texts, width), canvas.theme.faint())
}

/// Columns between two labels.
const GAP: usize = 2;

/// All labels with their digits in so many columns. Where they are too long together, they begin where they differ, and
/// only the longest are cut.
fn in_a_row(mut texts: Vec<String>, width: usize) -> String {
    let gaps = GAP * texts.len().saturating_sub(1);
    let needs = |texts: &[String], most: usize| texts.iter().map(|text| (text.width() + 2).min(most)).sum::<usize>();
    let is_short = |texts: &[String]| needs(texts, usize::MAX) + gaps <= width;
    while !is_short(&texts)
        && let Some(word) = common_word(&texts)
    {
        texts = texts.iter().map(|text| text.strip_prefix(&word).unwrap_or(text).to_owned()).collect();
    }
    let most = (1..=width).rev().find(|most| needs(&texts, *most) + gaps <= width).unwrap_or(1);
    let numbered = texts.iter().enumerate().map(|(place, text)| format!("{} {text}", (place + 1) % 10));
    numbered.map(|text| shortened(&text, most)).collect::<Vec<_>>().join(&" ".repeat(GAP))
}

/// The word, with the blank behind it, that at least half of several texts begin with.
fn common_word(texts: &[String]) -> Option<String> {
    let first = |text: &String| text.split_once(' ').map(|(word, _)| format!("{word} "));
    let counted = |word: &String| texts.iter().filter(|text| text.starts_with(word.as_str())).count();
    texts.iter().filter_map(first).find(|word| counted(word) > 1 && counted(word) * 2 >= texts.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(labels: &[&str], width: usize) -> String {
        in_a_row(labels.iter().map(|label| (*label).to_owned()).collect(), width)
    }

    #[test]
    fn labels_in_a_row_begin_where_they_differ_and_the_longest_are_cut() {
        let labels = ["a map", "a meme", "a photo of a rifle", "a photo of a truck"];
        assert_eq!(row(&labels, 80), "1 a map  2 a meme  3 a photo of a rifle  4 a photo of a truck");
        assert_eq!(row(&labels, 60), "1 map  2 meme  3 photo of a rifle  4 photo of a truck");
        assert_eq!(row(&labels, 40), "1 map  2 meme  3 a rifle  4 a truck");
        assert_eq!(row(&labels, 29), "1 map  2 meme  3 rif…  4 tru…");
        assert_eq!(row(&["a b", "a b"], 3).width(), 4, "not even the digits fit");
        assert_eq!(row(&[], 10), "");
    }
}
