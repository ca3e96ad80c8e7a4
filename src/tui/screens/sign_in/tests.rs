//! Stories of the sign-in screen: what a key does, what is shown at each size.

use std::sync::Arc;
use std::time::Duration;

use jiff::ToSpan as _;

use crate::engine::{
    BrowserAuthorization, BrowserProgress, DeviceAuthorization, DeviceProgress, EngineError,
    Identity, MissingSecret, PasteMistake, SignInEvent,
};
use crate::model::Method;
use crate::tui::Companion;
use crate::tui::context::{Cx, Seat};
use crate::tui::effect::{Effect, Slot};
use crate::tui::keymap::Action;
use crate::tui::msg::Msg;
use crate::tui::outcome::Outcome;
use crate::tui::screens::accounts::fixture::with_accounts;
use crate::tui::screens::{Live, Screen, ScreenName};
use crate::tui::testing::{SIZES, act, context, draw, now, open};

const GENERATION: u64 = 0;

fn code() -> DeviceAuthorization {
    DeviceAuthorization {
        user_code: "F4K7QT9B".into(),
        verification_uri: "https://login.microsoft.com/device".into(),
        verification_uri_complete: None,
        expires_at: now() + 821.seconds(),
        interval: Duration::from_secs(5),
        scopes: vec![
            "https://outlook.office.com/IMAP.AccessAsUser.All".into(),
            "https://outlook.office.com/SMTP.Send".into(),
            "offline_access".into(),
        ],
    }
}

fn happens(screen: &mut Screen, event: SignInEvent, cx: &Cx) {
    let outcome = Outcome::SignIn {
        generation: GENERATION,
        account: "work".into(),
        event,
    };
    assert_eq!(screen.update(&Msg::Done(outcome), cx), vec![]);
}

fn waiting(cx: &Cx) -> Screen {
    let (mut screen, effects) = open(
        ScreenName::SignIn {
            account: "work".into(),
        },
        cx,
    );
    // The account was saved a moment ago and is not known here yet.
    assert_eq!(effects, vec![Effect::LoadMissing("work".into())]);
    let nothing = Outcome::Missing("work".into(), Ok(Vec::new()));
    assert_eq!(
        screen.update(&Msg::Done(nothing), cx),
        vec![Effect::SignIn {
            generation: GENERATION,
            account: "work".into(),
            method: None,
        }]
    );
    happens(
        &mut screen,
        SignInEvent::Device(DeviceProgress::Code(code())),
        cx,
    );
    screen
}

#[test]
fn the_code_stands_in_large_letters_with_address_time_and_qr() {
    let mut cx = context();
    let mut screen = waiting(&cx);
    cx.now = now() + 3.seconds();
    happens(
        &mut screen,
        SignInEvent::Device(DeviceProgress::Asked {
            next_in: Duration::from_secs(5),
        }),
        &cx,
    );
    for size in SIZES {
        insta::assert_snapshot!(
            format!("code_{}x{}", size.0, size.1),
            draw(&mut screen, &mut cx, size)
        );
    }
}

#[test]
fn code_and_address_are_copied_exactly() {
    let cx = context();
    let mut screen = waiting(&cx);
    assert!(act(&mut screen, Action::CopyCode, &cx).contains(&Effect::Copy("F4K7QT9B".into())));
    let address = Effect::Copy("https://login.microsoft.com/device".into());
    assert!(act(&mut screen, Action::CopyAddress, &cx).contains(&address));
}

#[test]
fn leaving_cancels_a_running_sign_in_only() {
    let cx = context();
    let mut screen = waiting(&cx);
    assert_eq!(screen.leave(), vec![Effect::Cancel(Slot::SignIn)]);
    happens(&mut screen, SignInEvent::Done(Identity::default()), &cx);
    assert_eq!(screen.leave(), vec![]);
}

#[test]
fn events_of_an_older_sign_in_are_ignored() {
    let mut cx = context();
    let mut screen = waiting(&cx);
    let event = SignInEvent::Done(Identity::default());
    let stale = Outcome::SignIn {
        generation: 99,
        account: "work".into(),
        event,
    };
    screen.update(&Msg::Done(stale), &cx);
    assert!(draw(&mut screen, &mut cx, (80, 24)).contains("F  4  K  7"));
}

#[test]
fn a_network_that_is_gone_is_said_while_polling_goes_on() {
    let mut cx = context();
    let mut screen = waiting(&cx);
    let reason = "the name has no address".to_owned();
    happens(
        &mut screen,
        SignInEvent::Device(DeviceProgress::Unreachable { reason }),
        &cx,
    );
    let text = draw(&mut screen, &mut cx, (80, 24));
    assert!(text.contains("offline: the name has no address"), "{text}");
}

#[test]
fn a_failure_is_explained_and_offers_a_new_code() {
    let mut cx = context();
    let mut screen = waiting(&cx);
    let error = EngineError::NotFound {
        what: "account",
        name: "work".into(),
    };
    happens(&mut screen, SignInEvent::Failed(Arc::new(error)), &cx);
    insta::assert_snapshot!(draw(&mut screen, &mut cx, (80, 24)));
    assert!(matches!(
        act(&mut screen, Action::NewCode, &cx).as_slice(),
        [Effect::SignIn { .. }]
    ));
}

#[test]
fn only_the_demo_offers_to_approve() {
    let mut cx = context();
    let screen = waiting(&cx);
    assert_eq!(screen.live(Action::Approve, &cx), Live::Unknown);
    let (approve, _keep) = tokio::sync::mpsc::unbounded_channel();
    cx.companion = Some(Companion {
        approve,
        suggested_address: String::new(),
        suggested_users: Vec::new(),
    });
    let mut screen = waiting(&cx);
    assert_eq!(
        act(&mut screen, Action::Approve, &cx),
        vec![Effect::SignInApprove("F4K7QT9B".into())]
    );
}

fn browsing(cx: &Cx, is_listening: bool) -> Screen {
    let mut screen = waiting(cx);
    let effects = act(&mut screen, Action::SwitchMethod, cx);
    assert!(
        matches!(
            effects.as_slice(),
            [Effect::SignIn {
                method: Some(Method::Browser),
                ..
            }]
        ),
        "{effects:?}"
    );
    let authorization = BrowserAuthorization {
        address: format!(
            "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/authorize?client_id=1&state={}",
            "x".repeat(300)
        ),
        redirect_uri: "http://localhost:50123".into(),
        is_listening,
        expires_at: now() + 583.seconds(),
        scopes: code().scopes,
    };
    let address = BrowserProgress::Address(authorization);
    happens(&mut screen, SignInEvent::Browser(address), cx);
    screen
}

#[test]
fn one_key_switches_from_the_code_to_the_browser_and_back() {
    let mut cx = context();
    let mut screen = browsing(&cx, true);
    for size in SIZES {
        insta::assert_snapshot!(
            format!("browser_{}x{}", size.0, size.1),
            draw(&mut screen, &mut cx, size)
        );
    }
    let back = act(&mut screen, Action::SwitchMethod, &cx);
    assert!(matches!(
        back.as_slice(),
        [Effect::SignIn {
            method: Some(Method::DeviceCode),
            ..
        }]
    ));
}

#[test]
fn over_ssh_the_paste_is_the_way_back() {
    let mut cx = context();
    cx.seat = Seat::find(|name| (name == "SSH_TTY").then(|| "/dev/pts/1".to_owned()));
    let mut screen = browsing(&cx, true);
    let shown = draw(&mut screen, &mut cx, (80, 24));
    assert!(shown.contains("logged in from another machine"), "{shown}");
    cx.seat = Seat::find(|_| None);
    let shown = draw(&mut screen, &mut cx, (80, 24));
    assert!(shown.contains("comes back by itself"), "{shown}");
}

#[test]
fn a_pasted_address_goes_to_the_sign_in_and_a_wrong_one_is_explained() {
    let mut cx = context();
    let mut screen = browsing(&cx, false);
    let pasted = screen.update(&Msg::Paste("http://localhost/?code=1".into()), &cx);
    assert!(matches!(pasted.as_slice(), [Effect::PasteAddress(_)]));
    assert!(!format!("{pasted:?}").contains("code=1"));
    for mistake in [
        PasteMistake::NotAnAddress,
        PasteMistake::NoCode,
        PasteMistake::CutOff,
        PasteMistake::OtherSignIn,
        PasteMistake::Foreign {
            host: "evil.example".into(),
        },
        PasteMistake::WrongPlace,
    ] {
        let refused = BrowserProgress::PasteRefused(mistake.clone());
        happens(&mut screen, SignInEvent::Browser(refused), &cx);
        let name = format!("paste_{mistake:?}");
        let name = name.split(' ').next().unwrap();
        insta::assert_snapshot!(name, draw(&mut screen, &mut cx, (80, 24)));
    }
}

#[test]
fn a_secret_that_is_missing_is_asked_for_before_the_sign_in() {
    let mut cx = context();
    let mut screen = waiting(&cx);
    let missing = vec![MissingSecret::ClientSecret {
        profile: "contoso".into(),
    }];
    let asked = Outcome::Missing("work".into(), Ok(missing));
    assert_eq!(screen.update(&Msg::Done(asked), &cx), vec![]);
    screen.update(&Msg::Paste("S3cret~value".into()), &cx);
    let shown = draw(&mut screen, &mut cx, (80, 24));
    assert!(shown.contains("its value, not its id"), "{shown}");
    assert!(!shown.contains("S3cret"), "{shown}");
    let kept = act(&mut screen, Action::Open, &cx);
    assert!(
        matches!(kept.as_slice(), [Effect::SetClientSecret { profile, .. }] if profile == "contoso")
    );
    let done = Outcome::SecretSet("contoso".into(), Ok(()));
    let next = screen.update(&Msg::Done(done), &cx);
    assert!(matches!(next.as_slice(), [Effect::SignIn { .. }]));
}

#[test]
fn an_account_that_becomes_known_later_gets_its_name() {
    let cx = context();
    let mut screen = waiting(&cx);
    let mut cx = with_accounts(cx);
    happens(
        &mut screen,
        SignInEvent::Device(DeviceProgress::Asked {
            next_in: Duration::from_secs(5),
        }),
        &cx,
    );
    let shown = draw(&mut screen, &mut cx, (80, 24));
    assert!(shown.contains("alice@contoso.com"), "{shown}");
}
