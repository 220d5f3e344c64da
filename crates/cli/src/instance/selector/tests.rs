//! The selector without a terminal: typed into by actions, read from cells.

use credentials::{
    AccountId, Principal, ProfileName, ProfileSource, RoleName, SettingsDigest, Source, Timestamp,
};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier};
use server::wire::ProfileObject;
use unicode_width::UnicodeWidthStr;

use super::draw::{self, Look};
use super::keys::{Action, Jump};
use super::query::Motion;
use super::rows::{Of, Row, Rows, Texts};
use super::state::{Kept, State, Step};
use super::told::{Loaded, Told};
use crate::instance::history::{History, Key};

const NOW: i64 = 1_795_000_000;

/// Profile, account, account id, role, and one tag.
type MadeUp<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str);

const ROLES: [MadeUp<'static>; 6] = [
    ("dev:Admin", "Team Dev", "000001111111", "AdministratorAccess", "dev"),
    ("dev:ReadOnly", "Team Dev", "000001111111", "ReadOnlyAccess", "dev"),
    ("payments:Admin", "Payments", "100000000002", "AdministratorAccess", "prod"),
    ("payments:ReadOnly", "Payments", "100000000002", "ReadOnlyAccess", "prod"),
    ("tokyo:Admin", "東京 Prod", "100000000003", "AdministratorAccess", "prod"),
    ("tokyo:ReadOnly", "東京 Prod", "100000000003", "ReadOnlyAccess", "prod"),
];

fn rows(roles: &[MadeUp<'_>], used: &[&str]) -> Rows<'static> {
    let mut texts = Texts::default();
    let json: Vec<_> = used
        .iter()
        .map(|name| format!(r#"{{"profile":"{name}","uses":1.0,"last_used":{}}}"#, NOW - 7200))
        .collect();
    let history =
        History::parse(format!(r#"{{"version":1,"used":[{}]}}"#, json.join(",")).as_bytes());
    let row = |(profile, account, id, role, env): &MadeUp<'_>| {
        let name = ProfileName::parse(profile).unwrap();
        let tags = vec![("env".to_owned(), (*env).to_owned())];
        let principal = Principal {
            account_id: Some(AccountId::parse(id).unwrap()),
            role_name: Some(RoleName::parse(role).unwrap()),
            ..Principal::default()
        };
        let key = Key::Profile { profile: (*profile).to_owned() };
        let used = history.of(&key);
        Row {
            texts: [
                texts.add((*profile).to_owned().into()),
                texts.id((*account).to_owned().into()),
                texts.id((*id).to_owned().into()),
                texts.id((*role).to_owned().into()),
                texts.id(format!("env={env}").into()),
                0,
                0,
            ],
            tags,
            of: Of::AwsConfig {
                source: Some(Source::Profile(fakes::profile_source(name.as_str()))),
                name,
                principal,
                key,
            },
            used,
            frecency: used.map_or(0.0, |used| used.frecency(NOW)),
        }
    };
    let rows = roles.iter().map(row).collect();
    Rows::arranged(texts, rows, NOW)
}

fn state<'r>(rows: &'r Rows<'r>) -> State<'r> {
    let mut state = State::new(rows, Kept::default());
    state.fit(Rect::new(0, 0, 80, 24));
    state
}

fn typed<'r>(state: &mut State<'r>, text: &str) -> Vec<&'r str> {
    state.act(Action::Delete(Motion::ToStart));
    state.act(Action::Insert(text.to_owned()));
    shown(state)
}

fn shown<'r>(state: &State<'r>) -> Vec<&'r str> {
    state.visible().map(|(row, _)| row.profile().as_str()).collect()
}

fn chosen<'r>(state: &State<'r>) -> &'r str {
    state.chosen().map_or("", |row| row.profile().as_str())
}

fn drawn(state: &mut State<'_>, look: Look, width: u16, height: u16) -> TestBackend {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let told = Told::default();
    let draw = |frame: &mut ratatui::Frame<'_>| {
        state.fit(frame.area());
        draw::draw(state, &told, look, frame);
    };
    terminal.draw(draw).unwrap();
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
        ("nothing of that", &[]),
    ] {
        assert_eq!(typed(&mut state, query), found, "{query}");
    }
}

#[test]
fn capitals_count_once_one_is_typed() {
    let rows = rows(&[ROLES[0], ("DEV:x", "Y", "1", "x", "x")], &[]);
    let mut state = state(&rows);
    assert_eq!(typed(&mut state, "dev:").len(), 2);
    assert_eq!(typed(&mut state, "DEV:"), ["DEV:x"]);
}

#[test]
fn words_can_be_held_to_a_start_to_an_end_or_be_unwanted() {
    let rows = rows(&ROLES, &[]);
    let mut state = state(&rows);
    for (query, count) in
        [("^dev", 2), ("only$", 3), ("!prod", 2), ("'ment", 2), ("adm !env=prod", 1)]
    {
        assert_eq!(typed(&mut state, query).len(), count, "{query}");
    }
    for nothing_yet in ["!", "^", " "] {
        assert_eq!(typed(&mut state, nothing_yet).len(), 6, "{nothing_yet}");
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
fn what_was_used_comes_first_unless_something_matches_better() {
    let rows = rows(&ROLES, &["tokyo:ReadOnly"]);
    let mut state = state(&rows);
    assert_eq!(shown(&state)[..2], ["tokyo:ReadOnly", "dev:Admin"]);
    assert_eq!(typed(&mut state, "readonly")[0], "tokyo:ReadOnly");
    assert_eq!(typed(&mut state, "dev ro")[0], "dev:ReadOnly");
}

#[test]
fn the_chosen_row_moves_within_the_list_and_enter_takes_it() {
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
        assert_eq!(chosen(&state), at, "{jump:?}");
    }
    let Step::Chosen(row) = state.act(Action::Choose) else { panic!("nothing was taken") };
    assert_eq!(row.profile().as_str(), "dev:Admin");
    typed(&mut state, "nothing of that");
    assert!(matches!(state.act(Action::Choose), Step::Stay));
}

#[test]
fn a_click_chooses_and_a_second_one_takes() {
    let rows = rows(&ROLES, &[]);
    let mut state = state(&rows);
    let third = state.layout.list.y + 2;
    let click = |state: &mut State<'_>, y| {
        matches!(state.act(Action::Click(Position::new(5, y))), Step::Chosen(_))
    };
    assert!(!click(&mut state, third));
    assert_eq!(chosen(&state), "payments:Admin");
    for nothing in [0, state.layout.list.y + 7, state.layout.preview.y + 1, 500] {
        assert!(!click(&mut state, nothing));
        assert_eq!(chosen(&state), "payments:Admin", "{nothing}");
    }
    assert!(click(&mut state, third));
}

#[test]
fn tab_tries_one_narrowing_after_another_and_the_chosen_row_stays() {
    let rows = rows(&ROLES, &[]);
    let mut state = state(&rows);
    state.act(Action::Jump(Jump::Last));
    let mut tried = Vec::new();
    for _ in 0..4 {
        state.act(Action::Narrow);
        let labels: Vec<_> = state.narrowings.iter().map(|narrowing| narrowing.label()).collect();
        tried.push((labels.join(" "), state.count()));
        assert_eq!(chosen(&state), "tokyo:ReadOnly");
    }
    let expected = [("account 東京 Prod", 2), ("env=prod", 4), ("", 6), ("account 東京 Prod", 2)];
    assert_eq!(tried, expected.map(|(label, count)| (label.to_owned(), count)));
}

#[test]
fn narrowings_add_up_and_are_taken_off_in_turn() {
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
fn when_the_rows_change_the_query_and_the_chosen_role_stay() {
    let before = rows(&ROLES, &[]);
    let mut state = state(&before);
    state.act(Action::Insert("prod".to_owned()));
    state.act(Action::Jump(Jump::Down));
    let at = chosen(&state).to_owned();
    let mut roles = ROLES.to_vec();
    roles.insert(0, ("a:New", "A", "1", "New", "prod"));
    let after = rows(&roles, &[]);
    let again = State::new(&after, state.into_kept());
    assert_eq!((chosen(&again), again.count()), (at.as_str(), 5));
    roles.retain(|role| role.0 != at);
    let without = rows(&roles, &[]);
    let gone = State::new(&without, again.into_kept());
    assert_eq!((gone.query.text().as_str(), gone.count()), ("prod", 4));
    assert_ne!(chosen(&gone), at);
}

#[test]
fn it_is_drawn_with_a_column_each_and_a_preview() {
    let rows = rows(&ROLES, &["tokyo:Admin"]);
    let mut state = state(&rows);
    state.act(Action::Insert("adm".to_owned()));
    let lines = lines(&drawn(&mut state, Look::new(true), 80, 18));
    let text = lines.join("\n");
    assert_eq!(lines[0], format!("> adm{:>75}", "3/6"), "{text}");
    assert!(lines[1].starts_with("> tokyo:Admin"), "{text}");
    assert!(lines[1].contains("100000000003") && lines[1].ends_with("2h"), "{text}");
    assert!(lines[2].starts_with("  dev:Admin"), "{text}");
    assert!(text.contains("arn:aws:iam::100000000003:role/AdministratorAccess"), "{text}");
    assert!(text.contains("Enter choose"), "{text}");
    let column = |line: &str| line.split_once("1000000000").map(|(before, _)| before.width());
    assert_eq!(column(&lines[1]), column(&lines[3]), "wide characters break no column: {text}");
}

/// What is seen, without the cells behind wide characters.
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
fn it_survives_any_size() {
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
    let is_plain = |backend: &TestBackend| {
        let cells = &backend.buffer().content;
        cells.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset)
    };
    assert!(is_plain(&without) && !is_plain(&with));
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
    state.act(Action::Narrow);
    let drawn = drawn(&mut state, Look::new(true), 120, 30);
    for cell in &drawn.buffer().content {
        assert!(!cell.symbol().contains(crate::ground::ui::is_control), "{:?}", cell.symbol());
    }
    assert!(drawn.to_string().contains('\u{fffd}'));
}

#[test]
fn the_preview_says_whether_the_server_has_the_credentials() {
    let rows = rows(&ROLES, &[]);
    let state = state(&rows);
    let row = state.chosen().unwrap();
    let loaded = |source: Option<Source>| Loaded {
        is_default: false,
        profile: ProfileObject {
            profile_name: "other name".to_owned(),
            expires: "59m".to_owned(),
            ..ProfileObject::new(row.profile(), &Principal::default(), None, Timestamp::UNIX_EPOCH)
        },
        source,
    };
    let mut told = Told::default();
    assert_eq!(told.at_hand(row), "", "the server was not asked yet");
    told.loaded = Some(vec![loaded(row.source())]);
    assert_eq!(told.at_hand(row), "at hand: the server has them in the slot `other name`, for 59m");
    let of_other_settings = ProfileSource {
        digest: SettingsDigest([8; 32]),
        ..fakes::profile_source(row.profile().as_str())
    };
    for other in [None, Some(Source::Profile(of_other_settings))] {
        told.loaded = Some(vec![loaded(other)]);
        assert!(told.at_hand(row).starts_with("not at hand"));
    }
}
