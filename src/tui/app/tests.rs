//! Who gets a key, what the root does with outcomes, what lies on top; whole screens; nothing panics.

use std::sync::Arc;

use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

use super::*;
use crate::engine::{BodyState, Health};
use crate::model::{DraftId, FolderId, MailboxId, Scope as MailScope};
use crate::tui::effect::{DraftKey, Slot, Source};
use crate::tui::keymap::Action;
use crate::tui::outcome::{Deed, Outcome};
use crate::tui::screens::{Question, Screen};
use crate::tui::testing::{
    SIZES, body, context, folders, key, listed, now, page, status, styles_of, text_of, typed,
};

fn started() -> App {
    let mut app = App::new(context(), &Mistakes::default());
    app.is_setup_offered = true;
    app.start();
    app.update(list_arrives());
    app
}

fn list_arrives() -> Msg {
    Msg::Done(Outcome::List {
        slot: Slot::List,
        generation: 1,
        result: Ok(page(0, 30, 30)),
    })
}

fn press(app: &mut App, keys: &str) -> Vec<Effect> {
    typed(keys)
        .into_iter()
        .flat_map(|event| app.update(Msg::Input(event)))
        .collect()
}

fn code(app: &mut App, code: KeyCode) -> Vec<Effect> {
    app.update(Msg::Input(Event::Key(key(code))))
}

fn ctrl(app: &mut App, c: char) -> Vec<Effect> {
    let event = KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL);
    app.update(Msg::Input(Event::Key(event)))
}

fn terminal(app: &mut App, (width, height): (u16, u16)) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    for _ in 0..2 {
        terminal.draw(|frame| app.view(frame)).unwrap();
    }
    terminal
}

fn draw(app: &mut App, size: (u16, u16)) -> String {
    text_of(terminal(app, size).backend().buffer())
}

fn last_line(app: &mut App) -> String {
    let shown = draw(app, (80, 24));
    shown.lines().last().unwrap().to_owned()
}

#[test]
fn the_first_frame_waits_for_nothing() {
    let mut app = App::new(context(), &Mistakes::default());
    let effects = app.start();
    assert!(matches!(
        effects[0],
        Effect::LoadList {
            slot: Slot::List,
            ..
        }
    ));
    assert!(effects.contains(&Effect::LoadMailboxes));
    assert!(draw(&mut app, (80, 24)).contains("All inboxes"));
}

#[test]
fn two_keys_go_to_a_place_and_the_footer_says_what_can_follow() {
    let mut app = started();
    assert_eq!(press(&mut app, "g"), vec![]);
    assert!(last_line(&mut app).contains("i inbox"));
    let effects = press(&mut app, "s");
    assert!(
        effects.contains(&Effect::LookAt(FolderId::new(205))),
        "{effects:?}"
    );
}

#[test]
fn a_dead_key_says_so_and_the_word_goes_with_the_next_key() {
    let mut app = started();
    press(&mut app, "Y");
    assert!(last_line(&mut app).contains("Y does nothing here"));
    press(&mut app, "j");
    assert!(!last_line(&mut app).contains("nothing here"));
}

#[test]
fn a_key_that_does_not_work_now_says_why() {
    let mut app = started();
    press(&mut app, "gj");
    assert!(last_line(&mut app).contains("This mailbox has no such folder"));
    press(&mut app, "z");
    assert!(last_line(&mut app).contains("There is nothing to undo"));
}

#[test]
fn a_text_field_gets_letters_before_any_binding() {
    let mut app = started();
    press(&mut app, "c");
    let effects = press(&mut app, "gq?:z");
    assert!(!effects.contains(&Effect::Quit));
    let shown = draw(&mut app, (80, 24));
    assert!(shown.contains("gq?:z"), "{shown}");
}

#[test]
fn archived_is_said_and_taken_back() {
    let mut app = started();
    assert_eq!(press(&mut app, "e")[0], Effect::Archive(vec![listed(0).id]));
    let action = ActionId::new(7);
    app.update(Msg::Done(Outcome::Acted {
        deed: Deed::Archived,
        count: 3,
        result: Ok(Some(action)),
    }));
    assert!(draw(&mut app, (80, 24)).contains("Archived 3 messages  z undo"));
    assert_eq!(press(&mut app, "z"), vec![Effect::Undo(action)]);
}

#[test]
fn sending_counts_down_and_is_taken_back_into_the_composer() {
    let mut app = started();
    let id = OutboxId::new(4);
    let draft = Box::new(crate::model::Draft::default());
    app.update(Msg::Done(Outcome::Queued {
        key: DraftKey(1),
        draft: draft.clone(),
        result: Ok(id),
        due: now() + Duration::from_secs(10),
    }));
    assert!(draw(&mut app, (80, 24)).contains("Sending in 10 s  z undo"));
    assert_eq!(app.next_tick(), Some(Duration::from_secs(1)));
    assert_eq!(press(&mut app, "z"), vec![Effect::OutboxCancel(id)]);
    let back = Outcome::TakenBack(Ok(Some((DraftId::new(9), draft))));
    let effects = app.update(Msg::Done(back));
    assert!(matches!(
        effects.as_slice(),
        [Effect::AdoptDraft { id, .. }] if *id == DraftId::new(9)
    ));
    assert!(matches!(app.screens().last(), Some(Screen::Compose(_))));
}

#[test]
fn without_an_account_setup_opens_once() {
    let mut app = App::new(context(), &Mistakes::default());
    app.start();
    let config = Arc::new(crate::config::Config {
        sign_in: std::collections::BTreeMap::new(),
        servers: std::collections::BTreeMap::new(),
        accounts: Vec::new(),
        vault: crate::config::VaultConfig::default(),
        interface: crate::tui::testing::interface(),
    });
    let loaded = || Msg::Done(Outcome::Mailboxes(Ok((Vec::new(), config.clone()))));
    app.update(loaded());
    assert_eq!(app.screens().len(), 2);
    app.update(loaded());
    assert_eq!(app.screens().len(), 2);
}

#[test]
fn the_palette_runs_what_is_picked_on_the_screen_below() {
    let mut app = started();
    press(&mut app, ":archive");
    let effects = code(&mut app, KeyCode::Enter);
    assert_eq!(effects[0], Effect::Archive(vec![listed(0).id]));
    assert_eq!(app.screens().len(), 1);
}

#[test]
fn enter_does_not_answer_a_question() {
    let mut app = started();
    let question = Question {
        tag: "test",
        title: "Delete for good?".into(),
        detail: String::new(),
        yes: "delete".into(),
    };
    app.settle(vec![Effect::Push(ScreenName::Confirm(question))]);
    code(&mut app, KeyCode::Enter);
    assert_eq!(app.screens().len(), 2);
    press(&mut app, "n");
    assert_eq!(app.screens().len(), 1);
}

#[test]
fn themes_change_at_once_and_keys_too() {
    let mut app = started();
    press(&mut app, "gT");
    assert_eq!(app.context().theme.name, "paper-light");
    let mut interface = crate::tui::testing::interface();
    interface.keys.insert("archive".into(), vec!["d".into()]);
    app.settle(vec![Effect::ShowInterface(Box::new(interface))]);
    let shown = draw(&mut app, (100, 24));
    assert!(
        shown.contains("bound to both archive and delete"),
        "{shown}"
    );
}

#[test]
fn quitting_saves_what_is_written() {
    let mut app = started();
    press(&mut app, "chello");
    ctrl(&mut app, 'q');
    assert!(app.has_quit());
    assert!(matches!(app.stop().as_slice(), [Effect::SaveDraft { .. }]));
}

#[test]
fn idle_screens_wake_at_most_every_minute() {
    let app = started();
    assert_eq!(app.next_tick(), Some(Duration::from_secs(60)));
}

/// Opens every kind of screen this part of the program has, by name.
fn shows() -> Vec<(&'static str, &'static str)> {
    vec![
        ("help", "?"),
        ("palette", ":arch"),
        ("folder", "m"),
        ("drafts", "gd"),
        ("search", "/invoice"),
        ("compose", "c"),
    ]
}

fn drafts_arrive() -> Msg {
    let draft = |to: &str, subject: &str| crate::model::Draft {
        to: to.into(),
        subject: subject.into(),
        ..crate::model::Draft::default()
    };
    let drafts = vec![
        (
            DraftId::new(1),
            draft("王小明 <x@example.cn>", "会议纪要"),
            now(),
        ),
        (DraftId::new(2), draft("", ""), now()),
    ];
    Msg::Done(Outcome::Drafts(Ok(drafts)))
}

#[test]
fn whole_screens_look_like_this() {
    for size in SIZES {
        for (name, keys) in shows() {
            let mut app = started();
            draw(&mut app, size);
            press(&mut app, keys);
            app.update(drafts_arrive());
            let (width, height) = size;
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), draw(&mut app, size));
        }
    }
}

#[test]
fn styles_say_what_text_cannot() {
    for theme in ["harbor-dark", "mono"] {
        let mut app = started();
        app.settle(vec![Effect::ShowTheme(theme.into())]);
        press(&mut app, "jx");
        let terminal = terminal(&mut app, (60, 8));
        insta::assert_snapshot!(
            format!("styles_{theme}"),
            styles_of(terminal.backend().buffer())
        );
    }
}

#[test]
fn twenty_by_five_still_shows_the_list() {
    let mut app = started();
    insta::assert_snapshot!("mail_20x5", draw(&mut app, (20, 5)));
}

#[test]
fn a_banner_stays_and_offers_its_remedy() {
    let mut app = started();
    let notice = Notice {
        remedy: Remedy::SignIn,
        title: "alice@contoso.com needs to sign in again".into(),
        ..mistake_notice(String::new())
    };
    app.notices
        .tell(Some(MailboxId::new(1)), notice, app.cx.now);
    let shown = draw(&mut app, (80, 24));
    assert!(shown.contains("needs to sign in again"), "{shown}");
    assert!(shown.contains("! sign in"), "{shown}");
    press(&mut app, "!");
    assert!(matches!(app.screens().last(), Some(Screen::SignIn(_))));
}

/// Any key a terminal can send.
fn any_key() -> impl Strategy<Value = Event> {
    let plain = prop_oneof![
        8 => any::<char>().prop_map(KeyCode::Char),
        8 => proptest::sample::select("jkhlxeduscrRfm/:?gz!nptTSoyHJK0123q".chars().collect::<Vec<_>>())
            .prop_map(KeyCode::Char),
        1 => proptest::sample::select(vec![
            KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::BackTab, KeyCode::Up, KeyCode::Down,
            KeyCode::Left, KeyCode::Right, KeyCode::Home, KeyCode::End, KeyCode::PageUp,
            KeyCode::PageDown, KeyCode::Backspace, KeyCode::Delete, KeyCode::F(2), KeyCode::Null,
        ]),
    ];
    let modifiers = prop_oneof![
        6 => Just(KeyModifiers::NONE),
        1 => Just(KeyModifiers::CONTROL),
        1 => Just(KeyModifiers::ALT),
    ];
    (plain, modifiers).prop_map(|(code, modifiers)| Event::Key(KeyEvent::new(code, modifiers)))
}

fn any_event() -> impl Strategy<Value = Event> {
    use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
    let mouse = (0u16..200, 0u16..60, 0u8..3).prop_map(|(column, row, kind)| {
        let kind = match kind {
            0 => MouseEventKind::Down(MouseButton::Left),
            1 => MouseEventKind::ScrollUp,
            _ => MouseEventKind::ScrollDown,
        };
        Event::Mouse(MouseEvent {
            kind,
            column,
            row,
            modifiers: KeyModifiers::NONE,
        })
    });
    prop_oneof![12 => any_key(), 2 => mouse, 1 => ".{0,20}".prop_map(Event::Paste)]
}

/// Answers reads as an engine would, so that random keys get somewhere.
fn serve(app: &mut App, effects: Vec<Effect>) {
    for effect in effects {
        let outcome = match effect {
            Effect::LoadList {
                slot,
                generation,
                source,
                limit,
                ..
            } => {
                let count = match source {
                    Source::Scope(MailScope::Folder(_)) => 0,
                    _ => limit.min(40),
                };
                Outcome::List {
                    slot,
                    generation,
                    result: Ok(page(0, count, count)),
                }
            }
            Effect::LoadBody {
                generation,
                message,
                ..
            } => Outcome::Body {
                generation,
                message,
                result: Ok(crate::engine::BodyState::Ready(Arc::new(body()))),
            },
            Effect::LoadDrafts => {
                app.update(drafts_arrive());
                continue;
            }
            _ => continue,
        };
        let more = app.update(Msg::Done(outcome));
        serve(app, more);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_keys_and_no_size_make_it_panic(
        events in proptest::collection::vec((any_event(), 1u16..150, 1u16..50), 1..50),
    ) {
        let mut app = started();
        for (event, width, height) in events {
            let effects = app.update(Msg::Input(event));
            serve(&mut app, effects);
            app.update(Msg::Tick);
            let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
            terminal.draw(|frame| app.view(frame)).unwrap();
        }
    }
}

#[test]
fn one_by_one_is_drawn() {
    for (_, keys) in shows() {
        let mut app = started();
        press(&mut app, keys);
        for size in [(1, 1), (2, 1), (1, 3), (3, 2), (20, 5)] {
            draw(&mut app, size);
        }
    }
}

#[test]
fn every_action_in_every_screen_is_safe() {
    for (_, keys) in shows() {
        for action in Action::all() {
            let mut app = started();
            press(&mut app, keys);
            app.update(Msg::Action(action));
            draw(&mut app, (80, 24));
        }
    }
}

/// The mail screen as the README shows it.
fn picture() -> String {
    let mut app = started();
    let folders = |mailbox| {
        Msg::Done(Outcome::Folders(
            MailboxId::new(mailbox),
            Ok(folders(mailbox)),
        ))
    };
    for mailbox in 1..=3 {
        app.update(folders(mailbox));
        let health = if mailbox == 3 {
            Health::NeedsYou
        } else {
            Health::Fine
        };
        let status = Box::new(status(health));
        app.update(Msg::Done(Outcome::Status(MailboxId::new(mailbox), status)));
    }
    let effects = code(&mut app, KeyCode::Enter);
    let generation = effects.iter().find_map(|effect| match effect {
        Effect::LoadBody { generation, .. } => Some(*generation),
        _ => None,
    });
    let result = Ok(BodyState::Ready(Arc::new(body())));
    let message = listed(0).id;
    app.update(Msg::Done(Outcome::Body {
        generation: generation.unwrap_or(1),
        message,
        result,
    }));
    let terminal = terminal(&mut app, (120, 32));
    crate::tui::picture::svg(terminal.backend().buffer(), "The mail screen of Pillarbox")
}

#[test]
fn the_picture_in_the_readme_is_of_this_program() {
    let place = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/screen.svg");
    let drawn = picture();
    if std::env::var_os("UPDATE_PICTURE").is_some() {
        std::fs::write(place, &drawn).unwrap();
    }
    let kept = std::fs::read_to_string(place).unwrap_or_default();
    assert!(
        kept == drawn,
        "docs/screen.svg is out of date: UPDATE_PICTURE=1 cargo test --lib picture"
    );
}
