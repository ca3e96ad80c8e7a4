//! What a person has to pass on: unknown codes with all their facts, missing permissions, ends that come near.

use super::sign_in::denied;
use crate::auth::Denial;
use crate::engine::{EngineError, Lapsing};
use crate::explain::{Severity, explain, explain_text};

#[test]
fn an_unknown_code_is_ready_to_be_passed_on() {
    let error = EngineError::Auth(denied(Denial::Other, "AADSTS999999"));
    let notice = explain(&error);
    assert_eq!(
        notice.copy,
        "https://login.microsoftonline.com/error?code=999999\nAADSTS999999\n\
         the service's words · correlation id c0ffee · time 2026-11-22 10:00:00Z"
    );
    let known = explain(&EngineError::Auth(denied(Denial::Other, "AADSTS50011")));
    assert!(!known.copy.contains("c0ffee"), "{known:?}");
    assert!(known.detail.ends_with("time 2026-11-22 10:00:00Z"));
    let raw = "AADSTS999999: odd. Correlation ID: c0ffee Timestamp: 2026-11-22 10:00:00Z";
    assert_eq!(explain_text(raw).unwrap().detail, raw);
}

#[test]
fn a_missing_permission_is_named_in_plain_words() {
    let name = "SMTP.SendAsApp".to_owned();
    let denial = Denial::MissingPermission { name };
    let notice = explain(&EngineError::Auth(denied(denial, "")));
    assert!(notice.title.contains("SMTP.SendAsApp"));
    assert!(
        notice.cause[0].contains("send mail over SMTP"),
        "{notice:?}"
    );
    assert_eq!(notice.copy, "pillarbox admin manifest ACCOUNT");
}

#[test]
fn an_end_is_a_quiet_word_from_far_and_stays_in_view_when_near() {
    let notice = |days_left| {
        explain(&EngineError::Lapses {
            account: "work".into(),
            profile: "x".into(),
            what: Lapsing::Secret,
            on: jiff::civil::Date::constant(2026, 12, 1),
            days_left,
            is_over: days_left < 0,
        })
    };
    for (days, severity, end) in [
        (60, Severity::Quiet, "ends in 60 days, on 2026-12-01"),
        (8, Severity::Quiet, "ends in 8 days, on 2026-12-01"),
        (7, Severity::Loud, "ends in 7 days, on 2026-12-01"),
        (1, Severity::Loud, "ends tomorrow"),
        (0, Severity::Loud, "ends today"),
        (-1, Severity::Loud, "ended on 2026-12-01"),
    ] {
        let found = notice(days);
        let title = format!("The secret of the sign-in profile x {end}");
        assert_eq!((found.severity, found.title), (severity, title));
    }
}
