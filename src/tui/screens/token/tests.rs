//! Stories of the token screen: what is shown at each size, what a key does, and what is never shown.

use jiff::ToSpan as _;

use crate::engine::{
    Expiry, Identity, Lapsing, PermissionFinding, PermissionState, Permissions, SignInRemark,
    TokenFacts, TokenReport, TokenUse, TokenView,
};
use crate::tui::context::Cx;
use crate::tui::effect::Effect;
use crate::tui::keymap::Action;
use crate::tui::msg::Msg;
use crate::tui::outcome::Outcome;
use crate::tui::screens::accounts::fixture::with_accounts;
use crate::tui::screens::{Live, Screen, ScreenName};
use crate::tui::testing::{SIZES, act, context, draw, now, open};

fn opened(cx: &Cx) -> Screen {
    let account = "work".to_owned();
    let (screen, effects) = open(ScreenName::Token { account }, cx);
    assert_eq!(effects, vec![Effect::LoadTokenReport("work".into())]);
    screen
}

fn finding(name: &str, state: PermissionState, words: &str) -> PermissionFinding {
    PermissionFinding {
        name: name.into(),
        state,
        words: words.into(),
    }
}

fn report() -> TokenReport {
    let facts = TokenFacts {
        identity: Identity {
            username: "alice@contoso.com".into(),
            name: "Alice Adams".into(),
            tenant: "t".into(),
        },
        is_readable: true,
        is_microsoft: true,
        issuer: "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/".into(),
        audience: "https://outlook.office.com".into(),
        app_id: "11111111-2222-3333-4444-555555555555".into(),
        tenant: "72f988bf-86f1-41af-91ab-2d7cd011db47".into(),
        expires_at: now() + 52.minutes() + 7.seconds(),
        renewed_at: now() - 12.minutes(),
        next_renewal: Some(now() + 47.minutes()),
        has_refresh_token: true,
        refresh_rotated_at: Some(now() - 12.minutes()),
        ..TokenFacts::default()
    };
    let permissions = Permissions::Compared(vec![
        finding(
            "IMAP.AccessAsUser.All",
            PermissionState::Needed,
            "read and change your mail over IMAP",
        ),
        finding(
            "SMTP.Send",
            PermissionState::Missing,
            "send mail as you over SMTP",
        ),
        finding("Calendars.Read", PermissionState::Superfluous, ""),
    ]);
    TokenReport {
        tokens: vec![TokenView {
            used_for: TokenUse::Everything,
            facts,
            permissions,
        }],
        expiries: vec![Expiry {
            account: "work".into(),
            profile: "contoso".into(),
            what: Lapsing::Secret,
            on: jiff::civil::Date::constant(2026, 12, 20),
            days_left: 28,
            is_over: false,
        }],
        remarks: vec![SignInRemark::DeviceCodeTracking, SignInRemark::NinetyDays],
        ..TokenReport::default()
    }
}

fn tell(screen: &mut Screen, report: TokenReport, cx: &Cx) {
    let outcome = Outcome::TokenReport("work".into(), Ok(Box::new(report)));
    screen.update(&Msg::Done(outcome), cx);
}

#[test]
fn everything_about_the_token_is_said_in_words() {
    let mut cx = with_accounts(context());
    let mut screen = opened(&cx);
    tell(&mut screen, report(), &cx);
    for size in SIZES {
        insta::assert_snapshot!(
            format!("token_{}x{}", size.0, size.1),
            draw(&mut screen, &mut cx, size)
        );
    }
}

#[test]
fn its_life_counts_down() {
    let mut cx = with_accounts(context());
    let mut screen = opened(&cx);
    tell(&mut screen, report(), &cx);
    assert!(draw(&mut screen, &mut cx, (80, 24)).contains("in 52:07 ("));
    assert!(screen.face(&cx).tick.is_some());
    cx.now += 1.minute();
    assert!(draw(&mut screen, &mut cx, (80, 24)).contains("in 51:07 ("));
    cx.now += 2.hours();
    assert!(draw(&mut screen, &mut cx, (80, 24)).contains("expired"));
}

#[test]
fn a_renewal_is_asked_for_once_and_the_facts_are_read_again_after_it() {
    let cx = with_accounts(context());
    let mut screen = opened(&cx);
    assert!(matches!(screen.live(Action::RenewToken, &cx), Live::No(_)));
    tell(&mut screen, report(), &cx);
    let effects = act(&mut screen, Action::RenewToken, &cx);
    assert_eq!(effects, vec![Effect::RenewToken("work".into())]);
    assert!(matches!(screen.live(Action::RenewToken, &cx), Live::No(_)));
    let done = Msg::Done(Outcome::Renewed("work".into(), Ok(())));
    let effects = screen.update(&done, &cx);
    assert!(effects.contains(&Effect::LoadTokenReport("work".into())));
    assert_eq!(screen.live(Action::RenewToken, &cx), Live::Yes);
}

#[test]
fn a_renewal_that_failed_says_why_and_keeps_the_facts() {
    let mut cx = with_accounts(context());
    let mut screen = opened(&cx);
    tell(&mut screen, report(), &cx);
    let error = crate::engine::EngineError::NotFound {
        what: "account",
        name: "work".into(),
    };
    let failed = Outcome::Renewed("work".into(), Err(std::sync::Arc::new(error)));
    screen.update(&Msg::Done(failed), &cx);
    let drawn = draw(&mut screen, &mut cx, (80, 40));
    assert!(drawn.contains("There is no account"), "{drawn}");
    assert!(drawn.contains("in 52:07"), "{drawn}");
}

#[test]
fn what_is_copied_are_the_facts() {
    let mut cx = with_accounts(context());
    let mut screen = opened(&cx);
    tell(&mut screen, report(), &cx);
    draw(&mut screen, &mut cx, (80, 24));
    let effects = act(&mut screen, Action::CopyFacts, &cx);
    let [Effect::Copy(text), Effect::Say(_)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert!(
        text.contains("For            https://outlook.office.com\n"),
        "{text}"
    );
    assert!(text.contains("SMTP.Send is missing"), "{text}");
}

#[test]
fn without_a_sign_in_only_signing_in_works() {
    let mut cx = with_accounts(context());
    let mut screen = opened(&cx);
    tell(&mut screen, TokenReport::default(), &cx);
    assert!(draw(&mut screen, &mut cx, (80, 24)).contains("Nobody is signed in"));
    assert!(matches!(screen.live(Action::SignOut, &cx), Live::No(_)));
    let effects = act(&mut screen, Action::SignInAgain, &cx);
    let account = "work".to_owned();
    assert_eq!(effects, vec![Effect::Push(ScreenName::SignIn { account })]);
}
