//! The check: what is asked in which order, where it stops, and which rights it finds.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use secrecy::SecretString;

use crate::auth::{AuthError, Denial, Identity, SignedIn};
use crate::backend::Refusal;
use crate::config::Config;
use crate::engine::tests::world::{World, offline, refused};
use crate::engine::tests::{ALICE, Fixture, SUPPORT, config, small_world};
use crate::engine::{
    CheckLine, CheckStep, CheckWish, EngineError, PermissionState, Permissions, Reading, Rights,
    Sending, SignInRemark, TokenUse,
};
use crate::model::{Address, Provider};

/// Starts an account with a sign-in and without workers.
async fn start(config: Config) -> Fixture {
    start_with_token(config, "access").await
}

async fn start_with_token(config: Config, token: &str) -> Fixture {
    let fixture = Fixture::start_with(small_world().needs_tokens(), config, false).await;
    let signer = fixture.engine.inner.signer("work").unwrap();
    let keeper = signer.receive.keeper().await.unwrap();
    let signed_in = SignedIn {
        identity: Identity {
            username: ALICE.into(),
            ..Identity::default()
        },
        refresh_token: Some(SecretString::from("refresh")),
        access_token: SecretString::from(token),
        expires_at: fixture.engine.inner.now() + SignedDuration::from_hours(1),
        scopes: Vec::new(),
    };
    keeper.adopt(signed_in).await.unwrap();
    fixture
}

async fn lines(fixture: &Fixture, wish: CheckWish) -> Vec<CheckLine> {
    let mut lines = fixture.engine.check(wish);
    let mut seen = Vec::new();
    while let Some(line) = lines.recv().await {
        seen.push(line);
    }
    seen
}

fn rights(lines: &[CheckLine], mailbox: &str) -> Rights {
    let mut found = lines.iter().filter(|line| line.mailbox == mailbox);
    found.find_map(|line| line.rights).unwrap()
}

fn steps(lines: &[CheckLine], mailbox: &str) -> Vec<(CheckStep, bool)> {
    let of_mailbox = lines.iter().filter(|line| line.mailbox == mailbox);
    of_mailbox
        .map(|line| (line.step, line.outcome.is_ok()))
        .collect()
}

#[tokio::test]
async fn server_and_sign_in_are_looked_at_once_and_a_failed_step_ends_only_its_mailbox() {
    let fixture = start(config(&[SUPPORT])).await;
    fixture.world.fail_with("support@x.test connect", offline());
    let lines = lines(&fixture, CheckWish::of("work")).await;
    assert_eq!(
        steps(&lines, ALICE),
        [
            (CheckStep::Resolve, true),
            (CheckStep::Tcp, true),
            (CheckStep::Tls, true),
            (CheckStep::Token, true),
            (CheckStep::Permissions, true),
            (CheckStep::SendTls, true),
            (CheckStep::Send, true),
            (CheckStep::Login, true),
            (CheckStep::Folders, true),
            (CheckStep::Sender, true),
            (CheckStep::Rights, true),
        ]
    );
    assert_eq!(
        steps(&lines, SUPPORT),
        [
            (CheckStep::Login, false),
            (CheckStep::Sender, true),
            (CheckStep::Rights, true),
        ]
    );
    let expected = Rights {
        reading: Reading::Unknown,
        sending: Sending::SendAs,
    };
    assert_eq!(rights(&lines, SUPPORT), expected);
}

#[tokio::test]
async fn a_mailbox_that_is_refused_has_no_rights_and_its_neighbour_keeps_all() {
    let fixture = start(config(&[SUPPORT])).await;
    let no = refused(Refusal::NoMailboxAccess);
    fixture.world.fail_with("support@x.test connect", no);
    let no = refused(Refusal::Sender);
    fixture.world.fail_with("may send as support@x.test", no);
    let lines = lines(&fixture, CheckWish::of("work")).await;
    let none = Rights {
        reading: Reading::None,
        sending: Sending::None,
    };
    assert_eq!(rights(&lines, SUPPORT), none);
    let all = Rights {
        reading: Reading::Full,
        sending: Sending::SendAs,
    };
    assert_eq!(rights(&lines, ALICE), all);
}

#[tokio::test]
async fn a_mailbox_that_is_sent_from_on_behalf_only_is_told_so() {
    let mut config = config(&[SUPPORT]);
    for account in &mut config.accounts {
        account.on_behalf = vec![Address::bare(SUPPORT)];
    }
    let fixture = start(config).await;
    let wish = CheckWish {
        mailboxes: vec![SUPPORT.to_uppercase()],
        ..CheckWish::of("work")
    };
    let lines = lines(&fixture, wish).await;
    assert_eq!(rights(&lines, SUPPORT).sending, Sending::OnBehalf);
    let main = steps(&lines, ALICE);
    assert!(!main.contains(&(CheckStep::Login, true)), "{main:?}");
}

/// Starts an account of Microsoft's with a readable token.
async fn start_with_scopes(scopes: &str) -> Fixture {
    let mut config = config(&[SUPPORT]);
    for account in &mut config.accounts {
        account.sign_in.provider = Provider::Microsoft365;
        account.sign_in.authority = None;
        account.send_sign_in = account.sign_in.clone();
    }
    let claims = format!(r#"{{"aud":"https://outlook.office.com","scp":"{scopes}"}}"#);
    let token = format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims));
    start_with_token(config, &token).await
}

#[tokio::test]
async fn a_missing_permission_is_told_before_a_server_says_no_and_stops_nothing() {
    let fixture = start_with_scopes("IMAP.AccessAsUser.All").await;
    let lines = lines(&fixture, CheckWish::of("work")).await;
    let of_step = |line: &&CheckLine| line.step == CheckStep::Permissions;
    let found: Vec<&CheckLine> = lines.iter().filter(of_step).collect();
    let [line] = found.as_slice() else {
        panic!("one line, not {found:?}");
    };
    let error = line.outcome.as_ref().unwrap_err();
    let EngineError::Auth(AuthError::Denied { denial, .. }) = &**error else {
        panic!("{error:?}");
    };
    let name = "SMTP.Send".to_owned();
    assert_eq!(*denial, Denial::MissingPermission { name });
    assert_eq!(rights(&lines, ALICE).reading, Reading::Full);
}

#[tokio::test]
async fn a_superfluous_permission_is_named_and_is_no_failure() {
    let fixture = start_with_scopes("IMAP.AccessAsUser.All SMTP.Send Calendars.Read").await;
    let lines = lines(&fixture, CheckWish::of("work")).await;
    let mut found = lines
        .iter()
        .filter(|line| line.step == CheckStep::Permissions);
    let detail = found.next().unwrap().outcome.as_ref().unwrap();
    assert!(
        detail.ends_with("more than is needed: Calendars.Read"),
        "{detail}"
    );
}

#[tokio::test]
async fn a_report_tells_what_a_token_allows_and_how_it_was_had() {
    let fixture = start_with_scopes("IMAP.AccessAsUser.All").await;
    let report = fixture.engine.token_report("work").await.unwrap();
    let [view] = report.tokens.as_slice() else {
        panic!("one token, not {:?}", report.tokens);
    };
    assert_eq!(view.used_for, TokenUse::Everything);
    let Permissions::Compared(findings) = &view.permissions else {
        panic!("{:?}", view.permissions);
    };
    let states: Vec<PermissionState> = findings.iter().map(|finding| finding.state).collect();
    assert_eq!(states, [PermissionState::Needed, PermissionState::Missing]);
    assert!(report.remarks.contains(&SignInRemark::DeviceCodeTracking));
    let shown = format!("{report:?}");
    assert!(
        !shown.contains("e30."),
        "the token itself is in it: {shown}"
    );
}

#[tokio::test]
async fn without_a_sign_in_it_stops_at_the_token() {
    let world = World::default().with_mailbox(ALICE).needs_tokens();
    let fixture = Fixture::start_with(world, config(&[]), false).await;
    let lines = lines(&fixture, CheckWish::of("work")).await;
    let token = lines.iter().find(|line| line.step == CheckStep::Token);
    let error = token.unwrap().outcome.as_ref().unwrap_err();
    assert!(
        matches!(
            &**error,
            EngineError::Auth(AuthError::Denied {
                denial: Denial::NeverSignedIn,
                ..
            })
        ),
        "{error:?}"
    );
    assert_eq!(rights(&lines, ALICE), Rights::default());
}
