//! Stories of the screen check: what a key does, what is shown at each size.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::{CheckLine, CheckStep, EngineError, Reading, Rights, SendTest, Sending};
use crate::tui::context::Cx;
use crate::tui::effect::{Effect, Slot};
use crate::tui::keymap::Action;
use crate::tui::msg::Msg;
use crate::tui::outcome::Outcome;
use crate::tui::screens::{Live, Screen, ScreenName};
use crate::tui::testing::{SIZES, act, context, draw, open};

fn line(mailbox: &str, step: CheckStep, detail: &str) -> CheckLine {
    CheckLine {
        mailbox: mailbox.into(),
        step,
        outcome: Ok(detail.into()),
        warning: None,
        took: Duration::from_millis(38),
        rights: None,
    }
}

fn failed(mailbox: &str, step: CheckStep) -> CheckLine {
    let error = EngineError::NoRoleFolder {
        mailbox: mailbox.into(),
        role: "archive",
    };
    let outcome = Err(Arc::new(error));
    CheckLine {
        mailbox: mailbox.into(),
        step,
        outcome,
        warning: None,
        took: Duration::from_millis(120),
        rights: None,
    }
}

fn rights(mailbox: &str, reading: Reading, sending: Sending) -> CheckLine {
    CheckLine {
        rights: Some(Rights { reading, sending }),
        ..line(mailbox, CheckStep::Rights, "")
    }
}

fn fill(screen: &mut Screen, generation: u64, lines: Vec<CheckLine>, cx: &Cx) {
    let lines = lines.into_iter().map(|line| Some(Box::new(line)));
    for line in lines.chain([None]) {
        screen.update(&Msg::Done(Outcome::Check { generation, line }), cx);
    }
}

fn started(cx: &Cx) -> (Screen, u64) {
    let (screen, effects) = open(
        ScreenName::Check {
            account: "work".into(),
        },
        cx,
    );
    let [Effect::Check { generation, .. }] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    (screen, *generation)
}

#[test]
fn lines_fill_in_and_a_failed_one_says_who_does_what() {
    let mut cx = context();
    let (mut screen, generation) = started(&cx);
    let lines = [
        line(
            "alice@contoso.com",
            CheckStep::Resolve,
            "outlook.office365.com is 40.99.1.2",
        ),
        line("alice@contoso.com", CheckStep::Tls, "TLS 1.3"),
        line(
            "alice@contoso.com",
            CheckStep::Token,
            "alice@contoso.com, 52 min left",
        ),
        CheckLine {
            warning: Some("make a new secret before 2026-12-01".into()),
            ..line(
                "alice@contoso.com",
                CheckStep::Expiry,
                "the secret ends on 2026-12-01, 9 days left",
            )
        },
        failed("sales@contoso.com", CheckStep::Login),
        rights("alice@contoso.com", Reading::Full, Sending::SendAs),
        rights("sales@contoso.com", Reading::None, Sending::Unknown),
    ];
    for line in lines
        .into_iter()
        .map(|line| Some(Box::new(line)))
        .chain([None])
    {
        screen.update(&Msg::Done(Outcome::Check { generation, line }), &cx);
    }
    for size in SIZES {
        insta::assert_snapshot!(
            format!("check_{}x{}", size.0, size.1),
            draw(&mut screen, &mut cx, size)
        );
    }
}

#[test]
fn leaving_ends_a_running_check() {
    let cx = context();
    let (mut screen, generation) = started(&cx);
    assert_eq!(screen.leave(), vec![Effect::Cancel(Slot::Check)]);
    screen.update(
        &Msg::Done(Outcome::Check {
            generation,
            line: None,
        }),
        &cx,
    );
    assert_eq!(screen.leave(), vec![]);
}

#[test]
fn a_check_cannot_be_started_twice_at_once() {
    let cx = context();
    let (mut screen, generation) = started(&cx);
    assert!(matches!(screen.live(Action::CheckAgain, &cx), Live::No(_)));
    screen.update(
        &Msg::Done(Outcome::Check {
            generation,
            line: None,
        }),
        &cx,
    );
    assert_eq!(screen.live(Action::CheckAgain, &cx), Live::Yes);
    assert!(matches!(
        act(&mut screen, Action::CheckAgain, &cx).as_slice(),
        [Effect::Check { .. }]
    ));
}

/// A failed sign-in of which the notice has a line to copy, filled in with the account's name.
fn denied(mailbox: &str) -> CheckLine {
    let error = EngineError::Lapses {
        account: "work".into(),
        profile: "contoso".into(),
        what: crate::engine::Lapsing::Secret,
        on: jiff::civil::Date::constant(2026, 11, 20),
        days_left: -2,
        is_over: true,
    };
    CheckLine {
        outcome: Err(Arc::new(error)),
        ..line(mailbox, CheckStep::Expiry, "")
    }
}

#[test]
fn the_line_of_the_selected_failure_is_copied() {
    let mut cx = context();
    let (mut screen, generation) = started(&cx);
    let lines = vec![
        line("alice@contoso.com", CheckStep::Tcp, "there"),
        denied("alice@contoso.com"),
        failed("sales@contoso.com", CheckStep::Login),
    ];
    fill(&mut screen, generation, lines, &cx);
    draw(&mut screen, &mut cx, (80, 24));
    let copied = Effect::Copy("pillarbox admin guide work".into());
    assert_eq!(act(&mut screen, Action::CopyLine, &cx)[0], copied);
    act(&mut screen, Action::Down, &cx);
    assert!(matches!(screen.live(Action::CopyLine, &cx), Live::No(_)));
    act(&mut screen, Action::Up, &cx);
    assert_eq!(screen.live(Action::CopyLine, &cx), Live::Yes);
    act(&mut screen, Action::Up, &cx);
    assert!(matches!(screen.live(Action::Open, &cx), Live::No(_)));
}

#[test]
fn the_remedy_of_the_selected_failure_is_a_key_away() {
    let mut cx = context();
    let (mut screen, generation) = started(&cx);
    fill(
        &mut screen,
        generation,
        vec![denied("alice@contoso.com")],
        &cx,
    );
    draw(&mut screen, &mut cx, (80, 24));
    let account = Some("work".to_owned());
    let edit = Effect::Push(ScreenName::Setup { account });
    assert_eq!(act(&mut screen, Action::Remedy, &cx), vec![edit]);
}

#[test]
fn mail_is_sent_only_after_a_yes() {
    let cx = context();
    let (mut screen, generation) = started(&cx);
    fill(&mut screen, generation, Vec::new(), &cx);
    let effects = act(&mut screen, Action::TestSending, &cx);
    let [Effect::Push(ScreenName::Confirm(question))] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    let yes = Msg::Reply(crate::tui::msg::Reply::Confirmed(question.tag));
    let effects = screen.update(&yes, &cx);
    assert!(
        matches!(
            effects.as_slice(),
            [Effect::Check {
                send_test: SendTest::Send,
                ..
            }]
        ),
        "{effects:?}"
    );
}

#[test]
fn the_table_of_rights_is_reached_on_a_small_terminal() {
    let mut cx = context();
    let (mut screen, generation) = started(&cx);
    let lines = vec![
        failed("sales@contoso.com", CheckStep::Login),
        rights("sales@contoso.com", Reading::None, Sending::OnBehalf),
    ];
    fill(&mut screen, generation, lines, &cx);
    assert!(!draw(&mut screen, &mut cx, (40, 8)).contains("on-behalf"));
    act(&mut screen, Action::Down, &cx);
    assert!(draw(&mut screen, &mut cx, (40, 8)).contains("on-behalf"));
    assert!(matches!(screen.live(Action::CopyLine, &cx), Live::No(_)));
}

#[test]
fn what_was_cut_is_said_in_full_under_the_cursor() {
    let mut cx = context();
    let (mut screen, generation) = started(&cx);
    let found = "TLS 1.3, certificate of outlook.office365.com by DigiCert Inc, 211 days left";
    let lines = vec![line("alice@contoso.com", CheckStep::Tls, found)];
    fill(&mut screen, generation, lines, &cx);
    assert!(draw(&mut screen, &mut cx, (80, 24)).contains("days left"));
}

#[test]
fn a_failure_says_all_of_its_title_under_the_cursor_or_not() {
    let mut cx = context();
    let (mut screen, generation) = started(&cx);
    let error = EngineError::NoRoleFolder {
        mailbox: "a-very-long-name-of-a-mailbox@a-long-domain.contoso.com".into(),
        role: "archive",
    };
    let long = CheckLine {
        outcome: Err(Arc::new(error)),
        ..line("alice@contoso.com", CheckStep::Folders, "")
    };
    let lines = vec![long, failed("sales@contoso.com", CheckStep::Login)];
    fill(&mut screen, generation, lines, &cx);
    draw(&mut screen, &mut cx, (80, 24));
    act(&mut screen, Action::Last, &cx);
    let shown = draw(&mut screen, &mut cx, (80, 24));
    assert!(
        shown.contains("contoso.com has no archive folder"),
        "{shown}"
    );
}

#[test]
fn the_cursor_stays_on_screen() {
    let mut cx = context();
    let (mut screen, generation) = started(&cx);
    let lines = (0..30).map(|number| failed(&format!("m{number}@contoso.com"), CheckStep::Login));
    fill(&mut screen, generation, lines.collect(), &cx);
    draw(&mut screen, &mut cx, (80, 24));
    for (action, wanted) in [(Action::Last, "m29@"), (Action::First, "m0@")] {
        act(&mut screen, action, &cx);
        assert!(
            draw(&mut screen, &mut cx, (80, 24)).contains(wanted),
            "{wanted}"
        );
    }
    act(&mut screen, Action::PageDown, &cx);
    assert!(!draw(&mut screen, &mut cx, (80, 24)).contains("m0@"));
}
