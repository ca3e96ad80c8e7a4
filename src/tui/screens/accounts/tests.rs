//! Stories of the screen accounts: what a key does, what is shown at each size.

use jiff::ToSpan as _;

use crate::engine::{Identity, TokenFacts};
use crate::tui::context::Cx;
use crate::tui::effect::Effect;
use crate::tui::keymap::Action;
use crate::tui::msg::{Msg, Reply};
use crate::tui::outcome::Outcome;
use crate::tui::screens::accounts::fixture::with_accounts;
use crate::tui::screens::{Live, Screen, ScreenName};
use crate::tui::testing::{SIZES, act, context, draw, now, open};

fn shown(cx: &Cx) -> Screen {
    let (mut screen, effects) = open(ScreenName::Accounts, cx);
    assert_eq!(
        effects,
        vec![
            Effect::LoadToken("work".into()),
            Effect::LoadToken("school".into())
        ]
    );
    let facts = TokenFacts {
        identity: Identity {
            username: "alice@contoso.com".into(),
            ..Identity::default()
        },
        audience: "https://outlook.office.com".into(),
        scopes: vec!["IMAP.AccessAsUser.All".into(), "SMTP.Send".into()],
        roles: Vec::new(),
        expires_at: now() + 52.minutes(),
        renewed_at: now() - 12.minutes(),
        has_refresh_token: true,
        ..TokenFacts::default()
    };
    screen.update(
        &Msg::Done(Outcome::Token("work".into(), Ok(Some(Box::new(facts))))),
        cx,
    );
    screen.update(&Msg::Done(Outcome::Token("school".into(), Ok(None))), cx);
    screen
}

#[test]
fn accounts_say_who_is_signed_in_and_what_the_token_is() {
    let mut cx = with_accounts(context());
    let mut screen = shown(&cx);
    for size in SIZES {
        insta::assert_snapshot!(
            format!("accounts_{}x{}", size.0, size.1),
            draw(&mut screen, &mut cx, size)
        );
    }
}

#[test]
fn an_account_is_removed_only_after_a_yes() {
    let cx = with_accounts(context());
    let mut screen = shown(&cx);
    let effects = act(&mut screen, Action::RemoveAccount, &cx);
    let [Effect::Push(ScreenName::Confirm(question))] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    let yes = Msg::Reply(Reply::Confirmed(question.tag));
    assert_eq!(
        screen.update(&yes, &cx),
        vec![Effect::RemoveAccount("work".into())]
    );
}

#[test]
fn without_accounts_only_adding_works() {
    let mut cx = context();
    let (mut screen, _) = open(ScreenName::Accounts, &cx);
    assert!(matches!(screen.live(Action::SignOut, &cx), Live::No(_)));
    assert!(draw(&mut screen, &mut cx, (80, 24)).contains("a adds one"));
    let add = Effect::Push(ScreenName::Setup { account: None });
    assert_eq!(act(&mut screen, Action::AddAccount, &cx), vec![add]);
}
