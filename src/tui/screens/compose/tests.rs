//! Nothing typed is lost, nothing half-written is sent; what the screen looks like.

use std::time::Duration;

use jiff::ToSpan as _;

use super::*;
use crate::model::{DraftOrigin, IncomingProtocol};
use crate::tui::effect::FileFacts;
use crate::tui::screens::Screen;
use crate::tui::screens::accounts::fixture::with_accounts;
use crate::tui::testing::{SIZES, act, context, draw, key, now, open, type_into};
use ratatui::crossterm::event::KeyCode;

fn start(draft: Draft, cx: &Cx) -> Screen {
    let name = ScreenName::Compose {
        draft: Box::new(draft),
        saved: None,
    };
    open(name, cx).0
}

fn blank() -> Draft {
    Draft {
        from: Address::named("Support", "support@contoso.com"),
        ..Draft::default()
    }
}

fn answer() -> Draft {
    Draft {
        to: "Jörg Müller <joerg@fabrikam.de>".into(),
        subject: "Re: Invoice 4711 is overdue".into(),
        text: "\n\nOn 3 March, Jörg wrote:\n> see the attached invoice\n> 会议纪要\n".into(),
        origin: Some(DraftOrigin {
            message_row: 1000,
            message_id: "a@b".into(),
            references: vec!["a@b".into()],
            is_forward: false,
        }),
        ..blank()
    }
}

fn sent(effects: &[Effect]) -> &Draft {
    match effects {
        [Effect::Send { draft, .. }, Effect::Pop] => draft,
        other => panic!("{other:?}"),
    }
}

fn picked(screen: &mut Screen, effects: &[Effect], index: usize, cx: &Cx) -> Vec<Effect> {
    let [Effect::Push(ScreenName::Pick { tag, .. })] = effects else {
        panic!("{effects:?}");
    };
    screen.update(&Msg::Reply(Reply::Picked { tag, index }), cx)
}

#[test]
fn a_message_is_written_and_sent_from_the_keyboard() {
    let cx = context();
    let mut screen = start(blank(), &cx);
    type_into(&mut screen, "ana@example.com", &cx);
    for _ in 0..3 {
        act(&mut screen, Action::NextPane, &cx);
    }
    type_into(&mut screen, "Lunch", &cx);
    act(&mut screen, Action::NextPane, &cx);
    type_into(&mut screen, "At noon? q", &cx);
    let effects = act(&mut screen, Action::Send, &cx);
    let draft = sent(&effects);
    assert_eq!(draft.to, "ana@example.com");
    assert_eq!(draft.subject, "Lunch");
    assert_eq!(draft.text, "At noon? q\n");
    assert_eq!(draft.from.email, "support@contoso.com");
    assert_eq!(screen.leave(), vec![]);
}

#[test]
fn the_undo_window_is_that_of_the_settings() {
    let mut cx = context();
    cx.interface.undo_seconds = 25;
    let mut screen = start(answer(), &cx);
    let effects = act(&mut screen, Action::Send, &cx);
    assert!(matches!(effects[0], Effect::Send { delay, .. } if delay == Duration::from_secs(25)));
}

#[test]
fn a_wrong_recipient_is_pointed_at_and_nothing_is_sent() {
    let mut cx = context();
    let mut screen = start(answer(), &cx);
    act(&mut screen, Action::PreviousPane, &cx);
    let check = |draft: Draft, said: &str, cx: &mut Cx| {
        let mut screen = start(draft, cx);
        let effects = act(&mut screen, Action::Send, cx);
        assert_eq!(effects[0], Effect::Say(said.to_owned()));
        assert!(draw(&mut screen, cx, (80, 24)).contains(said));
    };
    let cc = Draft {
        cc: "ana@example.com; bob,example".into(),
        ..answer()
    };
    check(cc, "\"bob\" is not an address", &mut cx);
    check(blank(), "Say who shall get it", &mut cx);
}

#[test]
fn a_forgotten_attachment_is_asked_about_but_not_for_quoted_words() {
    let cx = context();
    let mut screen = start(answer(), &cx);
    sent(&act(&mut screen, Action::Send, &cx));
    let mut screen = start(answer(), &cx);
    type_into(&mut screen, "See the ATTACHED file", &cx);
    let effects = act(&mut screen, Action::Send, &cx);
    let effects = picked(&mut screen, &effects, 1, &cx);
    sent(&effects);
}

#[test]
fn a_missing_subject_is_asked_about() {
    let cx = context();
    let draft = Draft {
        to: "ana@example.com".into(),
        ..blank()
    };
    let mut screen = start(draft, &cx);
    let effects = act(&mut screen, Action::Send, &cx);
    let effects = picked(&mut screen, &effects, 1, &cx);
    sent(&effects);
}

#[test]
fn it_saves_itself_a_few_seconds_after_a_change_and_once() {
    let mut cx = context();
    let mut screen = start(answer(), &cx);
    assert_eq!(screen.face(&cx).tick, None);
    type_into(&mut screen, "Dear", &cx);
    assert_eq!(screen.face(&cx).tick, Some(Duration::from_secs(3)));
    cx.now = now() + 3.seconds();
    let effects = screen.update(&Msg::Tick, &cx);
    let [Effect::SaveDraft { draft, .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert!(draft.text.starts_with("Dear"));
    assert_eq!(screen.face(&cx).tick, None);
    assert_eq!(screen.update(&Msg::Tick, &cx), vec![]);
}

#[test]
fn endless_typing_cannot_put_the_save_off() {
    let mut cx = context();
    let mut screen = start(answer(), &cx);
    type_into(&mut screen, "a", &cx);
    cx.now = now() + 4.seconds();
    assert_eq!(type_into(&mut screen, "b", &cx).len(), 1);
}

#[test]
fn an_untouched_message_closes_without_a_question() {
    let cx = context();
    let mut screen = start(answer(), &cx);
    assert_eq!(act(&mut screen, Action::Back, &cx), vec![Effect::Pop]);
    assert_eq!(screen.leave(), vec![]);
}

#[test]
fn a_changed_message_is_kept_unless_thrown_away() {
    let cx = context();
    let mut screen = start(answer(), &cx);
    type_into(&mut screen, "x", &cx);
    let question = act(&mut screen, Action::Back, &cx);
    let effects = picked(&mut screen, &question, 0, &cx);
    assert_eq!(effects.last(), Some(&Effect::Pop));
    assert!(matches!(
        screen.leave().as_slice(),
        [Effect::SaveDraft { .. }]
    ));

    let mut screen = start(answer(), &cx);
    type_into(&mut screen, "x", &cx);
    let question = act(&mut screen, Action::Back, &cx);
    let effects = picked(&mut screen, &question, 2, &cx);
    assert!(matches!(
        effects.as_slice(),
        [Effect::DiscardDraft(_), Effect::Pop]
    ));
    assert_eq!(screen.leave(), vec![]);
}

#[test]
fn quitting_keeps_what_is_being_written() {
    let cx = context();
    let mut screen = start(answer(), &cx);
    type_into(&mut screen, "x", &cx);
    assert!(matches!(
        screen.leave().as_slice(),
        [Effect::SaveDraft { .. }]
    ));
}

fn offer(screen: &mut Screen, effects: &[Effect], cx: &Cx) {
    let Some(Effect::CompleteAddress { generation, .. }) = effects.last() else {
        panic!("{effects:?}");
    };
    let addresses = vec![
        Address::named("Ana Abel", "ana@example.com"),
        Address::named("王小明", "xiaoming@example.cn"),
    ];
    let generation = *generation;
    screen.update(
        &Msg::Done(Outcome::Addresses {
            generation,
            addresses,
        }),
        cx,
    );
}

#[test]
fn an_address_is_completed_in_place() {
    let cx = context();
    let mut screen = start(blank(), &cx);
    let effects = type_into(&mut screen, "bob@x.com, an", &cx);
    assert!(matches!(
        effects.last(),
        Some(Effect::CompleteAddress { prefix, .. }) if prefix == "an"
    ));
    offer(&mut screen, &effects, &cx);
    act(&mut screen, Action::Down, &cx);
    act(&mut screen, Action::Open, &cx);
    type_into(&mut screen, "c@x.com", &cx);
    act(&mut screen, Action::NextPane, &cx);
    let Screen::Compose(compose) = &screen else {
        panic!("{screen:?}");
    };
    assert_eq!(
        compose.draft().to,
        "bob@x.com, 王小明 <xiaoming@example.cn>, c@x.com"
    );
    assert_eq!(compose.part, Part::Cc);
}

#[test]
fn an_offer_for_older_letters_is_ignored() {
    let mut cx = context();
    let mut screen = start(blank(), &cx);
    let effects = type_into(&mut screen, "a", &cx);
    type_into(&mut screen, "n", &cx);
    offer(&mut screen, &effects, &cx);
    assert!(!draw(&mut screen, &mut cx, (80, 24)).contains("Ana Abel"));
}

/// Surroundings in which mail is read over EWS.
fn over_ews() -> Cx {
    let mut cx = with_accounts(context());
    let config = std::sync::Arc::make_mut(cx.config.as_mut().unwrap());
    config.accounts[0].servers.incoming.protocol = IncomingProtocol::Ews;
    cx
}

/// Returns what the directory is asked last.
fn question(effects: &[Effect]) -> Option<(u64, &str, &str)> {
    match effects.last()? {
        Effect::AskDirectory {
            generation,
            from,
            prefix,
        } => Some((*generation, &from.email, prefix)),
        _ => None,
    }
}

fn directory(screen: &mut Screen, generation: u64, cx: &Cx) {
    let addresses = vec![
        Address::named("Ana of the Directory", "ANA@example.com"),
        Address::named("Anabel Park", "anabel@contoso.com"),
    ];
    let outcome = Outcome::DirectoryAddresses {
        generation,
        addresses,
    };
    screen.update(&Msg::Done(outcome), cx);
}

#[test]
fn the_directory_is_asked_where_there_is_one_and_about_enough_letters() {
    let check = |cx: &Cx, text: &str, expected: Option<&str>| {
        let mut screen = start(blank(), cx);
        let effects = type_into(&mut screen, text, cx);
        let asked = question(&effects);
        assert_eq!(asked.map(|(_, _, prefix)| prefix), expected, "{text}");
        assert!(asked.is_none_or(|(_, from, _)| from == "support@contoso.com"));
    };
    let cx = over_ews();
    check(&cx, "ana", Some("ana"));
    check(&cx, "bob@x.com, Ana P", Some("Ana P"));
    check(&cx, "王小", Some("王小"));
    check(&cx, "王", None);
    check(&cx, "an", None);
    check(&cx, "ana@example.com", None);
    check(&with_accounts(context()), "ana", None);
    check(&context(), "ana", None);
}

#[test]
fn what_the_directory_knows_comes_below_and_moves_nothing() {
    let mut cx = over_ews();
    let mut screen = start(blank(), &cx);
    let effects = type_into(&mut screen, "ana", &cx);
    let (generation, ..) = question(&effects).unwrap();
    offer(&mut screen, &effects[..effects.len() - 1], &cx);
    act(&mut screen, Action::Down, &cx);
    directory(&mut screen, generation, &cx);
    let text = draw(&mut screen, &mut cx, (80, 24));
    let line = |wanted: &str| text.lines().position(|line| line.contains(wanted));
    assert!(
        line("▌王小明").unwrap() < line("Anabel Park").unwrap(),
        "{text}"
    );
    assert_eq!(line("of the Directory"), None, "known from mail already");
    directory(&mut screen, generation - 1, &cx);
    act(&mut screen, Action::Down, &cx);
    act(&mut screen, Action::Open, &cx);
    let Screen::Compose(compose) = &screen else {
        panic!("{screen:?}");
    };
    assert_eq!(compose.draft().to, "Anabel Park <anabel@contoso.com>, ");
}

#[test]
fn an_answer_of_the_directory_to_older_letters_is_ignored() {
    let mut cx = over_ews();
    let mut screen = start(blank(), &cx);
    let effects = type_into(&mut screen, "ana", &cx);
    let (generation, ..) = question(&effects).unwrap();
    type_into(&mut screen, "s", &cx);
    directory(&mut screen, generation, &cx);
    assert!(!draw(&mut screen, &mut cx, (80, 24)).contains("Anabel"));
}

#[test]
fn a_low_screen_says_how_many_are_offered() {
    let mut cx = over_ews();
    let mut screen = start(blank(), &cx);
    let effects = type_into(&mut screen, "ana", &cx);
    let (generation, ..) = question(&effects).unwrap();
    offer(&mut screen, &effects[..effects.len() - 1], &cx);
    directory(&mut screen, generation, &cx);
    act(&mut screen, Action::Up, &cx);
    let text = draw(&mut screen, &mut cx, (80, 5));
    assert!(
        text.contains("▌Anabel Park") && text.contains("3 of 3"),
        "{text}"
    );
    assert!(!text.contains("Ana Abel"), "{text}");
}

#[test]
fn files_are_attached_listed_and_taken_off() {
    let mut cx = context();
    let mut screen = start(answer(), &cx);
    let key = DraftKey(cx.opened);
    let file = FileFacts {
        path: "/home/alice/offer.pdf".into(),
        size: 84_300,
    };
    screen.update(&Msg::Done(Outcome::File(key, Ok(file))), &cx);
    assert!(draw(&mut screen, &mut cx, (80, 24)).contains("offer.pdf  84 KB"));
    assert_ne!(screen.live(Action::RemoveAttachment, &cx), Live::Yes);
    act(&mut screen, Action::PreviousPane, &cx);
    act(&mut screen, Action::RemoveAttachment, &cx);
    assert!(!draw(&mut screen, &mut cx, (80, 24)).contains("offer.pdf"));
    let other = Outcome::File(DraftKey(99), Err("no".into()));
    assert_eq!(screen.update(&Msg::Done(other), &cx), vec![]);
}

#[test]
fn the_sender_is_one_of_the_own_mailboxes() {
    let cx = context();
    let mut screen = start(blank(), &cx);
    act(&mut screen, Action::PreviousPane, &cx);
    act(&mut screen, Action::Right, &cx);
    let Screen::Compose(compose) = &screen else {
        panic!("{screen:?}");
    };
    assert_eq!(compose.draft().from.email, "sales@contoso.com");
}

#[test]
fn an_edited_text_replaces_the_old_one() {
    let cx = context();
    let mut screen = start(answer(), &cx);
    let effects = act(&mut screen, Action::EditExternally, &cx);
    let [Effect::EditExternally { key, .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    let edited = Outcome::Edited(*key, Ok("From vi\u{1b}[31m\n".into()));
    screen.update(&Msg::Done(edited), &cx);
    let Screen::Compose(compose) = &screen else {
        panic!("{screen:?}");
    };
    assert_eq!(compose.draft().text, "From vi[31m\n");
}

#[test]
fn pasted_text_is_safe() {
    let cx = context();
    let mut screen = start(answer(), &cx);
    screen.update(&Msg::Paste("a\u{1b}]0;x\u{7}\r\nb".into()), &cx);
    screen.update(&Msg::Key(key(KeyCode::Enter)), &cx);
    let Screen::Compose(compose) = &screen else {
        panic!("{screen:?}");
    };
    assert!(compose.draft().text.starts_with("a]0;x\nb\n"));
}

#[test]
fn compose_screens_look_like_this() {
    for size in SIZES {
        let mut cx = context();
        let (width, height) = size;
        let name = |what: &str| format!("compose_{what}_{width}x{height}");
        let mut screen = start(answer(), &cx);
        let key = DraftKey(cx.opened);
        let file = FileFacts {
            path: "/home/alice/Angebot für März.pdf".into(),
            size: 1_240_000,
        };
        screen.update(&Msg::Done(Outcome::File(key, Ok(file))), &cx);
        type_into(
            &mut screen,
            "Hello Jörg, this line is long enough to be wrapped on every screen, 会议 too. ",
            &cx,
        );
        insta::assert_snapshot!(name("answer"), draw(&mut screen, &mut cx, size));
        let mut screen = start(blank(), &cx);
        let effects = type_into(&mut screen, "an", &cx);
        offer(&mut screen, &effects, &cx);
        insta::assert_snapshot!(name("completion"), draw(&mut screen, &mut cx, size));
        let mut cx = over_ews();
        let mut screen = start(blank(), &cx);
        let effects = type_into(&mut screen, "ana", &cx);
        let (generation, ..) = question(&effects).unwrap();
        offer(&mut screen, &effects[..effects.len() - 1], &cx);
        directory(&mut screen, generation, &cx);
        insta::assert_snapshot!(name("directory"), draw(&mut screen, &mut cx, size));
    }
}
