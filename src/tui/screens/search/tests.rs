//! Results while typing; stale ones ignored; what the screen looks like.

use super::*;
use crate::engine::{EngineError, ServerHits};
use crate::model::{IncomingProtocol, MailboxId, Page, Progress, Term};
use crate::tui::screens::accounts::fixture::with_accounts;
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

/// What the servers are asked.
fn asked(effects: &[Effect]) -> u64 {
    match effects {
        [Effect::SearchServers { generation, .. }] => *generation,
        other => panic!("{other:?}"),
    }
}

fn hits(rows: &[usize], unlisted: u32) -> ServerHits {
    ServerHits {
        messages: rows.iter().map(|row| listed(*row).id).collect(),
        unlisted,
        ..ServerHits::default()
    }
}

fn servers_find(screen: &mut Screen, cx: &Cx, generation: u64, hits: ServerHits) -> Vec<Effect> {
    let result = Ok(Box::new(hits));
    let found = Outcome::ServersFound { generation, result };
    screen.update(&Msg::Done(found), cx)
}

/// A search for "a" with so many results in the cache.
fn found_in_cache(cx: &Cx, count: usize) -> Screen {
    let mut screen = searching(cx);
    type_into(&mut screen, "a", cx);
    arrive(&mut screen, cx, 1, page(0, count, count));
    screen
}

#[test]
fn the_server_is_offered_and_what_it_finds_joins_what_is_there() {
    let mut cx = context();
    let mut screen = found_in_cache(&cx, 3);
    let text = draw(&mut screen, &mut cx, (80, 24));
    assert!(
        text.contains("3 found in the cache · Ctrl-R asks the server"),
        "{text}"
    );
    act(&mut screen, Action::Open, &cx);
    act(&mut screen, Action::Down, &cx);
    let generation = asked(&act(&mut screen, Action::AskServer, &cx));
    assert_eq!(
        act(&mut screen, Action::AskServer, &cx),
        vec![],
        "one question at a time"
    );
    let progress = Progress::default();
    progress.set(3, 12);
    let asked = Outcome::ServersAsked {
        generation,
        progress,
    };
    screen.update(&Msg::Done(asked), &cx);
    assert!(screen.face(&cx).tick.is_some());
    let text = draw(&mut screen, &mut cx, (80, 24));
    assert!(
        text.contains("The server searches 3 of 12 folders · Esc stops it"),
        "{text}"
    );

    let effects = servers_find(&mut screen, &cx, generation, hits(&[1, 4], 2));
    let (read, query, _) = query(&effects[0]);
    assert_eq!(query.found, [listed(1).id, listed(4).id]);
    arrive(&mut screen, &cx, read, page(0, 4, 4));
    let text = draw(&mut screen, &mut cx, (80, 24));
    let said = "4 found · 1 by the server alone · 2 more not listed here yet";
    assert!(text.contains(said), "{text}");
    let bar = text.lines().find(|line| line.starts_with('▌')).unwrap();
    assert!(
        bar.contains("Secret expires"),
        "the selection stays: {text}"
    );
    assert_eq!(screen.face(&cx).tick, None);
}

#[test]
fn escape_stops_the_server_before_it_leaves_and_a_late_answer_is_ignored() {
    let mut cx = context();
    let mut screen = found_in_cache(&cx, 3);
    let generation = asked(&act(&mut screen, Action::AskServer, &cx));
    let stop = Effect::Cancel(Slot::SearchServers);
    assert_eq!(act(&mut screen, Action::Back, &cx), [stop]);
    assert_eq!(
        servers_find(&mut screen, &cx, generation, hits(&[1], 0)),
        []
    );
    assert!(draw(&mut screen, &mut cx, (80, 24)).contains("Ctrl-R asks the server"));
    assert_eq!(act(&mut screen, Action::Back, &cx), [Effect::Pop]);
}

#[test]
fn another_letter_stops_the_server() {
    let cx = context();
    let mut screen = found_in_cache(&cx, 3);
    act(&mut screen, Action::AskServer, &cx);
    let effects = type_into(&mut screen, "b", &cx);
    assert_eq!(effects.last(), Some(&Effect::Cancel(Slot::SearchServers)));
    assert!(query(&effects[0]).1.found.is_empty());
}

#[test]
fn what_a_server_cannot_do_is_said_in_words() {
    let mut cx = with_accounts(context());
    let config = std::sync::Arc::make_mut(cx.config.as_mut().unwrap());
    config.accounts[0].servers.incoming.protocol = IncomingProtocol::Pop3;
    let mut screen = found_in_cache(&cx, 3);
    let text = draw(&mut screen, &mut cx, (80, 24));
    assert!(
        text.contains("3 found in the cache · A POP3 server cannot search"),
        "{text}"
    );
    let said = Live::No("A POP3 server cannot search");
    assert_eq!(screen.live(Action::AskServer, &cx), said);
    let empty = searching(&context());
    assert_ne!(empty.live(Action::AskServer, &context()), Live::Yes);

    let mut cx = context();
    let mut screen = found_in_cache(&cx, 0);
    let generation = asked(&act(&mut screen, Action::AskServer, &cx));
    let error = EngineError::NotFound {
        what: "folder",
        name: "x".into(),
    };
    let found = ServerHits {
        unable: vec!["old@contoso.com".into()],
        failed: vec![("sales@contoso.com".into(), error.into())],
        ..ServerHits::default()
    };
    servers_find(&mut screen, &cx, generation, found);
    let text = draw(&mut screen, &mut cx, (120, 40));
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "Nothing found · nothing more on the server",
        "old@contoso.com: a POP3 server cannot search",
        "sales@contoso.com: ",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
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
        let mut screen = found_in_cache(&cx, 3);
        let generation = asked(&act(&mut screen, Action::AskServer, &cx));
        servers_find(&mut screen, &cx, generation, hits(&[1, 4], 17));
        arrive(&mut screen, &cx, 2, page(0, 5, 5));
        insta::assert_snapshot!(name("server"), draw(&mut screen, &mut cx, size));
    }
}
