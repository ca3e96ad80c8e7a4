//! Stories of the screen outbox: what a key does, what is shown at each size.

use jiff::ToSpan as _;

use crate::model::{
    AccountId, Address, Failure, FailureKind, IncomingProtocol, MailboxId, OutboxId, OutboxItem,
    OutboxState, OutgoingProtocol, SentBy, SentMail,
};
use crate::tui::context::Cx;
use crate::tui::effect::Effect;
use crate::tui::keymap::Action;
use crate::tui::msg::Msg;
use crate::tui::outcome::Outcome;
use crate::tui::screens::accounts::fixture::with_accounts;
use crate::tui::screens::{Live, Screen, ScreenName};
use crate::tui::testing::{SIZES, act, context, draw, now, open};

fn item(row: i64, state: OutboxState, subject: &str) -> OutboxItem {
    let failure = |kind, code: &str, text: &str| {
        Some(Failure {
            kind,
            code: code.into(),
            text: text.into(),
        })
    };
    OutboxItem {
        id: OutboxId::new(row),
        account: AccountId::new(1),
        mailbox: MailboxId::new(2),
        from: Address::named("Support", "support@contoso.com"),
        recipients: vec!["joerg@fabrikam.de".into(), "ana@example.com".into()],
        subject: subject.into(),
        message_id: format!("{row}@contoso.com"),
        state,
        attempts: u32::from(state != OutboxState::Ready),
        not_before: now() + 7.seconds(),
        failure: match state {
            OutboxState::Failed => failure(
                FailureKind::Sender,
                "550 5.7.60",
                "SMTP; Client does not have permissions to send as this sender",
            ),
            OutboxState::Unsure => failure(
                FailureKind::Unsure,
                "",
                "the connection broke after the last byte",
            ),
            _ => None,
        },
    }
}

fn shown(items: Vec<OutboxItem>, cx: &Cx) -> Screen {
    let (mut screen, effects) = open(ScreenName::Outbox, cx);
    assert_eq!(effects, vec![Effect::LoadOutbox, Effect::LoadSent]);
    screen.update(&Msg::Done(Outcome::Outbox(Ok(items))), cx);
    screen
}

#[test]
fn every_state_says_what_it_waits_for() {
    let mut cx = context();
    let items = vec![
        item(
            1,
            OutboxState::Failed,
            "Offer 7 for the harbour, second and much longer version of the subject",
        ),
        item(2, OutboxState::Ready, "会议纪要"),
        item(3, OutboxState::Sending, ""),
        item(4, OutboxState::Unsure, "Contract"),
    ];
    let mut screen = shown(items, &cx);
    for size in SIZES {
        insta::assert_snapshot!(
            format!("outbox_{}x{}", size.0, size.1),
            draw(&mut screen, &mut cx, size)
        );
    }
}

#[test]
fn an_unsure_message_is_asked_about_before_it_is_sent_again() {
    let cx = context();
    let mut screen = shown(vec![item(4, OutboxState::Unsure, "Contract")], &cx);
    let effects = act(&mut screen, Action::Retry, &cx);
    assert!(
        matches!(effects.as_slice(), [Effect::Push(ScreenName::Confirm(_))]),
        "{effects:?}"
    );
}

#[test]
fn what_is_being_sent_cannot_be_taken_back() {
    let cx = context();
    let screen = shown(vec![item(3, OutboxState::Sending, "")], &cx);
    assert!(matches!(screen.live(Action::TakeBack, &cx), Live::No(_)));
}

#[test]
fn an_empty_outbox_says_so() {
    let mut cx = context();
    let mut screen = shown(Vec::new(), &cx);
    assert!(draw(&mut screen, &mut cx, (80, 24)).contains("everything was sent"));
    assert!(matches!(screen.live(Action::Retry, &cx), Live::No(_)));
}

fn sent(row: i64, subject: &str, detour: Option<&str>, filed_in: &[&str]) -> SentMail {
    SentMail {
        id: OutboxId::new(row),
        account: AccountId::new(1),
        mailbox: MailboxId::new(2),
        from: Address::named("Support", "support@contoso.com"),
        recipients: vec!["joerg@fabrikam.de".into()],
        subject: subject.into(),
        message_id: format!("{row}@contoso.com"),
        new_message_id: None,
        at: now() - 3.hours(),
        by: Some(SentBy {
            signed_in: "alice@contoso.com".into(),
            protocol: match detour {
                Some(_) => OutgoingProtocol::Graph,
                None => OutgoingProtocol::Smtp,
            },
            host: match detour {
                Some(_) => "graph.microsoft.com".into(),
                None => "smtp.office365.com".into(),
            },
            detour: detour.map(str::to_owned),
        }),
        filed_in: filed_in.iter().map(|&one| one.to_owned()).collect(),
    }
}

#[test]
fn a_sent_message_says_as_whom_by_whom_which_way_and_where_its_copy_is() {
    let mut cx = context();
    let mut screen = shown(vec![item(1, OutboxState::Ready, "Minutes")], &cx);
    let off = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled";
    let mail = vec![
        sent(2, "Offer 8", Some(off), &["support@contoso.com"]),
        sent(
            3,
            "Offer 7",
            None,
            &["alice@contoso.com", "support@contoso.com"],
        ),
    ];
    screen.update(&Msg::Done(Outcome::Sent(Ok(mail))), &cx);
    act(&mut screen, Action::Down, &cx);
    for size in SIZES {
        insta::assert_snapshot!(
            format!("sent_{}x{}", size.0, size.1),
            draw(&mut screen, &mut cx, size)
        );
    }
    act(&mut screen, Action::Down, &cx);
    assert!(draw(&mut screen, &mut cx, (80, 24)).contains("2 copies"));
    assert!(matches!(screen.live(Action::Retry, &cx), Live::No(_)));
}

#[test]
fn over_pop3_no_copy_is_waited_for() {
    let check = |protocol, expected: &str| {
        let mut cx = with_accounts(context());
        let config = std::sync::Arc::make_mut(cx.config.as_mut().unwrap());
        config.accounts[0].servers.incoming.protocol = protocol;
        let mut screen = shown(Vec::new(), &cx);
        let mail = vec![sent(2, "Offer 8", None, &[])];
        screen.update(&Msg::Done(Outcome::Sent(Ok(mail))), &cx);
        let text = draw(&mut screen, &mut cx, (80, 24));
        assert!(text.contains(expected), "{expected}: {text}");
    };
    check(IncomingProtocol::Imap, "not seen in a Sent folder yet");
    check(IncomingProtocol::Pop3, "POP3 has no Sent folder");
}
