//! What goes to the terminal, and when.

use super::*;

const SIZE: Size = Size { width: 40, height: 12 };

fn queue() -> CellQueue {
    let mut queue = CellQueue::new(Palette::True, true);
    queue.resized(SIZE);
    queue
}

fn cell(sign: &str, ground: Color) -> Cell {
    let mut cell = Cell::default();
    cell.set_symbol(sign).set_bg(ground);
    cell
}

/// A picture of 30x10 cells in many colours, from a corner on.
fn picture(shade: u8) -> Vec<(u16, u16, Cell)> {
    let places = (0..10u16).flat_map(|y| (0..30u16).map(move |x| (x, y)));
    places.map(|(x, y)| (x, y, cell("▘", Color::Rgb((x * 8) as u8, (y * 20) as u8, shade)))).collect()
}

fn draw(queue: &mut CellQueue, cells: &[(u16, u16, Cell)]) {
    queue.draw(cells.iter().map(|(x, y, cell)| (*x, *y, cell))).unwrap();
}

fn slow(bytes: usize) -> Duration {
    Duration::from_millis(bytes as u64 / 40)
}

fn fast(_: usize) -> Duration {
    Duration::ZERO
}

#[test]
fn text_goes_at_once_and_pictures_after_it() {
    let mut queue = queue();
    draw(&mut queue, &[vec![(35, 0, cell("t", Color::Reset))], picture(9)].concat());
    let text = String::from_utf8(queue.take_text()).unwrap();
    assert!(text.contains('t') && !text.contains('▘'));
    let bytes = String::from_utf8(queue.take_pictures(usize::MAX, Quiet::No, fast)).unwrap();
    assert_eq!(bytes.matches('▘').count(), 300);
    assert!(queue.needs().is_none() && queue.take_pictures(usize::MAX, Quiet::Long, fast).is_empty());
}

#[test]
fn a_slow_line_has_the_rough_picture_first_and_the_rest_when_it_is_quiet() {
    let mut queue = queue();
    draw(&mut queue, &picture(9));
    let rough = queue.take_pictures(usize::MAX, Quiet::No, slow);
    assert!(!rough.is_empty() && rough.len() <= ROUGH_BYTES && !String::from_utf8(rough).unwrap().contains('▘'));
    assert_eq!(queue.needs(), Some(Quiet::Moment));
    assert!(queue.take_pictures(usize::MAX, Quiet::No, slow).is_empty());
    let mut slices = 0;
    let mut fine = String::new();
    while queue.is_ready(Quiet::Moment) {
        let slice = queue.take_pictures(1000, Quiet::Moment, slow);
        assert!(slice.len() < 1100, "{}", slice.len());
        fine.push_str(&String::from_utf8(slice).unwrap());
        slices += 1;
    }
    assert_eq!(fine.matches('▘').count(), 300);
    assert!(slices > 5);
}

#[test]
fn a_very_slow_line_has_few_colours_before_it_has_all() {
    let mut queue = queue();
    draw(&mut queue, &picture(9));
    let crawl = |bytes: usize| Duration::from_millis(bytes as u64);
    queue.take_pictures(usize::MAX, Quiet::No, crawl);
    let few = String::from_utf8(queue.take_pictures(usize::MAX, Quiet::Moment, crawl)).unwrap();
    assert!(few.contains(";5;") && !few.contains(";2;"));
    assert_eq!(queue.needs(), Some(Quiet::Long));
    let all = String::from_utf8(queue.take_pictures(usize::MAX, Quiet::Long, crawl)).unwrap();
    assert!(all.contains(";2;") && !all.contains(";5;") && all.len() > few.len());
    assert_eq!((few.matches('▘').count(), all.matches('▘').count(), queue.needs()), (300, 300, None));
}

#[test]
fn a_newer_drawing_takes_the_place_of_what_waits() {
    let mut queue = queue();
    draw(&mut queue, &picture(9));
    queue.take_pictures(500, Quiet::No, slow);
    draw(&mut queue, &picture(77));
    assert!(!queue.take_pictures(usize::MAX, Quiet::No, slow).is_empty(), "the newer one is rough first too");
    let bytes = String::from_utf8(queue.take_pictures(usize::MAX, Quiet::Moment, slow)).unwrap();
    assert!(bytes.contains(";77") && !bytes.contains(";9m"));
    // Text over it: nothing of the picture comes later.
    draw(&mut queue, &picture(9));
    let blank: Vec<_> = picture(0).into_iter().map(|(x, y, _)| (x, y, Cell::default())).collect();
    draw(&mut queue, &blank);
    assert!(queue.needs().is_none());
    let erased = String::from_utf8(queue.take_text()).unwrap();
    assert!(erased.contains("\u{1b}[30X") && erased.len() < 600, "{}", erased.len());
}

#[test]
fn graphics_take_the_place_of_the_cells_that_stood_for_them() {
    let mut queue = queue();
    draw(&mut queue, &picture(9));
    let erasing = "\u{1b}[20X\u{1b}[1B".repeat(5);
    draw(&mut queue, &[(0, 0, cell(&format!("{erasing}\u{1b}[5A\u{1b}Pq...\u{1b}\\"), Color::Reset))]);
    assert_eq!(queue.count, 300 - 100);
    assert!(String::from_utf8(queue.take_text()).unwrap().contains("Pq..."));
}
