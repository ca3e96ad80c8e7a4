//! Moving about, acting, following; what the screen looks like.

use std::sync::Arc;

use super::*;
use crate::engine::{BodyState, Event};
use crate::model::{FolderId, IncomingProtocol, Listed, MailboxId, Role};
use crate::tui::screens::accounts::fixture::with_accounts;
use crate::tui::screens::{Screen, ScreenName};
use crate::tui::testing::{SIZES, act, body, context, draw, folder, listed, open, page};

fn arrive(screen: &mut Screen, cx: &Cx, count: usize) -> Vec<Effect> {
    screen.update(
        &Msg::Done(Outcome::List {
            slot: Slot::List,
            generation: 1,
            result: Ok(page(0, count, count)),
        }),
        cx,
    )
}

fn shown(cx: &mut Cx, size: (u16, u16)) -> Screen {
    let (mut screen, _) = open(ScreenName::Mail, cx);
    draw(&mut screen, cx, size);
    arrive(&mut screen, cx, 30);
    draw(&mut screen, cx, size);
    screen
}

fn body_arrives(screen: &mut Screen, cx: &Cx, generation: u64, row: &Listed) -> Vec<Effect> {
    screen.update(
        &Msg::Done(Outcome::Body {
            generation,
            message: row.id,
            result: Ok(BodyState::Ready(Arc::new(body()))),
        }),
        cx,
    )
}

fn load(generation: u64, place: usize, width: u16) -> Effect {
    Effect::LoadBody {
        generation,
        message: listed(place).id,
        width,
    }
}

#[test]
fn several_mailboxes_need_you_and_one_needs_you() {
    let mut cx = context();
    let screen_says = |cx: &mut Cx, said: &str| {
        let text = draw(&mut shown(cx, (80, 24)), cx, (80, 24));
        assert!(text.contains(said), "{said}: {text}");
    };
    screen_says(&mut cx, "1 needs you");
    for status in cx.statuses.values_mut() {
        status.health = engine::Health::NeedsYou;
    }
    screen_says(&mut cx, "3 need you");
}

#[test]
fn the_top_line_names_what_a_mailbox_is_read_over_where_there_is_room() {
    let check = |protocol, size: (u16, u16), expected: &str| {
        let mut cx = with_accounts(context());
        let config = Arc::make_mut(cx.config.as_mut().unwrap());
        config.accounts[0].servers.incoming.protocol = protocol;
        let mut screen = shown(&mut cx, size);
        act(&mut screen, Action::Mailbox2, &cx);
        let text = draw(&mut screen, &mut cx, size);
        let top = text.lines().next().unwrap().to_owned();
        assert!(top.starts_with(expected), "{expected}: {top}");
    };
    let graph = IncomingProtocol::Graph;
    check(graph, (120, 40), " support@contoso.com · Graph › Inbox ");
    check(graph, (80, 24), " support@contoso.com · Graph › Inbox ");
    check(graph, (40, 12), " support@contoso.com › Inbox");
    let imap = IncomingProtocol::Imap;
    check(imap, (120, 40), " support@contoso.com · IMAP › Inbox ");
    check(imap, (80, 24), " support@contoso.com › Inbox ");
}

#[test]
fn the_first_thing_asked_for_is_the_newest_page_of_all_inboxes() {
    let cx = context();
    let (_, effects) = open(ScreenName::Mail, &cx);
    let expected = Effect::LoadList {
        slot: Slot::List,
        generation: 1,
        source: Source::Scope(MailScope::AllInboxes),
        window: crate::model::Window::Newest,
        limit: 200,
    };
    assert_eq!(effects, vec![expected]);
}

#[test]
fn moving_down_loads_the_next_preview_where_the_reader_shows() {
    let mut cx = context();
    let mut screen = shown(&mut cx, (120, 40));
    assert_eq!(act(&mut screen, Action::Down, &cx), vec![load(2, 1, 45)]);
    cx.elapsed = Duration::from_millis(500);
    assert_eq!(act(&mut screen, Action::Down, &cx), vec![load(3, 2, 45)]);
}

#[test]
fn quick_moves_load_only_the_preview_of_the_message_they_end_at() {
    let mut cx = context();
    let mut screen = shown(&mut cx, (120, 40));
    assert_eq!(act(&mut screen, Action::Down, &cx), vec![load(2, 1, 45)]);
    for _ in 0..5 {
        cx.elapsed += Duration::from_millis(33);
        assert_eq!(act(&mut screen, Action::Down, &cx), vec![]);
    }
    assert_eq!(screen.face(&cx).tick, Some(Duration::from_millis(120)));
    cx.elapsed += Duration::from_millis(120);
    assert_eq!(screen.update(&Msg::Tick, &cx), vec![load(3, 6, 45)]);
    assert_eq!(screen.update(&Msg::Tick, &cx), vec![]);
}

#[test]
fn a_message_opened_in_the_middle_of_a_motion_is_there_at_once() {
    let mut cx = context();
    let mut screen = shown(&mut cx, (120, 40));
    act(&mut screen, Action::Down, &cx);
    assert_eq!(act(&mut screen, Action::Down, &cx), vec![]);
    assert_eq!(act(&mut screen, Action::Open, &cx), vec![load(3, 2, 45)]);
}

#[test]
fn a_preview_that_does_not_show_any_more_is_not_waited_for() {
    let mut cx = context();
    let mut screen = shown(&mut cx, (120, 40));
    act(&mut screen, Action::Down, &cx);
    act(&mut screen, Action::Down, &cx);
    draw(&mut screen, &mut cx, (80, 24));
    cx.elapsed = Duration::from_secs(1);
    assert_eq!(screen.update(&Msg::Tick, &cx), vec![]);
    assert_eq!(screen.face(&cx).tick, Some(AGE_TICK));
}

#[test]
fn moving_down_loads_nothing_where_it_does_not() {
    let mut cx = context();
    let mut screen = shown(&mut cx, (80, 24));
    assert_eq!(act(&mut screen, Action::Down, &cx), vec![]);
}

#[test]
fn an_opened_message_is_read_once_its_text_is_there_and_unread_sticks() {
    let mut cx = context();
    let mut screen = shown(&mut cx, (80, 24));
    assert_eq!(act(&mut screen, Action::Open, &cx).len(), 1);
    let row = listed(0);
    let mark = |change| Effect::Mark {
        messages: vec![row.id],
        change,
        voice: Voice::Silent,
    };
    let effects = body_arrives(&mut screen, &cx, 1, &row);
    assert_eq!(effects, vec![mark(FlagChange::set(Flags::SEEN))]);
    let effects = act(&mut screen, Action::ToggleUnread, &cx);
    assert_eq!(effects, vec![mark(FlagChange::clear(Flags::SEEN))]);
    assert_eq!(body_arrives(&mut screen, &cx, 1, &row), vec![]);
}

#[test]
fn archiving_in_the_reader_goes_on_to_the_next_message() {
    let mut cx = context();
    let mut screen = shown(&mut cx, (80, 24));
    act(&mut screen, Action::Open, &cx);
    let effects = act(&mut screen, Action::Archive, &cx);
    assert_eq!(
        effects,
        vec![Effect::Archive(vec![listed(0).id]), load(2, 1, 80)]
    );
}

#[test]
fn deleting_in_the_trash_asks_first() {
    let mut cx = context();
    cx.take_folders(
        crate::model::MailboxId::new(2),
        &[folder(201, 2, "Trash", Role::Trash, 0)],
    );
    let mut screen = shown(&mut cx, (80, 24));
    let effects = act(&mut screen, Action::Delete, &cx);
    let [Effect::Push(ScreenName::Confirm(question))] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    let yes = Msg::Reply(Reply::Confirmed(question.tag));
    let effects = screen.update(&yes, &cx);
    assert_eq!(effects, vec![Effect::Delete(vec![listed(0).id])]);
    assert_eq!(screen.update(&yes, &cx), vec![]);
}

#[test]
fn moving_asks_for_a_folder_of_the_same_mailbox() {
    let mut cx = context();
    let mut screen = shown(&mut cx, (80, 24));
    act(&mut screen, Action::Select, &cx);
    act(&mut screen, Action::Select, &cx);
    let effects = act(&mut screen, Action::Move, &cx);
    assert!(matches!(
        effects.as_slice(),
        [Effect::Push(ScreenName::PickFolder { title, .. })] if title == "Move 2 messages to"
    ));
    let folder = FolderId::new(207);
    let effects = screen.update(&Msg::Reply(Reply::Folder(folder)), &cx);
    let messages = vec![listed(0).id, listed(1).id];
    assert_eq!(effects, vec![Effect::MoveTo { messages, folder }]);
}

#[test]
fn keys_go_to_places() {
    let mut cx = context();
    let mut screen = shown(&mut cx, (80, 24));
    let check = |effects: Vec<Effect>, row: i64| {
        assert!(
            effects.contains(&Effect::LookAt(FolderId::new(row))),
            "{effects:?}"
        );
    };
    check(act(&mut screen, Action::Mailbox3, &cx), 301);
    check(act(&mut screen, Action::GoSent, &cx), 305);
    check(act(&mut screen, Action::Mailbox1, &cx), 101);
    check(act(&mut screen, Action::GoTrash, &cx), 106);
    assert_eq!(
        screen.live(Action::Mailbox4, &cx),
        Live::No("There is no mailbox with this number")
    );
    assert_eq!(
        screen.live(Action::GoJunk, &cx),
        Live::No("This mailbox has no such folder")
    );
}

#[test]
fn only_changes_of_what_is_shown_are_read() {
    let mut cx = context();
    let mut screen = shown(&mut cx, (80, 24));
    let changed = |row| Msg::Engine(Event::Messages(FolderId::new(row)));
    assert_eq!(screen.update(&changed(105), &cx), vec![]);
    assert_eq!(screen.update(&changed(101), &cx).len(), 1);
}

#[test]
fn a_refused_action_brings_the_rows_back() {
    let mut cx = context();
    let mut screen = shown(&mut cx, (80, 24));
    act(&mut screen, Action::Archive, &cx);
    let error = crate::engine::EngineError::NotFound {
        what: "message",
        name: String::new(),
    };
    let refused = Outcome::Acted {
        deed: crate::tui::outcome::Deed::Archived,
        count: 1,
        result: Err(Arc::new(error)),
    };
    assert_eq!(screen.update(&Msg::Done(refused), &cx).len(), 1);
}

#[test]
fn leaving_takes_two_keys() {
    let mut cx = context();
    let mut screen = shown(&mut cx, (80, 24));
    assert!(matches!(
        act(&mut screen, Action::Back, &cx).as_slice(),
        [Effect::Say(_)]
    ));
    act(&mut screen, Action::Down, &cx);
    assert_ne!(act(&mut screen, Action::Back, &cx), vec![Effect::Quit]);
    assert_eq!(act(&mut screen, Action::Back, &cx), vec![Effect::Quit]);
}

#[test]
fn mail_screens_look_like_this() {
    for size in SIZES {
        let mut cx = context();
        let mut screen = shown(&mut cx, size);
        let (width, height) = size;
        let name = |what: &str| format!("mail_{what}_{width}x{height}");
        insta::assert_snapshot!(name("list"), draw(&mut screen, &mut cx, size));
        act(&mut screen, Action::Open, &cx);
        for generation in 1..4 {
            body_arrives(&mut screen, &cx, generation, &listed(0));
        }
        insta::assert_snapshot!(name("reader"), draw(&mut screen, &mut cx, size));
        act(&mut screen, Action::NextPane, &cx);
        insta::assert_snapshot!(name("sidebar"), draw(&mut screen, &mut cx, size));
    }
}

#[test]
fn an_empty_list_says_what_to_do() {
    let mut cx = context();
    let (mut screen, _) = open(ScreenName::Mail, &cx);
    draw(&mut screen, &mut cx, (80, 24));
    arrive(&mut screen, &cx, 0);
    let shown = draw(&mut screen, &mut cx, (80, 24));
    assert!(shown.contains("No messages in All inboxes"), "{shown}");
    cx.mailboxes.clear();
    let shown = draw(&mut screen, &mut cx, (80, 24));
    assert!(shown.contains("There is no account yet"), "{shown}");
}

#[test]
fn ascii_mode_draws_only_ascii_of_its_own() {
    let mut cx = context();
    cx.symbols = crate::tui::symbols::Symbols::new(true);
    let mut screen = shown(&mut cx, (120, 40));
    let (mut ours, _) = open(ScreenName::Mail, &cx);
    draw(&mut ours, &mut cx, (120, 40));
    let shown = draw(&mut screen, &mut cx, (120, 40));
    let odd: String = draw(&mut ours, &mut cx, (120, 40))
        .chars()
        .filter(|c| !c.is_ascii() && !"会议ü".contains(*c))
        .collect();
    assert_eq!(odd, "");
    assert!(!shown.contains('│'));
}

#[test]
fn until_all_is_synchronised_the_newest_message_is_selected_unless_a_key_was_pressed() {
    let check = |is_pressed: bool, is_settling: bool, expected: usize| {
        let mut cx = context();
        if is_settling {
            for status in cx.statuses.values_mut() {
                status.health = engine::Health::Syncing;
                status.synced_at = None;
            }
        }
        let (mut screen, _) = open(ScreenName::Mail, &cx);
        draw(&mut screen, &mut cx, (120, 40));
        let mut rows = |generation, first: usize, count: usize| {
            let result = Ok(page(first, count, 30));
            let slot = Slot::List;
            screen.update(
                &Msg::Done(Outcome::List {
                    slot,
                    generation,
                    result,
                }),
                &cx,
            );
            if generation == 1 {
                if is_pressed {
                    act(&mut screen, Action::Up, &cx);
                }
                screen.update(&Msg::Engine(Event::Lagged), &cx);
            }
        };
        rows(1, 20, 10);
        rows(2, 0, 30);
        let Screen::Mail(mail) = &screen else {
            panic!("{screen:?}")
        };
        let selected = mail.rows.current().unwrap().id;
        assert_eq!(selected, listed(expected).id, "{is_pressed} {is_settling}");
    };
    check(false, true, 0);
    check(true, true, 20);
    check(false, false, 20);
}

#[test]
fn archiving_without_an_archive_folder_offers_to_make_one() {
    let mut cx = context();
    for folders in cx.folders.values_mut() {
        folders.retain(|folder| folder.role != Role::Archive);
    }
    let mut screen = shown(&mut cx, (80, 24));
    assert_eq!(screen.live(Action::Archive, &cx), Live::Yes);
    let effects = act(&mut screen, Action::Archive, &cx);
    let [Effect::Push(ScreenName::Confirm(question))] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(
        question.title,
        "Make an archive folder for support@contoso.com?"
    );
    let reply = Msg::Reply(Reply::Confirmed(question.tag));
    let expected = vec![Effect::MakeArchive(vec![listed(0).id])];
    assert_eq!(screen.update(&reply, &cx), expected);
    // It stays in the list until the folder is there.
    assert!(draw(&mut screen, &mut cx, (80, 24)).contains("Invoice 4711"));
}

/// Lets mailbox 1 be in the middle of a long synchronisation.
fn syncing() -> Cx {
    let mut cx = context();
    cx.statuses.remove(&MailboxId::new(3));
    let progress = crate::model::Progress::default();
    progress.set(1200, 40_000);
    let status = cx.statuses.get_mut(&MailboxId::new(1)).unwrap();
    status.health = crate::engine::Health::Syncing;
    status.task = "listing Inbox".into();
    status.progress = Some(progress);
    cx
}

#[test]
fn a_long_synchronisation_shows_its_figure_and_the_key_that_stops_it() {
    let mut cx = syncing();
    let mut screen = shown(&mut cx, (80, 24));
    assert!(draw(&mut screen, &mut cx, (80, 24)).contains("1200 of 40000"));
    assert!(screen.face(&cx).hints[..3].contains(&Action::StopSync));
    assert_eq!(screen.live(Action::StopSync, &cx), Live::Yes);
    let stop = |mailbox| vec![Effect::StopSync(mailbox)];
    assert_eq!(act(&mut screen, Action::StopSync, &cx), stop(None));
    act(&mut screen, Action::Mailbox1, &cx);
    let shown = draw(&mut screen, &mut cx, (80, 24));
    assert!(shown.contains("listing Inbox 1200 of 40000"), "{shown}");
    let one = stop(Some(MailboxId::new(1)));
    assert_eq!(act(&mut screen, Action::StopSync, &cx), one);
}

#[test]
fn nothing_can_be_stopped_where_no_long_synchronisation_runs() {
    let mut cx = syncing();
    let mut screen = shown(&mut cx, (80, 24));
    act(&mut screen, Action::Mailbox2, &cx);
    let reason = "No long synchronisation is under way here";
    assert_eq!(screen.live(Action::StopSync, &cx), Live::No(reason));
}

#[test]
fn a_stopped_synchronisation_says_who_stopped_it() {
    let mut cx = context();
    cx.statuses.retain(|id, _| *id == MailboxId::new(1));
    cx.mailboxes.truncate(1);
    for status in cx.statuses.values_mut() {
        status.is_stopped = true;
    }
    let mut screen = shown(&mut cx, (80, 24));
    let all = draw(&mut screen, &mut cx, (80, 24));
    assert!(all.contains("1 stopped by you"), "{all}");
    act(&mut screen, Action::Mailbox1, &cx);
    let one = draw(&mut screen, &mut cx, (80, 24));
    assert!(one.contains("stopped by you"), "{one}");
}
