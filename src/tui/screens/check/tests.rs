//! Stories of the screen check: what a key does, what is shown at each size.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::{CheckLine, CheckStep, EngineError};
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
        took: Duration::from_millis(120),
        rights: None,
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
        failed("sales@contoso.com", CheckStep::Login),
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
