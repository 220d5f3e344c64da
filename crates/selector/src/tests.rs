//! Tests of the selector without a terminal: they send actions and read the cells.

use std::time::Duration;

use credentials::is_control;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

use super::keys::{Action, Jump};
use super::query::Motion;
use super::*;

/// Profile, account, account id, role, and the value of one tag.
type Role<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str);

const ROLES: [Role<'static>; 6] = [
    ("dev:Admin", "Team Dev", "000001111111", "AdministratorAccess", "dev"),
    ("dev:ReadOnly", "Team Dev", "000001111111", "ReadOnlyAccess", "dev"),
    ("payments:Admin", "Payments", "100000000002", "AdministratorAccess", "prod"),
    ("payments:ReadOnly", "Payments", "100000000002", "ReadOnlyAccess", "prod"),
    ("tokyo:Admin", "東京 Prod", "100000000003", "AdministratorAccess", "prod"),
    ("tokyo:ReadOnly", "東京 Prod", "100000000003", "ReadOnlyAccess", "prod"),
];

fn rows<'a>(roles: &[Role<'a>], used: &[&str]) -> Rows<'a, &'a str> {
    let entry = |(profile, account, account_id, role, env): &Role<'a>| Entry {
        key: *profile,
        profile,
        account,
        account_alias: "",
        account_id,
        role,
        tags: vec![("env".to_owned(), (*env).to_owned())],
        origin: "",
        instance: None,
        used: used.contains(profile).then_some(USED),
    };
    Rows::of(roles.iter().map(entry))
}

/// Two hours ago, for the first time.
const USED: Used = Used { ago: Duration::from_secs(7200), frecency: 0.99 };

type State<'r> = super::State<'r, &'r str>;

fn state<'r>(rows: &'r Rows<'r, &'r str>) -> State<'r> {
    let mut state = State::new(rows, Kept::default(), |_| false);
    state.fit(Rect::new(0, 0, 80, 24));
    state
}

fn typed<'r>(state: &mut State<'r>, text: &str) -> Vec<&'r str> {
    state.act(Action::Delete(Motion::ToStart));
    state.act(Action::Insert(text.to_owned()));
    shown(state)
}

fn shown<'r>(state: &State<'r>) -> Vec<&'r str> {
    state.visible().map(|(row, _)| row.key).collect()
}

fn selected<'r>(state: &State<'r>) -> &'r str {
    state.selected().map_or("", |row| row.key)
}

fn drawn(state: &mut State<'_>, look: Look, width: u16, height: u16) -> TestBackend {
    drawn_with(state, Notes::default(), look, width, height)
}

fn drawn_with(
    state: &mut State<'_>,
    notes: Notes<'_>,
    look: Look,
    width: u16,
    height: u16,
) -> TestBackend {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(state, notes, look, frame)).unwrap();
    terminal.backend().clone()
}

#[test]
fn several_words_are_found_in_any_order_in_any_column() {
    let rows = rows(&ROLES, &[]);
    let mut state = state(&rows);
    for (query, found) in [
        ("readonly prod pay", &["payments:ReadOnly"][..]),
        ("pay prod readonly", &["payments:ReadOnly"]),
        ("1111111 adm", &["dev:Admin"]),
        ("東京 only", &["tokyo:ReadOnly"]),
        ("env=dev", &["dev:Admin", "dev:ReadOnly"]),
        ("tyadm", &["tokyo:Admin"]),
        ("no such role", &[]),
    ] {
        assert_eq!(typed(&mut state, query), found, "{query}");
    }
}

#[test]
fn case_matters_once_a_capital_is_typed() {
    let rows = rows(&[ROLES[0], ("DEV:x", "Y", "1", "x", "x")], &[]);
    let mut state = state(&rows);
    assert_eq!(typed(&mut state, "dev:").len(), 2);
    assert_eq!(typed(&mut state, "DEV:"), ["DEV:x"]);
}

#[test]
fn words_can_be_bound_to_a_start_or_an_end_or_be_excluded() {
    let rows = rows(&ROLES, &[]);
    let mut state = state(&rows);
    for (query, count) in
        [("^dev", 2), ("only$", 3), ("!prod", 2), ("'ment", 2), ("adm !env=prod", 1)]
    {
        assert_eq!(typed(&mut state, query).len(), count, "{query}");
    }
    for empty in ["!", "^", " "] {
        assert_eq!(typed(&mut state, empty).len(), 6, "{empty}");
    }
}

#[test]
fn typing_on_and_deleting_finds_what_the_whole_query_finds() {
    let rows = rows(&ROLES, &[]);
    let mut by_letter = state(&rows);
    let query: Vec<char> = "Payments ^re !dev x".chars().collect();
    let whole = |end| query.iter().take(end).collect::<String>();
    for (end, letter) in (1..).zip(&query) {
        by_letter.act(Action::Insert(letter.to_string()));
        assert_eq!(shown(&by_letter), typed(&mut state(&rows), &whole(end)), "{end}");
    }
    for end in (0..query.len()).rev() {
        by_letter.act(Action::Backspace);
        assert_eq!(shown(&by_letter), typed(&mut state(&rows), &whole(end)), "{end}");
    }
}

#[test]
fn used_rows_come_first_unless_another_row_matches_better() {
    let rows = rows(&ROLES, &["tokyo:ReadOnly"]);
    let mut state = state(&rows);
    assert_eq!(shown(&state)[..2], ["tokyo:ReadOnly", "dev:Admin"]);
    assert_eq!(typed(&mut state, "readonly")[0], "tokyo:ReadOnly");
    assert_eq!(typed(&mut state, "dev ro")[0], "dev:ReadOnly");
}

#[test]
fn the_selected_row_moves_within_the_list_and_enter_chooses_it() {
    let rows = rows(&ROLES, &[]);
    let mut state = state(&rows);
    for (jump, at) in [
        (Jump::Up, "dev:Admin"),
        (Jump::Down, "dev:ReadOnly"),
        (Jump::Last, "tokyo:ReadOnly"),
        (Jump::Down, "tokyo:ReadOnly"),
        (Jump::PageUp, "dev:Admin"),
        (Jump::PageDown, "tokyo:ReadOnly"),
        (Jump::First, "dev:Admin"),
    ] {
        state.act(Action::Jump(jump));
        assert_eq!(selected(&state), at, "{jump:?}");
    }
    let Step::Chosen(key) = state.act(Action::Choose) else { panic!("nothing was chosen") };
    assert_eq!(*key, "dev:Admin");
    typed(&mut state, "no such role");
    assert!(matches!(state.act(Action::Choose), Step::Stay));
}

#[test]
fn a_click_selects_and_a_second_click_chooses() {
    let rows = rows(&ROLES, &[]);
    let mut state = state(&rows);
    let third = state.layout.list.y + 2;
    let click = |state: &mut State<'_>, y| {
        matches!(state.act(Action::Click(Position::new(5, y))), Step::Chosen(_))
    };
    assert!(!click(&mut state, third));
    assert_eq!(selected(&state), "payments:Admin");
    for outside in [0, state.layout.list.y + 7, state.layout.preview.y + 1, 500] {
        assert!(!click(&mut state, outside));
        assert_eq!(selected(&state), "payments:Admin", "{outside}");
    }
    assert!(click(&mut state, third));
}

#[test]
fn tab_tries_one_narrowing_after_another_and_the_selected_row_stays() {
    let rows = rows(&ROLES, &[]);
    let mut state = state(&rows);
    state.act(Action::Jump(Jump::Last));
    let mut tried = Vec::new();
    for _ in 0..4 {
        state.act(Action::Narrow);
        let labels: Vec<_> = state.narrowings.iter().map(|narrowing| narrowing.label()).collect();
        tried.push((labels.join(" "), state.count()));
        assert_eq!(selected(&state), "tokyo:ReadOnly");
    }
    let expected = [("account 東京 Prod", 2), ("env=prod", 4), ("", 6), ("account 東京 Prod", 2)];
    assert_eq!(tried, expected.map(|(label, count)| (label.to_owned(), count)));
}

#[test]
fn narrowings_add_up_and_are_removed_in_turn() {
    let rows = rows(&ROLES, &[]);
    let mut state = state(&rows);
    state.act(Action::Jump(Jump::Last));
    for action in [Action::Narrow, Action::Narrow, Action::Insert("admin".to_owned())] {
        state.act(action);
    }
    assert_eq!(shown(&state), ["payments:Admin", "tokyo:Admin"]);
    state.act(Action::Narrow);
    assert_eq!((shown(&state).len(), state.narrowings.len()), (1, 2));
    state.act(Action::Widen);
    assert_eq!((shown(&state).len(), state.narrowings.len()), (2, 1));
    state.act(Action::Delete(Motion::WordLeft));
    state.act(Action::Backspace);
    assert_eq!((shown(&state).len(), state.narrowings.len()), (6, 0));
    state.act(Action::Backspace);
    assert_eq!(shown(&state).len(), 6);
}

#[test]
fn when_the_rows_change_the_query_and_the_selected_row_stay() {
    let before = rows(&ROLES, &[]);
    let mut state = state(&before);
    state.act(Action::Insert("prod".to_owned()));
    state.act(Action::Jump(Jump::Down));
    let at = selected(&state);
    let mut roles = ROLES.to_vec();
    roles.insert(0, ("a:New", "A", "1", "New", "prod"));
    let after = rows(&roles, &[]);
    let again = State::new(&after, state.into_kept(), |key| *key == at);
    assert_eq!((selected(&again), again.count()), (at, 5));
    roles.retain(|role| role.0 != at);
    let without = rows(&roles, &[]);
    let gone = State::new(&without, again.into_kept(), |key| *key == at);
    assert_eq!((gone.query.text().as_str(), gone.count()), ("prod", 4));
    assert_ne!(selected(&gone), at);
}

#[test]
fn the_list_is_drawn_with_columns_and_a_preview() {
    let rows = rows(&ROLES, &["tokyo:Admin"]);
    let mut state = state(&rows);
    state.act(Action::Insert("adm".to_owned()));
    let preview = [("ARN", "arn:aws:iam::100000000003:role/AdministratorAccess".to_owned())];
    let notes = Notes { preview: &preview, ..Notes::default() };
    let lines = lines(&drawn_with(&mut state, notes, Look::new(true), 80, 18));
    let text = lines.join("\n");
    assert_eq!(lines[0], format!("> adm{:>75}", "3/6"), "{text}");
    assert!(lines[1].starts_with("> tokyo:Admin"), "{text}");
    assert!(lines[1].contains("100000000003") && lines[1].ends_with("2h"), "{text}");
    assert!(lines[2].starts_with("  dev:Admin"), "{text}");
    assert!(text.contains("arn:aws:iam::100000000003:role/AdministratorAccess"), "{text}");
    assert!(text.contains("Enter choose"), "{text}");
    let column = |line: &str| line.split_once("1000000000").map(|(before, _)| before.width());
    assert_eq!(column(&lines[1]), column(&lines[3]), "wide characters move no column: {text}");
}

/// The lines on the screen, without the cells behind wide characters.
fn lines(drawn: &TestBackend) -> Vec<String> {
    let buffer = drawn.buffer();
    let line = |y| {
        let (mut line, mut x) = (String::new(), 0);
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += u16::try_from(symbol.width().max(1)).unwrap();
        }
        line.trim_end().to_owned()
    };
    (0..buffer.area.height).map(line).collect()
}

#[test]
fn the_list_can_be_drawn_at_any_size() {
    let rows = rows(&ROLES, &["dev:Admin"]);
    let mut state = state(&rows);
    state.act(Action::Jump(Jump::Last));
    state.act(Action::Narrow);
    state.act(Action::Insert("プロード x".repeat(30)));
    for width in [1, 2, 3, 10, 39, 40, 80, 141, 300] {
        for height in [1, 2, 3, 6, 12, 16, 24, 60] {
            drawn(&mut state, Look::new(true), width, height);
        }
    }
    state.act(Action::Delete(Motion::ToStart));
    let small = drawn(&mut state, Look::new(true), 10, 3).to_string();
    assert!(small.contains("> tokyo:A…"), "{small}");
}

#[test]
fn without_colour_marks_are_bold_underlined_or_reversed() {
    let rows = rows(&ROLES, &[]);
    let mut state = state(&rows);
    state.act(Action::Insert("dev:".to_owned()));
    let with = drawn(&mut state, Look::new(true), 80, 24);
    let without = drawn(&mut state, Look::new(false), 80, 24);
    let is_without_colour = |backend: &TestBackend| {
        let cells = &backend.buffer().content;
        cells.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset)
    };
    assert!(is_without_colour(&without) && !is_without_colour(&with));
    let modifiers = |x, y| without.buffer()[(x, y)].modifier;
    assert_eq!(modifiers(2, 1), Modifier::REVERSED | Modifier::BOLD | Modifier::UNDERLINED);
    assert_eq!(modifiers(7, 1), Modifier::REVERSED);
    assert_eq!(modifiers(2, 2), Modifier::BOLD | Modifier::UNDERLINED);
    assert_eq!(modifiers(7, 2), Modifier::empty());
}

#[test]
fn nothing_that_a_terminal_obeys_is_drawn() {
    let hostile = ("x\u{202e}y", "\u{1b}]0;owned\u{7}\u{9b}31m\r\n", "1", "Admin", "\u{1b}[2J");
    let rows = rows(&[hostile], &[]);
    let mut state = state(&rows);
    let preview = [("Tags", "\u{1b}[2J\u{2028}".to_owned())];
    let notes = Notes { preview: &preview, news: Some("\u{202e}\u{7}"), without_rows: &[] };
    // The last line first shows the next narrowing, and then the news.
    for action in [Action::Narrow, Action::Go(Motion::Left)] {
        state.act(action);
        let drawn = drawn_with(&mut state, notes, Look::new(true), 120, 30);
        for cell in &drawn.buffer().content {
            assert!(!cell.symbol().contains(is_control), "{:?}", cell.symbol());
        }
        assert!(lines(&drawn)[0].contains("[account \u{fffd}]0;owned"));
    }
    assert_eq!(
        lines(&drawn_with(&mut state, notes, Look::new(true), 120, 30))[29],
        "\u{fffd}\u{fffd}"
    );
}

#[test]
fn a_list_without_rows_says_what_to_do() {
    let rows = rows(&[], &[]);
    let mut state = state(&rows);
    let without_rows = ["Sign in.\u{1b}".to_owned(), "Or leave.".to_owned()];
    let notes = Notes { without_rows: &without_rows, ..Notes::default() };
    let lines = lines(&drawn_with(&mut state, notes, Look::new(true), 80, 24));
    assert_eq!(lines[1..3], ["Sign in.\u{fffd}", "Or leave."]);
}
