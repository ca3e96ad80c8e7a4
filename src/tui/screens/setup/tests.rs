//! Stories of the screen setup: what a key does, what is shown at each size.

use std::sync::Arc;

use secrecy::SecretString;

use crate::config::{Config, ConfigError, Mistake};
use crate::engine::{Alternative, Candidate, ConfigChange, EngineError, Origin};
use crate::model::{Account, Method};
use crate::tui::context::Cx;
use crate::tui::effect::{Effect, Password, Slot};
use crate::tui::keymap::Action;
use crate::tui::msg::Msg;
use crate::tui::outcome::Outcome;
use crate::tui::screens::accounts::fixture::{account, with_accounts};
use crate::tui::screens::{Screen, ScreenName};
use crate::tui::testing::{SIZES, act, context, draw, open, type_into};

mod details;

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
    found_candidate(candidate(missing), cx)
}

fn found_candidate(candidate: Candidate, cx: &Cx) -> Screen {
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
    let result = Ok(Box::new(candidate));
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

/// Presses Enter until the button that saves is reached and pressed.
fn submit(screen: &mut Screen, cx: &Cx) -> Account {
    for _ in 0..40 {
        let effects = act(screen, Action::Open, cx);
        if let [Effect::SaveAccount(account)] = effects.as_slice() {
            return (**account).clone();
        }
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

/// Goes to a field by the keys.
fn go_to(screen: &mut Screen, label: &str, cx: &Cx) {
    act(screen, Action::First, cx);
    for _ in 0..40 {
        let text = draw(screen, &mut cx.clone(), (120, 60));
        let is_there = |line: &str| line.trim_start().starts_with(label) && line.contains("< ");
        if text.lines().any(is_there) {
            return;
        }
        act(screen, Action::NextPane, cx);
    }
    panic!("no {label}")
}

/// Turns the choice of a field until it shows these words.
fn choose(screen: &mut Screen, label: &str, words: &str, cx: &Cx) {
    go_to(screen, label, cx);
    for _ in 0..8 {
        let text = draw(screen, &mut cx.clone(), (120, 60));
        if text.contains(&format!("< {words} >")) {
            return;
        }
        act(screen, Action::Right, cx);
    }
    panic!(
        "{label} has no {words}:\n{}",
        draw(screen, &mut cx.clone(), (120, 60))
    )
}

fn text(screen: &mut Screen, cx: &Cx) -> String {
    draw(screen, &mut cx.clone(), (120, 60))
}

#[test]
fn fields_follow_the_method() {
    let mut cx = context();
    let mut screen = found(Vec::new(), &cx);
    assert!(text(&mut screen, &cx).contains("none: Microsoft ended them in January 2023"));
    for (method, has, hasnt) in [
        ("browser", "Redirect URI", "Certificate"),
        ("app-only, secret", "good until", "Redirect URI"),
        ("app-only, certificate", "its key", "good until"),
        ("device code", "public, no secret", "its key"),
    ] {
        choose(&mut screen, "Sign-in by", method, &cx);
        let text = text(&mut screen, &cx);
        assert!(
            text.contains(has) && !text.contains(hasnt),
            "{method}: {text}"
        );
    }
    choose(&mut screen, "Sign-in by", "app-only, secret", &cx);
    for size in SIZES {
        insta::assert_snapshot!(
            format!("app_only_{}x{}", size.0, size.1),
            draw(&mut screen, &mut cx, size)
        );
    }
}

#[test]
fn only_what_the_provider_takes_can_be_chosen_and_the_rest_says_why() {
    let cx = context();
    let mut screen = found(Vec::new(), &cx);
    choose(&mut screen, "Provider", "Gmail", &cx);
    let shown = text(&mut screen, &cx);
    assert!(shown.contains("imap.gmail.com:993"), "{shown}");
    go_to(&mut screen, "Sign-in by", &cx);
    assert!(text(&mut screen, &cx).contains("Not device code: Google's device flow"));
    choose(&mut screen, "Provider", "Outlook.com", &cx);
    assert!(text(&mut screen, &cx).contains("personal accounts open only their own"));
}

#[test]
fn the_id_of_a_secret_is_pointed_out_at_once() {
    let cx = context();
    let mut screen = found(Vec::new(), &cx);
    choose(&mut screen, "Sign-in by", "app-only, secret", &cx);
    press(&mut screen, Action::NextPane, 3, &cx);
    type_into(&mut screen, "0fd64a8b-1c1a-4f9f-8bd3-0e6f0a1f2b3c", &cx);
    let shown = text(&mut screen, &cx);
    assert!(shown.contains("this is the secret's ID"), "{shown}");
    assert!(!shown.contains("0fd64a8b"), "{shown}");
}

#[test]
fn a_secret_goes_to_the_vault_under_the_name_its_profile_got() {
    let cx = context();
    let mut screen = found(Vec::new(), &cx);
    choose(&mut screen, "Sign-in by", "app-only, secret", &cx);
    press(&mut screen, Action::NextPane, 3, &cx);
    type_into(&mut screen, "s3cr3t~value", &cx);
    let mut saved = submit(&mut screen, &cx);
    assert_eq!(saved.sign_in.method, Method::ClientSecret);
    assert_eq!(saved.sign_in.scopes, Vec::<String>::new());
    let outcome = Outcome::AccountSaved("work".into(), Ok(()));
    let effects = screen.update(&Msg::Done(outcome), &cx);
    assert_eq!(effects, vec![Effect::LoadMailboxes]);
    saved.sign_in.name = "work-2".into();
    let config = Config {
        accounts: vec![saved],
        ..Config::default()
    };
    let outcome = Outcome::Mailboxes(Ok((Vec::new(), Arc::new(config))));
    let effects = screen.update(&Msg::Done(outcome), &cx);
    let secret = Password(SecretString::from("s3cr3t~value"));
    let profile = "work-2".to_owned();
    assert_eq!(effects, vec![Effect::SetClientSecret { profile, secret }]);
    let done = Msg::Done(Outcome::SecretSet("work-2".into(), Ok(())));
    let effects = screen.update(&done, &cx);
    assert!(effects.contains(&Effect::Replace(ScreenName::SignIn {
        account: "work".into()
    })));
}

#[test]
fn reading_by_oauth_goes_with_sending_by_password() {
    let cx = context();
    let mut screen = found(Vec::new(), &cx);
    choose(&mut screen, "Sends by", "a password", &cx);
    assert!(text(&mut screen, &cx).contains("for sending only"));
    let saved = submit(&mut screen, &cx);
    assert_eq!(saved.sign_in.method, Method::DeviceCode);
    assert_eq!(saved.send_sign_in.method, Method::Password);
    assert_ne!(saved.send_sign_in.name, saved.sign_in.name);
}

#[test]
fn a_list_that_became_wrong_is_not_counted_any_more() {
    let cx = context();
    let mut screen = found(Vec::new(), &cx);
    type_into(&mut screen, "support@contoso.com; sales@contoso.com", &cx);
    assert!(text(&mut screen, &cx).contains("2 mailboxes"));
    type_into(&mut screen, "; hr@contoso,com", &cx);
    assert!(!text(&mut screen, &cx).contains("mailboxes"));
}

#[test]
fn foreign_servers_need_a_yes() {
    let cx = context();
    let mut screen = found_candidate(
        Candidate {
            needs_consent: Some("elsewhere.example".into()),
            ..candidate(Vec::new())
        },
        &cx,
    );
    press(&mut screen, Action::Last, 1, &cx);
    press(&mut screen, Action::PreviousPane, 1, &cx);
    assert_eq!(act(&mut screen, Action::Open, &cx), vec![]);
    assert!(text(&mut screen, &cx).contains("belong to somebody else"));
    choose(
        &mut screen,
        "Trust these servers",
        "yes, elsewhere.example is right",
        &cx,
    );
    submit(&mut screen, &cx);
}

#[test]
fn what_else_was_found_can_be_taken() {
    let cx = context();
    let mut other = account("other", "alice@contoso.com");
    other.servers.incoming.host = "imap.other.example".into();
    let alternative = Alternative {
        sign_in: other.sign_in,
        sign_in_origin: Origin::Provider,
        servers: other.servers,
        servers_origin: Origin::Srv,
        login: None,
        needs_consent: None,
        stands_for_ews: None,
    };
    let mut screen = found_candidate(
        Candidate {
            alternatives: vec![alternative],
            ..candidate(Vec::new())
        },
        &cx,
    );
    choose(
        &mut screen,
        "Found",
        "2 of 2: imap.other.example, from the domain's DNS",
        &cx,
    );
    assert_eq!(
        submit(&mut screen, &cx).servers.incoming.host,
        "imap.other.example"
    );
}

#[test]
fn an_address_of_an_older_program_is_kept_while_the_mail_address_is_asked() {
    let cx = context();
    let (mut screen, _) = open(ScreenName::Setup { account: None }, &cx);
    let old = "EWS:outlook.office365.com/ews/exchange.asmx";
    type_into(&mut screen, old, &cx);
    assert_eq!(act(&mut screen, Action::Open, &cx), vec![]);
    assert!(text(&mut screen, &cx).contains("Now type the mail address"));
    type_into(&mut screen, "alice@contoso.com", &cx);
    let effects = act(&mut screen, Action::Open, &cx);
    let [Effect::ReadOldServer { text, .. }] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(text, old);
}

#[test]
fn a_changed_profile_of_several_accounts_is_for_one_or_for_all() {
    let mut cx = with_accounts(context());
    let mut config = Config::clone(cx.config.as_ref().unwrap());
    let shared = config.accounts[0].sign_in.clone();
    config.accounts[1].sign_in = shared.clone();
    config.accounts[1].send_sign_in = shared;
    cx.config = Some(Arc::new(config));
    let edit = ScreenName::Setup {
        account: Some("work".into()),
    };
    let (mut screen, _) = open(edit, &cx);
    choose(&mut screen, "Sign-in by", "browser", &cx);
    choose(&mut screen, "changes are for", "also school", &cx);
    press(&mut screen, Action::Last, 1, &cx);
    press(&mut screen, Action::PreviousPane, 1, &cx);
    let effects = act(&mut screen, Action::Open, &cx);
    let [Effect::ChangeConfig(change)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert!(
        matches!(&**change, ConfigChange::SignIn(profile) if profile.method == Method::Browser)
    );
    let done = Msg::Done(Outcome::ConfigChanged(change.clone(), Ok(())));
    assert!(matches!(
        screen.update(&done, &cx).as_slice(),
        [Effect::SaveAccount(_)]
    ));
}

#[test]
fn what_the_rules_of_the_settings_refuse_is_shown_at_its_field() {
    let cx = context();
    let mut screen = found(Vec::new(), &cx);
    submit(&mut screen, &cx);
    let mistake = Mistake {
        file: "config.toml".into(),
        line: 3,
        key: "sign_in.work.tenant".into(),
        message: "expected its GUID or domain".into(),
    };
    let error = EngineError::Config(ConfigError::Mistakes(vec![mistake]));
    let outcome = Outcome::AccountSaved("work".into(), Err(Arc::new(error)));
    assert_eq!(screen.update(&Msg::Done(outcome), &cx), vec![]);
    assert!(text(&mut screen, &cx).contains("expected its GUID or domain"));
}

#[test]
fn scopes_are_explained_and_a_foreign_one_is_pointed_out() {
    let mut cx = context();
    let mut screen = found(Vec::new(), &cx);
    press(&mut screen, Action::Last, 1, &cx);
    act(&mut screen, Action::Open, &cx);
    insta::assert_snapshot!(draw(&mut screen, &mut cx, (120, 40)));
    type_into(
        &mut screen,
        " https://graph.microsoft.com/IMAP.AccessAsUser.All",
        &cx,
    );
    assert!(text(&mut screen, &cx).contains("its token opens no mailbox"));
}
