//! A provider's error answer → [`AuthError`], sorted by `error`, `error_codes` and `suberror`, never by prose.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::auth::{AuthError, Denial};
use crate::model::sanitize_line;
use crate::net::redact_line;

/// The most characters of a description that are kept.
const DESCRIPTION_CHARS: usize = 500;

/// The most characters of any other field.
const FIELD_CHARS: usize = 100;

/// What was asked for when the provider said no.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Grant {
    /// A device code; nobody had anything to say to it yet.
    DeviceStart,
    /// The redemption of a device code.
    Device,
    /// What the browser brought back.
    Redirect,
    /// The redemption of an authorization code.
    Code,
    /// A renewal.
    Refresh,
    /// Anything else.
    Other,
}

/// A provider's no, kept so that everybody who asks later hears the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Refusal {
    pub(super) denial: Denial,
    pub(super) error: String,
    pub(super) code: String,
    pub(super) description: String,
    pub(super) suberror: String,
    pub(super) correlation_id: String,
    pub(super) time: String,
}

impl Refusal {
    /// Makes a refusal of our own, without words of a provider.
    pub(super) fn own(denial: Denial) -> Self {
        Self {
            denial,
            error: String::new(),
            code: String::new(),
            description: String::new(),
            suberror: String::new(),
            correlation_id: String::new(),
            time: String::new(),
        }
    }

    /// Reads an error answer (RFC 6749 §5.2, protocol facts §2.6); `None` when there is no `error` in it.
    pub(super) fn read(answer: &Value, grant: Grant) -> Option<Self> {
        let error = answer.get("error")?;
        let (error, own_text) = match error {
            Value::String(error) => (error.as_str(), None),
            Value::Object(nested) => (
                nested
                    .get("code")
                    .and_then(Value::as_str)
                    .unwrap_or("error"),
                nested.get("message").and_then(Value::as_str),
            ),
            _ => return None,
        };
        let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default();
        let description = own_text.unwrap_or_else(|| text("error_description"));
        let code = code(answer, description);
        let suberror = clean(text("suberror"), FIELD_CHARS);
        Some(Self {
            denial: denial(error, &code, &suberror, grant),
            error: clean(error, FIELD_CHARS),
            description: clean(&redact_line(description), DESCRIPTION_CHARS),
            correlation_id: clean(text("correlation_id"), FIELD_CHARS),
            time: time(text("timestamp")),
            code,
            suberror,
        })
    }

    /// Makes the error to return; what only asks for patience becomes [`AuthError::Busy`].
    pub(super) fn into_error(self, status: u16) -> AuthError {
        if matches!(
            self.error.as_str(),
            "temporarily_unavailable" | "server_error"
        ) {
            return AuthError::Busy {
                status,
                after: None,
            };
        }
        // The token endpoint believes that we run in circles: a minute of silence is what it wants.
        if self.code == "AADSTS50196" {
            return AuthError::Busy {
                status,
                after: Some(Duration::from_secs(60)),
            };
        }
        self.into()
    }
}

impl From<Refusal> for AuthError {
    fn from(refusal: Refusal) -> Self {
        Self::Denied {
            denial: refusal.denial,
            error: refusal.error,
            code: refusal.code,
            description: refusal.description,
            suberror: refusal.suberror,
            correlation_id: refusal.correlation_id,
            time: refusal.time,
        }
    }
}

/// Sorts a no.
fn denial(error: &str, code: &str, suberror: &str, grant: Grant) -> Denial {
    let is_device = matches!(grant, Grant::DeviceStart | Grant::Device);
    if is_client_refused(error, code) {
        return Denial::ClientRefused;
    }
    if is_device && is_method_forbidden(error, code, grant) {
        return Denial::MethodForbidden;
    }
    match (error, grant) {
        ("authorization_declined" | "access_denied", Grant::Device | Grant::Redirect) => {
            Denial::Declined
        }
        ("consent_declined", Grant::Redirect) => Denial::Declined,
        ("expired_token", Grant::Device) => Denial::Expired,
        // Entra says so of a code that has run out, too (protocol facts §4.5).
        ("bad_verification_code", Grant::Device) if code == "AADSTS70019" => Denial::Expired,
        ("bad_verification_code", _) => Denial::UnknownCode,
        ("invalid_grant", Grant::Device | Grant::Code) => match code {
            "AADSTS70008" | "AADSTS70019" | "AADSTS70020" => Denial::Expired,
            "AADSTS700005" | "" => Denial::UnknownCode,
            _ => Denial::Other,
        },
        ("invalid_grant", Grant::Refresh) if !wants_more(code, suberror) => Denial::GrantEnded,
        _ => Denial::Other,
    }
}

/// Whether the application's own proof, or the lack of one, is what the provider does not take.
fn is_client_refused(error: &str, code: &str) -> bool {
    error == "invalid_client"
        || matches!(
            code.trim_start_matches("AADSTS"),
            // Signatures and certificates; secrets wrong, ended, missing, or sent by a public client; an application
            // that was switched off.
            "50012"
                | "50013"
                | "700024"
                | "700027"
                | "700030"
                | "70002"
                | "7000215"
                | "7000222"
                | "7000218"
                | "700025"
                | "7000112"
        )
}

/// Whether a policy forbids device codes (protocol facts §2.2). A browser on a managed device may still do.
fn is_method_forbidden(error: &str, code: &str, grant: Grant) -> bool {
    let digits = code.trim_start_matches("AADSTS");
    if !digits.is_empty() {
        // 53004 asks for a second factor to be set up, which another method asks for as well.
        return digits.starts_with("53") && digits != "53004"
            || matches!(digits, "50097" | "50131" | "50199");
    }
    match error {
        "unauthorized_client" | "unsupported_grant_type" => true,
        // Nobody has seen the code yet: it was no person who said no.
        "access_denied" => grant == Grant::DeviceStart,
        _ => false,
    }
}

/// Whether an `invalid_grant` means that the grant lives, but a person has to do something first, such as consent or
/// a second factor: then the code says more than "sign in again" would.
fn wants_more(code: &str, suberror: &str) -> bool {
    const SUBERRORS: [&str; 6] = [
        "consent_required",
        "basic_action",
        "additional_action",
        "message_only",
        "protection_policy_required",
        "device_authentication_failed",
    ];
    let digits = code.trim_start_matches("AADSTS");
    SUBERRORS.contains(&suberror)
        || digits.starts_with("53")
        || matches!(
            digits,
            "65001" | "50072" | "50074" | "50076" | "50079" | "50097" | "50158"
        )
}

/// Finds the number of the error: in `error_codes`, else at its fixed place in the description.
fn code(answer: &Value, description: &str) -> String {
    let listed = answer
        .get("error_codes")
        .and_then(Value::as_array)
        .and_then(|codes| codes.first())
        .and_then(Value::as_u64);
    if let Some(number) = listed {
        return format!("AADSTS{number}");
    }
    let Some((_, behind)) = description.split_once("AADSTS") else {
        return String::new();
    };
    let digits: String = behind
        .chars()
        .take_while(char::is_ascii_digit)
        .take(10)
        .collect();
    if digits.is_empty() {
        return digits;
    }
    format!("AADSTS{digits}")
}

/// Returns when it was: an administrator finds a refusal in the logs by correlation id and time.
fn time(said: &str) -> String {
    match clean(said, FIELD_CHARS) {
        said if !said.is_empty() => said,
        _ => Timestamp::now().strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
    }
}

fn clean(text: &str, limit: usize) -> String {
    sanitize_line(text).chars().take(limit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, grant: Grant, expected: &Denial) -> Refusal {
        let answer = serde_json::from_str(json).unwrap();
        let refusal = Refusal::read(&answer, grant).unwrap();
        assert_eq!(&refusal.denial, expected, "{json}");
        refusal
    }

    #[test]
    fn device_answers_are_told_apart() {
        check(
            r#"{"error":"authorization_declined"}"#,
            Grant::Device,
            &Denial::Declined,
        );
        check(
            r#"{"error":"access_denied"}"#,
            Grant::Device,
            &Denial::Declined,
        );
        check(
            r#"{"error":"expired_token"}"#,
            Grant::Device,
            &Denial::Expired,
        );
        check(
            r#"{"error":"bad_verification_code"}"#,
            Grant::Device,
            &Denial::UnknownCode,
        );
        check(
            r#"{"error":"bad_verification_code","error_codes":[70019]}"#,
            Grant::Device,
            &Denial::Expired,
        );
        check(
            r#"{"error":"invalid_grant","error_codes":[70020]}"#,
            Grant::Device,
            &Denial::Expired,
        );
        check(
            r#"{"error":"invalid_grant","error_codes":[50034]}"#,
            Grant::Device,
            &Denial::Other,
        );
        let secret_wanted = check(
            r#"{"error":"invalid_client","error_description":"AADSTS7000218: The request body…"}"#,
            Grant::Device,
            &Denial::ClientRefused,
        );
        assert_eq!(secret_wanted.code, "AADSTS7000218");
    }

    #[test]
    fn a_policy_against_device_codes_is_told_from_a_person() {
        for number in [53003, 530_033, 530_034, 530_035, 50199, 50097, 53000] {
            for error in ["invalid_grant", "access_denied", "interaction_required"] {
                let json = format!(r#"{{"error":"{error}","error_codes":[{number}]}}"#);
                check(&json, Grant::Device, &Denial::MethodForbidden);
                check(&json, Grant::DeviceStart, &Denial::MethodForbidden);
            }
        }
        let bare = r#"{"error":"access_denied"}"#;
        check(bare, Grant::DeviceStart, &Denial::MethodForbidden);
        check(bare, Grant::Redirect, &Denial::Declined);
        let elsewhere = r#"{"error":"unauthorized_client"}"#;
        check(elsewhere, Grant::Device, &Denial::MethodForbidden);
        check(elsewhere, Grant::Redirect, &Denial::Other);
        let factor = r#"{"error":"invalid_grant","error_codes":[53004]}"#;
        check(factor, Grant::Device, &Denial::Other);
        let unknown_app = r#"{"error":"unauthorized_client","error_codes":[700016]}"#;
        check(unknown_app, Grant::Device, &Denial::Other);
    }

    #[test]
    fn a_refused_application_is_told_from_a_refused_person() {
        for number in [7_000_215, 7_000_222, 7_000_218, 700_025, 700_027, 7_000_112] {
            for error in ["invalid_client", "invalid_request", "unauthorized_client"] {
                let json = format!(r#"{{"error":"{error}","error_codes":[{number}]}}"#);
                for grant in [Grant::Device, Grant::Code, Grant::Refresh, Grant::Other] {
                    check(&json, grant, &Denial::ClientRefused);
                }
            }
        }
        check(
            r#"{"error":"invalid_client"}"#,
            Grant::Refresh,
            &Denial::ClientRefused,
        );
    }

    #[test]
    fn a_code_that_is_too_old_is_told_from_a_wrong_one() {
        for (number, expected) in [
            (70008, Denial::Expired),
            (700_005, Denial::UnknownCode),
            (54005, Denial::Other),
        ] {
            let json = format!(r#"{{"error":"invalid_grant","error_codes":[{number}]}}"#);
            check(&json, Grant::Code, &expected);
        }
        check(
            r#"{"error":"invalid_grant"}"#,
            Grant::Code,
            &Denial::UnknownCode,
        );
    }

    #[test]
    fn an_ended_grant_differs_from_one_that_wants_a_person() {
        check(
            r#"{"error":"invalid_grant","error_codes":[700082]}"#,
            Grant::Refresh,
            &Denial::GrantEnded,
        );
        check(
            r#"{"error":"invalid_grant"}"#,
            Grant::Refresh,
            &Denial::GrantEnded,
        );
        check(
            r#"{"error":"interaction_required"}"#,
            Grant::Refresh,
            &Denial::Other,
        );
        check(
            r#"{"error":"invalid_grant","suberror":"consent_required"}"#,
            Grant::Refresh,
            &Denial::Other,
        );
        check(
            r#"{"error":"invalid_grant","error_codes":[50076]}"#,
            Grant::Refresh,
            &Denial::Other,
        );
    }

    #[test]
    fn details_are_kept_clean_and_short() {
        let long = "x y".repeat(1000);
        let refusal = check(
            &format!(
                r#"{{"error":"invalid_request","error_description":"AADSTS900144: a\r\nb\u001b {long}",
                "correlation_id":"c-1","suberror":"s"}}"#
            ),
            Grant::Refresh,
            &Denial::Other,
        );
        assert_eq!(refusal.code, "AADSTS900144");
        assert!(refusal.description.starts_with("AADSTS900144: a  b "));
        assert!(refusal.description.chars().count() <= 500);
        assert_eq!(
            (refusal.correlation_id.as_str(), refusal.suberror.as_str()),
            ("c-1", "s")
        );
    }

    #[test]
    fn a_refusal_has_the_providers_time_or_ours() {
        let said = r#"{"error":"x","timestamp":"2026-11-22 10:00:00Z"}"#;
        let refusal = check(said, Grant::Refresh, &Denial::Other);
        assert_eq!(refusal.time, "2026-11-22 10:00:00Z");
        let ours = check(r#"{"error":"x"}"#, Grant::Refresh, &Denial::Other).time;
        assert!(ours.starts_with("20") && ours.ends_with('Z'), "{ours}");
    }

    #[test]
    fn a_token_in_a_description_does_not_survive() {
        let refusal = check(
            r#"{"error":"x","error_description":"bad token eyJhbGciOiJIUzI1NiJ9.CANARY.x given"}"#,
            Grant::Refresh,
            &Denial::Other,
        );
        assert!(!format!("{refusal:?}").contains("CANARY"));
    }

    #[test]
    fn patience_is_not_a_refusal() {
        for json in [
            r#"{"error":"temporarily_unavailable"}"#,
            r#"{"error":"invalid_grant","error_codes":[50196]}"#,
        ] {
            let answer = serde_json::from_str(json).unwrap();
            let error = Refusal::read(&answer, Grant::Refresh)
                .unwrap()
                .into_error(400);
            assert!(matches!(error, AuthError::Busy { .. }), "{json}");
        }
    }

    #[test]
    fn odd_errors_are_read_as_far_as_possible() {
        let nested = check(
            r#"{"error":{"code":"denied","message":"no"}}"#,
            Grant::Other,
            &Denial::Other,
        );
        assert_eq!(
            (nested.error.as_str(), nested.description.as_str()),
            ("denied", "no")
        );
        for json in ["{}", "[]", r#"{"error":null}"#, r#"{"error":1}"#, "null"] {
            let answer = serde_json::from_str(json).unwrap();
            assert_eq!(Refusal::read(&answer, Grant::Other), None);
        }
    }
}
