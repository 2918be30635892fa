//! Names, places and order of planned transfers.

use super::*;

fn rules(folders: &[String]) -> PlanRules<'_> {
    PlanRules { destination: Path::new("/to"), operation: Operation::Copy, folders, resort: false }
}

fn folders() -> Vec<String> {
    vec!["a".to_owned(), "b".to_owned()]
}

fn candidate(path: &str, content: u8, wanted: &str) -> Candidate {
    Candidate {
        picture: PictureId(0),
        path: path.into(),
        hash: ContentHash([content; 32]),
        size: 1,
        wanted: Some(wanted.to_owned()),
        place: None,
        left_behind: None,
        decision: None,
    }
}

fn placed(folder: &str, name: &str) -> Place {
    Place { folder: folder.to_owned(), file_name: name.into(), is_ours: true }
}

fn names(candidates: impl IntoIterator<Item = Candidate>) -> Vec<String> {
    let planned = plan(candidates, [], rules(&folders()));
    planned.transfers.iter().map(|t| format!("{}/{}", t.folder, t.file_name.to_str().unwrap())).collect()
}

#[test]
fn one_name_twice_becomes_two_names() {
    let pictures = [
        candidate("x/1.jpg", 0xaa, "a"),
        candidate("y/1.jpg", 0xbb, "a"),
        candidate("z/1.JPG", 0xcc, "a"),
        candidate("z/1.jpg", 0xaa, "a"),
        candidate("z/1.jpg", 0xdd, "b"),
    ];
    assert_eq!(names(pictures), ["a/1.jpg", "a/1~bbbbbbbb.jpg", "a/1~cccccccc.JPG", "a/1.jpg", "b/1.jpg"]);
}

#[test]
fn a_name_that_looks_like_a_suffixed_one_is_not_taken_for_it() {
    let pictures =
        [candidate("1~bbbbbbbb.jpg", 1, "a"), candidate("x/1.jpg", 0xaa, "a"), candidate("y/1.jpg", 0xbb, "a")];
    assert_eq!(names(pictures), ["a/1~bbbbbbbb.jpg", "a/1.jpg", "a/1~bbbbbbbbbbbbbbbb.jpg"]);
}

#[test]
fn names_of_earlier_runs_are_taken() {
    let earlier = (placed("a", "1.JPG"), ContentHash([1; 32]));
    let planned = plan([candidate("x/1.jpg", 0xaa, "a")], [earlier], rules(&folders()));
    assert_eq!(planned.transfers[0].file_name, "1~aaaaaaaa.jpg");
}

#[test]
fn names_of_folders_inside_are_taken() {
    let folders = ["a", "b", "a/Scan", "a/Scan/x"].map(str::to_owned);
    let pictures = [candidate("scan", 0xaa, "a"), candidate("scan", 0xbb, "b"), candidate("X", 0xcc, "a/Scan")];
    let planned = plan(pictures, [], rules(&folders));
    let names: Vec<_> = planned.transfers.iter().map(|planned| planned.file_name.to_str().unwrap()).collect();
    assert_eq!(names, ["scan~aaaaaaaa", "scan", "X~cccccccc"]);
}

#[test]
fn what_nobody_wants_stays_and_what_lies_right_is_left() {
    let nobody = Candidate { wanted: None, ..candidate("1.jpg", 1, "a") };
    let lying = Candidate { place: Some(placed("a", "3.jpg")), ..nobody.clone() };
    let right = Candidate { place: Some(placed("a", "2.jpg")), ..candidate("2.jpg", 2, "a") };
    let planned = plan([nobody, right, lying], [], rules(&folders()));
    assert_eq!((planned.transfers.len(), planned.in_place), (0, 1));
    assert_eq!((planned.left.len(), &planned.left[0].would_go_to), (1, &None));
}

#[test]
fn a_changed_mind_moves_the_target() {
    let moved = Candidate { place: Some(placed("b", "1.jpg")), ..candidate("/from/1.jpg", 1, "a") };
    let all = [(placed("b", "1.jpg"), ContentHash([1; 32]))];
    let planned = plan([moved.clone()], all.clone(), rules(&folders()));
    assert_eq!(
        (planned.transfers[0].action, planned.transfers[0].source.as_path()),
        (Action::Move, Path::new("/to/b/1.jpg"))
    );
    // Another picture of the same name and content has its place there too: the first to go copies.
    let twice = [all[0].clone(), all[0].clone()];
    let planned = plan([moved.clone(), moved.clone()], twice, rules(&folders()));
    assert_eq!(planned.transfers.iter().map(|t| t.action).collect::<Vec<_>>(), [Action::Copy, Action::Move]);
    // A file that was there before is not ours to move.
    let theirs = Place { is_ours: false, ..placed("b", "1.jpg") };
    let beside = Candidate { place: Some(theirs.clone()), ..moved };
    let planned = plan([beside], [(theirs, ContentHash([1; 32]))], rules(&folders()));
    assert_eq!(planned.transfers[0].action, Action::Copy);
}

#[test]
fn a_move_that_left_its_source_is_ended() {
    let (left, folders) = (Some("/from/1.jpg".into()), folders());
    let kept = Candidate { left_behind: left, place: Some(placed("a", "1.jpg")), ..candidate("/from/1.jpg", 1, "a") };
    let moving = PlanRules { operation: Operation::Move, ..rules(&folders) };
    let ended = plan([kept.clone()], [], moving).transfers.remove(0);
    assert_eq!((ended.action, ended.source.as_path()), (Action::Remove, Path::new("/from/1.jpg")));
    assert_eq!((ended.folder.as_str(), ended.file_name.as_os_str()), ("a", OsStr::new("1.jpg")));
    assert_eq!(plan([kept], [], rules(&folders)).in_place, 1, "a copy leaves its source");
}

#[test]
fn a_removed_label_moves_nothing_unless_asked() {
    let in_removed = Candidate { place: Some(placed("gone", "1.jpg")), ..candidate("1.jpg", 1, "a") };
    let folders = folders();
    let planned = plan([in_removed.clone()], [], rules(&folders));
    assert_eq!((planned.transfers.len(), planned.left[0].would_go_to.as_deref()), (0, Some("a")));
    let planned = plan([in_removed], [], PlanRules { resort: true, ..rules(&folders) });
    assert_eq!((planned.transfers.len(), planned.left.len()), (1, 0));
}

#[test]
fn suffixed_names_fit() {
    let long = OsString::from("\u{e9}".repeat(125) + ".jpeg");
    let hash = ContentHash([0xab; 32]);
    for candidate in name_candidates(&long, hash).skip(1) {
        assert!(candidate.len() <= 255 && candidate.to_str().unwrap().ends_with(".jpeg"), "{candidate:?}");
    }
    let bytes = OsStr::from_bytes(&[0xff; 255]);
    assert!(name_candidates(bytes, hash).all(|candidate| candidate.len() <= 255));
    assert_eq!(suffixed_name(OsStr::new(".hidden"), "12345678"), ".hidden~12345678");
    assert_eq!(suffixed_name(OsStr::new("a.tar.gz"), "12345678"), "a.tar~12345678.gz");
}
