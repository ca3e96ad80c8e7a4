//! Stories of the screen setup: what a key does, what is shown at each size.

use crate::engine::{Candidate, Origin};
use crate::model::Account;
use crate::tui::context::Cx;
use crate::tui::effect::{Effect, Slot};
use crate::tui::keymap::Action;
use crate::tui::msg::Msg;
use crate::tui::outcome::Outcome;
use crate::tui::screens::accounts::fixture::{account, with_accounts};
use crate::tui::screens::{Screen, ScreenName};
use crate::tui::testing::{SIZES, act, context, draw, open, type_into};

fn candidate(missing: Vec<&'static str>) -> Candidate {
    let mut account = account("work", "alice@contoso.com");
    if missing.contains(&"client_id") {
        account.sign_in.client_id.clear();
    }
    Candidate {
        account,
        sign_in_origin: Origin::Provider,
        servers_origin: Origin::Known,
        missing,
        needs_consent: None,
        stands_for_ews: None,
        alternatives: Vec::new(),
    }
}

fn found(missing: Vec<&'static str>, cx: &Cx) -> Screen {
    let (mut screen, _) = open(ScreenName::Setup { account: None }, cx);
    type_into(&mut screen, "alice@contoso.com", cx);
    let effects = act(&mut screen, Action::Open, cx);
    let [
        Effect::Discover {
            generation,
            address,
        },
    ] = effects.as_slice()
    else {
        panic!("{effects:?}")
    };
    assert_eq!(address.email, "alice@contoso.com");
    let result = Ok(Box::new(candidate(missing)));
    screen.update(
        &Msg::Done(Outcome::Discovered {
            generation: *generation,
            result,
        }),
        cx,
    );
    screen
}

fn press(screen: &mut Screen, action: Action, times: usize, cx: &Cx) {
    for _ in 0..times {
        act(screen, action, cx);
    }
}

#[test]
fn the_address_is_asked_first_and_alone() {
    let mut cx = context();
    let (mut screen, _) = open(ScreenName::Setup { account: None }, &cx);
    type_into(&mut screen, "alice@contoso.com", &cx);
    insta::assert_snapshot!(draw(&mut screen, &mut cx, (80, 24)));
}

#[test]
fn what_was_found_says_where_it_comes_from() {
    let mut cx = context();
    let mut screen = found(vec!["client_id"], &cx);
    for size in SIZES {
        insta::assert_snapshot!(
            format!("details_{}x{}", size.0, size.1),
            draw(&mut screen, &mut cx, size)
        );
    }
}

#[test]
fn a_wrong_address_is_pointed_at_and_nobody_is_asked() {
    let mut cx = context();
    let (mut screen, _) = open(ScreenName::Setup { account: None }, &cx);
    type_into(&mut screen, "alice@contoso,com", &cx);
    assert_eq!(act(&mut screen, Action::Open, &cx), vec![]);
    assert!(draw(&mut screen, &mut cx, (80, 24)).contains("is not an address"));
}

#[test]
fn a_missing_application_id_keeps_the_form_open() {
    let mut cx = context();
    let mut screen = found(vec!["client_id"], &cx);
    press(&mut screen, Action::PreviousPane, 6, &cx);
    press(&mut screen, Action::NextPane, 12, &cx);
    let text = draw(&mut screen, &mut cx, (80, 24));
    assert!(text.contains("from your administrator"), "{text}");
}

#[test]
fn additional_users_are_counted_and_typos_pointed_at_while_typed() {
    let mut cx = context();
    let mut screen = found(Vec::new(), &cx);
    type_into(&mut screen, "support@contoso.com; sales@contoso.com", &cx);
    assert!(draw(&mut screen, &mut cx, (80, 24)).contains("2 mailboxes"));
    type_into(&mut screen, "; hr@contoso,com", &cx);
    assert!(draw(&mut screen, &mut cx, (80, 24)).contains("is not an address"));
}

/// Goes to the last field, the button that saves, and presses Enter.
fn submit(screen: &mut Screen, cx: &Cx) -> Account {
    for _ in 0..20 {
        let effects = act(screen, Action::Open, cx);
        if let [Effect::SaveAccount(account)] = effects.as_slice() {
            return (**account).clone();
        }
        act(screen, Action::NextPane, cx);
    }
    panic!("nothing was saved")
}

#[test]
fn saving_goes_on_to_the_sign_in() {
    let cx = context();
    let mut screen = found(Vec::new(), &cx);
    type_into(&mut screen, "support@contoso.com", &cx);
    let saved = submit(&mut screen, &cx);
    assert_eq!(saved.additional_users.len(), 1);
    assert_eq!(saved.name, "work");
    let outcome = Outcome::AccountSaved("work".into(), Ok(()));
    let effects = screen.update(&Msg::Done(outcome), &cx);
    let next = Effect::Replace(ScreenName::SignIn {
        account: "work".into(),
    });
    assert_eq!(effects, vec![Effect::LoadMailboxes, next]);
}

#[test]
fn an_edited_account_keeps_what_was_not_touched() {
    let cx = with_accounts(context());
    let (mut screen, effects) = open(
        ScreenName::Setup {
            account: Some("work".into()),
        },
        &cx,
    );
    assert_eq!(effects, vec![]);
    let before = cx.accounts()[0].clone();
    assert_eq!(submit(&mut screen, &cx).sign_in, before.sign_in);
}

#[test]
fn leaving_while_looking_cancels_the_look_up() {
    let cx = context();
    let (mut screen, _) = open(ScreenName::Setup { account: None }, &cx);
    type_into(&mut screen, "alice@contoso.com", &cx);
    act(&mut screen, Action::Open, &cx);
    assert_eq!(screen.leave(), vec![Effect::Cancel(Slot::Discover)]);
}
