//! No way around TLS, and servers that do not behave when greeted.

use super::*;
use crate::net::{NetError, TlsFault};

async fn outcome(tls: TlsMode, login: &Login, steps: Vec<Step>) -> BackendError {
    let (mut server, _played) = serve(steps).await;
    server.tls = tls;
    let trust = Trust::load(None).unwrap();
    connect(&server, &trust, login).await.map(drop).unwrap_err()
}

#[tokio::test]
async fn starttls_cannot_be_stripped() {
    let error = outcome(TlsMode::StartTls, &token(9), greeted(&["AUTH XOAUTH2"])).await;
    assert!(
        matches!(
            error,
            BackendError::Offline {
                source: NetError::Tls {
                    fault: TlsFault::NotOffered,
                    ..
                },
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_refused_starttls_ends_there() {
    let steps = [
        greeted(&["STARTTLS"]),
        vec![hear("STARTTLS"), say("454 4.7.0 TLS not available")],
    ]
    .concat();
    let error = outcome(TlsMode::StartTls, &token(9), steps).await;
    assert!(matches!(error, BackendError::Throttled { .. }), "{error:?}");
}

#[tokio::test]
async fn words_smuggled_in_before_tls_are_not_believed() {
    let steps = [
        greeted(&["STARTTLS"]),
        vec![
            hear("STARTTLS"),
            say("220 go ahead\r\n250-evil\r\n250 AUTH PLAIN"),
            HearBytes(5),
            Close,
        ],
    ]
    .concat();
    let error = outcome(TlsMode::StartTls, &token(9), steps).await;
    assert!(
        matches!(
            error,
            BackendError::Offline {
                source: NetError::Tls { .. } | NetError::Broken { .. },
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_token_never_goes_without_tls() {
    let error = outcome(TlsMode::None, &token(9), Vec::new()).await;
    assert!(matches!(error, BackendError::Refused { text, .. } if text.contains("token")));
}

#[tokio::test]
async fn implicit_tls_against_a_plain_port_says_so() {
    let error = outcome(
        TlsMode::Implicit,
        &token(9),
        vec![say("220 plain"), HearBytes(5), Close],
    )
    .await;
    assert!(
        matches!(
            error,
            BackendError::Offline {
                source: NetError::Tls { .. },
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_server_that_is_none_is_named_so() {
    for tls in [TlsMode::None, TlsMode::StartTls] {
        let error = outcome(
            tls,
            &password(),
            vec![say("HTTP/1.1 400 Bad Request"), Close],
        )
        .await;
        assert!(
            matches!(error, BackendError::Protocol { .. }),
            "{tls:?} {error:?}"
        );
    }
}

#[tokio::test]
async fn a_busy_server_is_waited_for() {
    for tls in [TlsMode::None, TlsMode::StartTls] {
        let error = outcome(
            tls,
            &password(),
            vec![say("421 4.3.2 too many connections"), Close],
        )
        .await;
        assert!(
            matches!(error, BackendError::Throttled { .. }),
            "{tls:?} {error:?}"
        );
    }
}

#[tokio::test]
async fn a_silent_server_times_out() {
    for tls in [TlsMode::None, TlsMode::StartTls] {
        let error = outcome(tls, &password(), vec![Silence]).await;
        assert!(
            matches!(
                error,
                BackendError::Offline {
                    source: NetError::TimedOut { .. },
                    ..
                }
            ),
            "{tls:?} {error:?}"
        );
        tokio::time::resume();
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_is_offline() {
    for tls in [TlsMode::None, TlsMode::StartTls] {
        let error = outcome(tls, &password(), vec![Close]).await;
        assert!(
            matches!(
                error,
                BackendError::Offline {
                    source: NetError::Broken { .. },
                    ..
                }
            ),
            "{tls:?} {error:?}"
        );
    }
}

#[tokio::test]
async fn an_endless_greeting_is_cut_off() {
    for tls in [TlsMode::None, TlsMode::StartTls] {
        let error = outcome(
            tls,
            &password(),
            vec![say(format!("220 {}", "x".repeat(300_000))), Close],
        )
        .await;
        assert!(
            matches!(
                error,
                BackendError::Protocol { .. } | BackendError::Offline { .. }
            ),
            "{tls:?} {error:?}"
        );
    }
}
