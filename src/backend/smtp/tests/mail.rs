//! Messages on their way, and what may happen to them there.

use super::*;
use crate::backend::error::Refusal;
use crate::model::{Outbound, Receipt, RefusedRecipient};

fn mail(recipients: &[&str], text: &str) -> Outbound {
    Outbound {
        sender: "me@x.com".into(),
        recipients: recipients.iter().map(|to| (*to).to_owned()).collect(),
        bytes: format!("Subject: x\r\n\r\n{text}").into_bytes(),
    }
}

/// Logs in by password and leaves the rest to `steps`.
async fn session(
    offers: &[&str],
    steps: Vec<Step>,
) -> (Box<dyn Outgoing>, JoinHandle<Vec<String>>) {
    let login = vec![hear("AUTH PLAIN AG1lQHguY29tAHNlY3JldA=="), say("235 ok")];
    let offers = [&["AUTH PLAIN"], offers].concat();
    let (server, played) = serve([greeted(&offers), login, steps].concat()).await;
    let trust = Trust::load(None).unwrap();
    let session = connect(&server, &trust, &password()).await.unwrap();
    (session, played)
}

/// MAIL and RCPTs that are taken, up to the go-ahead for data.
fn taken(mail_line: &str, recipients: &[&str]) -> Vec<Step> {
    let mut steps = vec![hear(mail_line), say("250 2.1.0 ok")];
    for to in recipients {
        steps.extend([hear(format!("RCPT TO:<{to}>")), say("250 2.1.5 ok")]);
    }
    steps.extend([hear("DATA"), say("354 go")]);
    steps
}

#[tokio::test]
async fn a_message_is_taken_and_the_connection_serves_the_next() {
    let first = taken("MAIL FROM:<me@x.com>", &["a@x.com", "b@x.com"]);
    let second = taken("MAIL FROM:<me@x.com>", &["c@x.com"]);
    let steps = [
        first,
        vec![HearMessage, say("250 2.0.0 queued")],
        second,
        vec![HearMessage, say("250 ok")],
    ]
    .concat();
    let (mut session, played) = session(&[], steps).await;
    let accepted = Receipt::Accepted {
        refused: vec![],
        new_message_id: None,
    };
    assert_eq!(
        session
            .submit(&mail(&["a@x.com", "b@x.com"], "one\r\n.two\r\n..\r\n"))
            .await
            .unwrap(),
        accepted
    );
    assert_eq!(
        session
            .submit(&mail(&["c@x.com"], "bare\nends\rhere"))
            .await
            .unwrap(),
        accepted
    );
    assert_eq!(
        played.await.unwrap(),
        vec![
            "Subject: x\r\n\r\none\r\n..two\r\n...\r\n.\r\n",
            "Subject: x\r\n\r\nbare\r\nends\r\nhere\r\n.\r\n"
        ]
    );
}

#[tokio::test]
async fn size_and_eight_bits_are_announced_where_offered() {
    let text = "é\r\n";
    let steps = [
        taken("MAIL FROM:<me@x.com> SIZE=18 BODY=8BITMIME", &["a@x.com"]),
        vec![
            HearMessage,
            say("250 2.0.0 OK <DB9@AM0PR01MB1.eurprd01.prod.outlook.com> [Hostname=AM0]"),
        ],
    ]
    .concat();
    let (mut session, _played) = session(&["SIZE 1000", "8BITMIME", "SMTPUTF8"], steps).await;
    let receipt = session.submit(&mail(&["a@x.com"], text)).await.unwrap();
    let id = Some("DB9@AM0PR01MB1.eurprd01.prod.outlook.com".to_owned());
    assert_eq!(
        receipt,
        Receipt::Accepted {
            refused: vec![],
            new_message_id: id
        }
    );
}

#[tokio::test]
async fn international_addresses_need_a_server_that_takes_them() {
    let steps = [
        taken("MAIL FROM:<me@x.com> SMTPUTF8", &["用户@x.com"]),
        vec![HearMessage, say("250 ok")],
    ]
    .concat();
    let (mut able, _played) = session(&["SMTPUTF8"], steps).await;
    able.submit(&mail(&["用户@x.com"], "x")).await.unwrap();
    let (mut unable, _played) = session(&[], vec![]).await;
    let error = unable
        .submit(&mail(&["用户@x.com"], "x"))
        .await
        .unwrap_err();
    assert!(
        matches!(error, BackendError::Refused { kind: Refusal::Other, text, .. } if text.contains("SMTPUTF8"))
    );
    let error = unable.submit(&mail(&["a@x.com"], "é")).await.unwrap_err();
    assert!(
        matches!(error, BackendError::Refused { kind: Refusal::Other, text, .. } if text.contains("8BITMIME"))
    );
}

#[tokio::test]
async fn a_message_too_big_is_not_even_begun() {
    let (mut session, _played) = session(&["SIZE 100"], vec![]).await;
    let error = session
        .submit(&mail(&["a@x.com"], &"x".repeat(200)))
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        BackendError::Refused {
            kind: Refusal::TooBig,
            ..
        }
    ));
}

#[tokio::test]
async fn refused_recipients_do_not_stop_the_others() {
    let steps = vec![
        hear("MAIL FROM:<me@x.com>"),
        say("250 ok"),
        hear("RCPT TO:<gone@x.com>"),
        say("550 5.1.1 User unknown"),
        hear("RCPT TO:<a@x.com>"),
        say("250 ok"),
        hear("RCPT TO:<late@x.com>"),
        say("452 4.5.3 Too many recipients"),
        hear("DATA"),
        say("354 go"),
        HearMessage,
        say("250 ok"),
    ];
    let (mut session, _played) = session(&[], steps).await;
    let receipt = session
        .submit(&mail(
            &["gone@x.com", "a@x.com", "late@x.com", "no address"],
            "x",
        ))
        .await
        .unwrap();
    let refused = |address: &str, code: &str, text: &str| RefusedRecipient {
        address: address.into(),
        code: code.into(),
        text: text.into(),
    };
    let expected = vec![
        refused("gone@x.com", "550 5.1.1", "User unknown"),
        refused("late@x.com", "452 4.5.3", "Too many recipients"),
        refused("no address", "501 5.1.3", "this is no address"),
    ];
    assert_eq!(
        receipt,
        Receipt::Accepted {
            refused: expected,
            new_message_id: None
        }
    );
}

#[tokio::test]
async fn nobody_left_is_a_refusal_and_the_connection_stays_good() {
    let steps = [
        vec![
            hear("MAIL FROM:<me@x.com>"),
            say("250 ok"),
            hear("RCPT TO:<gone@x.com>"),
            say("550 5.1.1 User unknown"),
            hear("RSET"),
            say("250 ok"),
        ],
        taken("MAIL FROM:<me@x.com>", &["a@x.com"]),
        vec![HearMessage, say("250 ok")],
    ]
    .concat();
    let (mut session, _played) = session(&[], steps).await;
    let error = session
        .submit(&mail(&["gone@x.com"], "x"))
        .await
        .unwrap_err();
    assert!(
        matches!(error, BackendError::Refused { kind: Refusal::Recipients, code, text } if code == "550 5.1.1" && text == "gone@x.com: User unknown")
    );
    session.submit(&mail(&["a@x.com"], "x")).await.unwrap();
}

#[tokio::test]
async fn recipients_refused_for_now_are_tried_again_later() {
    let steps = vec![
        hear("MAIL FROM:<me@x.com>"),
        say("250 ok"),
        hear("RCPT TO:<a@x.com>"),
        say("450 4.2.1 greylisted"),
    ];
    let (mut session, _played) = session(&[], steps).await;
    let error = session.submit(&mail(&["a@x.com"], "x")).await.unwrap_err();
    assert!(matches!(error, BackendError::Throttled { .. }));
    let again = session.submit(&mail(&["a@x.com"], "x")).await.unwrap_err();
    assert!(
        matches!(again, BackendError::Offline { .. }),
        "a connection in an unknown state is not used again"
    );
}

#[tokio::test]
async fn a_refused_sender_is_told_wherever_it_comes() {
    let at_mail = vec![
        hear("MAIL FROM:<me@x.com>"),
        say("550 5.7.60 SMTP; Client does not have permissions to send as this sender"),
    ];
    let at_rcpt = vec![
        hear("MAIL FROM:<me@x.com>"),
        say("250 ok"),
        hear("RCPT TO:<a@x.com>"),
        say("553 5.7.1 <me@x.com>: Sender address rejected: not owned by user y"),
    ];
    let at_end = [
        taken("MAIL FROM:<me@x.com>", &["a@x.com"]),
        vec![
            HearMessage,
            say("554 5.2.252 SendAsDenied; y not allowed to send as me"),
        ],
    ]
    .concat();
    for steps in [at_mail, at_rcpt, at_end] {
        let (mut session, _played) =
            session(&[], [steps, vec![hear("RSET"), say("250 ok")]].concat()).await;
        let error = session.submit(&mail(&["a@x.com"], "x")).await.unwrap_err();
        assert!(
            matches!(
                error,
                BackendError::Refused {
                    kind: Refusal::Sender,
                    ..
                }
            ),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_link_lost_before_the_last_byte_is_merely_offline() {
    let begun = taken("MAIL FROM:<me@x.com>", &["a@x.com"]);
    for steps in [
        vec![Close],
        vec![hear("MAIL FROM:<me@x.com>"), Close],
        [begun, vec![HearBytes(10), Close]].concat(),
    ] {
        let (mut session, _played) = session(&[], steps).await;
        let error = session
            .submit(&mail(&["a@x.com"], &"long line\r\n".repeat(3_000_000)))
            .await
            .unwrap_err();
        assert!(matches!(error, BackendError::Offline { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_link_lost_after_the_last_byte_leaves_it_open() {
    for end in [Close, Silence] {
        let steps = [
            taken("MAIL FROM:<me@x.com>", &["a@x.com"]),
            vec![HearMessage, end.clone()],
        ]
        .concat();
        let (mut session, _played) = session(&[], steps).await;
        let receipt = session.submit(&mail(&["a@x.com"], "x")).await.unwrap();
        assert!(
            matches!(&receipt, Receipt::Unsure { text } if text.contains("after the last byte")),
            "{end:?} {receipt:?}"
        );
        let again = session.submit(&mail(&["a@x.com"], "x")).await.unwrap_err();
        assert!(matches!(again, BackendError::Offline { .. }));
        if matches!(end, Silence) {
            tokio::time::resume();
        }
    }
}

#[tokio::test]
async fn a_server_that_stops_reading_is_offline() {
    let steps = [
        taken("MAIL FROM:<me@x.com>", &["a@x.com"]),
        vec![HearBytes(10), Silence],
    ]
    .concat();
    let (mut session, _played) = session(&[], steps).await;
    let error = session
        .submit(&mail(&["a@x.com"], &"long line\r\n".repeat(3_000_000)))
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            BackendError::Offline {
                source: crate::net::NetError::TimedOut { .. },
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn throttling_after_the_data_is_tried_again() {
    let steps = [
        taken("MAIL FROM:<me@x.com>", &["a@x.com"]),
        vec![
            HearMessage,
            say("432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded"),
        ],
    ]
    .concat();
    let (mut session, _played) = session(&[], steps).await;
    let error = session.submit(&mail(&["a@x.com"], "x")).await.unwrap_err();
    assert!(matches!(error, BackendError::Throttled { text, .. } if text.starts_with("432 4.3.2")));
}

#[tokio::test]
async fn addresses_cannot_smuggle_commands() {
    let steps = [
        taken("MAIL FROM:<me@x.com>", &["a@x.com"]),
        vec![HearMessage, say("250 ok")],
    ]
    .concat();
    let (mut session, _played) = session(&[], steps).await;
    let receipt = session
        .submit(&mail(&["a@x.com", "b@x.com>\r\nRCPT TO:<evil@x.com"], "x"))
        .await
        .unwrap();
    assert!(matches!(receipt, Receipt::Accepted { refused, .. } if refused.len() == 1));
}

#[tokio::test]
async fn replies_of_several_lines_and_odd_bytes_are_read() {
    let steps = [
        taken("MAIL FROM:<me@x.com>", &["a@x.com"]),
        vec![
            HearMessage,
            say("550-5.7.1 erste Zeile\r\n550 5.7.1 zweite \u{fc}"),
        ],
        vec![hear("RSET"), say("250 ok")],
    ]
    .concat();
    let (mut session, _played) = session(&[], steps).await;
    let error = session.submit(&mail(&["a@x.com"], "x")).await.unwrap_err();
    assert!(
        matches!(&error, BackendError::Refused { code, text, .. } if code == "550 5.7.1" && text == "erste Zeile zweite ??"),
        "{error:?}"
    );
}
