//! Stories of the screen accounts: what a key does, what is shown at each size.

use jiff::ToSpan as _;

use std::sync::Arc;

use crate::config::{Config, OldKind, OldSetting, Replacement};
use crate::engine::{ConfigChange, Expiry, Identity, Lapsing, TokenFacts};
use crate::model::{Method, Provider, SignInProfile};
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
            Effect::LoadToken("school".into()),
            Effect::LoadOldSettings,
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

/// Adds a sign-in profile that nobody uses, and makes the second account an application's.
fn with_profiles(cx: Cx) -> Cx {
    let mut cx = with_accounts(cx);
    let mut config = Config::clone(cx.config.as_ref().unwrap());
    let spare = SignInProfile::new("spare", Provider::Gmail, Method::Browser);
    config.sign_in.insert("spare".into(), spare);
    let school = &mut config.accounts[1];
    school.sign_in.method = Method::ClientSecret;
    school.sign_in.secret_expires = Some("2026-12-20".parse().unwrap());
    school.send_sign_in = school.sign_in.clone();
    config
        .sign_in
        .insert("school".into(), school.sign_in.clone());
    cx.config = Some(Arc::new(config));
    cx
}

#[test]
fn a_certificate_says_when_it_ends() {
    let mut cx = with_profiles(context());
    let mut config = Config::clone(cx.config.as_ref().unwrap());
    let school = &mut config.accounts[1];
    school.sign_in.method = Method::ClientCertificate;
    school.sign_in.certificate = Some("/home/alice/app.pem".into());
    cx.expiries = vec![Expiry {
        account: school.name.clone(),
        profile: school.sign_in.name.clone(),
        what: Lapsing::Certificate,
        on: "2026-12-24".parse().unwrap(),
        days_left: 32,
        is_over: false,
    }];
    cx.config = Some(Arc::new(config));
    let (mut screen, _) = open(ScreenName::Accounts, &cx);
    act(&mut screen, Action::Down, &cx);
    let shown = draw(&mut screen, &mut cx, (80, 24));
    assert!(
        shown.contains("ends on 2026-12-24, 32 days left"),
        "{shown}"
    );
}

#[test]
fn profiles_say_what_they_are_and_who_uses_them() {
    let mut cx = with_profiles(context());
    let (mut screen, _) = open(ScreenName::Accounts, &cx);
    act(&mut screen, Action::NextPane, &cx);
    for size in SIZES {
        insta::assert_snapshot!(
            format!("profiles_{}x{}", size.0, size.1),
            draw(&mut screen, &mut cx, size)
        );
    }
    let name = "school".to_owned();
    let editor = Effect::Push(ScreenName::SignInProfile { name });
    assert_eq!(act(&mut screen, Action::Open, &cx), vec![editor]);
}

#[test]
fn only_a_profile_that_nobody_uses_is_renamed_and_removed() {
    let cx = with_profiles(context());
    let (mut screen, _) = open(ScreenName::Accounts, &cx);
    act(&mut screen, Action::NextPane, &cx);
    assert!(matches!(screen.live(Action::Rename, &cx), Live::No(_)));
    act(&mut screen, Action::Down, &cx);
    assert_eq!(screen.live(Action::Rename, &cx), Live::Yes);
    let reply = Reply::Typed {
        tag: "rename-profile",
        text: "google".into(),
    };
    let change = ConfigChange::RenameSignIn {
        name: "spare".into(),
        new: "google".into(),
    };
    assert_eq!(
        screen.update(&Msg::Reply(reply), &cx),
        vec![Effect::ChangeConfig(Box::new(change))]
    );
}

#[test]
fn an_application_is_marked_and_its_secret_has_an_end() {
    let mut cx = with_profiles(context());
    let (mut screen, _) = open(ScreenName::Accounts, &cx);
    act(&mut screen, Action::Down, &cx);
    let text = draw(&mut screen, &mut cx, (80, 24));
    assert!(text.contains("APP school"), "{text}");
    assert!(text.contains("2026-12-20, in 28 days"), "{text}");
    let (mut settings, _) = open(ScreenName::Settings, &cx);
    let text = draw(&mut settings, &mut cx, (80, 24));
    assert!(text.contains("APP school"), "{text}");
}

#[test]
fn an_account_is_copied_under_a_free_name() {
    let cx = with_accounts(context());
    let mut screen = shown(&cx);
    let effects = act(&mut screen, Action::Duplicate, &cx);
    let [Effect::Push(ScreenName::Prompt { text, .. })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(text, "work-2");
}

#[test]
fn former_settings_are_replaced_after_a_yes() {
    let mut cx = with_accounts(context());
    let mut screen = shown(&cx);
    assert!(matches!(screen.live(Action::Migrate, &cx), Live::No(_)));
    let old = OldSetting {
        file: "config.toml".into(),
        line: 7,
        key: vec!["servers".into(), "work".into(), "incoming".into()],
        kind: OldKind::EwsAddress,
        found: "EWS:outlook.office365.com/ews/exchange.asmx".into(),
        replacement: Replacement::Imap("outlook.office365.com".into()),
    };
    screen.update(&Msg::Done(Outcome::OldSettings(Ok(vec![old.clone()]))), &cx);
    assert!(draw(&mut screen, &mut cx, (80, 24)).contains("1 former setting: m replaces"));
    let effects = act(&mut screen, Action::Migrate, &cx);
    let [Effect::Push(ScreenName::Confirm(question))] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    let yes = Msg::Reply(Reply::Confirmed(question.tag));
    let change = ConfigChange::Migrate(vec![old]);
    assert_eq!(
        screen.update(&yes, &cx),
        vec![Effect::ChangeConfig(Box::new(change))]
    );
}
