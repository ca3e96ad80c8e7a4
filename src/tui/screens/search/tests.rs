//! Results while typing; stale ones ignored; what the screen looks like.

use super::*;
use crate::model::{MailboxId, Page, Term};
use crate::tui::screens::{Screen, ScreenName};
use crate::tui::testing::{SIZES, act, context, draw, listed, open, page, type_into};

fn searching(cx: &Cx) -> Screen {
    let name = ScreenName::Search {
        scope: MailScope::Mailbox(MailboxId::new(2)),
        place: "support@contoso.com".into(),
    };
    open(name, cx).0
}

fn arrive(screen: &mut Screen, cx: &Cx, generation: u64, page: Page) {
    let outcome = Outcome::List {
        slot: Slot::Search,
        generation,
        result: Ok(page),
    };
    screen.update(&Msg::Done(outcome), cx);
}

fn query(effect: &Effect) -> (u64, &Query, &MailScope) {
    match effect {
        Effect::LoadList {
            generation,
            source: Source::Search(query, scope),
            ..
        } => (*generation, query, scope),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_letter_searches_anew() {
    let cx = context();
    let mut screen = searching(&cx);
    let effects = type_into(&mut screen, "of", &cx);
    let last = query(effects.last().unwrap());
    assert_eq!(last.0, 2);
    assert_eq!(last.1.terms, vec![Term::Any("of".into())]);
    assert_eq!(last.2, &MailScope::Mailbox(MailboxId::new(2)));
}

#[test]
fn results_of_an_older_line_are_ignored() {
    let mut cx = context();
    let mut screen = searching(&cx);
    type_into(&mut screen, "of", &cx);
    arrive(&mut screen, &cx, 1, page(0, 9, 9));
    assert!(!draw(&mut screen, &mut cx, (80, 24)).contains("Invoice"));
    arrive(&mut screen, &cx, 2, page(1, 3, 3));
    assert!(draw(&mut screen, &mut cx, (80, 24)).contains("Secret expires"));
}

#[test]
fn a_second_search_in_one_session_works_like_the_first() {
    let mut cx = context();
    let mut screen = searching(&cx);
    type_into(&mut screen, "a", &cx);
    arrive(&mut screen, &cx, 1, page(0, 3, 3));
    act(&mut screen, Action::Open, &cx);
    act(&mut screen, Action::Search, &cx);
    let effects = type_into(&mut screen, "b", &cx);
    let (generation, ..) = query(effects.last().unwrap());
    arrive(&mut screen, &cx, generation, page(1, 1, 1));
    assert!(draw(&mut screen, &mut cx, (80, 24)).contains("Secret expires"));
}

#[test]
fn everything_can_be_searched_with_the_same_line() {
    let cx = context();
    let mut screen = searching(&cx);
    type_into(&mut screen, "a", &cx);
    let effects = act(&mut screen, Action::Widen, &cx);
    assert_eq!(query(&effects[0]).2, &MailScope::Everything);
}

#[test]
fn enter_opens_and_back_returns_to_the_results() {
    let cx = context();
    let mut screen = searching(&cx);
    type_into(&mut screen, "a", &cx);
    arrive(&mut screen, &cx, 1, page(0, 3, 3));
    act(&mut screen, Action::Open, &cx);
    act(&mut screen, Action::Down, &cx);
    let effects = act(&mut screen, Action::Open, &cx);
    let [Effect::LoadBody { message, .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(*message, listed(1).id);
    assert_eq!(act(&mut screen, Action::Back, &cx), vec![]);
    assert_eq!(act(&mut screen, Action::Back, &cx), vec![Effect::Pop]);
}

#[test]
fn search_screens_look_like_this() {
    for size in SIZES {
        let mut cx = context();
        let (width, height) = size;
        let mut screen = searching(&cx);
        let name = |what: &str| format!("search_{what}_{width}x{height}");
        insta::assert_snapshot!(name("empty"), draw(&mut screen, &mut cx, size));
        type_into(&mut screen, "from:müller 会议", &cx);
        let typed = "from:müller 会议".chars().count() as u64;
        arrive(&mut screen, &cx, typed - 5, page(0, 12, 12));
        for generation in 0..20 {
            arrive(&mut screen, &cx, generation, page(0, 12, 12));
        }
        act(&mut screen, Action::Open, &cx);
        insta::assert_snapshot!(name("results"), draw(&mut screen, &mut cx, size));
    }
}
