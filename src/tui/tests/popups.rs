//! Lists that people choose from: keys, the mouse, how they look.

use super::*;
use crate::tui::model::{Chooser, Popup};

fn list(model: &Model) -> &Chooser {
    match &model.popup {
        Some(Popup::Chooser(list)) => list,
        other => panic!("no list: {other:?}"),
    }
}

/// The popup and the lines under it, without the pane beside it.
fn popup_alone(model: &Model, width: u16, height: u16) -> String {
    use crate::tui::layout::{parts, popup, screen as whole};
    let pane = parts(whole((width, height)), 1).pane;
    let area = match &model.popup {
        Some(Popup::Chooser(list)) => popup(pane, list.width(), list.shown().len()),
        _ => ratatui::layout::Rect { height: 0, ..pane },
    };
    let shown = screen(model, width, height);
    let lines = shown.lines().map(|line| line.trim_matches('"')).enumerate();
    let cropped = lines.filter_map(|(row, line)| match row as u16 {
        row if (area.y..area.y + area.height).contains(&row) => Some(line.chars().skip(usize::from(area.x)).collect()),
        row if (height - 3..height - 1).contains(&row) => Some(line.trim_end().to_owned()),
        _ => None,
    });
    cropped.collect::<Vec<String>>().join("\n")
}

#[test]
fn a_list_is_searched_while_typing_and_esc_clears_before_it_closes() {
    let mut model = classified();
    press(&mut model, "<f4>l");
    assert_eq!(list(&model).counts(), (3, 3));
    press(&mut model, "FÁce");
    assert_eq!((list(&model).counts(), list(&model).typed.text()), ((1, 3), "FÁce"));
    assert!(screen(&model, 80, 24).contains("1 of 3"), "{}", screen(&model, 80, 24));
    press(&mut model, "zz");
    let shown = screen(&model, 80, 24);
    assert!(shown.contains("0 of 3") && shown.contains("+ new label: FÁcezz"), "{shown}");
    press(&mut model, "<esc>");
    assert_eq!((list(&model).counts(), list(&model).typed.text()), ((3, 3), ""));
    press(&mut model, "<esc>");
    assert_eq!(model.popup, None);
    // A list that takes nothing new says that nothing matches.
    press(&mut model, "?zebra crossing");
    let shown = screen(&model, 80, 24);
    assert!(shown.contains("nothing like that") && shown.contains("0 of "), "{shown}");
    assert!(press(&mut model, "<enter>").is_empty() && model.popup.is_some());
}

#[test]
fn arrows_pages_and_ends_move_through_a_list_and_the_mark_stays_on_the_screen() {
    let mut model = classified();
    press(&mut model, "?");
    let last = list(&model).rows() - 1;
    let marked = |model: &Model| screen(model, 60, 15).lines().filter(|line| line.contains("│> ")).count();
    let mut at = vec![];
    for key in ["<down>", "<pagedown>", "<up>", "<end>", "<down>", "<pageup>", "<home>", "<up>"] {
        press(&mut model, key);
        at.push(list(&model).at);
        assert_eq!(marked(&model), 1, "{key}");
    }
    let page = crate::tui::layout::popup_page(model.size) as usize;
    assert_eq!(at, [1, 1 + page, page, last, last, last - page, 0, 0]);
    update(&mut model, Message::Wheel(1));
    assert_eq!(list(&model).at, 1);
    // Letters are typed, also those that move elsewhere.
    press(&mut model, "jk");
    assert_eq!(list(&model).typed.text(), "jk");
    update(&mut model, Message::Paste("l\n".to_owned()));
    assert_eq!(list(&model).typed.text(), "jkl");
}

#[test]
fn keys_that_no_text_has_leave_a_list() {
    let mut model = classified();
    press(&mut model, "<f4>l<f5>");
    assert_eq!((model.pane, &model.popup), (Pane::Files, &None));
    told(&mut model, planned(plan()));
    press(&mut model, "?<ctrl-c>");
    assert_eq!((model.question, &model.popup), (Some(Question::Quit), &None));
}

#[test]
fn a_click_chooses_a_row_and_nothing_under_the_list() {
    let mut model = classified();
    press(&mut model, "<f4>f");
    let shown = screen(&model, 80, 24);
    let row = shown.lines().position(|line| line.contains(" unsure ")).unwrap();
    let line: Vec<char> = shown.lines().nth(row).unwrap().chars().collect();
    // The backend's text has a quote before each line.
    let column = line.windows(6).position(|letters| letters.iter().collect::<String>() == "unsure").unwrap() - 1;
    assert!(click(&mut model, 2, row as u16).is_empty() && model.popup.is_some(), "beside the list");
    assert!(click(&mut model, 2, 0).is_empty() && model.pane == Pane::Review, "a tab that is under it");
    click(&mut model, column as u16, row as u16);
    assert_eq!((model.review.filter, &model.popup), (crate::domain::review::QueueFilter::Unsure, &None));
}

#[test]
fn a_list_for_a_picture_closes_when_another_one_is_looked_at() {
    let mut model = classified();
    press(&mut model, "<f4>l");
    model.review.at = 3;
    told(&mut model, found(6));
    assert_eq!(model.popup, None);
    assert!(decisions(&press(&mut model, "<enter>")).len() <= 1);
    press(&mut model, "l");
    told(&mut model, Event::Begun { begun: 9 });
    assert_eq!(model.popup, None);
}

#[test]
fn without_colours_a_list_is_read_by_its_signs() {
    use ratatui::style::{Color, Modifier};
    let mut model = classified();
    press(&mut model, "<f4>lpag");
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    terminal.draw(|frame| view::draw(frame, &model, Theme::plain())).unwrap();
    let cells = terminal.backend().buffer().content();
    assert!(cells.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    let with = |modifier| -> String {
        cells.iter().filter(|cell| cell.modifier.contains(modifier)).map(|cell| cell.symbol()).collect()
    };
    assert_eq!(with(Modifier::UNDERLINED), "pag");
    assert!(with(Modifier::REVERSED).contains("> 2 a page of text"), "{}", with(Modifier::REVERSED));
}

#[test]
fn popups_fit_every_screen_in_both_languages() {
    for (language, name) in [(Language::english(), "en"), (Language::portuguese(), "pt")] {
        let mut model = classified_in(language);
        press(&mut model, "<f4>3x");
        for (popup, keys) in [
            ("filters", "f"),
            ("labels", "l"),
            ("labels_typed", "lpag te"),
            ("labels_new", "la ship"),
            ("decisions", "h"),
            ("keys", "?"),
            ("packs", "<ctrl-l>"),
            ("number", ":41"),
        ] {
            press(&mut model, keys);
            for (width, height) in [(60, 15), (80, 24), (120, 40)] {
                insta::assert_snapshot!(format!("{name}_{popup}_{width}x{height}"), popup_alone(&model, width, height));
            }
            model.popup = None;
        }
    }
}

#[test]
fn lists_hold_in_the_grid_and_over_the_whole_screen() {
    let mut model = classified();
    press(&mut model, "<f4>gf");
    assert!(screen(&model, 80, 24).contains("Show only"));
    press(&mut model, "U");
    assert_eq!((model.review.filter, model.review.grid.is_open), (crate::domain::review::QueueFilter::Undecided, true));
    // Leaving the grid keeps the filter that was chosen in it.
    press(&mut model, "<esc>");
    assert_eq!(model.review.filter, crate::domain::review::QueueFilter::Undecided);
    // In the grid `l` goes to the right: the list comes from the list of keys.
    press(&mut model, "g?lists all labels<enter>");
    assert!(screen(&model, 80, 24).contains("Label for "), "{}", screen(&model, 80, 24));
    press(&mut model, "<esc><esc>");
    press(&mut model, "zl");
    assert!(screen(&model, 80, 24).contains("Label for "), "{}", screen(&model, 80, 24));
    press(&mut model, "<esc>:3");
    assert!(screen(&model, 80, 24).contains("Number of the picture"), "{}", screen(&model, 80, 24));
    press(&mut model, "<enter>");
    assert_eq!(model.review.at, 2);
}
